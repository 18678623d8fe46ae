#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/reader.h"

struct conf_at reader_at(const struct reader *rd, const struct node *n)
{
	return (struct conf_at){n && n->file ? n->file : rd->file, n ? n->line : 0, n ? n->column : 0};
}

/* accounts[0].connectors[1].type */
static void path_text(const struct reader *rd, const char *key, char *dst, size_t cap)
{
	struct buf b;

	buf_init(&b, cap - 1);
	for (uint32_t i = 0; i < rd->depth; i++) {
		buf_fmt(&b, "%s%s", i ? "." : "", rd->path[i].key);
		if (rd->path[i].index != UINT32_MAX)
			buf_fmt(&b, "[%u]", rd->path[i].index);
	}
	if (key)
		buf_fmt(&b, "%s%s", rd->depth ? "." : "", key);
	snprintf(dst, cap, "%s", buf_cstr(&b));
	buf_fini(&b);
}

void reader_refuse(struct reader *rd, const struct node *n, const char *key, const char *fmt, ...)
{
	char path[128], text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	path_text(rd, key, path, sizeof(path));
	conf_errors_add(rd->errs, reader_at(rd, n), path, "%s", text);
}

void reader_warn(struct reader *rd, const struct node *n, const char *key, const char *fmt, ...)
{
	char path[128], text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	path_text(rd, key, path, sizeof(path));
	conf_errors_warn(rd->errs, reader_at(rd, n), path, "%s", text);
}

void reader_wants(struct reader *rd, const struct node *n, const struct setting *s)
{
	struct buf b;

	buf_init(&b, 200);
	schema_wants(s, &b);
	reader_refuse(rd, n, s->key, "must be %s", buf_cstr(&b));
	buf_fini(&b);
}

const char *reader_text(struct reader *rd, struct slice s)
{
	char *p = s.n ? arena_text(&rd->c->arena, s) : NULL;

	if (s.n && !p)
		rd->err = ERR_NO_MEMORY;
	return p ? p : "";
}

void *reader_array(struct reader *rd, size_t count, size_t size)
{
	void *p = count ? arena_array(&rd->c->arena, count, size) : NULL;

	if (count && !p)
		rd->err = ERR_NO_MEMORY;
	return p;
}

void reader_add_file(struct reader *rd, const struct node *n, const struct setting *s,
		     enum conf_file_kind kind, const char **name, struct secret *secret)
{
	struct conf *c = rd->c;
	char path[128];

	if (c->files_n == rd->files_cap) {
		uint32_t cap = rd->files_cap ? rd->files_cap * 2 : 16;
		struct conf_file *files = realloc(c->files, cap * sizeof(*files));

		if (!files) {
			rd->err = ERR_NO_MEMORY;
			return;
		}
		c->files = files;
		rd->files_cap = cap;
	}
	path_text(rd, s->key, path, sizeof(path));
	struct conf_at at = reader_at(rd, n);
	at.file = reader_text(rd, slice_str(at.file));
	c->files[c->files_n++] = (struct conf_file){
	    .kind = (uint8_t)kind,
	    .name = name,
	    .secret = secret,
	    .account = rd->account ? rd->account_index : UINT32_MAX,
	    .at = at,
	    .key = reader_text(rd, slice_str(path)),
	};
}

const struct conf_group *conf_group_of(const struct conf_account *a, const char *name)
{
	for (uint32_t i = 0; a && name && name[0] && i < a->groups_n; i++)
		if (slice_is(slice_str(name), a->groups[i].name))
			return &a->groups[i];
	return NULL;
}

static void *field_of(void *object, size_t offset)
{
	return (char *)object + offset;
}

static bool spend(struct reader *rd, const struct node *n)
{
	if (rd->err != ERR_OK)
		return false;
	if (rd->budget == 0) {
		reader_refuse(rd, n, NULL, "aliases make this file too large");
		rd->err = ERR_LIMIT;
		return false;
	}
	rd->budget--;
	return true;
}

static void push(struct reader *rd, const char *key, uint32_t index)
{
	CHECK(rd->depth < READER_PATH_MAX);
	rd->path[rd->depth++] = (struct reader_frame){key, index};
}

/* ---- lists ---- */

/* To be kept: the name of a document's origin lives as long as the configuration then. */
static struct conf_at place_of(struct reader *rd, const struct node *n)
{
	struct conf_at at = reader_at(rd, n);

	if (at.file != rd->file)
		at.file = reader_text(rd, slice_str(at.file));
	return at;
}

static void enter(struct reader *rd, const struct setting *s, void *object, uint32_t i,
		  const struct node *n)
{
	struct conf_at at = place_of(rd, n);

	if (s->sub == SCOPE_account) {
		rd->account = object;
		rd->account_index = i;
		rd->account->at = at;
	} else if (s->sub == SCOPE_connector) {
		rd->connector_types = 0;
		((struct conf_connector *)object)->at = at;
	} else if (s->sub == SCOPE_user) {
		((struct conf_user *)object)->at = at;
	} else if (s->sub == SCOPE_group) {
		((struct conf_group *)object)->at = at;
	}
}

static void leave(struct reader *rd, const struct setting *s)
{
	if (s->sub == SCOPE_account)
		rd->account = NULL;
	rd->connector_types = 0;
}

/* The array has its full size before the first entry is read, so that pointers into it stand; the
 * count follows, so that an entry sees only those before it. */
static void read_list(struct reader *rd, const struct setting *s, const struct node *list,
		      void *object)
{
	size_t size = schema_of((enum conf_scope)s->sub).size;
	uint32_t *n = field_of(object, s->offset_n);

	if (list->kind != TREE_SEQ) {
		reader_refuse(rd, list, s->key, "must be a list: one '- ' per entry");
		return;
	}
	if (list->n > s->hi) {
		reader_refuse(rd, list, s->key, "at most %lld entries", (long long)s->hi);
		return;
	}
	char *items = reader_array(rd, list->n + 1u, size);
	if (!items)
		return;
	memcpy(field_of(object, s->offset), &items, sizeof(items));
	read_defaults(rd, (enum conf_scope)s->sub, items + list->n * size);
	uint32_t i = 0;
	for (const struct node *e = list->child; e; e = e->next, i++) {
		memcpy(items + i * size, items + list->n * size, size);
		push(rd, s->key, i);
		enter(rd, s, items + i * size, i, e);
		read_map(rd, (enum conf_scope)s->sub, e, items + i * size);
		leave(rd, s);
		rd->depth--;
		*n = i + 1;
		if (rd->err != ERR_OK)
			return;
	}
}

/* ---- mappings ---- */

static void read_group(struct reader *rd, const struct setting *s, const struct node *n,
		       void *object)
{
	push(rd, s->key, UINT32_MAX);
	read_map(rd, (enum conf_scope)s->sub, n, field_of(object, s->offset));
	rd->depth--;
}

static void refuse_unknown(struct reader *rd, enum conf_scope scope, const struct node *key)
{
	const struct setting *near = schema_nearest(scope, key->text);
	const struct setting *other = near ? NULL : schema_elsewhere(scope, key->text);
	char name[41];

	snprintf(name, sizeof(name), "%.*s", (int)(key->text.n < 40 ? key->text.n : 40),
		 key->text.p ? key->text.p : "");
	if (near)
		reader_refuse(rd, key, name, "no such key; did you mean %s?", near->key);
	else if (other && other->scope == SCOPE_root)
		reader_refuse(rd, key, name, "no such key here; it stands at the top of the file");
	else if (other)
		reader_refuse(rd, key, name, "no such key here; it belongs to %s",
			      schema_scope_name((enum conf_scope)other->scope));
	else
		reader_refuse(rd, key, name, "no such key");
}

static bool is_row(const struct schema *schema, struct slice key)
{
	for (size_t i = 0; i < schema->n; i++)
		if (slice_is(key, schema->rows[i].key))
			return true;
	return false;
}

static void check_keys(struct reader *rd, enum conf_scope scope, const struct schema *schema,
		       const struct node *map)
{
	for (const struct node *k = map->child; k && k->next; k = k->next->next) {
		const struct node *before = map->child;

		while (before != k && !slice_eq(before->text, k->text))
			before = before->next->next;
		if (before != k)
			reader_refuse(rd, k, NULL, "%.*s: given already in line %u",
				      (int)(k->text.n < 40 ? k->text.n : 40),
				      k->text.p ? k->text.p : "", before->line);
		else if (!is_row(schema, k->text))
			refuse_unknown(rd, scope, k);
	}
}

/* False when the row is not for this version or not for this type of connector. */
static bool may_stand(struct reader *rd, const struct setting *s, const struct node *key)
{
	const struct node *value = key->next;

	if (s->flags & LATER) {
		if (value->kind != TREE_SCALAR || (value->text.n && !node_is_null(value)))
			reader_refuse(rd, key, s->key, "not in this version");
		return false;
	}
	if (rd->connector_types && (s->flags & FOR_ANY) && !(s->flags & rd->connector_types)) {
		reader_refuse(rd, key, s->key, "not for a connector of this type");
		return false;
	}
	return true;
}

static void read_row(struct reader *rd, const struct setting *s, const struct node *map,
		     void *object)
{
	const struct node *key = node_key(map, s->key);

	if (!key) {
		if (s->flags & REQUIRED)
			reader_refuse(rd, map, s->key, "is missing");
		return;
	}
	if (!may_stand(rd, s, key) || !spend(rd, key))
		return;
	if (node_is_null(key->next)) {
		if (s->flags & REQUIRED)
			reader_refuse(rd, key, s->key, "is empty");
	} else if (s->kind == KIND_GROUP) {
		if (s->sub == SCOPE_alarms)
			((struct conf_server *)object)->alarms.at = place_of(rd, key);
		read_group(rd, s, key->next, object);
	} else if (s->kind == KIND_LIST) {
		read_list(rd, s, key->next, object);
	} else {
		scalar_read(rd, s, key->next, field_of(object, s->offset));
	}
}

void read_map(struct reader *rd, enum conf_scope scope, const struct node *map, void *object)
{
	struct schema schema = schema_of(scope);

	if (map->kind != TREE_MAP) {
		reader_refuse(rd, map, NULL, "must be a mapping: key: value");
		return;
	}
	check_keys(rd, scope, &schema, map);
	for (size_t i = 0; i < schema.n && rd->err == ERR_OK; i++)
		read_row(rd, &schema.rows[i], map, object);
	check_scope(rd, scope, map, object);
}

/* Through the same decoders as the file, so that table, code and documentation cannot differ. */
void read_defaults(struct reader *rd, enum conf_scope scope, void *object)
{
	struct schema schema = schema_of(scope);

	for (size_t i = 0; i < schema.n; i++) {
		const struct setting *s = &schema.rows[i];
		struct node n = {.kind = TREE_SCALAR, .text = slice_str(s->def)};

		if (s->kind == KIND_GROUP)
			read_defaults(rd, (enum conf_scope)s->sub, field_of(object, s->offset));
		else if (s->kind != KIND_LIST)
			scalar_read(rd, s, &n, field_of(object, s->offset));
	}
}
