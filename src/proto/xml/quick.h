/* quick.h - private to this folder: one pass over the plainest XML, and a refusal of all else.
 *
 * Nearly every body that a PBX sends is ASCII, with one default namespace at its root and nothing
 * but elements, attributes in double quotes and text. For those this reader costs a tenth of expat.
 * It knows no entity, comment, CDATA, prefix, processing instruction or second quote: whatever it
 * does not know it refuses before anything was said, and expat reads the body from its start. What
 * it takes it must take as expat does: tests/unit/proto/xml/quick_test.c and tests/fuzz/xml compare
 * the two on every document they can think of. */
#ifndef PROTO_XML_QUICK_H
#define PROTO_XML_QUICK_H

#include "base/slice.h"

enum { QUICK_BODY_MAX = 4096, QUICK_EVENTS_MAX = 192, QUICK_ATTS_MAX = 192, QUICK_DEPTH_MAX = 16 };

enum quick_kind { QUICK_OPEN, QUICK_TEXT, QUICK_CLOSE };

struct quick_event {
	uint8_t kind;	   /* enum quick_kind */
	uint16_t atts;	   /* OPEN: index of its first one in quick.atts */
	struct slice text; /* OPEN: local name; TEXT */
};

struct quick {
	struct slice ns; /* of every element; empty: none */
	uint32_t n, atts_n;
	struct quick_event events[QUICK_EVENTS_MAX];
	const char *atts[QUICK_ATTS_MAX]; /* name, value, ..., NULL for each element, as expat's */
	uint32_t depth;
	struct slice open[QUICK_DEPTH_MAX];
	char text[QUICK_BODY_MAX + 1]; /* a copy with zero bytes behind names and values */
};

/* False: not for this reader; says nothing about the document. The events point into q. */
MUST_CHECK bool quick_read(struct quick *q, struct slice body);

#endif
