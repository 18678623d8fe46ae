#include "proto/redact/escape.h"

/* Any letter that is not ASCII: none is shown, so they need not be told apart from their bytes. */
enum { FOREIGN = 0xc3, REFERENCE_MAX = 12 };

static void put_code(struct buf *b, uint32_t code)
{
	if (code < 0x80) {
		buf_char(b, (char)code);
		return;
	}
	/* told apart by what they are, so that the same name stays the same */
	buf_char(b, (char)FOREIGN);
	for (; code; code >>= 6)
		buf_char(b, (char)(0x80 | (code & 0x3f)));
}

static uint32_t number_of(struct slice s, unsigned base)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = (char)(s.p[i] | 0x20);
		unsigned d = is_digit(s.p[i]) ? (unsigned)(s.p[i] - '0') : (unsigned)(c - 'a' + 10);

		if (!is_digit(s.p[i]) && !(c >= 'a' && c <= 'f'))
			return '?';
		v = d < base ? v * base + d : '?';
	}
	return v;
}

/* How many bytes the reference at i takes, 0: it is none. */
static size_t reference(struct slice s, size_t i, struct buf *b)
{
	static const struct {
		const char *name;
		char c;
	} named[] = {
		{ "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "apos", '\'' }
	};
	struct slice rest = slice_sub(s, i + 1, i + REFERENCE_MAX);
	size_t n = slice_find(rest, ';');
	struct slice name = slice_sub(rest, 0, n);

	if (n == rest.n || n < 2)
		return 0;
	for (size_t k = 0; k < sizeof(named) / sizeof(named[0]); k++)
		if (slice_is(name, named[k].name)) {
			buf_char(b, named[k].c);
			return n + 2;
		}
	if (name.p[0] != '#')
		return 0;
	bool x = (name.p[1] | 0x20) == 'x';
	put_code(b, number_of(slice_sub(name, x ? 2 : 1, n), x ? 16 : 10));
	return n + 2;
}

static void undo_xml(struct slice raw, struct buf *b)
{
	for (size_t i = 0, n; i < raw.n; i += n) {
		n = raw.p[i] == '&' ? reference(raw, i, b) : 0;
		if (!n) {
			buf_char(b, raw.p[i]);
			n = 1;
		}
	}
}

static void redo_xml(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '&':
			buf_str(out, "&amp;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		default:
			buf_char(out, s.p[i]);
		}
}

static const char letters[] = "nrtbf\"\\/", meant[] = "\n\r\t\b\f\"\\/";

static void undo_json(struct slice raw, struct buf *b)
{
	for (size_t i = 0; i < raw.n; i++) {
		const char *c =
			raw.p[i] == '\\' && i + 1 < raw.n ? strchr(letters, raw.p[i + 1]) : NULL;

		if (c && *c) {
			buf_char(b, meant[c - letters]);
			i++;
		} else if (raw.p[i] == '\\' && i + 5 < raw.n && raw.p[i + 1] == 'u') {
			put_code(b, number_of(slice_sub(raw, i + 2, i + 6), 16));
			i += 5;
		} else {
			buf_char(b, raw.p[i]);
		}
	}
}

static void redo_json(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *c = memchr(meant, s.p[i], sizeof(meant) - 2); /* not the slash */

		if (c)
			buf_char(out, '\\');
		buf_char(out, c ? letters[c - meant] : s.p[i]);
	}
}

void put_escaped(struct redact *r, enum escapes how, struct slice raw, enum show show,
		 struct buf *out)
{
	struct buf plain, shown;

	buf_init(&plain, 2 * raw.n + 16);
	buf_init(&shown, REDACT_MESSAGE_MAX);
	(how == ESCAPES_XML ? undo_xml : undo_json)(raw, &plain);
	put_value(r, buf_view(&plain), show, &shown);
	(how == ESCAPES_XML ? redo_xml : redo_json)(buf_view(&shown), out);
	buf_fini(&plain);
	buf_fini(&shown);
}
