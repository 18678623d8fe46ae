#include "test.h"

#include <stdio.h>

#include "base/prng.h"
#include "core/directory.h"

static struct directory *small(void)
{
	const struct directory_limits l = { 2, 3, 4, 5, 0, 42 };
	struct directory *d = NULL;
	uint16_t a;
	uint32_t c;

	assert_int_equal(directory_new(&d, &l), ERR_OK);
	assert_int_equal(directory_add_account(d, SLICE_LIT("acme"), &a), ERR_OK);
	assert_int_equal(a, 0);
	assert_int_equal(directory_add_connector(d, 0, SLICE_LIT("hq"), &c), ERR_OK);
	assert_int_equal(c, 0);
	return d;
}

static void names_lead_to_ids_and_back(void **state)
{
	struct directory *d = small();
	uint32_t u, l;
	(void)state;

	assert_int_equal(directory_add_user(d, 0, SLICE_LIT("Ana@acme.example"), &u), ERR_OK);
	assert_int_equal(directory_add_line(d, 0, SLICE_LIT("201"), u, &l), ERR_OK);
	assert_int_equal(directory_user(d, 0, SLICE_LIT("ana@ACME.example")), u);
	assert_int_equal(directory_line(d, 0, SLICE_LIT("201")), l);
	assert_int_equal(directory_line(d, 0, SLICE_LIT("20")), ID_NONE);
	assert_int_equal(directory_connector(d, 0, SLICE_LIT("HQ")), ID_NONE);
	assert_int_equal(directory_account(d, SLICE_LIT("nobody")), UINT16_MAX);
	assert_slice(directory_email(d, u), "Ana@acme.example");
	assert_slice(directory_number(d, l), "201");
	assert_slice(directory_label(d, u), "");
	assert_int_equal(directory_set_label(d, u, SLICE_LIT("Ana")), ERR_OK);
	assert_int_equal(directory_set_label(d, u, SLICE_LIT("Ana Alba")), ERR_OK);
	assert_slice(directory_label(d, u), "Ana Alba");
	assert_int_equal(directory_set_label(d, u, SLICE_NONE), ERR_OK);
	assert_slice(directory_label(d, u), "");
	assert_int_equal(directory_line_user(d, l), u);
	assert_int_equal(directory_line_connector(d, l), 0);
	assert_int_equal(directory_connector_account(d, 0), 0);
	directory_set_line_user(d, l, ID_NONE);
	assert_int_equal(directory_line_user(d, l), ID_NONE);
	directory_free(d);
}

static void the_same_name_lives_in_two_homes(void **state)
{
	struct directory *d = small();
	uint32_t a, b, c, u = 77;
	uint16_t other;
	(void)state;

	assert_int_equal(directory_add_account(d, SLICE_LIT("beta"), &other), ERR_OK);
	assert_int_equal(directory_add_connector(d, other, SLICE_LIT("hq"), &c), ERR_OK);
	assert_int_equal(directory_add_line(d, 0, SLICE_LIT("201"), ID_NONE, &a), ERR_OK);
	assert_int_equal(directory_add_line(d, c, SLICE_LIT("201"), ID_NONE, &b), ERR_OK);
	assert_int_not_equal(a, b);
	assert_int_equal(directory_line(d, c, SLICE_LIT("201")), b);
	assert_int_equal(directory_add_line(d, c, SLICE_LIT("201"), ID_NONE, &u), ERR_EXISTS);
	assert_int_equal(u, b);
	directory_free(d);
}

static void limits_are_errors(void **state)
{
	struct directory *d = small();
	char longest[256];
	uint32_t id = 99;
	uint16_t account;
	(void)state;

	memset(longest, 'x', sizeof(longest));
	assert_int_equal(directory_add_user(d, 0, SLICE_NONE, &id), ERR_MALFORMED);
	assert_int_equal(directory_add_user(d, 0, slice_of(longest, 255), &id), ERR_MALFORMED);
	assert_int_equal(directory_add_user(d, 9, SLICE_LIT("a"), &id), ERR_NOT_FOUND);
	assert_int_equal(directory_add_line(d, 9, SLICE_LIT("a"), ID_NONE, &id), ERR_NOT_FOUND);
	assert_int_equal(directory_add_line(d, 0, SLICE_LIT("a"), 3, &id), ERR_NOT_FOUND);
	assert_int_equal(id, 99);
	assert_int_equal(directory_add_account(d, slice_of(longest, 254), &account), ERR_OK);
	assert_int_equal(directory_add_account(d, SLICE_LIT("third"), &account), ERR_LIMIT);
	directory_free(d);
	directory_free(NULL);
}

static void a_full_pool_is_an_error(void **state)
{
	const struct directory_limits l = { 1, 1, 8, 8, 16, 1 };
	struct directory *d;
	uint16_t a;
	uint32_t u;
	(void)state;

	assert_int_equal(directory_new(&d, &l), ERR_OK);
	assert_int_equal(directory_add_account(d, SLICE_LIT("acme"), &a), ERR_OK);
	assert_int_equal(directory_add_user(d, a, SLICE_LIT("abcdefg"), &u), ERR_OK);
	assert_int_equal(directory_add_user(d, a, SLICE_LIT("abcdefgh"), &u), ERR_LIMIT);
	directory_release_user(d, u);
	assert_int_equal(directory_add_user(d, a, SLICE_LIT("hgfedcb"), &u), ERR_OK);
	directory_free(d);
}

static void a_released_id_is_used_again(void **state)
{
	struct directory *d = small();
	uint32_t u, v;
	(void)state;

	assert_int_equal(directory_add_user(d, 0, SLICE_LIT("ana@x"), &u), ERR_OK);
	assert_int_equal(directory_add_user(d, 0, SLICE_LIT("bea@x"), &v), ERR_OK);
	assert_int_equal(directory_users(d), 2);
	directory_release_user(d, u);
	directory_release_user(d, u);
	assert_int_equal(directory_users(d), 1);
	assert_false(directory_has_user(d, u));
	assert_slice(directory_email(d, u), "");
	assert_int_equal(directory_user(d, 0, SLICE_LIT("ana@x")), ID_NONE);
	assert_int_equal(directory_next_user(d, 0), v);
	assert_int_equal(directory_next_user(d, v + 1), ID_NONE);
	assert_int_equal(directory_add_user(d, 0, SLICE_LIT("cleo@x"), &v), ERR_OK);
	assert_int_equal(v, u);
	directory_free(d);
}

/* Against the naive truth, through thousands of changes: the pool and the maps stay sound. */
static void comes_and_goes(void **state)
{
	enum { N = 500 };
	const struct directory_limits l = { 1, 1, N, N, 0, 3 };
	static char names[N][64];
	static uint32_t ids[N];
	struct prng r = { 11 };
	struct directory *d;
	uint16_t a;
	(void)state;

	assert_int_equal(directory_new(&d, &l), ERR_OK);
	assert_int_equal(directory_add_account(d, SLICE_LIT("acme"), &a), ERR_OK);
	for (int i = 0; i < N; i++)
		ids[i] = ID_NONE;
	for (int step = 0; step < 40000; step++) {
		int i = (int)prng_below(&r, N);

		if (ids[i] != ID_NONE) {
			assert_int_equal(directory_user(d, a, slice_str(names[i])), ids[i]);
			assert_true(slice_is(directory_email(d, ids[i]), names[i]));
			directory_release_user(d, ids[i]);
			ids[i] = ID_NONE;
		} else {
			snprintf(names[i], sizeof(names[i]), "%0*d@x", (int)prng_below(&r, 50) + 1, i);
			assert_int_equal(directory_add_user(d, a, slice_str(names[i]), &ids[i]), ERR_OK);
		}
	}
	directory_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_to_ids_and_back),
		cmocka_unit_test(the_same_name_lives_in_two_homes),
		cmocka_unit_test(limits_are_errors),
		cmocka_unit_test(a_full_pool_is_an_error),
		cmocka_unit_test(a_released_id_is_used_again),
		cmocka_unit_test(comes_and_goes),
	};
	return cmocka_run_group_tests_name("core/directory", tests, NULL, NULL);
}
