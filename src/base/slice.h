/* slice.h - a borrowed run of bytes: pointer and length, never freed.
 *
 * A slice is valid as long as the buffer it was cut from; it is never stored in an object that
 * outlives that buffer. p may be NULL when n is 0. Nothing here needs a closing zero byte. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct slice {
	const char *p;
	size_t n;
};

#define SLICE_LIT(s) ((struct slice){ (s), sizeof(s) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })
/* For printf's "%.*s". Only for text that is known to be short. */
#define SLICE_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct slice slice_of(const char *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

bool slice_eq(struct slice a, struct slice b);
/* ASCII letters without regard to case. */
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *s);
bool slice_is_nocase(struct slice a, const char *s);
bool slice_starts(struct slice a, const char *prefix);
bool slice_starts_nocase(struct slice a, const char *prefix);

/* Position of the first c, or a.n when there is none. */
size_t slice_find(struct slice a, char c);
/* Position of the first occurrence of s, or a.n. */
size_t slice_find_str(struct slice a, struct slice s);

/* Without leading and trailing blanks, tabs, CR and LF. */
struct slice slice_trim(struct slice a);
/* Bytes from..to, both clamped to the slice. */
struct slice slice_sub(struct slice a, size_t from, size_t to);

/* Cuts the part before the first sep off *rest and moves *rest behind it; with no sep left the
 * rest is returned and *rest gets p = NULL. Returns false when *rest was used up before. */
bool slice_split(struct slice *rest, char sep, struct slice *ret_part);

/* The whole slice as a decimal number: digits only, at least one, value <= max.
 * ERR_MALFORMED for other bytes, ERR_LIMIT above max. */
MUST_CHECK enum err slice_u64(struct slice a, uint64_t max, uint64_t *ret);

/* The whole slice as lower-case hexadecimal digits, 1 to 16 of them: as we write numbers that come back to
 * us. ERR_MALFORMED otherwise. */
MUST_CHECK enum err slice_hex(struct slice a, uint64_t *ret);
/* The byte that a percent escape (RFC 3986, 2.1) at that place stands for; -1: there is none. */
int slice_percent(struct slice a, size_t at);

/* Copies with a closing zero byte. ERR_LIMIT when it does not fit, ERR_MALFORMED for a zero byte
 * inside; dst is then the empty string. */
MUST_CHECK enum err slice_copy(struct slice a, char *dst, size_t cap);

/* 64 bits, keyed: foreign names go into our hash tables, so the seed must be random in production
 * and may be fixed in tests. slice_hash_nocase folds ASCII letters. */
uint64_t slice_hash(struct slice a, uint64_t seed);
uint64_t slice_hash_nocase(struct slice a, uint64_t seed);

#endif
