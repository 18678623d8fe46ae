/* keys.h - random keys as text, and what of them may be kept: their SHA-256. */
#ifndef ADMIN_AUTH_KEYS_H
#define ADMIN_AUTH_KEYS_H

#include "base/slice.h"

enum {
	KEY_LEN = 43,	   /* 256 random bits in base64url */
	DIGEST_LEN = 64,   /* hex */
	ID_LEN = 16,	   /* hex, of 64 random bits: names a session or token, opens nothing */
	ONE_TIME_LEN = 19, /* "abcd-efgh-ijkl-mnop": 16 of 32 letters, 80 bits */
};

/* ERR_IO: no randomness. */
MUST_CHECK enum err key_make(char ret[static KEY_LEN + 1]);
MUST_CHECK enum err key_id(char ret[static ID_LEN + 1]);
/* A password to be read from a terminal and typed: no letter that looks like another. */
MUST_CHECK enum err key_one_time(char ret[static ONE_TIME_LEN + 1]);
/* Of `purpose`, a zero byte and the key: digests for one purpose say nothing about those for
 * another. */
void key_digest(const char *purpose, struct slice key, char ret[static DIGEST_LEN + 1]);
/* In a time that depends on the lengths only. */
bool key_equal(struct slice a, struct slice b);
/* Without padding. ERR_LIMIT when it does not fit in cap with a zero byte. */
MUST_CHECK enum err base64url(const unsigned char *p, size_t n, char *dst, size_t cap);
/* ERR_MALFORMED, ERR_LIMIT. Padding is not taken. */
MUST_CHECK enum err base64url_decode(struct slice s, unsigned char *dst, size_t cap, size_t *ret_n);

#endif
