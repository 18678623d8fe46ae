/* pbx_traffic.c - people who make calls: some answered, some not, some short, some put on hold. */
#include "pbx_own.h"

static bool is_free(const struct pbx *p, uint32_t phone)
{
	const struct phone *ph = &p->phones[phone];

	return ph->registered && !ph->dnd && ph->state == PBX_IDLE;
}

/* A phone that is doing nothing, other than `but`; PBX_EXTERNAL when none was met. */
static uint32_t someone(struct pbx *p, uint32_t but)
{
	for (int tries = 0; tries < 16; tries++) {
		uint32_t i = (uint32_t)prng_below(&p->rng, p->phones_n);

		if (i != but && is_free(p, i))
			return i;
	}
	return PBX_EXTERNAL;
}

/* Most calls last about the middle, some half of it, a few three times as long. */
static int64_t talk_ms(struct pbx *p)
{
	int64_t mean = (int64_t)p->config.talk_s * 1000;

	switch (prng_below(&p->rng, 10)) {
	case 0: /* wrong number */
		return prng_range(&p->rng, 2000, 6000);
	case 1:
	case 2:
		return prng_range(&p->rng, mean * 3 / 2, mean * 5 / 2);
	default:
		return prng_range(&p->rng, mean / 2, mean * 5 / 4);
	}
}

static void place(struct pbx *p)
{
	struct pbx_call_plan plan = { .from = someone(p, PBX_EXTERNAL), .to = PBX_EXTERNAL };
	uint64_t kind = prng_below(&p->rng, 100);

	if (kind < 55)
		plan.to = someone(p, plan.from);
	else if (kind < 80) {
		plan.to = plan.from;
		plan.from = PBX_EXTERNAL;
	}
	plan.dial_ms = prng_range(&p->rng, 150, 900);
	plan.talk_ms = talk_ms(p);
	plan.unanswered = prng_below(&p->rng, 100) < 20;
	if (plan.unanswered)
		plan.ring_ms = prng_range(&p->rng, 4000, 25000);
	else
		plan.ring_ms = prng_range(&p->rng, 1500, 9000);
	/* When everybody is on the phone nobody calls: both ends may be external then. */
	if (pbx_call(p, p->now_ms, &plan, NULL))
		return;
}

/* Now and then somebody who talks presses hold, or comes back. */
static void toggle_hold(struct pbx *p)
{
	uint32_t i = (uint32_t)prng_below(&p->rng, p->phones_n);
	uint8_t state = p->phones[i].state;

	if (state == PBX_HELD || (state == PBX_TALKING && prng_below(&p->rng, 4) == 0))
		if (pbx_hold(p, p->now_ms, i, state == PBX_TALKING))
			return;
}

static void plan_next(struct pbx *p)
{
	int64_t mean = 3600 * 1000 / (int64_t)p->config.calls_per_hour;

	/* A PBX just switched on for a trial should not look dead for a minute. */
	if (p->warm_up) {
		p->warm_up--;
		mean = mean < 4000 ? mean / 4 : 1000;
	}
	wheel_set(p->wheel, wheel_traffic(p), p->now_ms + prng_range(&p->rng, mean / 4, mean * 7 / 4) + 1);
}

void pbx_traffic_start(struct pbx *p)
{
	uint64_t at_once = (uint64_t)p->config.calls_per_hour * p->config.talk_s / 3600;

	if (!p->config.calls_per_hour)
		return;
	p->warm_up = (uint32_t)(at_once < p->phones_n / 4 ? at_once : p->phones_n / 4);
	plan_next(p);
}

void pbx_traffic_due(struct pbx *p)
{
	place(p);
	toggle_hold(p);
	plan_next(p);
}
