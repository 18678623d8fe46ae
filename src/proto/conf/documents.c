#include "proto/conf/documents.h"

#include <jansson.h>
#include <stdlib.h>

struct graft {
	const struct conf_document *d;
	struct arena *arena;
	struct conf_errors *errs;
	enum err err; /* ERR_NO_MEMORY */
};

static const struct {
	const char *name, *list, *key;
} kinds[CONF_DOCUMENT_KINDS] = {
	[CONF_DOCUMENT_ACCOUNT] = { "account", "accounts", "name" },
	[CONF_DOCUMENT_CONNECTOR] = { "connector", "connectors", "name" },
	[CONF_DOCUMENT_GROUP] = { "group", "groups", "name" },
	[CONF_DOCUMENT_USER] = { "user", "users", "email" },
	[CONF_DOCUMENT_ALARMS] = { "alarms", "server", "alarms" },
};

bool conf_at_is_console(struct conf_at at)
{
	return at.file && slice_starts(slice_str(at.file), "console: ");
}

const char *conf_document_kind_name(enum conf_document_kind k)
{
	return (unsigned)k < CONF_DOCUMENT_KINDS ? kinds[k].name : "?";
}

static struct node *new_node(struct graft *g, enum tree_kind kind, struct slice text)
{
	struct node *n = arena_alloc(g->arena, sizeof(*n));

	if (!n) {
		g->err = ERR_NO_MEMORY;
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->quoted = true;
	n->text = text;
	n->file = g->d->origin;
	return n;
}

static void mark(struct node *n, const char *file)
{
	n->file = file;
	for (struct node *c = n->child; c; c = c->next)
		mark(c, file);
}

/* An alias shares its anchor's children: what is hung in here must not show there. */
static void own_children(struct graft *g, struct node *n)
{
	struct node **at = &n->child;

	for (struct node *c = n->own ? NULL : n->child; c && !g->err; c = c->next) {
		struct node *mine = new_node(g, TREE_SCALAR, SLICE_NONE);

		if (!mine)
			return;
		*mine = *c;
		*at = mine;
		at = &mine->next;
	}
	n->own = true;
}

static void append(struct node *to, struct node *n)
{
	struct node **at = &to->child;

	while (*at)
		at = &(*at)->next;
	*at = n;
	to->n++;
}

/* The value of a key, changeable; NULL when there is none. */
static struct node *value_of(struct node *map, const char *key)
{
	if (map->kind == TREE_MAP)
		for (struct node *k = map->child; k && k->next; k = k->next->next)
			if (slice_is(k->text, key))
				return k->next;
	return NULL;
}

/* The list or mapping under a key, there or made. NULL: something else stands there; the reader will
 * say so. */
static struct node *under(struct graft *g, struct node *map, const char *key, enum tree_kind kind)
{
	struct node *list = value_of(map, key);

	if (!list) {
		struct node *k = new_node(g, TREE_SCALAR, slice_str(key));

		list = new_node(g, kind, SLICE_NONE);
		if (!k || !list)
			return NULL;
		own_children(g, map);
		append(map, k);
		append(map, list);
	} else if (node_is_null(list)) {
		list->kind = (uint8_t)kind;
		list->n = 0;
		list->child = NULL;
	}
	return list->kind == (uint8_t)kind ? list : NULL;
}

static struct node *list_under(struct graft *g, struct node *map, const char *key)
{
	return under(g, map, key, TREE_SEQ);
}

static struct node *named(struct node *list, enum conf_document_kind kind, struct slice name)
{
	for (struct node *e = list ? list->child : NULL; e; e = e->next) {
		const struct node *n = value_of(e, kinds[kind].key);

		if (n && n->kind == TREE_SCALAR &&
		    (kind == CONF_DOCUMENT_USER ? slice_eq_nocase(n->text, name)
						: slice_eq(n->text, name)))
			return e;
	}
	return NULL;
}

static void leave_out(struct graft *g, const char *why)
{
	conf_errors_warn(g->errs, (struct conf_at){ g->d->origin, 0, 0 }, "", "left out: %s", why);
}

/* Where it goes, NULL when it goes nowhere. */
static struct node *place(struct graft *g, struct node *root)
{
	struct node *accounts, *account, *list;

	if (root->kind != TREE_MAP || !(accounts = list_under(g, root, "accounts")))
		return NULL;
	account = named(accounts, CONF_DOCUMENT_ACCOUNT, g->d->account);
	if (g->d->kind == CONF_DOCUMENT_ACCOUNT) {
		if (account)
			leave_out(g, "the file has an account of that name");
		return account ? NULL : accounts;
	}
	if (!account) {
		leave_out(g, "its account is in neither the file nor the console");
		return NULL;
	}
	list = list_under(g, account, kinds[g->d->kind].list);
	if (!named(list, (enum conf_document_kind)g->d->kind, g->d->name))
		return list;
	leave_out(g, "the file has one of that name");
	return NULL;
}

static void give_name(struct graft *g, struct node *doc)
{
	struct slice name = g->d->kind == CONF_DOCUMENT_ACCOUNT ? g->d->account : g->d->name;
	struct node *key = new_node(g, TREE_SCALAR, slice_str(kinds[g->d->kind].key)),
		    *value = new_node(g, TREE_SCALAR, name);

	if (!key || !value)
		return;
	key->next = value;
	value->next = doc->child;
	doc->child = key;
	doc->n += 2;
}

/* Real JSON only, as jansson writes it: no aliases, and no escapes that YAML has not. */
static enum err parse_json(const struct conf_document *d, struct arena *a, struct conf_errors *errs,
			   struct node **ret, uint64_t *ret_n)
{
	struct conf_at at = { d->origin, 0, 0 };
	json_error_t error;
	json_t *json =
		json_loadb(d->json.p ? d->json.p : "", d->json.n, JSON_REJECT_DUPLICATES, &error);
	char *text = json_is_object(json) ? json_dumps(json, JSON_COMPACT) : NULL;
	enum err err = ERR_MALFORMED;

	if (text)
		err = tree_parse(slice_str(text), d->origin, a, errs, ret, ret_n);
	else if (json_is_object(json))
		err = ERR_NO_MEMORY;
	else
		conf_errors_add(errs, at, "", "must be a JSON object%s%s", json ? "" : ": ",
				json ? "" : error.text);
	free(text);
	json_decref(json);
	return err;
}

/* What there is one of: a mapping under a mapping's key, unless the file has it. */
static void hang_single(struct graft *g, struct node *root, struct node *doc)
{
	const char *key = kinds[g->d->kind].key;
	struct node *map = root->kind == TREE_MAP ? under(g, root, kinds[g->d->kind].list, TREE_MAP) : NULL;
	const struct node *there = map ? value_of(map, key) : NULL;
	struct node *name = new_node(g, TREE_SCALAR, slice_str(key));

	if (there)
		leave_out(g, "the file has one of that name");
	if (!map || there || !name)
		return;
	own_children(g, map);
	if (g->err)
		return;
	append(map, name);
	append(map, doc);
}

enum err documents_graft(const struct conf_document *d, struct arena *a, struct node *root,
			 uint64_t *nodes_n, struct conf_errors *errs)
{
	struct graft g = { .d = d, .arena = a, .errs = errs };
	struct node *doc, *list;
	uint64_t n;

	if (d->json.n > CONF_DOCUMENT_MAX) {
		conf_errors_add(errs, (struct conf_at){ d->origin, 0, 0 }, "",
				"larger than %d bytes", CONF_DOCUMENT_MAX);
		return ERR_MALFORMED;
	}
	enum err err = parse_json(d, a, errs, &doc, &n);
	if (err != ERR_OK)
		return err;
	mark(doc, d->origin);
	*nodes_n += n + 8;
	if (d->kind == CONF_DOCUMENT_ALARMS) {
		hang_single(&g, root, doc);
		return g.err;
	}
	list = place(&g, root);
	if (list && !g.err)
		own_children(&g, list);
	if (list && !g.err) {
		give_name(&g, doc);
		append(list, doc);
	}
	return g.err;
}
