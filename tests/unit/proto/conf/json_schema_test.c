#include "test.h"

#include <jansson.h>

#include "proto/conf/json_schema.h"
#include "proto/conf/schema.h"

static json_t *all;

static int set_up(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 1 << 20);
	struct jsonw j = { .b = &b };
	jsonw_begin_object(&j, NULL);
	conf_json_schema(&j);
	jsonw_end_object(&j);
	all = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
	buf_fini(&b);
	return all ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(all);
	return 0;
}

static json_t *at(const json_t *from, const char *a, const char *b)
{
	return json_object_get(json_object_get(from, a), b);
}

static json_t *schema(const char *name)
{
	return json_object_get(all, name);
}

static bool stands_somewhere(const struct setting *s)
{
	char plain[SCHEMA_PLAIN_MAX];
	const char *name;
	json_t *value;

	schema_plain_name(s, plain);
	json_object_foreach(all, name,
			    value) if (at(value, "properties",
					  schema_is_secret(s) ? plain : s->key)) return true;
	return false;
}

/* Secrets are taken as text and never given; what is required when it is given may be missing in
 * what is shown. */
static void settings_are_taken_and_given(void **state)
{
	json_t *shown = schema("teams_settings"), *taken = schema("teams_settings_put");
	json_t *secret = at(shown, "properties", "client_secret");
	(void)state;

	assert_string_equal(json_string_value(json_object_get(secret, "$ref")),
			    "#/components/schemas/secret_set");
	assert_null(at(shown, "properties", "client_secret_file"));
	secret = at(taken, "properties", "client_secret");
	assert_int_equal(json_array_size(json_object_get(secret, "anyOf")), 3);
	assert_int_equal(json_array_size(json_object_get(taken, "required")), 2);
	assert_int_equal(json_array_size(json_object_get(shown, "required")), 0);
	assert_non_null(at(schema("account_settings"), "properties", "users_file"));
	assert_null(at(schema("account_settings_put"), "properties", "users_file"));
	assert_null(at(schema("account_settings"), "properties", "connectors"));
	assert_true(json_is_false(json_object_get(shown, "additionalProperties")));
}

/* Every key of the table stands in a schema, with its words and bounds. */
static void keys_have_their_words_and_bounds(void **state)
{
	json_t *capacity = at(schema("teams_settings"), "properties", "rise_weight");
	json_t *busy = at(schema("policy_settings"), "properties", "busy");
	json_t *types = at(schema("connector_settings_put"), "properties", "type");
	(void)state;

	assert_int_equal(json_integer_value(json_object_get(capacity, "minimum")), 1);
	assert_int_equal(json_integer_value(json_object_get(capacity, "maximum")), 100);
	assert_int_equal(json_integer_value(json_object_get(capacity, "default")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(busy, "enum"), 1)),
			    "dnd");
	assert_string_equal(json_string_value(json_object_get(busy, "default")), "in-a-call");
	assert_int_equal(json_array_size(json_object_get(types, "enum")), 5);
	for (int s = SCOPE_account; s < SCOPE_user; s++) {
		struct schema rows = schema_of((enum conf_scope)s);

		for (size_t i = 0; i < rows.n; i++)
			if (rows.rows[i].kind != KIND_LIST && !(rows.rows[i].flags & LATER))
				assert_true(stands_somewhere(&rows.rows[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_taken_and_given),
		cmocka_unit_test(keys_have_their_words_and_bounds),
	};
	return cmocka_run_group_tests_name("proto/conf/json_schema", tests, set_up, tear_down);
}
