/* until.h - reads when a profile ends. Pure: clock and zone come in. */
#ifndef CLI_UNTIL_H
#define CLI_UNTIL_H

#include "base/slice.h"

/* A local civil time and its instant. to_wall gives the first instant that reads so, or -1. */
struct civil {
	unsigned year, month, day, hour, minute;
};
struct zone {
	struct civil (*to_local)(int64_t wall_ms, void *arg);
	int64_t (*to_wall)(struct civil t, void *arg);
	void *arg;
};

enum { UNTIL_MAX_DAYS = 366 };

/* "14:00" (today, or tomorrow when that has passed), "2h", "90m", "1h30m", "+2d",
 * "2026-11-24T14:00" or with a blank for the T (local), "2026-11-24T14:00:00Z" and offsets.
 * ERR_MALFORMED; ERR_LIMIT when it lies in the past or more than UNTIL_MAX_DAYS ahead. */
MUST_CHECK enum err until_parse(struct slice text, int64_t now_ms, const struct zone *z,
				int64_t *ret_wall_ms);

#endif
