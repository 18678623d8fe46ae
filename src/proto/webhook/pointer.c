#include <stdio.h>
#include <stdlib.h>

#include "proto/webhook/hook.h"

enum { TEXTS_IN_TEXTS_MAX = 2 };

bool hook_pointer_is_good(const char *pointer)
{
	if (pointer[0] != '/')
		return false;
	for (const char *p = pointer; *p; p++)
		if (*p == '~' && p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

/* RFC 6901 4: "~1" is a slash, "~0" a tilde. */
static enum err token_of(struct slice part, char *dst, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (c == '~' && i + 1 < part.n)
			c = part.p[++i] == '1' ? '/' : '~';
		if (n + 1 >= cap)
			return ERR_LIMIT;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return ERR_OK;
}

static const json_t *step(const json_t *at, const char *token)
{
	uint64_t i;

	if (json_is_object(at))
		return json_object_get(at, token);
	if (json_is_array(at) && slice_u64(slice_str(token), UINT32_MAX, &i) == ERR_OK)
		return json_array_get(at, (size_t)i);
	return NULL;
}

/* A text that holds a document, as Yeastar's msg: from here on in that document. */
static json_t *open_text(const json_t *at)
{
	const char *text = json_string_value(at);

	return text ? json_loadb(text, json_string_length(at), JSON_REJECT_DUPLICATES, NULL) : NULL;
}

const json_t *hook_at(const json_t *root, const char *pointer, json_t **owned)
{
	struct slice rest = slice_str(pointer + 1), part;
	char token[HOOK_POINTER_MAX + 1];
	const json_t *at = root;
	int opened = 0;

	*owned = NULL;
	while (at && slice_split(&rest, '/', &part)) {
		if (json_is_string(at) && opened < TEXTS_IN_TEXTS_MAX) {
			json_t *inner = open_text(at);

			json_decref(*owned);
			*owned = inner;
			at = inner;
			opened++;
		}
		at = token_of(part, token, sizeof(token)) == ERR_OK ? step(at, token) : NULL;
	}
	return at;
}

bool hook_text_of(const json_t *v, char *dst, size_t cap)
{
	int n = -1;

	if (json_is_string(v))
		return slice_copy(slice_of(json_string_value(v), json_string_length(v)), dst,
				  cap) == ERR_OK;
	if (json_is_integer(v))
		n = snprintf(dst, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_boolean(v))
		n = snprintf(dst, cap, "%s", json_is_true(v) ? "true" : "false");
	return n > 0 && (size_t)n < cap;
}
