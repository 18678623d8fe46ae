/* hold.c - one slot per user: it takes the latest action, waits in its queue, and reports the outcome. */
#include "base/check.h"
#include "sink/hold.h"

enum { LEASE_UNKNOWN_MS = 600000 };

/* From here on this process knows what it holds for the person. A proof that is refused is one too: the
 * engine waits for what may be there to end. */
static bool proves(const struct want *w, uint32_t generation, enum outcome_class class,
		   const struct graph_response *r)
{
	return r && w->kind != WANT_NOTHING && w->generation == generation &&
	       (class == OUTCOME_ACCEPTED || (class == OUTCOME_DENIED && w->prove));
}

void hold_report(struct graph *g, uint32_t user, uint32_t generation, enum outcome_class class,
		 int64_t sent_ms, const struct graph_response *r)
{
	int64_t wait = r && class == OUTCOME_DENIED ? wait_of(g, r) : 0;
	const struct want *w = &g->slots[user].want;
	bool unseen = w->generation == generation && class == OUTCOME_ACCEPTED &&
		      (w->looked || w->preferred_again) && !w->preferred_done;
	struct outcome o = {
		.user = user,
		.generation = generation,
		.class = (uint8_t)class,
		.http_status = r && r->failure == HTTP_ANSWERED ? r->status : 0,
		.retry_after_ms = wait > 0 ? (int32_t)wait : 0,
		.sent_mono_ms = sent_ms,
		.preferred_gone = unseen && w->preferred_again,
		.preferred_unseen = unseen,
		.unasked = class == OUTCOME_ACCEPTED && !r && g->slots[user].left,
		.first = proves(w, generation, class, r) && !g->slots[user].proven,
	};

	g->slots[user].proven |= o.first;
	emit_outcome(g, &o);
}

void hold_settle(struct graph *g, uint32_t user, enum outcome_class class, int64_t sent_ms,
		 const struct graph_response *r)
{
	hold_report(g, user, g->slots[user].want.generation, class, sent_ms, r);
	g->slots[user].want = (struct want){ 0 };
}

void hold_unqueue(struct graph *g, uint32_t user)
{
	if (g->at[user] != QUEUE_NOWHERE)
		queue_remove(&g->queues[g->slots[user].want.urgency], user);
	if (g->slots[user].look != LOOK_RESTING)
		wheel_set(g->wheel, user, WHEEL_NEVER);
}

/* Into its queue, when nothing stands in the way. */
static void enqueue(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];

	if (s->want.kind == WANT_NOTHING || s->flying)
		return;
	if (hold_has_nothing(g, s))
		hold_settle(g, user, OUTCOME_ACCEPTED, g->now_ms, NULL);
	else if (s->id[0])
		queue_add(&g->queues[s->want.urgency], user, s->want.key);
}

void hold_wake(struct graph *g, uint32_t user)
{
	if (g->at[user] == QUEUE_NOWHERE)
		enqueue(g, user);
}

/* Rises by the time of their change. Clears by most remaining lease: the ones that lose expire by
 * themselves (limits.md 1.4). Renewals by the end of their lease. */
static int64_t key_of(const struct graph *g, const struct slot *s, const struct action *a,
		      enum urgency urgency)
{
	int64_t lease = a->lease_ms > 0 ? a->lease_ms : LEASE_UNKNOWN_MS;
	int64_t until = s->lease_until_ms ? s->lease_until_ms : g->now_ms + lease;

	switch (urgency) {
	case URGENCY_CLEAR:
		return -until;
	case URGENCY_RENEW:
		return until;
	case URGENCY_RISE:
	case URGENCY_COUNT:
	default:
		return a->due_mono_ms;
	}
}

/* The action that loses its place. In flight: its answer will report it. Unsure: reported already.
 * Half done: what Graph holds is neither the one nor the other. */
static void withdraw(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];

	if (s->want.kind == WANT_NOTHING)
		return;
	hold_unqueue(g, user);
	if (s->flying && s->flying_generation == s->want.generation)
		return;
	if (s->want.step > 0)
		hold_report(g, user, s->want.generation, OUTCOME_UNSURE, s->set_sent_ms, NULL);
	else if (!s->want.unsure)
		hold_report(g, user, s->want.generation, OUTCOME_WITHDRAWN, 0, NULL);
}

static uint16_t minutes_of(int32_t ms)
{
	int32_t minutes = ms / MINUTE_MS + (ms % MINUTE_MS > 0);

	return minutes < UINT16_MAX / 2 ? (uint16_t)minutes : UINT16_MAX / 2;
}

void hold_count(struct graph *g, struct slot *s, bool holding)
{
	g->holding += holding;
	g->holding -= s->holding;
	s->holding = holding;
}

/* A call behind a clear that has not left yet: what it asks for shows already, so it removes no error before
 * the lease's end, and waits as a renewal does. The engine cannot know that: it has given the clear out. */
static bool shows_already(const struct graph *g, const struct slot *s, const struct action *a)
{
	return a->kind == ACT_HOLD && !s->flying && s->sure == a->session && s->lease_until_ms > g->now_ms &&
	       (!a->preferred || a->preferred_again) && !a->drop_preferred;
}

void hold_submit(struct graph *g, const struct action *a)
{
	struct slot *s = &g->slots[a->user];
	bool again = a->urgency == URGENCY_RISE && shows_already(g, s, a);
	enum urgency urgency = again ? URGENCY_RENEW : (enum urgency)a->urgency;

	CHECK(a->kind == ACT_HOLD || a->kind == ACT_CLEAR);
	CHECK(a->urgency < URGENCY_COUNT && a->session < SESSION_COUNT);
	CHECK(a->kind == ACT_CLEAR || a->session != SESSION_NONE);
	withdraw(g, a->user);
	hold_count(g, s, a->kind == ACT_HOLD);
	s->want = (struct want){
		.kind = a->kind == ACT_HOLD ? WANT_HOLD : WANT_CLEAR,
		.urgency = (uint8_t)urgency,
		.session = a->session,
		.preferred = a->preferred,
		.prove = a->kind == ACT_CLEAR && a->prove,
		.preferred_again = a->kind == ACT_HOLD && a->preferred && a->preferred_again,
		.preferred_min = minutes_of(a->preferred_ms > 0 ? a->preferred_ms : a->lease_ms),
		.generation = a->generation,
		.lease_ms = a->lease_ms,
		.due_ms = again ? g->now_ms : a->due_mono_ms,
		.key = key_of(g, s, a, urgency),
	};
	if (s->applied == APPLIED_UNKNOWN && !a->may_be_held && a->urgency != URGENCY_RENEW &&
	    !s->flying)
		s->applied = APPLIED_NO;
	if (a->kind == ACT_CLEAR ? a->preferred && a->may_be_held : a->drop_preferred)
		s->preferred_maybe = true;
	enqueue(g, a->user);
}

uint32_t hold_waiting(const struct graph *g)
{
	return g->queues[URGENCY_RISE].n + g->queues[URGENCY_CLEAR].n + g->queues[URGENCY_RENEW].n;
}

bool hold_is_queued(const struct graph *g)
{
	return g->queues[URGENCY_RISE].n || g->queues[URGENCY_CLEAR].n ||
	       g->queues[URGENCY_RENEW].n;
}
