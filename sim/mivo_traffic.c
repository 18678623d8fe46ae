/* mivo_traffic.c - people who make calls: most answered, some not; now and then a hold, a DND, a
 * profile. */
#include "mivo_own.h"

static uint32_t someone(struct mivo *m, uint32_t but)
{
	for (int tries = 0; tries < 16; tries++) {
		uint32_t i = (uint32_t)prng_below(&m->rng, m->n);

		if (i != but && m->phone[i].registered && m->phone[i].state == PBX_IDLE)
			return i;
	}
	return PBX_EXTERNAL;
}

static void place(struct mivo *m)
{
	struct pbx_call_plan plan = { .from = someone(m, PBX_EXTERNAL), .to = PBX_EXTERNAL };
	int64_t mean = (int64_t)m->talk_s * 1000;
	uint64_t kind = prng_below(&m->rng, 100);

	if (kind < 55)
		plan.to = someone(m, plan.from);
	else if (kind < 80) {
		plan.to = plan.from;
		plan.from = PBX_EXTERNAL;
	}
	plan.dial_ms = prng_range(&m->rng, 150, 900);
	plan.talk_ms = prng_range(&m->rng, mean / 4, mean * 7 / 4);
	plan.unanswered = prng_below(&m->rng, 100) < 20;
	plan.ring_ms = prng_range(&m->rng, 1500, plan.unanswered ? 25000 : 9000);
	/* When everybody is on the phone nobody calls: both ends may be external then. */
	if (mivo_call(m, m->now_ms, &plan))
		return;
}

/* Somebody presses something. Do Not Disturb and the profile go back more often than they come. */
static void press(struct mivo *m)
{
	uint32_t i = (uint32_t)prng_below(&m->rng, m->n);
	uint8_t state = m->phone[i].state;
	uint64_t what = prng_below(&m->rng, 12);
	enum err e = ERR_OK;

	if (state == PBX_HELD)
		e = mivo_hold(m, m->now_ms, i, false);
	else if (state == PBX_TALKING && what < 3)
		e = mivo_hold(m, m->now_ms, i, true);
	else if (what == 3 || m->phone[i].dnd)
		mivo_set_dnd(m, m->now_ms, i, !m->phone[i].dnd);
	else if (m->phone[i].profile != PBX_AVAILABLE)
		mivo_set_profile(m, m->now_ms, i, PBX_AVAILABLE, "");
	else if (what == 4)
		mivo_set_profile(m, m->now_ms, i,
				 (enum pbx_profile)prng_below(&m->rng, PBX_PROFILES), "");
	if (e)
		return; /* the call ended in the same moment */
}

static void plan_next(struct mivo *m)
{
	int64_t mean = 3600 * 1000 / (int64_t)m->calls_per_hour;

	if (m->warm_up) { /* a switch just started for a trial should not look dead for a minute */
		m->warm_up--;
		mean = mean < 4000 ? mean / 4 : 1000;
	}
	m->traffic_ms = m->now_ms + prng_range(&m->rng, mean / 4, mean * 7 / 4) + 1;
}

void mivo_traffic_start(struct mivo *m)
{
	uint64_t at_once = (uint64_t)m->calls_per_hour * m->talk_s / 3600;

	if (!m->calls_per_hour)
		return;
	m->warm_up = (uint32_t)(at_once < m->n / 4 ? at_once : m->n / 4);
	plan_next(m);
}

void mivo_traffic_due(struct mivo *m)
{
	plan_next(m); /* before anything that ticks again */
	place(m);
	press(m);
}
