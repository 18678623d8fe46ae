/* multipart.h - multipart/related and its like (RFC 2046 section 5.1, RFC 2387), as list
 * notifications carry it (RFC 4662 section 5.1). A cursor over borrowed bytes, no allocation.
 *
 * Taken: boundary quoted or not, an empty line or a preamble before the first boundary, CRLF or LF,
 * a Content-Length in each part (used when a boundary follows there, else ignored). */
#ifndef PROTO_XML_MULTIPART_H
#define PROTO_XML_MULTIPART_H

#include "base/slice.h"

enum {
	MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 section 5.1.1 */
	MULTIPART_PARTS_MAX = 600,
	MULTIPART_DEPTH_MAX = 2, /* a list in a list; deeper is refused */
};

struct multipart {
	struct slice rest;                      /* behind the last delimiter read */
	char delimiter[MULTIPART_BOUNDARY_MAX + 3]; /* "--" and the boundary */
	uint32_t parts;
	uint8_t depth; /* 1: the outermost */
	bool done;
	enum err err;  /* why multipart_next stopped early; ERR_OK at the closing delimiter */
};

/* Slices into the body given to multipart_open. */
struct multipart_part {
	struct slice content_type; /* with its parameters; empty when missing */
	struct slice content_id;   /* without <> */
	struct slice body;
};

/* ERR_MALFORMED: no multipart type, no usable boundary, or no delimiter in the body. */
MUST_CHECK enum err multipart_open(struct multipart *m, struct slice content_type, struct slice body);
/* For a part that is itself multipart. ERR_LIMIT deeper than MULTIPART_DEPTH_MAX. */
MUST_CHECK enum err multipart_open_nested(struct multipart *m, const struct multipart *outer,
					  const struct multipart_part *part);
/* False at the end; then m->err is ERR_MALFORMED when the closing delimiter is missing or a part has
 * no end of headers, ERR_LIMIT above MULTIPART_PARTS_MAX. */
bool multipart_next(struct multipart *m, struct multipart_part *ret);

/* True for "multipart/..." in any case. */
bool multipart_is(struct slice content_type);

#endif
