#include "proto/redact/inside.h"

/* How long the name before the colon is, 0: no `Name: value`. */
static size_t key_of(struct slice line)
{
	size_t n = slice_find(line, ':');

	if (n == line.n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(line.p[i]) && !is_digit(line.p[i]) && line.p[i] != '-' &&
		    line.p[i] != '_')
			return 0;
	return n;
}

static bool is_status(struct slice line)
{
	return slice_starts(line, "SIP/2.0 ") && line.n > 12 && is_digit(line.p[8]) &&
	       is_digit(line.p[9]) && is_digit(line.p[10]) && line.p[11] == ' ';
}

/* `auth ClueCon`, `userauth user:password`: whatever comes after is one. */
static bool is_login(struct slice line)
{
	struct slice word = slice_sub(line, 0, slice_find(line, ' '));

	return slice_is_nocase(word, "auth") || slice_is_nocase(word, "userauth");
}

static void put_first(struct redact *r, enum redact_form form, struct slice line, struct buf *out)
{
	if (form == REDACT_SIP && is_status(line)) {
		buf_slice(out, slice_sub(line, 0, 12));
		put_value(r, slice_sub(line, 12, line.n), SHOW_PLAIN, out);
	} else if (form == REDACT_ESL && is_login(line)) {
		buf_slice(out, slice_sub(line, 0, slice_find(line, ' ')));
		buf_str(out, " [hidden]");
	} else {
		put_value(r, line, SHOW_PLAIN, out);
	}
}

static void put_pair(struct redact *r, struct slice line, size_t key, enum show show,
		     struct buf *out)
{
	struct slice value = slice_sub(line, key + 1, line.n);

	put_name(r, slice_sub(line, 0, key), out);
	buf_char(out, ':');
	if (show == SHOW_NOTHING && slice_trim(value).n)
		buf_char(out, ' ');
	put_value(r, value, show, out);
}

/* Whether `Name:` may stand for itself: in a body that is a head's lines only. */
static void put_lines(struct redact *r, enum redact_form form, struct slice text, bool first,
		      struct buf *out)
{
	enum show show = SHOW_PLAIN;
	struct slice line;

	for (bool any = false; slice_split(&text, '\n', &line); any = true) {
		bool cr = line.n && line.p[line.n - 1] == '\r';

		line.n -= cr;
		size_t key = key_of(line);
		if (any)
			buf_char(out, '\n');
		if (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
			put_value(r, line, show, out); /* the value goes on */
		} else if (key) {
			struct slice name = slice_sub(line, 0, key);

			show = form == REDACT_SIP ? show_of_header(name) : show_of(name);
			put_pair(r, line, key, show, out);
		} else if (!any && first) {
			put_first(r, form, line, out);
		} else {
			put_value(r, line, SHOW_PLAIN, out);
		}
		if (cr)
			buf_char(out, '\r');
	}
}

void put_head(struct redact *r, enum redact_form form, struct slice head, struct buf *out)
{
	put_lines(r, form, head, true, out);
}

/* A line of a body that is no document: of a part's head, or of plain text. */
static void put_line(struct redact *r, struct slice line, struct buf *out)
{
	size_t key = key_of(line);

	if (key && slice_starts_nocase(line, "content-"))
		put_pair(r, line, key, show_of(slice_sub(line, 0, key)), out);
	else
		put_value(r, line, SHOW_PLAIN, out);
}

void put_body(struct redact *r, struct slice body, struct buf *out)
{
	while (body.n) {
		struct slice rest = slice_trim(body);
		size_t n = slice_find(body, '\n');

		if (rest.n && (rest.p[0] == '{' || rest.p[0] == '[')) {
			put_json(r, body, out);
			return;
		}
		if (rest.n && rest.p[0] == '<') {
			n = slice_find_str(body, SLICE_LIT("\n--"));
			put_xml(r, slice_sub(body, 0, n), out);
		} else {
			put_line(r, slice_sub(body, 0, n), out);
		}
		if (n < body.n)
			buf_char(out, '\n');
		body = slice_sub(body, n + 1, body.n);
	}
}
