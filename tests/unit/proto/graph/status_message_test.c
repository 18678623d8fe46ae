/* The body of setStatusMessage, and the text in a presence. */
#include "test.h"

#include "proto/graph/status_message.h"

static void bodies(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 4096);
	status_message_body(&b, SLICE_LIT("On the \"phone\"\xc3\xbc"), 1790000000999);
	assert_string_equal(
		buf_cstr(&b),
		"{\"statusMessage\":{\"message\":{\"content\":\"On the \\\"phone\\\"\xc3\xbc\","
		"\"contentType\":\"text\"},\"expiryDateTime\":{\"dateTime\":\"2026-09-21T14:13:"
		"20\","
		"\"timeZone\":\"UTC\"}}}");
	buf_reset(&b);
	status_message_body(&b, SLICE_NONE, INT64_MAX);
	assert_string_equal(
		buf_cstr(&b),
		"{\"statusMessage\":{\"message\":{\"content\":\"\",\"contentType\":\"text\"}}}");
	buf_fini(&b);
}

static void what_is_shown(void **state)
{
	static const struct {
		const char *body, *text; /* NULL: no presence */
	} rows[] = {
		{ "{\"id\":\"x\",\"statusMessage\":{\"message\":{\"content\":\"Hi\","
		  "\"contentType\":\"text\"}}}",
		  "Hi" },
		{ "{\"value\":[{\"id\":\"x\",\"statusMessage\":{\"message\":{\"content\":\"Hi\"}}}]"
		  "}",
		  "Hi" },
		{ "{\"id\":\"x\",\"statusMessage\":null}", "" },
		{ "{\"id\":\"x\",\"statusMessage\":{\"message\":null}}", "" },
		{ "{\"id\":\"x\",\"statusMessage\":{\"message\":{\"content\":7}}}", "" },
		{ "{\"id\":\"x\"}", "" },
		{ "{}", NULL },
		{ "[]", NULL },
		{ "<html>", NULL },
		{ "", NULL },
	};
	char text[8];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum err e = status_message_shown(slice_str(rows[i].body), text, sizeof(text));

		assert_int_equal(e, rows[i].text ? ERR_OK : ERR_MALFORMED);
		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
	}
	assert_int_equal(
		status_message_shown(
			SLICE_LIT("{\"id\":\"x\",\"statusMessage\":{\"message\":{\"content\":"
				  "\"0123456789\"}}}"),
			text, sizeof(text)),
		ERR_OK);
	assert_string_equal(text, "0123456");
}

static void what_is_the_same(void **state)
{
	(void)state;
	assert_true(
		status_message_same(SLICE_LIT("Hi"), SLICE_LIT(" Hi<pinnednote></pinnednote>")));
	assert_true(status_message_same(SLICE_NONE, SLICE_LIT("")));
	assert_false(status_message_same(SLICE_LIT("Hi"), SLICE_LIT("Hi there")));
	assert_false(status_message_same(SLICE_LIT("Hi"), SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(what_is_the_same),
	};
	return cmocka_run_group_tests_name("proto/graph/status_message", tests, NULL, NULL);
}
