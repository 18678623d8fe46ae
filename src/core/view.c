#include "core/engine.h"

#include "core/line.h"
#include "core/mirror.h"
#include "core/person.h"
#include "core/publish.h"
#include "core/seen.h"
#include "core/text.h"

static const char *const counter_names[ENGINE_COUNTER_COUNT] = {
#define COUNTER(id, name, text) [ENGINE_##id] = name,
#include "core/counters.def"
};

static void view_profile(const struct engine *e, const struct user *u, struct user_view *v)
{
	const struct pub *b = pub_of(e, u);

	v->profile = u->profile;
	v->profile_presence = (uint8_t)policy_profile(&v->policy, u->profile);
	v->profile_until_wall_ms = b ? b->profile_until_wall_ms : TIME_NEVER;
	v->profile_order = b ? b->profile_order : 0;
}

static void view_publishing(const struct engine *e, const struct user *u, struct user_view *v)
{
	const struct pub *b = pub_of(e, u);

	v->desired = u->target;
	v->publish = u->state;
	v->last_status = u->last_status;
	v->generation = u->generation;
	if (!b)
		return;
	v->held = b->held.session;
	v->held_preferred = b->held.preferred && !b->preferred_left;
	v->preferred_left = b->preferred_left;
	v->lease_end_mono_ms = b->lease_end_mono_ms;
	v->renew_mono_ms = b->lease_end_mono_ms ? b->renew_mono_ms : 0;
	v->retry_mono_ms = b->retry_mono_ms > e->now_ms ? b->retry_mono_ms : 0;
	v->shown = b->held.session != SESSION_NONE ? b->shown : SHOWN_NONE;
	v->conflict = seen_conflict(e, b);
}

bool engine_user(const struct engine *e, uint32_t user, struct user_view *ret)
{
	const struct user *u;
	struct fold f;

	if (!engine_has_user(e, user))
		return false;
	u = &e->users[user];
	*ret = (struct user_view){ .account = u->account, .policy = *engine_policy(e, u) };
	person_fold(e, u, &ret->policy, &f);
	ret->enabled = u->flags & USER_ENABLED;
	ret->settled = f.settled && u->first_line != ID_NONE;
	ret->leaving = u->flags & USER_LEAVING;
	ret->combined = u->combined;
	ret->winner = f.winner;
	ret->winner_line = f.winner_line;
	ret->combined_since_mono_ms = u->since_mono_ms;
	ret->combined_since_wall_ms = e->wall_ms - (e->now_ms - u->since_mono_ms);
	ret->first_line = u->first_line;
	ret->closed = engine_is_closed(e, &ret->policy);
	ret->hours_until_wall_ms = ret->policy.hours ? e->hours[ret->policy.hours].until_wall_ms : TIME_NEVER;
	ret->text = u->text < TEXT_COUNT ? u->text : TEXT_NONE;
	ret->text_ours = u->flags & USER_TEXT_OURS;
	ret->lamp = u->lamp;
	ret->has_lamp = u->flags & USER_HAS_LAMP;
	view_profile(e, u, ret);
	view_publishing(e, u, ret);
	return true;
}

bool engine_line(const struct engine *e, uint32_t line, struct line_view *ret)
{
	static const struct policy nobodys = { .grace_ms = 120000 };
	const struct policy *p = &nobodys;
	struct line_state s;
	const struct line *l;

	if (!engine_has_line(e, line))
		return false;
	l = &e->lines[line];
	if (l->user != ID_NONE)
		p = engine_policy(e, &e->users[l->user]);
	line_state(e, l, p, &s);
	*ret = (struct line_view){
		.connector = l->connector,
		.user = l->user,
		.sync = (uint8_t)line_sync(e, l),
		.presence = s.presence,
		.dnd = l->flags & LINE_DND,
		.registered = !(l->flags & LINE_GONE_AWAY),
		.forward = (uint8_t)line_forward(l),
		.since_mono_ms = l->since_mono_ms,
		.seen_wall_ms = (int64_t)l->seen_wall_s * 1000,
	};
	mirror_view(e, line, ret);
	ret->call = (uint8_t)line_busiest(e, l, &ret->calls);
	/* a line that is nobody's has no deadline: its grace is judged when it is looked at */
	if (l->user == ID_NONE && ret->sync == LINE_STANDING &&
	    e->now_ms - line_evidence_mono_ms(e, l) >= p->grace_ms) {
		ret->sync = LINE_EXPIRED;
		ret->presence = PRESENCE_UNKNOWN;
	}
	return true;
}

bool engine_holds_nothing(const struct engine *e, uint32_t id)
{
	return !engine_has_user(e, id) ||
	       (publish_clean(e, id) && !(e->users[id].flags & USER_TEXT_OURS));
}

uint32_t engine_next_line_of(const struct engine *e, uint32_t line)
{
	return engine_has_line(e, line) ? e->lines[line].next_of_user : ID_NONE;
}

bool engine_appearance(const struct engine *e, uint32_t id, const struct policy *p, bool closed,
		       struct appearance *ret)
{
	const struct user *u;
	struct fold f;
	struct hold h;

	if (!engine_has_user(e, id))
		return false;
	u = &e->users[id];
	*ret = (struct appearance){ .session = SESSION_NONE };
	if (closed || !(u->flags & USER_ENABLED) || u->flags & USER_LEAVING || u->first_line == ID_NONE)
		return true;
	person_fold(e, u, p, &f);
	h = policy_hold(p, f.combined, f.conference);
	*ret = (struct appearance){ h.session, h.preferred, (uint8_t)text_cause_of(u, p, &f) };
	return true;
}

bool engine_account_policy(const struct engine *e, uint16_t account, struct policy *ret)
{
	if (account >= e->max.accounts || !e->accounts[account].known)
		return false;
	*ret = e->accounts[account].policy;
	return true;
}

uint64_t engine_counter(const struct engine *e, enum engine_counter c)
{
	return (unsigned)c < ENGINE_COUNTER_COUNT ? e->counters[c] : 0;
}

const char *engine_counter_name(enum engine_counter c)
{
	return (unsigned)c < ENGINE_COUNTER_COUNT ? counter_names[c] : "?";
}

const uint32_t *engine_census(const struct engine *e, uint16_t account)
{
	static const uint32_t nobody[PRESENCE_COUNT];

	return account < e->max.accounts ? e->accounts[account].census : nobody;
}

size_t engine_bytes(const struct engine *e)
{
	const struct engine_limits *m = &e->max;

	return sizeof(*e) + m->accounts * sizeof(*e->accounts) +
	       m->connectors * sizeof(*e->connectors) + m->users * sizeof(*e->users) +
	       m->lines * (sizeof(*e->lines) + sizeof(*e->mirrors)) +
	       m->calls * sizeof(*e->calls) +
	       m->users * sizeof(*e->pubs) + OWN_POLICIES_MAX * sizeof(*e->own) +
	       wheel_bytes(e->wheel);
}
