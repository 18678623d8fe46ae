#include "proto/sip/package.h"

#include "test.h"

static void test_rows(void **state)
{
	static const struct {
		const char *row, *number;
		bool fits, presence;
	} cases[] = {
		{ "201=presence", "201", true, true },
		{ "201=dialog", "201", true, false },
		{ "201=presence", "2011", false, true },
		{ "201=presence", "20", false, true },
		{ " 201 = presence ", "201", true, true },
		{ "7*=presence", "7", true, true },
		{ "7*=presence", "7001", true, true },
		{ "7*=presence", "170", false, true },
		{ "7*=presence", "", false, true },
		{ "anna@pbx.example=presence", "anna@pbx.example", true, true },
		{ "anna@pbx.example=presence", "anna", false, true },
		{ "anna;x=1=dialog", "anna;x=1", true, false },
		{ "Anna=presence", "anna", false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sip_package_row row;

		assert_int_equal(sip_package_row_parse(slice_str(cases[i].row), &row), ERR_OK);
		assert_int_equal(row.presence, cases[i].presence);
		if (sip_package_row_fits(&row, slice_str(cases[i].number)) != cases[i].fits)
			fail_msg("%s and %s", cases[i].row, cases[i].number);
	}
}

static void test_bad_rows(void **state)
{
	static const char *const bad[] = { "", "201", "=", "=presence", "201=", "201=Presence", "201=blf",
					   "*=presence", " =dialog", "presence=201" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sip_package_row row = { .presence = true };

		if (sip_package_row_parse(slice_str(bad[i]), &row) != ERR_MALFORMED)
			fail_msg("%s is taken", bad[i]);
		assert_true(row.presence); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bad_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
