#include "bridge/bridge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { WALL_JUMP_MS = 1000 };

struct connector_slot {
	const struct source_ops *ops; /* NULL: free */
	struct source *source;
	uint16_t account;
	bool dirty; /* may have output */
};

struct realm_slot {
	struct graph *graph; /* NULL: free */
	char *key;           /* login_url, tenant and client_id: what names the realm */
	bool dirty;
};

struct bridge {
	struct bridge_limits limits;
	struct directory *directory;
	struct engine *engine;
	struct connector_slot *connectors;
	struct realm_slot *realms;
	uint32_t *account_realm;
	char **refusals; /* by line: why the PBX did not take the profile, or NULL */
	struct action *queue; /* actions for the shell, oldest first */
	size_t queue_at, queue_n, queue_cap;
	bool engine_more;
	int64_t wall_ahead_ms; /* of the monotonic clock, when the engine was last told the time */
	uint32_t gone_user; /* its names are released once the shell has seen ACT_USER_GONE */
	struct actions scratch;
};

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
	return b->connectors && b->realms && b->account_realm && b->refusals ? ERR_OK : ERR_NO_MEMORY;
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
	free(b->queue);
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

static struct realm_slot *realm_of_user(struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	if (account >= b->limits.accounts)
		return NULL;
	struct realm_slot *r = &b->realms[b->account_realm[account]];
	return r->graph ? r : NULL;
}

static void submit(struct bridge *b, struct bridge_time t, const struct action *a)
{
	struct realm_slot *r = realm_of_user(b, a->user);

	if (!r)
		return;
	graph_submit(r->graph, t.mono_ms, a);
	r->dirty = true;
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
					 .generation = a->generation };
	slot->ops->write_profile(slot->source, a->line, &w);
	slot->dirty = true;
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
	case ACT_SAVE_USER:
	case ACT_SAVE_LINE:
	case ACT_AUDIT:
	case ACT_LAMP:
	case ACT_STATUS_TEXT:
	case ACT_USER_GONE:
	case ACT_CHANGED:
		enqueue(b, a);
		break;
	case ACT_COUNT:
		CHECK(false);
	}
}

static void step(struct bridge *b, struct bridge_time t, struct event *ev)
{
	ev->mono_ms = t.mono_ms;
	ev->wall_ms = t.wall_ms;
	b->wall_ahead_ms = t.wall_ms - t.mono_ms;
	engine_step(b->engine, ev, &b->scratch);
	b->engine_more = b->scratch.more;
	for (uint32_t i = 0; i < b->scratch.n; i++)
		act(b, t, &b->scratch.list[i]);
}

static void observe(struct bridge *b, struct bridge_time t, enum event_kind kind, uint32_t id)
{
	struct event ev = { .kind = (uint8_t)kind, .connector = id };

	step(b, t, &ev);
}

/* ---- set-up ---- */

static char *realm_key(const struct graph_config *c)
{
	size_t n = strlen(c->login_url) + strlen(c->tenant) + strlen(c->client_id) + 3;
	char *key = malloc(n);
	struct slice parts[] = { slice_str(c->login_url), slice_str(c->tenant), slice_str(c->client_id) };
	size_t at = 0;

	for (size_t i = 0; key && i < ARRAY_LEN(parts); i++) {
		memcpy(key + at, parts[i].p, parts[i].n);
		at += parts[i].n;
		key[at++] = i + 1 < ARRAY_LEN(parts) ? '\n' : '\0';
	}
	return key;
}

enum err bridge_add_realm(struct bridge *b, struct bridge_time t, const struct graph_config *c,
			  uint32_t *ret_realm)
{
	char *key = realm_key(c);
	uint32_t free_slot = b->limits.realms;

	if (!key)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		struct realm_slot *r = &b->realms[i];

		if (!r->graph && free_slot == b->limits.realms)
			free_slot = i;
		if (!r->graph || strcmp(r->key, key) != 0)
			continue;
		free(key);
		graph_set_secret(r->graph, c->client_secret);
		r->dirty = true;
		*ret_realm = i;
		return ERR_OK;
	}
	if (free_slot == b->limits.realms) {
		free(key);
		return ERR_LIMIT;
	}
	enum err e = graph_new(&b->realms[free_slot].graph, c, t.mono_ms);
	if (e) {
		free(key);
		return e;
	}
	b->realms[free_slot].key = key;
	b->realms[free_slot].dirty = true;
	*ret_realm = free_slot;
	return ERR_OK;
}

enum err bridge_add_account(struct bridge *b, struct bridge_time t, struct slice name, uint32_t realm,
			    const struct policy *p, uint16_t *ret_account)
{
	uint16_t id;
	enum err e = directory_add_account(b->directory, name, &id);

	if (e)
		return e;
	CHECK(realm < b->limits.realms);
	b->account_realm[id] = realm;
	bridge_set_policy(b, t, id, p);
	*ret_account = id;
	return ERR_OK;
}

void bridge_remove_account(struct bridge *b, uint16_t account)
{
	directory_release_account(b->directory, account);
}

void bridge_set_policy(struct bridge *b, struct bridge_time t, uint16_t account, const struct policy *p)
{
	struct event ev = { .kind = EV_POLICY, .policy_set = { account, *p } };

	step(b, t, &ev);
}

static void tell_profiles(struct bridge *b, struct bridge_time t, uint32_t connector,
			  const struct source_ops *ops, const struct source_config *c)
{
	struct event ev = { .kind = EV_CONNECTOR_SET,
			    .connector_set = { .connector = connector, .reads_profile = c->reads_profile,
					       .writes_profile = c->writes_profile && ops->write_profile } };

	step(b, t, &ev);
}

enum err bridge_add_connector(struct bridge *b, struct bridge_time t, uint16_t account, struct slice name,
			      const struct source_ops *ops, struct source_config *c, uint32_t *ret_connector)
{
	uint32_t id;
	enum err e = directory_add_connector(b->directory, account, name, &id);

	if (e)
		return e;
	c->connector = id;
	c->account = account;
	struct connector_slot *slot = &b->connectors[id];
	e = ops->open(&slot->source, c, t.mono_ms);
	if (e) {
		directory_release_connector(b->directory, id);
		return e;
	}
	slot->ops = ops;
	slot->account = account;
	slot->dirty = true;
	tell_profiles(b, t, id, ops, c);
	*ret_connector = id;
	return ERR_OK;
}

enum err bridge_reopen_connector(struct bridge *b, struct bridge_time t, uint32_t connector,
				 const struct source_ops *ops, struct source_config *c)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];
	const struct directory *d = b->directory;

	if (slot->ops)
		slot->ops->close(slot->source);
	slot->ops = NULL;
	observe(b, t, EV_CONNECTOR_DOWN, connector);
	c->connector = connector;
	c->account = slot->account;
	enum err e = ops->open(&slot->source, c, t.mono_ms);
	if (e)
		return e;
	slot->ops = ops;
	slot->dirty = true;
	tell_profiles(b, t, connector, ops, c);
	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE; l = directory_next_line(d, l + 1))
		if (directory_line_connector(d, l) == connector && !e)
			e = ops->add_line(slot->source, l, directory_number(d, l));
	return e;
}

void bridge_remove_connector(struct bridge *b, struct bridge_time t, uint32_t connector)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];

	for (uint32_t line = directory_next_line(b->directory, 0), next; line != ID_NONE; line = next) {
		next = directory_next_line(b->directory, line + 1);
		if (directory_line_connector(b->directory, line) == connector)
			bridge_remove_line(b, t, line);
	}
	if (slot->ops)
		slot->ops->close(slot->source);
	*slot = (struct connector_slot){ 0 };
	directory_release_connector(b->directory, connector);
}

static void tell_user(struct bridge *b, struct bridge_time t, uint32_t user, const struct bridge_user *u)
{
	struct event ev = { .kind = EV_USER_ADD,
			    .user_add = { .user = user, .account = directory_user_account(b->directory, user),
					  .enabled = u->enabled, .has_policy = u->policy != NULL } };

	if (u->policy)
		ev.user_add.policy = *u->policy;
	step(b, t, &ev);
}

enum err bridge_change_user(struct bridge *b, struct bridge_time t, uint32_t user,
			    const struct bridge_user *u)
{
	enum err e = directory_set_label(b->directory, user, u->label);

	tell_user(b, t, user, u);
	if (u->teams_id && u->teams_id[0])
		bridge_set_teams_id(b, user, u->teams_id);
	return e;
}

enum err bridge_add_user(struct bridge *b, struct bridge_time t, uint16_t account,
			 const struct bridge_user *u, uint32_t *ret_user)
{
	uint32_t id;
	enum err e = directory_add_user(b->directory, account, u->email, &id);

	if (e)
		return e;
	if (u->label.n)
		e = directory_set_label(b->directory, id, u->label);
	if (e) {
		directory_release_user(b->directory, id);
		return e;
	}
	tell_user(b, t, id, u);
	*ret_user = id;
	bridge_set_teams_id(b, id, u->teams_id);
	return ERR_OK;
}

void bridge_set_teams_id(struct bridge *b, uint32_t user, const char *teams_id)
{
	struct realm_slot *r = realm_of_user(b, user);
	char email[256];

	if (!r)
		return;
	r->dirty = true;
	if (teams_id && teams_id[0])
		graph_set_id(r->graph, user, teams_id);
	else if (slice_copy(directory_email(b->directory, user), email, sizeof(email)) == ERR_OK)
		graph_look_up(r->graph, user, email);
}

void bridge_enable_user(struct bridge *b, struct bridge_time t, uint32_t user, bool enabled)
{
	struct event ev = { .kind = EV_USER_ENABLE, .user_enable = { user, enabled } };

	step(b, t, &ev);
}

void bridge_remove_user(struct bridge *b, struct bridge_time t, uint32_t user)
{
	struct event ev = { .kind = EV_USER_REMOVE, .user = user };
	struct user_view v;

	while (engine_user(b->engine, user, &v) && v.first_line != ID_NONE)
		bridge_remove_line(b, t, v.first_line);
	step(b, t, &ev);
}

enum err bridge_add_line(struct bridge *b, struct bridge_time t, uint32_t connector, struct slice number,
			 uint32_t user, uint32_t *ret_line)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];
	uint32_t id;
	enum err e = directory_add_line(b->directory, connector, number, user, &id);

	if (e)
		return e;
	struct event ev = { .kind = EV_LINE_ADD, .line_add = { id, connector, user } };
	step(b, t, &ev);
	e = slot->ops->add_line(slot->source, id, number);
	slot->dirty = true;
	if (e) {
		struct event undo = { .kind = EV_LINE_REMOVE, .line = id };

		step(b, t, &undo);
		directory_release_line(b->directory, id);
		return e;
	}
	*ret_line = id;
	return ERR_OK;
}

void bridge_move_line(struct bridge *b, struct bridge_time t, uint32_t line, uint32_t user)
{
	struct event ev = { .kind = EV_LINE_MOVE,
			    .line_add = { line, directory_line_connector(b->directory, line), user } };

	directory_set_line_user(b->directory, line, user);
	step(b, t, &ev);
}

void bridge_remove_line(struct bridge *b, struct bridge_time t, uint32_t line)
{
	uint32_t connector = directory_line_connector(b->directory, line);
	struct event ev = { .kind = EV_LINE_REMOVE, .line = line };

	if (connector == ID_NONE)
		return;
	if (b->connectors[connector].ops) {
		b->connectors[connector].ops->remove_line(b->connectors[connector].source, line);
		b->connectors[connector].dirty = true;
	}
	step(b, t, &ev);
	directory_release_line(b->directory, line);
}

void bridge_restore_user(struct bridge *b, struct bridge_time t, const struct user_record *r)
{
	struct event ev = { .kind = EV_RESTORE_USER, .user_record = *r };

	step(b, t, &ev);
}

void bridge_restore_line(struct bridge *b, struct bridge_time t, const struct line_record *r)
{
	struct event ev = { .kind = EV_RESTORE_LINE, .line_record = *r };

	step(b, t, &ev);
}

void bridge_set_profile(struct bridge *b, struct bridge_time t, uint32_t user, enum profile p,
			int64_t until_wall_ms)
{
	struct event ev = { .kind = EV_OBS,
			    .obs = { .kind = OBS_PROFILE, .connector = ID_NONE, .line = ID_NONE, .user = user,
				     .account = directory_user_account(b->directory, user),
				     .profile = { (uint8_t)p, until_wall_ms } } };

	step(b, t, &ev);
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
	if (engine_next(b->engine) <= t.mono_ms || wall_jumped(b, t))
		step(b, t, &ev);
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		struct realm_slot *r = &b->realms[i];

		if (!r->graph || graph_next(r->graph) > t.mono_ms)
			continue;
		graph_tick(r->graph, t.mono_ms);
		r->dirty = true;
	}
}

int64_t bridge_next(const struct bridge *b)
{
	int64_t next = engine_next(b->engine);

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
	step(b, t, &ev);
	out->kind = OUT_NOTE;
	out->note = NOTE_WRITE_REFUSED;
	return refused;
}

/* True when the output is one for the shell. */
static bool take_source(struct bridge *b, struct bridge_time t, uint32_t id, struct bridge_out *ret)
{
	const struct source_out *out = &ret->source;

	switch ((enum source_out_kind)out->kind) {
	case OUT_OBS: {
		struct event ev = { .kind = EV_OBS, .obs = out->obs };

		step(b, t, &ev);
		return false;
	}
	case OUT_UP:
		observe(b, t, EV_CONNECTOR_UP, id);
		return false;
	case OUT_DOWN:
		observe(b, t, EV_CONNECTOR_DOWN, id);
		return false;
	case OUT_LINE_LOST:
		observe(b, t, EV_LINE_LOST, out->line);
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
				     .readback = { .presence = out->seen } } };

	step(b, t, &ev);
}

static bool take_graph(struct bridge *b, struct bridge_time t, uint32_t realm, struct bridge_out *ret)
{
	ret->realm = realm;
	ret->kind = BRIDGE_GRAPH;
	switch ((enum graph_out_kind)ret->graph.kind) {
	case GRAPH_OUTCOME: {
		struct event ev = { .kind = EV_OUTCOME, .outcome = ret->graph.outcome };

		step(b, t, &ev);
		return false;
	}
	case GRAPH_SEEN:
		feed_seen(b, t, &ret->graph);
		return true;
	case GRAPH_FOUND:
		ret->kind = BRIDGE_FOUND;
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

static void release_gone(struct bridge *b)
{
	if (b->gone_user == ID_NONE)
		return;
	struct realm_slot *r = realm_of_user(b, b->gone_user);
	if (r)
		graph_forget(r->graph, b->gone_user);
	directory_release_user(b->directory, b->gone_user);
	b->gone_user = ID_NONE;
}

static bool drain_queue(struct bridge *b, struct bridge_out *ret)
{
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
		if (drain_sources(b, t, ret) || drain_graphs(b, t, ret))
			return true;
		if (b->queue_at < b->queue_n)
			continue;
		if (!b->engine_more)
			return false;
		struct event ev = { .kind = EV_TICK };
		step(b, t, &ev);
	}
	return false;
}

/* ---- read-only ---- */

const struct directory *bridge_directory(const struct bridge *b)
{
	return b->directory;
}

const struct engine *bridge_engine(const struct bridge *b)
{
	return b->engine;
}

bool bridge_source_view(const struct bridge *b, uint32_t connector, struct source_view *ret)
{
	if (connector >= b->limits.connectors || !b->connectors[connector].ops)
		return false;
	b->connectors[connector].ops->view(b->connectors[connector].source, ret);
	return true;
}

bool bridge_line_view(const struct bridge *b, uint32_t line, struct source_line_view *ret)
{
	uint32_t connector = directory_line_connector(b->directory, line);

	if (connector == ID_NONE || !b->connectors[connector].ops)
		return false;
	return b->connectors[connector].ops->line_view(b->connectors[connector].source, line, ret);
}

const char *bridge_write_refusal(const struct bridge *b, uint32_t line)
{
	return line < b->limits.lines && b->refusals[line] ? b->refusals[line] : "";
}

const struct graph *bridge_realm(const struct bridge *b, uint32_t realm)
{
	return realm < b->limits.realms ? b->realms[realm].graph : NULL;
}

uint32_t bridge_account_realm(const struct bridge *b, uint16_t account)
{
	return account < b->limits.accounts ? b->account_realm[account] : ID_NONE;
}

const struct source_ops *bridge_connector_ops(const struct bridge *b, uint32_t connector)
{
	return connector < b->limits.connectors ? b->connectors[connector].ops : NULL;
}

const char *bridge_connector_type(const struct bridge *b, uint32_t connector)
{
	if (connector >= b->limits.connectors || !b->connectors[connector].ops)
		return "";
	return b->connectors[connector].ops->type;
}
