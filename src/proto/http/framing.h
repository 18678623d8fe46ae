/* framing.h - is it certain where a request ends? Header by header, for servers whose library is
 * laxer than RFC 9112 6.1 and 6.3: a message that two readers may cut differently is refused. Pure.
 */
#ifndef PROTO_HTTP_FRAMING_H
#define PROTO_HTTP_FRAMING_H

#include "base/slice.h"

/* Zeroed at the start of a request. */
struct http_framing {
	unsigned hosts, lengths, encodings, bad_names;
};

void http_framing_header(struct http_framing *f, struct slice name, struct slice value);
/* What is wrong, in words for a 400, or NULL. */
const char *http_framing_fault(const struct http_framing *f);

#endif
