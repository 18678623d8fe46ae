/* base64.h - RFC 4648 for headers, tokens and signed statements. */
#ifndef PROTO_GRAPH_BASE64_H
#define PROTO_GRAPH_BASE64_H

#include "base/buf.h"

/* Either alphabet, with or without padding, into dst, closed by a zero byte that *ret_n (may be NULL)
 * does not count. ERR_MALFORMED for other bytes and for nothing, ERR_LIMIT when it does not fit. */
MUST_CHECK enum err base64_decode(struct slice s, char *dst, size_t cap, size_t *ret_n);
/* Section 5's alphabet, without padding. */
void base64url_put(struct buf *b, const void *bytes, size_t n);

#endif
