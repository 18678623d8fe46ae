/* publish_answer.c - what an answer says of what is held. */
#include "core/lamp.h"
#include "core/publish_own.h"
#include "core/seen.h"

enum { LET_GO_WAIT_MS = 10000, RETRY_AFTER_MAX_MS = 86400000 };

static void accepted_clear(struct engine *e, uint32_t id, struct pub *b, const struct outcome *o)
{
	const struct user *u = &e->users[id];
	int32_t lease = publish_lease_ms(e, u, engine_policy(e, u));

	seen_cleared(e, id, b, o->http_status);
	if (o->http_status == 404 || o->unasked)
		lamp_not_found(e, b, e->has_past ? e->started_mono_ms + lease : 0);
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
	publish_move(u, PUBLISH_IDLE);
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
		lamp_unproven(b, e->now_ms + publish_lease_ms(e, u, engine_policy(e, u)));
	publish_move(u, PUBLISH_DENIED);
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
		publish_move(u, PUBLISH_BACKOFF);
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
		publish_move(u, PUBLISH_IDLE);
}
