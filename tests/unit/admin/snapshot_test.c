#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/snapshot.h"
#include "base/prng.h"

enum { USERS = 50, ACCOUNTS = 3 };

static struct snapshot *s;
static struct snap_copy copy;
static unsigned pokes;

static int set_up(void **state)
{
	struct snapshot_limits l = {ACCOUNTS, 4, USERS, 7};
	(void)state;

	pokes = 0;
	return snapshot_new(&s, &l) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	snap_copy_fini(&copy);
	snapshot_free(s);
	return 0;
}

static enum err put(uint32_t user, uint16_t account, const char *email, uint8_t combined)
{
	struct admin_line line = {.line = user, .connector = user % 2, .number = SLICE_LIT("201")};
	struct admin_user u = {.user = user,
			       .account = account,
			       .email = slice_str(email),
			       .name = SLICE_LIT("Ana"),
			       .combined = combined,
			       .lines = &line,
			       .lines_n = 1};

	return snapshot_put_user(s, &u);
}

static void copies_do_not_lean_on_what_was_put(void **state)
{
	char email[] = "ana@acme.example";
	(void)state;

	assert_int_equal(put(3, 0, email, PRESENCE_BUSY), ERR_OK);
	memset(email, 'x', sizeof(email) - 1);
	assert_true(snapshot_user(s, 3, &copy));
	assert_slice(copy.user.email, "ana@acme.example");
	assert_slice(copy.user.lines[0].number, "201");
	snapshot_remove_user(s, 3);
	assert_slice(copy.user.email, "ana@acme.example");
	assert_false(snapshot_user(s, 3, &copy));
	assert_false(snapshot_user(s, USERS, &copy));
}

static void limits(void **state)
{
	struct admin_account a = {.account = ACCOUNTS};
	struct admin_connector c = {.connector = 4};
	(void)state;

	assert_int_equal(put(USERS, 0, "a", 0), ERR_LIMIT);
	assert_int_equal(put(0, ACCOUNTS, "a", 0), ERR_LIMIT);
	assert_int_equal(snapshot_put_account(s, &a), ERR_LIMIT);
	assert_int_equal(snapshot_put_connector(s, &c), ERR_LIMIT);
	snapshot_remove_user(s, USERS);
	snapshot_remove_account(s, UINT16_MAX);
	snapshot_remove_connector(s, ID_NONE);
}

static void more_than_is_kept_is_cut(void **state)
{
	static struct admin_line lines[100];
	static char text[5000];
	struct admin_user u = {.user = 1, .email = SLICE_LIT("a"), .lines = lines, .lines_n = 100};
	(void)state;

	memset(text, 'e', sizeof(text));
	u.graph_error = slice_of(text, sizeof(text));
	assert_int_equal(snapshot_put_user(s, &u), ERR_OK);
	assert_true(snapshot_user(s, 1, &copy));
	assert_int_equal(copy.user.lines_n, 64);
	assert_int_equal(copy.user.graph_error.n, 1024);
}

static void found_by_address_in_its_account(void **state)
{
	(void)state;
	assert_int_equal(put(1, 0, "Ana@acme.example", 0), ERR_OK);
	assert_int_equal(put(2, 1, "ana@acme.example", 0), ERR_OK);
	assert_int_equal(snapshot_find_user(s, 0, SLICE_LIT("ANA@ACME.EXAMPLE")), 1);
	assert_int_equal(snapshot_find_user(s, 1, SLICE_LIT("ana@acme.example")), 2);
	assert_int_equal(snapshot_find_user(s, 2, SLICE_LIT("ana@acme.example")), ID_NONE);
	assert_int_equal(put(1, 0, "new@acme.example", 0), ERR_OK);
	assert_int_equal(snapshot_find_user(s, 0, SLICE_LIT("ana@acme.example")), ID_NONE);
	assert_int_equal(snapshot_find_user(s, 0, SLICE_LIT("new@acme.example")), 1);
}

static uint32_t count(struct snap_filter f)
{
	uint32_t from = 0, n = 0;
	enum err e;

	while ((e = snapshot_next_user(s, &from, &f, &copy)) != ERR_NOT_FOUND)
		n += e == ERR_OK;
	return n;
}

static void filters(void **state)
{
	const struct snap_filter any = {UINT16_MAX, -1, -1, SLICE_NONE, SLICE_NONE, SLICE_NONE};
	struct snap_filter f = any;
	(void)state;

	for (uint32_t i = 0; i < 20; i++) {
		char email[32];

		snprintf(email, sizeof(email), "u%u@x", i);
		assert_int_equal(put(i, i % 2, email, i % 4 ? PRESENCE_BUSY : PRESENCE_AWAY),
				 ERR_OK);
	}
	assert_int_equal(count(any), 20);
	f.account = 1;
	assert_int_equal(count(f), 10);
	f = any;
	f.presence = PRESENCE_AWAY;
	assert_int_equal(count(f), 5);
	f = any;
	f.connector = 0;
	assert_int_equal(count(f), 10);
	f = any;
	f.text = SLICE_LIT("U1");
	assert_int_equal(count(f), 11);
	f.text = SLICE_LIT("201");
	assert_int_equal(count(f), 20);
	f.text = SLICE_LIT("nobody");
	assert_int_equal(count(f), 0);
}

static void a_changed_user_is_queued_once(void **state)
{
	struct snap_change changed[USERS];
	(void)state;

	for (int k = 0; k < 5; k++)
		for (uint32_t i = 0; i < 10; i++)
			assert_int_equal(put(i, 0, "a", 0), ERR_OK);
	assert_int_equal(snapshot_take_changed(s, changed, 4), 4);
	assert_int_equal(snapshot_take_changed(s, changed, USERS), 6);
	assert_int_equal(snapshot_take_changed(s, changed, USERS), 0);
	snapshot_remove_user(s, 4);
	assert_int_equal(snapshot_take_changed(s, changed, USERS), 1);
	assert_int_equal(changed[0].id, 4);
	assert_int_equal(changed[0].gone_from, 0);
}

static void poke(void *arg)
{
	(void)arg;
	pokes++;
}

static void one_poke_for_many_changes(void **state)
{
	struct snap_change changed[USERS];
	(void)state;

	snapshot_want_poke(s, poke, NULL);
	assert_int_equal(pokes, 0);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(put(i, 0, "a", 0), ERR_OK);
	assert_int_equal(pokes, 1);
	snapshot_want_poke(s, poke, NULL); /* something waits already: at once */
	assert_int_equal(pokes, 2);
	snapshot_take_changed(s, changed, USERS);
	snapshot_want_poke(s, poke, NULL);
	snapshot_remove_user(s, 1);
	assert_int_equal(pokes, 3);
}

/* The census after any run of puts and removals is that of a plain count. */
static void census_equals_a_plain_count(void **state)
{
	struct prng r = {42};
	(void)state;

	for (int step = 0; step < 2000; step++) {
		struct snap_census census, plain = {0};
		uint32_t id = (uint32_t)prng_below(&r, USERS);
		char email[32];

		snprintf(email, sizeof(email), "u%u@x", id);
		if (prng_below(&r, 4) == 0)
			snapshot_remove_user(s, id);
		else
			assert_int_equal(
			    put(id, id % ACCOUNTS, email, (uint8_t)prng_below(&r, PRESENCE_COUNT)),
			    ERR_OK);
		for (uint32_t i = 1; i < USERS; i += ACCOUNTS)
			if (snapshot_user(s, i, &copy)) {
				plain.users++;
				plain.combined[copy.user.combined]++;
			}
		snapshot_census(s, 1, &census);
		assert_int_equal(census.users, plain.users);
		assert_memory_equal(census.combined, plain.combined, sizeof(plain.combined));
	}
}

static void counters_and_names_of_connectors(void **state)
{
	struct admin_counter counters[ADMIN_COUNTERS_MAX + 5];
	struct admin_connector c = {.connector = 2,
				    .account = 1,
				    .name = SLICE_LIT("hq"),
				    .counters = counters,
				    .counters_n = ADMIN_COUNTERS_MAX + 5};
	uint64_t seen = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		counters[i] = (struct admin_counter){"x", i};
	assert_false(snapshot_health_changed(s, &seen));
	assert_int_equal(snapshot_put_connector(s, &c), ERR_OK);
	assert_true(snapshot_health_changed(s, &seen));
	assert_false(snapshot_health_changed(s, &seen));
	assert_true(snapshot_connector(s, 2, &copy));
	assert_int_equal(copy.connector.counters_n, ADMIN_COUNTERS_MAX);
	assert_int_equal(copy.connector.counters[9].value, 9);
	assert_int_equal(snapshot_find_connector(s, 1, SLICE_LIT("hq")), 2);
	assert_int_equal(snapshot_find_connector(s, 0, SLICE_LIT("hq")), ID_NONE);
	assert_int_equal(snapshot_next_connector(s, 0), 2);
	assert_int_equal(snapshot_next_connector(s, 3), ID_NONE);
	snapshot_remove_connector(s, 2);
	assert_false(snapshot_connector(s, 2, &copy));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(copies_do_not_lean_on_what_was_put),
	    CASE(limits),
	    CASE(more_than_is_kept_is_cut),
	    CASE(found_by_address_in_its_account),
	    CASE(filters),
	    CASE(a_changed_user_is_queued_once),
	    CASE(one_poke_for_many_changes),
	    CASE(census_equals_a_plain_count),
	    CASE(counters_and_names_of_connectors),
	};
	return cmocka_run_group_tests_name("admin/snapshot", tests, NULL, NULL);
}
