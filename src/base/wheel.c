#include "base/wheel.h"

#include <stdlib.h>

#include "base/check.h"

/* Five levels of 256 slots: level k holds deadlines whose distance needs k+1 bytes, 2^40 ms = 34
 * years in all. Lists are doubly linked by index. When the time enters a slot of a higher level,
 * its entries cascade down. A slot in use is marked in a bitmap so that empty stretches cost
 * nothing: a wheel that slept for a day catches up in at most 5 * 256 steps. */
enum { LEVELS = 5, SLOTS = 256, BITS = 8, WORDS = SLOTS / 64, NIL = -1 };

struct node {
	int64_t due_ms;
	int32_t prev; /* index of the previous node, or NIL when head of its slot */
	int32_t next;
};

struct wheel {
	int64_t now_ms;
	uint32_t max;
	uint32_t count;
	uint64_t used[LEVELS][WORDS];
	int32_t head[LEVELS][SLOTS];
	int32_t tail[LEVELS][SLOTS];
	struct node nodes[];
};

enum err wheel_new(struct wheel **ret, uint32_t max, int64_t start_ms)
{
	CHECK(max < INT32_MAX);
	struct wheel *w = calloc(1, sizeof(*w) + (size_t)max * sizeof(struct node));
	if (!w)
		return ERR_NO_MEMORY;
	w->now_ms = start_ms;
	w->max = max;
	for (int l = 0; l < LEVELS; l++)
		for (int s = 0; s < SLOTS; s++)
			w->head[l][s] = w->tail[l][s] = NIL;
	for (uint32_t i = 0; i < max; i++)
		w->nodes[i].due_ms = WHEEL_NEVER;
	*ret = w;
	return ERR_OK;
}

void wheel_free(struct wheel *w)
{
	free(w);
}

/* The highest byte in which due and now differ names the level: entries of a level always lie in
 * the current turn of that level, so slot numbers alone order them. */
static void place(const struct wheel *w, int64_t due_ms, int *ret_level, int *ret_slot)
{
	uint64_t due = (uint64_t)(due_ms > w->now_ms ? due_ms : w->now_ms);
	uint64_t diff = due ^ (uint64_t)w->now_ms;
	int level = 0;

	while (level < LEVELS - 1 && diff >> (BITS * (level + 1)))
		level++;
	*ret_level = level;
	*ret_slot = (int)(due >> (BITS * level)) & (SLOTS - 1);
}

static void link_in(struct wheel *w, int32_t i)
{
	int l, s;

	place(w, w->nodes[i].due_ms, &l, &s);
	w->nodes[i].prev = w->tail[l][s];
	w->nodes[i].next = NIL;
	if (w->tail[l][s] == NIL)
		w->head[l][s] = i;
	else
		w->nodes[w->tail[l][s]].next = i;
	w->tail[l][s] = i;
	w->used[l][s / 64] |= 1ull << (s % 64);
}

static void link_out(struct wheel *w, int32_t i)
{
	struct node *n = &w->nodes[i];
	int l, s;

	place(w, n->due_ms, &l, &s);
	if (n->prev == NIL)
		w->head[l][s] = n->next;
	else
		w->nodes[n->prev].next = n->next;
	if (n->next == NIL)
		w->tail[l][s] = n->prev;
	else
		w->nodes[n->next].prev = n->prev;
	if (w->head[l][s] == NIL)
		w->used[l][s / 64] &= ~(1ull << (s % 64));
}

void wheel_set(struct wheel *w, uint32_t id, int64_t due_ms)
{
	CHECK(id < w->max);
	struct node *n = &w->nodes[id];
	const int64_t horizon = w->now_ms + (1ll << 39);

	if (n->due_ms != WHEEL_NEVER) {
		link_out(w, (int32_t)id);
		w->count--;
	}
	n->due_ms = due_ms;
	if (due_ms == WHEEL_NEVER)
		return;
	if (due_ms < w->now_ms)
		n->due_ms = w->now_ms;
	if (due_ms > horizon)
		n->due_ms = horizon;
	link_in(w, (int32_t)id);
	w->count++;
}

int64_t wheel_due(const struct wheel *w, uint32_t id)
{
	CHECK(id < w->max);
	return w->nodes[id].due_ms;
}

/* First used slot >= from on level l, or SLOTS. */
static int next_used(const struct wheel *w, int l, int from)
{
	for (int word = from / 64; word < WORDS; word++) {
		uint64_t bits = w->used[l][word];

		if (word == from / 64)
			bits &= ~0ull << (from % 64);
		if (bits)
			return word * 64 + __builtin_ctzll(bits);
	}
	return SLOTS;
}

/* Start of the earliest used slot, over all levels; lower levels come first in time. */
static int64_t earliest(const struct wheel *w)
{
	for (int l = 0; l < LEVELS; l++) {
		int now_slot = (int)((uint64_t)w->now_ms >> (BITS * l)) & (SLOTS - 1);
		int s = next_used(w, l, l == 0 ? now_slot : now_slot + 1);

		if (s < SLOTS) {
			uint64_t turn = (uint64_t)w->now_ms >> (BITS * (l + 1)) << (BITS * (l + 1));

			return (int64_t)(turn | (uint64_t)s << (BITS * l));
		}
	}
	return WHEEL_NEVER;
}

/* Re-files every entry of the slots that begin at the new time. */
static void advance(struct wheel *w, int64_t to_ms)
{
	int32_t lists[LEVELS];

	/* take the slots out under the old time, then link in under the new one */
	for (int l = LEVELS - 1; l > 0; l--) {
		int s = (int)((uint64_t)to_ms >> (BITS * l)) & (SLOTS - 1);
		bool entered = ((uint64_t)to_ms >> (BITS * l)) != ((uint64_t)w->now_ms >> (BITS * l));

		lists[l] = entered ? w->head[l][s] : NIL;
		if (lists[l] == NIL)
			continue;
		w->head[l][s] = w->tail[l][s] = NIL;
		w->used[l][s / 64] &= ~(1ull << (s % 64));
	}
	w->now_ms = to_ms;
	for (int l = LEVELS - 1; l > 0; l--) {
		for (int32_t i = lists[l], next; i != NIL; i = next) {
			next = w->nodes[i].next;
			link_in(w, i);
		}
	}
}

bool wheel_pop(struct wheel *w, int64_t now_ms, uint32_t *ret_id)
{
	while (w->count) {
		int s = (int)((uint64_t)w->now_ms & (SLOTS - 1));
		int32_t i = w->head[0][s];

		if (i != NIL && w->now_ms <= now_ms) {
			link_out(w, i);
			w->nodes[i].due_ms = WHEEL_NEVER;
			w->count--;
			*ret_id = (uint32_t)i;
			return true;
		}
		int64_t next = earliest(w);
		if (next > now_ms)
			break;
		advance(w, next);
	}
	if (now_ms > w->now_ms)
		advance(w, now_ms);
	return false;
}

int64_t wheel_next(const struct wheel *w)
{
	return w->count ? earliest(w) : WHEEL_NEVER;
}

size_t wheel_bytes(const struct wheel *w)
{
	return sizeof(*w) + (size_t)w->max * sizeof(struct node);
}
