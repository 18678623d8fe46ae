/* ledger.h - the record of our own sends: never more than 98 % of the quota in any window.
 *
 * The shape of Microsoft's limiter is not documented (bucket, fixed or sliding window); a ledger of
 * sends is within all three (limits.md 1.5). Amortised O(1); 8 bytes per send of a full window. */
#ifndef SINK_LEDGER_H
#define SINK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ledger {
	int64_t *times; /* ring of send times, oldest at head */
	uint32_t cap, head, n;
	int64_t window_ms;
};

/* At most cap (>= 1) sends in any window_ms. ERR_NO_MEMORY. */
MUST_CHECK enum err ledger_init(struct ledger *l, uint32_t cap, int64_t window_ms);
void ledger_fini(struct ledger *l);
/* What may be used of a quota: floor(0.98 * quota), at least 1. */
uint32_t ledger_share(uint32_t quota);
/* now_ms never decreases from call to call. */
bool ledger_may(struct ledger *l, int64_t now_ms);
/* Only after ledger_may said yes at the same time. */
void ledger_note(struct ledger *l, int64_t now_ms);
/* When ledger_may says yes again; the past when it does already. */
int64_t ledger_free_ms(const struct ledger *l);
uint32_t ledger_used(struct ledger *l, int64_t now_ms);

#endif
