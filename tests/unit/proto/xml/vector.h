/* vector.h - reads a recorded message from tests/vectors and finds its body. */
#ifndef TESTS_UNIT_PROTO_XML_VECTOR_H
#define TESTS_UNIT_PROTO_XML_VECTOR_H

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

struct vector {
	char bytes[128 * 1024];
	struct slice head, body;
};

/* The value of a header of the head, trimmed. */
static inline struct slice vector_header(const struct vector *v, const char *name)
{
	struct slice rest = v->head, line;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), name))
			return slice_trim(slice_sub(line, colon + 1, line.n));
	}
	return SLICE_NONE;
}

static inline void vector_load(struct vector *v, const char *name)
{
	const char *root = getenv("OFFHOOK_SOURCE");
	char path[1024];
	size_t n, at;

	snprintf(path, sizeof(path), "%s/tests/vectors/captures/%s", root ? root : ".", name);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("no vector %s", path);
	n = fread(v->bytes, 1, sizeof(v->bytes), f);
	fclose(f);
	at = slice_find_str(slice_of(v->bytes, n), SLICE_LIT("\r\n\r\n"));
	assert_true(at < n);
	v->head = slice_of(v->bytes, at);
	v->body = slice_of(v->bytes + at + 4, n - at - 4);
}

#endif
