#include "test.h"

#include "admin/route.h"

static struct route_match m;

static enum err find(const char *method, const char *path)
{
	return route_find(method, slice_str(path), &m);
}

/* A path for the pattern: each {x} becomes "x". */
static void path_of(const char *pattern, char *dst)
{
	for (; *pattern; pattern++) {
		if (*pattern == '{')
			*dst++ = 'x';
		while (*pattern == '{')
			while (*pattern != '}')
				pattern++;
		if (*pattern != '}')
			*dst++ = *pattern;
	}
	*dst = '\0';
}

static void every_route_is_found_by_its_own_path(void **state)
{
	char path[200];
	(void)state;

	for (int i = 0; i < ROUTE_COUNT; i++) {
		path_of(routes[i].pattern, path);
		assert_int_equal(find(routes[i].method, path), ERR_OK);
		assert_int_equal(m.route, i);
		assert_int_equal(find("BREW", path), ERR_DENIED);
		assert_non_null(strstr(m.allow, routes[i].method));
	}
}

static void the_table_is_as_the_gate_takes_it(void **state)
{
	(void)state;
	for (int i = 0; i < ROUTE_COUNT; i++) {
		const char *first = strchr(routes[i].pattern, '{'), *method = routes[i].method;
		bool takes_body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;

		assert_int_equal(route_is_write(&routes[i]), strcmp(routes[i].method, "GET") != 0);
		assert_int_equal(routes[i].body_max > 0, takes_body);
		/* the gate looks for the account in the first parameter */
		if (strstr(routes[i].pattern, "{account}"))
			assert_int_equal(strncmp(first, "{account}", 9), 0);
		assert_true(strlen(routes[i].help) > 10);
	}
}

static void parameters_are_decoded_segment_by_segment(void **state)
{
	(void)state;
	assert_int_equal(find("GET", "/api/v1/accounts/a%2Fb/users/ana%40acme.example"), ERR_OK);
	assert_int_equal(m.route, ROUTE_USER);
	assert_string_equal(m.params[0], "a/b");
	assert_string_equal(m.params[1], "ana@acme.example");
	assert_int_equal(find("HEAD", "/api/v1/accounts"), ERR_OK);
	assert_int_equal(m.route, ROUTE_ACCOUNTS);
	assert_int_equal(find("GET", "/api/v1/check"), ERR_OK);
	assert_int_equal(m.route, ROUTE_CHECK_SHOW);
	assert_int_equal(find("DELETE", "/api/v1/check"), ERR_DENIED);
	assert_string_equal(m.allow, "GET, POST");
}

static void what_is_no_path(void **state)
{
	static const char *const absent[] = {"",
					     "//",
					     "/api/",
					     "/api/v1/accounts/",
					     "/api/v1/accounts//users",
					     "/api/v1/accounts/a/users/",
					     "/api/v1/accounts/a/users/b/profile/",
					     "/API/v1/accounts",
					     "api/v1/accounts",
					     "http://evil.example/api/v1/accounts",
					     "/api/v1/accounts/a/users:other"};
	static const char *const malformed[] = {
	    "/api/v1/accounts/%/users", "/api/v1/accounts/%4/users", "/api/v1/accounts/%zz/users",
	    "/api/v1/accounts/a%00b/users", "/%c3%"};
	char longer[ROUTE_PATH_MAX + 10];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		if (find("GET", absent[i]) != ERR_NOT_FOUND)
			fail_msg("found: %s", absent[i]);
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
		if (find("GET", malformed[i]) != ERR_MALFORMED)
			fail_msg("taken: %s", malformed[i]);
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(find("GET", longer), ERR_MALFORMED);
	longer[ROUTE_PARAM_MAX + 2] = '\0';
	assert_int_equal(find("GET", longer), ERR_MALFORMED);
	longer[ROUTE_PARAM_MAX + 1] = '\0';
	assert_int_equal(find("GET", longer), ERR_OK);
}

static void decoding(void **state)
{
	char text[4];
	(void)state;

	assert_int_equal(percent_decode(SLICE_LIT("%41b+"), text, sizeof(text)), ERR_OK);
	assert_string_equal(text, "Ab+");
	assert_int_equal(percent_decode(SLICE_LIT("abcd"), text, sizeof(text)), ERR_LIMIT);
	assert_int_equal(percent_decode(SLICE_LIT("%"), text, sizeof(text)), ERR_MALFORMED);
	assert_int_equal(percent_decode(SLICE_NONE, text, sizeof(text)), ERR_OK);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_route_is_found_by_its_own_path),
	    cmocka_unit_test(the_table_is_as_the_gate_takes_it),
	    cmocka_unit_test(parameters_are_decoded_segment_by_segment),
	    cmocka_unit_test(what_is_no_path),
	    cmocka_unit_test(decoding),
	};
	return cmocka_run_group_tests_name("admin/route", tests, NULL, NULL);
}
