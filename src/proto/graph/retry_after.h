/* retry_after.h - the Retry-After header (RFC 9110 section 10.2.3), as Graph and Entra send it.
 *
 * Delay seconds, also with a fraction (older Graph samples: "2.128"), which is rounded up to whole
 * seconds; or an HTTP-date in any of the three forms of RFC 9110 section 5.6.7. */
#ifndef PROTO_GRAPH_RETRY_AFTER_H
#define PROTO_GRAPH_RETRY_AFTER_H

#include "base/slice.h"

/* Longer waits are cut to this: a day. */
enum { RETRY_AFTER_MAX_MS = 86400000 };

/* text: the header's value. wall_ms: UTC now, for dates; a date in the past is a wait of 0.
 * ERR_NOT_FOUND when text is blank, ERR_MALFORMED when it is neither form. */
MUST_CHECK enum err retry_after_parse(struct slice text, int64_t wall_ms, int32_t *ret_ms);

#endif
