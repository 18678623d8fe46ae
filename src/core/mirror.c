#include "core/mirror.h"

#include <string.h>

#include "core/lend.h"
#include "core/line.h"

enum {
	REFUSED_RETRY_MS = 30 * 60 * 1000, /* a licence or a right may have been given meanwhile */
	UNSURE_RETRY_MS = 5000,
	UNSURE_RETRY_MAX_MS = 5 * 60 * 1000,
	UNSURE_DOUBLINGS = 6,
	SAME_END_MS = 60 * 1000, /* a PBX may keep no seconds */
	ANSWER_MAX_MS = 60 * 1000, /* a source that owes an answer for longer has lost it */
};

static struct connector *link_of(const struct engine *e, uint32_t line)
{
	return &e->connectors[e->lines[line].connector];
}

static bool in_flight(const struct mirror *m)
{
	return m->flags & MIRROR_IN_FLIGHT;
}

/* Busy and Meeting are one to those who cannot tell them apart: writing back Busy leaves Meeting
 * alone (presence-rules.md section 3). */
static bool same(uint8_t a, uint8_t b)
{
	return a == b || (a == PROFILE_BUSY && b == PROFILE_MEETING) ||
	       (a == PROFILE_MEETING && b == PROFILE_BUSY);
}

static int64_t end_of(const struct engine *e, const struct user *u)
{
	const struct pub *b = pub_of(e, u);

	return b ? b->profile_until_wall_ms : TIME_NEVER;
}

/* Where the PBX tells no end it may keep none: that says nothing against ours. */
static bool ends_agree(int64_t told_wall_ms, int64_t wall_ms)
{
	int64_t apart = told_wall_ms > wall_ms ? told_wall_ms - wall_ms : wall_ms - told_wall_ms;

	return told_wall_ms == TIME_NEVER || apart < SAME_END_MS;
}

/* Lines of connectors without profiles leave their mirror's memory untouched. */
void mirror_init(struct engine *e, uint32_t line)
{
	static const struct mirror none;
	struct mirror *m = &e->mirrors[line];

	if (memcmp(m, &none, sizeof(none)) != 0)
		*m = none;
	if (link_of(e, line)->reads_profile || link_of(e, line)->writes_profile)
		*m = (struct mirror){ .lost_mono_ms = e->now_ms, .epoch = link_of(e, line)->epoch };
}

/* A link lost since: what was under way is unsure, what the PBX holds must be heard again. */
static struct mirror *current(struct engine *e, uint32_t line)
{
	struct mirror *m = &e->mirrors[line];
	const struct connector *c = link_of(e, line);

	if (m->epoch == c->epoch)
		return m;
	if (m->flags & MIRROR_HEARD)
		m->lost_mono_ms = c->lost_mono_ms;
	m->flags &= (uint8_t)~(MIRROR_HEARD | MIRROR_IN_FLIGHT | MIRROR_AWAITS_ECHO | MIRROR_COLLIDED |
			       MIRROR_REFUSED | MIRROR_UNSURE);
	if (!c->reads_profile)
		m->flags &= (uint8_t)~MIRROR_KNOWN; /* soft state: it is written anew */
	m->tries = 0;
	m->retry_mono_ms = 0;
	m->epoch = c->epoch;
	return m;
}

void mirror_link_lost(struct engine *e, uint32_t line)
{
	(void)current(e, line);
}

/* ---- what the PBX says ---- */

static void hold(struct engine *e, uint32_t line, struct mirror *m, uint8_t state)
{
	bool known = state < PROFILE_COUNT;

	if (known == !!(m->flags & MIRROR_KNOWN) && (!known || m->pbx == state))
		return;
	m->flags &= (uint8_t)~MIRROR_KNOWN;
	m->flags |= known ? MIRROR_KNOWN : 0;
	m->pbx = known ? state : 0;
	line_save(e, line);
}

static int64_t changed_wall_ms(const struct engine *e, const struct user *u)
{
	const struct pub *b = pub_of(e, u);

	return b ? b->profile_order : 0;
}

/* Found after an outage, or at the first contact: when it changed nobody knows. By the clock that is never
 * set: what was set in the app since the loss wins. */
static bool takes_found(const struct engine *e, const struct mirror *m, bool known, const struct user *u)
{
	const struct pub *b = pub_of(e, u);

	if (!known)
		return changed_wall_ms(e, u) == 0;
	return !b || b->profile_mono_ms < m->lost_mono_ms;
}

/* One change at the PBX among our own writes: the PBX's order of echo and change tells who was last. */
static bool takes_changed(struct mirror *m, uint8_t state, int64_t until_wall_ms)
{
	if (m->flags & MIRROR_AWAITS_ECHO && same(state, m->written) &&
	    ends_agree(until_wall_ms, m->until_wall_ms)) {
		m->flags &= (uint8_t)~MIRROR_AWAITS_ECHO;
		return false;
	}
	if (in_flight(m) && m->flags & MIRROR_AWAITS_ECHO) {
		m->flags |= MIRROR_COLLIDED;
		return false;
	}
	/* reports are in the PBX's order: an echo not come by now never will */
	m->flags &= (uint8_t)~MIRROR_AWAITS_ECHO;
	return true;
}

/* Another end for the profile that stands, and not the one that this PBX was last known to hold. */
static bool moves_end(struct mirror *m, const struct obs *o, const struct user *u, int64_t ours_wall_ms)
{
	int64_t told = o->profile.until_wall_ms;

	if (told <= 0 || o->profile.state == PROFILE_AVAILABLE || o->profile.state != u->profile ||
	    ends_agree(told, m->until_wall_ms))
		return false;
	if (!in_flight(m))
		m->until_wall_ms = told;
	return !ends_agree(told, ours_wall_ms);
}

bool mirror_report(struct engine *e, uint32_t line, const struct obs *o)
{
	struct mirror *m = current(e, line);
	const struct line *l = &e->lines[line];
	bool known = m->flags & MIRROR_KNOWN, heard = m->flags & MIRROR_HEARD;
	uint8_t was = m->pbx, state = o->profile.state;

	if (!link_of(e, line)->reads_profile)
		return false;
	if (o->scope == SCOPE_FULL)
		m->flags |= MIRROR_HEARD;
	if (o->scope == SCOPE_FULL || same(state, m->written))
		m->flags &= (uint8_t)~MIRROR_UNSURE;
	hold(e, line, m, state);
	if (state >= PROFILE_COUNT || l->user == ID_NONE)
		return false;
	if (lend_report(e, line, state)) {
		if (same(state, m->written))
			m->flags &= (uint8_t)~MIRROR_AWAITS_ECHO;
		return false;
	}
	const struct user *u = &e->users[l->user];
	if (((known && was == state) || u->profile == state) && !moves_end(m, o, u, end_of(e, u))) {
		if (same(state, m->written))
			m->flags &= (uint8_t)~MIRROR_AWAITS_ECHO;
		return false;
	}
	if (heard || o->scope != SCOPE_FULL)
		return takes_changed(m, state, o->profile.until_wall_ms);
	return takes_found(e, m, known, u);
}

enum profile mirror_held(const struct engine *e, uint32_t line)
{
	const struct mirror *m = &e->mirrors[line];

	return m->flags & MIRROR_KNOWN ? (enum profile)m->pbx : PROFILE_NONE;
}

void mirror_restore(struct engine *e, uint32_t line, const struct line_record *r)
{
	struct mirror *m = &e->mirrors[line];

	if (m->flags & (MIRROR_KNOWN | MIRROR_HEARD) || r->pbx_profile >= PROFILE_COUNT)
		return;
	m->flags |= MIRROR_KNOWN;
	m->pbx = r->pbx_profile;
	m->lost_mono_ms = e->now_ms;
	m->epoch = link_of(e, line)->epoch;
	lend_restore(e, line, r);
}

/* ---- what we write ---- */

static void refused(struct engine *e, uint32_t line, struct mirror *m)
{
	uint32_t user = e->lines[line].user;

	m->flags |= MIRROR_REFUSED;
	m->flags &= (uint8_t)~MIRROR_AWAITS_ECHO;
	m->retry_mono_ms = e->now_ms + REFUSED_RETRY_MS;
	engine_count(e, ENGINE_WRITES_REFUSED);
	if (user != ID_NONE)
		engine_audit(e, user, AUDIT_WRITE_REFUSED, m->written, 0);
}

static void unsure(const struct engine *e, struct mirror *m)
{
	int64_t wait = (int64_t)UNSURE_RETRY_MS << m->tries;

	if (m->flags & MIRROR_AWAITS_ECHO)
		m->flags |= MIRROR_UNSURE;
	m->tries += m->tries < UNSURE_DOUBLINGS;
	m->retry_mono_ms = e->now_ms + (wait < UNSURE_RETRY_MAX_MS ? wait : UNSURE_RETRY_MAX_MS);
}

static void answered(struct engine *e, uint32_t line, struct mirror *m, enum write_result result)
{
	m->flags &= (uint8_t)~MIRROR_IN_FLIGHT;
	if (result == WRITE_REFUSED) {
		refused(e, line, m);
	} else if (result == WRITE_ACCEPTED) {
		lend_accepted(m);
		m->flags &= (uint8_t)~MIRROR_UNSURE;
		m->tries = 0;
		m->retry_mono_ms = 0;
		/* the echo may have come before, and a change at the phone after it */
		if (m->flags & MIRROR_AWAITS_ECHO)
			hold(e, line, m, m->written);
	} else {
		unsure(e, m);
	}
	if (m->flags & MIRROR_COLLIDED) { /* anything else than ours is the phone's, and later */
		hold(e, line, m, m->written);
		line_ask_again(e, line);
	}
	m->flags &= (uint8_t)~MIRROR_COLLIDED;
}

bool mirror_written(struct engine *e, uint32_t line, uint32_t generation, enum write_result result)
{
	struct mirror *m = current(e, line);

	if (!in_flight(m) || m->generation != generation)
		return false;
	answered(e, line, m, result);
	return true;
}

static bool may_write(const struct engine *e, const struct mirror *m, uint32_t line, const struct user *u)
{
	const struct connector *c = link_of(e, line);

	if (!c->up || in_flight(m))
		return false;
	if (lend_is_due_back(m) || lend_leaves_dnd(e, line)) {
		/* once the source knows whether a Do Not Disturb is on */
		if (lend_owns_unknown(m) && line_sync(e, &e->lines[line]) != LINE_SYNCED)
			return false;
	} else if (!c->writes_profile || u->flags & USER_LEAVING || !(u->flags & USER_ENABLED) ||
		   engine_mode(e, u) != MODE_LIVE) {
		return false;
	}
	return !c->reads_profile || m->flags & MIRROR_HEARD;
}

/* What is lent has no end of its own. */
static int64_t until_of(const struct engine *e, const struct user *u, uint8_t wanted)
{
	return wanted == u->profile ? end_of(e, u) : TIME_NEVER;
}

/* The PBX holds the profile, or nobody has ever set one. */
static bool in_step(const struct engine *e, const struct mirror *m, const struct user *u, uint8_t wanted)
{
	int64_t until = until_of(e, u, wanted);

	if (m->flags & MIRROR_UNSURE || lend_leaves_dnd(e, (uint32_t)(m - e->mirrors)))
		return false;
	if (!(m->flags & MIRROR_KNOWN))
		return wanted == u->profile && !lend_is_due_back(m) && changed_wall_ms(e, u) == 0;
	return same(m->pbx, wanted) && (!(m->flags & MIRROR_OURS) || m->until_wall_ms == until ||
					!same(m->written, wanted));
}

static void give_write(struct engine *e, uint32_t line, struct mirror *m, uint8_t wanted)
{
	struct action *a = engine_push(e, ACT_PROFILE_WRITE, e->lines[line].user);

	m->written = wanted;
	m->until_wall_ms = until_of(e, &e->users[e->lines[line].user], wanted);
	m->generation++;
	m->retry_mono_ms = e->now_ms + ANSWER_MAX_MS;
	m->flags &= (uint8_t)~(MIRROR_REFUSED | MIRROR_COLLIDED);
	m->flags |= MIRROR_IN_FLIGHT | MIRROR_AWAITS_ECHO | MIRROR_OURS;
	e->users[e->lines[line].user].flags |= USER_CHANGED;
	a->line = line;
	a->connector = e->lines[line].connector;
	a->generation = m->generation;
	a->dnd_ours = lend_owns_unknown(m);
	a->user_record = (struct user_record){ .user = e->lines[line].user,
					       .profile = wanted,
					       .profile_until_wall_ms = m->until_wall_ms };
}

void mirror_look(struct engine *e, uint32_t line, int64_t *due_mono_ms)
{
	const struct user *u = &e->users[e->lines[line].user];
	struct mirror *m;
	uint8_t wanted;

	if (!link_of(e, line)->writes_profile && !lend_is_left(e, line))
		return;
	m = current(e, line);
	if (in_flight(m) && e->now_ms >= m->retry_mono_ms)
		answered(e, line, m, WRITE_UNSURE);
	if (in_flight(m) && m->retry_mono_ms < *due_mono_ms)
		*due_mono_ms = m->retry_mono_ms;
	lend_look(e, line, due_mono_ms);
	wanted = lend_profile(e, line);
	if (m->flags & MIRROR_REFUSED && m->flags & MIRROR_KNOWN && m->pbx == wanted) {
		m->flags &= (uint8_t)~MIRROR_REFUSED; /* nobody asks for any more what was refused */
		e->users[e->lines[line].user].flags |= USER_CHANGED;
	}
	if (!may_write(e, m, line, u) || in_step(e, m, u, wanted))
		return;
	if (e->now_ms < m->retry_mono_ms && m->written == wanted) {
		if (m->retry_mono_ms < *due_mono_ms)
			*due_mono_ms = m->retry_mono_ms;
		return;
	}
	give_write(e, line, m, wanted);
}

void mirror_view(const struct engine *e, uint32_t line, struct line_view *ret)
{
	const struct mirror *m = &e->mirrors[line];
	const struct connector *c = link_of(e, line);

	ret->reads_profile = c->reads_profile;
	ret->writes_profile = c->writes_profile;
	ret->pbx_profile = (uint8_t)mirror_held(e, line);
	ret->write = m->epoch != c->epoch     ? LINE_WRITE_NONE
		     : in_flight(m)           ? LINE_WRITE_ASKED
		     : m->flags & MIRROR_REFUSED ? LINE_WRITE_REFUSED
						 : LINE_WRITE_NONE;
	ret->written = m->written;
	ret->lend = lend_state(m, &ret->lent);
}
