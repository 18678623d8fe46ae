/* history_test.c - a value a minute, percentiles of what came in it, gaps as they are. */
#include "test.h"

#include <jansson.h>

#include "admin/history.h"

static struct history *h;

static int set_up(void **state)
{
	(void)state;
	return history_new(&h);
}

static int tear_down(void **state)
{
	(void)state;
	history_free(h);
	return 0;
}

static void put(int32_t account, int64_t minute, uint64_t sent, unsigned fast, unsigned slow)
{
	struct history_reading r = { .sent = sent, .backlog = 3 };

	r.delays[delay_bucket(40)] = fast;
	r.delays[delay_bucket(9000)] = slow;
	r.states[PRESENCE_BUSY] = 7;
	history_put(h, account, minute * HISTORY_STEP_MS, &r);
}

static json_t *read(int32_t account, uint32_t minutes)
{
	struct buf b;
	struct jsonw j = jsonw_on(&b);

	buf_init(&b, 1 << 20);
	json_t *doc =
		history_render(h, account, minutes, &j) ? json_loads(buf_cstr(&b), 0, NULL) : NULL;
	buf_fini(&b);
	return doc;
}

static json_t *series(json_t *doc, const char *name)
{
	return json_object_get(json_object_get(doc, "series"), name);
}

static void a_value_a_minute(void **state)
{
	(void)state;
	put(-1, 100, 50, 0, 0);
	put(-1, 101, 60, 99, 1);
	put(-1, 102, 75, 99, 1); /* nothing new was delayed */
	json_t *doc = read(-1, 3);
	json_t *sent = series(doc, "sent"), *p50 = series(doc, "delay_p50_ms"),
	       *p99 = series(doc, "delay_p99_ms");

	assert_int_equal(json_array_size(sent), 3);
	assert_true(json_is_null(json_array_get(sent, 0))); /* the first reading only learns */
	assert_int_equal(json_integer_value(json_array_get(sent, 1)), 10);
	assert_int_equal(json_integer_value(json_array_get(sent, 2)), 15);
	assert_in_range(json_integer_value(json_array_get(p50, 1)), 20, 50);
	assert_in_range(json_integer_value(json_array_get(p99, 1)), 20, 50);
	assert_int_equal(json_integer_value(json_array_get(p50, 2)), 0);
	assert_int_equal(json_integer_value(json_array_get(series(doc, "busy"), 2)), 7);
	assert_string_equal(json_string_value(json_object_get(doc, "from")),
			    "1970-01-01T01:40:00Z");
	json_decref(doc);
}

static void a_slow_tail_shows(void **state)
{
	(void)state;
	put(4, 100, 0, 0, 0);
	put(4, 101, 0, 90, 10);
	json_t *doc = read(4, 1);

	assert_in_range(json_integer_value(json_array_get(series(doc, "delay_p99_ms"), 0)), 5000,
			10000);
	json_decref(doc);
}

static void gaps_stay_gaps_and_a_day_is_kept(void **state)
{
	(void)state;
	put(-1, 1000, 1, 0, 0);
	put(-1, 1001, 2, 0, 0);
	put(-1, 1005, 3, 0, 0);
	json_t *doc = read(-1, 6), *sent = series(doc, "sent");

	for (size_t i = 2; i < 5; i++)
		assert_true(json_is_null(json_array_get(sent, i)));
	assert_int_equal(json_integer_value(json_array_get(sent, 5)), 1);
	json_decref(doc);
	put(-1, 1001 + HISTORY_MINUTES, 9, 0, 0); /* takes the place of 1001 */
	doc = read(-1, HISTORY_MINUTES);
	sent = series(doc, "sent");
	assert_int_equal(json_array_size(sent), HISTORY_MINUTES);
	assert_true(json_is_null(json_array_get(sent, 0)));
	assert_int_equal(json_integer_value(json_array_get(sent, 3)), 1); /* 1005 */
	json_decref(doc);
}

static void counters_that_fall_are_a_new_begin(void **state)
{
	(void)state;
	put(0, 10, 100, 5, 5);
	put(0, 11, 4, 1, 0);
	json_t *doc = read(0, 1);

	assert_int_equal(json_integer_value(json_array_get(series(doc, "sent"), 0)), 0);
	json_decref(doc);
}

static void tracks_that_are_not_there(void **state)
{
	(void)state;
	put(HISTORY_ACCOUNTS_MAX, 10, 0, 0, 0);
	assert_null(read(HISTORY_ACCOUNTS_MAX, 5));
	assert_null(read(3, 5));
	put(3, 10, 0, 0, 0);
	history_forget(h, 3);
	assert_null(read(3, 5));
}

/* Every bucket's bound lies in it, the next millisecond does not. */
static void buckets(void **state)
{
	uint64_t counts[DELAY_BUCKETS] = { 0 };
	(void)state;

	assert_int_equal(delay_percentile(counts, 99), 0);
	for (unsigned i = 0; i < DELAY_BUCKETS - 1; i++) {
		assert_int_equal(delay_bucket(delay_bounds_ms[i]), i);
		assert_int_equal(delay_bucket(delay_bounds_ms[i] + 1), i + 1);
	}
	counts[DELAY_BUCKETS - 1] = 1;
	assert_int_equal(delay_percentile(counts, 50), 600000);
	counts[0] = 99;
	assert_int_equal(delay_percentile(counts, 99), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_value_a_minute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_slow_tail_shows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gaps_stay_gaps_and_a_day_is_kept, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(counters_that_fall_are_a_new_begin, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tracks_that_are_not_there, set_up, tear_down),
		cmocka_unit_test(buckets),
	};

	return cmocka_run_group_tests_name("admin/history", tests, NULL, NULL);
}
