/* records_test.c - documents by kind and key, and who changed what. */
#include "rig.h"

#include <stdio.h>

struct said {
	char text[512];
	size_t n;
	uint32_t rows, most;
	int64_t last;
};

#define ADD(d, ...)                                                                                \
	((d)->n += (size_t)snprintf((d)->text + (d)->n, sizeof((d)->text) - (d)->n, __VA_ARGS__))

static void on_record(void *arg, struct slice kind, struct slice key, struct slice value)
{
	struct said *d = arg;

	ADD(d, "record %.*s %.*s %.*s\n", SLICE_ARG(kind), SLICE_ARG(key), SLICE_ARG(value));
}

static void records_are_kept_by_kind_and_key(void **state)
{
	static const struct store_load_ops ops = { .record = on_record };
	struct store *s = rig_opened(0, 0);
	struct said x = { 0 };
	char big[STORE_RECORD_MAX + 1];
	(void)state;

	memset(big, 'x', sizeof(big));
	assert_int_equal(store_put_record(s, RIG_S("token"), RIG_S("a"), RIG_S("{}")), ERR_OK);
	assert_int_equal(store_put_record(s, RIG_S("session"), RIG_S("a"), RIG_S("{\"n\":1}")), ERR_OK);
	assert_int_equal(store_put_record(s, RIG_S("session"), RIG_S("a"), RIG_S("{\"n\":2}")), ERR_OK);
	assert_int_equal(store_put_record(s, RIG_S("session"), RIG_S("A"), RIG_S("{}")), ERR_OK);
	assert_int_equal(store_put_record(s, RIG_S("group"), RIG_S("big"), slice_of(big, sizeof(big))),
			 ERR_LIMIT);
	assert_int_equal(store_put_record(s, RIG_S("group"), RIG_S("big"), slice_of(big, sizeof(big) - 1)),
			 ERR_OK);
	assert_int_equal(store_delete_record(s, RIG_S("group"), RIG_S("big")), ERR_OK);
	assert_int_equal(store_delete_record(s, RIG_S("token"), RIG_S("b")), ERR_OK);
	store_close(s);
	s = rig_opened(0, 0);
	assert_int_equal(store_load(s, &ops, &x, rig_why), ERR_OK);
	assert_string_equal(x.text, "record session A {}\nrecord session a {\"n\":2}\n"
				    "record token a {}\n");
	store_close(s);
}

static bool on_change(void *arg, const struct store_change *c)
{
	struct said *x = arg;

	x->last = c->id;
	ADD(x, "%.*s %.*s %.*s %.*s %.*s %lld\n", SLICE_ARG(c->who), SLICE_ARG(c->account),
	    SLICE_ARG(c->verb), SLICE_ARG(c->object), SLICE_ARG(c->detail), (long long)c->wall_ms);
	return ++x->rows < x->most;
}

static void change(struct store *s, int64_t wall_ms, const char *account, const char *object)
{
	const struct store_change c = { .wall_ms = wall_ms,
					.who = RIG_S("admin"),
					.account = slice_str(account),
					.verb = RIG_S("set"),
					.object = slice_str(object),
					.detail = RIG_S("-") };

	assert_int_equal(store_put_change(s, &c), ERR_OK);
}

static void changes_are_read_newest_first_and_forgotten_by_account(void **state)
{
	struct store *s = rig_opened(0, 0);
	struct said x = { .most = 2 }, all = { .most = 99 }, one = { .most = 99 }, last = { .most = 99 };
	(void)state;

	change(s, 1, "acme", "one");
	change(s, 2, "", "two");
	change(s, 3, "acme", "three");
	change(s, 4, "umbrella", "four");
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(store_changes_read(s, SLICE_NONE, 0, on_change, &x), ERR_OK);
	assert_string_equal(x.text, "admin umbrella set four - 4\nadmin acme set three - 3\n");
	x = (struct said){ .most = 99, .last = x.last };
	assert_int_equal(store_changes_read(s, SLICE_NONE, x.last, on_change, &x), ERR_OK);
	assert_string_equal(x.text, "admin  set two - 2\nadmin acme set one - 1\n");
	assert_int_equal(store_changes_read(s, RIG_S("acme"), 0, on_change, &one), ERR_OK);
	assert_string_equal(one.text, "admin acme set three - 3\nadmin acme set one - 1\n");
	assert_int_equal(store_trim_changes(s, RIG_S("acme"), 3), ERR_OK);
	assert_int_equal(store_trim_changes(s, RIG_S(""), 2), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(store_changes_read(s, SLICE_NONE, 0, on_change, &all), ERR_OK);
	assert_string_equal(
		all.text,
		"admin umbrella set four - 4\nadmin acme set three - 3\nadmin  set two - 2\n");
	assert_int_equal(store_trim_changes(s, RIG_S("*"), 4), ERR_OK);
	assert_int_equal(store_flush(s, 5000), ERR_OK);
	assert_int_equal(store_changes_read(s, SLICE_NONE, 0, on_change, &last), ERR_OK);
	assert_string_equal(last.text, "admin umbrella set four - 4\n");
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		T(records_are_kept_by_kind_and_key),
		T(changes_are_read_newest_first_and_forgotten_by_account),
	};
	return cmocka_run_group_tests_name("store/records", tests, NULL, NULL);
}
