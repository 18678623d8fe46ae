#include "core/seen.h"

/* Teams' own order among sessions: Do not disturb, Busy, Available, Away, nothing
 * (presence-rules.md section 6). Not the order in which inputs are folded. */
static const uint8_t rank[PRESENCE_COUNT] = {
	[PRESENCE_UNKNOWN] = 0,	  [PRESENCE_OFFLINE] = 1, [PRESENCE_AWAY] = 2,
	[PRESENCE_AVAILABLE] = 3, [PRESENCE_BUSY] = 4,	  [PRESENCE_DND] = 5,
};

/* Something above ours is shown. Focusing reads as Do not disturb set by hand does, so that pair
 * says "by hand". */
static enum shown judge_above(enum presence held, enum presence seen, enum seen_origin origin)
{
	if (origin == SEEN_HAND)
		return SHOWN_MASKED;
	if (held == PRESENCE_AWAY && seen == PRESENCE_AVAILABLE)
		return SHOWN_AWAY_HIDDEN;
	return origin == SEEN_SESSION ? SHOWN_HIDDEN : SHOWN_MASKED;
}

/* Something below ours is shown: no session can do that while ours is there. */
static enum shown judge_below(enum seen_origin origin)
{
	if (origin == SEEN_HAND)
		return SHOWN_MASKED;
	return origin == SEEN_EITHER ? SHOWN_UNCLEAR : SHOWN_LOST;
}

enum shown seen_judge(enum session held, enum presence seen, enum seen_origin origin)
{
	enum presence ours = session_shows(held);

	if (held == SESSION_NONE)
		return SHOWN_NONE;
	if (seen == PRESENCE_UNKNOWN || origin == SEEN_UNKNOWN)
		return SHOWN_UNREADABLE;
	if (seen == ours)
		return origin == SEEN_HAND ? SHOWN_MASKED : SHOWN_AS_SENT;
	return rank[seen] > rank[ours] ? judge_above(ours, seen, origin) : judge_below(origin);
}

bool seen_conflict(const struct engine *e, const struct pub *b)
{
	return b->losses > 1 && seen_remembers(e, b);
}

bool seen_remembers(const struct engine *e, const struct pub *b)
{
	return b->losses > 0 && e->now_ms - b->loss_mono_ms < SEEN_MEMORY_MS;
}

static void lost(struct engine *e, uint32_t user, struct pub *b, uint8_t session, uint8_t seen)
{
	if (!seen_remembers(e, b))
		b->losses = 0;
	b->losses += b->losses < UINT8_MAX;
	b->loss_mono_ms = e->now_ms;
	e->users[user].flags |= USER_CHANGED;
	engine_count(e, ENGINE_SESSION_LOST);
	engine_audit(e, user, AUDIT_OVERWRITTEN, session, seen);
}

void seen_forget(struct engine *e, uint32_t user, int64_t *due_mono_ms)
{
	struct pub *b = pub_of(e, &e->users[user]);
	int64_t end = b->loss_mono_ms + SEEN_MEMORY_MS;

	if (!b->losses)
		return;
	if (e->now_ms < end) {
		*due_mono_ms = end < *due_mono_ms ? end : *due_mono_ms;
		return;
	}
	b->losses = 0;
	e->users[user].flags |= USER_CHANGED;
}

/* Sends the session once more, as a renewal: last in the queue, so it costs nobody anything. */
static void probe(struct engine *e, struct pub *b, int64_t every_ms)
{
	if (b->probe_mono_ms && e->now_ms - b->probe_mono_ms < every_ms)
		return;
	b->probe = PROBE_SENT;
	b->probe_mono_ms = e->now_ms;
	b->renew_mono_ms = e->now_ms;
}

/* The read that follows a probe: what shows now was gone, what still does not is outranked. */
static enum shown resolve(struct engine *e, uint32_t user, struct pub *b, enum shown v, uint8_t seen)
{
	if (v == SHOWN_UNREADABLE)
		return v;
	if (v == SHOWN_AS_SENT || v == SHOWN_LOST)
		lost(e, user, b, b->held.session, seen);
	b->probe = v == SHOWN_AS_SENT ? PROBE_NONE : PROBE_DONE;
	return v == SHOWN_UNCLEAR ? SHOWN_MASKED : v;
}

static enum shown weigh(struct engine *e, uint32_t user, struct pub *b, enum shown v, uint8_t seen)
{
	if (b->probe == PROBE_SENT)
		return resolve(e, user, b, v, seen);
	if (v == SHOWN_UNCLEAR && b->probe == PROBE_DONE)
		return SHOWN_MASKED;
	if (v == SHOWN_UNCLEAR || v == SHOWN_LOST)
		probe(e, b, v == SHOWN_LOST ? RESEND_EVERY_MS : PROBE_EVERY_MS);
	else if (v != SHOWN_UNREADABLE)
		b->probe = PROBE_NONE;
	return v;
}

void seen_take(struct engine *e, uint32_t user, const struct obs *o)
{
	struct user *u = &e->users[user];
	struct pub *b = pub_of(e, u);

	if (!b || b->held.session == SESSION_NONE || b->may_hold ||
	    o->readback.asked_mono_ms < b->accepted_mono_ms + READBACK_AFTER_MS ||
	    (b->probe == PROBE_SENT && b->accepted_mono_ms < b->probe_mono_ms))
		return;
	enum shown v = seen_judge((enum session)b->held.session, (enum presence)o->readback.presence,
				    (enum seen_origin)o->readback.origin);
	v = weigh(e, user, b, v, o->readback.presence);
	if (b->shown != v)
		u->flags |= USER_CHANGED;
	b->shown = (uint8_t)v;
}

/* Our own clear cannot have been the first when an answer before was unclear. */
void seen_cleared(struct engine *e, uint32_t user, struct pub *b, uint16_t status)
{
	if (status == 404 && !b->unsure && !b->may_hold && b->held.session != SESSION_NONE &&
	    b->lease_end_mono_ms - e->now_ms > SEEN_LEASE_LEFT_MS)
		lost(e, user, b, b->held.session, PRESENCE_UNKNOWN);
	seen_anew(b);
}

void seen_anew(struct pub *b)
{
	b->shown = SHOWN_NONE;
	b->probe = PROBE_NONE;
}
