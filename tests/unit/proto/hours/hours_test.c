/* Working hours over weekends, holidays and both changes of the clock. */
#include "test.h"

#include <stdio.h>

#include "base/date.h"
#include "proto/hours/hours.h"

static struct zone *zone(const char *name)
{
	static char text[ZONE_FILE_MAX];
	char path[200];
	struct zone *z = NULL;

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_int_equal(zone_parse(slice_of(text, n), &z), ERR_OK);
	return z;
}

static int64_t utc(const char *text)
{
	int64_t ms;

	assert_int_equal(date_parse(slice_str(text), &ms), ERR_OK);
	return ms / 1000;
}

/* From `from` on the hours change at exactly these instants, in turn. */
static void check(const char *zone_name, const char *const ranges[], const char *const dates[],
		  const char *from, const char *const changes[])
{
	struct hours_range r[HOURS_RANGES_MAX];
	struct hours_date d[16];
	struct zone *z = zone(zone_name);
	struct hours h = { .ranges = r, .dates = d, .zone = z };
	int64_t t = utc(from);
	char text[DATE_LEN + 1];

	while (ranges[h.ranges_n]) {
		assert_true(hours_range_parse(slice_str(ranges[h.ranges_n]), &r[h.ranges_n]));
		h.ranges_n++;
	}
	for (; dates && dates[h.dates_n]; h.dates_n++)
		assert_true(hours_date_parse(slice_str(dates[h.dates_n]), &d[h.dates_n]));
	for (size_t i = 0; changes[i]; i++) {
		bool before = hours_open(&h, t);
		int64_t next = hours_change(&h, t);

		date_format(next * 1000, text);
		assert_string_equal(text, changes[i]);
		assert_true(hours_open(&h, next - 1) == before);
		assert_true(hours_open(&h, next) != before);
		t = next;
	}
	zone_free(z);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void a_week(void **state)
{
	(void)state;
	check("Europe/Berlin", LIST("mon-fri 08:00-17:30", "sat 09:00-12:00"), NULL,
	      "2026-06-04T21:00:00Z",
	      LIST("2026-06-05T06:00:00Z", "2026-06-05T15:30:00Z", "2026-06-06T07:00:00Z",
		   "2026-06-06T10:00:00Z", "2026-06-08T06:00:00Z"));
	check("America/New_York", LIST("mon-fri 08:00-17:30"), NULL, "2026-01-05T00:00:00Z",
	      LIST("2026-01-05T13:00:00Z", "2026-01-05T22:30:00Z"));
	check("Asia/Kathmandu", LIST("daily 09:00-17:00"), NULL, "2026-01-05T00:00:00Z",
	      LIST("2026-01-05T03:15:00Z", "2026-01-05T11:15:00Z"));
}

/* 2026-03-29: 02:00 becomes 03:00 in Berlin. */
static void the_hour_that_never_comes(void **state)
{
	(void)state;
	check("Europe/Berlin", LIST("daily 02:30-10:00"), NULL, "2026-03-28T12:00:00Z",
	      LIST("2026-03-29T01:00:00Z", "2026-03-29T08:00:00Z", "2026-03-30T00:30:00Z"));
	/* wholly within it: not that day */
	check("Europe/Berlin", LIST("daily 02:10-02:50"), NULL, "2026-03-28T12:00:00Z",
	      LIST("2026-03-30T00:10:00Z", "2026-03-30T00:50:00Z"));
	/* an end within it: the jump ends it */
	check("Europe/Berlin", LIST("daily 00:00-02:30"), NULL, "2026-03-28T22:30:00Z",
	      LIST("2026-03-28T23:00:00Z", "2026-03-29T01:00:00Z"));
	/* the working day keeps its local time though UTC's changes */
	check("Europe/Berlin", LIST("daily 08:00-17:00"), NULL, "2026-03-28T05:00:00Z",
	      LIST("2026-03-28T07:00:00Z", "2026-03-28T16:00:00Z", "2026-03-29T06:00:00Z",
		   "2026-03-29T15:00:00Z"));
}

/* 2026-10-25: 03:00 becomes 02:00 in Berlin; 02:00 to 03:00 comes twice. */
static void the_hour_that_comes_twice(void **state)
{
	(void)state;
	check("Europe/Berlin", LIST("daily 02:00-03:00"), NULL, "2026-10-24T12:00:00Z",
	      LIST("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z"));
	check("Europe/Berlin", LIST("daily 01:00-02:30"), NULL, "2026-10-24T12:00:00Z",
	      LIST("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z",
		   "2026-10-25T01:30:00Z"));
	check("Australia/Lord_Howe", LIST("daily 01:45-09:00"), NULL,
	      "2026-04-04T12:00:00Z", /* half an hour */
	      LIST("2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z",
		   "2026-04-04T22:30:00Z"));
}

static void over_midnight(void **state)
{
	(void)state;
	check("Europe/Berlin", LIST("fri 22:00-06:00"), NULL, "2026-06-05T12:00:00Z",
	      LIST("2026-06-05T20:00:00Z", "2026-06-06T04:00:00Z"));
	check("Europe/Berlin", LIST("daily 00:00-24:00"), NULL, "2026-06-05T12:00:00Z", LIST(NULL));
	check("Europe/Berlin", LIST("fri-mon 08:00-09:00"), NULL, "2026-06-06T12:00:00Z",
	      LIST("2026-06-07T06:00:00Z", "2026-06-07T07:00:00Z", "2026-06-08T06:00:00Z",
		   "2026-06-08T07:00:00Z", "2026-06-12T06:00:00Z"));
}

static void holidays(void **state)
{
	(void)state;
	/* Thursday to Saturday are off, and every First of January */
	check("Europe/Berlin", LIST("mon-fri 08:00-17:00"),
	      LIST("2026-12-24", "2026-12-25", "01-01"), "2026-12-23T12:00:00Z",
	      LIST("2026-12-23T16:00:00Z", "2026-12-28T07:00:00Z"));
	check("Europe/Berlin", LIST("mon-fri 08:00-17:00"), LIST("01-01"), "2026-12-31T12:00:00Z",
	      LIST("2026-12-31T16:00:00Z", "2027-01-04T07:00:00Z"));
	/* what began the evening before goes on; what would begin on the holiday does not */
	check("Europe/Berlin", LIST("daily 22:00-06:00"), LIST("2026-12-25"),
	      "2026-12-24T20:00:00Z",
	      LIST("2026-12-24T21:00:00Z", "2026-12-25T05:00:00Z", "2026-12-26T21:00:00Z"));
}

static void what_never_changes_is_looked_at_again(void **state)
{
	struct hours_range all;
	struct hours h = { .ranges = &all };
	(void)state;

	assert_int_equal(hours_change(&h, 1000), 1000 + HOURS_LOOK_S);
	assert_true(hours_range_parse(SLICE_LIT("daily 00:00-24:00"), &all));
	h.ranges_n = 1;
	assert_true(hours_open(&h, 1000));
	assert_int_equal(hours_change(&h, 1000), 1000 + HOURS_LOOK_S);
}

static void what_is_no_range_or_date(void **state)
{
	static const char *const ranges[] = { "",
					      "mon",
					      "mon 8:00-17:00",
					      "mon 08:00",
					      "mon 08:00-08:00",
					      "mon 24:00-08:00",
					      "mon 08:00-24:01",
					      "moo 08:00-09:00",
					      "mon-xyz 08:00-09:00",
					      "mon, 08:00-09:00",
					      "08:00-09:00",
					      "mon 08:60-09:00" };
	static const char *const dates[] = { "",	   "2026-02-29", "02-30",
					     "2026-13-01", "1969-01-01", "26-01-01",
					     "2026/01/01", "2026-1-1",	 "00-01" };
	struct hours_range r;
	struct hours_date d;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (hours_range_parse(slice_str(ranges[i]), &r))
			fail_msg("%s", ranges[i]);
	for (size_t i = 0; i < ARRAY_LEN(dates); i++)
		if (hours_date_parse(slice_str(dates[i]), &d))
			fail_msg("%s", dates[i]);
	assert_true(hours_date_parse(SLICE_LIT("02-29"), &d));
	assert_true(hours_range_parse(SLICE_LIT("Mon,WED-fri 08:00-12:00"), &r));
	assert_int_equal(r.days, 0x1d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_week),
		cmocka_unit_test(the_hour_that_never_comes),
		cmocka_unit_test(the_hour_that_comes_twice),
		cmocka_unit_test(over_midnight),
		cmocka_unit_test(holidays),
		cmocka_unit_test(what_never_changes_is_looked_at_again),
		cmocka_unit_test(what_is_no_range_or_date),
	};
	return cmocka_run_group_tests_name("proto/hours/hours", tests, NULL, NULL);
}
