#include "test.h"

#include "base/jsonw.h"

static void commas_and_nesting(void **state)
{
	struct buf b;
	struct jsonw j;
	(void)state;

	buf_init(&b, 1000);
	j = jsonw_on(&b);
	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "a", "x");
	jsonw_string(&j, "none", NULL);
	jsonw_begin_array(&j, "list");
	jsonw_int(&j, NULL, -1);
	jsonw_uint(&j, NULL, UINT64_MAX);
	jsonw_begin_object(&j, NULL);
	jsonw_end_object(&j);
	jsonw_begin_array(&j, NULL);
	jsonw_end_array(&j);
	jsonw_end_array(&j);
	jsonw_bool(&j, "yes", true);
	jsonw_raw(&j, "raw", SLICE_LIT("[1]"));
	jsonw_end_object(&j);
	assert_slice(buf_view(&b),
		     "{\"a\":\"x\",\"none\":null,\"list\":[-1,18446744073709551615,{},[]],"
		     "\"yes\":true,\"raw\":[1]}");
	buf_fini(&b);
}

static void escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"", "\"\""},
	    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
	    {"\n\t\r\x01\x7f", "\"\\n\\t\\u000d\\u0001\\u007f\""},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"a\xff"
	     "b",
	     "\"a\xef\xbf\xbd"
	     "b\""},
	    {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	    {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	    {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	struct buf b;
	(void)state;

	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		jsonw_quote(&b, slice_str(rows[i].in));
		assert_slice(buf_view(&b), rows[i].out);
	}
	buf_reset(&b);
	jsonw_quote(&b, slice_of("\0", 1));
	assert_slice(buf_view(&b), "\"\\u0000\"");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commas_and_nesting),
	    cmocka_unit_test(escapes),
	};
	return cmocka_run_group_tests_name("base/jsonw", tests, NULL, NULL);
}
