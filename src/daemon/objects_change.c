/* objects_change.c - what a change of settings comes to, in words, for the record of changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/objects_own.h"

enum { VALUE_SHOWN = 200 };

static bool is_of_a_file(const char *key)
{
	size_t n = strlen(key);

	return n > 5 && strcmp(key + n - 5, "_file") == 0;
}

static void add_value(struct buf *b, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	struct slice s = json_is_string(value) ? slice_str(json_string_value(value)) : slice_str(text);
	size_t n = s.n < VALUE_SHOWN ? s.n : VALUE_SHOWN;

	while (n < s.n && n && (s.p[n] & 0xc0) == 0x80) /* not within a letter */
		n--;
	buf_slice(b, slice_sub(s, 0, n));
	if (n < s.n)
		buf_str(b, "…");
	free(text);
}

/* What is in a file is a secret, and who may see the record may not see everything. */
static void add_key(struct buf *b, const char *prefix, const char *key, const json_t *before,
		    const json_t *after, bool values)
{
	bool file = is_of_a_file(key);

	buf_fmt(b, "%s%s%.*s", b->n ? "; " : "", prefix, (int)(strlen(key) - (file ? 5 : 0)), key);
	if (file || !values) {
		buf_str(b, !before ? " given" : !after ? " taken away" : " replaced");
		return;
	}
	buf_str(b, ": ");
	if (before)
		add_value(b, before);
	if (before && after)
		buf_str(b, " ");
	if (before)
		buf_str(b, after ? "→ " : " → –");
	if (after)
		add_value(b, after);
}

static void add_group(struct buf *b, const char *prefix, const json_t *before, const json_t *after,
		      bool values);

static void add_one(struct buf *b, const char *prefix, const char *key, const json_t *before,
		    const json_t *after, bool values)
{
	char below[200];

	if (json_is_object(before ? before : after) && json_is_object(after ? after : before)) {
		snprintf(below, sizeof(below), "%s%s.", prefix, key);
		add_group(b, below, before, after, values);
	} else if (!before || !after || !json_equal(before, after)) {
		add_key(b, prefix, key, before, after, values);
	}
}

static void add_group(struct buf *b, const char *prefix, const json_t *before, const json_t *after,
		      bool values)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)after, key, value)
		add_one(b, prefix, key, json_object_get(before, key), value, values);
	json_object_foreach((json_t *)(uintptr_t)before, key, value)
		if (!json_object_get(after, key))
			add_one(b, prefix, key, value, NULL, values);
}

char *object_change_text(const struct object *o, const json_t *before, const json_t *after)
{
	struct buf b;
	char *text = NULL;

	buf_init(&b, 65536);
	add_group(&b, "", before, after, o->kind != CONF_DOCUMENT_ALARMS);
	if (!buf_err(&b))
		text = strdup(buf_cstr(&b));
	buf_fini(&b);
	return text;
}
