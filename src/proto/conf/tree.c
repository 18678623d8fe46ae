#include "proto/conf/tree.h"

#include <libfyaml.h>

#include "proto/conf/value.h"

struct anchor {
	struct slice name;
	struct node *node;
};

struct open {
	struct node *node, *last;
	struct slice anchor;
};

struct builder {
	struct arena *arena;
	const char *file;
	struct conf_errors *errs;
	struct node *root;
	uint64_t nodes;
	struct open open[TREE_DEPTH_MAX];
	unsigned depth;
	struct anchor anchors[TREE_ANCHORS_MAX];
	uint32_t anchors_n, aliases_n, documents;
	enum err err;
};

static void refuse(struct builder *b, struct fy_event *ev, const char *text)
{
	const struct fy_mark *m = fy_event_start_mark(ev);
	struct conf_at at = {b->file, m ? (uint32_t)m->line + 1 : 0,
			     m ? (uint32_t)m->column + 1 : 0};

	conf_errors_add(b->errs, at, "", "%s", text);
	b->err = ERR_MALFORMED;
}

static struct node *new_node(struct builder *b, struct fy_event *ev, enum tree_kind kind)
{
	const struct fy_mark *m = fy_event_start_mark(ev);
	struct node *n = arena_alloc(b->arena, sizeof(*n));

	if (!n) {
		b->err = ERR_NO_MEMORY;
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->line = m ? (uint32_t)m->line + 1 : 0;
	n->column = m ? (uint32_t)m->column + 1 : 0;
	b->nodes++;
	return n;
}

static struct slice copy(struct builder *b, struct fy_token *token)
{
	size_t n = 0;
	const char *p = token ? fy_token_get_text(token, &n) : NULL;
	char *mine;

	if (!p || n == 0)
		return SLICE_NONE;
	mine = arena_text(b->arena, slice_of(p, n));
	if (!mine)
		b->err = ERR_NO_MEMORY;
	return slice_of(mine, mine ? n : 0);
}

/* Hangs a node into the innermost open collection. */
static void attach(struct builder *b, struct fy_event *ev, struct node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return;
	}
	struct open *o = &b->open[b->depth - 1];
	if (o->node->kind == TREE_MAP && o->node->n % 2 == 0) {
		if (n->kind != TREE_SCALAR)
			refuse(b, ev, "a key must be a plain word");
		else if (o->node->n / 2 >= TREE_KEYS_MAX)
			refuse(b, ev, "too many keys in one mapping");
	}
	if (o->last)
		o->last->next = n;
	else
		o->node->child = n;
	o->last = n;
	o->node->n++;
}

static void set_anchor(struct builder *b, struct fy_event *ev, struct slice name, struct node *n)
{
	if (!name.p)
		return;
	for (uint32_t i = 0; i < b->anchors_n; i++) {
		if (slice_eq(b->anchors[i].name, name)) {
			b->anchors[i].node = n; /* YAML: the later one counts from here on */
			return;
		}
	}
	if (b->anchors_n == TREE_ANCHORS_MAX)
		refuse(b, ev, "too many anchors (at most 256)");
	else
		b->anchors[b->anchors_n++] = (struct anchor){name, n};
}

static void on_scalar(struct builder *b, struct fy_event *ev)
{
	struct node *n = new_node(b, ev, TREE_SCALAR);

	if (!n)
		return;
	n->text = copy(b, ev->scalar.value);
	enum fy_node_style style = fy_event_get_node_style(ev);
	n->quoted = style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED ||
		    style == FYNS_LITERAL || style == FYNS_FOLDED;
	if ((style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED) && n->column > 1)
		n->column--; /* libfyaml's mark stands behind the quote */
	attach(b, ev, n);
	set_anchor(b, ev, copy(b, ev->scalar.anchor), n);
}

/* An anchor is known once its node is complete, so nothing can contain itself. */
static void on_alias(struct builder *b, struct fy_event *ev)
{
	struct slice name = copy(b, ev->alias.anchor);
	struct node *n = new_node(b, ev, TREE_SCALAR);

	if (!n)
		return;
	if (++b->aliases_n > TREE_ALIASES_MAX) {
		refuse(b, ev, "too many aliases (at most 1024)");
		return;
	}
	for (uint32_t i = 0; i < b->anchors_n; i++) {
		const struct node *to = b->anchors[i].node;

		if (!slice_eq(b->anchors[i].name, name))
			continue;
		n->kind = to->kind;
		n->quoted = to->quoted;
		n->n = to->n;
		n->text = to->text;
		n->child = to->child;
		attach(b, ev, n);
		return;
	}
	refuse(b, ev, "this alias (*) has no anchor (&) before it");
}

static void on_open(struct builder *b, struct fy_event *ev, enum tree_kind kind,
		    struct fy_token *anchor)
{
	struct node *n = new_node(b, ev, kind);

	if (!n)
		return;
	if (b->depth == TREE_DEPTH_MAX) {
		refuse(b, ev, "nested too deeply");
		return;
	}
	attach(b, ev, n);
	b->open[b->depth++] = (struct open){n, NULL, copy(b, anchor)};
}

static void on_close(struct builder *b, struct fy_event *ev)
{
	if (b->depth == 0)
		return;
	struct open *o = &b->open[--b->depth];
	set_anchor(b, ev, o->anchor, o->node);
}

static void on_event(struct builder *b, struct fy_event *ev)
{
	if (fy_event_get_tag_token(ev)) {
		refuse(b, ev, "tags (!) are not used in this file");
		return;
	}
	switch ((int)ev->type) {
	case FYET_DOCUMENT_START:
		if (b->documents++)
			refuse(b, ev, "one YAML document per file: remove what follows '---'");
		break;
	case FYET_SCALAR:
		on_scalar(b, ev);
		break;
	case FYET_ALIAS:
		on_alias(b, ev);
		break;
	case FYET_MAPPING_START:
		on_open(b, ev, TREE_MAP, ev->mapping_start.anchor);
		break;
	case FYET_SEQUENCE_START:
		on_open(b, ev, TREE_SEQ, ev->sequence_start.anchor);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		on_close(b, ev);
		break;
	default:
		break;
	}
}

/* libfyaml's own words about what is no YAML; it may say nothing when it ran out of memory. */
static void report_syntax(struct builder *b, struct fy_diag *diag)
{
	struct fy_diag_error *e;
	void *iter = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(diag, &iter))) {
		struct conf_at at = {b->file, 0, 0};

		if (e->line > 0)
			at.line = (uint32_t)e->line;
		if (e->column > 0)
			at.column = (uint32_t)e->column;
		conf_errors_add(b->errs, at, "", "not YAML: %s", e->msg ? e->msg : "syntax error");
		any = true;
	}
	if (!any)
		conf_errors_add(b->errs, (struct conf_at){b->file, 0, 0}, "", "not YAML");
	b->err = ERR_MALFORMED;
}

static void run(struct builder *b, struct fy_parser *parser, struct fy_diag *diag,
		struct slice yaml)
{
	struct fy_event *ev;

	if (fy_parser_set_string(parser, yaml.p, yaml.n)) {
		b->err = ERR_NO_MEMORY;
		return;
	}
	while (b->err == ERR_OK && (ev = fy_parser_parse(parser))) {
		on_event(b, ev);
		fy_parser_event_free(parser, ev);
	}
	if (b->err == ERR_OK && (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag)))
		report_syntax(b, diag);
}

/* What libfyaml would print goes nowhere: its errors are collected. */
static void discard(struct fy_diag *diag, void *user, const char *text, size_t n)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)n;
}

static enum err parse_with(struct builder *b, struct slice yaml)
{
	struct fy_diag_cfg diag_cfg;

	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = discard;
	diag_cfg.colorize = false;
	diag_cfg.level = FYET_ERROR;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	if (!diag)
		return ERR_NO_MEMORY;
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {
	    .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT, .diag = diag};
	struct fy_parser *parser = fy_parser_create(&cfg);
	if (parser)
		run(b, parser, diag, yaml);
	else
		b->err = ERR_NO_MEMORY;
	if (parser)
		fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return b->err;
}

/* libfyaml 0.7 does not come back from some bytes that are no UTF-8 (in a directive, for one), so
 * it gets to see text only; and a directive says nothing that this file needs. */
static enum err check_text(struct slice yaml, const char *file, struct conf_errors *errs)
{
	struct conf_at at = {file, 0, 0};
	struct slice line, part;

	while (slice_split(&yaml, '\n', &line)) {
		at.line++;
		at.column = 1;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n && line.p[0] == '%') {
			conf_errors_add(errs, at, "", "directives (%%) are not used in this file");
			return ERR_MALFORMED;
		}
		while (slice_split(&line, '\t', &part)) {
			size_t good = value_text_prefix(part);

			at.column += (uint32_t)good;
			if (good < part.n) {
				conf_errors_add(errs, at, "", "no text: save the file as UTF-8");
				return ERR_MALFORMED;
			}
			at.column++;
		}
	}
	return ERR_OK;
}

enum err tree_parse(struct slice yaml, const char *file, struct arena *a, struct conf_errors *errs,
		    struct node **ret, uint64_t *ret_nodes)
{
	struct builder *b = arena_alloc(a, sizeof(*b));
	enum err err = check_text(yaml, file, errs);

	if (err != ERR_OK)
		return err;
	if (!b)
		return ERR_NO_MEMORY;
	b->arena = a;
	b->file = file;
	b->errs = errs;
	if (yaml.n > 0 && (err = parse_with(b, yaml)) != ERR_OK)
		return err;
	if (!b->root || node_is_null(b->root)) {
		struct node *empty = arena_alloc(a, sizeof(*empty));

		if (!empty)
			return ERR_NO_MEMORY;
		empty->kind = TREE_MAP;
		b->root = empty;
	}
	*ret = b->root;
	*ret_nodes = b->nodes + 1;
	return ERR_OK;
}

bool node_is_null(const struct node *n)
{
	return n->kind == TREE_SCALAR && !n->quoted &&
	       (n->text.n == 0 || slice_is(n->text, "~") || slice_is_nocase(n->text, "null"));
}

const struct node *node_key(const struct node *map, const char *key)
{
	if (map->kind != TREE_MAP)
		return NULL;
	for (const struct node *k = map->child; k && k->next; k = k->next->next)
		if (slice_is(k->text, key))
			return k;
	return NULL;
}
