/* publish_record.c - what the store must know of what is held, and what a restart makes of it. */
#include "core/lamp.h"
#include "core/publish_own.h"

/* Given out before the restart, and no answer known: perhaps it waited, perhaps it was refused, perhaps it
 * is held. So it goes out again while something speaks for it, and is cleared when nothing does. */
static void restore_unsure(const struct engine *e, const struct user *u, struct pub *b, int32_t left_ms)
{
	b->sent = publish_target(u);
	b->sent_mono_ms = e->now_ms;
	b->sent_lease_ms = left_ms;
	b->may_hold = true;
	b->series = 1;
}

void publish_restore(struct engine *e, uint32_t id, const struct user_record *r)
{
	struct user *u = &e->users[id];
	const struct policy *p = engine_policy(e, u);
	struct pub *b = engine_pub(e, u);
	int64_t left = r->lease_end_wall_ms - e->wall_ms;

	b->may_preferred = r->preferred == PREFERRED_OURS;
	b->preferred_left = r->preferred == PREFERRED_LEFT;
	b->alone_until_ms = e->now_ms + p->grace_ms;
	e->has_past = true;
	lamp_restored(e, id, NOTHING, 0);
	if (r->session == SESSION_NONE || r->lease_end_wall_ms <= e->wall_ms)
		return;
	/* More than a lease left: the wall clock went back meanwhile. When the session ends nobody knows,
	 * so it is renewed as soon as may be. */
	const bool guess = left > p->lease_ms;
	if (guess)
		left = p->lease_ms;
	publish_set_target(e, u, (struct hold){ r->session, r->preferred && r->session == SESSION_DND });
	lamp_restored(e, id, publish_target(u), left);
	if (!r->sure) {
		restore_unsure(e, u, b, (int32_t)left);
		return;
	}
	b->held = publish_target(u);
	b->lease_end_mono_ms = e->now_ms + left;
	b->renew_mono_ms = guess ? e->now_ms
				 : b->lease_end_mono_ms -
					   policy_renew_before_ms(id, u->generation, p->lease_ms);
}

/* The last hold of which no clear answer came; a clear given out since has not changed that. */
static struct hold unanswered(const struct pub *b)
{
	if (!b->may_hold)
		return NOTHING;
	return b->sent.session != SESSION_NONE ? b->sent : (struct hold){ b->cleared, b->may_preferred };
}

struct user_record publish_record(const struct engine *e, uint32_t id)
{
	const struct user *u = &e->users[id];
	const struct pub *b = pub_of(e, u);
	enum precedence precedence = engine_policy(e, u)->precedence;
	struct hold maybe = b ? unanswered(b) : NOTHING;
	struct user_record r = { .user = id, .profile = u->profile,
				 .profile_until_wall_ms = TIME_NEVER };
	int64_t end;

	if (!b)
		return r;
	r.profile_until_wall_ms = b->profile_until_wall_ms;
	r.profile_order = b->profile_order;
	r.preferred = b->may_preferred ? PREFERRED_OURS : b->preferred_left ? PREFERRED_LEFT : PREFERRED_NOT;
	r.session = b->held.session;
	end = b->lease_end_mono_ms;
	r.sure = r.session != SESSION_NONE && !publish_clear_is_out(u, b) && (!b->may_hold || b->renewal);
	if (!r.sure && maybe.session != SESSION_NONE) {
		/* a restart lowers nothing before the user is settled: of two, the higher one */
		if (policy_hold_rank(precedence, maybe) >= policy_hold_rank(precedence, b->held))
			r.session = maybe.session;
		if (b->sent_mono_ms + b->sent_lease_ms > end)
			end = b->sent_mono_ms + b->sent_lease_ms;
	}
	if (r.session != SESSION_NONE)
		r.lease_end_wall_ms = e->wall_ms + (end - e->now_ms);
	return r;
}

bool publish_clean(const struct engine *e, uint32_t id)
{
	const struct user *u = &e->users[id];
	const struct pub *b = pub_of(e, u);

	return u->state != PUBLISH_IN_FLIGHT && (!b || !publish_anything_ours(b));
}
