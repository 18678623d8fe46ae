#include "sink/load.h"

static int32_t floor_of(uint32_t limit, int64_t window_ms, uint32_t sessions)
{
	int64_t ms = (int64_t)sessions * window_ms * 10000 /
		     ((int64_t)limit * LOAD_SHARE_PERCENT * LOAD_POINT_PERCENT);

	if (ms <= LOAD_LEASE_MIN_MS) /* every lease is longer */
		return 0;
	if (ms >= LOAD_LEASE_MAX_MS)
		return LOAD_LEASE_MAX_MS;
	return (int32_t)((ms + LOAD_GRAIN_MS - 1) / LOAD_GRAIN_MS * LOAD_GRAIN_MS);
}

struct load load_of(struct load before, uint32_t limit, int64_t window_ms, uint32_t waiting,
		    uint32_t sessions)
{
	int64_t work_ms = (int64_t)waiting * window_ms / limit;

	return (struct load){ .deep = work_ms > (before.deep ? LOAD_DEEP_MS / 2 : LOAD_DEEP_MS),
			      .floor_ms = floor_of(limit, window_ms, sessions) };
}
