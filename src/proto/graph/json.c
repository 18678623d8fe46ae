#include "proto/graph/json.h"

json_t *graph_json(struct slice body, size_t max)
{
	if (body.n == 0 || body.n > max)
		return NULL;
	return json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
}

const char *graph_json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

void graph_text_copy(char *dst, size_t cap, const char *src)
{
	size_t n = 0;

	if (!src)
		src = "";
	while (n + 1 < cap && src[n] && src[n] != '\r' && src[n] != '\n') {
		dst[n] = (unsigned char)src[n] < 0x20 || src[n] == 0x7f ? ' ' : src[n];
		n++;
	}
	if (n + 1 == cap && ((unsigned char)src[n] & 0xc0) == 0x80) {
		while (n > 0 && ((unsigned char)dst[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 0;
	}
	dst[n] = '\0';
}

bool graph_is_guid(struct slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

		if (dash ? c != '-' : !hex)
			return false;
	}
	return true;
}
