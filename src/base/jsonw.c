#include "base/jsonw.h"

#include <inttypes.h>

/* Length of the well-formed UTF-8 sequence at s, 0 when there is none (RFC 3629 section 4). */
static size_t utf8_length(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.n < n)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void quote_ascii(struct buf *b, unsigned char c)
{
	if (c == '"' || c == '\\')
		buf_fmt(b, "\\%c", c);
	else if (c == '\n')
		buf_str(b, "\\n");
	else if (c == '\t')
		buf_str(b, "\\t");
	else if (c < 0x20 || c == 0x7f)
		buf_fmt(b, "\\u%04x", c);
	else
		buf_char(b, (char)c);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void jsonw_quote(struct buf *b, struct slice v)
{
	buf_char(b, '"');
	for (size_t i = 0; i < v.n;) {
		size_t n = 0;

		while (i + n < v.n && is_plain((unsigned char)v.p[i + n]))
			n++;
		if (n) {
			buf_add(b, v.p + i, n);
			i += n;
			continue;
		}
		n = utf8_length(slice_sub(v, i, v.n));
		if (n == 1)
			quote_ascii(b, (unsigned char)v.p[i]);
		else if (n)
			buf_add(b, v.p + i, n);
		else
			buf_str(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	buf_char(b, '"');
}

static void start(struct jsonw *j, const char *key)
{
	if (j->comma)
		buf_char(j->b, ',');
	j->comma = true;
	if (key)
		buf_fmt(j->b, "\"%s\":", key);
}

void jsonw_begin_object(struct jsonw *j, const char *key)
{
	start(j, key);
	buf_char(j->b, '{');
	j->comma = false;
}

void jsonw_end_object(struct jsonw *j)
{
	buf_char(j->b, '}');
	j->comma = true;
}

void jsonw_begin_array(struct jsonw *j, const char *key)
{
	start(j, key);
	buf_char(j->b, '[');
	j->comma = false;
}

void jsonw_end_array(struct jsonw *j)
{
	buf_char(j->b, ']');
	j->comma = true;
}

void jsonw_slice(struct jsonw *j, const char *key, struct slice v)
{
	start(j, key);
	jsonw_quote(j->b, v);
}

void jsonw_string(struct jsonw *j, const char *key, const char *v)
{
	if (!v)
		jsonw_null(j, key);
	else
		jsonw_slice(j, key, slice_str(v));
}

void jsonw_int(struct jsonw *j, const char *key, int64_t v)
{
	start(j, key);
	buf_fmt(j->b, "%" PRId64, v);
}

void jsonw_uint(struct jsonw *j, const char *key, uint64_t v)
{
	start(j, key);
	buf_fmt(j->b, "%" PRIu64, v);
}

void jsonw_bool(struct jsonw *j, const char *key, bool v)
{
	start(j, key);
	buf_str(j->b, v ? "true" : "false");
}

void jsonw_null(struct jsonw *j, const char *key)
{
	start(j, key);
	buf_str(j->b, "null");
}

void jsonw_raw(struct jsonw *j, const char *key, struct slice document)
{
	start(j, key);
	buf_slice(j->b, document);
}
