#include <string.h>

#include "base/check.h"
#include "core/line.h"
#include "core/mirror.h"
#include "core/person.h"
#include "core/publish.h"

/* ---- rules ---- */

static bool policy_same(const struct policy *a, const struct policy *b)
{
	return a->precedence == b->precedence && a->ringing == b->ringing && a->busy == b->busy &&
	       a->dnd == b->dnd && a->not_available == b->not_available && a->mode == b->mode &&
	       a->direction == b->direction && a->lend == b->lend && a->lend_while == b->lend_while &&
	       a->settle_ms == b->settle_ms && a->grace_ms == b->grace_ms &&
	       a->lease_ms == b->lease_ms && a->outside == b->outside && a->hours == b->hours &&
	       a->texts == b->texts && a->text_set == b->text_set;
}

void change_policy(struct engine *e, uint16_t account, const struct policy *p)
{
	struct account *a;

	if (account >= e->max.accounts) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	if (!policy_valid(p)) {
		engine_count(e, ENGINE_BAD_VALUE);
		return;
	}
	a = &e->accounts[account];
	if (a->known && policy_same(&a->policy, p))
		return;
	a->policy = *p;
	a->known = true;
	engine_sweep_users(e, account);
}

void change_hours(struct engine *e, uint16_t hours, bool open, int64_t until_wall_ms)
{
	bool was_closed;

	if (hours == 0 || hours >= HOURS_MAX) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	was_closed = e->hours[hours].closed;
	e->hours[hours] = (struct hours_state){ until_wall_ms, !open };
	if (was_closed == !open)
		return;
	for (uint32_t a = 0; a < e->max.accounts; a++)
		if (e->accounts[a].known)
			engine_sweep_users(e, (uint16_t)a);
}

static void drop_own_policy(struct engine *e, struct user *u)
{
	if (u->flags & USER_OWN_POLICY)
		e->own[u->policy].users--;
	u->flags &= (uint16_t)~USER_OWN_POLICY;
}

/* Users with the same rules of their own share one copy. */
static bool set_own_policy(struct engine *e, struct user *u, const struct policy *p)
{
	uint32_t place = ID_NONE;

	for (uint32_t i = 0; i < e->own_high; i++) {
		if (e->own[i].users == 0)
			place = place == ID_NONE ? i : place;
		else if (policy_same(&e->own[i].policy, p))
			place = i;
		if (place == i && e->own[i].users)
			break;
	}
	if (place == ID_NONE && e->own_high < OWN_POLICIES_MAX)
		place = e->own_high++;
	if (place == ID_NONE)
		return false;
	e->own[place].policy = *p;
	e->own[place].users++;
	u->policy = (uint16_t)place;
	u->flags |= USER_OWN_POLICY;
	return true;
}

/* ---- users ---- */

static void user_new(struct engine *e, uint32_t id, uint16_t account)
{
	struct user *u = &e->users[id];

	*u = (struct user){ .generation = u->generation, .account = account, .flags = USER_USED,
			    .since_mono_ms = e->now_ms, .first_line = ID_NONE, .pub = ID_NONE };
	if (id >= e->users_high)
		e->users_high = id + 1;
	e->accounts[account].census[PRESENCE_UNKNOWN]++;
}

/* Leases under way stand as they are; the next one of each user is as long as the load asks. */
void change_load(struct engine *e, const struct event *ev)
{
	if (ev->load.account >= e->max.accounts) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	e->accounts[ev->load.account].deep = ev->load.deep;
	e->accounts[ev->load.account].lease_floor_ms = ev->load.floor_ms;
}

void change_user_add(struct engine *e, const struct event *ev)
{
	uint32_t id = ev->user_add.user;
	struct user *u;
	bool fresh = !engine_has_user(e, id);

	if (id >= e->max.users || ev->user_add.account >= e->max.accounts ||
	    !e->accounts[ev->user_add.account].known) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	u = &e->users[id];
	if ((ev->user_add.has_policy && !policy_valid(&ev->user_add.policy)) ||
	    (!fresh && u->account != ev->user_add.account)) {
		engine_count(e, ENGINE_BAD_VALUE);
		return;
	}
	if (fresh)
		user_new(e, id, ev->user_add.account);
	drop_own_policy(e, u);
	if (ev->user_add.has_policy && !set_own_policy(e, u, &ev->user_add.policy))
		engine_count(e, ENGINE_BAD_VALUE);
	if (!fresh && ev->user_add.enabled != !!(u->flags & USER_ENABLED))
		engine_audit(e, id, AUDIT_SWITCHED, ev->user_add.enabled, 0);
	u->flags &= (uint16_t)~(USER_LEAVING | USER_ENABLED);
	u->flags |= USER_CHANGED | (ev->user_add.enabled ? USER_ENABLED : 0);
	engine_look(e, id);
}

void change_user_enable(struct engine *e, uint32_t id, bool enabled)
{
	struct user *u;

	if (!engine_has_user(e, id)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	u = &e->users[id];
	if (enabled == !!(u->flags & USER_ENABLED))
		return;
	u->flags ^= USER_ENABLED;
	u->flags |= USER_CHANGED;
	engine_audit(e, id, AUDIT_SWITCHED, enabled, 0);
	engine_look(e, id);
}

void change_user_remove(struct engine *e, uint32_t id)
{
	struct user *u;

	if (!engine_has_user(e, id)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	u = &e->users[id];
	if (u->flags & USER_LEAVING)
		return;
	for (uint32_t i = u->first_line, next; i != ID_NONE; i = next) {
		next = e->lines[i].next_of_user;
		e->lines[i].user = e->lines[i].next_of_user = ID_NONE;
	}
	u->first_line = ID_NONE;
	drop_own_policy(e, u);
	u->flags |= USER_LEAVING | USER_CHANGED;
	engine_audit(e, id, AUDIT_REMOVED, 0, 0);
	engine_look(e, id);
}

void change_user_anew(struct engine *e, uint32_t id)
{
	struct user *u;

	if (!engine_has_user(e, id)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	u = &e->users[id];
	publish_anew(e, id);
	u->text = TEXT_NONE;
	u->flags &= (uint16_t)~USER_TEXT_OURS;
	u->flags |= USER_CHANGED | USER_SAVE;
	engine_look(e, id);
}

/* ---- lines ---- */

/* At the end: the lines of a user keep the order in which they came. */
static void attach(struct engine *e, uint32_t line, uint32_t user)
{
	uint32_t *at;

	e->lines[line].user = user;
	e->lines[line].next_of_user = ID_NONE;
	if (user == ID_NONE)
		return;
	for (at = &e->users[user].first_line; *at != ID_NONE; at = &e->lines[*at].next_of_user)
		continue;
	*at = line;
	e->users[user].flags |= USER_CHANGED;
}

static void detach(struct engine *e, uint32_t line)
{
	uint32_t user = e->lines[line].user;
	struct user *u;
	uint32_t *at;

	if (user == ID_NONE)
		return;
	u = &e->users[user];
	for (at = &u->first_line; *at != line; at = &e->lines[*at].next_of_user)
		CHECK(*at != ID_NONE);
	*at = e->lines[line].next_of_user;
	e->lines[line].user = ID_NONE;
	u->flags |= USER_CHANGED;
	if (u->first_line == ID_NONE && u->pub != ID_NONE)
		pub_of(e, u)->alone_until_ms = 0; /* its last line was taken away: no waiting */
}

/* May a line belong to this user? */
static bool may_own(struct engine *e, uint32_t user)
{
	if (user == ID_NONE || (engine_has_user(e, user) && !(e->users[user].flags & USER_LEAVING)))
		return true;
	engine_count(e, ENGINE_UNKNOWN_OBJECT);
	return false;
}

void change_line_add(struct engine *e, uint32_t line, uint32_t connector, uint32_t user)
{
	if (engine_has_line(e, line) && e->lines[line].connector == connector) {
		change_line_move(e, line, user);
		return;
	}
	if (line >= e->max.lines || connector >= e->max.connectors || engine_has_line(e, line)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	if (!may_own(e, user))
		return;
	e->lines[line] = (struct line){ .flags = LINE_USED, .connector = connector,
					.epoch = e->connectors[connector].epoch,
					.first_call = ID_NONE, .lost_mono_ms = e->now_ms,
					.since_mono_ms = e->now_ms };
	if (line >= e->lines_high)
		e->lines_high = line + 1;
	mirror_init(e, line);
	attach(e, line, user);
	if (user != ID_NONE)
		engine_look(e, user);
}

/* The new owner is looked at first: nobody sees the call with neither. */
void change_line_move(struct engine *e, uint32_t line, uint32_t user)
{
	uint32_t old;

	if (!engine_has_line(e, line)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	old = e->lines[line].user;
	if (old == user || !may_own(e, user))
		return;
	detach(e, line);
	attach(e, line, user);
	if (user != ID_NONE)
		engine_look(e, user);
	if (old != ID_NONE)
		engine_queue(e, old);
}

void change_line_remove(struct engine *e, uint32_t line)
{
	uint32_t user;

	if (!engine_has_line(e, line)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	user = e->lines[line].user;
	line_drop_calls(e, &e->lines[line]);
	detach(e, line);
	e->lines[line] = (struct line){ .user = ID_NONE, .first_call = ID_NONE };
	if (user != ID_NONE)
		engine_look(e, user);
}

/* ---- the store ---- */

void change_restore_user(struct engine *e, const struct user_record *r)
{
	struct user *u;
	struct pub *b;

	if (!engine_has_user(e, r->user)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	u = &e->users[r->user];
	b = pub_of(e, u);
	if (r->profile >= PROFILE_COUNT || r->session >= SESSION_COUNT ||
	    r->preferred >= PREFERRED_MARK_COUNT) {
		engine_count(e, ENGINE_BAD_VALUE);
		return;
	}
	/* what has happened since the start is newer than the store */
	if (!b || b->profile_order == 0) {
		b = engine_pub(e, u);
		u->profile = r->profile;
		b->profile_order = r->profile_order;
		b->profile_until_wall_ms = r->profile_until_wall_ms;
		if (r->profile == PROFILE_AVAILABLE || r->profile_until_wall_ms <= 0)
			b->profile_until_wall_ms = TIME_NEVER;
	}
	if (u->state == PUBLISH_IDLE && b->held.session == SESSION_NONE && u->target == SESSION_NONE)
		publish_restore(e, r->user, r);
	u->flags |= USER_CHANGED;
	engine_look(e, r->user);
}

void change_restore_line(struct engine *e, const struct line_record *r)
{
	uint32_t user;

	if (!engine_has_line(e, r->line)) {
		engine_count(e, ENGINE_UNKNOWN_OBJECT);
		return;
	}
	if (r->call >= CALL_COUNT) {
		engine_count(e, ENGINE_BAD_VALUE);
		return;
	}
	line_restore(e, r->line, r);
	mirror_restore(e, r->line, r);
	user = e->lines[r->line].user;
	if (user == ID_NONE)
		return;
	e->users[user].flags |= USER_CHANGED;
	engine_look(e, user);
}
