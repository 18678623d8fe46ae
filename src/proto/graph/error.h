/* error.h - Graph's error envelope: {"error":{"code","message","innerError":{...}}}.
 *
 * For people only: logic branches on the HTTP status. Bodies may be empty, HTML of a proxy, or the
 * OAuth shape where "error" is a plain word. */
#ifndef PROTO_GRAPH_ERROR_H
#define PROTO_GRAPH_ERROR_H

#include "base/slice.h"

enum { GRAPH_ERROR_BODY_MAX = 65536 };

struct graph_error {
	char code[64];
	char message[160];
	char request_id[40];
};

/* ERR_MALFORMED when the body is no such envelope; *ret is empty then. */
MUST_CHECK enum err graph_error_parse(struct slice body, struct graph_error *ret);
/* "code: message" into dst, cut to cap. */
void graph_error_line(const struct graph_error *e, char *dst, size_t cap);

#endif
