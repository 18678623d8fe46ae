/* seen.h - what others see of the session that we hold, judged from what Teams shows.
 *
 * Graph tells the aggregate of all sessions and the preferred state, never who made it. A pair that
 * is lower than our session can mean that the user has pinned it, or that our session is gone:
 * another application with the same client id wrote or cleared it, or Graph lost it. Where the pair
 * itself does not tell, the session is sent once more: if it then shows, it was gone. */
#ifndef CORE_SEEN_H
#define CORE_SEEN_H

#include "core/state.h"

enum {
	PROBE_EVERY_MS = 600000,  /* a doubt is put to the test at most once in this time for one user */
	RESEND_EVERY_MS = 60000,  /* ... and a session that is certainly gone is sent again */
	SEEN_MEMORY_MS = 3600000, /* two losses within this are a conflict */
	SEEN_LEASE_LEFT_MS = 60000,
};

enum probe {
	PROBE_NONE,
	PROBE_SENT, /* the next read tells */
	PROBE_DONE, /* it was not gone: somebody outranks it */
};

/* The verdict from one read alone; pure. */
enum shown seen_judge(enum session held, enum presence seen, enum seen_origin origin);
/* May make the session due to be sent again; a look at the user follows. */
void seen_take(struct engine *e, uint32_t user, const struct obs *o);
/* Graph has confirmed a clear; with 404 it says that the session was not there. */
void seen_cleared(struct engine *e, uint32_t user, struct pub *b, uint16_t status);
/* Something else is held now: nothing is known of it. */
void seen_anew(struct pub *b);
bool seen_conflict(const struct engine *e, const struct pub *b);
/* Losses must not be forgotten between two calls. */
bool seen_remembers(const struct engine *e, const struct pub *b);
/* ... but after SEEN_MEMORY_MS; *due is when that is. */
void seen_forget(struct engine *e, uint32_t user, int64_t *due_mono_ms);

#endif
