#include "core/lend.h"

#include "core/lamp.h"
#include "core/line.h"

enum lend_flag {
	LEND_ON = 1,   /* the PBX is to hold .lent */
	LEND_LEFT = 2, /* a person has set something: not again before Teams is quiet */
	LEND_DND = 4,  /* a Do Not Disturb of the line is ours, too */
	LEND_WAITS = 8, /* not written yet */
	LEND_RESTORED = 16, /* from before a restart: the source may not know that a DND is ours */
};

static void earlier(const struct engine *e, int64_t *due, int64_t t)
{
	if (e->now_ms < t && t < *due)
		*due = t;
}

uint8_t lend_profile(const struct engine *e, uint32_t line)
{
	const struct mirror *m = &e->mirrors[line];

	return m->lending & LEND_ON ? m->lent : e->users[e->lines[line].user].profile;
}

bool lend_is_due_back(const struct mirror *m)
{
	return m->lent && !(m->lending & (LEND_ON | LEND_WAITS)) && m->lend_mono_ms == 0;
}

bool lend_owns_unknown(const struct mirror *m)
{
	return m->lending & LEND_RESTORED;
}

bool lend_leaves_dnd(const struct engine *e, uint32_t line)
{
	const struct mirror *m = &e->mirrors[line];

	return m->lending & LEND_RESTORED && !m->lent && e->lines[line].flags & LINE_DND;
}

void lend_reopened(struct engine *e, uint32_t line)
{
	struct mirror *m = &e->mirrors[line];

	if (!m->lent && !(m->lending & LEND_DND))
		return;
	m->lending |= LEND_RESTORED;
	if (e->lines[line].user != ID_NONE)
		engine_queue(e, e->lines[line].user);
}

bool lend_is_left(const struct engine *e, uint32_t line)
{
	const struct connector *c = &e->connectors[e->lines[line].connector];

	return !c->writes_profile && c->can_write && c->has_lent &&
	       (e->mirrors[line].lent || e->mirrors[line].lending);
}

void lend_accepted(struct mirror *m)
{
	m->lending &= (uint8_t)~LEND_RESTORED;
}

bool lend_has_dnd(const struct engine *e, const struct line *l)
{
	const struct mirror *m = &e->mirrors[l - e->lines];

	/* nothing can be given back there any more: from now on it is the person's */
	if (!e->connectors[l->connector].writes_profile && m->flags & MIRROR_REFUSED)
		return false;
	return m->lending & LEND_DND;
}

static bool is_lit(const struct engine *e, const struct user *u)
{
	const struct policy *p = engine_policy(e, u);

	return p->lend != PROFILE_AVAILABLE && lamp_is_there(e, u) && p->lend_while >> u->lamp & 1;
}

/* After a start nothing is taken back before Teams was read. */
static bool is_unread(const struct engine *e, const struct user *u)
{
	return u->lamp == LAMP_OFF && lamp_is_there(e, u) &&
	       engine_policy(e, u)->lend != PROFILE_AVAILABLE;
}

static bool may_begin(const struct engine *e, uint32_t line)
{
	const struct mirror *m = &e->mirrors[line];
	const struct line *l = &e->lines[line];
	const struct connector *c = &e->connectors[l->connector];

	if (!c->up || m->epoch != c->epoch || (c->reads_profile && !(m->flags & MIRROR_HEARD)))
		return false;
	return !m->lent && !(m->lending & LEND_LEFT) && !(l->flags & LINE_DND) &&
	       !(m->flags & MIRROR_IN_FLIGHT) &&
	       (!(m->flags & MIRROR_KNOWN) || m->pbx == PROFILE_AVAILABLE);
}

static void begin(struct engine *e, uint32_t line)
{
	struct mirror *m = &e->mirrors[line];

	e->connectors[e->lines[line].connector].has_lent = true;
	m->lent = engine_policy(e, &e->users[e->lines[line].user])->lend;
	m->lending &= (uint8_t)~LEND_RESTORED;
	m->lending |= LEND_DND | LEND_WAITS;
	m->lend_mono_ms = e->now_ms + LEND_AFTER_MS;
	line_save(e, line);
}

/* The PBX holds it no longer, or never did. */
static void forget(struct engine *e, uint32_t line)
{
	struct mirror *m = &e->mirrors[line];

	m->lent = PROFILE_AVAILABLE;
	m->lending &= (uint8_t)~(LEND_ON | LEND_WAITS);
	m->lend_mono_ms = e->now_ms + LEND_END_MS; /* from here on for LEND_DND */
	line_save(e, line);
}

bool lend_report(struct engine *e, uint32_t line, uint8_t state)
{
	struct mirror *m = &e->mirrors[line];

	if (!m->lent)
		return false;
	if (state == m->lent || (m->lent == PROFILE_MEETING && state == PROFILE_BUSY) ||
	    (m->lent == PROFILE_BUSY && state == PROFILE_MEETING)) {
		if (is_unread(e, &e->users[e->lines[line].user])) /* our last write before a restart */
			m->lending |= LEND_ON;
		return true;
	}
	if (m->flags & MIRROR_IN_FLIGHT && m->lending & LEND_ON)
		return false; /* said before our write came */
	if (m->lending & LEND_WAITS && state == PROFILE_AVAILABLE)
		return false; /* nothing new */
	if (m->lending & (LEND_ON | LEND_WAITS))
		m->lending |= LEND_LEFT;
	forget(e, line);
	return false;
}

static void take_back(struct engine *e, uint32_t line, bool lit)
{
	struct mirror *m = &e->mirrors[line];

	if (lit)
		m->lending |= LEND_LEFT;
	if (m->lending & LEND_WAITS)
		forget(e, line);
	if (!(m->lending & LEND_ON))
		return;
	m->lending &= (uint8_t)~LEND_ON;
	m->lend_mono_ms = 0; /* set once the PBX holds the person's own again */
}

/* By the PBX's own word: a write that a crash or a lost link has cut short may still have come there. */
static bool is_returned(const struct engine *e, uint32_t line)
{
	const struct mirror *m = &e->mirrors[line];

	if (e->connectors[e->lines[line].connector].reads_profile && !(m->flags & MIRROR_HEARD))
		return false;
	return m->flags & MIRROR_KNOWN && m->pbx != m->lent && !(m->flags & MIRROR_IN_FLIGHT);
}

/* After a restart: whether the Do Not Disturb that came with what was lent is still on is not known. */
static bool is_unheard(const struct engine *e, uint32_t line)
{
	return e->mirrors[line].lending & LEND_RESTORED && line_sync(e, &e->lines[line]) != LINE_SYNCED;
}

/* Taken back, and the echo of what was lent may still come. */
static void settle(struct engine *e, uint32_t line, int64_t *due)
{
	struct mirror *m = &e->mirrors[line];

	if (m->lent && m->lend_mono_ms == 0 && is_returned(e, line))
		m->lend_mono_ms = e->now_ms + LEND_END_MS;
	if (m->lend_mono_ms == 0)
		return;
	if (m->lent && e->now_ms >= m->lend_mono_ms)
		forget(e, line);
	if (!m->lent && m->lending & LEND_DND && !lend_leaves_dnd(e, line) && !is_unheard(e, line) &&
	    (!(e->lines[line].flags & LINE_DND) || e->now_ms >= m->lend_mono_ms)) {
		m->lending &= (uint8_t)~(LEND_DND | LEND_RESTORED);
		line_save(e, line);
		e->users[e->lines[line].user].flags |= USER_CHANGED;
	}
	if (m->lent || m->lending & LEND_DND)
		earlier(e, due, m->lend_mono_ms);
}

void lend_look(struct engine *e, uint32_t line, int64_t *due_mono_ms)
{
	const struct user *u = &e->users[e->lines[line].user];
	struct mirror *m = &e->mirrors[line];
	bool writes = e->connectors[e->lines[line].connector].writes_profile;
	bool lit = is_lit(e, u), wanted = writes && lit && u->profile == PROFILE_AVAILABLE;

	if (is_unread(e, u) && m->lent && writes)
		return;
	if (!lit)
		m->lending &= (uint8_t)~LEND_LEFT;
	if (wanted && may_begin(e, line))
		begin(e, line);
	if (!wanted || m->lending & LEND_LEFT) {
		take_back(e, line, lit);
	} else if (m->lending & LEND_WAITS) {
		earlier(e, due_mono_ms, m->lend_mono_ms);
		if (e->now_ms >= m->lend_mono_ms)
			m->lending ^= LEND_WAITS | LEND_ON;
		return;
	}
	if (!(m->lending & LEND_ON))
		settle(e, line, due_mono_ms);
}

uint8_t lend_state(const struct mirror *m, uint8_t *ret_lent)
{
	*ret_lent = m->lent;
	if (m->lending & LEND_ON)
		return LINE_LEND_HELD;
	if (m->lent && !(m->lending & LEND_WAITS))
		return LINE_LEND_RETURNED;
	return m->lending & LEND_LEFT ? LINE_LEND_LEFT : LINE_LEND_NONE;
}

uint8_t lend_record(const struct mirror *m)
{
	return m->lent == PROFILE_AVAILABLE && m->lending & LEND_DND ? (uint8_t)LENT_DND_ALONE : m->lent;
}

void lend_restore(struct engine *e, uint32_t line, const struct line_record *r)
{
	struct mirror *m = &e->mirrors[line];

	if (r->lent == PROFILE_AVAILABLE || r->lent > LENT_DND_ALONE || m->lent)
		return;
	e->connectors[e->lines[line].connector].has_lent = true;
	if (r->lent == LENT_DND_ALONE) {
		m->lending = LEND_DND | LEND_RESTORED;
		m->lend_mono_ms = e->now_ms + LEND_END_MS;
		return;
	}
	m->lent = r->lent;
	m->lending = LEND_DND | LEND_RESTORED | (r->pbx_profile == r->lent ? LEND_ON : 0);
}
