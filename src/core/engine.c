#include "core/engine.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/lamp.h"
#include "core/lend.h"
#include "core/line.h"
#include "core/mirror.h"
#include "core/person.h"
#include "core/publish.h"
#include "core/seen.h"
#include "core/text.h"

enum {
	SWEEP_STEP = 1024,      /* records looked at per step by a sweep */
	DUE_STEP = 256,         /* deadlines taken per step */
	WALL_JUMP_MS = 1000,
	CALLS_SPARE = 1024,
};

/* ---- life ---- */

static bool allocate(struct engine *e, int64_t mono_ms)
{
	const struct engine_limits *m = &e->max;

	e->accounts = calloc(m->accounts, sizeof(*e->accounts));
	e->connectors = calloc(m->connectors, sizeof(*e->connectors));
	e->users = calloc(m->users, sizeof(*e->users));
	e->lines = calloc(m->lines, sizeof(*e->lines));
	e->mirrors = calloc(m->lines, sizeof(*e->mirrors));
	e->calls = calloc(m->calls, sizeof(*e->calls));
	e->pubs = calloc(m->users, sizeof(*e->pubs));
	e->own = calloc(OWN_POLICIES_MAX, sizeof(*e->own));
	return e->accounts && e->connectors && e->users && e->lines && e->mirrors && e->calls && e->pubs &&
	       e->own && wheel_new(&e->wheel, m->users, mono_ms) == ERR_OK;
}

enum err engine_new(struct engine **ret, const struct engine_limits *limits, int64_t mono_ms,
		    int64_t wall_ms)
{
	struct engine *e;

	if (!limits->accounts || !limits->connectors || !limits->users || !limits->lines ||
	    limits->accounts > UINT16_MAX || limits->users >= INT32_MAX ||
	    limits->lines >= INT32_MAX)
		return ERR_BUG;
	e = calloc(1, sizeof(*e));
	if (!e)
		return ERR_NO_MEMORY;
	e->max = *limits;
	if (e->max.calls == 0)
		e->max.calls = limits->lines + CALLS_SPARE;
	e->now_ms = e->started_mono_ms = mono_ms;
	e->wall_ms = wall_ms;
	e->wall_offset_ms = wall_ms - mono_ms;
	e->call_free = e->pub_free = e->queue_head = e->queue_tail = ID_NONE;
	if (!allocate(e, mono_ms)) {
		engine_free(e);
		return ERR_NO_MEMORY;
	}
	*ret = e;
	return ERR_OK;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	free(e->accounts);
	free(e->connectors);
	free(e->users);
	free(e->lines);
	free(e->mirrors);
	free(e->calls);
	free(e->pubs);
	free(e->own);
	wheel_free(e->wheel);
	free(e);
}

/* ---- small services for this folder ---- */

void engine_count(struct engine *e, enum engine_counter c)
{
	e->counters[c]++;
}

bool engine_has_user(const struct engine *e, uint32_t user)
{
	return user < e->max.users && e->users[user].flags & USER_USED;
}

bool engine_has_line(const struct engine *e, uint32_t line)
{
	return line < e->max.lines && e->lines[line].flags & LINE_USED;
}

enum account_mode engine_mode(const struct engine *e, const struct user *u)
{
	uint8_t own = engine_policy(e, u)->mode, account = e->accounts[u->account].policy.mode;

	return (enum account_mode)(own > account ? own : account);
}

bool engine_is_closed(const struct engine *e, const struct policy *p)
{
	return e->hours[p->hours].closed; /* 0 never is */
}

const struct policy *engine_policy(const struct engine *e, const struct user *u)
{
	return u->flags & USER_OWN_POLICY ? &e->own[u->policy].policy :
					    &e->accounts[u->account].policy;
}

struct action *engine_push(struct engine *e, enum action_kind kind, uint32_t user)
{
	struct action *a;

	CHECK(e->out->n < ACTIONS_MAX);
	a = &e->out->list[e->out->n++];
	*a = (struct action){ .kind = (uint8_t)kind, .user = user, .line = ID_NONE,
			      .connector = ID_NONE };
	if (user != ID_NONE)
		a->account = e->users[user].account;
	return a;
}

void engine_audit(struct engine *e, uint32_t user, enum audit_kind kind, uint16_t a, uint16_t b)
{
	struct action *act = engine_push(e, ACT_AUDIT, user);

	act->audit.kind = (uint8_t)kind;
	act->audit.a = a;
	act->audit.b = b;
	act->audit.wall_ms = e->wall_ms;
}

struct pub *engine_pub(struct engine *e, struct user *u)
{
	if (u->pub != ID_NONE)
		return &e->pubs[u->pub];
	u->pub = e->pub_free;
	if (u->pub != ID_NONE)
		e->pub_free = e->pubs[u->pub].next_free;
	else
		u->pub = e->pubs_high++;
	e->pubs[u->pub] = (struct pub){ .profile_until_wall_ms = TIME_NEVER,
					.profile_mono_ms = INT64_MIN,
					.text_until_wall_ms = TIME_NEVER,
					.dwell_from_ms = TIME_NEVER };
	return &e->pubs[u->pub];
}

void engine_pub_trim(struct engine *e, struct user *u)
{
	struct pub *b = pub_of(e, u);

	if (!b || u->state != PUBLISH_IDLE || u->target != SESSION_NONE || b->profile_order ||
	    b->held.session != SESSION_NONE || b->may_hold || b->may_preferred || b->denials ||
	    b->dwell_from_ms != TIME_NEVER || b->alone_until_ms > e->now_ms ||
	    b->retry_mono_ms > e->now_ms || b->profile_until_wall_ms != TIME_NEVER ||
	    seen_remembers(e, b) || b->ours)
		return;
	b->next_free = e->pub_free;
	e->pub_free = u->pub;
	u->pub = ID_NONE;
}

/* ---- the queue of users to be looked at ---- */

void engine_queue(struct engine *e, uint32_t user)
{
	struct user *u = &e->users[user];

	if (u->flags & USER_QUEUED)
		return;
	u->flags |= USER_QUEUED;
	u->next_queued = ID_NONE;
	if (e->queue_tail == ID_NONE)
		e->queue_head = user;
	else
		e->users[e->queue_tail].next_queued = user;
	e->queue_tail = user;
}

static uint32_t queue_take(struct engine *e)
{
	uint32_t id = e->queue_head;

	e->queue_head = e->users[id].next_queued;
	if (e->queue_head == ID_NONE)
		e->queue_tail = ID_NONE;
	e->users[id].flags &= (uint16_t)~USER_QUEUED;
	return id;
}

/* ---- looking at one user ---- */

static void note_combined(struct engine *e, uint32_t id, uint8_t combined)
{
	struct user *u = &e->users[id];

	if (u->combined == combined)
		return;
	e->accounts[u->account].census[u->combined]--;
	e->accounts[u->account].census[combined]++;
	engine_audit(e, id, AUDIT_COMBINED, u->combined, combined);
	u->combined = combined;
	u->since_mono_ms = e->now_ms;
	u->flags |= USER_CHANGED;
}

void engine_user_free(struct engine *e, uint32_t id)
{
	struct user *u = &e->users[id];
	uint32_t generation = u->generation;

	if (u->pub != ID_NONE) {
		e->pubs[u->pub].next_free = e->pub_free;
		e->pub_free = u->pub;
	}
	e->accounts[u->account].census[u->combined]--;
	wheel_set(e->wheel, id, WHEEL_NEVER);
	*u = (struct user){ .generation = generation, .pub = ID_NONE, .first_line = ID_NONE };
	engine_push(e, ACT_USER_GONE, id);
}

static void report_user(struct engine *e, uint32_t id)
{
	struct user *u = &e->users[id];

	if (u->flags & USER_SAVE) {
		struct action *a = engine_push(e, ACT_SAVE_USER, id);

		a->user_record = publish_record(e, id);
	}
	if (u->flags & USER_CHANGED)
		engine_push(e, ACT_CHANGED, id);
	u->flags &= (uint16_t)~(USER_SAVE | USER_CHANGED);
}

/* False when the list of actions is too full to go on. */
static bool look_at_lines(struct engine *e, struct user *u, int64_t *due)
{
	for (uint32_t i = u->first_line; i != ID_NONE; i = e->lines[i].next_of_user) {
		if (engine_room(e) < ROOM_USER + ROOM_LINE)
			return false;
		if (line_tick(e, i, due))
			u->flags |= USER_CHANGED;
	}
	return engine_room(e) >= ROOM_USER;
}

/* What the PBXs hold of the profile. A user with more lines than there is room for gets a second look. */
static void mirror_lines(struct engine *e, uint32_t id, int64_t *due)
{
	for (uint32_t i = e->users[id].first_line; i != ID_NONE; i = e->lines[i].next_of_user) {
		if (engine_room(e) < ROOM_USER + ROOM_MIRROR) {
			engine_queue(e, id);
			return;
		}
		mirror_look(e, i, due);
	}
}

void engine_look(struct engine *e, uint32_t id)
{
	struct user *u = &e->users[id];
	int64_t due = TIME_NEVER;
	struct fold f;

	if (!look_at_lines(e, u, &due)) {
		engine_queue(e, id);
		return;
	}
	person_profile_end(e, id, &due);
	mirror_lines(e, id, &due);
	person_fold(e, u, engine_policy(e, u), &f);
	note_combined(e, id, f.combined);
	publish_look(e, id, &f, &due);
	text_look(e, id, &f, &due);
	lamp_look(e, id, &due);
	report_user(e, id);
	if (u->flags & USER_LEAVING && publish_clean(e, id) && !(u->flags & USER_TEXT_OURS)) {
		if (!(u->flags & USER_QUEUED)) {
			engine_user_free(e, id);
			return;
		}
		due = e->now_ms; /* first out of the queue */
	}
	wheel_set(e->wheel, id, due);
	engine_pub_trim(e, u);
}

/* ---- sweeps: rounds through a table, a stretch per step ---- */

static bool before(struct lap a, struct lap b)
{
	return a.lap != b.lap ? (int32_t)(a.lap - b.lap) < 0 : a.pos < b.pos;
}

void engine_sweep_lines(struct engine *e, uint32_t connector)
{
	e->line_end = (struct lap){ e->line_lap.lap + 1, e->line_lap.pos };
	e->connectors[connector].sweep = e->line_end;
}

void engine_sweep_users(struct engine *e, uint16_t account)
{
	e->user_end = (struct lap){ e->user_lap.lap + 1, e->user_lap.pos };
	e->accounts[account].sweep = e->user_end;
}

static void advance(struct lap *at, uint32_t high)
{
	if (++at->pos >= high)
		*at = (struct lap){ at->lap + 1, 0 };
}

static void sweep_lines(struct engine *e)
{
	for (int n = 0; n < SWEEP_STEP && before(e->line_lap, e->line_end); n++) {
		uint32_t id = e->line_lap.pos;

		if (engine_room(e) < ROOM_USER + ROOM_LINE)
			return;
		if (engine_has_line(e, id) &&
		    before(e->line_lap, e->connectors[e->lines[id].connector].sweep)) {
			line_link_lost(e, id);
			mirror_link_lost(e, id);
			if (e->lines[id].user != ID_NONE) {
				e->users[e->lines[id].user].flags |= USER_CHANGED;
				engine_queue(e, e->lines[id].user);
			}
		}
		advance(&e->line_lap, e->lines_high);
	}
}

static void sweep_users(struct engine *e)
{
	for (int n = 0; n < SWEEP_STEP && before(e->user_lap, e->user_end); n++) {
		uint32_t id = e->user_lap.pos;

		if (engine_has_user(e, id) &&
		    before(e->user_lap, e->accounts[e->users[id].account].sweep))
			engine_queue(e, id);
		advance(&e->user_lap, e->users_high);
	}
}

/* ---- events ---- */

static void take_obs(struct engine *e, const struct obs *o)
{
	uint32_t user = o->user;

	if (o->line != ID_NONE) {
		if (!engine_has_line(e, o->line) ||
		    (o->connector != ID_NONE && o->connector != e->lines[o->line].connector)) {
			engine_count(e, ENGINE_UNKNOWN_OBJECT);
			return;
		}
		if (user == ID_NONE)
			user = e->lines[o->line].user;
	}
	switch ((enum obs_kind)o->kind) {
	case OBS_CALL:
	case OBS_DND:
	case OBS_FORWARD:
	case OBS_REGISTRATION:
		if (o->line == ID_NONE) {
			engine_count(e, ENGINE_UNKNOWN_OBJECT);
			return;
		}
		if ((o->kind == OBS_CALL && (o->call >= CALL_COUNT || o->scope > SCOPE_GONE)) ||
		    (o->kind == OBS_FORWARD && o->forward > FORWARD_EXTERNAL)) {
			engine_count(e, ENGINE_BAD_VALUE);
			return;
		}
		user = e->lines[o->line].user;
		if (line_report(e, o->line, o) && user != ID_NONE)
			e->users[user].flags |= USER_CHANGED;
		break;
	case OBS_PROFILE:
		if (o->line != ID_NONE)
			user = e->lines[o->line].user;
		else if (!engine_has_user(e, user)) {
			engine_count(e, ENGINE_UNKNOWN_OBJECT);
			return;
		}
		if (o->profile.state > (o->line == ID_NONE ? PROFILE_COUNT - 1 : PROFILE_NONE)) {
			engine_count(e, ENGINE_BAD_VALUE);
			return;
		}
		if (o->line == ID_NONE || mirror_report(e, o->line, o))
			person_profile(e, user, o);
		if (user != ID_NONE)
			e->users[user].flags |= USER_CHANGED;
		break;
	case OBS_READBACK:
		if (!engine_has_user(e, user)) {
			engine_count(e, ENGINE_UNKNOWN_OBJECT);
			return;
		}
		if (o->readback.presence >= PRESENCE_COUNT || o->readback.origin >= SEEN_ORIGIN_COUNT ||
		    o->readback.activity >= ACTIVITY_COUNT) {
			engine_count(e, ENGINE_BAD_VALUE);
			return;
		}
		seen_take(e, user, o);
		lamp_take(e, user, o);
		break;
	case OBS_COUNT:
	default:
		engine_count(e, ENGINE_BAD_VALUE);
		return;
	}
	if (user != ID_NONE)
		engine_look(e, user);
}

static void take_link(struct engine *e, uint32_t connector, bool up)
{
	struct connector *c;

	if (connector >= e->max.connectors) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	c = &e->connectors[connector];
	c->up = up;
	if (up) { /* what has waited to be written there */
		if (c->writes_profile || c->has_lent)
			engine_sweep_lines(e, connector);
		return;
	}
	c->epoch++;
	c->lost_mono_ms = e->now_ms;
	engine_sweep_lines(e, connector);
}

static void take_line_lost(struct engine *e, uint32_t line)
{
	uint32_t user;

	if (!engine_has_line(e, line)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	user = e->lines[line].user;
	if (!line_lose(e, line) || user == ID_NONE)
		return;
	e->users[user].flags |= USER_CHANGED;
	engine_look(e, user);
}

static void take_connector_set(struct engine *e, const struct event *ev)
{
	uint32_t id = ev->connector_set.connector;
	struct connector *c;

	if (id >= e->max.connectors) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	c = &e->connectors[id];
	c->reads_profile = ev->connector_set.reads_profile;
	c->writes_profile = ev->connector_set.writes_profile;
	c->can_write = ev->connector_set.can_write;
	for (uint32_t i = 0; i < e->lines_high && c->has_lent; i++)
		if (engine_has_line(e, i) && e->lines[i].connector == id)
			lend_reopened(e, i);
}

static void take_written(struct engine *e, const struct event *ev)
{
	uint32_t line = ev->written.line;

	if (!engine_has_line(e, line) || ev->written.result >= WRITE_RESULT_COUNT) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	if (!mirror_written(e, line, ev->written.generation, ev->written.result)) {
		engine_count(e, ENGINE_LATE_OUTCOME);
		return;
	}
	if (e->lines[line].user == ID_NONE)
		return;
	e->users[e->lines[line].user].flags |= USER_CHANGED;
	engine_look(e, e->lines[line].user);
}

static void take_text(struct engine *e, uint32_t user, bool ours)
{
	if (!engine_has_user(e, user)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	text_state(e, user, ours);
	engine_look(e, user);
}

static void take_outcome(struct engine *e, const struct outcome *o)
{
	if (o->class >= OUTCOME_COUNT) {
		engine_count(e, ENGINE_BAD_VALUE);
	} else if (!engine_has_user(e, o->user) || !publish_outcome(e, o->user, o)) {
		/* a withdrawal always answers an older action: nothing strange in that */
		if (o->class != OUTCOME_WITHDRAWN)
			engine_count(e, ENGINE_LATE_OUTCOME);
	} else {
		engine_look(e, o->user);
	}
}

static void take(struct engine *e, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EV_TICK:
		break;
	case EV_OBS:
		take_obs(e, &ev->obs);
		break;
	case EV_CONNECTOR_UP:
	case EV_CONNECTOR_DOWN:
		take_link(e, ev->connector, ev->kind == EV_CONNECTOR_UP);
		break;
	case EV_LINE_LOST:
		take_line_lost(e, ev->line);
		break;
	case EV_CONNECTOR_SET:
		take_connector_set(e, ev);
		break;
	case EV_WRITTEN:
		take_written(e, ev);
		break;
	case EV_OUTCOME:
		take_outcome(e, &ev->outcome);
		break;
	case EV_POLICY:
		change_policy(e, ev->policy_set.account, &ev->policy_set.policy);
		break;
	case EV_LOAD:
		change_load(e, ev);
		break;
	case EV_USER_ADD:
		change_user_add(e, ev);
		break;
	case EV_USER_ENABLE:
		change_user_enable(e, ev->user_enable.user, ev->user_enable.enabled);
		break;
	case EV_USER_REMOVE:
		change_user_remove(e, ev->user);
		break;
	case EV_USER_ANEW:
		change_user_anew(e, ev->user);
		break;
	case EV_LINE_ADD:
		change_line_add(e, ev->line_add.line, ev->line_add.connector, ev->line_add.user);
		break;
	case EV_LINE_MOVE:
		change_line_move(e, ev->line_add.line, ev->line_add.user);
		break;
	case EV_LINE_REMOVE:
		change_line_remove(e, ev->line);
		break;
	case EV_HOURS:
		change_hours(e, ev->hours_set.hours, ev->hours_set.open, ev->hours_set.until_wall_ms);
		break;
	case EV_TEXT:
		take_text(e, ev->text_state.user, ev->text_state.ours);
		break;
	case EV_RESTORE_USER:
		change_restore_user(e, &ev->user_record);
		break;
	case EV_RESTORE_LINE:
		change_restore_line(e, &ev->line_record);
		break;
	case EV_COUNT:
	default:
		engine_count(e, ENGINE_BAD_VALUE);
	}
}

/* ---- the step ---- */

static void take_time(struct engine *e, const struct event *ev)
{
	int64_t offset, jump;

	if (ev->mono_ms < e->now_ms)
		engine_count(e, ENGINE_LATE_TIME);
	else
		e->now_ms = ev->mono_ms;
	e->wall_ms = ev->wall_ms;
	offset = e->wall_ms - e->now_ms;
	jump = offset - e->wall_offset_ms;
	if (jump <= WALL_JUMP_MS && jump >= -WALL_JUMP_MS)
		return;
	e->wall_offset_ms = offset; /* profile ends are wall time: their deadlines have moved */
	for (uint32_t a = 0; a < e->max.accounts; a++)
		if (e->accounts[a].known)
			engine_sweep_users(e, (uint16_t)a);
}

static void take_deadlines(struct engine *e)
{
	uint32_t id;

	for (int n = 0; n < DUE_STEP && wheel_pop(e->wheel, e->now_ms, &id); n++)
		engine_queue(e, id);
}

static bool unfinished(const struct engine *e)
{
	return e->queue_head != ID_NONE || before(e->line_lap, e->line_end) ||
	       before(e->user_lap, e->user_end) || wheel_next(e->wheel) <= e->now_ms;
}

void engine_step(struct engine *e, const struct event *ev, struct actions *ret)
{
	ret->n = 0;
	e->out = ret;
	engine_count(e, ENGINE_EVENTS);
	take_time(e, ev);
	take(e, ev);
	take_deadlines(e);
	sweep_lines(e);
	sweep_users(e);
	while (e->queue_head != ID_NONE && engine_room(e) >= ROOM_LOOK)
		engine_look(e, queue_take(e));
	ret->more = unfinished(e);
	e->out = NULL;
}

int64_t engine_next(const struct engine *e)
{
	return unfinished(e) ? e->now_ms : wheel_next(e->wheel);
}
