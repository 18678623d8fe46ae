#include "proto/xml/quick.h"

/* The zero byte that ends the copy belongs to no class below, so every scan ends there. */

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Blanks other than the space would be replaced by expat. */
static bool is_value(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '<' && c != '&';
}

/* "]]>" is an error in text; neither of its characters is common enough to look closer. */
static bool is_text(char c)
{
	return (c >= ' ' && c <= '~' && c != '<' && c != '&' && c != '>' && c != ']') ||
	       c == '\n' || c == '\t';
}

static char *skip_blank(char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t')
		p++;
	return p;
}

static bool add(struct quick *q, enum quick_kind kind, struct slice text, uint32_t atts)
{
	if (q->n == QUICK_EVENTS_MAX)
		return false;
	q->events[q->n++] = (struct quick_event){ (uint8_t)kind, (uint16_t)atts, text };
	return true;
}

static char *skip_declaration(struct quick *q)
{
	static const char *const known[] = {
		"<?xml version=\"1.0\"?>",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i]);

		if (strncmp(q->text, known[i], n) == 0)
			return q->text + n;
	}
	return q->text;
}

/* Once, at the root, and none of the names that the standard keeps for itself. */
static bool take_namespace(struct quick *q, struct slice uri)
{
	if (q->depth || q->ns.n || uri.n == 0 || slice_starts(uri, "http://www.w3.org/"))
		return false;
	q->ns = uri;
	return true;
}

static bool take_attribute(struct quick *q, uint32_t first, const char *name, struct slice value)
{
	if (strcmp(name, "xmlns") == 0)
		return take_namespace(q, value);
	for (uint32_t i = first; i < q->atts_n; i += 2)
		if (strcmp(q->atts[i], name) == 0)
			return false;
	if (q->atts_n + 3 > QUICK_ATTS_MAX)
		return false;
	q->atts[q->atts_n++] = name;
	q->atts[q->atts_n++] = value.p;
	return true;
}

/* From behind the element's name to the tag's '>' or '/'. */
static char *attributes(struct quick *q, char *p)
{
	uint32_t first = q->atts_n;

	for (;;) {
		char *name = skip_blank(p), *value;

		if (*name == '>' || *name == '/') {
			if (q->atts_n == QUICK_ATTS_MAX)
				return NULL;
			q->atts[q->atts_n++] = NULL;
			return name;
		}
		if (name == p || !is_name_start(*name))
			return NULL;
		for (p = name; is_name(*p);)
			p++;
		if (p[0] != '=' || p[1] != '"')
			return NULL;
		*p = '\0';
		value = p += 2;
		while (is_value(*p))
			p++;
		if (*p != '"')
			return NULL;
		*p = '\0';
		if (!take_attribute(q, first, name, slice_of(value, (size_t)(p - value))))
			return NULL;
		p++;
	}
}

/* From behind '<' to behind '>'. */
static char *open_tag(struct quick *q, char *p)
{
	char *name = p;
	uint32_t atts = q->atts_n;

	if (!is_name_start(*p))
		return NULL;
	while (is_name(*p))
		p++;
	struct slice local = slice_of(name, (size_t)(p - name));
	p = attributes(q, p);
	if (!p || !add(q, QUICK_OPEN, local, atts) || q->depth == QUICK_DEPTH_MAX)
		return NULL;
	if (*p == '/')
		return p[1] == '>' && add(q, QUICK_CLOSE, local, 0) ? p + 2 : NULL;
	q->open[q->depth++] = local;
	return p + 1;
}

/* From behind "</" to behind '>'. */
static char *close_tag(struct quick *q, char *p)
{
	struct slice local = q->open[--q->depth];

	if (strncmp(p, local.p, local.n) != 0)
		return NULL;
	p = skip_blank(p + local.n);
	return *p == '>' && add(q, QUICK_CLOSE, local, 0) ? p + 1 : NULL;
}

static char *run_of_text(struct quick *q, char *p)
{
	char *from = p;

	while (is_text(*p))
		p++;
	if (*p != '<')
		return NULL;
	return p == from || add(q, QUICK_TEXT, slice_of(from, (size_t)(p - from)), 0) ? p : NULL;
}

bool quick_read(struct quick *q, struct slice body)
{
	if (body.n == 0 || body.n > QUICK_BODY_MAX)
		return false;
	memcpy(q->text, body.p, body.n);
	q->text[body.n] = '\0';
	q->ns = SLICE_NONE;
	q->n = q->atts_n = q->depth = 0;
	char *p = skip_blank(skip_declaration(q));
	if (*p++ != '<')
		return false;
	do {
		p = *p == '/' && q->depth ? close_tag(q, p + 1) : open_tag(q, p);
		if (p && q->depth)
			p = run_of_text(q, p);
		if (p && q->depth)
			p++; /* the '<' */
	} while (p && q->depth);
	return p && skip_blank(p) == q->text + body.n;
}
