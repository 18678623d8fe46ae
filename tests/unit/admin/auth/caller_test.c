#include "test.h"

#include <stdio.h>

#include "admin/auth/caller.h"
#include "admin/auth/document.h"

static struct grants made(const char *account, enum role role)
{
	struct grants g = { 0 };

	assert_int_equal(grants_add(&g, slice_str(account), role), ERR_OK);
	return g;
}

static void words(void **state)
{
	enum role role = ROLE_NONE;
	(void)state;

	for (enum role r = ROLE_VIEWER; r < ROLE_COUNT; r++) {
		assert_true(role_parse(slice_str(role_name(r)), &role));
		assert_int_equal(role, r);
	}
	assert_false(role_parse(slice_str("none"), &role));
	assert_false(role_parse(slice_str("Owner"), &role));
	assert_false(role_parse(SLICE_NONE, &role));
	assert_string_equal(role_name(ROLE_COUNT), "none");
	assert_string_equal(caller_kind_name(CALLER_MICROSOFT), "microsoft");
	assert_string_equal(caller_kind_name(CALLER_KIND_COUNT), "");
}

static void a_role_reaches_its_account_only(void **state)
{
	struct grants g = made("acme", ROLE_OPERATOR);
	(void)state;

	assert_int_equal(grants_role(&g, slice_str("acme")), ROLE_OPERATOR);
	assert_int_equal(grants_role(&g, slice_str("Acme")), ROLE_NONE);
	assert_int_equal(grants_role(&g, slice_str("acme2")), ROLE_NONE);
	assert_int_equal(grants_role(&g, slice_str("")), ROLE_NONE);
	assert_int_equal(grants_role(&g, SLICE_NONE), ROLE_NONE); /* on all */
	assert_int_equal(grants_highest(&g), ROLE_OPERATOR);
}

static void the_star_reaches_all(void **state)
{
	struct grants g = made("*", ROLE_VIEWER);
	(void)state;

	assert_int_equal(grants_role(&g, SLICE_NONE), ROLE_VIEWER);
	assert_int_equal(grants_role(&g, slice_str("whatever comes")), ROLE_VIEWER);
	assert_int_equal(grants_add(&g, slice_str("acme"), ROLE_OWNER), ERR_OK);
	assert_int_equal(grants_role(&g, slice_str("acme")), ROLE_OWNER);
	assert_int_equal(grants_role(&g, SLICE_NONE), ROLE_VIEWER);
}

static void adding_raises_and_never_lowers(void **state)
{
	struct grants g = made("acme", ROLE_OPERATOR);
	char name[32];
	(void)state;

	assert_int_equal(grants_add(&g, slice_str("acme"), ROLE_VIEWER), ERR_OK);
	assert_int_equal(g.n, 1);
	assert_int_equal(grants_role(&g, slice_str("acme")), ROLE_OPERATOR);
	assert_int_equal(grants_add(&g, slice_str("acme"), ROLE_OWNER), ERR_OK);
	assert_int_equal(grants_role(&g, slice_str("acme")), ROLE_OWNER);
	for (int i = 1; i < CALLER_GRANTS_MAX; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		assert_int_equal(grants_add(&g, slice_str(name), ROLE_VIEWER), ERR_OK);
	}
	assert_int_equal(grants_add(&g, slice_str("one more"), ROLE_VIEWER), ERR_LIMIT);
	assert_int_equal(grants_add(&g, slice_str("a1"), ROLE_OWNER), ERR_OK);
	assert_int_equal(g.n, CALLER_GRANTS_MAX);
}

static void names_have_an_end(void **state)
{
	char name[CALLER_ACCOUNT_MAX + 1];
	struct grants g = { 0 };
	(void)state;

	memset(name, 'a', sizeof(name));
	assert_int_equal(grants_add(&g, slice_of(name, CALLER_ACCOUNT_MAX), ROLE_VIEWER), ERR_OK);
	assert_int_equal(grants_add(&g, slice_of(name, CALLER_ACCOUNT_MAX + 1), ROLE_VIEWER),
			 ERR_LIMIT);
	assert_int_equal(g.n, 1);
}

static void nobody_gives_more_than_it_has(void **state)
{
	static const struct {
		const char *have, *wanted;
		enum role have_role, wanted_role;
		bool covers;
	} rows[] = {
		{ "acme", "acme", ROLE_OWNER, ROLE_OWNER, true },
		{ "acme", "acme", ROLE_OWNER, ROLE_VIEWER, true },
		{ "acme", "acme", ROLE_VIEWER, ROLE_OWNER, false },
		{ "acme", "other", ROLE_OWNER, ROLE_VIEWER, false },
		{ "acme", "*", ROLE_OWNER, ROLE_VIEWER, false },
		{ "*", "*", ROLE_OWNER, ROLE_OWNER, true },
		{ "*", "acme", ROLE_OWNER, ROLE_OWNER, true },
		{ "*", "acme", ROLE_VIEWER, ROLE_OPERATOR, false },
	};
	struct grants two = made("acme", ROLE_VIEWER), none = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct grants have = made(rows[i].have, rows[i].have_role);
		struct grants wanted = made(rows[i].wanted, rows[i].wanted_role);

		if (grants_cover(&have, &wanted) != rows[i].covers)
			fail_msg("row %zu", i);
	}
	/* one that is covered does not carry another along */
	assert_int_equal(grants_add(&two, slice_str("other"), ROLE_VIEWER), ERR_OK);
	struct grants have = made("acme", ROLE_OWNER);
	assert_false(grants_cover(&have, &two));
	assert_true(grants_cover(&have, &none));
	assert_false(grants_cover(&none, &two));
}

static enum err read(const char *text, struct grants *g)
{
	json_t *doc = json_loads(text, 0, NULL);
	enum err e = grants_parse(doc, g);

	assert_non_null(doc);
	json_decref(doc);
	return e;
}

static void documents(void **state)
{
	static const char *const bad[] = {
		"{}",
		"[1]",
		"[{}]",
		"[{\"account\":\"acme\"}]",
		"[{\"role\":\"viewer\"}]",
		"[{\"account\":\"\",\"role\":\"viewer\"}]",
		"[{\"account\":\"acme\",\"role\":\"none\"}]",
		"[{\"account\":\"acme\",\"role\":\"root\"}]",
		"[{\"account\":\"acme\",\"role\":3}]",
		"[{\"account\":\"acme\",\"role\":\"viewer\",\"until\":1}]"
	};
	struct grants g = made("kept", ROLE_OWNER), back;
	json_t *doc;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (read(bad[i], &g) != ERR_MALFORMED || g.n != 1 ||
		    strcmp(g.list[0].account, "kept") != 0)
			fail_msg("%s", bad[i]);
	assert_int_equal(grants_parse(NULL, &g), ERR_MALFORMED);
	assert_int_equal(read("[]", &g), ERR_OK);
	assert_int_equal(g.n, 0);
	assert_int_equal(read("[{\"account\":\"acme\",\"role\":\"viewer\"},{\"account\":\"*\","
			      "\"role\":\"owner\"}]",
			      &g),
			 ERR_OK);
	doc = grants_json(&g);
	assert_int_equal(grants_parse(doc, &back), ERR_OK);
	json_decref(doc);
	assert_int_equal(back.n, 2);
	assert_int_equal(grants_role(&back, SLICE_NONE), ROLE_OWNER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(a_role_reaches_its_account_only),
		cmocka_unit_test(the_star_reaches_all),
		cmocka_unit_test(adding_raises_and_never_lowers),
		cmocka_unit_test(names_have_an_end),
		cmocka_unit_test(nobody_gives_more_than_it_has),
		cmocka_unit_test(documents),
	};
	return cmocka_run_group_tests_name("admin/auth/caller", tests, NULL, NULL);
}
