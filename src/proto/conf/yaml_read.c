/* yaml_read.c - YAML as JSON values: settings on their way to the API. */
#include "base/arena.h"
#include "proto/conf/render.h"
#include "proto/conf/tree.h"

enum { TREE_BYTES_MAX = 64 << 20, NODES_MAX = 1 << 20 };

struct reading {
	const char *file;
	struct conf_errors *errs;
	uint32_t budget; /* aliases share their nodes: this bounds what they come to */
};

static json_t *value_of(struct reading *r, const struct node *n);

static json_t *scalar_of(const struct node *n)
{
	if (node_is_null(n))
		return json_null();
	if (!n->quoted && (slice_is(n->text, "true") || slice_is(n->text, "yes")))
		return json_true();
	if (!n->quoted && (slice_is(n->text, "false") || slice_is(n->text, "no")))
		return json_false();
	return json_stringn(n->text.p, n->text.n);
}

static bool is_new(struct reading *r, json_t *map, const struct node *k)
{
	const struct conf_at at = { r->file, k->line, k->column };
	char key[128] = "";

	if (!slice_copy(k->text, key, sizeof(key)) && !json_object_get(map, key))
		return true;
	conf_errors_add(r->errs, at, "", "%.60s: given already, or too long a key", key);
	return false;
}

static json_t *map_of(struct reading *r, const struct node *n)
{
	json_t *map = json_object();

	for (const struct node *k = n->child; map && k && k->next; k = k->next->next) {
		json_t *v = is_new(r, map, k) ? value_of(r, k->next) : NULL;

		if (!v || json_object_setn_new(map, k->text.p ? k->text.p : "", k->text.n, v)) {
			json_decref(map);
			return NULL;
		}
	}
	return map;
}

static json_t *list_of(struct reading *r, const struct node *n)
{
	json_t *list = json_array();

	for (const struct node *c = n->child; list && c; c = c->next)
		if (json_array_append_new(list, value_of(r, c))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *value_of(struct reading *r, const struct node *n)
{
	if (r->budget == 0)
		return NULL;
	r->budget--;
	return n->kind == TREE_MAP   ? map_of(r, n)
	       : n->kind == TREE_SEQ ? list_of(r, n)
				     : scalar_of(n);
}

enum err yaml_read(struct slice yaml, const char *file, json_t **ret, struct conf_errors *errs)
{
	struct reading r = { file, errs, NODES_MAX };
	json_t *value = NULL;
	struct arena arena;
	struct node *root;
	uint64_t nodes;

	arena_init(&arena, TREE_BYTES_MAX);
	enum err e = tree_parse(yaml, file, &arena, errs, &root, &nodes);
	if (!e)
		value = value_of(&r, root);
	arena_fini(&arena);
	if (value)
		*ret = value;
	return e ? e : value ? ERR_OK : errs->errors ? ERR_MALFORMED : ERR_NO_MEMORY;
}
