#include "test.h"

#include <ctype.h>
#include <stdio.h>

#include "admin/auth/keys.h"

static void keys_are_random_text(void **state)
{
	char a[KEY_LEN + 1], b[KEY_LEN + 1], id[ID_LEN + 1];
	unsigned char raw[32];
	size_t n;
	(void)state;

	assert_int_equal(key_make(a), ERR_OK);
	assert_int_equal(key_make(b), ERR_OK);
	assert_int_equal(strlen(a), KEY_LEN);
	assert_string_not_equal(a, b);
	assert_int_equal(base64url_decode(slice_str(a), raw, sizeof(raw), &n), ERR_OK);
	assert_int_equal(n, 32);
	assert_int_equal(key_id(id), ERR_OK);
	assert_int_equal(strlen(id), ID_LEN);
	assert_int_equal(strspn(id, "0123456789abcdef"), ID_LEN);
}

/* No letter that looks like another: no i, l, o, 0, 1. */
static void one_time_passwords_can_be_read_aloud(void **state)
{
	char text[ONE_TIME_LEN + 1];
	(void)state;

	for (int i = 0; i < 200; i++) {
		assert_int_equal(key_one_time(text), ERR_OK);
		assert_int_equal(strlen(text), ONE_TIME_LEN);
		for (int k = 0; k < ONE_TIME_LEN; k++) {
			bool dash = k % 5 == 4;

			assert_int_equal(text[k] == '-', dash);
			assert_null(strchr("ilo01", text[k]));
			assert_true(dash || islower((unsigned char)text[k]) ||
				    isdigit((unsigned char)text[k]));
		}
	}
}

static void base64url_there_and_back(void **state)
{
	/* RFC 4648, section 10, without padding; the last has both letters that differ from base64
	 */
	static const struct {
		const char *raw, *text;
	} rows[] = { { "", "" },
		     { "f", "Zg" },
		     { "fo", "Zm8" },
		     { "foo", "Zm9v" },
		     { "foob", "Zm9vYg" },
		     { "fooba", "Zm9vYmE" },
		     { "foobar", "Zm9vYmFy" },
		     { "\xfb\xff\xbe", "-_--" } };
	unsigned char back[16];
	char text[32];
	size_t n;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].raw);

		assert_int_equal(
			base64url((const unsigned char *)rows[i].raw, len, text, sizeof(text)),
			ERR_OK);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(base64url_decode(slice_str(text), back, sizeof(back), &n), ERR_OK);
		assert_int_equal(n, len);
		assert_memory_equal(back, rows[i].raw, len);
	}
}

static void base64url_refuses(void **state)
{
	static const char *const bad[] = { "Z",	   "Zm9vY", "Zg==", "Zm8=",
					   "Zm9+", "Zm9/",  "Zm 9", "Zm9\n" };
	unsigned char back[4];
	char text[8];
	size_t n;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (base64url_decode(slice_str(bad[i]), back, sizeof(back), &n) != ERR_MALFORMED)
			fail_msg("%s", bad[i]);
	assert_int_equal(base64url_decode(slice_of("Zm\0v", 4), back, sizeof(back), &n),
			 ERR_MALFORMED);
	assert_int_equal(base64url_decode(slice_str("Zm9vYmFy"), back, sizeof(back), &n),
			 ERR_LIMIT);
	assert_int_equal(base64url((const unsigned char *)"foobar", 6, text, 8), ERR_LIMIT);
	/* exactly enough */
	assert_int_equal(base64url_decode(slice_str("Zm9vYg"), back, 4, &n), ERR_OK);
	assert_int_equal(base64url((const unsigned char *)"fooba", 5, text, 8), ERR_OK);
}

/* Bits behind the last byte: two texts would stand for the same bytes, and a signature could be
 * written in four ways. */
static void base64url_takes_one_text_for_the_same_bytes(void **state)
{
	unsigned char back[4];
	size_t n;
	(void)state;

	assert_int_equal(base64url_decode(slice_str("Zg"), back, sizeof(back), &n), ERR_OK);
	assert_int_equal(base64url_decode(slice_str("Zh"), back, sizeof(back), &n), ERR_MALFORMED);
	assert_int_equal(base64url_decode(slice_str("Zm9"), back, sizeof(back), &n), ERR_MALFORMED);
}

static void digests_have_a_purpose(void **state)
{
	char a[DIGEST_LEN + 1], b[DIGEST_LEN + 1];
	(void)state;

	/* printf 'token\0key' | sha256sum */
	key_digest("token", slice_str("key"), a);
	assert_string_equal(a, "708a5a6a1cb439115c6e05bbaa27fc136107b0d1ed6d394965ae8f692205c94e");
	key_digest("cookie", slice_str("key"), b);
	assert_string_not_equal(a, b);
	key_digest("tok", slice_str("enkey"), b); /* where the purpose ends is part of it */
	assert_string_not_equal(a, b);
}

static void equal(void **state)
{
	(void)state;
	assert_true(key_equal(slice_str("abc"), slice_str("abc")));
	assert_false(key_equal(slice_str("abc"), slice_str("abd")));
	assert_false(key_equal(slice_str("abc"), slice_str("ab")));
	assert_true(key_equal(SLICE_NONE, slice_str("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_random_text),
		cmocka_unit_test(one_time_passwords_can_be_read_aloud),
		cmocka_unit_test(base64url_there_and_back),
		cmocka_unit_test(base64url_refuses),
		cmocka_unit_test(base64url_takes_one_text_for_the_same_bytes),
		cmocka_unit_test(digests_have_a_purpose),
		cmocka_unit_test(equal),
	};
	return cmocka_run_group_tests_name("admin/auth/keys", tests, NULL, NULL);
}
