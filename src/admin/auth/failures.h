/* failures.h - which failed sign-ins are written into the record of changes: whoever tries thousands must
 * not fill it. Pure. */
#ifndef ADMIN_AUTH_FAILURES_H
#define ADMIN_AUTH_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

enum { FAILURES_MS = 60000, FAILURES_WRITTEN_MAX = 10 }; /* at most so many in that time */

struct failures {
	int64_t from_ms; /* of the present time; 0: none yet */
	uint32_t written, left_out;
};

/* Whether this one is written down; then *ret_left_out says how many before it were not. */
bool failures_note(struct failures *f, int64_t now_ms, uint32_t *ret_left_out);

#endif
