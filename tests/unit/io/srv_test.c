#include "test.h"

#include "io/srv.h"

static struct srv record(const char *host, uint16_t priority, uint16_t weight)
{
	struct srv s = {.priority = priority, .weight = weight};

	assert_int_equal(slice_copy(slice_str(host), s.host, sizeof(s.host)), ERR_OK);
	return s;
}

static void lower_priorities_come_first_whatever_the_weights(void **state)
{
	struct prng lots = {1};
	(void)state;

	for (int i = 0; i < 200; i++) {
		struct srv r[] = {record("c", 30, 65535), record("a", 10, 0), record("b", 20, 1)};

		srv_order(r, ARRAY_LEN(r), &lots);
		assert_string_equal(r[0].host, "a");
		assert_string_equal(r[1].host, "b");
		assert_string_equal(r[2].host, "c");
	}
}

/* RFC 2782: the chance of being first is the weight's share. */
static void equals_are_drawn_by_weight(void **state)
{
	struct prng lots = {2};
	int first[3] = {0};
	(void)state;

	for (int i = 0; i < 8000; i++) {
		struct srv r[] = {record("0", 1, 10), record("1", 1, 30), record("2", 1, 40)};

		srv_order(r, ARRAY_LEN(r), &lots);
		first[r[0].host[0] - '0']++;
	}
	assert_in_range(first[0], 800, 1200);
	assert_in_range(first[1], 2700, 3300);
	assert_in_range(first[2], 3700, 4300);
}

static void weight_zero_is_rare_but_not_impossible(void **state)
{
	struct prng lots = {3};
	int zero_first = 0;
	(void)state;

	for (int i = 0; i < 2000; i++) {
		struct srv r[] = {record("big", 1, 99), record("zero", 1, 0)};

		srv_order(r, ARRAY_LEN(r), &lots);
		zero_first += r[0].host[0] == 'z';
	}
	assert_in_range(zero_first, 5, 60);
}

static void nothing_gets_lost(void **state)
{
	struct prng lots = {4};
	(void)state;

	for (int i = 0; i < 500; i++) {
		struct srv r[8];
		unsigned seen = 0;
		size_t n = 1 + prng_below(&lots, ARRAY_LEN(r));

		for (size_t k = 0; k < n; k++) {
			r[k] = record((char[]){(char)('0' + k), 0}, (uint16_t)prng_below(&lots, 3),
				      (uint16_t)prng_below(&lots, 3));
		}
		srv_order(r, n, &lots);
		for (size_t k = 0; k < n; k++)
			seen |= 1u << (r[k].host[0] - '0');
		assert_int_equal(seen, (1u << n) - 1);
		for (size_t k = 1; k < n; k++)
			assert_true(r[k - 1].priority <= r[k].priority);
	}
	srv_order(NULL, 0, &lots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lower_priorities_come_first_whatever_the_weights),
	    cmocka_unit_test(equals_are_drawn_by_weight),
	    cmocka_unit_test(weight_zero_is_rare_but_not_impossible),
	    cmocka_unit_test(nothing_gets_lost),
	};
	return cmocka_run_group_tests_name("io/srv", tests, NULL, NULL);
}
