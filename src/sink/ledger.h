/* ledger.h - the record of our own sends: never more than 98 % of the quota in any window.
 *
 * The shape of Microsoft's limiter is not documented (bucket, fixed or sliding window); a ledger of
 * sends is within all three (limits.md 1.5). What counts there is when a request arrives, which is
 * somewhere between its leaving and its answer: it counts from the one until a window after the other.
 * One that gets no answer, on a connection that was cut, may still be on its way: it counts until a window
 * after the last moment at which it can arrive. Amortised O(1) but for those; 8 bytes per send of a full
 * window. */
#ifndef SINK_LEDGER_H
#define SINK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ledger {
	int64_t *times; /* ring: when each has arrived at the latest, oldest at head; none of what is out */
	uint32_t cap, limit; /* limit <= cap: what may be in a window now */
	uint32_t head, n;    /* n: all that count, with those that are out */
	uint32_t out;        /* sent, not answered */
	int64_t window_ms;
};

/* At most cap (>= 1) sends in any window_ms. ERR_NO_MEMORY. */
MUST_CHECK enum err ledger_init(struct ledger *l, uint32_t cap, int64_t window_ms);
void ledger_fini(struct ledger *l);
/* Another capacity and window; what lies in the window stays there, though it be more.
 * ERR_NO_MEMORY: all stays as it was. */
MUST_CHECK enum err ledger_resize(struct ledger *l, uint32_t cap, int64_t window_ms);
/* Another limit, 1..cap; fewer than lie in the window already lets none more pass. */
void ledger_limit(struct ledger *l, uint32_t limit);
/* What may be used of a quota: floor(0.98 * quota), at least 1. */
uint32_t ledger_share(uint32_t quota);
/* now_ms never decreases from call to call. */
bool ledger_may(struct ledger *l, int64_t now_ms);
/* A request leaves. Only after ledger_may said yes at the same time. */
void ledger_leaves(struct ledger *l);
/* One that left has surely arrived by then: now, when its answer is there; later, when it has none. */
void ledger_arrived(struct ledger *l, int64_t by_ms);
/* Both at once, where it does not matter. */
void ledger_note(struct ledger *l, int64_t now_ms);
/* When ledger_may says yes again; the past when it does already, INT64_MAX when only an answer helps. */
int64_t ledger_free_ms(const struct ledger *l);
uint32_t ledger_used(struct ledger *l, int64_t now_ms);
/* How much of the window the sends in it took so far, in percent. */
uint32_t ledger_filled(struct ledger *l, int64_t now_ms);

#endif
