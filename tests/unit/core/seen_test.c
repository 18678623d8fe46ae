/* The verdict from one read: every session that we hold against every pair. */
#include "test.h"

#include "core/seen.h"

static void nothing_held_is_not_judged(void **state)
{
	(void)state;
	for (int p = 0; p < PRESENCE_COUNT; p++)
		for (int o = 0; o < SEEN_ORIGIN_COUNT; o++)
			assert_int_equal(seen_judge(SESSION_NONE, (enum presence)p, (enum seen_origin)o),
					 SHOWN_NONE);
}

static void the_table(void **state)
{
	static const struct {
		uint8_t held, seen, origin, shown;
	} rows[] = {
		{ SESSION_CALL, PRESENCE_BUSY, SEEN_SESSION, SHOWN_AS_SENT },
		{ SESSION_CALL, PRESENCE_BUSY, SEEN_EITHER, SHOWN_AS_SENT },
		{ SESSION_CONFERENCE, PRESENCE_BUSY, SEEN_SESSION, SHOWN_AS_SENT },
		{ SESSION_CALL, PRESENCE_DND, SEEN_SESSION, SHOWN_HIDDEN },
		{ SESSION_CALL, PRESENCE_DND, SEEN_EITHER, SHOWN_MASKED },
		{ SESSION_CALL, PRESENCE_AVAILABLE, SEEN_EITHER, SHOWN_UNCLEAR },
		{ SESSION_CALL, PRESENCE_AVAILABLE, SEEN_SESSION, SHOWN_LOST },
		{ SESSION_CALL, PRESENCE_AWAY, SEEN_HAND, SHOWN_MASKED },
		{ SESSION_CALL, PRESENCE_AWAY, SEEN_EITHER, SHOWN_UNCLEAR },
		{ SESSION_CALL, PRESENCE_OFFLINE, SEEN_HAND, SHOWN_MASKED },
		{ SESSION_CALL, PRESENCE_OFFLINE, SEEN_NOBODY, SHOWN_LOST },
		{ SESSION_DND, PRESENCE_DND, SEEN_SESSION, SHOWN_AS_SENT },
		{ SESSION_DND, PRESENCE_BUSY, SEEN_SESSION, SHOWN_LOST },
		{ SESSION_DND, PRESENCE_BUSY, SEEN_EITHER, SHOWN_UNCLEAR },
		{ SESSION_AWAY, PRESENCE_AWAY, SEEN_EITHER, SHOWN_AS_SENT },
		{ SESSION_AWAY, PRESENCE_AWAY, SEEN_HAND, SHOWN_MASKED },
		{ SESSION_AWAY, PRESENCE_AVAILABLE, SEEN_EITHER, SHOWN_AWAY_HIDDEN },
		{ SESSION_AWAY, PRESENCE_AVAILABLE, SEEN_SESSION, SHOWN_AWAY_HIDDEN },
		{ SESSION_AWAY, PRESENCE_BUSY, SEEN_SESSION, SHOWN_HIDDEN },
		{ SESSION_AWAY, PRESENCE_DND, SEEN_EITHER, SHOWN_MASKED },
		{ SESSION_AWAY, PRESENCE_OFFLINE, SEEN_NOBODY, SHOWN_LOST },
		{ SESSION_CALL, PRESENCE_UNKNOWN, SEEN_UNKNOWN, SHOWN_UNREADABLE },
		{ SESSION_CALL, PRESENCE_BUSY, SEEN_UNKNOWN, SHOWN_UNREADABLE },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum shown s = seen_judge(rows[i].held, rows[i].seen, rows[i].origin);

		if (s != rows[i].shown)
			fail_msg("row %zu: %s", i, shown_name(s));
	}
}

static void every_verdict_has_words(void **state)
{
	(void)state;
	for (int v = SHOWN_NONE + 1; v < SHOWN_COUNT; v++) {
		assert_string_not_equal(shown_name((enum shown)v), "?");
		assert_true(strlen(shown_sentence((enum shown)v)) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_held_is_not_judged),
		cmocka_unit_test(the_table),
		cmocka_unit_test(every_verdict_has_words),
	};

	return cmocka_run_group_tests_name("core/seen", tests, NULL, NULL);
}
