/* learn.h - how much of the quota may be used: up by small steps after clean full windows, down at a 429.
 *
 * Microsoft's pages name 1,500 and 10,000 requests in 30 s (facts/limits.md 1); which holds for a tenant only
 * the tenant tells. A step is taken after a window in which everything allowed was sent and nothing refused.
 * A refusal cuts to what was taken, and the next trial waits the longer the oftener that happened. What no
 * window has proved yet is entered slowly, so that finding the end costs a handful of refusals. */
#ifndef SINK_LEARN_H
#define SINK_LEARN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LEARN_STEP_PERCENT = 5,
	LEARN_SLACK_MS = 1000, /* answers to a window's last requests */
	LEARN_REST_MS = 600000, /* before the next trial; doubles with every failure up to ... */
	LEARN_REST_MAX_MS = 86400000,
	LEARN_ENTRY = 4, /* more in flight than the proved rate needs; one more for every 16 that went well */
};

struct learn {
	uint32_t max;	 /* never more than this in a window */
	uint32_t limit;	 /* what may be sent in a window now */
	uint32_t least;	 /* ... and never less */
	uint32_t proven; /* what a window has taken, or the documents grant at least */
	int64_t full_ms; /* when a window at this limit was first full, 0: it was not */
	int64_t trial_ms; /* no step before this */
	uint8_t failures; /* trials in a row that drew a refusal */
	uint32_t steps, cuts; /* counted */
};

/* start, granted, max: requests a window, each at least 1. granted: what is safe by the documents. */
void learn_init(struct learn *l, uint32_t start, uint32_t granted, uint32_t max);
/* Something waits and the window holds limit sends. True when limit has risen. */
bool learn_full(struct learn *l, int64_t now_ms, int64_t window_ms);
/* A 429, the first of a closure: `used` sends lie in the window, of which in_flight have no answer yet. A
 * bucket has taken its whole content and what ran in meanwhile: `filled` says how much of a window, in
 * percent, those sends took. */
void learn_refused(struct learn *l, int64_t now_ms, uint32_t used, uint32_t in_flight, uint32_t filled);
/* How many may be in flight with used sends in the window, when an answer takes rtt_ms. */
uint32_t learn_in_flight(const struct learn *l, uint32_t used, uint32_t cap, int64_t rtt_ms,
			 int64_t window_ms);

#endif
