/* delay.h - delays counted by size, from which percentiles are read. Header only; pure. */
#ifndef BASE_DELAY_H
#define BASE_DELAY_H

#include <stdint.h>

enum { DELAY_BUCKETS = 16 };

/* Upper bounds of the buckets in milliseconds; the last one has none. */
static const int32_t delay_bounds_ms[DELAY_BUCKETS - 1] = { 10,	   20,	  50,	  100,	  200,
							    500,   1000,  2000,	  5000,	  10000,
							    30000, 60000, 120000, 300000, 600000 };

static inline unsigned delay_bucket(int64_t ms)
{
	unsigned i = 0;

	while (i < DELAY_BUCKETS - 1 && ms > delay_bounds_ms[i])
		i++;
	return i;
}

/* The delay that `percent` of what was counted stay below, in a straight line within its bucket; 0
 * when nothing was counted, the last bound when it lies above. */
static inline int32_t delay_percentile(const uint64_t counts[static DELAY_BUCKETS],
				       unsigned percent)
{
	uint64_t total = 0, below = 0;

	for (unsigned i = 0; i < DELAY_BUCKETS; i++)
		total += counts[i];
	uint64_t wanted = (total * percent + 99) / 100;
	for (unsigned i = 0; i < DELAY_BUCKETS - 1 && total; i++) {
		int32_t from = i ? delay_bounds_ms[i - 1] : 0;

		if (below + counts[i] >= wanted)
			return from + (int32_t)((delay_bounds_ms[i] - from) *
						(int64_t)(wanted - below) / (int64_t)counts[i]);
		below += counts[i];
	}
	return total ? delay_bounds_ms[DELAY_BUCKETS - 2] : 0;
}

#endif
