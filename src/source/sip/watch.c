#include <stdlib.h>

#include "base/check.h"
#include "source/sip/agent.h"

/* Everything may fall back to idle when the link is lost, and be removed. */
#define ANYWHERE (SM_TO(WATCH_FREE) | SM_TO(WATCH_IDLE))
#define ENDS (SM_TO(WATCH_QUEUED) | SM_TO(WATCH_WAITING) | SM_TO(WATCH_REFUSED))

static const struct sm_state watch_moves[WATCH_STATES] = {
	[WATCH_FREE] = { "free", SM_TO(WATCH_IDLE) },
	[WATCH_IDLE] = { "idle", ANYWHERE | SM_TO(WATCH_QUEUED) | SM_TO(WATCH_LISTED) },
	[WATCH_QUEUED] = { "queued", ANYWHERE | SM_TO(WATCH_ASKING) | SM_TO(WATCH_LISTED) },
	[WATCH_ASKING] = { "asking", ANYWHERE | ENDS | SM_TO(WATCH_LIVE) | SM_TO(WATCH_LISTED) },
	[WATCH_LIVE] = { "live", ANYWHERE | ENDS | SM_TO(WATCH_ASKING) | SM_TO(WATCH_LISTED) },
	[WATCH_WAITING] = { "waiting", ANYWHERE | SM_TO(WATCH_QUEUED) | SM_TO(WATCH_LISTED) },
	[WATCH_REFUSED] = { "refused", ANYWHERE | SM_TO(WATCH_QUEUED) | SM_TO(WATCH_LISTED) },
	[WATCH_LISTED] = { "listed", ANYWHERE | SM_TO(WATCH_QUEUED) },
};

enum { LIVED_MS = 60 * 1000, RETRY_MS = 5000 };

void watch_move(struct sip_agent *a, uint32_t w, enum watch_state to, enum why why)
{
	struct watch *x = &a->watches[w];

	x->why = (uint8_t)why;
	if (x->state == to)
		return;
	if (watch_is_line(x)) {
		a->state_count[x->state]--;
		a->state_count[to]++;
	}
	sm_move(watch_moves, &x->state, (uint8_t)to);
}

static void unqueue(struct sip_agent *a, uint32_t w)
{
	if (a->watches[w].queued.in)
		QUEUE_CUT(&a->watch_queue, a->watches, w);
	wheel_set(a->wheel, wheel_watch(a, w), WHEEL_NEVER);
}

void watch_queue(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];

	wheel_set(a->wheel, wheel_watch(a, w), WHEEL_NEVER);
	if (x->queued.in || x->fresh != NONE)
		return;
	QUEUE_PUSH(&a->watch_queue, a->watches, w);
	if (x->sub == NONE)
		watch_move(a, w, WATCH_QUEUED, (enum why)x->why);
}

bool watch_start(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];
	uint32_t i = sub_new(a, w);

	if (i == NONE)
		return false;
	if (!txn_start(a, TXN_SUBSCRIBE, i)) {
		sub_free(a, i);
		return false;
	}
	QUEUE_CUT(&a->watch_queue, a->watches, w);
	x->fresh = i;
	if (x->sub == NONE)
		watch_move(a, w, WATCH_ASKING, (enum why)x->why);
	return true;
}

void watch_due(struct sip_agent *a, uint32_t w)
{
	switch ((enum watch_state)a->watches[w].state) {
	case WATCH_WAITING:
	case WATCH_REFUSED:
	case WATCH_LIVE:
		watch_queue(a, w);
		break;
	case WATCH_FREE:
	case WATCH_IDLE:
	case WATCH_QUEUED:
	case WATCH_ASKING:
	case WATCH_LISTED:
	case WATCH_STATES:
		break;
	}
}

void watch_live(struct sip_agent *a, uint32_t i)
{
	uint32_t w = a->subs[i].watch;
	struct watch *x = &a->watches[w];
	uint32_t old = x->sub;

	CHECK(x->fresh == i);
	x->sub = i;
	x->fresh = NONE;
	x->renewed_ms = a->now_ms;
	watch_move(a, w, WATCH_LIVE, WHY_NONE);
	if (x->main != NONE)
		a->event_refused[x->event] = 0;
	wheel_set(a->wheel, wheel_watch(a, w), WHEEL_NEVER);
	if (old != NONE)
		sub_leave(a, old);
}

static void lose_line(struct sip_agent *a, uint32_t line)
{
	struct watch *x = &a->watches[line];

	if (x->synced && watch_is_line(x))
		outbox_plain(&a->out, OUT_LINE_LOST, x->id);
	x->synced = false;
}

void watch_lost(struct sip_agent *a, uint32_t w)
{
	const struct watch *x = &a->watches[w];

	if (!x->is_list) {
		lose_line(a, w);
		return;
	}
	for (uint32_t m = x->list_next; m != NONE; m = a->watches[m].list_next)
		lose_line(a, m);
}

static void fork_ended(struct sip_agent *a, uint32_t i)
{
	uint32_t first = a->subs[i].fork_of, line = a->subs[i].watch;
	uint32_t *at = &a->subs[first].next_fork;

	while (*at != i)
		at = &a->subs[*at].next_fork;
	*at = a->subs[i].next_fork;
	a->subs[i].next_fork = NONE;
	sub_leave(a, i);
	report_forks(a, line, first);
}

static int64_t back_off(struct sip_agent *a, struct watch *x)
{
	int64_t ms = (int64_t)RETRY_MS << (x->tries < 8 ? x->tries : 8);

	if (x->tries < 8)
		x->tries++;
	return agent_jitter(a, ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS);
}

/* Nothing reports this watch any more. */
static void try_later(struct sip_agent *a, uint32_t w, enum watch_state to, enum why why,
		      int64_t wait_ms)
{
	struct watch *x = &a->watches[w];

	/* at once, but not for ever: a PBX that ends each subscription it has just taken */
	if (to == WATCH_QUEUED && x->tries > 0) {
		to = WATCH_WAITING;
		wait_ms = -1;
	}
	if (to == WATCH_QUEUED) {
		if (why != WHY_STATUS)
			x->tries++;
		x->why = (uint8_t)why;
		watch_queue(a, w);
		return;
	}
	if (x->is_list) {
		list_settle(a, w);
		list_release(a, w);
	}
	watch_move(a, w, to, why);
	wheel_set(a->wheel, wheel_watch(a, w),
		  a->now_ms + (wait_ms >= 0 ? wait_ms : back_off(a, x)));
}

void watch_ended(struct sip_agent *a, uint32_t i, enum watch_state to, enum why why,
		 int64_t wait_ms)
{
	uint32_t w = a->subs[i].watch;
	struct watch *x = &a->watches[w];

	if (a->subs[i].fork_of != NONE) {
		fork_ended(a, i);
		return;
	}
	if (x->fresh == i) {
		x->fresh = NONE;
		sub_leave(a, i);
		if (x->sub == NONE)
			try_later(a, w, to, why, wait_ms);
		else /* the old one still reports: renew later */
			wheel_set(a->wheel, wheel_watch(a, w), a->now_ms + back_off(a, x));
		return;
	}
	CHECK(x->sub == i);
	x->sub = NONE;
	sub_leave(a, i);
	watch_lost(a, w);
	if (a->now_ms - x->renewed_ms >= LIVED_MS)
		x->tries = 0;
	if (x->fresh != NONE)
		watch_move(a, w, WATCH_ASKING, why);
	else if (x->queued.in)
		watch_move(a, w, WATCH_QUEUED, why);
	else
		try_later(a, w, to, why, wait_ms);
}

void watch_renew(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];
	int64_t due = x->renewed_ms + RENEW_GAP_MS;

	if (x->state != WATCH_LIVE || x->queued.in || x->fresh != NONE)
		return;
	if (a->now_ms >= due)
		watch_queue(a, w);
	else if (wheel_due(a->wheel, wheel_watch(a, w)) == WHEEL_NEVER)
		wheel_set(a->wheel, wheel_watch(a, w), due);
}

void watch_all_start(struct sip_agent *a)
{
	a->lists_pending = a->lists_n;
	for (uint32_t w = 0; w < a->watches_n; w++) {
		struct watch *x = &a->watches[w];

		x->settled = false;
		if (x->state == WATCH_IDLE && x->main != NONE)
			continue;
		if (x->state == WATCH_IDLE && (x->is_list || a->lists_n == 0))
			watch_queue(a, w);
		else if (x->state == WATCH_IDLE)
			x->why = WHY_LISTS;
	}
	/* calls first */
	for (uint32_t w = 0; w < a->watches_n; w++)
		if (a->watches[w].state == WATCH_IDLE && a->watches[w].main != NONE)
			watch_queue(a, w);
}

void watch_all_stop(struct sip_agent *a)
{
	for (uint32_t i = 0; i < a->subs_n; i++)
		if (a->subs[i].state != SUB_FREE)
			sub_free(a, i);
	for (uint32_t w = 0; w < a->watches_n; w++) {
		struct watch *x = &a->watches[w];

		if (x->state == WATCH_FREE)
			continue;
		unqueue(a, w);
		watch_move(a, w, WATCH_IDLE, WHY_LINK);
		x->sub = x->fresh = x->list = x->list_next = x->list_prev = NONE;
		x->synced = x->has_version = false;
		x->tries = 0;
	}
}

void watch_drop_subs(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];

	unqueue(a, w);
	if (x->sub != NONE)
		sub_leave(a, x->sub);
	if (x->fresh != NONE)
		sub_leave(a, x->fresh);
	x->sub = x->fresh = NONE;
}
