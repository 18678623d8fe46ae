/* publish_target.c - what is desired, after policy, settling and dwell. */
#include "core/person.h"
#include "core/publish_own.h"

struct hold publish_target(const struct user *u)
{
	return (struct hold){ u->target, u->flags & USER_TARGET_PREFERRED };
}

void publish_set_target(struct engine *e, struct user *u, struct hold h)
{
	struct pub *b = engine_pub(e, u);

	b->dwell_from_ms = TIME_NEVER;
	if (hold_same(publish_target(u), h))
		return;
	u->target = h.session;
	u->flags &= (uint16_t)~USER_TARGET_PREFERRED;
	u->flags |= USER_CHANGED;
	if (h.preferred)
		u->flags |= USER_TARGET_PREFERRED;
	b->change_mono_ms = e->now_ms;
	if (engine_mode(e, u) == MODE_DRY_RUN && !engine_is_closed(e, engine_policy(e, u)))
		engine_count(e, h.session == SESSION_NONE ? ENGINE_WOULD_CLEAR : ENGINE_WOULD_HOLD);
}

/* A rise by a line has lasted as long as the line's state: a line that moves to another user, or a
 * user switched on in a call, does not wait again. Falls count from now. */
static int64_t lasted_since(const struct engine *e, const struct fold *f, bool rise)
{
	if (rise && f->winner == WINNER_LINE)
		return e->lines[f->winner_line].since_mono_ms;
	return e->now_ms;
}

static void dwell(struct engine *e, struct user *u, const struct policy *p, const struct fold *f,
		  struct hold candidate, int64_t *due)
{
	struct pub *b = engine_pub(e, u);
	bool rise = policy_hold_rank(p->precedence, candidate) >
		    policy_hold_rank(p->precedence, publish_target(u));

	if (b->dwell_from_ms == TIME_NEVER ||
	    session_shows(b->dwell.session) != session_shows(candidate.session)) {
		b->dwell_from_ms = lasted_since(e, f, rise);
		u->flags |= USER_CHANGED;
	}
	b->dwell = candidate;
	if (e->now_ms - b->dwell_from_ms >= p->settle_ms)
		publish_set_target(e, u, candidate);
	else
		earlier(due, b->dwell_from_ms + p->settle_ms);
}

void publish_choose(struct engine *e, struct user *u, const struct policy *p, const struct fold *f,
		    int64_t *due)
{
	struct hold now = publish_target(u);
	struct hold candidate = policy_hold(p, f->combined, f->conference);
	struct pub *b = pub_of(e, u);

	if (!publish_takes_part(e, u)) {
		if (b || now.session != SESSION_NONE)
			publish_set_target(e, u, NOTHING);
		return;
	}
	if (!publish_settled(u, f)) { /* rises only, and only on evidence of this link */
		candidate = policy_hold(p, f->evidence, f->evidence_conference);
		if (policy_hold_rank(p->precedence, candidate) <= policy_hold_rank(p->precedence, now))
			candidate = now;
	}
	if (!hold_same(candidate, now)) {
		dwell(e, u, p, f, candidate, due);
	} else if (b && b->dwell_from_ms != TIME_NEVER) {
		b->dwell_from_ms = TIME_NEVER;
		u->flags |= USER_CHANGED;
		engine_count(e, ENGINE_FLICKER_SWALLOWED);
	}
}
