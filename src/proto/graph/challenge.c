#include "proto/graph/challenge.h"

#include "proto/graph/json.h"

/* The quoted value of name="..." that follows a blank or comma. */
static bool parameter(struct slice header, const char *name, struct slice *ret)
{
	size_t len = strlen(name);

	for (size_t i = 1; i + len + 2 <= header.n; i++) {
		struct slice at = slice_sub(header, i, header.n);
		char before = header.p[i - 1];

		if ((before != ' ' && before != ',') || !slice_starts_nocase(at, name) ||
		    at.p[len] != '=' || at.p[len + 1] != '"')
			continue;
		at = slice_sub(at, len + 2, at.n);
		*ret = slice_sub(at, 0, slice_find(at, '"'));
		return true;
	}
	return false;
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Both alphabets of RFC 4648, with or without padding. */
static enum err decode(struct slice s, char *dst, size_t cap)
{
	uint32_t bits = 0;
	int have = 0;
	size_t n = 0;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit(s.p[i]);

		if (d < 0)
			return ERR_MALFORMED;
		bits = (bits << 6 | (uint32_t)d) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n + 1 >= cap)
			return ERR_LIMIT;
		dst[n++] = (char)(bits >> have & 0xff);
	}
	dst[n] = '\0';
	return n > 0 ? ERR_OK : ERR_MALFORMED;
}

enum err challenge_claims(struct slice header, char *dst, size_t cap)
{
	struct slice value;

	if (header.n > CHALLENGE_HEADER_MAX || !parameter(header, "error", &value) ||
	    !slice_is(value, "insufficient_claims") || !parameter(header, "claims", &value))
		return ERR_NOT_FOUND;
	enum err e = decode(value, dst, cap);
	if (e)
		return e;
	json_t *doc = graph_json(slice_str(dst), cap);
	e = json_is_object(doc) ? ERR_OK : ERR_MALFORMED;
	json_decref(doc);
	return e;
}
