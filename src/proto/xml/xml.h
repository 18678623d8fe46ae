/* xml.h - a reusable XML parser for the small bodies that a PBX sends.
 *
 * One struct xml_reader serves any number of bodies, one after the other; its parser is reset, not
 * rebuilt, between them. What is refused before or while the parser runs: a body above
 * XML_BODY_MAX, elements nested deeper than XML_DEPTH_MAX, and any DOCTYPE (none of our formats has
 * one, and it is where entity bombs and external files live). Unknown elements are skipped.
 *
 * Readers built on it (dialog_info.h, pidf.h, rlmi.h) fill *ret only when they return ERR_OK. */
#ifndef PROTO_XML_XML_H
#define PROTO_XML_XML_H

#include "base/buf.h"
#include "base/slice.h"

enum {
	XML_BODY_MAX = 256 * 1024, /* bytes */
	XML_DEPTH_MAX = 32,        /* elements open at a time */
};

struct xml_reader;

/* salt keys the parser's hash tables and the dialog keys of dialog_info.h: random once a process in
 * production, fixed in tests. ERR_NO_MEMORY. */
MUST_CHECK enum err xml_reader_new(struct xml_reader **ret, uint64_t salt);
/* Takes NULL. */
void xml_reader_free(struct xml_reader *r);

/* Text or the value of an attribute in double quotes, escaped; s is UTF-8 without control
 * characters. */
void xml_put_text(struct buf *b, struct slice s);

#endif
