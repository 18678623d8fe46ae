#include "test.h"

#include "base/date.h"
#include "cli/until.h"

/* A zone of fixed offset; local times from 02:00 to 02:59 on 29 March 2026 do not exist in it when
 * `skips` is set, as in Europe that day. */
struct fake {
	int64_t offset_ms;
	bool skips;
};

static struct civil to_local(int64_t wall_ms, void *arg)
{
	const struct fake *f = arg;
	char text[DATE_LEN + 1];
	uint64_t v[5];

	date_format(wall_ms + f->offset_ms, text);
	for (int i = 0; i < 5; i++) {
		static const size_t from[] = {0, 5, 8, 11, 14}, n[] = {4, 2, 2, 2, 2};

		if (slice_u64(slice_of(text + from[i], n[i]), 9999, &v[i]))
			fail();
	}
	return (struct civil){(unsigned)v[0], (unsigned)v[1], (unsigned)v[2], (unsigned)v[3],
			      (unsigned)v[4]};
}

static int64_t to_wall(struct civil t, void *arg)
{
	const struct fake *f = arg;

	if (f->skips && t.year == 2026 && t.month == 3 && t.day == 29 && t.hour == 2)
		return -1;
	return date_days(t.year, t.month, t.day) * 86400000 + t.hour * 3600000 + t.minute * 60000 -
	       f->offset_ms;
}

static const char now_text[] = "2026-11-24T12:30:00Z"; /* 13:30 in the zone */

static enum err parse(const char *text, char ret[static DATE_LEN + 1])
{
	struct fake f = {3600000, false};
	struct zone z = {to_local, to_wall, &f};
	int64_t now_ms, wall_ms = 0;
	enum err e;

	assert_int_equal(date_parse(slice_str(now_text), &now_ms), ERR_OK);
	e = until_parse(slice_str(text), now_ms, &z, &wall_ms);
	date_format(wall_ms, ret);
	return e;
}

static void every_form(void **state)
{
	static const char *const rows[][2] = {
	    {"14:00", "2026-11-24T13:00:00Z"},
	    {"13:31", "2026-11-24T12:31:00Z"},
	    {"13:30", "2026-11-25T12:30:00Z"},
	    {"9:05", "2026-11-25T08:05:00Z"},
	    {"00:00", "2026-11-24T23:00:00Z"},
	    {"2h", "2026-11-24T14:30:00Z"},
	    {"+90m", "2026-11-24T14:00:00Z"},
	    {"1h30m", "2026-11-24T14:00:00Z"},
	    {"1H30M", "2026-11-24T14:00:00Z"},
	    {"45s", "2026-11-24T12:30:45Z"},
	    {"+2d", "2026-11-26T12:30:00Z"},
	    {"1d2h3m4s", "2026-11-25T14:33:04Z"},
	    {"2026-11-24T14:00", "2026-11-24T13:00:00Z"},
	    {"2026-11-24 14:00", "2026-11-24T13:00:00Z"},
	    {"2026-11-24T14:00:00", "2026-11-24T13:00:00Z"},
	    {"2026-11-24T14:00:00Z", "2026-11-24T14:00:00Z"},
	    {"2026-11-24T16:00:00+02:00", "2026-11-24T14:00:00Z"},
	    {" 14:00 ", "2026-11-24T13:00:00Z"},
	    {"365d", "2027-11-24T12:30:00Z"},
	};
	char got[DATE_LEN + 1];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (parse(rows[i][0], got))
			fail_msg("refused: %s", rows[i][0]);
		if (strcmp(got, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], got);
	}
}

static void what_is_no_time(void **state)
{
	static const char *const malformed[] = {
	    "",
	    " ",
	    "+",
	    "14",
	    "24:00",
	    "14:60",
	    "14:0",
	    "1430",
	    "2x",
	    "h",
	    "h2",
	    "2h2h",
	    "30m1h",
	    "1.5h",
	    "-2h",
	    "2 h",
	    "tomorrow",
	    "2026-11-24",
	    "2026-11-31T14:00",
	    "2026-11-24T25:00",
	    "2026-11-24T14:00:30",
	    "2026-11-24T14:00Z",
	    "99999999m",
	    "14:00:00",
	    "++2h",
	};
	static const char *const outside[] = {
	    "0s",   "2026-11-24T13:00", "2026-11-24T12:30:00Z", "2001-01-01T00:00:00Z",
	    "367d", "2029-01-01T00:00",
	};
	char got[DATE_LEN + 1];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
		if (parse(malformed[i], got) != ERR_MALFORMED)
			fail_msg("taken: %s", malformed[i]);
	for (size_t i = 0; i < ARRAY_LEN(outside); i++)
		if (parse(outside[i], got) != ERR_LIMIT)
			fail_msg("not outside: %s", outside[i]);
}

static void an_hour_that_does_not_exist(void **state)
{
	struct fake f = {3600000, true};
	struct zone z = {to_local, to_wall, &f};
	int64_t now_ms, wall_ms;
	char got[DATE_LEN + 1];
	(void)state;

	assert_int_equal(date_parse(SLICE_LIT("2026-03-28T22:00:00Z"), &now_ms), ERR_OK);
	assert_int_equal(until_parse(SLICE_LIT("2026-03-29T02:30"), now_ms, &z, &wall_ms),
			 ERR_MALFORMED);
	/* the clock's next 02:30 is the day after */
	assert_int_equal(until_parse(SLICE_LIT("02:30"), now_ms, &z, &wall_ms), ERR_OK);
	date_format(wall_ms, got);
	assert_string_equal(got, "2026-03-30T01:30:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_form),
	    cmocka_unit_test(what_is_no_time),
	    cmocka_unit_test(an_hour_that_does_not_exist),
	};
	return cmocka_run_group_tests_name("cli/until", tests, NULL, NULL);
}
