/* wheel.h - one deadline per small integer id, in a hierarchical timer wheel.
 *
 * Deadlines are data: there are no callbacks and no clock inside. Ids are 0..max-1, each has at
 * most one deadline. Setting, cancelling and popping are O(1); 16 bytes an id. Millisecond grain:
 * an id is never popped before its deadline. Pops of one instant come out in the order of their
 * slot lists, which depends only on the calls made: deterministic. */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WHEEL_NEVER INT64_MAX

struct wheel;

/* start_ms: the time of the first use; deadlines before it are due at once. ERR_NO_MEMORY. */
MUST_CHECK enum err wheel_new(struct wheel **ret, uint32_t max, int64_t start_ms);
void wheel_free(struct wheel *w);

/* Sets or moves the deadline of id; WHEEL_NEVER cancels. */
void wheel_set(struct wheel *w, uint32_t id, int64_t due_ms);
/* The deadline of id, WHEEL_NEVER when it has none. */
int64_t wheel_due(const struct wheel *w, uint32_t id);
/* Takes one id whose deadline is <= now_ms. now_ms must not decrease from call to call. */
bool wheel_pop(struct wheel *w, int64_t now_ms, uint32_t *ret_id);
/* A time not later than the earliest deadline (exact when it is within 256 ms, otherwise the start
 * of its slot, so that a caller who wakes there and pops nothing sleeps again, at most 5 times),
 * WHEEL_NEVER when there is none. */
int64_t wheel_next(const struct wheel *w);
size_t wheel_bytes(const struct wheel *w);

#endif
