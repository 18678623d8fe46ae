#include "test.h"

#include "base/date.h"

static int64_t parse(const char *s)
{
	int64_t ms = -1;

	if (date_parse(slice_str(s), &ms))
		assert_int_equal(ms, -1);
	return ms;
}

static void every_day_comes_back(void **state)
{
	static const unsigned char last[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = 0;
	(void)state;

	for (unsigned year = 1970; year < 2405; year++)
		for (unsigned month = 1; month <= 12; month++)
			for (unsigned day = 1; day <= last[month - 1]; day++) {
				char text[DATE_LEN + 1];

				if (!date_is_valid(year, month, day)) {
					assert_true(month == 2 && day == 29);
					continue;
				}
				assert_int_equal(date_days(year, month, day), days);
				date_format(days * 86400000 + 86399999, text);
				assert_int_equal(parse(text), days * 86400000 + 86399999);
				days++;
			}
	assert_int_equal(days, date_days(2405, 1, 1));
}

static void known_instants(void **state)
{
	char text[DATE_LEN + 1];
	(void)state;

	assert_int_equal(parse("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(parse("2026-11-24T14:00:00Z"), 1795528800000);
	assert_int_equal(parse("2026-11-24t15:30:00.25+01:30"), 1795528800250);
	assert_int_equal(parse("2026-11-24T13:00:00-01:00"), 1795528800000);
	assert_int_equal(parse("2016-12-31T23:59:60Z"), parse("2017-01-01T00:00:00Z"));
	date_format(1795528800000, text);
	assert_string_equal(text, "2026-11-24T14:00:00Z");
	date_format(1795528800007, text);
	assert_string_equal(text, "2026-11-24T14:00:00.007Z");
	date_format(-1, text);
	assert_string_equal(text, "");
	date_format(INT64_MAX, text);
	assert_string_equal(text, "");
}

static void refuses_what_is_no_date(void **state)
{
	static const char *const bad[] = {
	    "",
	    "2026",
	    "2026-11-24",
	    "2026-11-24T14:00:00",
	    "2026-11-24 14:00:00Z",
	    "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z",
	    "2026-02-29T00:00:00Z",
	    "2026-11-24T24:00:00Z",
	    "2026-11-24T14:60:00Z",
	    "2026-11-24T14:00:61Z",
	    "2026-11-24T14:00:00.Z",
	    "2026-11-24T14:00:00+1:00",
	    "2026-11-24T14:00:00+24:00",
	    "2026-11-24T14:00:00Zx",
	    "2026\r11-24T14:00:00Z",
	    "2026-11-24T14:00:00.00000000000000000000Z",
	    "1969-12-31T23:59:59Z",
	    "1970-01-01T00:00:00+01:00",
	    "2026-11-24T14:00:00,5Z",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i]) != -1)
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_comes_back),
	    cmocka_unit_test(known_instants),
	    cmocka_unit_test(refuses_what_is_no_date),
	};
	return cmocka_run_group_tests_name("base/date", tests, NULL, NULL);
}
