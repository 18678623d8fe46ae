/* order.h - what a request is worth when the quota is short: seconds of error that it removes.
 *
 * A rise ends the time in which a caller is shown as free, a clear the time in which somebody idle is shown
 * as busy, which the session's own end bounds (facts/limits.md 1.4). One weight says how much worse the first
 * is. Calls and pauses are taken to be of the office's kind, exponential with the means below. */
#ifndef SINK_ORDER_H
#define SINK_ORDER_H

#include <stdint.h>

enum {
	ORDER_CALL_MS = 180000,	 /* mean of a call */
	ORDER_PAUSE_MS = 720000, /* mean of the time between two */
	ORDER_WEIGHT = 3,
};

/* Milliseconds of error that one request removes; a rise's by weight. requests >= 1: what the action
 * takes. */
int64_t order_rise(uint32_t weight, int64_t lease_ms, uint32_t requests);
int64_t order_clear(int64_t left_ms, uint32_t requests);

#endif
