#include "test.h"

#include <jansson.h>
#include <stdio.h>

#include "admin/openapi.h"
#include "admin/route.h"
#include "core/types.h"

static json_t *document;

static int set_up(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, OPENAPI_BYTES_MAX);
	openapi_make(&b);
	document = json_loadb(buf_view(&b).p, b.n, JSON_REJECT_DUPLICATES, NULL);
	buf_fini(&b);
	return document ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

static json_t *at(const json_t *from, const char *a, const char *b)
{
	return json_object_get(json_object_get(from, a), b);
}

static json_t *schema(const char *name)
{
	return json_object_get(at(document, "components", "schemas"), name);
}

static json_t *operation(const struct route *r)
{
	char method[8];
	size_t n = strlen(r->method);

	for (size_t i = 0; i <= n; i++)
		method[i] = (char)(i < n ? r->method[i] | 0x20 : '\0');
	return json_object_get(at(document, "paths", r->pattern), method);
}

static void nothing_is_left_open_in_the_tables(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 65536);
	openapi_faults(&b);
	if (b.n)
		fail_msg("%s", buf_cstr(&b));
	buf_fini(&b);
}

static void every_route_is_there_once(void **state)
{
	size_t n = 0;
	const char *path, *method;
	json_t *item, *one;
	(void)state;

	json_object_foreach(json_object_get(document, "paths"), path, item)
		json_object_foreach(item, method, one) n++;
	assert_int_equal(n, ROUTE_COUNT);
	for (int i = 0; i < ROUTE_COUNT; i++) {
		json_t *o = operation(&routes[i]);

		assert_non_null(o);
		assert_string_equal(json_string_value(json_object_get(o, "description")),
				    routes[i].help);
		assert_int_equal(json_object_get(o, "requestBody") != NULL, routes[i].body_max > 0);
		assert_non_null(at(o, "responses", "default"));
		assert_true(strlen(json_string_value(json_object_get(o, "summary"))) <= 100);
		assert_int_equal(json_array_size(json_object_get(o, "security")) == 0,
				 routes[i].authority == AUTHORITY_OPEN);
	}
}

/* ---- references ---- */

/* Each schema that is referred to, and how often. */
static json_t *referred;

static void collect(const json_t *j)
{
	const char *key, *ref = json_string_value(json_object_get(j, "$ref"));
	json_t *value;
	size_t i;

	if (ref)
		json_object_set_new(referred, ref, json_true());
	json_object_foreach((json_t *)(uintptr_t)j, key, value) collect(value);
	json_array_foreach(j, i, value) collect(value);
}

static json_t *resolve(const char *ref)
{
	struct slice rest = slice_str(ref), part;
	json_t *j = document;

	slice_split(&rest, '/', &part);
	assert_true(slice_is(part, "#"));
	while (slice_split(&rest, '/', &part))
		j = json_object_getn(j, part.p, part.n);
	return j;
}

static void references_lead_somewhere_and_nothing_is_left_over(void **state)
{
	static const char *const kinds[] = { "schemas", "responses" };
	const char *name;
	json_t *value;
	char ref[200];
	(void)state;

	referred = json_object();
	collect(document);
	json_object_foreach(referred, name, value) if (!resolve(name))
		fail_msg("%s leads nowhere: a type of shapes.def or answers.def is misspelt", name);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		json_object_foreach(at(document, "components", kinds[k]), name, value)
		{
			snprintf(ref, sizeof(ref), "#/components/%s/%s", kinds[k], name);
			if (!json_object_get(referred, ref))
				fail_msg("%s is used by nothing", ref);
		}
	json_decref(referred);
}

static void words_are_those_of_their_tables(void **state)
{
	json_t *words = json_object_get(schema("presence"), "enum");
	(void)state;

	assert_int_equal(json_array_size(words), PRESENCE_COUNT);
	for (int p = 0; p < PRESENCE_COUNT; p++)
		assert_string_equal(json_string_value(json_array_get(words, (size_t)p)),
				    presence_name((enum presence)p));
	words = json_object_get(schema("role"), "enum");
	assert_int_equal(json_array_size(words), 3);
	assert_string_equal(json_string_value(json_array_get(words, 2)), "owner");
	words = json_object_get(schema("publish"), "enum");
	assert_int_equal(json_array_size(words), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_open_in_the_tables),
		cmocka_unit_test(every_route_is_there_once),
		cmocka_unit_test(references_lead_somewhere_and_nothing_is_left_over),
		cmocka_unit_test(words_are_those_of_their_tables),
	};
	return cmocka_run_group_tests_name("admin/openapi", tests, set_up, tear_down);
}
