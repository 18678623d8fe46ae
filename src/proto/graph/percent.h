/* percent.h - percent-encoding (RFC 3986 section 2.1) into URLs and forms. */
#ifndef PROTO_GRAPH_PERCENT_H
#define PROTO_GRAPH_PERCENT_H

#include "base/buf.h"

/* Everything but unreserved characters becomes %XX. */
void percent_add(struct buf *b, struct slice s);
/* The same into dst at *n; false, and nothing written, when it does not fit into cap. For secrets:
 * a fixed place that the owner wipes, no growing buffer that leaves copies behind. */
MUST_CHECK bool percent_put(char *dst, size_t cap, size_t *n, struct slice s);

#endif
