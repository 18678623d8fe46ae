#include "test.h"

#include <stdio.h>

#include "admin/auth/password.h"

enum { CHEAP = 4 };

static const char vector[] =
	"scrypt$4$8$1$AAECAwQFBgcICQoLDA0ODw$GuycCvOvBXSyXn7-nY-Swhtoa6EmqeqlyFxEbPOez5o";

static bool fits(const char *password, const char *stored)
{
	return password_fits(slice_str(password), stored, CHEAP);
}

static void what_was_set_fits(void **state)
{
	char stored[PASSWORD_STORED_MAX], again[PASSWORD_STORED_MAX];
	(void)state;

	assert_int_equal(password_hash(slice_str("correct horse"), CHEAP, stored, sizeof(stored)),
			 ERR_OK);
	assert_true(fits("correct horse", stored));
	assert_false(fits("Correct horse", stored));
	assert_false(fits("correct horse ", stored));
	assert_false(fits("", stored));
	/* a salt of its own: nobody sees that two have the same */
	assert_int_equal(password_hash(slice_str("correct horse"), CHEAP, again, sizeof(again)),
			 ERR_OK);
	assert_string_not_equal(stored, again);
	assert_true(fits("correct horse", again));
	assert_null(strstr(stored, "horse"));
}

/* The vector of RFC 7914, section 12, has another length of salt and hash; this one was made with
 * Python's hashlib.scrypt(b"pleaseletmein", salt=bytes(range(16)), n=16, r=8, p=1, dklen=32). */
static void is_scrypt_as_others_know_it(void **state)
{
	(void)state;
	assert_true(fits("pleaseletmein", vector));
	assert_false(fits("pleaseletmeIn", vector));
}

static void the_cost_of_what_is_stored_counts(void **state)
{
	char stored[PASSWORD_STORED_MAX];
	(void)state;

	assert_int_equal(password_hash(slice_str("correct horse"), 6, stored, sizeof(stored)),
			 ERR_OK);
	assert_memory_equal(stored, "scrypt$6$8$1$", 13);
	assert_true(fits("correct horse", stored));
	assert_int_equal(
		password_hash(slice_str("correct horse"), PASSWORD_COST, stored, sizeof(stored)),
		ERR_OK);
	assert_memory_equal(stored, "scrypt$15$8$1$", 14);
	assert_true(fits("correct horse", stored));
}

static void what_we_have_not_written_fits_nothing(void **state)
{
	static const char *const damaged[] = {
		"",
		"scrypt",
		"scrypt$4$8$1",
		"plain$4$8$1$AAECAwQFBgcICQoLDA0ODw$AAAA",
		"scrypt$4$8$1$AAECAwQFBgcICQoLDA0ODw$",
		"scrypt$4$8$1$AAEC$6fKk8sCOG54ZpyGjOYZmTVv0nbB5SQcNpjJ8xMF1o4g",
		"scrypt$99$8$1$AAECAwQFBgcICQoLDA0ODw$6fKk8sCOG54ZpyGjOYZmTVv0nbB5SQcNpjJ8xMF1o4g",
		"scrypt$4$999$1$AAECAwQFBgcICQoLDA0ODw$6fKk8sCOG54ZpyGjOYZmTVv0nbB5SQcNpjJ8xMF1o4g",
		"scrypt$-4$8$1$AAECAwQFBgcICQoLDA0ODw$6fKk8sCOG54ZpyGjOYZmTVv0nbB5SQcNpjJ8xMF1o4g",
	};
	(void)state;

	assert_false(password_fits(slice_str("x"), NULL, CHEAP));
	assert_false(password_fits(SLICE_NONE, NULL, CHEAP));
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++)
		if (fits("pleaseletmein", damaged[i]) || fits("", damaged[i]))
			fail_msg("%s", damaged[i]);
}

static void bounds(void **state)
{
	char stored[PASSWORD_STORED_MAX], longest[PASSWORD_MAX + 2];
	(void)state;

	memset(longest, 'a', sizeof(longest));
	assert_int_equal(
		password_hash(slice_of(longest, PASSWORD_MAX), CHEAP, stored, sizeof(stored)),
		ERR_OK);
	assert_true(password_fits(slice_of(longest, PASSWORD_MAX), stored, CHEAP));
	assert_false(password_fits(slice_of(longest, PASSWORD_MAX + 1), stored, CHEAP));
	assert_int_not_equal(
		password_hash(slice_of(longest, PASSWORD_MAX + 1), CHEAP, stored, sizeof(stored)),
		ERR_OK);
	assert_int_equal(password_hash(slice_str("x"), CHEAP, stored, 20), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_fits),
		cmocka_unit_test(is_scrypt_as_others_know_it),
		cmocka_unit_test(the_cost_of_what_is_stored_counts),
		cmocka_unit_test(what_we_have_not_written_fits_nothing),
		cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests_name("admin/auth/password", tests, NULL, NULL);
}
