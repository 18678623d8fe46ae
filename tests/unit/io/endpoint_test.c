#include "test.h"

#include "io/endpoint.h"

static void numeric_addresses_go_there_and_back(void **state)
{
	const struct {
		const char *in, *out;
	} rows[] = {
	    {"127.0.0.1", "127.0.0.1"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::1", "::1"},
	    {"[::1]", "::1"},
	    {"2001:db8::0:7", "2001:db8::7"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"[::]", "::"},
	    {"fe80::1%lo", "fe80::1%lo"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		union socket_address sa;
		struct endpoint e;
		socklen_t n;

		assert_int_equal(endpoint_parse(rows[i].in, 5060, &sa, &n), ERR_OK);
		assert_true(n <= sizeof(sa));
		endpoint_show(&sa.any, &e);
		assert_string_equal(e.host, rows[i].out);
		assert_int_equal(e.port, 5060);
		assert_true(endpoint_is_numeric(rows[i].in));
	}
}

static void names_and_half_addresses_are_not_numeric(void **state)
{
	const char *const rows[] = {
	    "",
	    "localhost",
	    "1.2.3",
	    "0x7f.1",
	    "127.1",
	    "1.2.3.4.5",
	    "256.1.1.1",
	    "[::1",
	    "::1]",
	    "[1.2.3.4",
	    ":::",
	    "12345::",
	    "1.2.3.4 ",
	    " ::1",
	    "[]",
	    "%lo",
	    "fe80::1%nope",
	    "a%lo",
	    "[[::1]]",
	    "1.2.3.4%lo",
	    "01.2.3.4",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_false(endpoint_is_numeric(rows[i]));
}

static void other_families_show_as_nothing(void **state)
{
	const struct sockaddr sa = {.sa_family = AF_UNIX};
	struct endpoint e;
	(void)state;

	endpoint_show(&sa, &e);
	assert_string_equal(e.host, "");
	assert_int_equal(e.port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numeric_addresses_go_there_and_back),
	    cmocka_unit_test(names_and_half_addresses_are_not_numeric),
	    cmocka_unit_test(other_families_show_as_nothing),
	};
	return cmocka_run_group_tests_name("io/endpoint", tests, NULL, NULL);
}
