/* monitor.h - looks at the snapshot by itself: alarms every few seconds, the history every minute.
 * Admin thread. */
#ifndef ADMIN_MONITOR_H
#define ADMIN_MONITOR_H

#include "admin/alarms.h"
#include "admin/history.h"
#include "admin/snapshot.h"

struct monitor;

MUST_CHECK enum err monitor_new(struct monitor **ret, struct snapshot *s);
void monitor_free(struct monitor *m);
/* True when a raised alarm came or went. */
bool monitor_tick(struct monitor *m, int64_t mono_ms, int64_t wall_ms);
int64_t monitor_next(const struct monitor *m);

struct alarms *monitor_alarms(struct monitor *m);
const struct history *monitor_history(const struct monitor *m);
/* Called for each alarm that is raised, and with gone for each that is over. */
void monitor_tell(struct monitor *m, void (*tell)(void *arg, const struct alarm *x, bool gone),
		  void *arg);

#endif
