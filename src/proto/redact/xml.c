#include "proto/redact/escape.h"

/* A document read as marks and text, well-formed or not: what is broken must be seen too. */
struct document {
	struct redact *r;
	struct slice s;
	size_t at;
	enum show show;	     /* of the text that comes next */
	struct slice hidden; /* the element whose content is hidden; p NULL: none */
	unsigned hidden_n;   /* such elements open in one another */
	struct buf *out;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the next `end`, or the end of all. */
static size_t behind(const struct document *d, size_t from, const char *end)
{
	struct slice rest = slice_sub(d->s, from, d->s.n);
	size_t i = slice_find_str(rest, slice_str(end));

	return i == rest.n ? d->s.n : from + i + strlen(end);
}

/* Behind the > of the mark that begins at d->at, quoted ones passed over. */
static size_t mark_end(const struct document *d)
{
	char quote = '\0';

	for (size_t i = d->at; i < d->s.n; i++) {
		char c = d->s.p[i];

		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return d->s.n;
}

static size_t name_end(struct slice m, size_t i)
{
	while (i < m.n && !is_blank(m.p[i]) && !strchr("=/>?\"'", m.p[i]))
		i++;
	return i;
}

static size_t put_attribute_value(struct document *d, struct slice m, size_t i, enum show show)
{
	char quote = m.p[i];
	size_t end = i + 1;

	if (quote != '"' && quote != '\'') {
		end = name_end(m, i);
		end = end > i ? end : i + 1;
		put_escaped(d->r, ESCAPES_XML, slice_sub(m, i, end), show, d->out);
		return end;
	}
	while (end < m.n && m.p[end] != quote)
		end++;
	buf_char(d->out, quote);
	put_escaped(d->r, ESCAPES_XML, slice_sub(m, i + 1, end), show, d->out);
	if (end < m.n)
		buf_char(d->out, quote);
	return end + 1;
}

static void put_attributes(struct document *d, struct slice m, size_t i)
{
	enum show show = SHOW_PLAIN;

	while (i < m.n) {
		char c = m.p[i];
		size_t end = name_end(m, i);

		if (end > i) {
			struct slice name = slice_sub(m, i, end);

			show = d->hidden.p ? SHOW_NOTHING : show_of(name);
			put_name(d->r, name, d->out);
			i = end;
		} else if (c == '"' || c == '\'') {
			i = put_attribute_value(d, m, i, show);
		} else {
			buf_char(d->out, c);
			i++;
		}
	}
}

/* What is hidden ends with its own element only, however broken the document is. */
static void follow(struct document *d, struct slice name, bool closing, bool empty)
{
	d->show = closing || empty ? SHOW_PLAIN : show_of(name);
	if (d->hidden.p && slice_eq(name, d->hidden) && !empty)
		d->hidden_n += closing ? -1u : 1u;
	else if (!d->hidden.p && !closing && !empty && d->show == SHOW_NOTHING) {
		d->hidden = name;
		d->hidden_n = 1;
	}
	if (d->hidden.p && !d->hidden_n)
		d->hidden = SLICE_NONE;
}

static void put_mark(struct document *d)
{
	size_t end = mark_end(d);
	struct slice m = slice_sub(d->s, d->at, end);
	size_t i = 1;

	buf_char(d->out, '<');
	while (i < m.n && (m.p[i] == '/' || m.p[i] == '?'))
		buf_char(d->out, m.p[i++]);
	struct slice name = slice_sub(m, i, name_end(m, i));
	put_name(d->r, name, d->out);
	bool closing = m.n > 1 && m.p[1] == '/',
	     empty = m.n > 2 && (m.p[m.n - 2] == '/' || m.p[1] == '?');
	put_attributes(d, m, i + name.n);
	follow(d, name, closing, empty);
	d->at = end;
}

static void put_text(struct document *d, struct slice text)
{
	put_escaped(d->r, ESCAPES_XML, text, d->hidden.p ? SHOW_NOTHING : d->show, d->out);
}

static void put_special(struct document *d)
{
	struct slice rest = slice_sub(d->s, d->at, d->s.n);
	size_t end = d->s.n;

	if (slice_starts(rest, "<![CDATA[")) {
		end = behind(d, d->at, "]]>");
		size_t text = end - d->at > 12 ? end - 3 : end;
		buf_str(d->out, "<![CDATA[");
		put_text(d, slice_sub(d->s, d->at + 9, text));
		buf_str(d->out, "]]>");
	} else if (slice_starts(rest, "<!--")) {
		end = behind(d, d->at, "-->");
		buf_str(d->out, "<!-- [hidden] -->");
	} else {
		end = behind(d, d->at, ">");
		buf_str(d->out, "<![hidden]>");
	}
	d->at = end;
}

void put_xml(struct redact *r, struct slice xml, struct buf *out)
{
	struct document d = { .r = r, .s = xml, .out = out };

	if (slice_starts(xml, "\xef\xbb\xbf"))
		d.at = 3;
	while (d.at < xml.n) {
		struct slice rest = slice_sub(xml, d.at, xml.n);
		size_t n = slice_find(rest, '<');

		if (n) {
			put_text(&d, slice_sub(rest, 0, n));
			d.at += n;
		} else if (slice_starts(rest, "<!")) {
			put_special(&d);
		} else {
			put_mark(&d);
		}
	}
}
