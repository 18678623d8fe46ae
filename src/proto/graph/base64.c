#include "proto/graph/base64.h"

#include <openssl/evp.h>

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

enum err base64_decode(struct slice s, char *dst, size_t cap, size_t *ret_n)
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
	if (ret_n)
		*ret_n = n;
	return n > 0 ? ERR_OK : ERR_MALFORMED;
}

void base64url_put(struct buf *b, const void *bytes, size_t n)
{
	enum { CHUNK = 768 }; /* a multiple of three: only the last one is padded */
	const unsigned char *p = bytes;
	unsigned char text[CHUNK / 3 * 4 + 1];

	for (size_t part; n > 0; n -= part, p += part) {
		part = n < CHUNK ? n : CHUNK;
		int len = EVP_EncodeBlock(text, p, (int)part);

		while (len > 0 && text[len - 1] == '=')
			len--;
		for (int i = 0; i < len; i++)
			text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
		buf_add(b, text, (size_t)len);
	}
}
