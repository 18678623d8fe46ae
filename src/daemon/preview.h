/* preview.h - who would look different in Teams now under other rules; changes nothing. */
#ifndef DAEMON_PREVIEW_H
#define DAEMON_PREVIEW_H

#include <jansson.h>

#include "daemon/app.h"

enum { PREVIEW_ROWS_MAX = 1000 };

/* yaml: the keys of `policy`, as they would stand in the account. A person's or a group's own keys
 * stay. The answer, or NULL with the faults in `why`, one line each. */
json_t *preview_policy(const struct app_parts *p, struct bridge_time t, uint16_t account,
		       struct slice yaml, struct buf *why);

#endif
