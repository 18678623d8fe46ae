/* message.h - one CSTA III message (ECMA-323) or one of a session (ECMA-354) as a flat tree.
 *
 * Names are local names: switches disagree about prefixes, editions and whether there is a
 * namespace at all. Of text only that before an element's first child is kept, trimmed; attributes
 * are not kept. Elements stand in the order of their opening tags, the root first. */
#ifndef PROTO_CSTA_MESSAGE_H
#define PROTO_CSTA_MESSAGE_H

#include "proto/xml/xml.h"

enum {
	CSTA_ITEMS_MAX = 2048, /* elements: 200 calls in one snapshot */
	CSTA_POOL_MAX = 65536,
	CSTA_NONE = 0x7fffffff,
};

struct csta_item {
	uint32_t name, name_n, text, text_n; /* in the pool */
	uint32_t parent;		     /* the root's: CSTA_NONE */
};

/* Large: one a reader, used again and again. */
struct csta_message {
	uint32_t n, used;
	uint32_t open; /* while reading: the innermost open element */
	bool full;     /* while reading: over a maximum */
	struct csta_item items[CSTA_ITEMS_MAX];
	char pool[CSTA_POOL_MAX];
};

/* ERR_MALFORMED: no well-formed XML, or a DOCTYPE. ERR_LIMIT: more or deeper than we hold.
 * ERR_NO_MEMORY. After an error the message is empty. */
MUST_CHECK enum err csta_read(struct xml_reader *r, struct slice xml, struct csta_message *ret);

struct slice csta_name(const struct csta_message *m, uint32_t item);
/* Empty for CSTA_NONE. */
struct slice csta_text(const struct csta_message *m, uint32_t item);
bool csta_root_is(const struct csta_message *m, const char *name);
/* The first child of that name behind `after` (CSTA_NONE: from the start); CSTA_NONE: none. */
uint32_t csta_child(const struct csta_message *m, uint32_t item, const char *name, uint32_t after);
/* The first element inside `item`, at any depth, that these names lead to: "a/b" is a b right
 * inside an a. CSTA_NONE: none, or item is CSTA_NONE. */
uint32_t csta_find(const struct csta_message *m, uint32_t item, const char *path);
/* The next one behind `after`, CSTA_NONE: the first. */
uint32_t csta_find_next(const struct csta_message *m, uint32_t item, const char *path,
			uint32_t after);
/* Text of csta_find; .p NULL: there is no such element. */
struct slice csta_get(const struct csta_message *m, uint32_t item, const char *path);
/* "true", "1"; *ret untouched for anything else than these and "false", "0". */
bool csta_flag(struct slice text, bool *ret);

#endif
