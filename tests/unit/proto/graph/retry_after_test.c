#include "test.h"

#include "base/prng.h"
#include "proto/graph/retry_after.h"

#define WALL 784111777000 /* Sun, 06 Nov 1994 08:49:37 GMT */

static void every_documented_form(void **state)
{
	static const struct {
		const char *text;
		int64_t wall_ms;
		enum err err;
		int32_t ms;
	} rows[] = {
		{ "10", 0, ERR_OK, 10000 },
		{ " 120\r\n", 0, ERR_OK, 120000 },
		{ "0", 0, ERR_OK, 0 },
		{ "2.128", 0, ERR_OK, 3000 },
		{ "2.000", 0, ERR_OK, 2000 },
		{ "0.1", 0, ERR_OK, 1000 },
		{ "86400", 0, ERR_OK, 86400000 },
		{ "86401", 0, ERR_OK, 86400000 },
		{ "99999999999999999999999999", 0, ERR_OK, 86400000 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", WALL, ERR_OK, 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", WALL - 7500, ERR_OK, 7500 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", WALL + 7500, ERR_OK, 0 },
		{ "sun, 06 nov 1994 08:49:37 gmt", WALL - 1000, ERR_OK, 1000 },
		{ "Sun Nov  6 08:49:37 1994", WALL - 1000, ERR_OK, 1000 },
		{ "Tuesday, 24-Nov-26 00:00:10 GMT", 1795478400000, ERR_OK, 10000 },
		{ "Thu, 29 Feb 2024 23:59:59 GMT", 1709251198000, ERR_OK, 1000 },
		{ "Fri, 01 Mar 2024 00:00:00 GMT", 1709251198000, ERR_OK, 2000 },
		{ "Sun, 06 Nov 2094 08:49:37 GMT", WALL, ERR_OK, 86400000 },
		{ "", 0, ERR_NOT_FOUND, -1 },
		{ " \t", 0, ERR_NOT_FOUND, -1 },
		{ "-5", 0, ERR_MALFORMED, -1 },
		{ "+5", 0, ERR_MALFORMED, -1 },
		{ "1.", 0, ERR_MALFORMED, -1 },
		{ ".5", 0, ERR_MALFORMED, -1 },
		{ "1.2.3", 0, ERR_MALFORMED, -1 },
		{ "1e3", 0, ERR_MALFORMED, -1 },
		{ "soon", 0, ERR_MALFORMED, -1 },
		{ "Sun, 06 Nov 1994 08:49:37 CET", WALL, ERR_MALFORMED, -1 },
		{ "Sun, 31 Feb 1994 08:49:37 GMT", WALL, ERR_MALFORMED, -1 },
		{ "Sun, 06 Nov 1994 24:49:37 GMT", WALL, ERR_MALFORMED, -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT x", WALL, ERR_MALFORMED, -1 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int32_t ms = -1;
		enum err e = retry_after_parse(slice_str(rows[i].text), rows[i].wall_ms, &ms);

		if (e != rows[i].err || ms != rows[i].ms)
			fail_msg("'%s': %s, %d ms", rows[i].text, err_name(e), ms);
	}
}

/* Whatever comes: within bounds, or refused. */
static void never_out_of_bounds(void **state)
{
	static const char letters[] = "0123456789., :-GMTSunNov";
	struct prng r = { 3 };
	(void)state;

	for (int i = 0; i < 20000; i++) {
		char text[40];
		size_t n = prng_below(&r, sizeof(text));
		int32_t ms = 0;

		for (size_t k = 0; k < n; k++)
			text[k] = letters[prng_below(&r, sizeof(letters) - 1)];
		if (retry_after_parse(slice_of(text, n), (int64_t)prng_below(&r, 1ull << 42),
				      &ms) == ERR_OK)
			assert_in_range(ms, 0, RETRY_AFTER_MAX_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_form),
		cmocka_unit_test(never_out_of_bounds),
	};
	return cmocka_run_group_tests_name("proto/graph/retry_after", tests, NULL, NULL);
}
