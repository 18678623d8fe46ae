/* gzip.h - texts packed once and put into many gzip streams.
 *
 * A piece begins and ends on a byte and refers to nothing before it (RFC 1951, after a full flush),
 * so it may follow any other piece: head, pieces in any order, tail make a gzip member (RFC 1952).
 * Nothing in the texts is secret from who reads them, and they hold no secrets, so that their packed length
 * betrays nothing. */
#ifndef ADMIN_GZIP_H
#define ADMIN_GZIP_H

#include "base/buf.h"

enum { GZIP_HEAD = 10, GZIP_TAIL = 10 };

struct gzip;
MUST_CHECK enum err gzip_new(struct gzip **ret);
void gzip_free(struct gzip *z);

void gzip_head(char dst[GZIP_HEAD]);
/* Appends one piece to out. ERR_NO_MEMORY, or ERR_LIMIT beyond out's maximum. */
MUST_CHECK enum err gzip_piece(struct gzip *z, struct slice text, struct buf *out);

/* What a stream's tail says of all its texts. */
struct gzip_sum {
	uint32_t crc, n;
};
struct gzip_sum gzip_sum_of(struct slice text);
struct gzip_sum gzip_sum_add(struct gzip_sum a, struct gzip_sum b);
void gzip_tail(struct gzip_sum s, char dst[GZIP_TAIL]);

#endif
