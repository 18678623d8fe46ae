#include "core/line.h"

#include "base/check.h"
#include "core/lend.h"
#include "core/mirror.h"

/* For "the busiest call": what people would name first. */
static const uint8_t busier[CALL_COUNT] = {
	[CALL_GONE] = 0,    [CALL_RINGING] = 1, [CALL_DIALING] = 2,
	[CALL_HELD] = 3,    [CALL_TALKING] = 4, [CALL_CONFERENCE] = 5,
};

static const struct policy nobodys = {
	.settle_ms = 0,
	.grace_ms = 120000,
	.lease_ms = 600000,
};

static const struct policy *policy_of(const struct engine *e, const struct line *l)
{
	return l->user == ID_NONE ? &nobodys : engine_policy(e, &e->users[l->user]);
}

static uint16_t link_epoch(const struct engine *e, const struct line *l)
{
	return e->connectors[l->connector].epoch;
}

enum line_sync line_sync(const struct engine *e, const struct line *l)
{
	if (l->flags & LINE_IN_SYNC && l->epoch == link_epoch(e, l))
		return LINE_SYNCED;
	return l->flags & LINE_PAST_GRACE ? LINE_EXPIRED : LINE_STANDING;
}

enum forward_target line_forward(const struct line *l)
{
	return (enum forward_target)((l->flags & LINE_FORWARD) >> LINE_FORWARD_SHIFT);
}

static bool counts_busy(const struct call *c, const struct policy *p)
{
	return !c->aged && policy_call_busy(p->ringing, c->state);
}

enum call_state line_busiest(const struct engine *e, const struct line *l, uint8_t *ret_calls)
{
	enum call_state top = CALL_GONE;
	uint8_t n = 0;

	for (uint32_t i = l->first_call; i != ID_NONE; i = e->calls[i].next) {
		const struct call *c = &e->calls[i];

		if (c->aged)
			continue;
		n++;
		if (busier[c->state] > busier[top])
			top = c->state;
	}
	if (l->flags & LINE_OVERFLOW && busier[top] < busier[CALL_TALKING])
		top = CALL_TALKING;
	if (ret_calls)
		*ret_calls = n;
	return top;
}

/* DND above Busy above idle: the rank of section 4, within one line. */
static enum presence fold(const struct line *l, bool busy, bool dnd, bool known)
{
	if (dnd)
		return PRESENCE_DND;
	if (busy)
		return PRESENCE_BUSY;
	if (l->flags & LINE_GONE_AWAY)
		return PRESENCE_OFFLINE;
	return known ? PRESENCE_AVAILABLE : PRESENCE_UNKNOWN;
}

void line_state(const struct engine *e, const struct line *l, const struct policy *p,
		struct line_state *ret)
{
	bool here = l->epoch == link_epoch(e, l);
	bool busy = l->flags & LINE_OVERFLOW, fresh = false;
	bool dnd = l->flags & LINE_DND && !lend_has_dnd(e, l);

	*ret = (struct line_state){ 0 };
	for (uint32_t i = l->first_call; i != ID_NONE; i = e->calls[i].next) {
		const struct call *c = &e->calls[i];

		if (!counts_busy(c, p))
			continue;
		busy = true;
		ret->conference |= c->state == CALL_CONFERENCE;
		if (c->epoch != link_epoch(e, l))
			continue;
		fresh = true;
		ret->evidence_conference |= c->state == CALL_CONFERENCE;
	}
	ret->presence = fold(l, busy, dnd, l->flags & LINE_KNOWN);
	if (line_sync(e, l) == LINE_SYNCED) {
		ret->evidence = ret->presence;
		ret->evidence_conference = ret->conference;
	} else {
		ret->evidence = dnd && here && l->flags & LINE_DND_FRESH ? PRESENCE_DND :
				fresh ? PRESENCE_BUSY : PRESENCE_UNKNOWN;
	}
}

int64_t line_evidence_mono_ms(const struct engine *e, const struct line *l)
{
	int64_t age_ms = e->wall_ms - (int64_t)l->seen_wall_s * 1000;

	if (l->flags & LINE_IN_SYNC)
		return l->epoch == link_epoch(e, l) ? e->now_ms : e->connectors[l->connector].lost_mono_ms;
	if (l->flags & LINE_RESTORED)
		return e->now_ms - (age_ms > 0 ? age_ms : 0);
	return l->lost_mono_ms;
}

/* ---- calls: a pool, chained by index ---- */

static void call_free(struct engine *e, uint32_t id)
{
	e->calls[id].next = e->call_free;
	e->call_free = id;
}

static uint32_t call_take(struct engine *e)
{
	uint32_t id = e->call_free;

	if (id != ID_NONE)
		e->call_free = e->calls[id].next;
	else if (e->calls_high < e->max.calls)
		id = e->calls_high++;
	return id;
}

void line_drop_calls(struct engine *e, struct line *l)
{
	for (uint32_t i = l->first_call, next; i != ID_NONE; i = next) {
		next = e->calls[i].next;
		call_free(e, i);
	}
	l->first_call = ID_NONE;
	l->flags &= (uint16_t)~LINE_OVERFLOW;
}

/* Keeps only the call named, if it is there. */
static void drop_others(struct engine *e, struct line *l, uint64_t key)
{
	uint32_t keep = ID_NONE;

	for (uint32_t i = l->first_call, next; i != ID_NONE; i = next) {
		next = e->calls[i].next;
		if (e->calls[i].key == key && keep == ID_NONE) {
			keep = i;
			e->calls[i].next = ID_NONE;
		} else {
			call_free(e, i);
		}
	}
	l->first_call = keep;
	l->flags &= (uint16_t)~LINE_OVERFLOW;
}

static bool drop_one(struct engine *e, struct line *l, uint64_t key)
{
	for (uint32_t *at = &l->first_call; *at != ID_NONE; at = &e->calls[*at].next) {
		uint32_t id = *at;

		if (e->calls[id].key == key) {
			*at = e->calls[id].next;
			call_free(e, id);
			return true;
		}
	}
	return false;
}

static struct call *call_add(struct engine *e, struct line *l, uint64_t key)
{
	uint32_t id = call_take(e);

	if (id == ID_NONE)
		return NULL;
	e->calls[id] = (struct call){
		.key = key, .since_mono_ms = e->now_ms, .next = l->first_call, .state = CALL_GONE
	};
	l->first_call = id;
	return &e->calls[id];
}

static struct call *call_find(struct engine *e, struct line *l, uint64_t key, uint32_t *ret_n)
{
	*ret_n = 0;
	for (uint32_t i = l->first_call; i != ID_NONE; i = e->calls[i].next, ++*ret_n)
		if (e->calls[i].key == key)
			return &e->calls[i];
	return NULL;
}

/* A repeated report of a confirmed call renews its evidence; one of a ringing does not: it would
 * keep a ringing alive that never ends. */
static void set_call(struct engine *e, struct line *l, uint64_t key, enum call_state state)
{
	uint32_t n;
	struct call *c = call_find(e, l, key, &n);

	if (!c && n < CALLS_PER_LINE_MAX)
		c = call_add(e, l, key);
	if (!c) {
		engine_count(e, ENGINE_CALLS_FULL);
		if (state != CALL_RINGING)
			l->flags |= LINE_OVERFLOW;
		return;
	}
	if (c->state != state) {
		c->since_mono_ms = e->now_ms;
		c->aged = false;
	} else if (state != CALL_RINGING) {
		c->since_mono_ms = e->now_ms;
	}
	c->state = (uint8_t)state;
	c->epoch = link_epoch(e, l);
}

/* ---- reports ---- */

/* All that can be seen of a line, to tell a change from a repetition. */
struct look {
	uint8_t presence, call, calls, sync;
	uint16_t flags;
};

static struct look look_at(const struct engine *e, const struct line *l)
{
	struct line_state s;
	struct look k = { 0 };

	line_state(e, l, policy_of(e, l), &s);
	k.presence = s.presence;
	k.call = (uint8_t)line_busiest(e, l, &k.calls);
	k.sync = (uint8_t)line_sync(e, l);
	k.flags = l->flags & (LINE_KNOWN | LINE_DND | LINE_GONE_AWAY | LINE_FORWARD);
	return k;
}

static bool look_same(const struct look *a, const struct look *b)
{
	return a->presence == b->presence && a->call == b->call && a->calls == b->calls &&
	       a->sync == b->sync && a->flags == b->flags;
}

/* The record holds no more than this: other changes need no writing. */
static bool record_same(const struct look *a, const struct look *b)
{
	return a->call == b->call && ((a->flags ^ b->flags) & (uint16_t)~LINE_FORWARD) == 0;
}

static bool note_change(struct engine *e, uint32_t id, const struct look *before)
{
	struct line *l = &e->lines[id];
	struct look after = look_at(e, l);

	if (after.presence != before->presence)
		l->since_mono_ms = e->now_ms;
	if (!record_same(before, &after))
		line_save(e, id);
	return !look_same(before, &after);
}

static uint32_t wall_s(const struct engine *e, int64_t mono_ms)
{
	int64_t wall_ms = e->wall_ms - (e->now_ms - mono_ms);

	return wall_ms > 0 ? (uint32_t)(wall_ms / 1000) : 0;
}

/* From here on the state only stands. Up to now a synchronised source has said so: that instant is
 * the evidence, and it is kept where it matters, for calls and DND. */
static void stand(const struct engine *e, struct line *l, int64_t lost_mono_ms)
{
	l->flags &= (uint16_t)~(LINE_IN_SYNC | LINE_DND_FRESH);
	l->lost_mono_ms = lost_mono_ms;
	if (l->first_call != ID_NONE || l->flags & (LINE_DND | LINE_OVERFLOW))
		l->seen_wall_s = wall_s(e, lost_mono_ms);
}

/* A link that was lost since: writes down on the line what its epoch says. */
static void own_up(const struct engine *e, struct line *l)
{
	if (l->epoch == link_epoch(e, l))
		return;
	if (l->flags & LINE_IN_SYNC)
		stand(e, l, e->connectors[l->connector].lost_mono_ms);
	l->flags &= (uint16_t)~LINE_DND_FRESH;
	l->epoch = link_epoch(e, l);
}

void line_ask_again(struct engine *e, uint32_t id)
{
	struct action *a = engine_push(e, ACT_RESYNC_LINE, e->lines[id].user);

	a->line = id;
	a->connector = e->lines[id].connector;
}

static void report_call(struct engine *e, uint32_t id, const struct obs *o)
{
	struct line *l = &e->lines[id];
	bool gone = o->call == CALL_GONE || o->scope == SCOPE_GONE;

	if (o->scope == SCOPE_FULL) {
		if (gone)
			line_drop_calls(e, l);
		else
			drop_others(e, l, o->call_key);
		l->flags |= LINE_IN_SYNC | LINE_KNOWN;
		l->flags &= (uint16_t)~(LINE_PAST_GRACE | LINE_RESTORED);
	}
	if (!gone)
		set_call(e, l, o->call_key, o->call);
	else if (o->call_key == 0)
		line_drop_calls(e, l);
	else if (!drop_one(e, l, o->call_key) && l->flags & LINE_OVERFLOW)
		line_ask_again(e, id); /* it may be the call that was not kept */
}

static void report_dnd(struct line *l, bool on)
{
	l->flags &= (uint16_t)~(LINE_DND | LINE_DND_FRESH);
	if (on)
		l->flags |= LINE_DND | LINE_DND_FRESH;
}

bool line_report(struct engine *e, uint32_t id, const struct obs *o)
{
	struct line *l = &e->lines[id];
	struct look before = look_at(e, l);

	own_up(e, l);
	if (o->kind == OBS_CALL)
		report_call(e, id, o);
	else if (o->kind == OBS_DND)
		report_dnd(l, o->on);
	else if (o->kind == OBS_FORWARD)
		l->flags = (uint16_t)((l->flags & ~LINE_FORWARD) | o->forward << LINE_FORWARD_SHIFT);
	else if (o->registered)
		l->flags &= (uint16_t)~LINE_GONE_AWAY;
	else
		l->flags |= LINE_GONE_AWAY;
	/* news of a line given up: it has a state again, and with it a new grace */
	if (l->flags & LINE_PAST_GRACE) {
		l->flags &= (uint16_t)~LINE_PAST_GRACE;
		l->lost_mono_ms = e->now_ms;
	}
	l->seen_wall_s = wall_s(e, e->now_ms);
	return note_change(e, id, &before);
}

void line_restore(struct engine *e, uint32_t id, const struct line_record *r)
{
	struct line *l = &e->lines[id];
	struct call *c;

	if (!r->known || l->flags & (LINE_IN_SYNC | LINE_KNOWN))
		return;
	l->flags |= LINE_KNOWN | LINE_RESTORED;
	if (r->dnd)
		l->flags |= LINE_DND;
	if (!r->registered)
		l->flags |= LINE_GONE_AWAY;
	l->seen_wall_s = r->seen_wall_ms > 0 ? (uint32_t)(r->seen_wall_ms / 1000) : 0;
	l->since_mono_ms = e->now_ms;
	if (r->call == CALL_GONE)
		return;
	c = call_add(e, l, 0);
	if (!c)
		l->flags |= LINE_OVERFLOW;
	else {
		c->state = r->call;
		c->epoch = (uint16_t)(link_epoch(e, l) - 1); /* no evidence of this link's */
	}
}

void line_save(struct engine *e, uint32_t id)
{
	const struct line *l = &e->lines[id];
	struct action *a = engine_push(e, ACT_SAVE_LINE, l->user);

	a->line = id;
	a->connector = l->connector;
	a->line_record = (struct line_record){
		.line = id,
		.call = (uint8_t)line_busiest(e, l, NULL),
		.dnd = l->flags & LINE_DND,
		.registered = !(l->flags & LINE_GONE_AWAY),
		.known = l->flags & LINE_KNOWN,
		.pbx_profile = (uint8_t)mirror_held(e, id),
		.lent = lend_record(&e->mirrors[id]),
		.seen_wall_ms = (int64_t)l->seen_wall_s * 1000,
	};
}

/* ---- time ---- */

/* A lost busy line is written with its evidence, so that crashes cannot stretch it. */
static void save_evidence(struct engine *e, uint32_t id)
{
	const struct line *l = &e->lines[id];

	if (l->first_call != ID_NONE || l->flags & (LINE_DND | LINE_OVERFLOW))
		line_save(e, id);
}

void line_link_lost(struct engine *e, uint32_t id)
{
	struct line *l = &e->lines[id];
	bool was_synced = l->flags & LINE_IN_SYNC;

	own_up(e, l);
	if (was_synced && !(l->flags & LINE_IN_SYNC))
		save_evidence(e, id);
}

bool line_lose(struct engine *e, uint32_t id)
{
	struct line *l = &e->lines[id];

	own_up(e, l);
	if (!(l->flags & LINE_IN_SYNC))
		return false;
	stand(e, l, e->now_ms);
	for (uint32_t i = l->first_call; i != ID_NONE; i = e->calls[i].next)
		e->calls[i].epoch = (uint16_t)(link_epoch(e, l) - 1);
	save_evidence(e, id);
	return true;
}

static void earlier(int64_t *due, int64_t t)
{
	if (t < *due)
		*due = t;
}

/* How long a call may stay as it is: nobody rings or dials for long, and a PBX that took its own reports
 * in the wrong order (Kamailio was seen to) would leave a call dialing for good. */
static int64_t age_max_ms(const struct call *c)
{
	return c->state == CALL_RINGING || c->state == CALL_DIALING ? RINGING_MAX_MS : QUESTION_MS;
}

/* Ringing ages out; the others are questioned. True when the line is to be asked about. */
static bool age_calls(struct engine *e, struct line *l, int64_t *due)
{
	bool question = false;

	for (uint32_t i = l->first_call; i != ID_NONE; i = e->calls[i].next) {
		struct call *c = &e->calls[i];
		bool rings = c->state == CALL_RINGING;

		if (c->aged)
			continue;
		if (e->now_ms - c->since_mono_ms < age_max_ms(c)) {
			earlier(due, c->since_mono_ms + age_max_ms(c));
		} else if (rings) {
			c->aged = true;
			engine_count(e, ENGINE_RINGING_AGED);
		} else {
			question = true;
			c->since_mono_ms = e->now_ms;
			engine_count(e, ENGINE_CALLS_QUESTIONED);
			earlier(due, e->now_ms + age_max_ms(c));
		}
	}
	return question;
}

static void expire(struct engine *e, struct line *l)
{
	engine_count(e, ENGINE_GRACE_ENDED);
	line_drop_calls(e, l);
	l->flags &= (uint16_t)~(LINE_KNOWN | LINE_DND | LINE_DND_FRESH | LINE_GONE_AWAY |
				LINE_RESTORED | LINE_FORWARD);
	l->flags |= LINE_PAST_GRACE;
}

bool line_tick(struct engine *e, uint32_t id, int64_t *due_mono_ms)
{
	struct line *l = &e->lines[id];
	struct look before = look_at(e, l);
	int64_t grace_end;

	own_up(e, l);
	if (line_sync(e, l) == LINE_STANDING) {
		grace_end = l->lost_mono_ms + policy_of(e, l)->grace_ms;
		if (e->now_ms >= grace_end)
			expire(e, l);
		else
			earlier(due_mono_ms, grace_end);
	}
	if (age_calls(e, l, due_mono_ms))
		line_ask_again(e, id);
	return note_change(e, id, &before);
}
