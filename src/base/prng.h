/* prng.h - small deterministic random numbers (splitmix64) for jitter, tags and tests.
 *
 * Not for secrets. The seed comes from the system in production and from the test in tests. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state;
};

uint64_t prng_u64(struct prng *r);
/* 0..n-1; n > 0. */
uint64_t prng_below(struct prng *r, uint64_t n);
/* from..to, both included. */
int64_t prng_range(struct prng *r, int64_t from, int64_t to);

#endif
