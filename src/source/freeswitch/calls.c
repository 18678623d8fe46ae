#include "source/freeswitch/fs.h"

uint64_t fs_key(const struct freeswitch *f, const char *uuid)
{
	uint64_t key = slice_hash(slice_str(uuid), f->seed);

	return key ? key : 1;
}

static bool same_key(uint32_t id, const void *key, void *arg)
{
	const struct freeswitch *f = arg;

	return f->calls[id].key == *(const uint64_t *)key;
}

uint32_t fs_call_find(const struct freeswitch *f, uint64_t key)
{
	uint32_t id = map_find(&f->by_key, key, same_key, &key, (void *)(uintptr_t)f);

	return id == MAP_NONE ? FS_NONE : id;
}

bool fs_call_is_fresh(const struct freeswitch *f, const struct fs_call *c)
{
	return c->event_ms != INT64_MIN && f->now_ms - c->event_ms < FRESH_MS;
}

/* Ended calls that no snapshot can bring back any more. */
static void purge(struct freeswitch *f)
{
	for (uint32_t i = 0; i < f->calls_high; i++)
		if (f->calls[i].key && f->calls[i].state == CALL_GONE &&
		    !fs_call_is_fresh(f, &f->calls[i]))
			fs_call_drop(f, i);
}

static uint32_t call_take(struct freeswitch *f)
{
	uint32_t id = f->call_free;

	if (id != FS_NONE)
		f->call_free = f->calls[id].next;
	else if (f->calls_high < f->calls_n)
		id = f->calls_high++;
	return id;
}

uint32_t fs_call_add(struct freeswitch *f, uint64_t key, uint32_t slot)
{
	uint32_t id = call_take(f);

	if (id == FS_NONE) {
		purge(f);
		id = call_take(f);
	}
	if (id == FS_NONE)
		return FS_NONE;
	f->calls[id] = (struct fs_call){ .key = key,
					 .slot = slot,
					 .next = f->lines[slot].first_call,
					 .state = CALL_GONE,
					 .event_ms = INT64_MIN };
	if (map_add(&f->by_key, key, id)) {
		f->calls[id] = (struct fs_call){ .next = f->call_free };
		f->call_free = id;
		return FS_NONE;
	}
	f->lines[slot].first_call = id;
	return id;
}

void fs_call_drop(struct freeswitch *f, uint32_t call)
{
	struct fs_call *c = &f->calls[call];
	uint32_t *at = &f->lines[c->slot].first_call;

	while (*at != call)
		at = &f->calls[*at].next;
	*at = c->next;
	map_del(&f->by_key, c->key, call);
	*c = (struct fs_call){ .next = f->call_free };
	f->call_free = call;
}

void fs_line_drop_calls(struct freeswitch *f, uint32_t slot)
{
	while (f->lines[slot].first_call != FS_NONE)
		fs_call_drop(f, f->lines[slot].first_call);
}

void fs_calls_clear(struct freeswitch *f)
{
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1))
		fs_line_drop_calls(f, i);
}

bool fs_line_busy(const struct freeswitch *f, uint32_t slot)
{
	for (uint32_t i = f->lines[slot].first_call; i != FS_NONE; i = f->calls[i].next)
		if (f->calls[i].state != CALL_GONE)
			return true;
	return false;
}
