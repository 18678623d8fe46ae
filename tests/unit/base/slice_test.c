#include "test.h"

static void split_gives_every_part_once(void **state)
{
	struct slice rest = SLICE_LIT("a,,b"), part;
	(void)state;

	assert_true(slice_split(&rest, ',', &part));
	assert_slice(part, "a");
	assert_true(slice_split(&rest, ',', &part));
	assert_slice(part, "");
	assert_true(slice_split(&rest, ',', &part));
	assert_slice(part, "b");
	assert_false(slice_split(&rest, ',', &part));
}

static void numbers_are_read_up_to_their_maximum(void **state)
{
	uint64_t v = 7;
	(void)state;

	assert_int_equal(slice_u64(SLICE_LIT("0"), 10, &v), ERR_OK);
	assert_int_equal(v, 0);
	assert_int_equal(slice_u64(SLICE_LIT("10"), 10, &v), ERR_OK);
	assert_int_equal(v, 10);
	assert_int_equal(slice_u64(SLICE_LIT("11"), 10, &v), ERR_LIMIT);
	assert_int_equal(slice_u64(SLICE_LIT("18446744073709551616"), UINT64_MAX, &v), ERR_LIMIT);
	assert_int_equal(slice_u64(SLICE_LIT("18446744073709551615"), UINT64_MAX, &v), ERR_OK);
	assert_int_equal(slice_u64(SLICE_LIT(""), 10, &v), ERR_MALFORMED);
	assert_int_equal(slice_u64(SLICE_LIT("-1"), 10, &v), ERR_MALFORMED);
	assert_int_equal(slice_u64(SLICE_LIT("1 "), 10, &v), ERR_MALFORMED);
	assert_true(v == UINT64_MAX);
}

static void hexadecimal_is_as_we_write_it(void **state)
{
	uint64_t v = 7;
	(void)state;

	assert_int_equal(slice_hex(SLICE_LIT("00ff"), &v), ERR_OK);
	assert_int_equal(v, 255);
	assert_int_equal(slice_hex(SLICE_LIT("ffffffffffffffff"), &v), ERR_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(slice_hex(SLICE_LIT("0ffffffffffffffff"), &v), ERR_MALFORMED);
	assert_int_equal(slice_hex(SLICE_LIT(""), &v), ERR_MALFORMED);
	assert_int_equal(slice_hex(SLICE_LIT("FF"), &v), ERR_MALFORMED);
	assert_int_equal(slice_hex(SLICE_LIT("fg"), &v), ERR_MALFORMED);
	assert_true(v == UINT64_MAX);
}

static void a_percent_escape_is_whole_or_none(void **state)
{
	(void)state;
	assert_int_equal(slice_percent(SLICE_LIT("a%40"), 1), '@');
	assert_int_equal(slice_percent(SLICE_LIT("%aF"), 0), 0xaf);
	assert_int_equal(slice_percent(SLICE_LIT("%00"), 0), 0);
	assert_int_equal(slice_percent(SLICE_LIT("a%40"), 0), -1);
	assert_int_equal(slice_percent(SLICE_LIT("a%4"), 1), -1);
	assert_int_equal(slice_percent(SLICE_LIT("%4g"), 0), -1);
	assert_int_equal(slice_percent(SLICE_LIT("%40"), 9), -1);
	assert_int_equal(slice_percent(SLICE_NONE, 0), -1);
}

static void copies_refuse_what_does_not_fit(void **state)
{
	char dst[4] = "xyz";
	(void)state;

	assert_int_equal(slice_copy(SLICE_LIT("abc"), dst, sizeof(dst)), ERR_OK);
	assert_string_equal(dst, "abc");
	assert_int_equal(slice_copy(SLICE_LIT("abcd"), dst, sizeof(dst)), ERR_LIMIT);
	assert_string_equal(dst, "");
	assert_int_equal(slice_copy(slice_of("a\0b", 3), dst, sizeof(dst)), ERR_MALFORMED);
}

static void comparison_folds_ascii_only(void **state)
{
	(void)state;
	assert_true(slice_is_nocase(SLICE_LIT("TrYing"), "trying"));
	assert_false(slice_is(SLICE_LIT("Trying"), "trying"));
	assert_false(slice_is_nocase(SLICE_LIT("[a"), "{a"));
	assert_true(slice_starts_nocase(SLICE_LIT("SIP/2.0 200"), "sip/2.0"));
	assert_false(slice_starts(SLICE_LIT("SI"), "SIP"));
	assert_true(slice_hash_nocase(SLICE_LIT("Ana@Acme"), 5) ==
		    slice_hash_nocase(SLICE_LIT("ana@acme"), 5));
	assert_true(slice_hash(SLICE_LIT("Ana"), 5) != slice_hash(SLICE_LIT("ana"), 5));
}

static void trim_find_and_sub(void **state)
{
	(void)state;
	assert_slice(slice_trim(SLICE_LIT(" \t a b \r\n")), "a b");
	assert_slice(slice_trim(SLICE_LIT("   ")), "");
	assert_int_equal(slice_find(SLICE_LIT("abc"), 'c'), 2);
	assert_int_equal(slice_find(SLICE_LIT("abc"), 'x'), 3);
	assert_int_equal(slice_find_str(SLICE_LIT("abcd"), SLICE_LIT("cd")), 2);
	assert_slice(slice_sub(SLICE_LIT("abcd"), 1, 3), "bc");
	assert_slice(slice_sub(SLICE_LIT("abcd"), 3, 99), "d");
	assert_slice(slice_sub(SLICE_LIT("abcd"), 9, 2), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_gives_every_part_once),
		cmocka_unit_test(numbers_are_read_up_to_their_maximum),
		cmocka_unit_test(hexadecimal_is_as_we_write_it),
		cmocka_unit_test(a_percent_escape_is_whole_or_none),
		cmocka_unit_test(copies_refuse_what_does_not_fit),
		cmocka_unit_test(comparison_folds_ascii_only),
		cmocka_unit_test(trim_find_and_sub),
	};
	return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
