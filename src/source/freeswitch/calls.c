#include "source/freeswitch/fs.h"

uint64_t fs_key(const struct freeswitch *f, const char *uuid)
{
	uint64_t key = slice_hash(slice_str(uuid), f->seed);

	return key ? key : 1;
}

bool fs_call_is_fresh(const struct freeswitch *f, const struct line_call *c)
{
	return c->event_ms != INT64_MIN && f->now_ms - c->event_ms < FRESH_MS;
}

/* Ended calls that no snapshot can bring back any more. */
static void purge(struct freeswitch *f)
{
	for (uint32_t i = 0; i < f->calls.high; i++)
		if (f->calls.list[i].key && f->calls.list[i].state == CALL_GONE &&
		    !fs_call_is_fresh(f, &f->calls.list[i]))
			call_drop(&f->calls, i);
}

uint32_t fs_call_add(struct freeswitch *f, uint64_t key, uint32_t slot)
{
	uint32_t id = call_add(&f->calls, key, slot);

	if (id != CALL_NONE)
		return id;
	purge(f);
	return call_add(&f->calls, key, slot);
}
