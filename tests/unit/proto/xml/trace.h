/* trace.h - what a walk over a document said, as text: for comparing the quick reader with expat.
 * Also used by tests/fuzz/xml/quick_fuzz.c, so without cmocka. */
#ifndef TESTS_UNIT_PROTO_XML_TRACE_H
#define TESTS_UNIT_PROTO_XML_TRACE_H

#include "base/buf.h"
#include "base/check.h"
#include "proto/xml/walk.h"

/* skip: elements of this local name are skipped; refuse: the root is refused. */
struct trace {
	struct buf text;
	const char *skip;
	bool refuse;
};

static inline bool trace_open(void *arg, const struct xml_element *e)
{
	struct trace *t = arg;

	buf_fmt(&t->text, "\n%u <%.*s|%.*s", e->depth, SLICE_ARG(e->ns), SLICE_ARG(e->local));
	for (const char **a = e->atts; a[0]; a += 2)
		buf_fmt(&t->text, " %s=%s", a[0], a[1]);
	buf_char(&t->text, '>');
	return !t->refuse && !(t->skip && slice_is(e->local, t->skip));
}

/* Pieces are joined: where expat cuts is its own business. */
static inline void trace_text(void *arg, unsigned depth, struct slice piece)
{
	struct trace *t = arg;

	(void)depth;
	buf_slice(&t->text, piece);
}

static inline void trace_close(void *arg, unsigned depth)
{
	struct trace *t = arg;

	buf_fmt(&t->text, "\n%u /", depth);
}

/* True when the quick reader took the document; then expat must have said the same, which is checked. */
static inline bool trace_compare(struct xml_reader *r, struct slice body, const char *skip, bool refuse)
{
	static const struct xml_walk walk = { trace_open, trace_text, trace_close };
	struct trace a = { .skip = skip, .refuse = refuse }, b = a;
	enum err quick, expat;

	body = slice_trim(body);
	if (!body.n || body.n > XML_BODY_MAX)
		return false;
	buf_init(&a.text, 1 << 20);
	buf_init(&b.text, 1 << 20);
	bool taken = xml_walk_quick(r, body, &walk, &a, &quick);
	if (taken) {
		expat = xml_walk_expat(r, body, &walk, &b);
		CHECK(quick == expat);
		CHECK(slice_eq(buf_view(&a.text), buf_view(&b.text)));
	}
	buf_fini(&a.text);
	buf_fini(&b.text);
	return taken;
}

#endif
