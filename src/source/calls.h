/* calls.h - which calls a connector's lines have, where the PBX reports each call on its own. For
 * implementers of connectors.
 *
 * A call is named by a key of the connector's making that no two lines share. All room is set aside
 * at start: a line's busiest state is never lost to a full table, because a line that finds no room
 * is reported by its next snapshot. */
#ifndef SOURCE_CALLS_H
#define SOURCE_CALLS_H

#include "base/map.h"
#include "source/outbox.h"

enum { CALL_NONE = 0x7fffffff };

struct line_call {
	uint64_t key;	  /* 0: free */
	uint32_t slot;	  /* the line's */
	uint32_t next;	  /* of the line, or of the free ones; CALL_NONE: the last */
	uint8_t state;	  /* enum call_state */
	bool listed;	  /* in the snapshot being read */
	int64_t event_ms; /* of its last event; INT64_MIN: only snapshots told of it */
};

struct call_table {
	struct line_call *list;
	uint32_t n, high, spare; /* room, used up to, first free one below */
	uint32_t *first;	 /* by slot */
	uint32_t lines_max;
	struct map by_key;
};

/* Room for four calls a line, within bounds. ERR_NO_MEMORY; call_table_fini all the same. */
MUST_CHECK enum err call_table_init(struct call_table *t, uint32_t lines_max);
/* Takes a zeroed one. */
void call_table_fini(struct call_table *t);
/* CALL_NONE: there is none. */
uint32_t call_find(const struct call_table *t, uint64_t key);
/* State CALL_GONE, no event yet; key is not 0 and not there. CALL_NONE: no room. */
uint32_t call_add(struct call_table *t, uint64_t key, uint32_t slot);
void call_drop(struct call_table *t, uint32_t call);
void call_drop_line(struct call_table *t, uint32_t slot);
void call_drop_all(struct call_table *t);
bool call_line_busy(const struct call_table *t, uint32_t slot);

/* The whole line: one FULL report of its busiest call, then PARTIAL ones, so that no state in
 * between is lower. like: connector, account and line. */
void call_tell_line(const struct call_table *t, uint32_t slot, struct outbox *out,
		    const struct obs *like);
/* One call's new state. */
void call_tell_change(struct outbox *out, const struct obs *like, uint64_t key, uint8_t state);

#endif
