/* cloud_limit.h - the limiter in front of a resource, in the three shapes it may really have.
 *
 * Microsoft documents "1500 requests in a 30 second period, per application per tenant" and not
 * the algorithm; a client must be right under each of them. Costs are whole requests or units. */
#ifndef SIM_CLOUD_LIMIT_H
#define SIM_CLOUD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum cloud_limit_shape {
	CLOUD_LIMIT_SLIDING, /* any window of window_ms holds at most quota */
	CLOUD_LIMIT_FIXED,   /* windows begin at multiples of window_ms */
	CLOUD_LIMIT_BUCKET,  /* quota tokens at most, refilled evenly over window_ms */
	CLOUD_LIMIT_SHAPE_COUNT
};

struct cloud_limit_config {
	uint8_t shape;
	uint32_t quota; /* 0: no limit; at most 1,000,000 */
	int32_t window_ms;
	bool forgive_rejects; /* default: rejected requests count too, as documented */
};

struct cloud_limit {
	struct cloud_limit_config conf;
	int64_t *ring; /* sliding: the last quota instants */
	uint32_t at;
	int64_t window_start_ms;
	int64_t used;
	int64_t level; /* bucket */
	int64_t filled_ms;
};

enum { CLOUD_LIMIT_QUOTA_MAX = 1000000 };

/* Starts empty-handed: full quota at hand. ERR_LIMIT for a bad configuration, ERR_NO_MEMORY;
 * then the earlier state stands. l must be zeroed before the first call. */
MUST_CHECK enum err cloud_limit_set(struct cloud_limit *l, const struct cloud_limit_config *conf,
				    int64_t now_ms);
void cloud_limit_fini(struct cloud_limit *l);
/* Takes cost; false when over the limit, then *ret_wait_ms (> 0) is how long until one request
 * would pass if nothing came in between. now_ms must not decrease. */
bool cloud_limit_take(struct cloud_limit *l, int64_t now_ms, uint32_t cost, int64_t *ret_wait_ms);

const char *cloud_limit_shape_name(unsigned shape);

#endif
