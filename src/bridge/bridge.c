#include "bridge/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { WALL_JUMP_MS = 1000 };

/* ---- life ---- */

static enum err allocate(struct bridge *b, struct bridge_time t)
{
	const struct bridge_limits *l = &b->limits;
	const struct directory_limits dl = { .accounts = l->accounts, .connectors = l->connectors,
					     .users = l->users, .lines = l->lines, .seed = l->seed };
	const struct engine_limits el = { .accounts = l->accounts, .connectors = l->connectors,
					  .users = l->users, .lines = l->lines };
	enum err e = directory_new(&b->directory, &dl);

	if (!e)
		e = engine_new(&b->engine, &el, t.mono_ms, t.wall_ms);
	if (e)
		return e;
	b->connectors = calloc(l->connectors, sizeof(*b->connectors));
	b->realms = calloc(l->realms, sizeof(*b->realms));
	b->account_realm = calloc(l->accounts, sizeof(*b->account_realm));
	b->refusals = calloc(l->lines, sizeof(*b->refusals));
	b->kept = calloc(l->lines, sizeof(*b->kept));
	b->id_given = calloc(l->users, sizeof(*b->id_given));
	return b->connectors && b->realms && b->account_realm && b->refusals && b->kept && b->id_given
		       ? ERR_OK
		       : ERR_NO_MEMORY;
}

enum err bridge_new(struct bridge **ret, const struct bridge_limits *l, struct bridge_time t)
{
	struct bridge *b = calloc(1, sizeof(*b));

	if (!b)
		return ERR_NO_MEMORY;
	b->limits = *l;
	b->gone_user = ID_NONE;
	b->wall_ahead_ms = t.wall_ms - t.mono_ms;
	enum err e = allocate(b, t);
	if (e) {
		bridge_free(b);
		return e;
	}
	*ret = b;
	return ERR_OK;
}

void bridge_free(struct bridge *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; b->connectors && i < b->limits.connectors; i++)
		if (b->connectors[i].ops)
			b->connectors[i].ops->close(b->connectors[i].source);
	for (uint32_t i = 0; b->realms && i < b->limits.realms; i++) {
		graph_free(b->realms[i].graph);
		free(b->realms[i].key);
	}
	free(b->connectors);
	free(b->realms);
	free(b->account_realm);
	for (uint32_t i = 0; b->refusals && i < b->limits.lines; i++)
		free(b->refusals[i]);
	free(b->refusals);
	for (uint32_t i = 0; b->kept && i < b->limits.lines; i++)
		free(b->kept[i]);
	free(b->kept);
	free(b->farewells);
	free(b->id_given);
	free(b->next_ids);
	free(b->queue);
	match_fini(b);
	engine_free(b->engine);
	directory_free(b->directory);
	free(b);
}

/* ---- from the engine outward ---- */

static void enqueue(struct bridge *b, const struct action *a)
{
	if (b->queue_at == b->queue_n)
		b->queue_at = b->queue_n = 0;
	if (b->queue_n == b->queue_cap) {
		size_t cap = b->queue_cap ? b->queue_cap * 2 : ACTIONS_MAX;
		struct action *queue = realloc(b->queue, cap * sizeof(*queue));

		CHECK(queue); /* bounded by the population: the shell drains between turns */
		b->queue = queue;
		b->queue_cap = cap;
	}
	b->queue[b->queue_n++] = *a;
}

struct realm_slot *bridge_realm_of_user(struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	if (account >= b->limits.accounts)
		return NULL;
	struct realm_slot *r = &b->realms[b->account_realm[account]];
	return r->graph ? r : NULL;
}

static void submit(struct bridge *b, struct bridge_time t, const struct action *a)
{
	struct realm_slot *r = bridge_realm_of_user(b, a->user);

	if (!r)
		return;
	graph_submit(r->graph, t.mono_ms, a);
	r->dirty = true;
}

static void read_again(struct bridge *b, uint32_t user)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);

	if (r)
		graph_read_again(r->graph, user);
}

static void resync(struct bridge *b, uint32_t line)
{
	uint32_t connector = directory_line_connector(b->directory, line);

	if (connector == ID_NONE || !b->connectors[connector].ops)
		return;
	b->connectors[connector].ops->resync_line(b->connectors[connector].source, line);
	b->connectors[connector].dirty = true;
}

/* The engine asks only where the connector writes. */
static void write_profile(struct bridge *b, const struct action *a)
{
	struct connector_slot *slot = &b->connectors[a->connector];

	if (!slot->ops || !slot->ops->write_profile)
		return;
	const struct profile_write w = { .state = a->user_record.profile,
					 .until_wall_ms = a->user_record.profile_until_wall_ms,
					 .generation = a->generation,
					 .dnd_ours = a->dnd_ours };
	slot->ops->write_profile(slot->source, a->line, &w);
	slot->dirty = true;
}

/* Every PBX of the person may have a lamp of its own; the shell's watchers come beside. */
void bridge_show_lamp(struct bridge *b, uint32_t line)
{
	uint32_t connector = directory_line_connector(b->directory, line);
	struct connector_slot *slot = connector == ID_NONE ? NULL : &b->connectors[connector];
	struct user_view v = { .lamp = LAMP_OFF };

	if (!slot || !slot->ops || !slot->ops->show_lamp)
		return;
	engine_user(b->engine, directory_line_user(b->directory, line), &v);
	slot->ops->show_lamp(slot->source, line, (enum lamp)v.lamp);
	slot->dirty = true;
}

static void show_lamps(struct bridge *b, uint32_t user)
{
	struct user_view v;

	if (!engine_user(b->engine, user, &v))
		return;
	for (uint32_t l = v.first_line; l != ID_NONE; l = engine_next_line_of(b->engine, l))
		bridge_show_lamp(b, l);
}

static void act(struct bridge *b, struct bridge_time t, const struct action *a)
{
	switch ((enum action_kind)a->kind) {
	case ACT_HOLD:
	case ACT_CLEAR:
		submit(b, t, a);
		break;
	case ACT_RESYNC_LINE:
		resync(b, a->line);
		break;
	case ACT_PROFILE_WRITE:
		write_profile(b, a);
		break;
	case ACT_LAMP:
		show_lamps(b, a->user);
		enqueue(b, a);
		break;
	case ACT_READ_AGAIN:
		read_again(b, a->user);
		break;
	case ACT_SAVE_USER:
	case ACT_SAVE_LINE:
	case ACT_AUDIT:
	case ACT_STATUS_TEXT:
	case ACT_USER_GONE:
	case ACT_CHANGED:
		enqueue(b, a);
		break;
	case ACT_COUNT:
		CHECK(false);
	}
}

void bridge_step(struct bridge *b, struct bridge_time t, struct event *ev)
{
	ev->mono_ms = t.mono_ms;
	ev->wall_ms = t.wall_ms;
	b->wall_ahead_ms = t.wall_ms - t.mono_ms;
	engine_step(b->engine, ev, &b->scratch);
	b->engine_more = b->scratch.more;
	for (uint32_t i = 0; i < b->scratch.n; i++)
		act(b, t, &b->scratch.list[i]);
}

void bridge_observe(struct bridge *b, struct bridge_time t, enum event_kind kind, uint32_t id)
{
	struct event ev = { .kind = (uint8_t)kind, .connector = id };

	bridge_step(b, t, &ev);
}

/* ---- the turn ---- */

void bridge_feed_source(struct bridge *b, struct bridge_time t, uint32_t connector,
			const struct source_feed *in)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];

	if (!slot->ops)
		return; /* removed while the bytes were on their way */
	slot->ops->feed(slot->source, t.mono_ms, in);
	slot->dirty = true;
}

void bridge_feed_graph(struct bridge *b, struct bridge_time t, uint32_t realm, const struct graph_response *r)
{
	CHECK(realm < b->limits.realms && b->realms[realm].graph);
	graph_feed(b->realms[realm].graph, t.mono_ms, r);
	b->realms[realm].dirty = true;
}

/* Profiles end by the wall clock: the engine is told of a jump though nothing is due. */
static bool wall_jumped(const struct bridge *b, struct bridge_time t)
{
	int64_t by = t.wall_ms - t.mono_ms - b->wall_ahead_ms;

	return by > WALL_JUMP_MS || by < -WALL_JUMP_MS;
}

void bridge_tick(struct bridge *b, struct bridge_time t)
{
	struct event ev = { .kind = EV_TICK };

	for (uint32_t i = 0; i < b->limits.connectors; i++) {
		struct connector_slot *slot = &b->connectors[i];

		if (!slot->ops || slot->ops->next(slot->source) > t.mono_ms)
			continue;
		slot->ops->tick(slot->source, t.mono_ms);
		slot->dirty = true;
	}
	if (farewell_next(b) <= t.mono_ms)
		farewell_tick(b, t);
	if (engine_next(b->engine) <= t.mono_ms || wall_jumped(b, t))
		bridge_step(b, t, &ev);
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		struct realm_slot *r = &b->realms[i];

		if (!r->graph || graph_next(r->graph) > t.mono_ms)
			continue;
		graph_tick(r->graph, t.mono_ms);
		r->dirty = true;
	}
}

void bridge_probe_connector(struct bridge *b, struct bridge_time t, uint32_t connector)
{
	struct connector_slot *slot = connector < b->limits.connectors ? &b->connectors[connector] : NULL;

	if (!slot || !slot->ops || !slot->ops->probe)
		return;
	slot->ops->probe(slot->source, t.mono_ms);
	slot->dirty = true;
}

static void probe_realm(struct bridge *b, struct bridge_time t, uint32_t realm)
{
	if (realm >= b->limits.realms || !b->realms[realm].graph)
		return;
	graph_probe(b->realms[realm].graph, t.mono_ms);
	b->realms[realm].dirty = true;
}

void bridge_probe(struct bridge *b, struct bridge_time t, uint16_t account)
{
	for (uint32_t i = 0; i < b->limits.connectors; i++)
		if (account == UINT16_MAX || b->connectors[i].account == account)
			bridge_probe_connector(b, t, i);
	for (uint32_t i = 0; account == UINT16_MAX && i < b->limits.realms; i++)
		probe_realm(b, t, i);
	if (account < b->limits.accounts)
		probe_realm(b, t, b->account_realm[account]);
}

int64_t bridge_next(const struct bridge *b)
{
	int64_t next = engine_next(b->engine), farewell = farewell_next(b);

	next = farewell < next ? farewell : next;
	for (uint32_t i = 0; i < b->limits.connectors; i++) {
		const struct connector_slot *slot = &b->connectors[i];
		int64_t due = slot->ops ? slot->ops->next(slot->source) : TIME_NEVER;

		next = due < next ? due : next;
	}
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		int64_t due = b->realms[i].graph ? graph_next(b->realms[i].graph) : TIME_NEVER;

		next = due < next ? due : next;
	}
	return next;
}

/* True when it has become a note: people are told of a refusal, and explain shows it. */
static bool take_written(struct bridge *b, struct bridge_time t, struct source_out *out)
{
	struct event ev = { .kind = EV_WRITTEN,
			    .written = { .line = out->line, .generation = out->generation,
					 .result = out->result } };
	bool refused = out->result == WRITE_REFUSED && out->line < b->limits.lines;

	if (out->line < b->limits.lines) {
		free(b->refusals[out->line]);
		b->refusals[out->line] = refused ? strdup(out->text) : NULL;
	}
	bridge_step(b, t, &ev);
	out->kind = OUT_NOTE;
	out->note = NOTE_WRITE_REFUSED;
	return refused;
}

/* True when the output is one for the shell. */
static bool take_source(struct bridge *b, struct bridge_time t, uint32_t id, struct bridge_out *ret)
{
	const struct source_out *out = &ret->source;

	if (farewell_take(b, out))
		return false;
	switch ((enum source_out_kind)out->kind) {
	case OUT_OBS: {
		struct event ev = { .kind = EV_OBS, .obs = out->obs };

		bridge_step(b, t, &ev);
		return false;
	}
	case OUT_UP:
		bridge_observe(b, t, EV_CONNECTOR_UP, id);
		return false;
	case OUT_DOWN:
		farewell_link_lost(b, id);
		bridge_observe(b, t, EV_CONNECTOR_DOWN, id);
		return false;
	case OUT_LINE_LOST:
		bridge_observe(b, t, EV_LINE_LOST, out->line);
		return false;
	case OUT_CONNECT:
	case OUT_LISTEN:
	case OUT_SEND:
	case OUT_CLOSE:
		ret->kind = BRIDGE_SOURCE;
		break;
	case OUT_NOTE:
		ret->kind = BRIDGE_NOTE;
		break;
	case OUT_WRITTEN:
		if (!take_written(b, t, &ret->source))
			return false;
		ret->kind = BRIDGE_NOTE;
		break;
	case OUT_KEEP:
		bridge_keep_lamp(b, out->line, slice_str(out->text));
		ret->kind = BRIDGE_KEEP;
		break;
	case OUT_ANSWER:
		ret->kind = BRIDGE_ANSWER;
		break;
	}
	ret->connector = id;
	return true;
}

static bool drain_sources(struct bridge *b, struct bridge_time t, struct bridge_out *ret)
{
	for (uint32_t i = 0; i < b->limits.connectors; i++) {
		struct connector_slot *slot = &b->connectors[i];

		while (slot->dirty) {
			if (!slot->ops || !slot->ops->drain(slot->source, &ret->source))
				slot->dirty = false;
			else if (take_source(b, t, i, ret))
				return true;
		}
	}
	return false;
}

static void feed_seen(struct bridge *b, struct bridge_time t, const struct graph_out *out)
{
	struct event ev = { .kind = EV_OBS,
			    .obs = { .kind = OBS_READBACK, .connector = ID_NONE, .line = ID_NONE,
				     .user = out->user,
				     .account = directory_user_account(b->directory, out->user),
				     .readback = { .presence = out->seen, .origin = out->seen_origin,
						   .activity = out->seen_activity,
						   .proven = out->seen_proven,
						   .asked_mono_ms = out->asked_ms } } };

	bridge_step(b, t, &ev);
}

/* Accounts of one realm share its quota, so its load too. */
static void feed_load(struct bridge *b, struct bridge_time t, uint32_t realm, const struct graph_out *out)
{
	for (uint32_t i = 0; i < b->limits.accounts; i++) {
		struct event ev = { .kind = EV_LOAD,
				    .load = { (uint16_t)i, out->load.deep, out->load.floor_ms } };

		if (b->account_realm[i] == realm)
			bridge_step(b, t, &ev);
	}
}

/* Graph knows nobody by the id that was looked up once: whoever has the address now may have another. The
 * engine tries again at growing distances, and so is asked again as seldom. */
static void doubt_id(struct bridge *b, const struct outcome *o)
{
	struct user_view v;

	if (o->class == OUTCOME_DENIED && o->http_status == 404 && !b->id_given[o->user] &&
	    engine_user(b->engine, o->user, &v) && !v.leaving)
		bridge_set_teams_id(b, o->user, NULL);
}

static bool take_graph(struct bridge *b, struct bridge_time t, uint32_t realm, struct bridge_out *ret)
{
	ret->realm = realm;
	ret->kind = BRIDGE_GRAPH;
	if (realm_is_left_by(b, t, realm, &ret->graph))
		return false;
	switch ((enum graph_out_kind)ret->graph.kind) {
	case GRAPH_OUTCOME: {
		struct event ev = { .kind = EV_OUTCOME, .outcome = ret->graph.outcome };

		bridge_step(b, t, &ev);
		doubt_id(b, &ev.outcome);
		return false;
	}
	case GRAPH_LOAD:
		feed_load(b, t, realm, &ret->graph);
		return false;
	case GRAPH_SEEN:
		feed_seen(b, t, &ret->graph);
		return true;
	case GRAPH_TEXT: {
		struct event ev = { .kind = EV_TEXT,
				    .text_state = { ret->graph.user, ret->graph.text_ours.n > 0 } };

		bridge_step(b, t, &ev);
		return true;
	}
	case GRAPH_FOUND:
		if (ret->graph.found && !match_judges(b, ret->graph.user))
			identity_set(b, ret->graph.user, ret->graph.id);
		match_found(b, &ret->graph);
		ret->kind = BRIDGE_FOUND;
		return true;
	case GRAPH_PERSON:
		match_person(b, realm, &ret->graph);
		return false;
	case GRAPH_MEMBER:
		match_member(b, realm, &ret->graph);
		return false;
	case GRAPH_READ:
		match_stage(b, realm, &ret->graph);
		return true;
	case GRAPH_HTTP:
	case GRAPH_NOTE:
		return true;
	}
	CHECK(false);
	return false;
}

static bool drain_graphs(struct bridge *b, struct bridge_time t, struct bridge_out *ret)
{
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		struct realm_slot *r = &b->realms[i];

		while (r->dirty) {
			if (!r->graph || !graph_drain(r->graph, t.mono_ms, t.wall_ms, &ret->graph))
				r->dirty = false;
			else if (take_graph(b, t, i, ret))
				return true;
		}
	}
	return false;
}

/* Somebody who is added again before it was heard that they have gone has not gone. */
static bool is_back(const struct bridge *b, uint32_t user)
{
	struct user_view v;

	return engine_user(b->engine, user, &v);
}

static void release_gone(struct bridge *b)
{
	if (b->gone_user != ID_NONE && is_back(b, b->gone_user))
		b->gone_user = ID_NONE;
	if (b->gone_user == ID_NONE)
		return;
	struct realm_slot *r = bridge_realm_of_user(b, b->gone_user);
	if (r)
		graph_forget(r->graph, b->gone_user);
	match_left(b, b->gone_user);
	identity_drop(b, b->gone_user);
	directory_release_user(b->directory, b->gone_user);
	b->gone_user = ID_NONE;
}

/* Of somebody who is back, or whose name went with an earlier one. */
static bool is_stale(const struct bridge *b, const struct action *a)
{
	return a->kind == ACT_USER_GONE &&
	       (is_back(b, a->user) || directory_user_account(b->directory, a->user) == UINT16_MAX);
}

static bool drain_queue(struct bridge *b, struct bridge_out *ret)
{
	while (b->queue_at < b->queue_n && is_stale(b, &b->queue[b->queue_at]))
		b->queue_at++;
	if (b->queue_at == b->queue_n)
		return false;
	ret->kind = BRIDGE_ACTION;
	ret->action = b->queue[b->queue_at++];
	if (ret->action.kind == ACT_USER_GONE)
		b->gone_user = ret->action.user;
	return true;
}

bool bridge_drain(struct bridge *b, struct bridge_time t, struct bridge_out *ret)
{
	release_gone(b);
	/* bounded: what the engine still owes after that is due at once, so bridge_next says now */
	for (int steps = 0; steps < 64; steps++) {
		if (drain_queue(b, ret))
			return true;
		if (match_pop(b, &ret->user)) {
			ret->kind = BRIDGE_MATCH;
			return true;
		}
		if (drain_sources(b, t, ret) || drain_graphs(b, t, ret))
			return true;
		if (b->queue_at < b->queue_n)
			continue;
		if (!b->engine_more)
			return false;
		struct event ev = { .kind = EV_TICK };
		bridge_step(b, t, &ev);
	}
	return false;
}
