/* The store from the outside: what was put is given back. */
#include "rig.h"

#include <stdio.h>

static struct rig_dump dump;

static void gives_back_what_was_put(void **state)
{
	struct store *s = rig_opened(0, 0);
	char install[33];
	(void)state;

	rig_put_one_of_each(s);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	rig_load(s, &dump);
	assert_string_equal(dump.text, rig_one_of_each);
	snprintf(install, sizeof(install), "%s", store_install_id(s));
	assert_int_equal(strlen(install), 32);
	store_close(s);
	s = rig_opened(0, 0);
	rig_load(s, &dump);
	assert_string_equal(dump.text, rig_one_of_each);
	assert_string_equal(store_install_id(s), install);
	store_close(s);
}

static void close_commits_what_waits(void **state)
{
	struct store *s = rig_opened(0, 0);
	(void)state;

	rig_put_one_of_each(s);
	store_close(s);
	s = rig_opened(0, 0);
	rig_load(s, &dump);
	assert_string_equal(dump.text, rig_one_of_each);
	store_close(s);
}

static void deletes_in_the_order_of_the_calls(void **state)
{
	const struct user_record r = {.profile = 2};
	struct store *s = rig_opened(0, 0);
	(void)state;

	rig_put_one_of_each(s);
	assert_int_equal(store_delete_account(s, RIG_S("acme")), ERR_OK);
	assert_int_equal(store_delete_person(s, RIG_S("acme"), RIG_S("BOB@acme.example")), ERR_OK);
	assert_int_equal(store_delete_line(s, RIG_S("acme"), RIG_S("hq"), RIG_S("201")), ERR_OK);
	assert_int_equal(store_put_id(s, RIG_S("realm"), RIG_S("ana@acme.example"), SLICE_NONE), ERR_OK);
	assert_int_equal(store_put_text(s, &(struct store_text){ .account = RIG_S("acme"),
								 .email = RIG_S("ANA@acme.example") }),
			 ERR_OK);
	assert_int_equal(store_delete_match(s, RIG_S("realm"), RIG_S("ana@ACME.example")), ERR_OK);
	assert_int_equal(store_put_link(s, RIG_S("realm"), SLICE_NONE, SLICE_NONE), ERR_OK);
	assert_int_equal(store_delete_watcher(s, RIG_S("0f")), ERR_OK);
	assert_int_equal(store_put_held(s, RIG_S("acme"), RIG_S("ANA@acme.example"), SLICE_NONE), ERR_OK);
	assert_int_equal(store_delete_user(s, RIG_S("acme"), RIG_S("ana@acme.example")), ERR_OK);
	assert_int_equal(store_put_user(s, RIG_S("acme"), RIG_S("ana@acme.example"), &r), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	rig_load(s, &dump);
	assert_string_equal(dump.text, "user acme ana@acme.example 2 0 0 0 0 0 0\nmeta k v\n");
	assert_int_equal(store_delete_user(s, RIG_S("acme"), RIG_S("Ana@acme.example")), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	rig_load(s, &dump);
	assert_string_equal(dump.text, "meta k v\n");
	store_close(s);
}

struct seen {
	uint32_t n;
	int64_t next_ms; /* descending */
};

static void on_audit(void *arg, const struct store_audit *e)
{
	struct seen *x = arg;

	assert_true(!x->n++ || e->wall_ms < x->next_ms);
	assert_int_equal(e->kind, AUDIT_PROFILE);
	assert_int_equal(e->a, e->wall_ms % 100);
	x->next_ms = e->wall_ms;
}

static uint32_t kept(struct store *s, const char *email, uint32_t most)
{
	struct seen x = {0};

	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(store_audit_read(s, RIG_S("acme"), slice_str(email), most, on_audit, &x), ERR_OK);
	return x.n;
}

/* n of them, one a millisecond. */
static void happen(struct store *s, const char *email, int64_t from_ms, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct store_audit a = {
		    .wall_ms = from_ms + i,
		    .kind = AUDIT_PROFILE,
		    .a = (uint16_t)((from_ms + i) % 100),
		    .b = 1};

		assert_int_equal(store_audit(s, RIG_S("acme"), slice_str(email), &a), ERR_OK);
	}
}

static void the_audit_keeps_a_day_and_the_last_hundred(void **state)
{
	const int64_t day_ms = 86400000;
	struct store *s = rig_opened(0, 0);
	(void)state;

	happen(s, "ana@b.c", 1000, 175);
	happen(s, "other@b.c", 1000, 350);
	happen(s, "ANA@b.c", 2000, 175);
	assert_int_equal(kept(s, "ana@b.c", STORE_AUDIT_MOST), 350); /* somebody on the phone all day */
	assert_int_equal(kept(s, "ana@b.c", 3), 3);
	assert_int_equal(kept(s, "absent@b.c", 3), 0);
	happen(s, "ana@b.c", 3000 + day_ms, 100); /* the next day */
	assert_int_equal(kept(s, "ana@b.c", STORE_AUDIT_MOST), STORE_AUDIT_LEAST);
	assert_int_equal(kept(s, "other@b.c", STORE_AUDIT_MOST), 350);
	happen(s, "other@b.c", 3000, 900);
	assert_int_equal(kept(s, "other@b.c", 2000), STORE_AUDIT_MOST);
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		T(gives_back_what_was_put),
		T(close_commits_what_waits),
		T(deletes_in_the_order_of_the_calls),
		T(the_audit_keeps_a_day_and_the_last_hundred),
	};

	return cmocka_run_group_tests_name("store/store", tests, NULL, NULL);
}
