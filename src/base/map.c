#include "base/map.h"

#include <stdlib.h>

#include "base/check.h"

/* The upper half of the hash picks the slot and is kept, so that deletion can find every entry's
 * home without asking the caller. id == MAP_NONE marks an empty slot. */
struct map_slot {
	uint32_t tag;
	uint32_t id;
};

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

enum err map_init(struct map *m, uint32_t max)
{
	uint64_t n = 8;

	while (n * 7 / 8 < max)
		n *= 2;
	if (n > UINT32_MAX)
		return ERR_LIMIT;
	struct map_slot *slots = malloc(n * sizeof(*slots));
	if (!slots)
		return ERR_NO_MEMORY;
	for (uint64_t i = 0; i < n; i++)
		slots[i] = (struct map_slot){ 0, MAP_NONE };
	*m = (struct map){ slots, (uint32_t)(n - 1), 0, max };
	return ERR_OK;
}

void map_fini(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

uint32_t map_find(const struct map *m, uint64_t hash, map_same_h *same, const void *key, void *arg)
{
	uint32_t tag = tag_of(hash);

	for (uint32_t i = tag & m->mask; m->slots[i].id != MAP_NONE; i = (i + 1) & m->mask)
		if (m->slots[i].tag == tag && same(m->slots[i].id, key, arg))
			return m->slots[i].id;
	return MAP_NONE;
}

enum err map_add(struct map *m, uint64_t hash, uint32_t id)
{
	CHECK(id != MAP_NONE);
	if (m->used >= m->max)
		return ERR_LIMIT;
	uint32_t i = tag_of(hash) & m->mask;
	while (m->slots[i].id != MAP_NONE)
		i = (i + 1) & m->mask;
	m->slots[i] = (struct map_slot){ tag_of(hash), id };
	m->used++;
	return ERR_OK;
}

/* Moves later entries of the same run back into the hole at i. */
static void close_hole(struct map *m, uint32_t hole)
{
	uint32_t i = hole;

	for (;;) {
		i = (i + 1) & m->mask;
		if (m->slots[i].id == MAP_NONE)
			break;
		uint32_t home = m->slots[i].tag & m->mask;
		/* distance from home to i, and from hole to i, around the ring */
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].id = MAP_NONE;
}

bool map_del(struct map *m, uint64_t hash, uint32_t id)
{
	for (uint32_t i = tag_of(hash) & m->mask; m->slots[i].id != MAP_NONE; i = (i + 1) & m->mask) {
		if (m->slots[i].id != id)
			continue;
		close_hole(m, i);
		m->used--;
		return true;
	}
	return false;
}

size_t map_bytes(const struct map *m)
{
	return m->slots ? ((size_t)m->mask + 1) * sizeof(*m->slots) : 0;
}
