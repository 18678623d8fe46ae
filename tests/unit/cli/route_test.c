/* route_test.c - the verbs' requests are rows of routes.def: every path as the daemon finds it again, and
 * every name in verbs.def one of that table. */
#include "test.h"

#include <string.h>

#include "admin/route.h"
#include "cli/cli.h"

static void test_paths(void **state)
{
	(void)state;
	for (int i = 0; i < ROUTE_COUNT; i++) {
		struct route_match m;
		struct buf b;

		if (strstr(routes[i].pattern, "{number}")) /* of what programs report: no verb asks for it */
			continue;
		buf_init(&b, 1000);
		cli_path(&b, (enum cli_route)i, "a b/c", "100%@x.example");
		assert_int_equal(
			route_find(cli_method((enum cli_route)i), slice_str(buf_cstr(&b)), &m), ERR_OK);
		assert_int_equal(m.route, i);
		if (m.params_n > 0)
			assert_string_equal(m.params[0], "a b/c");
		if (m.params_n > 1)
			assert_string_equal(m.params[1], "100%@x.example");
		buf_fini(&b);
	}
}

static bool is_route(struct slice id)
{
	for (int i = 0; i < ROUTE_COUNT; i++)
		if (slice_is(id, routes[i].id))
			return true;
	return false;
}

static void test_verbs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < verbs_n; i++) {
		struct slice rest = slice_str(verbs[i].routes), id;
		unsigned n = 0;

		while (slice_split(&rest, ' ', &id)) {
			if (!is_route(id))
				fail_msg("offhook %s: routes.def has no %.*s", verbs[i].name, SLICE_ARG(id));
			n++;
		}
		assert_true(n > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
