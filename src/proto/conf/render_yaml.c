/* render_yaml.c - JSON values as YAML in block style. */
#include "base/check.h"
#include "base/jsonw.h"
#include "proto/conf/render.h"

static void value_yaml(const json_t *j, int indent, bool in_list, struct buf *out);

/* Letters, digits and a few signs, beginning with a letter, and none of YAML's words. */
static bool is_plain(struct slice s)
{
	static const char *const words[] = { "yes", "no",   "true", "false", "on",
					     "off", "null", "y",    "n" };

	if (s.n == 0 || !((s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(s, words[i]))
			return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '-' && c != '_' && c != '/' && c != '@')
			return false;
	}
	return true;
}

static void scalar_yaml(const json_t *j, struct buf *out)
{
	struct slice s;

	switch (json_typeof(j)) {
	case JSON_STRING:
		s = slice_of(json_string_value(j), json_string_length(j));
		if (is_plain(s))
			buf_slice(out, s);
		else
			jsonw_quote(out, s);
		break;
	case JSON_INTEGER:
		buf_fmt(out, "%lld", (long long)json_integer_value(j));
		break;
	case JSON_TRUE:
		buf_str(out, "yes");
		break;
	case JSON_FALSE:
		buf_str(out, "no");
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
	case JSON_REAL:
	case JSON_NULL:
		buf_str(out, "''");
	}
}

static bool is_block(const json_t *j)
{
	return (json_is_object(j) && json_object_size(j)) ||
	       (json_is_array(j) && json_is_object(json_array_get(j, 0)));
}

static void map_yaml(const json_t *map, int indent, bool in_list, struct buf *out)
{
	const char *key;
	json_t *value;
	bool first = in_list; /* the dash stands before the first key */

	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		buf_fmt(out, "%*s%s:", first ? 0 : indent, "", key);
		first = false;
		if (!is_block(value))
			buf_char(out, ' ');
		value_yaml(value, indent + 2, false, out);
	}
}

/* Lists of objects in block style, lists of texts on one line. */
static void list_yaml(const json_t *list, int indent, struct buf *out)
{
	size_t i;
	json_t *item;

	if (!is_block(list)) {
		buf_char(out, '[');
		json_array_foreach(list, i, item)
		{
			buf_str(out, i ? ", " : "");
			scalar_yaml(item, out);
		}
		buf_str(out, "]\n");
		return;
	}
	buf_char(out, '\n');
	json_array_foreach(list, i, item)
	{
		buf_fmt(out, "%*s- ", indent, "");
		value_yaml(item, indent + 2, true, out);
	}
}

static void value_yaml(const json_t *j, int indent, bool in_list, struct buf *out)
{
	if (json_is_array(j)) {
		list_yaml(j, indent, out);
	} else if (json_is_object(j) && json_object_size(j)) {
		if (!in_list)
			buf_char(out, '\n');
		map_yaml(j, indent, in_list, out);
	} else if (json_is_object(j)) {
		buf_str(out, "{}\n");
	} else {
		scalar_yaml(j, out);
		buf_char(out, '\n');
	}
}

void render_yaml(const json_t *json, struct buf *out)
{
	map_yaml(json, 0, false, out);
}
