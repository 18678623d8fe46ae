#include "test.h"

#include "base/map.h"
#include "base/prng.h"

static bool same(uint32_t id, const void *key, void *arg)
{
	(void)arg;
	return id == *(const uint32_t *)key;
}

/* Every id hashes to one of a few values, so that runs are long and deletion has to shift. */
static uint64_t bad_hash(uint32_t id)
{
	return (uint64_t)(id % 5) << 32;
}

static void agrees_with_a_plain_array(void **state)
{
	enum { N = 200 };
	bool there[N] = { false };
	struct prng r = { 42 };
	struct map m;
	(void)state;

	assert_int_equal(map_init(&m, N), ERR_OK);
	for (int step = 0; step < 20000; step++) {
		uint32_t id = (uint32_t)prng_below(&r, N);

		if (there[id])
			assert_true(map_del(&m, bad_hash(id), id));
		else
			assert_int_equal(map_add(&m, bad_hash(id), id), ERR_OK);
		there[id] = !there[id];
		uint32_t ask = (uint32_t)prng_below(&r, N);
		assert_int_equal(map_find(&m, bad_hash(ask), same, &ask, NULL), there[ask] ? ask : MAP_NONE);
	}
	map_fini(&m);
}

static void full_is_a_named_refusal(void **state)
{
	struct map m;
	(void)state;

	assert_int_equal(map_init(&m, 2), ERR_OK);
	assert_int_equal(map_add(&m, 1, 1), ERR_OK);
	assert_int_equal(map_add(&m, 2, 2), ERR_OK);
	assert_int_equal(map_add(&m, 3, 3), ERR_LIMIT);
	assert_false(map_del(&m, 3, 3));
	map_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(full_is_a_named_refusal),
	};
	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
