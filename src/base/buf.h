/* buf.h - an owner of bytes that grows up to a stated maximum.
 *
 * Every buf is given its maximum at init. The first failure (maximum reached, no memory) frees the
 * bytes and sticks: later appends do nothing, buf_err() says what happened. So a writer appends
 * without looking and asks once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
	char *p; /* always followed by a zero byte when not NULL */
	size_t n;
	size_t cap;
	size_t max;
	enum err err;
};

/* Allocates nothing yet. max counts the bytes without the closing zero. */
void buf_init(struct buf *b, size_t max);
/* Frees the bytes; the buf is as after init, error forgotten. */
void buf_fini(struct buf *b);
/* Keeps the memory, drops the content and the error. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_slice(struct buf *b, struct slice s);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first n bytes (n <= b->n). */
void buf_eat(struct buf *b, size_t n);

MUST_CHECK enum err buf_err(const struct buf *b);
/* The content; empty after a failure. Valid until the next call that changes b. */
struct slice buf_view(const struct buf *b);
/* The content as a C string, never NULL. */
const char *buf_cstr(const struct buf *b);

#endif
