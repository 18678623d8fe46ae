/* history.h - the last day, a value a minute: for the charts. Pure; lives as long as the process.
 *
 * One track for everything together and one an account, of at most HISTORY_ACCOUNTS_MAX; others
 * have none. */
#ifndef ADMIN_HISTORY_H
#define ADMIN_HISTORY_H

#include "base/jsonw.h"
#include "base/delay.h"
#include "core/types.h"

enum { HISTORY_MINUTES = 1440, HISTORY_ACCOUNTS_MAX = 256, HISTORY_STEP_MS = 60000 };

/* As it stands now; counters as they are, rising. */
struct history_reading {
	uint64_t sent, throttled, delays[DELAY_BUCKETS];
	uint32_t backlog; /* requests that wait */
	uint32_t states[PRESENCE_COUNT];
};

struct history;

MUST_CHECK enum err history_new(struct history **ret);
void history_free(struct history *h);

/* The end of a minute. account -1: everything together. The first reading of a track only learns;
 * minutes that were missed (the machine slept) are left empty. wall_ms dates the minute. */
void history_put(struct history *h, int32_t account, int64_t wall_ms,
		 const struct history_reading *r);
void history_forget(struct history *h, int32_t account);
/* {"step_s":60,"from":...,"series":{"delay_p50_ms":[...],...}} of the last `minutes`, oldest first;
 * null where nothing is known. False: there is no such track. */
bool history_render(const struct history *h, int32_t account, uint32_t minutes, struct jsonw *j);

#endif
