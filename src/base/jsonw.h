/* jsonw.h - a literal writer of JSON onto a buf: commas and escapes, nothing else.
 *
 * The caller nests begin and end properly; depth is unbounded because nothing is kept per level but
 * the need for a comma. Bytes that are no UTF-8 come out as U+FFFD, so the document is always
 * valid whatever a PBX or a person called something. Errors are the buf's. */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "base/buf.h"

struct jsonw {
	struct buf *b;
	bool comma;
};

static inline struct jsonw jsonw_on(struct buf *b)
{
	return (struct jsonw){b, false};
}

/* key NULL: an element of an array, or the document itself. Keys are our own plain words. */
void jsonw_begin_object(struct jsonw *j, const char *key);
void jsonw_end_object(struct jsonw *j);
void jsonw_begin_array(struct jsonw *j, const char *key);
void jsonw_end_array(struct jsonw *j);
void jsonw_slice(struct jsonw *j, const char *key, struct slice v);
void jsonw_string(struct jsonw *j, const char *key, const char *v); /* NULL: null */
void jsonw_int(struct jsonw *j, const char *key, int64_t v);
void jsonw_uint(struct jsonw *j, const char *key, uint64_t v);
void jsonw_bool(struct jsonw *j, const char *key, bool v);
void jsonw_null(struct jsonw *j, const char *key);
/* A complete JSON document, as it is. */
void jsonw_raw(struct jsonw *j, const char *key, struct slice document);

/* The quoted and escaped text alone. */
void jsonw_quote(struct buf *b, struct slice v);

#endif
