/* names_pool.h - every name of the directory, once, in one block sized at the start.
 *
 * Names are 1..254 bytes, found again by a 32-bit handle. A freed name's room is used again for
 * names of the same size class (4 bytes apart). No allocation after init. */
#ifndef CORE_NAMES_POOL_H
#define CORE_NAMES_POOL_H

#include "base/slice.h"

enum { NAME_LEN_MAX = 254, NAME_GRAIN = 4, NAME_CLASSES = 256 / NAME_GRAIN + 1 };

struct names_pool {
	unsigned char *p;
	uint32_t grains, used;
	uint32_t free[NAME_CLASSES]; /* first free run of each size, NAME_NONE: none */
};

#define NAME_NONE UINT32_MAX

MUST_CHECK enum err names_init(struct names_pool *n, uint64_t bytes);
void names_fini(struct names_pool *n);
/* ERR_MALFORMED for an empty or too long name, ERR_LIMIT when there is no room. */
MUST_CHECK enum err names_add(struct names_pool *n, struct slice name, uint32_t *ret);
/* NAME_NONE is nothing to free, and names an empty slice. */
void names_del(struct names_pool *n, uint32_t name);
struct slice names_get(const struct names_pool *n, uint32_t name);

#endif
