/* events.h - server-sent events: one stream of changes, rendered once for all watchers.
 *
 * Changes of users are taken from the snapshot at most ten times a second, each user once; so a
 * storm costs no more than its last state. The more goes to the more watchers, the rarer, down to once a
 * second: two hundred pages must not cost the machine what the presence needs. What is rendered goes into a
 * ring of chunks with a bound in bytes, and is packed once for all who read gzip; a watcher that falls behind
 * the ring is told to read the lists again (`resync`). Runs on the admin thread only. */
#ifndef ADMIN_EVENTS_H
#define ADMIN_EVENTS_H

#include "admin/gzip.h"
#include "admin/names.h"

struct events;
struct watcher;

/* When there is something for a watcher that found nothing before, or the stream ends. */
typedef void events_ready_h(void *arg, bool ended);
struct events_hooks {
	events_ready_h *ready;
	bool (*sees)(void *arg, uint16_t account); /* NULL: everything */
	bool packed; /* it reads gzip */
};

MUST_CHECK enum err events_new(struct events **ret, struct snapshot *s, struct names *names);
void events_free(struct events *e);

/* account UINT16_MAX: all. ERR_LIMIT above EVENTS_WATCHERS_MAX. First it reads `hello` and
 * `health`. */
enum { EVENTS_WATCHERS_MAX = 512 };
MUST_CHECK enum err events_watch(struct events *e, struct watcher **ret, uint16_t account,
				 const struct events_hooks *hooks, void *arg, int64_t wall_ms);
void events_unwatch(struct events *e, struct watcher *w);
/* Copies up to cap bytes of the watcher's stream; 0: nothing now, ready() will be called once. */
size_t events_read(struct events *e, struct watcher *w, char *dst, size_t cap);

/* What ends a stream in gzip, 0 bytes for another, or where an event was cut: then it only stops. */
size_t events_tail(const struct watcher *w, char dst[GZIP_TAIL]);

/* Renders what is due. */
/* Alarms came or went: who listens asks for them. */
void events_alarms(struct events *e);
void events_tick(struct events *e, int64_t now_ms, int64_t wall_ms);
/* Tells every watcher that the stream has ended. */
void events_end(struct events *e);
/* A user has changed (snapshot_want_poke). */
void events_poked(struct events *e);
/* When events_tick is due; TIME_NEVER without watchers. */
int64_t events_next(const struct events *e);
/* True when the snapshot should poke at the next change. */
bool events_wants_poke(const struct events *e);
uint32_t events_watchers(const struct events *e);

#endif
