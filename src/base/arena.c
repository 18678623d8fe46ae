#include "base/arena.h"

#include <stdlib.h>

#include "base/check.h"

enum { BLOCK_BYTES = 64 * 1024, ALIGN = _Alignof(max_align_t) };

struct arena_block {
	struct arena_block *next;
	size_t n, cap;
	_Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max)
{
	CHECK(max < SIZE_MAX / 4);
	*a = (struct arena){.max = max};
}

void arena_fini(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	*a = (struct arena){.max = a->max};
}

/* What is large gets a block of its own behind the current one, so that the current one's rest is
 * not lost. */
static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK_BYTES / 4 ? n : BLOCK_BYTES;
	struct arena_block *b = malloc(sizeof(*b) + cap);

	if (!b)
		return NULL;
	b->n = 0;
	b->cap = cap;
	if (cap == n && a->blocks) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

static char *take(struct arena *a, size_t n, size_t align)
{
	struct arena_block *b = a->blocks;
	size_t at = b ? (b->n + align - 1) / align * align : 0;

	if (n > a->max - a->used)
		return NULL;
	if (!b || at > b->cap || n > b->cap - at) {
		b = add_block(a, n);
		at = 0;
	}
	if (!b)
		return NULL;
	b->n = at + n;
	a->used += n;
	return b->bytes + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
	char *p = take(a, n ? n : 1, ALIGN);

	if (p)
		memset(p, 0, n);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > a->max / size)
		return NULL;
	return arena_alloc(a, count * size);
}

char *arena_text(struct arena *a, struct slice s)
{
	char *p = s.n < a->max ? take(a, s.n + 1, 1) : NULL;

	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}
