/* What forms are made of: every row of settings.def is told, as it stands there. */
#include "test.h"

#include <jansson.h>

#include "proto/conf/describe.h"
#include "proto/conf/schema.h"

static json_t *rows;

static int begin(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 1 << 20);
	struct jsonw j = jsonw_on(&b);
	jsonw_begin_object(&j, NULL);
	conf_describe(&j, "settings");
	jsonw_end_object(&j);
	json_t *doc = json_loads(buf_cstr(&b), JSON_REJECT_DUPLICATES, NULL);
	rows = json_incref(json_object_get(doc, "settings"));
	json_decref(doc);
	buf_fini(&b);
	return rows ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	json_decref(rows);
	return 0;
}

/* Exactly one row; NULL when there is none. */
static json_t *row(const char *scope, const char *key)
{
	json_t *v, *found = NULL;
	size_t i;

	json_array_foreach(rows, i, v)
	{
		if (strcmp(json_string_value(json_object_get(v, "scope")), scope) != 0 ||
		    strcmp(json_string_value(json_object_get(v, "key")), key) != 0)
			continue;
		assert_null(found);
		found = v;
	}
	return found;
}

static const char *text(json_t *v, const char *key)
{
	return json_string_value(json_object_get(v, key));
}

static void every_row_of_the_table_is_told(void **state)
{
	size_t n = 0;
	(void)state;

	for (int scope = 0; scope < SCOPE_N; scope++) {
		struct schema schema = schema_of((enum conf_scope)scope);

		for (size_t i = 0; i < schema.n; i++) {
			const struct setting *s = &schema.rows[i];
			json_t *v = row(schema_scope_name((enum conf_scope)scope), s->key);

			if (s->flags & LATER) {
				assert_null(v);
				continue;
			}
			assert_non_null(v);
			n++;
			assert_string_equal(text(v, "help"), s->help);
			assert_int_equal(json_integer_value(json_object_get(v, "lo")), s->lo);
			assert_int_equal(json_integer_value(json_object_get(v, "hi")), s->hi);
			assert_true(json_is_true(json_object_get(v, "required")) == !!(s->flags & REQUIRED));
			assert_true(s->def ? strcmp(text(v, "default"), s->def) == 0 : !text(v, "default"));
			assert_true((text(v, "secret") != NULL) == schema_is_secret(s));
		}
	}
	assert_int_equal(json_array_size(rows), n);
}

static void words_types_and_lists(void **state)
{
	json_t *v = row("accounts[]", "mode");
	(void)state;

	assert_string_equal(text(v, "kind"), "WORD");
	assert_int_equal(json_array_size(json_object_get(v, "words")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(v, "words"), 1)), "dry-run");
	v = row("accounts[].connectors[]", "token_file");
	assert_int_equal(json_array_size(json_object_get(v, "types")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(v, "types"), 0)), "webhook");
	v = row("accounts[].connectors[]", "name");
	assert_int_equal(json_array_size(json_object_get(v, "types")), 0);
	assert_string_equal(text(row("accounts[]", "connectors"), "sub"), "accounts[].connectors[]");
	assert_null(text(row("accounts[]", "mode"), "sub"));
}

static void secrets_have_the_name_under_which_they_are_given(void **state)
{
	(void)state;
	assert_string_equal(text(row("accounts[].connectors[]", "password_file"), "secret"), "password");
	assert_string_equal(text(row("accounts[].teams", "client_secret_file"), "secret"), "client_secret");
	assert_string_equal(text(row("accounts[].teams", "certificate_file"), "secret"), "certificate");
	assert_string_equal(text(row("accounts[].teams", "ca_file"), "secret"), "ca");
	assert_null(text(row("accounts[]", "users_file"), "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_of_the_table_is_told),
	    cmocka_unit_test(words_types_and_lists),
	    cmocka_unit_test(secrets_have_the_name_under_which_they_are_given),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
