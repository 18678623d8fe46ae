/* report.c - the states of a line's things as obs. */
#include "source/ami/machine.h"

static struct obs obs_for(const struct ami *m, uint32_t slot, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = m->account,
			     .connector = m->connector,
			     .line = line_table_id(&m->table, slot),
			     .user = ID_NONE };
}

/* How busy a call makes its line. */
static int rank(uint8_t call)
{
	static const uint8_t ranks[CALL_COUNT] = {
		[CALL_GONE] = 0, [CALL_RINGING] = 1, [CALL_DIALING] = 2,
		[CALL_HELD] = 3, [CALL_TALKING] = 4, [CALL_CONFERENCE] = 5
	};

	return ranks[call];
}

static const uint8_t device_calls[DEVICE_STATES] = {
	[DEVICE_UNKNOWN] = CALL_GONE,	   [DEVICE_NOT_INUSE] = CALL_GONE,
	[DEVICE_INUSE] = CALL_TALKING,	   [DEVICE_BUSY] = CALL_TALKING,
	[DEVICE_INVALID] = CALL_GONE,	   [DEVICE_UNAVAILABLE] = CALL_GONE,
	[DEVICE_RINGING] = CALL_RINGING,   [DEVICE_RINGINUSE] = CALL_TALKING,
	[DEVICE_ONHOLD] = CALL_HELD,
};

static bool is_there(uint8_t device)
{
	return device != DEVICE_UNKNOWN && device != DEVICE_INVALID && device != DEVICE_UNAVAILABLE;
}

/* Asterisk's bits of a hint (include/asterisk/pbx.h): 1 in use, 2 busy, 4 unavailable, 8 ringing, 16 on
 * hold. */
static uint8_t status_call(int32_t status)
{
	if (status <= 0)
		return CALL_GONE;
	if (status & 3)
		return CALL_TALKING;
	return status & 16 ? CALL_HELD : status & 8 ? CALL_RINGING : CALL_GONE;
}

/* What a line's things say together. */
struct sum {
	uint32_t phones, phones_known;
	bool switches; /* it has a Do Not Disturb switch */
	struct told told;
};

static void add_thing(const struct ami *m, struct sum *s, const struct thing *t)
{
	switch ((enum thing_kind)t->kind) {
	case THING_PHONE:
		s->phones++;
		if (!t->known || t->state == DEVICE_UNKNOWN)
			break;
		s->phones_known++;
		s->told.registered |= is_there(t->state);
		if (rank(device_calls[t->state]) > rank(s->told.call))
			s->told.call = device_calls[t->state];
		break;
	case THING_DND:
		s->switches = true;
		s->told.dnd |= t->known && (t->state == DEVICE_BUSY || t->state == DEVICE_INUSE);
		break;
	case THING_PRESENCE:
		s->told.profile = t->known ? t->state : PROFILE_NONE;
		s->told.dnd |= m->reads_profile && t->known && t->bare_dnd;
		break;
	}
}

/* The hint's own status also counts a Do Not Disturb switch as in use. It is believed where no switch
 * is among its things, or where switches cannot be told apart anyway, and in the list, where the
 * switches are known to be off. */
static void add_status(const struct ami *m, const struct extension *l, struct sum *s)
{
	uint8_t call = status_call(l->status);

	if (s->phones && s->phones_known == s->phones)
		return;
	s->told.registered |= l->status >= 0 && l->status != 4;
	if (s->switches && m->rights.devices && (s->told.dnd || l->moved))
		return;
	if (rank(call) > rank(s->told.call))
		s->told.call = call;
}

struct told report_state(const struct ami *m, uint32_t slot)
{
	const struct extension *l = &m->lines[slot];
	struct sum s = { .told = { .call = CALL_GONE, .profile = PROFILE_NONE } };

	for (uint32_t r = l->first_ref; r != NONE; r = m->refs[r].next_of_line)
		add_thing(m, &s, &m->things[m->refs[r].thing]);
	add_status(m, l, &s);
	s.told.registered |= s.told.call != CALL_GONE;
	return s.told;
}

static void flag(struct ami *m, uint32_t slot, enum obs_kind kind, bool on)
{
	struct obs o = obs_for(m, slot, kind);

	if (kind == OBS_DND)
		o.on = on;
	else
		o.registered = on;
	outbox_obs(&m->out, &o);
}

static void profile(struct ami *m, uint32_t slot, enum obs_scope scope, uint8_t state)
{
	struct obs o = obs_for(m, slot, OBS_PROFILE);

	if (!m->reads_profile)
		return;
	/* that a user has taken the statement back is no new one */
	o.scope = (uint8_t)(state == PROFILE_NONE ? SCOPE_FULL : scope);
	o.profile.state = state;
	o.profile.until_wall_ms = TIME_NEVER;
	outbox_obs(&m->out, &o);
}

static void call(struct ami *m, uint32_t slot, uint8_t state)
{
	struct obs o = obs_for(m, slot, OBS_CALL);

	o.scope = SCOPE_FULL;
	o.call = state;
	outbox_obs(&m->out, &o);
}

enum tell { TELL_CHANGE, TELL_PROFILE = 1, TELL_ALL = 2, TELL_FIRST = 4 };

/* Rises first, then the call report that synchronises the line, then what falls. */
static void tell(struct ami *m, uint32_t slot, const struct told *now, int what)
{
	struct extension *l = &m->lines[slot];
	struct told was = l->told;
	bool all = what & (TELL_ALL | TELL_FIRST);

	l->reported = true;
	l->report_ms = m->now_ms;
	l->told = *now;
	if (now->registered && (all || !was.registered))
		flag(m, slot, OBS_REGISTRATION, true);
	if (now->dnd && (all || !was.dnd))
		flag(m, slot, OBS_DND, true);
	if (what & (TELL_PROFILE | TELL_FIRST))
		profile(m, slot, what & TELL_FIRST ? SCOPE_FULL : SCOPE_PARTIAL, now->profile);
	if (all || now->call != was.call)
		call(m, slot, now->call);
	if (!now->dnd && (all || was.dnd))
		flag(m, slot, OBS_DND, false);
	if (!now->registered && (all || was.registered))
		flag(m, slot, OBS_REGISTRATION, false);
}

static bool same(const struct told *a, const struct told *b)
{
	return a->call == b->call && a->dnd == b->dnd && a->registered == b->registered;
}

/* Before the round of lists is over nothing is known well enough. */
static void report_change(struct ami *m, uint32_t slot, int what)
{
	struct extension *l = &m->lines[slot];
	struct told now = report_state(m, slot);

	if (l->reported && (what || !same(&now, &l->told)))
		tell(m, slot, &now, what);
}

void report_line(struct ami *m, uint32_t slot)
{
	report_change(m, slot, TELL_CHANGE);
}

/* What the PBX says of a user presence is passed on even where it repeats itself. */
void report_thing(struct ami *m, uint32_t thing)
{
	bool presence = m->things[thing].kind == THING_PRESENCE;

	for (uint32_t r = m->things[thing].first_ref; r != NONE; r = m->refs[r].next_of_thing) {
		m->lines[m->refs[r].slot].moved |= !presence;
		report_change(m, m->refs[r].slot, presence ? TELL_PROFILE : TELL_CHANGE);
		if (presence)
			write_presence_told(m, m->refs[r].slot, false);
	}
}

bool report_full(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];
	struct told now = report_state(m, slot);
	bool changed = !same(&now, &l->told) || now.profile != l->told.profile, was = l->reported;
	int what = (was ? 0 : TELL_FIRST) | (l->wanted ? TELL_ALL : 0) |
		   (now.profile != l->told.profile ? TELL_PROFILE : 0);

	if (what || changed)
		tell(m, slot, &now, what);
	l->wanted = false;
	return was && changed;
}

void report_lost(struct ami *m, uint32_t slot)
{
	if (m->lines[slot].reported)
		outbox_plain(&m->out, OUT_LINE_LOST, line_table_id(&m->table, slot));
	m->lines[slot].reported = false;
}
