#include "admin/shape.h"

#include "admin/alarms.h"
#include "admin/auth/caller.h"
#include "admin/words.h"
#include "base/check.h"
#include "core/match.h"
#include "core/types.h"
#include "proto/conf/conf.h"
#include "proto/conf/json_schema.h"

enum shape_id {
#define SHAPE(name, help) SHAPE_##name,
#include "admin/shapes.def"
	SHAPE_COUNT
};

const struct shape shapes[] = {
#define SHAPE(name, help) { #name, help },
#include "admin/shapes.def"
};
const size_t shapes_n = ARRAY_LEN(shapes);

const struct shape_field shape_fields[] = {
#define FIELD(shape, key, type, help) { SHAPE_##shape, key, type, help },
#include "admin/shapes.def"
};
const size_t shape_fields_n = ARRAY_LEN(shape_fields);

/* ---- lists of words ---- */

#define WORDS(name, first, end, word, help)                                                        \
	static const char *word_of_##name(unsigned i)                                              \
	{                                                                                          \
		return word;                                                                       \
	}
#include "admin/shapes.def"

struct list {
	const char *name;
	unsigned first, end;
	const char *(*word)(unsigned i);
	const char *help;
};

static const struct list lists[] = {
#define WORDS(name, first, end, word, help) { #name, first, end, word_of_##name, help },
#include "admin/shapes.def"
};

static bool has_word(const struct list *l, unsigned i)
{
	return i < l->end && strcmp(l->word(i), "?") != 0;
}

static const struct list *find_list(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (slice_is(name, lists[i].name))
			return &lists[i];
	return NULL;
}

/* ---- types ---- */

enum base {
	BASE_ANY,
	BASE_TEXT,
	BASE_INSTANT,
	BASE_COUNT,
	BASE_NUMBER,
	BASE_SWITCH,
	BASE_BYTES,
	BASE_N
};

static const struct {
	const char *name, *type, *format;
} bases[BASE_N] = {
	[BASE_ANY] = { "any", NULL, NULL },
	[BASE_TEXT] = { "text", "string", NULL },
	[BASE_INSTANT] = { "instant", "string", "date-time" },
	[BASE_COUNT] = { "count", "integer", NULL },
	[BASE_NUMBER] = { "number", "integer", NULL },
	[BASE_SWITCH] = { "switch", "boolean", NULL },
	[BASE_BYTES] = { "bytes", "string", "binary" },
};

static void say_help(struct jsonw *j, const char *help)
{
	if (help && *help)
		jsonw_string(j, "description", help);
}

/* "string", or ["string","null"]. */
static void say_type(struct jsonw *j, const char *type, bool or_null)
{
	if (!or_null) {
		jsonw_string(j, "type", type);
		return;
	}
	jsonw_begin_array(j, "type");
	jsonw_string(j, NULL, type);
	jsonw_string(j, NULL, "null");
	jsonw_end_array(j);
}

static void words_inline(struct jsonw *j, struct slice words, bool or_null)
{
	struct slice word;

	say_type(j, "string", or_null);
	jsonw_begin_array(j, "enum");
	while (slice_split(&words, '|', &word))
		jsonw_slice(j, NULL, word);
	if (or_null)
		jsonw_null(j, NULL);
	jsonw_end_array(j);
}

static void reference(struct jsonw *j, struct slice name, bool or_null)
{
	struct buf b;

	buf_init(&b, 200);
	buf_fmt(&b, "#/components/schemas/%.*s", SLICE_ARG(name));
	if (or_null) {
		jsonw_begin_array(j, "anyOf");
		jsonw_begin_object(j, NULL);
	}
	jsonw_string(j, "$ref", buf_cstr(&b));
	if (or_null) {
		jsonw_end_object(j);
		jsonw_begin_object(j, NULL);
		jsonw_string(j, "type", "null");
		jsonw_end_object(j);
		jsonw_end_array(j);
	}
	buf_fini(&b);
}

/* "1..600" -> true */
static bool read_range(struct slice s, uint64_t *ret_lo, uint64_t *ret_hi)
{
	size_t at = slice_find_str(s, SLICE_LIT(".."));

	return at < s.n && !slice_u64(slice_sub(s, 0, at), INT64_MAX, ret_lo) &&
	       !slice_u64(slice_sub(s, at + 2, s.n), INT64_MAX, ret_hi);
}

static enum base find_base(struct slice name)
{
	enum base b = BASE_ANY;

	while (b < BASE_N && !slice_is(name, bases[b].name))
		b++;
	return b;
}

/* The members of the schema of one type without / before it. */
static void scalar(struct jsonw *j, struct slice s)
{
	bool or_null = s.n && s.p[s.n - 1] == '?';
	uint64_t lo, hi;

	if (or_null)
		s = slice_sub(s, 0, s.n - 1);
	struct slice name = slice_sub(s, 0, slice_find(s, ':')),
		     length = slice_sub(s, name.n + 1, s.n);
	enum base b = find_base(name);
	if (s.n > 2 && s.p[0] == '(') {
		words_inline(j, slice_sub(s, 1, s.n - 1), or_null);
	} else if (read_range(s, &lo, &hi)) {
		say_type(j, "integer", or_null);
		jsonw_uint(j, "minimum", lo);
		jsonw_uint(j, "maximum", hi);
	} else if (b == BASE_N) {
		reference(j, s, or_null);
	} else if (bases[b].type) {
		say_type(j, bases[b].type, or_null);
		if (bases[b].format)
			jsonw_string(j, "format", bases[b].format);
		if (b == BASE_COUNT)
			jsonw_uint(j, "minimum", 0);
		if (read_range(length, &lo, &hi)) {
			jsonw_uint(j, "minLength", lo);
			jsonw_uint(j, "maxLength", hi);
		}
	}
}

static void either(struct jsonw *j, struct slice s)
{
	struct slice one;

	jsonw_begin_array(j, "anyOf");
	while (slice_split(&s, '/', &one)) {
		jsonw_begin_object(j, NULL);
		scalar(j, one);
		jsonw_end_object(j);
	}
	jsonw_end_array(j);
}

static void type_of(struct jsonw *j, const char *key, const char *type, const char *help);

/* An object with each of the words as a key. */
static void exactly(struct jsonw *j, struct slice words, const char *type)
{
	const struct list *l = find_list(words);
	struct slice rest = words, word;
	struct buf b;

	buf_init(&b, 4096);
	for (unsigned i = l ? l->first : 0; l && has_word(l, i); i++)
		buf_fmt(&b, "%s%s", b.n ? "|" : "", l->word(i));
	if (l)
		rest = buf_view(&b);
	words = rest;
	jsonw_begin_object(j, "properties");
	while (slice_split(&rest, '|', &word)) {
		char name[64];

		if (!slice_copy(word, name, sizeof(name)))
			type_of(j, name, type, "");
	}
	jsonw_end_object(j);
	jsonw_begin_array(j, "required");
	while (slice_split(&words, '|', &word))
		jsonw_slice(j, NULL, word);
	jsonw_end_array(j);
	jsonw_bool(j, "additionalProperties", false);
	buf_fini(&b);
}

static void by_name(struct jsonw *j, const char *type)
{
	struct slice s = slice_str(type);
	size_t end = slice_find(s, '}');

	jsonw_string(j, "type", "object");
	if (end == 1)
		type_of(j, "additionalProperties", type + 2, "");
	else
		exactly(j, slice_sub(s, 1, end), type + end + 1);
}

static void type_of(struct jsonw *j, const char *key, const char *type, const char *help)
{
	struct slice s = slice_str(type);

	jsonw_begin_object(j, key);
	say_help(j, help);
	if (slice_starts(s, "[]")) {
		jsonw_string(j, "type", "array");
		type_of(j, "items", type + 2, "");
	} else if (slice_starts(s, "{")) {
		by_name(j, type);
	} else if (slice_find(s, '/') < s.n) {
		either(j, s);
	} else {
		scalar(j, s);
	}
	jsonw_end_object(j);
}

void shape_type(struct jsonw *j, const char *key, const char *type, const char *help)
{
	type_of(j, key, type, help);
}

/* ---- shapes ---- */

static size_t find_shape(const char *name)
{
	size_t i = 0;

	while (i < SHAPE_COUNT && strcmp(shapes[i].name, name) != 0)
		i++;
	return i;
}

static bool is_optional(const char *key)
{
	return key[strlen(key) - 1] == '?';
}

static void properties(struct jsonw *j, size_t shape)
{
	char key[64];

	for (size_t i = 0; i < shape_fields_n; i++) {
		const struct shape_field *f = &shape_fields[i];
		struct slice k = slice_str(f->key);

		if (f->shape != shape)
			continue;
		if (slice_is(k, "..."))
			properties(j, find_shape(f->type));
		else if (!slice_copy(slice_sub(k, 0, k.n - is_optional(f->key)), key, sizeof(key)))
			type_of(j, key, f->type, f->help);
	}
}

/* j NULL: only counts. */
static unsigned required(struct jsonw *j, size_t shape)
{
	unsigned n = 0;

	for (size_t i = 0; i < shape_fields_n; i++) {
		const struct shape_field *f = &shape_fields[i];

		if (f->shape != shape || is_optional(f->key))
			continue;
		if (strcmp(f->key, "...") == 0)
			n += required(j, find_shape(f->type));
		else if (j)
			jsonw_string(j, NULL, f->key);
		n++;
	}
	return n;
}

bool shape_needs_something(const char *type)
{
	size_t shape = find_shape(type);

	return shape == SHAPE_COUNT || required(NULL, shape) > 0;
}

static void component(struct jsonw *j, size_t shape)
{
	jsonw_begin_object(j, shapes[shape].name);
	say_help(j, shapes[shape].help);
	jsonw_string(j, "type", "object");
	jsonw_begin_object(j, "properties");
	properties(j, shape);
	jsonw_end_object(j);
	jsonw_begin_array(j, "required");
	required(j, shape);
	jsonw_end_array(j);
	jsonw_bool(j, "additionalProperties", false);
	jsonw_end_object(j);
}

static void list_component(struct jsonw *j, const struct list *l)
{
	jsonw_begin_object(j, l->name);
	say_help(j, l->help);
	jsonw_string(j, "type", "string");
	jsonw_begin_array(j, "enum");
	for (unsigned i = l->first; has_word(l, i); i++)
		jsonw_string(j, NULL, l->word(i));
	jsonw_end_array(j);
	jsonw_end_object(j);
}

void shape_components(struct jsonw *j)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		list_component(j, &lists[i]);
	for (size_t i = 0; i < SHAPE_COUNT; i++)
		if (shapes[i].help)
			component(j, i);
	conf_json_schema(j);
}
