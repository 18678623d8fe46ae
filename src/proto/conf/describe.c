#include "proto/conf/describe.h"

#include "base/check.h"
#include "proto/conf/schema.h"

static const char *kind_name(unsigned kind)
{
	static const char *const names[] = {
#define KIND(name, type) #name,
		CONF_KINDS(KIND)
#undef KIND
	};

	return kind < ARRAY_LEN(names) ? names[kind] : "?";
}

/* The words of a row, or the types of PBX; an empty array where any value of the kind will do. */
static void words(struct jsonw *j, const struct setting *s)
{
	struct slice rest = slice_str(s->words ? s->words : ""), word;

	jsonw_begin_array(j, "words");
	while (rest.n && slice_split(&rest, '|', &word))
		jsonw_slice(j, NULL, word);
	for (int t = 0; s->kind == KIND_TYPE && t < CONF_TYPE_COUNT; t++)
		if (conf_type_built((enum conf_type)t))
			jsonw_string(j, NULL, conf_type_name((enum conf_type)t));
	jsonw_end_array(j);
}

/* Empty: every type has the key. */
static void types(struct jsonw *j, const struct setting *s)
{
	jsonw_begin_array(j, "types");
	for (int t = 0; t < CONF_TYPE_COUNT; t++)
		if (s->flags & 1U << 8 << t)
			jsonw_string(j, NULL, conf_type_name((enum conf_type)t));
	jsonw_end_array(j);
}

/* The name under which a client of the API gives the content of a secret's file; null: it is none. */
static void secret(struct jsonw *j, const struct setting *s)
{
	char name[SCHEMA_PLAIN_MAX];

	schema_plain_name(s, name);
	jsonw_string(j, "secret", schema_is_secret(s) ? name : NULL);
}

static void row(struct jsonw *j, const struct setting *s)
{
	bool nested = s->kind == KIND_GROUP || s->kind == KIND_LIST;

	jsonw_begin_object(j, NULL);
	jsonw_string(j, "scope", schema_scope_name((enum conf_scope)s->scope));
	jsonw_string(j, "key", s->key);
	jsonw_string(j, "kind", kind_name(s->kind));
	jsonw_string(j, "sub", nested ? schema_scope_name((enum conf_scope)s->sub) : NULL);
	jsonw_bool(j, "required", s->flags & REQUIRED);
	jsonw_string(j, "default", s->def);
	jsonw_int(j, "lo", s->lo);
	jsonw_int(j, "hi", s->hi);
	words(j, s);
	types(j, s);
	secret(j, s);
	jsonw_string(j, "help", s->help);
	jsonw_end_object(j);
}

void conf_describe(struct jsonw *j, const char *key)
{
	jsonw_begin_array(j, key);
	for (int scope = 0; scope < SCOPE_N; scope++) {
		struct schema schema = schema_of((enum conf_scope)scope);

		for (size_t i = 0; i < schema.n; i++)
			if (!(schema.rows[i].flags & LATER))
				row(j, &schema.rows[i]);
	}
	jsonw_end_array(j);
}
