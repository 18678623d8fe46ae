#include "source/calls.h"

#include <stdlib.h>

enum { PER_LINE = 4, ROOM_MIN = 256, ROOM_MAX = 1 << 17 };

static uint32_t room_for(uint32_t lines)
{
	uint64_t n = (uint64_t)lines * PER_LINE;

	return n < ROOM_MIN ? ROOM_MIN : n > ROOM_MAX ? ROOM_MAX : (uint32_t)n;
}

enum err call_table_init(struct call_table *t, uint32_t lines_max)
{
	*t = (struct call_table){ .n = room_for(lines_max),
				  .spare = CALL_NONE,
				  .lines_max = lines_max };
	t->list = calloc(t->n, sizeof(*t->list));
	t->first = calloc(lines_max ? lines_max : 1, sizeof(*t->first));
	if (!t->list || !t->first)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < lines_max; i++)
		t->first[i] = CALL_NONE;
	return map_init(&t->by_key, t->n);
}

void call_table_fini(struct call_table *t)
{
	map_fini(&t->by_key);
	free(t->list);
	free(t->first);
	*t = (struct call_table){ 0 };
}

static bool same_key(uint32_t id, const void *key, void *arg)
{
	const struct call_table *t = arg;

	return t->list[id].key == *(const uint64_t *)key;
}

uint32_t call_find(const struct call_table *t, uint64_t key)
{
	uint32_t id = map_find(&t->by_key, key, same_key, &key, (void *)(uintptr_t)t);

	return id == MAP_NONE ? CALL_NONE : id;
}

static uint32_t take(struct call_table *t)
{
	uint32_t id = t->spare;

	if (id != CALL_NONE)
		t->spare = t->list[id].next;
	else if (t->high < t->n)
		id = t->high++;
	return id;
}

static void give_back(struct call_table *t, uint32_t id)
{
	t->list[id] = (struct line_call){ .next = t->spare };
	t->spare = id;
}

uint32_t call_add(struct call_table *t, uint64_t key, uint32_t slot)
{
	uint32_t id = take(t);

	if (id == CALL_NONE)
		return CALL_NONE;
	if (map_add(&t->by_key, key, id)) {
		give_back(t, id);
		return CALL_NONE;
	}
	t->list[id] = (struct line_call){ .key = key,
					  .slot = slot,
					  .next = t->first[slot],
					  .state = CALL_GONE,
					  .event_ms = INT64_MIN };
	t->first[slot] = id;
	return id;
}

void call_drop(struct call_table *t, uint32_t call)
{
	uint32_t *at = &t->first[t->list[call].slot];

	while (*at != call)
		at = &t->list[*at].next;
	*at = t->list[call].next;
	map_del(&t->by_key, t->list[call].key, call);
	give_back(t, call);
}

void call_drop_line(struct call_table *t, uint32_t slot)
{
	while (t->first[slot] != CALL_NONE)
		call_drop(t, t->first[slot]);
}

void call_drop_all(struct call_table *t)
{
	for (uint32_t i = 0; i < t->lines_max; i++)
		call_drop_line(t, i);
}

bool call_line_busy(const struct call_table *t, uint32_t slot)
{
	for (uint32_t i = t->first[slot]; i != CALL_NONE; i = t->list[i].next)
		if (t->list[i].state != CALL_GONE)
			return true;
	return false;
}

/* ---- telling ---- */

static int rank(uint8_t state)
{
	static const uint8_t ranks[CALL_COUNT] = {
		[CALL_GONE] = 0, [CALL_RINGING] = 1, [CALL_DIALING] = 2,
		[CALL_HELD] = 3, [CALL_TALKING] = 4, [CALL_CONFERENCE] = 5
	};

	return ranks[state];
}

static void tell(struct outbox *out, const struct obs *like, enum obs_scope scope, uint64_t key,
		 uint8_t state)
{
	struct obs o = *like;

	o.kind = OBS_CALL;
	o.scope = (uint8_t)scope;
	o.call_key = key;
	o.call = state;
	outbox_obs(out, &o);
}

void call_tell_line(const struct call_table *t, uint32_t slot, struct outbox *out,
		    const struct obs *like)
{
	uint32_t top = CALL_NONE;

	for (uint32_t i = t->first[slot]; i != CALL_NONE; i = t->list[i].next)
		if (top == CALL_NONE || rank(t->list[i].state) > rank(t->list[top].state))
			top = i;
	if (top == CALL_NONE || t->list[top].state == CALL_GONE) {
		tell(out, like, SCOPE_FULL, 0, CALL_GONE);
		return;
	}
	tell(out, like, SCOPE_FULL, t->list[top].key, t->list[top].state);
	for (uint32_t i = t->first[slot]; i != CALL_NONE; i = t->list[i].next)
		if (i != top && t->list[i].state != CALL_GONE)
			tell(out, like, SCOPE_PARTIAL, t->list[i].key, t->list[i].state);
}

void call_tell_change(struct outbox *out, const struct obs *like, uint64_t key, uint8_t state)
{
	tell(out, like, state == CALL_GONE ? SCOPE_GONE : SCOPE_PARTIAL, key, state);
}
