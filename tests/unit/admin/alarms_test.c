/* alarms_test.c - raised when it has lasted, over when it is not seen, once each. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/alarms_look.h"

#define ACME SLICE_LIT("acme")
#define HQ SLICE_LIT("hq")

static struct alarms *a;
static char over[200];

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(alarms_new(&a), ERR_OK);
	over[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	alarms_free(a);
	return 0;
}

static void gone(void *arg, const struct alarm *x)
{
	size_t n = strlen(over);
	(void)arg;

	snprintf(over + n, sizeof(over) - n, "%s %s/%s;", alarm_rows[x->kind].name, x->account,
		 x->connector);
}

/* A pass at second `s` in which the connector is down since `since_s`; 0: now. */
static bool down(int64_t s, int64_t since_s)
{
	alarms_begin(a, s * 1000, 1000000 + s * 1000);
	alarms_see(a, ALARM_CONNECTOR_DOWN, ACME, HQ, since_s ? 1000000 + since_s * 1000 : 0,
		   SLICE_LIT("refused"));
	return alarms_end(a, gone, NULL);
}

static bool nothing(int64_t s)
{
	alarms_begin(a, s * 1000, 1000000 + s * 1000);
	return alarms_end(a, gone, NULL);
}

static void raised_when_it_has_lasted(void **state)
{
	(void)state;
	assert_false(down(10, 0));
	assert_int_equal(alarms_raised(a, SEVERITY_CRITICAL), 0);
	assert_false(down(129, 0));
	assert_true(down(130, 0));
	assert_int_equal(alarms_raised(a, SEVERITY_CRITICAL), 1);
	assert_false(down(132, 0));
}

static void what_was_so_before_we_looked_counts(void **state)
{
	uint32_t n;
	(void)state;

	assert_true(down(500, 100));
	assert_int_equal(alarms_list(a, &n)->since_wall_ms, 1100000);
	assert_string_equal(alarms_list(a, &n)->detail, "refused");
}

static void over_once_and_said_only_when_it_was_raised(void **state)
{
	(void)state;
	down(10, 0);
	assert_false(nothing(20));
	assert_string_equal(over, "");
	down(30, 0);
	assert_true(down(200, 0));
	assert_true(nothing(210));
	assert_string_equal(over, "connector-down acme/hq;");
	assert_false(nothing(220));
}

/* A gap of one pass begins the time anew: what comes and goes is no alarm. */
static void what_comes_and_goes_is_none(void **state)
{
	(void)state;
	for (int64_t s = 0; s < 1000; s += 100) {
		assert_false(down(s, 0));
		assert_false(nothing(s + 60));
	}
}

static bool counted(int64_t s, uint64_t value)
{
	alarms_begin(a, s * 1000, 1000000 + s * 1000);
	alarms_count(a, ALARM_PERMISSION, ACME, value);
	return alarms_end(a, gone, NULL);
}

static void a_counter_that_rose_holds_for_a_while(void **state)
{
	(void)state;
	assert_true(counted(0, 5)); /* of this process: it has just happened */
	assert_int_equal(alarms_raised(a, SEVERITY_CRITICAL), 1);
	assert_false(counted(10, 6));
	assert_int_equal(alarms_raised(a, SEVERITY_CRITICAL), 1);
	assert_false(counted(909, 6));
	assert_true(counted(911, 6));
	assert_string_equal(over, "permission acme/;");
	assert_true(counted(2000, 7));
}

static void an_account_that_is_gone_is_forgotten(void **state)
{
	(void)state;
	counted(0, 5);
	counted(1, 6);
	assert_true(nothing(2));
	assert_false(counted(100, 9)); /* learnt anew */
}

static void more_than_fit_are_counted(void **state)
{
	char name[16];
	(void)state;

	alarms_begin(a, 0, 1);
	for (int i = 0; i < ALARMS_MAX + 7; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		alarms_see(a, ALARM_TOKEN_REFUSED, slice_str(name), SLICE_NONE, 0, SLICE_NONE);
	}
	assert_true(alarms_end(a, gone, NULL));
	assert_int_equal(alarms_raised(a, SEVERITY_CRITICAL), ALARMS_MAX);
	assert_int_equal(alarms_left_out(a), 7);
}

static bool look(struct snapshot *s, int64_t second, bool failing)
{
	const struct admin_engine e = {.users_max = 10, .lines_max = 10, .messages_failing = failing,
				       .messages_error = SLICE_LIT("mail of alarms: timeout")};
	struct snap_copy copy = {0};
	bool changed;

	snapshot_put_engine(s, &e);
	alarms_begin(a, second * 1000, 1000000 + second * 1000);
	alarms_look(a, s, &copy);
	changed = alarms_end(a, gone, NULL);
	snap_copy_fini(&copy);
	return changed;
}

/* Who reads the page learns that nobody else is told. One try that failed is no alarm yet. */
static void messages_that_do_not_arrive(void **state)
{
	const struct snapshot_limits l = {1, 1, 1, 7};
	struct snapshot *s;
	(void)state;

	assert_int_equal(snapshot_new(&s, &l), ERR_OK);
	assert_false(look(s, 1, true));
	assert_false(look(s, 21, false));
	assert_false(look(s, 41, true));
	assert_false(look(s, 70, true));
	assert_true(look(s, 71, true));
	assert_int_equal(alarms_raised(a, SEVERITY_WARNING), 1);
	assert_true(look(s, 91, false));
	assert_string_equal(over, "messages /;");
	snapshot_free(s);
}

/* Every row says what it is and what to do, in our house's way. */
static void the_table_is_whole(void **state)
{
	static char doc[65536];
	char path[400];
	(void)state;

	snprintf(path, sizeof(path), "%s/doc/alarms.md", getenv("OFFHOOK_SOURCE"));
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	doc[fread(doc, 1, sizeof(doc) - 1, f)] = '\0';
	fclose(f);
	for (int k = 0; k < ALARM_COUNT; k++) {
		assert_non_null(alarm_rows[k].name);
		assert_true(strlen(alarm_rows[k].text) > 10 && strlen(alarm_rows[k].fix) > 5);
		assert_true(alarm_rows[k].text[0] >= 'a' && alarm_rows[k].fix[0] >= 'a');
		assert_true(alarm_rows[k].severity < SEVERITY_COUNT);
		if (!strstr(doc, alarm_rows[k].name) || !strstr(doc, alarm_rows[k].text) ||
		    !strstr(doc, alarm_rows[k].fix))
			fail_msg("doc/alarms.md does not have %s as alarms.def has it",
				 alarm_rows[k].name);
		for (int other = 0; other < k; other++)
			assert_string_not_equal(alarm_rows[k].name, alarm_rows[other].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(raised_when_it_has_lasted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_so_before_we_looked_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(over_once_and_said_only_when_it_was_raised, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_comes_and_goes_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_counter_that_rose_holds_for_a_while, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_account_that_is_gone_is_forgotten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(more_than_fit_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(messages_that_do_not_arrive, set_up, tear_down),
		cmocka_unit_test(the_table_is_whole),
	};

	return cmocka_run_group_tests_name("admin/alarms", tests, NULL, NULL);
}
