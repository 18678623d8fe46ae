#include "proto/xml/xml.h"

#include <expat.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/xml/quick.h"
#include "proto/xml/walk.h"

/* Stands between namespace and local name; it can be part of neither. */
#define NS_SEPARATOR '\n'

struct xml_reader {
	XML_Parser parser;
	uint64_t salt;
	const struct xml_walk *walk;
	void *arg;
	unsigned depth;
	unsigned skip; /* depth of the outermost element being skipped, 0: none */
	enum err err;
	bool quick; /* the events come from the quick reader */
	struct quick plain;
};

static void stop(struct xml_reader *r, enum err e)
{
	if (!r->err)
		r->err = e;
	if (!r->quick)
		XML_StopParser(r->parser, XML_FALSE);
}

static void enter(struct xml_reader *r, struct slice ns, struct slice local, const char **atts)
{
	if (r->err)
		return;
	if (++r->depth > XML_DEPTH_MAX) {
		stop(r, ERR_LIMIT);
		return;
	}
	if (r->skip)
		return;
	struct xml_element e = { .ns = ns, .local = local, .depth = r->depth, .atts = atts };
	if (r->walk->open(r->arg, &e))
		return;
	if (r->depth == 1)
		stop(r, ERR_MALFORMED);
	r->skip = r->depth;
}

static void leave(struct xml_reader *r)
{
	if (r->err)
		return;
	if (!r->skip)
		r->walk->close(r->arg, r->depth);
	else if (r->skip == r->depth)
		r->skip = 0;
	r->depth--;
}

static void take_text(struct xml_reader *r, struct slice piece)
{
	if (!r->err && !r->skip)
		r->walk->text(r->arg, r->depth, piece);
}

/* ---- from expat ---- */

static void on_open(void *arg, const XML_Char *name, const XML_Char **atts)
{
	const char *split = strrchr(name, NS_SEPARATOR);

	enter(arg, split ? slice_of(name, (size_t)(split - name)) : SLICE_NONE,
	      slice_str(split ? split + 1 : name), atts);
}

static void on_close(void *arg, const XML_Char *name)
{
	(void)name;
	leave(arg);
}

static void on_text(void *arg, const XML_Char *p, int n)
{
	take_text(arg, slice_of(p, (size_t)n));
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
		       const XML_Char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	stop(arg, ERR_MALFORMED);
}

/* XML_ParserReset forgets handlers and salt. */
static void arm(struct xml_reader *r)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_open, on_close);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	XML_SetHashSalt(r->parser, (unsigned long)r->salt);
}

enum err xml_reader_new(struct xml_reader **ret, uint64_t salt)
{
	struct xml_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	r->parser = XML_ParserCreateNS(NULL, NS_SEPARATOR);
	if (!r->parser) {
		free(r);
		return ERR_NO_MEMORY;
	}
	r->salt = salt ? salt : 1; /* 0 would let expat choose one for itself */
	*ret = r;
	return ERR_OK;
}

void xml_reader_free(struct xml_reader *r)
{
	if (!r)
		return;
	XML_ParserFree(r->parser);
	free(r);
}

uint64_t xml_salt(const struct xml_reader *r)
{
	return r->salt;
}

static void begin(struct xml_reader *r, const struct xml_walk *walk, void *arg, bool quick)
{
	r->walk = walk;
	r->arg = arg;
	r->depth = r->skip = 0;
	r->err = ERR_OK;
	r->quick = quick;
}

enum err xml_walk_expat(struct xml_reader *r, struct slice body, const struct xml_walk *walk, void *arg)
{
	enum XML_Status status;

	if (!XML_ParserReset(r->parser, NULL))
		return ERR_NO_MEMORY;
	begin(r, walk, arg, false);
	arm(r);
	status = XML_Parse(r->parser, body.p, (int)body.n, XML_TRUE);
	if (r->err)
		return r->err;
	if (status == XML_STATUS_OK)
		return ERR_OK;
	return XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY ? ERR_NO_MEMORY : ERR_MALFORMED;
}

bool xml_walk_quick(struct xml_reader *r, struct slice body, const struct xml_walk *walk, void *arg,
		    enum err *ret)
{
	const struct quick *q = &r->plain;

	if (!quick_read(&r->plain, body))
		return false;
	begin(r, walk, arg, true);
	for (uint32_t i = 0; i < q->n && !r->err; i++) {
		const struct quick_event *e = &q->events[i];

		if (e->kind == QUICK_OPEN)
			enter(r, q->ns, e->text, &r->plain.atts[e->atts]);
		else if (e->kind == QUICK_TEXT)
			take_text(r, e->text);
		else
			leave(r);
	}
	*ret = r->err;
	return true;
}

enum err xml_walk(struct xml_reader *r, struct slice body, const struct xml_walk *walk, void *arg)
{
	enum err e;

	if (body.n > XML_BODY_MAX)
		return ERR_LIMIT;
	body = slice_trim(body); /* an empty line before <?xml is an error to expat */
	if (!body.n)
		return ERR_MALFORMED;
	if (xml_walk_quick(r, body, walk, arg, &e))
		return e;
	return xml_walk_expat(r, body, walk, arg);
}

struct slice xml_attr(const struct xml_element *e, const char *name)
{
	for (const char **a = e->atts; a[0]; a += 2)
		if (strcmp(a[0], name) == 0)
			return slice_str(a[1]);
	return SLICE_NONE;
}

void xml_word_reset(struct xml_word *w)
{
	w->n = 0;
	w->cut = false;
}

void xml_word_add(struct xml_word *w, struct slice piece)
{
	/* Indentation before the word must not use up its room. */
	if (!w->n)
		while (piece.n && strchr(" \t\r\n", piece.p[0]))
			piece.p++, piece.n--;
	if (piece.n > sizeof(w->p) - w->n) {
		piece.n = sizeof(w->p) - w->n;
		w->cut = true;
	}
	memcpy(w->p + w->n, piece.p, piece.n);
	w->n += piece.n;
}

struct slice xml_word_get(const struct xml_word *w)
{
	return w->cut ? SLICE_NONE : slice_trim(slice_of(w->p, w->n));
}

void xml_put_text(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		default:
			buf_char(b, s.p[i]);
		}
	}
}
