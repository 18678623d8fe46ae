/* log.h - one line a happening, to stderr; the only place of the daemon that writes there.
 *
 * "<6>hq: link is up" with syslog priorities as systemd reads them, or without them on a terminal.
 * Each code has a budget (20 lines in 10 s); what exceeds it is counted and said once. No secret, no
 * caller's number, no body ever gets here: callers pass ids and fixed words. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdint.h>

#include "base/err.h"

struct log;

MUST_CHECK enum err log_new(struct log **ret, int level);
void log_free(struct log *l);
/* Lines of a priority number above level are dropped (3 errors .. 7 debug). */
void log_set_level(struct log *l, int level);
/* code: a fixed word with static storage, the unit of the budget; now_ms: monotonic. */
void log_put(struct log *l, int64_t now_ms, int priority, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
uint64_t log_dropped(const struct log *l);

#endif
