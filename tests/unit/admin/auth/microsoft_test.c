#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/microsoft.h"

static struct microsoft *m;

static int set_up(void **state)
{
	(void)state;
	m = calloc(1, sizeof(*m));
	return m ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	microsoft_free(m);
	return 0;
}

static void begin(int64_t now, char state[KEY_LEN + 1])
{
	struct pending *p;

	assert_int_equal(microsoft_begin(m, now, state, &p), ERR_OK);
}

static void a_state_counts_once(void **state)
{
	char one[KEY_LEN + 1], two[KEY_LEN + 1];
	struct pending got;
	(void)state;

	begin(1000, one);
	begin(1000, two);
	assert_false(microsoft_take(m, SLICE_NONE, 1001, &got));
	assert_false(microsoft_take(m, slice_of(one, KEY_LEN - 1), 1001, &got));
	assert_false(microsoft_take(m, slice_str(m->pending[0].state), 1001, &got));
	assert_true(microsoft_take(m, slice_str(one), 1001, &got));
	assert_int_equal(strlen(got.nonce), KEY_LEN);
	assert_string_not_equal(got.nonce, got.verifier);
	assert_false(microsoft_take(m, slice_str(one), 1001, &got));
	assert_true(microsoft_take(m, slice_str(two), 1001, &got));
}

static void ten_minutes(void **state)
{
	char one[KEY_LEN + 1], two[KEY_LEN + 1];
	struct pending got;
	(void)state;

	begin(1000, one);
	begin(1000, two);
	assert_true(microsoft_take(m, slice_str(one), 1000 + PENDING_MS - 1, &got));
	assert_false(microsoft_take(m, slice_str(two), 1000 + PENDING_MS, &got));
}

static void the_oldest_makes_room(void **state)
{
	char first[KEY_LEN + 1], second[KEY_LEN + 1], more[KEY_LEN + 1];
	struct pending got;
	(void)state;

	begin(1, first);
	begin(2, second);
	for (int i = 2; i <= PENDING_MAX; i++)
		begin(i + 1, more);
	assert_false(microsoft_take(m, slice_str(first), 1000, &got));
	assert_true(microsoft_take(m, slice_str(second), 1000, &got));
	assert_true(microsoft_take(m, slice_str(more), 1000, &got));
}

/* RFC 7636, appendix B. */
static void the_challenge(void **state)
{
	char got[KEY_LEN + 1];
	(void)state;

	microsoft_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", got);
	assert_string_equal(got, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void keys_by_tenant(void **state)
{
	struct key_cache *a = microsoft_keys(m, slice_str("tenant-a"));
	char name[16];
	(void)state;

	a->fetched_ms = 1;
	assert_ptr_equal(microsoft_keys(m, slice_str("TENANT-A")), a);
	for (int i = 0; i < KEY_CACHES - 1; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		microsoft_keys(m, slice_str(name))->fetched_ms = 10 + i;
	}
	assert_ptr_equal(microsoft_keys(m, slice_str("tenant-a")), a);
	/* one more: the oldest goes, with its keys */
	assert_ptr_equal(microsoft_keys(m, slice_str("one more")), a);
	assert_int_equal(a->fetched_ms, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_state_counts_once), CASE(ten_minutes),	 CASE(the_oldest_makes_room),
		CASE(the_challenge),	   CASE(keys_by_tenant),
	};
	return cmocka_run_group_tests_name("admin/auth/microsoft", tests, NULL, NULL);
}
