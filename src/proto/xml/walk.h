/* walk.h - private to proto: one pass of a reader over one body. */
#ifndef PROTO_XML_WALK_H
#define PROTO_XML_WALK_H

#include "proto/xml/xml.h"

/* All slices are valid during the call only. */
struct xml_element {
	struct slice ns; /* empty: none */
	struct slice local;
	unsigned depth; /* 1: the root */
	const char **atts;
};

struct xml_walk {
	/* False: skip the element and all inside it. False for the root refuses the document. */
	bool (*open)(void *arg, const struct xml_element *e);
	/* Pieces of the text of elements that were not skipped. */
	void (*text)(void *arg, unsigned depth, struct slice piece);
	/* An element that was not skipped has ended. */
	void (*close)(void *arg, unsigned depth);
};

MUST_CHECK enum err xml_walk(struct xml_reader *r, struct slice body, const struct xml_walk *walk,
			     void *arg);
/* Its two halves, for the tests that compare them: the reader of plain documents (quick.h), false
 * when the body is not for it, and expat. The body is trimmed and within XML_BODY_MAX. */
MUST_CHECK bool xml_walk_quick(struct xml_reader *r, struct slice body, const struct xml_walk *walk,
			       void *arg, enum err *ret);
MUST_CHECK enum err xml_walk_expat(struct xml_reader *r, struct slice body, const struct xml_walk *walk,
				   void *arg);
uint64_t xml_salt(const struct xml_reader *r);

/* An attribute without a prefix; p is NULL when it is missing. */
struct slice xml_attr(const struct xml_element *e, const char *name);

/* Text of one short element, gathered from pieces; what does not fit makes it no known word. */
struct xml_word {
	char p[64];
	size_t n;
	bool cut;
};

void xml_word_reset(struct xml_word *w);
void xml_word_add(struct xml_word *w, struct slice piece);
/* Trimmed; empty when it was too long. */
struct slice xml_word_get(const struct xml_word *w);

#endif
