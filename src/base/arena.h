/* arena.h - memory that is given back all at once.
 *
 * For models that are built, read and dropped as a whole (a configuration): strings and arrays
 * live in a few large blocks, so that a million of them cost no million frees. Not for anything
 * that grows and shrinks. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena {
	struct arena_block *blocks;
	size_t used; /* bytes handed out, with padding */
	size_t max;
};

/* Allocates nothing yet. max: bytes that may be handed out in all. */
void arena_init(struct arena *a, size_t max);
void arena_fini(struct arena *a);
/* n zeroed bytes, aligned for any object; NULL when there is no memory or max is reached. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size zeroed bytes; NULL also when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy with a closing zero byte, not aligned. */
char *arena_text(struct arena *a, struct slice s);

#endif
