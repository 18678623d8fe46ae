#include "proto/sip/uri.h"

#include <ctype.h>

/* Takes one byte off *s, a %-escape counting as the byte it stands for. */
static int next_byte(struct slice *s)
{
	int escaped = slice_percent(*s, 0);
	int c = escaped < 0 ? (unsigned char)s->p[0] : escaped;
	size_t used = escaped < 0 ? 1 : 3;

	s->p += used;
	s->n -= used;
	return c;
}

bool sip_user_eq(struct slice a, struct slice b)
{
	while (a.n && b.n)
		if (next_byte(&a) != next_byte(&b))
			return false;
	return a.n == 0 && b.n == 0;
}

uint64_t sip_user_hash(struct slice user, uint64_t seed)
{
	char plain[SIP_URI_MAX];
	size_t n = 0;

	while (user.n && n < sizeof(plain))
		plain[n++] = (char)next_byte(&user);
	return slice_hash(slice_of(plain, n), seed);
}

void sip_put_user(struct buf *b, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool plain = c < 0x80 && (isalnum(c) || (c && strchr("-_.!~*'()&=+$,;?/", c)));

		if (plain || slice_percent(text, i) >= 0)
			buf_char(b, (char)c);
		else
			buf_fmt(b, "%%%02X", c);
	}
}

void sip_put_host(struct buf *b, struct slice host, uint16_t port)
{
	bool six = slice_find(host, ':') < host.n;

	if (six)
		buf_char(b, '[');
	buf_slice(b, host);
	if (six)
		buf_char(b, ']');
	if (port)
		buf_fmt(b, ":%u", port);
}

static bool host_ok(struct slice host, bool six)
{
	if (host.n == 0 || host.n > 255)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		bool ok = six ? isxdigit(c) || c == ':' || c == '.' || c == '%'
			      : isalnum(c) || c == '-' || c == '.' || c == '_';

		if (!ok)
			return false;
	}
	return true;
}

static enum err port_parse(struct slice text, uint16_t *ret)
{
	uint64_t v;

	if (text.n == 0 || text.n > 5 || slice_u64(text, 65535, &v) || v == 0)
		return ERR_MALFORMED;
	*ret = (uint16_t)v;
	return ERR_OK;
}

/* host[:port] without anything behind it. */
static enum err hostport(struct slice text, struct sip_uri *u)
{
	bool six = text.n && text.p[0] == '[';
	struct slice after;

	if (six) {
		size_t end = slice_find(text, ']');

		if (end == text.n)
			return ERR_MALFORMED;
		u->host = slice_sub(text, 1, end);
		after = slice_sub(text, end + 1, text.n);
	} else {
		size_t colon = slice_find(text, ':');

		u->host = slice_sub(text, 0, colon);
		after = slice_sub(text, colon, text.n);
	}
	if (!host_ok(u->host, six))
		return ERR_MALFORMED;
	if (after.n == 0)
		return ERR_OK;
	if (after.p[0] != ':')
		return ERR_MALFORMED;
	return port_parse(slice_sub(after, 1, after.n), &u->port);
}

static bool printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == '"')
			return false;
	return true;
}

/* The part behind "sip:". */
static enum err sip_rest(struct slice rest, struct sip_uri *u)
{
	size_t at = slice_find(rest, '@');

	if (at < rest.n) {
		struct slice info = slice_sub(rest, 0, at);
		size_t colon = slice_find(info, ':');

		u->user = slice_sub(info, 0, colon);
		u->password = slice_sub(info, colon + 1, info.n);
		if (u->user.n == 0)
			return ERR_MALFORMED;
		rest = slice_sub(rest, at + 1, rest.n);
	}
	size_t q = slice_find(rest, '?');
	u->headers = slice_sub(rest, q + 1, rest.n);
	rest = slice_sub(rest, 0, q);
	size_t semi = slice_find(rest, ';');
	u->params = slice_sub(rest, semi + 1, rest.n);
	return hostport(slice_sub(rest, 0, semi), u);
}

enum err sip_uri_parse(struct slice text, struct sip_uri *ret)
{
	struct sip_uri u = { 0 };
	size_t colon = slice_find(text, ':');
	enum err e = ERR_OK;

	if (text.n > SIP_URI_MAX)
		return ERR_LIMIT;
	if (colon == 0 || colon == text.n || !printable(text))
		return ERR_MALFORMED;
	u.scheme = slice_sub(text, 0, colon);
	struct slice rest = slice_sub(text, colon + 1, text.n);
	if (slice_is_nocase(u.scheme, "tel")) {
		size_t semi = slice_find(rest, ';');

		u.user = slice_sub(rest, 0, semi);
		u.params = slice_sub(rest, semi + 1, rest.n);
		e = u.user.n ? ERR_OK : ERR_MALFORMED;
	} else if (sip_uri_is_sip(&u)) {
		e = sip_rest(rest, &u);
	} else {
		e = ERR_MALFORMED;
	}
	if (e == ERR_OK)
		*ret = u;
	return e;
}

bool sip_uri_is_sip(const struct sip_uri *u)
{
	return slice_is_nocase(u->scheme, "sip") || slice_is_nocase(u->scheme, "sips");
}

/* Length of the quoted string that starts at s.p[from], both quotes included; 0: not closed. */
static size_t quoted(struct slice s, size_t from)
{
	for (size_t i = from + 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i - from + 1;
	}
	return 0;
}

enum err sip_addr_parse(struct slice value, struct sip_addr *ret)
{
	struct sip_addr a = { 0 };
	size_t open = 0;

	value = slice_trim(value);
	if (value.n && value.p[0] == '"') {
		open = quoted(value, 0);
		if (open == 0)
			return ERR_MALFORMED;
	}
	while (open < value.n && value.p[open] != '<')
		open++;
	if (open == value.n) {
		size_t semi = slice_find(value, ';');

		a.uri = slice_trim(slice_sub(value, 0, semi));
		a.params = slice_trim(slice_sub(value, semi + 1, value.n));
	} else {
		struct slice rest = slice_sub(value, open + 1, value.n);
		size_t close = slice_find(rest, '>');

		if (close == rest.n)
			return ERR_MALFORMED;
		a.display = slice_trim(slice_sub(value, 0, open));
		a.uri = slice_trim(slice_sub(rest, 0, close));
		rest = slice_trim(slice_sub(rest, close + 1, rest.n));
		if (rest.n && rest.p[0] != ';')
			return ERR_MALFORMED;
		a.params = slice_trim(slice_sub(rest, 1, rest.n));
	}
	if (a.uri.n == 0 || a.uri.n > SIP_URI_MAX || !printable(a.uri))
		return ERR_MALFORMED;
	*ret = a;
	return ERR_OK;
}

bool sip_list_next(struct slice *rest, char sep, struct slice *ret_part)
{
	bool inside = false;

	if (!rest->p)
		return false;
	/* nearly always nothing is quoted before the next sep */
	struct slice plain = slice_sub(*rest, 0, slice_find(*rest, sep));
	if (slice_find(plain, '"') == plain.n && slice_find(plain, '<') == plain.n) {
		slice_split(rest, sep, ret_part);
		*ret_part = slice_trim(*ret_part);
		return rest->p || ret_part->n > 0;
	}
	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '"') {
			size_t n = quoted(*rest, i);

			i = n ? i + n - 1 : rest->n;
		} else if (c == '<') {
			inside = true;
		} else if (c == '>') {
			inside = false;
		} else if (c == sep && !inside) {
			*ret_part = slice_trim(slice_of(rest->p, i));
			*rest = slice_of(rest->p + i + 1, rest->n - i - 1);
			return true;
		}
	}
	*ret_part = slice_trim(*rest);
	*rest = SLICE_NONE;
	return ret_part->n > 0;
}

bool sip_param(struct slice params, const char *name, struct slice *ret_value)
{
	struct slice part;

	while (sip_list_next(&params, ';', &part)) {
		size_t eq = slice_find(part, '=');
		struct slice value;

		if (!slice_is_nocase(slice_trim(slice_sub(part, 0, eq)), name))
			continue;
		value = slice_trim(slice_sub(part, eq + 1, part.n));
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = slice_sub(value, 1, value.n - 1);
		if (ret_value)
			*ret_value = value;
		return true;
	}
	return false;
}
