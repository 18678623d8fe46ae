#include "cloud_limit.h"

#include <stdlib.h>

#include "base/check.h"

static const char *const shape_names[] = { "sliding", "fixed", "bucket" };

const char *cloud_limit_shape_name(unsigned shape)
{
	CHECK(shape < ARRAY_LEN(shape_names));
	return shape_names[shape];
}

enum err cloud_limit_set(struct cloud_limit *l, const struct cloud_limit_config *conf, int64_t now_ms)
{
	int64_t *ring = NULL;

	if (conf->shape >= CLOUD_LIMIT_SHAPE_COUNT || conf->quota > CLOUD_LIMIT_QUOTA_MAX ||
	    conf->window_ms < 1)
		return ERR_LIMIT;
	if (conf->quota > 0 && conf->shape == CLOUD_LIMIT_SLIDING) {
		ring = calloc(conf->quota, sizeof *ring);
		if (!ring)
			return ERR_NO_MEMORY;
		for (uint32_t i = 0; i < conf->quota; i++)
			ring[i] = INT64_MIN / 2;
	}
	free(l->ring);
	*l = (struct cloud_limit){ .conf = *conf,
				   .ring = ring,
				   .level = (int64_t)conf->quota * conf->window_ms,
				   .filled_ms = now_ms,
				   .window_start_ms = now_ms - now_ms % conf->window_ms };
	return ERR_OK;
}

void cloud_limit_fini(struct cloud_limit *l)
{
	free(l->ring);
	*l = (struct cloud_limit){ 0 };
}

static void ring_push(struct cloud_limit *l, int64_t now_ms)
{
	l->ring[l->at] = now_ms;
	l->at = (l->at + 1) % l->conf.quota;
}

/* Only the last quota instants matter: a request passes when the quota-th latest lies outside. */
static bool take_sliding(struct cloud_limit *l, int64_t now_ms, uint32_t cost, int64_t *ret_wait_ms)
{
	uint32_t quota = l->conf.quota;
	int64_t deciding = l->ring[(l->at + (cost < quota ? cost : quota) - 1) % quota];
	bool pass = deciding + l->conf.window_ms <= now_ms;

	if (pass || !l->conf.forgive_rejects)
		for (uint32_t i = 0; i < cost && i < quota; i++)
			ring_push(l, now_ms);
	if (!pass)
		*ret_wait_ms = l->ring[l->at] + l->conf.window_ms - now_ms;
	if (!pass && *ret_wait_ms < 1)
		*ret_wait_ms = 1;
	return pass;
}

static bool take_fixed(struct cloud_limit *l, int64_t now_ms, uint32_t cost, int64_t *ret_wait_ms)
{
	if (now_ms >= l->window_start_ms + l->conf.window_ms) {
		l->window_start_ms = now_ms - now_ms % l->conf.window_ms;
		l->used = 0;
	}
	bool pass = l->used + cost <= l->conf.quota;

	if (pass || !l->conf.forgive_rejects)
		l->used += cost;
	if (!pass)
		*ret_wait_ms = l->window_start_ms + l->conf.window_ms - now_ms;
	return pass;
}

/* The level is counted in 1/window_ms of a token, so that refilling is exact. */
static bool take_bucket(struct cloud_limit *l, int64_t now_ms, uint32_t cost, int64_t *ret_wait_ms)
{
	int64_t quota = l->conf.quota, token = l->conf.window_ms, full = quota * token;

	l->level += quota * (now_ms - l->filled_ms);
	if (l->level > full)
		l->level = full;
	l->filled_ms = now_ms;
	bool pass = l->level >= cost * token;

	if (pass || !l->conf.forgive_rejects)
		l->level -= cost * token;
	/* A flood may owe at most one whole window. */
	if (l->level < -full)
		l->level = -full;
	if (!pass)
		*ret_wait_ms = l->level >= token ? 1 : (token - l->level + quota - 1) / quota;
	return pass;
}

bool cloud_limit_take(struct cloud_limit *l, int64_t now_ms, uint32_t cost, int64_t *ret_wait_ms)
{
	if (l->conf.quota == 0 || cost == 0)
		return true;
	switch ((enum cloud_limit_shape)l->conf.shape) {
	case CLOUD_LIMIT_SLIDING:
		return take_sliding(l, now_ms, cost, ret_wait_ms);
	case CLOUD_LIMIT_FIXED:
		return take_fixed(l, now_ms, cost, ret_wait_ms);
	case CLOUD_LIMIT_BUCKET:
		return take_bucket(l, now_ms, cost, ret_wait_ms);
	case CLOUD_LIMIT_SHAPE_COUNT:
	default:
		CHECK(!"shape");
		return false;
	}
}
