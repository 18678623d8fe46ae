#include "core/publish.h"

#include "core/lamp.h"
#include "core/line.h"
#include "core/person.h"
#include "core/seen.h"

enum { LET_GO_WAIT_MS = 10000, RETRY_AFTER_MAX_MS = 86400000 };

static const struct hold NOTHING = { SESSION_NONE, false };

const struct sm_state publish_moves[PUBLISH_STATE_COUNT] = {
	[PUBLISH_IDLE] = { "idle", SM_TO(PUBLISH_IDLE) | SM_TO(PUBLISH_DWELL) |
				   SM_TO(PUBLISH_WANT) | SM_TO(PUBLISH_BACKOFF) |
				   SM_TO(PUBLISH_DENIED) },
	[PUBLISH_DWELL] = { "dwell", SM_TO(PUBLISH_DWELL) | SM_TO(PUBLISH_IDLE) |
				     SM_TO(PUBLISH_WANT) | SM_TO(PUBLISH_BACKOFF) |
				     SM_TO(PUBLISH_DENIED) },
	[PUBLISH_WANT] = { "want", SM_TO(PUBLISH_IN_FLIGHT) },
	[PUBLISH_IN_FLIGHT] = { "in-flight", SM_TO(PUBLISH_IN_FLIGHT) | SM_TO(PUBLISH_IDLE) |
					     SM_TO(PUBLISH_WANT) | SM_TO(PUBLISH_BACKOFF) |
					     SM_TO(PUBLISH_DENIED) },
	[PUBLISH_BACKOFF] = { "backoff", SM_TO(PUBLISH_BACKOFF) | SM_TO(PUBLISH_IDLE) |
					 SM_TO(PUBLISH_DWELL) | SM_TO(PUBLISH_WANT) },
	[PUBLISH_DENIED] = { "denied", SM_TO(PUBLISH_DENIED) | SM_TO(PUBLISH_IDLE) |
				       SM_TO(PUBLISH_DWELL) | SM_TO(PUBLISH_WANT) },
};

const char *publish_state_name(enum publish_state s)
{
	return (unsigned)s < PUBLISH_STATE_COUNT ? publish_moves[s].name : "?";
}

static void move(struct user *u, enum publish_state to)
{
	if (u->state != to)
		u->flags |= USER_CHANGED;
	sm_move(publish_moves, &u->state, (uint8_t)to);
}

static void earlier(int64_t *due, int64_t t)
{
	if (t < *due)
		*due = t;
}

/* Whether the user takes part at all; a user without lines does not, once that is certain. */
bool publish_takes_part(const struct engine *e, const struct user *u)
{
	const struct pub *b = pub_of(e, u);

	if (!(u->flags & USER_ENABLED) || u->flags & USER_LEAVING || engine_mode(e, u) == MODE_OFF ||
	    engine_policy(e, u)->direction == DIRECTION_TO_PHONES)
		return false;
	return u->first_line != ID_NONE || (b && e->now_ms < b->alone_until_ms);
}

static bool settled(const struct user *u, const struct fold *f)
{
	return f->settled && u->first_line != ID_NONE;
}

/* ---- the target: what is desired after policy, settling and dwell ---- */

static struct hold target_of(const struct user *u)
{
	return (struct hold){ u->target, u->flags & USER_TARGET_PREFERRED };
}

static void set_target(struct engine *e, struct user *u, struct hold h)
{
	struct pub *b = engine_pub(e, u);

	b->dwell_from_ms = TIME_NEVER;
	if (hold_same(target_of(u), h))
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
		    policy_hold_rank(p->precedence, target_of(u));

	if (b->dwell_from_ms == TIME_NEVER ||
	    session_shows(b->dwell.session) != session_shows(candidate.session)) {
		b->dwell_from_ms = lasted_since(e, f, rise);
		u->flags |= USER_CHANGED;
	}
	b->dwell = candidate;
	if (e->now_ms - b->dwell_from_ms >= p->settle_ms)
		set_target(e, u, candidate);
	else
		earlier(due, b->dwell_from_ms + p->settle_ms);
}

static void choose(struct engine *e, struct user *u, const struct policy *p, const struct fold *f,
		   int64_t *due)
{
	struct hold now = target_of(u);
	struct hold candidate = policy_hold(p, f->combined, f->conference);
	struct pub *b = pub_of(e, u);

	if (!publish_takes_part(e, u)) {
		if (b || now.session != SESSION_NONE)
			set_target(e, u, NOTHING);
		return;
	}
	if (!settled(u, f)) { /* rises only, and only on evidence of this link */
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

/* ---- giving out ---- */

static bool anything_ours(const struct pub *b)
{
	return b->held.session != SESSION_NONE || b->may_hold || b->may_preferred;
}

/* The policy's, or what the load makes of it (sink/load.h). */
static int32_t lease_ms(const struct engine *e, const struct user *u, const struct policy *p)
{
	const struct account *a = &e->accounts[u->account];
	int32_t lease = a->deep ? LEASE_MIN_MS : p->lease_ms;

	if (lease < a->lease_floor_ms)
		lease = a->lease_floor_ms;
	return lease < LEASE_MAX_MS ? lease : LEASE_MAX_MS;
}

/* An unsettled state is renewed on its last evidence only: no session may outlive that by more than
 * grace + lease. 0: not now. */
static int32_t lease_for(const struct engine *e, const struct user *u, const struct policy *p,
			 const struct fold *f, struct hold goal)
{
	struct hold proven = policy_hold(p, f->evidence, f->evidence_conference);
	int32_t whole = lease_ms(e, u, p);
	int64_t left;

	if (settled(u, f) || policy_hold_rank(p->precedence, proven) >=
				     policy_hold_rank(p->precedence, goal))
		return whole;
	left = f->evidence_end_mono_ms + p->grace_ms + whole - e->now_ms;
	if (left >= whole)
		return whole;
	return left >= LEASE_MIN_MS ? (int32_t)left : 0;
}

/* The winning line's record carries the evidence over a crash. */
static void save_evidence(struct engine *e, const struct fold *f)
{
	struct line *l;

	if (f->winner != WINNER_LINE)
		return;
	l = &e->lines[f->winner_line];
	if (line_sync(e, l) != LINE_SYNCED)
		return;
	l->seen_wall_s = e->wall_ms > 0 ? (uint32_t)(e->wall_ms / 1000) : 0;
	line_save(e, f->winner_line);
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
	move(u, PUBLISH_WANT);
	move(u, PUBLISH_IN_FLIGHT);
	u->flags |= USER_CHANGED;
	a = engine_push(e, kind, id);
	a->generation = u->generation;
	a->due_mono_ms = b->change_mono_ms;
	return a;
}

/* Given out and not answered: what is held may be gone already. */
static bool clear_is_out(const struct user *u, const struct pub *b)
{
	return u->state == PUBLISH_IN_FLIGHT && b->sent.session == SESSION_NONE;
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

static void give_hold(struct engine *e, uint32_t id, const struct policy *p, const struct fold *f,
		      struct hold goal, int32_t lease_ms)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	bool fall = policy_hold_rank(p->precedence, goal) < policy_hold_rank(p->precedence, b->held);
	struct action *a;

	b->renewal = hold_same(goal, b->held) && !b->may_hold && !clear_is_out(u, b);
	a = give_out(e, id, ACT_HOLD);
	a->urgency = b->renewal ? URGENCY_RENEW : fall ? URGENCY_CLEAR : URGENCY_RISE;
	if (b->renewal)
		a->due_mono_ms = e->now_ms;
	a->session = goal.session;
	a->may_be_held = anything_ours(b);
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

static void give_clear(struct engine *e, uint32_t id)
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

/* ---- the reconciler ---- */

/* A lease that has run out has given the session back by itself. */
static void lapse(struct engine *e, uint32_t id, struct pub *b, int64_t *due)
{
	struct user *u = &e->users[id];

	if (b->lease_end_mono_ms == 0)
		return;
	if (e->now_ms < b->lease_end_mono_ms) {
		earlier(due, b->lease_end_mono_ms);
		return;
	}
	if (u->target != SESSION_NONE && !engine_is_closed(e, engine_policy(e, u)))
		engine_count(e, ENGINE_LEASE_LAPSED);
	b->lease_end_mono_ms = 0;
	lamp_lapsed(b);
	b->held = NOTHING;
	u->flags |= USER_CHANGED;
	if (u->state == PUBLISH_IN_FLIGHT && b->sent.session == SESSION_NONE && !anything_ours(b)) {
		engine_audit(e, id, AUDIT_CLEARED, b->cleared, 0);
		move(u, PUBLISH_IDLE); /* the answer to our clear no longer matters */
	}
}

/* A refusal is no reason to keep what is held: a clear goes out even while holds are refused. */
static bool must_wait(const struct engine *e, const struct pub *b, struct hold goal)
{
	if (e->now_ms >= b->retry_mono_ms)
		return false;
	return goal.session != SESSION_NONE || b->denied_clear || b->denials == 0;
}

/* Nothing to give out now. What is in flight stays so: its answer brings the next look. */
static void rest(struct engine *e, struct user *u, struct pub *b, bool content, int64_t *due)
{
	if (u->state == PUBLISH_IN_FLIGHT)
		return;
	if (!content) {
		earlier(due, b->retry_mono_ms);
		if (u->state != PUBLISH_BACKOFF && u->state != PUBLISH_DENIED)
			move(u, b->denials ? PUBLISH_DENIED : PUBLISH_BACKOFF);
		return;
	}
	if (b->retry_mono_ms && e->now_ms >= b->retry_mono_ms)
		b->retry_mono_ms = 0;
	move(u, b->dwell_from_ms != TIME_NEVER ? PUBLISH_DWELL : PUBLISH_IDLE);
}

/* Content: what is confirmed needs no action for this goal. */
static bool is_content(const struct pub *b, struct hold goal)
{
	if (goal.session == SESSION_NONE)
		return !anything_ours(b);
	return hold_same(b->held, goal) && !b->may_hold &&
	       b->may_preferred == (goal.preferred && !b->preferred_left);
}

static bool supported(const struct policy *p, const struct fold *f, struct hold goal)
{
	struct hold said = policy_hold(p, f->combined, f->conference);

	return policy_hold_rank(p->precedence, said) >= policy_hold_rank(p->precedence, goal);
}

/* Held and desired: renewed when its point has come, if something still speaks for it. */
static void keep(struct engine *e, uint32_t id, const struct policy *p, const struct fold *f,
		 struct hold goal, int64_t *due)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	int32_t lease;

	if (e->now_ms < b->renew_mono_ms) {
		earlier(due, b->renew_mono_ms);
	} else if (must_wait(e, b, goal)) {
		rest(e, u, b, false, due);
		return;
	} else if (supported(p, f, goal)) {
		lease = lease_for(e, u, p, f, goal);
		if (e->now_ms + lease > b->lease_end_mono_ms && lease > 0) {
			if (f->evidence_end_mono_ms == e->now_ms)
				save_evidence(e, f);
			give_hold(e, id, p, f, goal, lease);
			return;
		}
	}
	rest(e, u, b, true, due);
}

/* Nothing is cleared or lowered before the user is settled: also not what was decided on before and has
 * been refused or let go of since. What is in flight already is the sink's to repeat. */
static bool waits_to_lower(const struct user *u, const struct policy *p, const struct fold *f,
			   struct hold goal, const struct pub *b)
{
	if (settled(u, f))
		return false;
	if (goal.session == SESSION_NONE)
		return true;
	return u->state != PUBLISH_IN_FLIGHT &&
	       policy_hold_rank(p->precedence, goal) < policy_hold_rank(p->precedence, b->held);
}

static void reconcile(struct engine *e, uint32_t id, const struct policy *p, const struct fold *f,
		      int64_t *due)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	bool closed = engine_is_closed(e, p),
	     part = publish_takes_part(e, u) && engine_mode(e, u) == MODE_LIVE;
	bool live = part && !(closed && p->outside == OUTSIDE_CLEAR);
	struct hold goal = live ? target_of(u) : NOTHING;
	int32_t lease;

	lapse(e, id, b, due);
	if (live && closed) { /* nothing is sent: what is held ends with its lease */
		rest(e, u, b, true, due);
		return;
	}
	if (u->state == PUBLISH_IN_FLIGHT && hold_same(b->sent, goal))
		return;
	if (u->state != PUBLISH_IN_FLIGHT && is_content(b, goal)) {
		if (goal.session != SESSION_NONE)
			keep(e, id, p, f, goal, due);
		else
			rest(e, u, b, true, due);
		return;
	}
	if (u->state != PUBLISH_IN_FLIGHT && must_wait(e, b, goal)) {
		rest(e, u, b, false, due);
		return;
	}
	if (live && waits_to_lower(u, p, f, goal, b)) {
		rest(e, u, b, true, due);
		return;
	}
	if (goal.session == SESSION_NONE) {
		give_clear(e, id);
		return;
	}
	lease = lease_for(e, u, p, f, goal);
	if (lease > 0 && supported(p, f, goal))
		give_hold(e, id, p, f, goal, lease);
	else
		rest(e, u, b, true, due);
}

void publish_look(struct engine *e, uint32_t id, const struct fold *f, int64_t *due_mono_ms)
{
	struct user *u = &e->users[id];
	const struct policy *p = engine_policy(e, u);
	bool is_settled = settled(u, f);

	if (is_settled != !!(u->flags & USER_SETTLED))
		u->flags = (uint16_t)((u->flags ^ USER_SETTLED) | USER_CHANGED);
	choose(e, u, p, f, due_mono_ms);
	if (u->pub == ID_NONE)
		return;
	if (!(u->flags & USER_TARGET_PREFERRED))
		pub_of(e, u)->preferred_left = false;
	if (pub_of(e, u)->alone_until_ms > e->now_ms && u->first_line == ID_NONE)
		earlier(due_mono_ms, pub_of(e, u)->alone_until_ms);
	reconcile(e, id, p, f, due_mono_ms);
	seen_forget(e, id, due_mono_ms);
}

/* ---- answers ---- */

static void accepted_clear(struct engine *e, uint32_t id, struct pub *b, const struct outcome *o)
{
	seen_cleared(e, id, b, o->http_status);
	if (o->http_status == 404 || o->unasked)
		lamp_not_found(e, b,
			       e->has_past ? e->started_mono_ms + lease_ms(e, &e->users[id],
									   engine_policy(e, &e->users[id]))
					   : 0);
	b->held = b->sent = NOTHING;
	b->lease_end_mono_ms = 0;
	b->may_preferred = false;
	if (b->cleared != SESSION_NONE)
		engine_audit(e, id, AUDIT_CLEARED, b->cleared, o->http_status);
}

static void accepted_hold(struct engine *e, uint32_t id, struct pub *b, const struct outcome *o)
{
	int64_t sent = o->sent_mono_ms;

	if (sent < b->sent_mono_ms || sent > e->now_ms)
		sent = sent > e->now_ms ? e->now_ms : b->sent_mono_ms;
	b->held = b->sent;
	if (o->preferred_gone && !b->preferred_left)
		engine_audit(e, id, AUDIT_PREFERRED_LEFT, b->sent.session, 0);
	b->preferred_left |= o->preferred_gone;
	b->may_preferred = b->sent.preferred && !b->preferred_left;
	b->lease_end_mono_ms = sent + b->sent_lease_ms;
	b->renew_mono_ms = b->lease_end_mono_ms -
			   policy_renew_before_ms(id, o->generation, b->sent_lease_ms);
	b->accepted_mono_ms = e->now_ms;
	b->gone_mono_ms = e->now_ms + b->sent_lease_ms;
	if (!b->renewal)
		seen_anew(b);
	if (!b->renewal)
		engine_audit(e, id, AUDIT_HELD, b->held.session, o->http_status);
}

static void accepted(struct engine *e, uint32_t id, struct pub *b, const struct outcome *o)
{
	struct user *u = &e->users[id];
	bool had_preferred = b->may_preferred;

	if (b->sent.session == SESSION_NONE)
		accepted_clear(e, id, b, o);
	else
		accepted_hold(e, id, b, o);
	lamp_confirmed(e, id, o, had_preferred);
	b->may_hold = false;
	b->series = 0;
	b->denials = 0;
	b->retry_mono_ms = 0;
	move(u, PUBLISH_IDLE);
	u->flags |= USER_SAVE;
}

/* Not applied: forget that it may be held, when it was the only one of its kind. */
static void not_applied(const struct engine *e, struct user *u, struct pub *b)
{
	if (b->sent.session != SESSION_NONE)
		lamp_refused(e, b);
	if (b->sent.session == SESSION_NONE || b->series != 1)
		return;
	b->series = 0;
	b->may_hold = false;
	b->may_preferred = b->held.preferred && !b->preferred_left;
	u->flags |= USER_SAVE;
}

static void denied(struct engine *e, uint32_t id, struct pub *b, const struct outcome *o)
{
	struct user *u = &e->users[id];
	int64_t wait;

	b->denials += b->denials < UINT8_MAX;
	wait = policy_backoff_ms(b->denials);
	if (o->retry_after_ms > wait)
		wait = o->retry_after_ms < RETRY_AFTER_MAX_MS ? o->retry_after_ms : RETRY_AFTER_MAX_MS;
	b->retry_mono_ms = e->now_ms + wait;
	b->denied_clear = b->sent.session == SESSION_NONE;
	engine_audit(e, id, AUDIT_DENIED, b->sent.session, o->http_status);
	not_applied(e, u, b);
	if (b->denied_clear && b->prove)
		lamp_unproven(b, e->now_ms + lease_ms(e, u, engine_policy(e, u)));
	move(u, PUBLISH_DENIED);
	if (b->denied_clear && u->flags & USER_LEAVING) { /* nothing more can be done: the lease ends it */
		b->held = NOTHING;
		b->may_hold = b->may_preferred = false;
	}
}

bool publish_outcome(struct engine *e, uint32_t id, const struct outcome *o)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);

	if (!b || u->state != PUBLISH_IN_FLIGHT || o->generation != u->generation)
		return false;
	u->last_status = o->http_status;
	u->flags |= USER_CHANGED;
	switch ((enum outcome_class)o->class) {
	case OUTCOME_ACCEPTED:
		accepted(e, id, b, o);
		break;
	case OUTCOME_DENIED:
		denied(e, id, b, o);
		break;
	case OUTCOME_WITHDRAWN:
		not_applied(e, u, b);
		b->retry_mono_ms = e->now_ms + LET_GO_WAIT_MS;
		move(u, PUBLISH_BACKOFF);
		break;
	case OUTCOME_UNSURE: /* the sink goes on trying; its last answer will tell */
		b->unsure = true;
		break;
	case OUTCOME_COUNT:
		break;
	}
	return true;
}

/* What was held may show for a while yet, should the tenant be the same: it lights no lamp. */
void publish_anew(struct engine *e, uint32_t id)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);

	if (!b)
		return;
	lamp_lapsed(b);
	lamp_refused(e, b);
	seen_anew(b);
	b->held = b->sent = NOTHING;
	b->may_hold = b->may_preferred = b->preferred_left = b->unsure = b->renewal = false;
	b->lease_end_mono_ms = b->retry_mono_ms = 0;
	b->series = b->denials = b->losses = 0;
	if (++u->generation == 0)
		u->generation = 1;
	if (u->state == PUBLISH_IN_FLIGHT || u->state == PUBLISH_BACKOFF || u->state == PUBLISH_DENIED)
		move(u, PUBLISH_IDLE);
}

/* ---- the store ---- */

/* Given out before the restart, and no answer known: perhaps it waited, perhaps it was refused, perhaps it
 * is held. So it goes out again while something speaks for it, and is cleared when nothing does. */
static void restore_unsure(const struct engine *e, const struct user *u, struct pub *b, int32_t left_ms)
{
	b->sent = target_of(u);
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
	set_target(e, u, (struct hold){ r->session, r->preferred && r->session == SESSION_DND });
	lamp_restored(e, id, target_of(u), left);
	if (!r->sure) {
		restore_unsure(e, u, b, (int32_t)left);
		return;
	}
	b->held = target_of(u);
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
	r.sure = r.session != SESSION_NONE && !clear_is_out(u, b) && (!b->may_hold || b->renewal);
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

	return u->state != PUBLISH_IN_FLIGHT && (!b || !anything_ours(b));
}
