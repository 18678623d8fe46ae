/* challenge.h - WWW-Authenticate of a 401 that wants a token with certain claims (continuous access
 * evaluation): error="insufficient_claims", claims="<base64 of JSON>". */
#ifndef PROTO_GRAPH_CHALLENGE_H
#define PROTO_GRAPH_CHALLENGE_H

#include "base/slice.h"

enum { CHALLENGE_HEADER_MAX = 8192 };

/* The decoded JSON, closed by a zero byte, into dst. ERR_NOT_FOUND when the header asks for no
 * claims, ERR_MALFORMED when they are unreadable, ERR_LIMIT when they do not fit. */
MUST_CHECK enum err challenge_claims(struct slice header, char *dst, size_t cap);

#endif
