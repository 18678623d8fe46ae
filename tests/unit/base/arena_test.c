#include "test.h"

#include <stdalign.h>

#include "base/arena.h"

static void keeps_apart_what_it_hands_out(void **state)
{
	enum { N = 3000 };
	static char *text[N];
	static uint64_t *numbers[N];
	struct arena a;
	(void)state;

	arena_init(&a, 64u << 20);
	for (size_t i = 0; i < N; i++) {
		char bytes[600];

		memset(bytes, (int)('a' + i % 26), sizeof(bytes));
		text[i] = arena_text(&a, slice_of(bytes, i % 600));
		numbers[i] = arena_array(&a, i % 7 ? 1 : 5000, sizeof(uint64_t));
		assert_non_null(text[i]);
		assert_non_null(numbers[i]);
		assert_int_equal((uintptr_t)numbers[i] % alignof(max_align_t), 0);
		assert_int_equal(*numbers[i], 0);
		*numbers[i] = i;
	}
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(*numbers[i], i);
		assert_int_equal(strlen(text[i]), i % 600);
		assert_true(i % 600 == 0 || text[i][0] == (char)('a' + i % 26));
	}
	arena_fini(&a);
}

static void stops_at_its_maximum(void **state)
{
	struct arena a;
	(void)state;

	arena_init(&a, 100);
	assert_null(arena_alloc(&a, 101));
	assert_non_null(arena_alloc(&a, 60));
	assert_null(arena_alloc(&a, 41));
	assert_null(arena_array(&a, SIZE_MAX / 2, 8));
	assert_non_null(arena_text(&a, SLICE_LIT("still room")));
	arena_fini(&a);
	assert_non_null(arena_alloc(&a, 100));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_apart_what_it_hands_out),
	    cmocka_unit_test(stops_at_its_maximum),
	};
	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
