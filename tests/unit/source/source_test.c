#include "source/source.h"

#include "test.h"

static void test_find(void **state)
{
	(void)state;
	assert_non_null(source_find("sip"));
	assert_string_equal(source_find("sip")->type, "sip");
	assert_null(source_find("SIP"));
	assert_null(source_find(""));
}

/* Names are labels of metrics: lower case, each its own, none missing. */
static void test_notes(void **state)
{
	(void)state;
	for (int i = 0; i < NOTE_COUNT; i++) {
		const char *name = note_name((enum note)i);

		assert_true(name[0] != '\0');
		assert_true(note_text((enum note)i)[0] != '\0');
		assert_in_range(note_level((enum note)i), 3, 7);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, note_name((enum note)j));
	}
	assert_string_equal(note_name(NOTE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
