/* mivo_xml.c - requests read with expat into a flat list, and messages written. */
#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "mivo_own.h"

enum { DEPTH_MAX = 24 };

struct reading {
	struct doc *doc;
	XML_Parser parser;
	uint32_t open[DEPTH_MAX]; /* index of the item, DOC_ITEMS: passed over */
	uint32_t depth;
	bool bad;
};

static void stop(struct reading *r)
{
	r->bad = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void on_open(void *arg, const char *name, const char **attributes)
{
	struct reading *r = arg;
	const char *local = strrchr(name, ':');
	struct doc_item *item;

	(void)attributes;
	if (r->depth == DEPTH_MAX) {
		stop(r);
		return;
	}
	r->open[r->depth++] = r->doc->n;
	if (r->doc->n == DOC_ITEMS)
		return;
	item = &r->doc->item[r->doc->n++];
	*item = (struct doc_item){ .depth = (uint8_t)(r->depth - 1) };
	snprintf(item->name, sizeof(item->name), "%s", local ? local + 1 : name);
}

static void on_close(void *arg, const char *name)
{
	struct reading *r = arg;

	(void)name;
	r->depth--;
}

static void on_text(void *arg, const char *text, int n)
{
	struct reading *r = arg;
	uint32_t at = r->depth ? r->open[r->depth - 1] : DOC_ITEMS;
	struct slice s = slice_of(text, (size_t)n);
	struct doc_item *item;
	size_t have;

	if (at == DOC_ITEMS)
		return;
	item = &r->doc->item[at];
	have = strlen(item->text);
	if (have == 0)
		while (s.n && (*s.p == ' ' || *s.p == '\n' || *s.p == '\r' || *s.p == '\t'))
			s = slice_sub(s, 1, s.n);
	if (s.n > sizeof(item->text) - 1 - have)
		s.n = sizeof(item->text) - 1 - have;
	memcpy(item->text + have, s.p ? s.p : "", s.n);
}

static void on_doctype(void *arg, const char *name, const char *system, const char *public,
		       int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(arg);
}

enum err doc_read(struct doc *d, struct slice xml)
{
	struct reading r = { .doc = d, .parser = XML_ParserCreate(NULL) };
	bool good;

	if (!r.parser)
		return ERR_NO_MEMORY;
	d->n = 0;
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_open, on_close);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	good = XML_Parse(r.parser, xml.p, (int)xml.n, 1) == XML_STATUS_OK && !r.bad && d->n;
	XML_ParserFree(r.parser);
	for (uint32_t i = 0; i < d->n; i++) {
		size_t n = strlen(d->item[i].text);

		while (n && (unsigned char)d->item[i].text[n - 1] <= ' ')
			d->item[i].text[--n] = '\0';
	}
	return good ? ERR_OK : ERR_MALFORMED;
}

const char *doc_root(const struct doc *d)
{
	return d->item[0].name;
}

const char *doc_text(const struct doc *d, const char *name)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (strcmp(d->item[i].name, name) == 0)
			return d->item[i].text;
	return NULL;
}

/* ---- writing ---- */

static void put_name(struct writer *w, const char *before, const char *name)
{
	buf_str(&w->b, before);
	if (w->prefix[0]) {
		buf_str(&w->b, w->prefix);
		buf_char(&w->b, ':');
	}
	buf_str(&w->b, name);
}

static void begin(struct writer *w, const char *root, const char *ns)
{
	buf_init(&w->b, FRAME_MAX - HEAD_BYTES);
	buf_str(&w->b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	put_name(w, "<", root);
	if (ns[0])
		buf_fmt(&w->b, " xmlns%s%s=\"%s\"", w->prefix[0] ? ":" : "", w->prefix, ns);
	buf_char(&w->b, '>');
}

void w_begin(struct writer *w, const struct mivo *m, const char *root)
{
	char ns[96];

	*w = (struct writer){ 0 };
	if (!m->sw.no_namespace)
		snprintf(w->prefix, sizeof(w->prefix), "%s", m->sw.prefix);
	snprintf(ns, sizeof(ns), "http://www.ecma-international.org/standards/ecma-323/csta/ed%u",
		 m->sw.edition);
	begin(w, root, m->sw.no_namespace ? "" : ns);
}

void w_begin_session(struct writer *w, const char *root)
{
	*w = (struct writer){ 0 };
	begin(w, root, "http://www.ecma-international.org/standards/ecma-354/appl_session");
}

void w_open(struct writer *w, const char *name)
{
	put_name(w, "<", name);
	buf_char(&w->b, '>');
}

void w_close(struct writer *w, const char *name)
{
	put_name(w, "</", name);
	buf_char(&w->b, '>');
}

void w_empty(struct writer *w, const char *name)
{
	put_name(w, "<", name);
	buf_str(&w->b, "/>");
}

void w_text(struct writer *w, const char *name, const char *text)
{
	w_open(w, name);
	for (; *text; text++) {
		if (*text == '<')
			buf_str(&w->b, "&lt;");
		else if (*text == '>')
			buf_str(&w->b, "&gt;");
		else if (*text == '&')
			buf_str(&w->b, "&amp;");
		else
			buf_char(&w->b, *text);
	}
	w_close(w, name);
}

void w_number(struct writer *w, const char *name, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	w_text(w, name, text);
}
