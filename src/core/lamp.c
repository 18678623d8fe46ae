#include "core/lamp.h"

#include "core/publish.h"

enum {
	OURS_PREFERRED = 1 << 7,
	OURS_CALLS = 1 << SESSION_CALL | 1 << SESSION_CONFERENCE,
	OURS_DND = 1 << SESSION_DND | OURS_PREFERRED,
	OURS_ALL = OURS_CALLS | OURS_DND,
	UNDER_WAY_MS = 60000, /* a request sent before a restart */
};
_Static_assert(SESSION_COUNT <= 7, "a bit for each session below OURS_PREFERRED");

enum lamp lamp_of(enum seen_activity activity)
{
	static const uint8_t lights[ACTIVITY_COUNT] = {
		[ACTIVITY_UNREAD] = LAMP_DARK,	   [ACTIVITY_OTHER] = LAMP_DARK,
		[ACTIVITY_CALL] = LAMP_CALL,	   [ACTIVITY_CONFERENCE] = LAMP_CALL,
		[ACTIVITY_MEETING] = LAMP_MEETING, [ACTIVITY_PRESENTING] = LAMP_DND,
		[ACTIVITY_DND] = LAMP_DND,
	};

	return (enum lamp)lights[activity];
}

/* By which of ours the activity could be made. Teams need not show the very word that was sent, so
 * words of one presence count as one. Nothing of ours looks like a meeting. */
static uint8_t makers(uint8_t activity)
{
	static const uint8_t bits[ACTIVITY_COUNT] = {
		[ACTIVITY_CALL] = OURS_CALLS,
		[ACTIVITY_CONFERENCE] = OURS_CALLS,
		[ACTIVITY_PRESENTING] = OURS_DND,
		[ACTIVITY_DND] = OURS_DND,
	};

	return bits[activity];
}

static uint8_t bits_of(struct hold h)
{
	uint8_t session = h.session == SESSION_NONE ? 0 : (uint8_t)(1 << h.session);

	return session | (h.preferred ? OURS_PREFERRED : 0);
}

static void later(int64_t *at, int64_t t)
{
	if (*at < t)
		*at = t;
}

bool lamp_is_there(const struct engine *e, const struct user *u)
{
	const struct policy *p = engine_policy(e, u);

	return u->flags & USER_ENABLED && !(u->flags & USER_LEAVING) &&
	       engine_mode(e, u) == MODE_LIVE && p->direction != DIRECTION_TO_TEAMS;
}

/* ---- what may be in Teams ---- */

void lamp_given(struct pub *b, struct hold h, int32_t lease_ms)
{
	b->given |= bits_of(h);
	if (b->given_lease_ms < lease_ms)
		b->given_lease_ms = lease_ms;
}

static void doubt(struct pub *b, uint8_t bits, int64_t until_mono_ms)
{
	b->doubt |= bits;
	later(&b->doubt_until_ms, until_mono_ms);
}

void lamp_refused(const struct engine *e, struct pub *b)
{
	doubt(b, b->given, e->now_ms + b->given_lease_ms);
	if (b->given & OURS_PREFERRED)
		later(&b->preferred_until_ms, e->now_ms + b->preferred_ms);
}

void lamp_unproven(struct pub *b, int64_t until_mono_ms)
{
	doubt(b, OURS_ALL, until_mono_ms);
	b->prove = b->may_hold = false;
}

void lamp_lapsed(struct pub *b)
{
	doubt(b, bits_of(b->held), b->gone_mono_ms);
}

/* The longest that a preferred state from before may live: nobody has told this process of it. */
static int64_t unknown_preferred_ms(const struct policy *p)
{
	if (p->dnd != DND_PREFERRED)
		return 0;
	return p->not_available == NOT_AVAILABLE_DND ? PREFERRED_MAX_MS : p->lease_ms;
}

void lamp_restored(struct engine *e, uint32_t id, struct hold h, int64_t left_ms)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);
	int64_t preferred_ms = unknown_preferred_ms(engine_policy(e, u));

	lamp_given(b, h, (int32_t)left_ms);
	b->gone_mono_ms = e->now_ms + left_ms + UNDER_WAY_MS;
	if (b->may_preferred)
		later(&b->preferred_until_ms,
		      e->now_ms + (preferred_ms ? preferred_ms : PREFERRED_MAX_MS));
}

static void confirmed_preferred(struct engine *e, struct pub *b, const struct outcome *o, bool had)
{
	if (b->may_preferred)
		b->preferred_until_ms = e->now_ms + b->preferred_ms;
	else if (had && !o->preferred_unseen && !o->preferred_gone)
		b->preferred_until_ms = 0;
}

/* "Not found" is said of a session that is not there, and of a person who is not there yet; a request
 * put off with 429 is thought not to have been applied. */
void lamp_not_found(const struct engine *e, struct pub *b, int64_t past_until_mono_ms)
{
	if (b->prove && e->now_ms < past_until_mono_ms)
		doubt(b, OURS_ALL, past_until_mono_ms);
	lamp_lapsed(b);
	lamp_refused(e, b);
}

void lamp_confirmed(struct engine *e, uint32_t id, const struct outcome *o, bool had_preferred)
{
	struct user *u = &e->users[id];
	struct pub *b = pub_of(e, u);

	if (o->http_status != 404 && !o->unasked) {
		b->doubt = 0;
		b->doubt_until_ms = 0;
	}
	b->given = 0;
	b->given_lease_ms = 0;
	b->prove = false;
	confirmed_preferred(e, b, o, had_preferred);
	if (!o->first)
		return;
	b->ours |= OURS_ALL;
	b->standing |= OURS_ALL;
	if (unknown_preferred_ms(engine_policy(e, u)))
		later(&b->preferred_until_ms,
		      e->now_ms + unknown_preferred_ms(engine_policy(e, u)));
}

static uint8_t standing(const struct engine *e, const struct user *u, const struct pub *b)
{
	uint8_t bits = bits_of(b->held);

	if (u->state == PUBLISH_IN_FLIGHT || b->may_hold)
		bits |= b->given;
	if (b->may_preferred || e->now_ms < b->preferred_until_ms)
		bits |= OURS_PREFERRED;
	if (e->now_ms < b->doubt_until_ms)
		bits |= b->doubt;
	return bits;
}

static void earlier(const struct engine *e, int64_t *due, int64_t t)
{
	if (e->now_ms < t && t < *due)
		*due = t;
}

/* What has left Teams stays ours until no read can show it any more. */
static void settle(struct engine *e, uint32_t id, struct pub *b, int64_t *due)
{
	const struct user *u = &e->users[id];
	uint8_t now = standing(e, u, b);
	int64_t end;

	if (b->standing & ~now)
		b->left_mono_ms = e->now_ms;
	b->standing = now;
	b->ours |= now;
	if (!lamp_is_there(e, u)) { /* nobody is woken for a lamp that is not there */
		b->ours = now;
		return;
	}
	earlier(e, due, b->doubt_until_ms);
	earlier(e, due, b->preferred_until_ms);
	end = b->left_mono_ms + LAMP_LINGER_MS;
	if (b->ours == now)
		return;
	earlier(e, due, end);
	if (e->now_ms < end)
		return;
	b->ours = now;
	engine_push(e, ACT_READ_AGAIN, id);
}

/* ---- what was read ---- */

/* Nobody knows what an earlier process has left: its last requests may have come after the store's last
 * commit. The answer to a request of our own tells, so one is made: once in the life of a process
 * for a person, and only for those who seem to be in a call or on Do not disturb. */
static void put_to_the_test(struct engine *e, struct user *u)
{
	struct pub *b = engine_pub(e, u);

	if (u->state == PUBLISH_IN_FLIGHT || b->prove)
		return;
	if (b->held.session != SESSION_NONE) {
		b->renew_mono_ms = e->now_ms;
	} else if (!b->may_hold) {
		b->sent = (struct hold){ SESSION_NONE, false };
		b->may_hold = b->prove = true;
	}
}

enum verdict { LIGHTS, MASKED, TOO_OLD };

static enum verdict judge(struct engine *e, struct user *u, const struct obs *o)
{
	uint8_t by = makers(o->readback.activity);
	const struct pub *b = pub_of(e, u);

	if (!by)
		return LIGHTS;
	if (b && b->ours & by)
		return MASKED;
	if (!lamp_is_there(e, u)) /* not worth a request; asked again when there is one */
		return MASKED;
	if (!o->readback.proven) {
		put_to_the_test(e, u);
		return MASKED;
	}
	return e->now_ms - o->readback.asked_mono_ms > LAMP_READ_MAX_MS ? TOO_OLD : LIGHTS;
}

void lamp_take(struct engine *e, uint32_t id, const struct obs *o)
{
	struct user *u = &e->users[id];
	uint8_t activity = o->readback.activity == ACTIVITY_UNREAD ? (uint8_t)ACTIVITY_OTHER
								   : o->readback.activity;
	enum verdict v = judge(e, u, o);
	const struct pub *b = pub_of(e, u);

	if (v == TOO_OLD)
		engine_push(e, ACT_READ_AGAIN, id);
	if (v != LIGHTS) {
		if (lamp_is_there(e, u))
			engine_count(e, ENGINE_ECHO_SUPPRESSED);
		/* after a start phones keep what they show until something is known */
		if (u->activity == ACTIVITY_UNREAD && !(b && b->standing & makers(activity)))
			return;
		activity = ACTIVITY_OTHER;
	}
	u->activity = activity;
}

/* A lamp that was not there a moment ago: what was read meanwhile was not judged, and what was given
 * back meanwhile not waited for. */
static void begin(struct engine *e, uint32_t id)
{
	struct user *u = &e->users[id];

	if (makers(u->activity))
		u->activity = ACTIVITY_UNREAD;
	if (u->generation)
		engine_pub(e, u)->standing |= OURS_ALL;
	engine_push(e, ACT_READ_AGAIN, id);
}

void lamp_look(struct engine *e, uint32_t id, int64_t *due_mono_ms)
{
	struct user *u = &e->users[id];
	bool has = lamp_is_there(e, u);
	enum lamp lamp = LAMP_OFF;
	struct pub *b;

	if (has && !(u->flags & USER_HAS_LAMP))
		begin(e, id);
	u->flags &= (uint16_t)~USER_HAS_LAMP;
	u->flags |= has ? USER_HAS_LAMP : 0;
	b = pub_of(e, u);
	if (b) {
		b->ours |= b->standing;
		settle(e, id, b, due_mono_ms);
		if (makers(u->activity) & b->ours)
			u->activity = ACTIVITY_OTHER;
	}
	if (has)
		lamp = u->activity == ACTIVITY_UNREAD ? (enum lamp)u->lamp
						      : lamp_of((enum seen_activity)u->activity);
	if (lamp == u->lamp)
		return;
	u->lamp = (uint8_t)lamp;
	u->flags |= USER_CHANGED;
	engine_push(e, ACT_LAMP, id)->lamp = u->lamp;
	if (engine_policy(e, u)->lend != PROFILE_AVAILABLE)
		engine_queue(e, id); /* what PBXs are lent follows */
}
