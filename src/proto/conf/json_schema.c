#include "proto/conf/json_schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/schema.h"

static const struct {
	enum conf_scope scope;
	const char *name;
} objects[] = {
	{ SCOPE_account, "account" },
	{ SCOPE_teams, "teams" },
	{ SCOPE_policy, "policy" },
	{ SCOPE_hours, "hours" },
	{ SCOPE_status_text, "status_text" },
	{ SCOPE_matching, "matching" },
	{ SCOPE_sign_in, "sign_in" },
	{ SCOPE_connector, "connector" },
	{ SCOPE_tls, "tls" },
	{ SCOPE_group, "group" },
	{ SCOPE_alarms, "alarms" },
};

struct writer {
	struct jsonw *j;
	bool put; /* as it is taken */
};

static void reference(const struct writer *w, enum conf_scope scope)
{
	char text[100];

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (objects[i].scope == scope) {
			snprintf(text, sizeof(text), "#/components/schemas/%s_settings%s",
				 objects[i].name, w->put ? "_put" : "");
			jsonw_string(w->j, "$ref", text);
		}
}

static void one_type(const struct writer *w, const char *type)
{
	jsonw_begin_object(w->j, NULL);
	jsonw_string(w->j, "type", type);
	jsonw_end_object(w->j);
}

/* Taken as text, null forgets it, {"set": true} keeps it. */
static void secret(const struct writer *w)
{
	static const char set[] = "#/components/schemas/secret_set";

	if (!w->put) {
		jsonw_string(w->j, "$ref", set);
		return;
	}
	jsonw_begin_array(w->j, "anyOf");
	jsonw_begin_object(w->j, NULL);
	jsonw_string(w->j, "type", "string");
	jsonw_uint(w->j, "minLength", 1);
	jsonw_uint(w->j, "maxLength", 65536);
	jsonw_end_object(w->j);
	one_type(w, "null");
	jsonw_begin_object(w->j, NULL);
	jsonw_string(w->j, "$ref", set);
	jsonw_end_object(w->j);
	jsonw_end_array(w->j);
}

static void switch_or_tls(const struct writer *w)
{
	jsonw_begin_array(w->j, "anyOf");
	one_type(w, "boolean");
	jsonw_begin_object(w->j, NULL);
	reference(w, SCOPE_tls);
	jsonw_end_object(w->j);
	jsonw_end_array(w->j);
}

static void words(const struct writer *w, const struct setting *s)
{
	struct slice rest = slice_str(s->words ? s->words : ""), word;

	jsonw_string(w->j, "type", "string");
	jsonw_begin_array(w->j, "enum");
	while (rest.n && slice_split(&rest, '|', &word))
		jsonw_slice(w->j, NULL, word);
	for (int t = 0; s->kind == KIND_TYPE && t < CONF_TYPE_COUNT; t++)
		if (conf_type_built((enum conf_type)t))
			jsonw_string(w->j, NULL, conf_type_name((enum conf_type)t));
	jsonw_end_array(w->j);
}

static void texts(const struct writer *w, const struct setting *s)
{
	jsonw_string(w->j, "type", "array");
	jsonw_int(w->j, "maxItems", s->lo);
	jsonw_begin_object(w->j, "items");
	jsonw_string(w->j, "type", "string");
	jsonw_int(w->j, "maxLength", s->hi);
	jsonw_end_object(w->j);
}

static void count(const struct writer *w, const struct setting *s)
{
	jsonw_string(w->j, "type", "integer");
	jsonw_int(w->j, "minimum", s->lo);
	jsonw_int(w->j, "maximum", s->hi);
	jsonw_int(w->j, "default", strtoll(s->def, NULL, 10));
}

/* How a text has to look stands in its description: an empty one is the same as none. */
static void text(const struct writer *w, const struct setting *s)
{
	jsonw_string(w->j, "type", "string");
	if (s->def && *s->def)
		jsonw_string(w->j, "default", s->def);
}

static void value(const struct writer *w, const struct setting *s)
{
	switch ((enum conf_kind)s->kind) {
	case KIND_GROUP:
		reference(w, (enum conf_scope)s->sub);
		break;
	case KIND_OWN_POLICY:
		reference(w, SCOPE_policy);
		break;
	case KIND_SECRET:
	case KIND_PEM:
	case KIND_PEM_HELD:
		secret(w);
		break;
	case KIND_TLS:
		switch_or_tls(w);
		break;
	case KIND_SWITCH:
		jsonw_string(w->j, "type", "boolean");
		jsonw_bool(w->j, "default", s->def[0] == 'y');
		break;
	case KIND_COUNT:
		count(w, s);
		break;
	case KIND_WORD:
	case KIND_TYPE:
		words(w, s);
		if (s->def && *s->def)
			jsonw_string(w->j, "default", s->def);
		break;
	case KIND_TEXTS:
	case KIND_PACKAGES:
	case KIND_RANGES:
	case KIND_DATES:
		texts(w, s);
		break;
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_PATH:
	case KIND_URL:
	case KIND_PROXY:
	case KIND_EMAIL:
	case KIND_GUID:
	case KIND_TENANT:
	case KIND_DURATION:
	case KIND_DURATION_OR_OFF:
	case KIND_QUOTA:
	case KIND_ADDRESS:
	case KIND_LOGINS:
	case KIND_USERS:
	case KIND_ZONE:
	case KIND_HOLIDAYS:
		text(w, s);
		break;
	case KIND_LIST: /* has_row leaves them out */
	case KIND_LINES:
	case KIND_COUNT_:
		break;
	}
}

static void description(const struct writer *w, const struct setting *s)
{
	bool said = s->kind == KIND_GROUP || s->kind == KIND_OWN_POLICY || s->kind == KIND_WORD ||
		    s->kind == KIND_SWITCH || s->kind == KIND_COUNT || s->kind == KIND_TYPE ||
		    schema_is_secret(s);
	const char *before = " For ";
	struct buf b;

	buf_init(&b, 2000);
	if (schema_is_secret(s))
		buf_str(&b, "What is in the file: ");
	buf_str(&b, s->help);
	if (!said) {
		buf_str(&b, " It is ");
		schema_wants(s, &b);
		buf_char(&b, '.');
	}
	for (int t = 0; (s->flags & FOR_ANY) && t < CONF_TYPE_COUNT; t++)
		if (s->flags & 1U << 8 << t) {
			buf_fmt(&b, "%s%s", before, conf_type_name((enum conf_type)t));
			before = ", ";
		}
	if (s->flags & FOR_ANY)
		buf_char(&b, '.');
	jsonw_slice(w->j, "description", buf_view(&b));
	buf_fini(&b);
}

/* Lists have paths of their own, names of other files are for offhook.yaml, and the path has the
 * object's name. */
static bool has_row(const struct writer *w, const struct setting *s)
{
	bool is_file = s->kind == KIND_USERS || s->kind == KIND_HOLIDAYS;

	if ((s->flags & LATER) || s->kind == KIND_LIST || s->kind == KIND_LINES)
		return false;
	return w->put ? !is_file : s->kind != KIND_NAME;
}

static void row(const struct writer *w, const struct setting *s)
{
	char plain[SCHEMA_PLAIN_MAX];

	schema_plain_name(s, plain);
	jsonw_begin_object(w->j, schema_is_secret(s) ? plain : s->key);
	description(w, s);
	value(w, s);
	jsonw_end_object(w->j);
}

static void object(const struct writer *w, enum conf_scope scope)
{
	struct schema schema = schema_of(scope);

	jsonw_string(w->j, "type", "object");
	jsonw_begin_object(w->j, "properties");
	for (size_t i = 0; i < schema.n; i++)
		if (has_row(w, &schema.rows[i]))
			row(w, &schema.rows[i]);
	jsonw_end_object(w->j);
	jsonw_begin_array(w->j, "required");
	for (size_t i = 0; i < schema.n && w->put; i++)
		if ((schema.rows[i].flags & REQUIRED) && schema.rows[i].kind != KIND_NAME)
			jsonw_string(w->j, NULL, schema.rows[i].key);
	jsonw_end_array(w->j);
	jsonw_bool(w->j, "additionalProperties", false);
}

void conf_json_schema(struct jsonw *j)
{
	for (int put = 0; put < 2; put++)
		for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
			const struct writer w = { j, put };
			char name[64];

			snprintf(name, sizeof(name), "%s_settings%s", objects[i].name,
				 put ? "_put" : "");
			jsonw_begin_object(j, name);
			object(&w, objects[i].scope);
			jsonw_end_object(j);
		}
}
