/* load.h - how long a session shall live under the present load (facts/limits.md 1.4).
 *
 * Normally as configured, 10 minutes. In deep overload 5: what cannot be cleared then ends sooner by itself.
 * Longer when renewals would take more than a fifth of the quota. */
#ifndef SINK_LOAD_H
#define SINK_LOAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LOAD_DEEP_MS = 300000,	/* this much work waits: deep overload, until half of it does */
	LOAD_SHARE_PERCENT = 20, /* of the quota for renewals */
	LOAD_POINT_PERCENT = 75, /* of a lease's life at which it is renewed, on average */
	LOAD_GRAIN_MS = 60000,	/* leases change by whole minutes */
	LOAD_LEASE_MIN_MS = 300000,
	LOAD_LEASE_MAX_MS = 14400000,
};

struct load {
	bool deep;
	int32_t floor_ms; /* leases are at least this long, 0: as configured */
};

/* limit requests a window; waiting: rises and clears that wait; sessions: those to be renewed. */
struct load load_of(struct load before, uint32_t limit, int64_t window_ms, uint32_t waiting,
		    uint32_t sessions);

#endif
