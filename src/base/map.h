/* map.h - hash -> id, fixed capacity, open addressing, no allocation after init.
 *
 * The map stores 32-bit ids under 64-bit hashes and asks the caller to compare names, so that
 * names live once, in the caller's pool. Deletion shifts entries back: no tombstones, so the cost
 * of a find does not grow with the age of the process. 8 bytes a slot, load at most 7/8. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct map {
	struct map_slot *slots;
	uint32_t mask;
	uint32_t used;
	uint32_t max;
};

#define MAP_NONE UINT32_MAX

/* True when the object `id` is the one that `key` names. */
typedef bool map_same_h(uint32_t id, const void *key, void *arg);

/* Room for at least `max` entries. ERR_NO_MEMORY. */
MUST_CHECK enum err map_init(struct map *m, uint32_t max);
void map_fini(struct map *m);

/* The id stored under hash for which same() holds, or MAP_NONE. */
uint32_t map_find(const struct map *m, uint64_t hash, map_same_h *same, const void *key, void *arg);
/* The caller has made sure that the key is not in the map. ERR_LIMIT when full. */
MUST_CHECK enum err map_add(struct map *m, uint64_t hash, uint32_t id);
/* Removes the entry (hash, id); false when it is not there. */
bool map_del(struct map *m, uint64_t hash, uint32_t id);
/* Bytes that the map holds. */
size_t map_bytes(const struct map *m);

#endif
