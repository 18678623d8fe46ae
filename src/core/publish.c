/* publish.c - the reconciler: what is confirmed is brought in line with what is desired. */
#include "core/publish.h"

#include "core/lamp.h"
#include "core/line.h"
#include "core/person.h"
#include "core/publish_own.h"
#include "core/seen.h"

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

void publish_move(struct user *u, enum publish_state to)
{
	if (u->state != to)
		u->flags |= USER_CHANGED;
	sm_move(publish_moves, &u->state, (uint8_t)to);
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

bool publish_settled(const struct user *u, const struct fold *f)
{
	return f->settled && u->first_line != ID_NONE;
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
	if (u->state == PUBLISH_IN_FLIGHT && b->sent.session == SESSION_NONE && !publish_anything_ours(b)) {
		engine_audit(e, id, AUDIT_CLEARED, b->cleared, 0);
		publish_move(u, PUBLISH_IDLE); /* the answer to our clear no longer matters */
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
			publish_move(u, b->denials ? PUBLISH_DENIED : PUBLISH_BACKOFF);
		return;
	}
	if (b->retry_mono_ms && e->now_ms >= b->retry_mono_ms)
		b->retry_mono_ms = 0;
	publish_move(u, b->dwell_from_ms != TIME_NEVER ? PUBLISH_DWELL : PUBLISH_IDLE);
}

/* Content: what is confirmed needs no action for this goal. */
static bool is_content(const struct pub *b, struct hold goal)
{
	if (goal.session == SESSION_NONE)
		return !publish_anything_ours(b);
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
		lease = publish_lease_for(e, u, p, f, goal);
		if (e->now_ms + lease > b->lease_end_mono_ms && lease > 0) {
			if (f->evidence_end_mono_ms == e->now_ms)
				save_evidence(e, f);
			publish_give_hold(e, id, p, f, goal, lease);
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
	if (publish_settled(u, f))
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
	struct hold goal = live ? publish_target(u) : NOTHING;
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
		publish_give_clear(e, id);
		return;
	}
	lease = publish_lease_for(e, u, p, f, goal);
	if (lease > 0 && supported(p, f, goal))
		publish_give_hold(e, id, p, f, goal, lease);
	else
		rest(e, u, b, true, due);
}

void publish_look(struct engine *e, uint32_t id, const struct fold *f, int64_t *due_mono_ms)
{
	struct user *u = &e->users[id];
	const struct policy *p = engine_policy(e, u);
	bool is_settled = publish_settled(u, f);

	if (is_settled != !!(u->flags & USER_SETTLED))
		u->flags = (uint16_t)((u->flags ^ USER_SETTLED) | USER_CHANGED);
	publish_choose(e, u, p, f, due_mono_ms);
	if (u->pub == ID_NONE)
		return;
	if (!(u->flags & USER_TARGET_PREFERRED))
		pub_of(e, u)->preferred_left = false;
	if (pub_of(e, u)->alone_until_ms > e->now_ms && u->first_line == ID_NONE)
		earlier(due_mono_ms, pub_of(e, u)->alone_until_ms);
	reconcile(e, id, p, f, due_mono_ms);
	seen_forget(e, id, due_mono_ms);
}
