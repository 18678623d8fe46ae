/* retention.h - what was written down about changes is forgotten after its days: at start, after a
 * reload, and once a day. */
#ifndef DAEMON_RETENTION_H
#define DAEMON_RETENTION_H

#include "bridge/bridge.h"
#include "proto/conf/conf.h"
#include "store/store.h"

struct retention {
	int64_t next_ms; /* 0: at once */
};

/* Does what is due; when to look again, on the monotonic clock. */
int64_t retention_look(struct retention *r, const struct conf *c, struct store *s, struct bridge_time t);

#endif
