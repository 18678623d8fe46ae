#include "test.h"

#include "core/types.h"

static void words_and_back(void **state)
{
	static const char *const presences[] = { "unknown", "offline", "available",
						 "busy",    "dnd",     "away" };
	static const char *const profiles[] = { "available", "away", "busy", "not-available",
						"meeting" };
	enum presence p;
	enum profile q;
	(void)state;

	for (int i = 0; i < PRESENCE_COUNT; i++) {
		assert_string_equal(presence_name((enum presence)i), presences[i]);
		assert_true(presence_parse(presences[i], &p));
		assert_int_equal(p, i);
	}
	for (int i = 0; i < PROFILE_COUNT; i++) {
		assert_string_equal(profile_name((enum profile)i), profiles[i]);
		assert_true(profile_parse(profiles[i], &q));
		assert_int_equal(q, i);
	}
	p = PRESENCE_DND;
	assert_false(presence_parse("Busy", &p));
	assert_false(presence_parse("", &p));
	assert_false(presence_parse(NULL, &p));
	assert_false(profile_parse("dnd", &q));
	assert_int_equal(p, PRESENCE_DND);
}

static void pairs_that_graph_takes(void **state)
{
	(void)state;
	assert_string_equal(session_availability(SESSION_CALL), "Busy");
	assert_string_equal(session_activity(SESSION_CALL), "InACall");
	assert_string_equal(session_activity(SESSION_CONFERENCE), "InAConferenceCall");
	assert_string_equal(session_availability(SESSION_DND), "DoNotDisturb");
	assert_string_equal(session_activity(SESSION_DND), "Presenting");
	assert_string_equal(session_availability(SESSION_AWAY), "Away");
	assert_int_equal(session_shows(SESSION_CONFERENCE), PRESENCE_BUSY);
	assert_int_equal(profile_reads_as(PROFILE_MEETING), PRESENCE_BUSY);
}

static void out_of_range_is_a_question_mark(void **state)
{
	(void)state;
	assert_string_equal(presence_name(PRESENCE_COUNT), "?");
	assert_string_equal(presence_label(PRESENCE_COUNT), "?");
	assert_string_equal(profile_name(PROFILE_COUNT), "?");
	assert_string_equal(session_name(SESSION_COUNT), "?");
	assert_string_equal(session_activity(SESSION_COUNT), "?");
	assert_string_equal(session_availability(SESSION_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_back),
		cmocka_unit_test(pairs_that_graph_takes),
		cmocka_unit_test(out_of_range_is_a_question_mark),
	};
	return cmocka_run_group_tests_name("core/names", tests, NULL, NULL);
}
