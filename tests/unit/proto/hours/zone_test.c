/* Zones against the C library's own reading of the same files, and broken files. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/hours/zone.h"

static size_t read_zone(const char *name, char *dst, size_t cap)
{
	char path[200];

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(dst, 1, cap, f) : 0;

	if (f)
		fclose(f);
	return n;
}

static const char *const names[] = {
	"Europe/Berlin",       "Europe/London",	    "Europe/Dublin",
	"America/New_York",    "America/Sao_Paulo", "America/Nuuk",
	"Asia/Kolkata",	       "Asia/Kathmandu",    "Australia/Sydney",
	"Australia/Lord_Howe", "Pacific/Apia",	    "Pacific/Chatham",
	"Africa/Casablanca",   "America/St_Johns",  "UTC",
	"Asia/Tehran",	       "Antarctica/Troll",  "America/Asuncion",
	"Europe/Istanbul",     "Asia/Gaza",
};

/* Every 3 h 7 min from 1980 to 2090, far beyond what the files list one by one. */
static void the_offsets_are_the_c_librarys(void **state)
{
	static char text[ZONE_FILE_MAX];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct zone *z = NULL;
		size_t n = read_zone(names[i], text, sizeof(text));

		assert_int_not_equal(n, 0);
		assert_int_equal(zone_parse(slice_of(text, n), &z), ERR_OK);
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t t = 315532800; t < 3786912000; t += 11220) {
			time_t when = (time_t)t;
			struct tm tm;

			localtime_r(&when, &tm);
			if (zone_offset(z, t) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d instead of %ld", names[i], (long long)t,
					 zone_offset(z, t), tm.tm_gmtoff);
		}
		zone_free(z);
	}
	unsetenv("TZ");
	assert_int_equal(zone_offset(NULL, 1), 0);
}

/* A "slim" file: no transition at all, everything by the footer. */
static void a_footer_alone_is_enough(void **state)
{
	static const struct {
		const char *footer;
		int64_t utc_s;
		int32_t offset;
	} rows[] = {
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1774745999, 3600 }, /* 2026-03-29T00:59:59Z */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1774746000, 7200 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792889999, 7200 }, /* 2026-10-25T00:59:59Z */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792890000, 3600 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1767225600,
		  39600 }, /* Lord Howe, its summer */
		{ "<-03>3", 1767225600, -10800 },
		{ "EST5EDT,J60,J300/-1", 1772341200,
		  -18000 }, /* 2026-03-01T05:00:00Z, before 2 h local time */
		{ "EST5EDT,J60,J300/-1", 1772348400, -14400 },
		{ "EST5EDT,59,299", 1772348400, -14400 },
	};
	char file[300];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct zone *z = NULL;
		size_t n = 0;

		memset(file, 0, sizeof(file));
		for (int form = 0; form < 2; form++) {
			memcpy(file + n, "TZif2", 5);
			file[n + 39] = 1; /* one type */
			file[n + 43] = 4; /* "CET" */
			n += 44 + 6 + 4;
		}
		n += (size_t)snprintf(file + n, sizeof(file) - n, "\n%s\n", rows[i].footer);
		assert_int_equal(zone_parse(slice_of(file, n), &z), ERR_OK);
		if (zone_offset(z, rows[i].utc_s) != rows[i].offset)
			fail_msg("%s: %d instead of %d", rows[i].footer,
				 zone_offset(z, rows[i].utc_s), rows[i].offset);
		zone_free(z);
	}
}

static void broken_files_are_refused_or_read(void **state)
{
	static char text[ZONE_FILE_MAX], copy[ZONE_FILE_MAX];
	size_t n = read_zone("Europe/Berlin", text, sizeof(text));
	uint64_t x = 1;
	struct zone *z;
	(void)state;

	assert_int_equal(zone_parse(slice_str("TZif"), &z), ERR_MALFORMED);
	assert_int_equal(zone_parse(slice_of(copy, ZONE_FILE_MAX), &z), ERR_MALFORMED);
	for (size_t cut = 0; cut < n - 2; cut++)
		if (zone_parse(slice_of(text, cut), &z) == ERR_OK)
			zone_free(z);
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, text, n);
		for (int k = 0; k < 3; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			copy[(x >> 33) % n] = (char)(x >> 20);
		}
		if (zone_parse(slice_of(copy, n), &z) == ERR_OK) {
			for (int64_t t = -4000000000; t < 9000000000; t += 100000007)
				zone_offset(z, t);
			zone_free(z);
		}
	}
}

static void names_cannot_leave_the_data_base(void **state)
{
	static const char *const good[] = { "UTC", "Europe/Berlin",
					    "America/Argentina/Buenos_Aires", "Etc/GMT+3",
					    "America/Port-au-Prince" };
	static const char *const bad[] = { "",	      "/etc/passwd",	"../x", "Europe/../x",
					   "Europe/", "Europe//Berlin", "a b",	"Europe/.x",
					   "+1",      "Europe/Berlin\n" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(zone_name_is_valid(slice_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(zone_name_is_valid(slice_str(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_offsets_are_the_c_librarys),
		cmocka_unit_test(a_footer_alone_is_enough),
		cmocka_unit_test(broken_files_are_refused_or_read),
		cmocka_unit_test(names_cannot_leave_the_data_base),
	};
	return cmocka_run_group_tests_name("proto/hours/zone", tests, NULL, NULL);
}
