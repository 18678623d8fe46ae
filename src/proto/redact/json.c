#include "proto/redact/escape.h"

struct json {
	struct redact *r;
	struct slice s;
	size_t at;
	enum show show;
	unsigned depth, hidden_from; /* 0: nothing is hidden */
	struct buf *out;
};

/* Behind the closing quote of the string at i. */
static size_t string_end(struct slice s, size_t i)
{
	for (i++; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return s.n;
}

static bool is_key(struct slice s, size_t i)
{
	while (i < s.n && strchr(" \t\r\n", s.p[i]))
		i++;
	return i < s.n && s.p[i] == ':';
}

static void put_string(struct json *j)
{
	size_t end = string_end(j->s, j->at);
	bool closed = end > j->at + 1 && j->s.p[end - 1] == '"';
	struct slice text = slice_sub(j->s, j->at + 1, closed ? end - 1 : end);
	bool hidden = j->hidden_from != 0;

	buf_char(j->out, '"');
	if (is_key(j->s, end)) {
		if (slice_find(text, '\\') < text.n)
			put_escaped(j->r, ESCAPES_JSON, text, SHOW_PLAIN, j->out);
		else
			put_name(j->r, text, j->out);
		j->show = show_of(text);
	} else {
		put_escaped(j->r, ESCAPES_JSON, text, hidden ? SHOW_NOTHING : j->show, j->out);
	}
	buf_char(j->out, '"');
	j->at = end;
}

static void put_scalar(struct json *j)
{
	size_t n = 0;

	while (j->at + n < j->s.n && !strchr("\"{}[],: \t\r\n", j->s.p[j->at + n]))
		n++;
	n = n ? n : 1; /* a zero byte */
	put_value(j->r, slice_sub(j->s, j->at, j->at + n), j->hidden_from ? SHOW_NOTHING : j->show,
		  j->out);
	j->at += n;
}

static void put_bracket(struct json *j)
{
	char c = j->s.p[j->at++];

	if (c == '{' || c == '[') {
		j->depth++;
		if (!j->hidden_from && j->show == SHOW_NOTHING)
			j->hidden_from = j->depth;
	} else if ((c == '}' || c == ']') && j->depth) {
		if (j->hidden_from == j->depth)
			j->hidden_from = 0;
		j->depth--;
	}
	if (c == '{' || c == '}')
		j->show = SHOW_PLAIN;
	buf_char(j->out, c);
}

void put_json(struct redact *r, struct slice json, struct buf *out)
{
	struct json j = { .r = r, .s = json, .out = out };

	while (j.at < json.n) {
		char c = json.p[j.at];

		if (c == '"')
			put_string(&j);
		else if (c && strchr("{}[],: \t\r\n", c))
			put_bracket(&j);
		else
			put_scalar(&j);
	}
}
