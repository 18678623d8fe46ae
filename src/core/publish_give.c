/* publish_give.c - what is given out, and for how long. */
#include "core/lamp.h"
#include "core/person.h"
#include "core/publish_own.h"

bool publish_anything_ours(const struct pub *b)
{
	return b->held.session != SESSION_NONE || b->may_hold || b->may_preferred;
}

/* Given out and not answered: what is held may be gone already. */
bool publish_clear_is_out(const struct user *u, const struct pub *b)
{
	return u->state == PUBLISH_IN_FLIGHT && b->sent.session == SESSION_NONE;
}

/* The policy's, or what the load makes of it (sink/load.h). */
int32_t publish_lease_ms(const struct engine *e, const struct user *u, const struct policy *p)
{
	const struct account *a = &e->accounts[u->account];
	int32_t lease = a->deep ? LEASE_MIN_MS : p->lease_ms;

	if (lease < a->lease_floor_ms)
		lease = a->lease_floor_ms;
	return lease < LEASE_MAX_MS ? lease : LEASE_MAX_MS;
}

/* An unsettled state is renewed on its last evidence only: no session may outlive that by more than
 * grace + lease. 0: not now. */
int32_t publish_lease_for(const struct engine *e, const struct user *u, const struct policy *p,
			  const struct fold *f, struct hold goal)
{
	struct hold proven = policy_hold(p, f->evidence, f->evidence_conference);
	int32_t whole = publish_lease_ms(e, u, p);
	int64_t left;

	if (publish_settled(u, f) ||
	    policy_hold_rank(p->precedence, proven) >= policy_hold_rank(p->precedence, goal))
		return whole;
	left = f->evidence_end_mono_ms + p->grace_ms + whole - e->now_ms;
	if (left >= whole)
		return whole;
	return left >= LEASE_MIN_MS ? (int32_t)left : 0;
}

static struct action *give_out(struct engine *e, uint32_t id, enum action_kind kind)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	struct action *a;

	if (++u->generation == 0)
		u->generation = 1;
	b->sent_mono_ms = e->now_ms;
	b->unsure = false;
	publish_move(u, PUBLISH_WANT);
	publish_move(u, PUBLISH_IN_FLIGHT);
	u->flags |= USER_CHANGED;
	a = engine_push(e, kind, id);
	a->generation = u->generation;
	a->due_mono_ms = b->change_mono_ms;
	return a;
}

/* The preferred state of a profile that has an end ends with it, others with the session. */
static int32_t preferred_life(const struct engine *e, const struct pub *b, const struct fold *f,
			      int32_t lease_ms)
{
	int64_t left;

	if (f->winner != WINNER_PROFILE || b->profile_until_wall_ms == TIME_NEVER)
		return lease_ms;
	left = b->profile_until_wall_ms - e->wall_ms;
	return left < PREFERRED_MAX_MS ? (int32_t)left : PREFERRED_MAX_MS;
}

static void set_preferred(const struct engine *e, struct pub *b, const struct fold *f, struct action *a)
{
	a->preferred = b->sent.preferred && !b->preferred_left;
	a->preferred_again = a->preferred && b->may_preferred;
	a->preferred_ms = b->preferred_ms = a->preferred ? preferred_life(e, b, f, a->lease_ms) : 0;
	a->drop_preferred = b->may_preferred && !b->sent.preferred;
	b->may_preferred |= a->preferred;
}

void publish_give_hold(struct engine *e, uint32_t id, const struct policy *p, const struct fold *f,
		       struct hold goal, int32_t lease_ms)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	bool fall = policy_hold_rank(p->precedence, goal) < policy_hold_rank(p->precedence, b->held);
	struct action *a;

	b->renewal = hold_same(goal, b->held) && !b->may_hold && !publish_clear_is_out(u, b);
	a = give_out(e, id, ACT_HOLD);
	a->urgency = b->renewal ? URGENCY_RENEW : fall ? URGENCY_CLEAR : URGENCY_RISE;
	if (b->renewal)
		a->due_mono_ms = e->now_ms;
	a->session = goal.session;
	a->may_be_held = publish_anything_ours(b);
	a->lease_ms = lease_ms;
	b->sent = goal;
	b->sent_lease_ms = lease_ms;
	b->may_hold = true;
	set_preferred(e, b, f, a);
	lamp_given(b, goal, lease_ms);
	b->series += b->series < UINT8_MAX;
	if (!b->renewal)
		u->flags |= USER_SAVE;
}

void publish_give_clear(struct engine *e, uint32_t id)
{
	struct pub *b = pub_of(e, &e->users[id]);
	struct action *a = give_out(e, id, ACT_CLEAR);

	a->urgency = URGENCY_CLEAR;
	a->session = b->may_hold ? b->sent.session : b->held.session;
	if (a->session == SESSION_NONE)
		a->session = b->held.session;
	a->preferred = b->may_preferred;
	a->may_be_held = true;
	a->prove = b->prove;
	b->cleared = a->session;
	b->sent = NOTHING;
	b->renewal = false;
	e->users[id].flags |= USER_SAVE;
}
