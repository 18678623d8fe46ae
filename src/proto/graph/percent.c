#include "proto/graph/percent.h"

static const char hex[] = "0123456789ABCDEF";

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static size_t encode(char c, char *out)
{
	out[0] = c;
	if (unreserved(c))
		return 1;
	out[0] = '%';
	out[1] = hex[(unsigned char)c >> 4];
	out[2] = hex[(unsigned char)c & 15];
	return 3;
}

void percent_add(struct buf *b, struct slice s)
{
	char out[3];

	for (size_t i = 0; i < s.n; i++)
		buf_add(b, out, encode(s.p[i], out));
}

bool percent_put(char *dst, size_t cap, size_t *n, struct slice s)
{
	size_t at = *n;

	for (size_t i = 0; i < s.n; i++) {
		if (cap - at < 3)
			return false;
		at += encode(s.p[i], dst + at);
	}
	*n = at;
	return true;
}
