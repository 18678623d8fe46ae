#include "core/names_pool.h"

#include <stdlib.h>

/* A name is a length byte and its bytes, in grains of four; a free run holds the next free one. */
static uint32_t grains_of(size_t len)
{
	return (uint32_t)((len + 1 + NAME_GRAIN - 1) / NAME_GRAIN);
}

enum err names_init(struct names_pool *n, uint64_t bytes)
{
	uint64_t grains = bytes / NAME_GRAIN + 1;

	if (grains >= NAME_NONE)
		grains = NAME_NONE - 1;
	*n = (struct names_pool){ .p = malloc(grains * NAME_GRAIN), .grains = (uint32_t)grains };
	for (int i = 0; i < NAME_CLASSES; i++)
		n->free[i] = NAME_NONE;
	return n->p ? ERR_OK : ERR_NO_MEMORY;
}

void names_fini(struct names_pool *n)
{
	free(n->p);
	*n = (struct names_pool){ 0 };
}

static unsigned char *at(const struct names_pool *n, uint32_t name)
{
	return n->p + (size_t)name * NAME_GRAIN;
}

enum err names_add(struct names_pool *n, struct slice name, uint32_t *ret)
{
	uint32_t grains, id;

	if (name.n == 0 || name.n > NAME_LEN_MAX)
		return ERR_MALFORMED;
	grains = grains_of(name.n);
	id = n->free[grains];
	if (id != NAME_NONE) {
		memcpy(&n->free[grains], at(n, id), sizeof(uint32_t));
	} else if (n->grains - n->used >= grains) {
		id = n->used;
		n->used += grains;
	} else {
		return ERR_LIMIT;
	}
	at(n, id)[0] = (unsigned char)name.n;
	memcpy(at(n, id) + 1, name.p, name.n);
	*ret = id;
	return ERR_OK;
}

void names_del(struct names_pool *n, uint32_t name)
{
	uint32_t grains;

	if (name == NAME_NONE)
		return;
	grains = grains_of(at(n, name)[0]);
	memcpy(at(n, name), &n->free[grains], sizeof(uint32_t));
	n->free[grains] = name;
}

struct slice names_get(const struct names_pool *n, uint32_t name)
{
	if (name == NAME_NONE)
		return SLICE_NONE;
	return slice_of((const char *)at(n, name) + 1, at(n, name)[0]);
}
