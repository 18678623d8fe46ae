#include "test.h"

#include <jansson.h>

#include "admin/shape.h"

static json_t *made(const char *type)
{
	struct buf b;
	json_t *j;

	buf_init(&b, 4096);
	shape_type(&(struct jsonw){ .b = &b }, NULL, type, "");
	j = json_loadb(b.p, b.n, 0, NULL);
	buf_fini(&b);
	return j;
}

static void check_type(const char *type, const char *wanted)
{
	json_t *j = made(type), *w = json_loads(wanted, 0, NULL);

	assert_non_null(w);
	if (!json_equal(j, w)) {
		char *text = json_dumps(j, JSON_COMPACT);

		fail_msg("%s: %s", type, text);
	}
	json_decref(j);
	json_decref(w);
}

static void types_become_schemas(void **state)
{
	(void)state;
	check_type("any", "{}");
	check_type("text", "{\"type\":\"string\"}");
	check_type("text:1..64?",
		   "{\"type\":[\"string\",\"null\"],\"minLength\":1,\"maxLength\":64}");
	check_type("instant", "{\"type\":\"string\",\"format\":\"date-time\"}");
	check_type("1..600", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":600}");
	check_type("(a|b)", "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}");
	check_type("(a)?", "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",null]}");
	check_type("user", "{\"$ref\":\"#/components/schemas/user\"}");
	check_type("user?",
		   "{\"anyOf\":[{\"$ref\":\"#/components/schemas/user\"},{\"type\":\"null\"}]}");
	check_type(
		"[]count?",
		"{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\"],\"minimum\":0}}");
	check_type("{}switch",
		   "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"boolean\"}}");
	check_type(
		"{a|b}number",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
		"\"integer\"}},\"required\":[\"a\",\"b\"],\"additionalProperties\":false}");
	check_type("[]text/grant",
		   "{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"string\"},"
		   "{\"$ref\":\"#/components/schemas/grant\"}]}}");
}

static void an_empty_body_is_none_where_something_is_needed(void **state)
{
	(void)state;
	assert_true(shape_needs_something("profile_put"));
	assert_false(shape_needs_something("nothing"));
	assert_false(shape_needs_something("check_ask")); /* all its fields may be missing */
	assert_true(shape_needs_something("user_row"));	  /* what it takes in counts */
	assert_true(shape_needs_something("text"));
}

static void a_shape_has_its_own_fields_and_those_it_takes_in(void **state)
{
	struct buf b;
	json_t *all, *row, *person;
	(void)state;

	buf_init(&b, 1 << 20);
	struct jsonw j = { .b = &b };
	jsonw_begin_object(&j, NULL);
	shape_components(&j);
	jsonw_end_object(&j);
	all = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
	buf_fini(&b);
	assert_non_null(all);
	row = json_object_get(json_object_get(all, "user_row"), "properties");
	assert_non_null(json_object_get(row, "email"));
	assert_non_null(json_object_get(row, "lines"));
	assert_null(json_object_get(all, "user_state")); /* only there to be taken in */
	person = json_object_get(all, "user");
	assert_non_null(json_object_get(json_object_get(person, "properties"), "matching"));
	assert_int_equal(json_array_size(json_object_get(person, "required")),
			 json_object_size(json_object_get(person, "properties")) - 1);
	assert_true(json_is_false(json_object_get(person, "additionalProperties")));
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_become_schemas),
		cmocka_unit_test(an_empty_body_is_none_where_something_is_needed),
		cmocka_unit_test(a_shape_has_its_own_fields_and_those_it_takes_in),
	};
	return cmocka_run_group_tests_name("admin/shape", tests, NULL, NULL);
}
