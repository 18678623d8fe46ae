#include "daemon/report.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/publish.h"
#include "daemon/herald.h"
#include "daemon/lamps.h"

enum {
	USERS_A_TURN = 128,
	LINES_A_PERIOD = 2048,
	LINES_SHOWN = 64,
	PERIOD_MS = 1000,
	AGAIN_MS = 20,
	PAIR_MAX = 40,
};

struct seen {
	uint8_t presence;
	char pair[PAIR_MAX];
	int64_t wall_ms; /* 0: never read back */
};

struct connector_facts {
	char server[SOURCE_URI_MAX];
	bool known, up;
	int64_t since_wall_ms;
};

struct account_facts {
	uint32_t quota;
	int32_t window_ms;
	uint64_t notes[GRAPH_NOTE_COUNT];
	char login[260], tenant[40], client[40]; /* of sign_in, "": not with Microsoft */
};

struct report {
	const struct lamp_server *lamps; /* NULL: not told yet */
	struct herald *herald;		 /* as lamps */
	struct bridge *bridge;
	struct admin *admin;
	const struct people *people;
	struct report_limits limits;
	struct connector_facts *connectors;
	struct account_facts *accounts;
	struct seen *seen;
	uint32_t *links; /* by line: what was told of its subscription, hashed */
	uint32_t link_at;
	uint32_t *waiting; /* ring of changed users, each at most once */
	uint8_t *is_waiting;
	uint32_t waiting_at, waiting_n;
	int64_t next_ms;      /* of the once-a-second part */
	int64_t again_ms;
	uint64_t refused;     /* values the admin plane would not take */
};

enum err report_new(struct report **ret, struct bridge *b, struct admin *a, const struct report_limits *l)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	*r = (struct report){ .bridge = b, .admin = a, .limits = *l, .again_ms = TIME_NEVER };
	r->connectors = calloc(l->connectors, sizeof(*r->connectors));
	r->accounts = calloc(l->accounts, sizeof(*r->accounts));
	r->seen = calloc(l->users, sizeof(*r->seen));
	r->links = calloc(l->lines ? l->lines : 1, sizeof(*r->links));
	r->waiting = calloc(l->users, sizeof(*r->waiting));
	r->is_waiting = calloc(l->users, sizeof(*r->is_waiting));
	if (!r->connectors || !r->accounts || !r->seen || !r->links || !r->waiting || !r->is_waiting) {
		report_free(r);
		return ERR_NO_MEMORY;
	}
	*ret = r;
	return ERR_OK;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	free(r->connectors);
	free(r->accounts);
	free(r->seen);
	free(r->links);
	free(r->waiting);
	free(r->is_waiting);
	free(r);
}

void report_set_people(struct report *r, const struct people *p)
{
	r->people = p;
}

enum err report_set_connector(struct report *r, uint32_t connector, struct slice server)
{
	CHECK(connector < r->limits.connectors);
	r->connectors[connector] = (struct connector_facts){ .known = true };
	return slice_copy(server, r->connectors[connector].server, SOURCE_URI_MAX);
}

void report_set_sign_in(struct report *r, uint16_t account, const char *login, const char *tenant,
			const char *client)
{
	struct account_facts *f;

	if (account >= r->limits.accounts)
		return;
	f = &r->accounts[account];
	snprintf(f->login, sizeof(f->login), "%s", login ? login : "");
	snprintf(f->tenant, sizeof(f->tenant), "%s", tenant ? tenant : "");
	snprintf(f->client, sizeof(f->client), "%s", client ? client : "");
}

void report_set_account(struct report *r, uint16_t account, uint32_t quota, int32_t window_ms)
{
	CHECK(account < r->limits.accounts);
	r->accounts[account].quota = quota;
	r->accounts[account].window_ms = window_ms;
}

void report_user_changed(struct report *r, uint32_t user)
{
	if (user >= r->limits.users || r->is_waiting[user])
		return;
	r->is_waiting[user] = 1;
	r->waiting[(r->waiting_at + r->waiting_n++) % r->limits.users] = user;
}

void report_user_gone(struct report *r, uint32_t user)
{
	if (user >= r->limits.users)
		return;
	r->seen[user] = (struct seen){ 0 };
	admin_remove_user(r->admin, user);
}

void report_account_gone(struct report *r, uint16_t account)
{
	CHECK(account < r->limits.accounts);
	r->accounts[account] = (struct account_facts){ 0 };
	admin_remove_account(r->admin, account);
}

void report_connector_gone(struct report *r, uint32_t connector)
{
	CHECK(connector < r->limits.connectors);
	r->connectors[connector] = (struct connector_facts){ 0 };
	admin_remove_connector(r->admin, connector);
}

void report_seen(struct report *r, uint32_t user, enum presence seen, struct slice pair, int64_t wall_ms)
{
	if (user >= r->limits.users)
		return;
	struct seen *s = &r->seen[user];
	s->presence = (uint8_t)seen;
	s->wall_ms = wall_ms;
	if (slice_copy(pair, s->pair, sizeof(s->pair)))
		s->pair[0] = '\0'; /* an unknown word longer than any known one: the state alone is shown */
	report_user_changed(r, user);
}

void report_graph_note(struct report *r, uint16_t account, enum graph_note n)
{
	if (account < r->limits.accounts)
		r->accounts[account].notes[n]++;
}

void report_all(struct report *r)
{
	const struct directory *d = bridge_directory(r->bridge);

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		report_user_changed(r, u);
	r->next_ms = 0;
}

/* A time of the monotonic clock as wall clock; 0 stays "none". */
static int64_t wall_of(struct bridge_time t, int64_t mono_ms)
{
	return mono_ms == 0 || mono_ms == TIME_NEVER ? 0 : t.wall_ms + (mono_ms - t.mono_ms);
}

static uint32_t link_hash(const struct source_line_view *v)
{
	uint64_t beside = slice_hash(slice_str(v->profile_text), (uint64_t)v->link << 16 | v->last_status);

	beside = slice_hash(slice_str(v->lamp), beside);
	beside = slice_hash(slice_str(v->lamp_refusal), beside);
	return (uint32_t)slice_hash(slice_str(v->reason), beside);
}

/* How a line's subscription fares only its source knows: no change of the engine tells of it. So the lines
 * are looked at in turn, and whoever's has changed is told anew. */
static void look_at_links(struct report *r)
{
	const struct directory *d = bridge_directory(r->bridge);

	for (int n = 0; n < LINES_A_PERIOD; n++) {
		uint32_t line = directory_next_line(d, r->link_at);
		struct source_line_view v = { 0 };

		r->link_at = line == ID_NONE ? 0 : line + 1;
		if (line == ID_NONE)
			return; /* the round is over */
		bridge_line_view(r->bridge, line, &v);
		if (link_hash(&v) == r->links[line])
			continue;
		r->links[line] = link_hash(&v);
		report_user_changed(r, directory_line_user(d, line));
	}
}

static void fill_line(struct report *r, struct bridge_time t, uint32_t line, struct source_line_view *sv,
		      struct admin_line *out)
{
	struct line_view v = { 0 };

	engine_line(bridge_engine(r->bridge), line, &v);
	*sv = (struct source_line_view){ 0 };
	bridge_line_view(r->bridge, line, sv);
	r->links[line] = link_hash(sv);
	*out = (struct admin_line){
		.line = line, .connector = v.connector,
		.number = directory_number(bridge_directory(r->bridge), line),
		.sync = v.sync, .presence = v.presence, .call = v.call, .calls = v.calls, .link = sv->link,
		.dnd = v.dnd, .registered = v.registered, .forward = v.forward,
		.last_status = sv->last_status,
		.since_wall_ms = wall_of(t, v.since_mono_ms), .last_report_wall_ms = v.seen_wall_ms,
		.reason = slice_str(sv->reason),
		.reads_profile = v.reads_profile, .writes_profile = v.writes_profile,
		.pbx_profile = v.pbx_profile, .write = v.write, .written = v.written,
		.lend = v.lend, .lent = v.lent,
		.refusal = slice_str(bridge_write_refusal(r->bridge, line)),
		.profile_text = slice_str(v.reads_profile ? sv->profile_text : ""),
		.lamp = slice_str(sv->lamp), .lamp_refusal = slice_str(sv->lamp_refusal),
	};
}

static enum admin_publish publish_words(const struct user_view *v)
{
	if (v->policy.mode != MODE_LIVE || (!v->settled && v->desired != v->held))
		return ADMIN_PUBLISH_HELD_BACK;
	switch ((enum publish_state)v->publish) {
	case PUBLISH_IDLE:
		return ADMIN_PUBLISH_IDLE;
	case PUBLISH_DWELL:
		return ADMIN_PUBLISH_SETTLING;
	case PUBLISH_WANT:
	case PUBLISH_IN_FLIGHT:
		return ADMIN_PUBLISH_WAITING;
	case PUBLISH_BACKOFF:
	case PUBLISH_DENIED:
		return ADMIN_PUBLISH_BACKING_OFF;
	case PUBLISH_STATE_COUNT:
		break;
	}
	return ADMIN_PUBLISH_IDLE;
}

static void fill_graph(const struct report *r, struct bridge_time t, uint32_t user, uint16_t account,
		       struct graph_user_view *gv, struct admin_user *out)
{
	const struct graph *g = bridge_realm(r->bridge, bridge_account_realm(r->bridge, account));

	*gv = (struct graph_user_view){ 0 };
	if (!g)
		return;
	out->teams_id = slice_str(graph_id(g, user));
	if (!graph_user_view(g, user, gv))
		return;
	out->last_http_status = gv->last_status;
	out->last_answer_wall_ms = wall_of(t, gv->last_answer_ms);
	out->graph_error = slice_str(gv->last_error);
	out->request_id = slice_str(gv->request_id);
}

static void fill_user(const struct user_view *v, struct bridge_time t, struct admin_user *out)
{
	out->account = v->account;
	out->enabled = v->enabled;
	out->settled = v->settled;
	out->leaving = v->leaving;
	out->profile = v->profile;
	out->profile_since_wall_ms = v->profile_order;
	out->profile_until_wall_ms = v->profile_until_wall_ms;
	out->profile_presence = v->profile_presence;
	out->combined = v->combined;
	out->combined_since_wall_ms = v->combined_since_wall_ms;
	out->winner = v->winner;
	out->winner_line = v->winner_line;
	out->desired = v->desired;
	out->held = v->held;
	out->held_preferred = v->held_preferred;
	out->preferred_left = v->preferred_left;
	out->closed = v->closed;
	out->hours_until_wall_ms = v->hours_until_wall_ms;
	out->text = v->text;
	out->text_ours = v->text_ours;
	out->lease_end_wall_ms = wall_of(t, v->lease_end_mono_ms);
	out->renew_wall_ms = wall_of(t, v->renew_mono_ms);
	out->publish = (uint8_t)publish_words(v);
	out->retry_wall_ms = wall_of(t, v->retry_mono_ms);
	out->last_http_status = v->last_status;
	out->shown = v->shown;
	out->conflict = v->conflict;
	out->lamp = v->lamp;
	out->generation = v->generation;
	out->policy = v->policy;
}

/* Who it is in the directory, and whether it is synchronised. */
static void fill_match(const struct report *r, uint32_t user, struct bridge_match *m, struct admin_user *out)
{
	*m = (struct bridge_match){ .other = ID_NONE };
	out->has_match = bridge_match(r->bridge, user, m);
	out->match = m->state;
	out->match_via = m->via;
	out->match_id = slice_str(m->id);
	out->match_other = directory_email(bridge_directory(r->bridge), m->other);
	out->in_group = m->in_group;
	out->onboarding = r->people ? (uint8_t)people_onboarding(r->people, user) : ONBOARDING_ON;
}

static void tell_user(struct report *r, struct bridge_time t, uint32_t user)
{
	static struct admin_line lines[LINES_SHOWN];
	static struct source_line_view views[LINES_SHOWN]; /* the texts that lines[] borrows */
	const struct directory *d = bridge_directory(r->bridge);
	struct graph_user_view gv;
	struct bridge_match m;
	struct user_view v;

	if (!engine_user(bridge_engine(r->bridge), user, &v))
		return;
	struct admin_user out = { .user = user, .email = directory_email(d, user),
				  .name = directory_label(d, user), .lines = lines };
	fill_user(&v, t, &out);
	fill_graph(r, t, user, v.account, &gv, &out);
	fill_match(r, user, &m, &out);
	for (uint32_t l = v.first_line; l != ID_NONE && out.lines_n < LINES_SHOWN;
	     l = engine_next_line_of(bridge_engine(r->bridge), l), out.lines_n++)
		fill_line(r, t, l, &views[out.lines_n], &lines[out.lines_n]);
	out.seen_known = r->seen[user].wall_ms != 0;
	out.seen = r->seen[user].presence;
	out.seen_pair = slice_str(r->seen[user].pair);
	out.seen_wall_ms = r->seen[user].wall_ms;
	out.watchers = r->lamps ? lamp_server_watchers_of(r->lamps, user) : 0;
	if (admin_put_user(r->admin, &out))
		r->refused++;
}

static void tell_connector(struct report *r, struct bridge_time t, uint32_t id)
{
	static struct admin_counter counters[NOTE_COUNT];
	const struct directory *d = bridge_directory(r->bridge);
	struct connector_facts *f = &r->connectors[id];
	struct source_view v = { 0 };

	if (!bridge_source_view(r->bridge, id, &v))
		return;
	if (f->up != v.up || f->since_wall_ms == 0) {
		f->up = v.up;
		f->since_wall_ms = t.wall_ms;
	}
	for (int n = 0; n < NOTE_COUNT; n++)
		counters[n] = (struct admin_counter){ note_name((enum note)n), v.counters[n] };
	const struct admin_connector out = {
		.connector = id, .account = directory_connector_account(d, id),
		.name = directory_connector_name(d, id),
		.type = slice_str(bridge_connector_type(r->bridge, id)), .server = slice_str(f->server),
		.up = v.up, .since_wall_ms = f->since_wall_ms, .state = slice_str(v.state),
		.logged_in = v.logged_in, .missing = slice_str(v.missing),
		.lines = v.lines, .live = v.live, .refused = v.refused,
		.received = v.received, .sent = v.sent, .counters = counters, .counters_n = NOTE_COUNT,
	};
	if (admin_put_connector(r->admin, &out))
		r->refused++;
}

static void fill_quota(const struct graph_view *v, struct admin_account *out)
{
	for (int u = 0; u < URGENCY_COUNT; u++) {
		out->queued[u] = v->queued[u];
		out->class[u].wait_ms = v->wait_ms[u];
		out->class[u].delay_sum_ms = v->delay[u].sum_ms;
		out->class[u].delay_count = v->delay[u].count;
	}
	out->credential_is_secret = !v->certificate_ends_wall_ms;
	out->credential_ends_wall_ms =
		out->credential_is_secret ? v->secret_ends_wall_ms : v->certificate_ends_wall_ms;
	out->credential_warns_wall_ms =
		out->credential_is_secret ? v->secret_warns_wall_ms : v->certificate_warns_wall_ms;
	out->quota_now = v->quota_now;
	out->quota_proven = v->quota_proven;
	out->quota_steps = v->quota_steps;
	out->quota_cuts = v->quota_cuts;
	out->batches = v->batches;
	out->rtt_ms = v->rtt_ms;
	memcpy(out->delays, v->delays, sizeof(out->delays));
	out->deep = v->load.deep;
	out->lease_floor_ms = v->load.floor_ms;
}

static void tell_account(struct report *r, struct bridge_time t, uint16_t id, uint8_t mode)
{
	static struct admin_counter counters[GRAPH_NOTE_COUNT];
	const uint32_t realm = bridge_account_realm(r->bridge, id);
	const struct graph *g = bridge_realm(r->bridge, realm);
	const struct account_facts *f = &r->accounts[id];
	struct graph_view v = { 0 };

	if (g)
		graph_view_at(g, t.mono_ms, &v);
	for (int n = 0; n < GRAPH_NOTE_COUNT; n++)
		counters[n] = (struct admin_counter){ graph_note_name((enum graph_note)n), f->notes[n] };
	struct admin_account out = {
		.account = id, .name = directory_account_name(bridge_directory(r->bridge), id),
		.realm = realm, .mode = mode, .token = v.token,
		.token_good_until_wall_ms = wall_of(t, v.token_good_until_ms),
		.token_error = slice_str(v.token_error), .gate_closed = v.gate_closed,
		.gate_until_wall_ms = wall_of(t, v.gate_until_ms), .in_flight = v.in_flight,
		.sent_in_window = v.sent_in_window, .quota = f->quota, .window_ms = f->window_ms,
		.sent = v.sent, .accepted = v.accepted, .throttled = v.throttled, .denied = v.denied,
		.retried = v.retried, .unsure = v.unsure, .delay_sum_ms = v.delay_sum_ms,
		.delay_count = v.delay_count, .sign_in_login = slice_str(f->login),
		.sign_in_tenant = slice_str(f->tenant), .sign_in_client = slice_str(f->client),
		.counters = counters, .counters_n = GRAPH_NOTE_COUNT,
	};
	fill_quota(&v, &out);
	if (admin_put_account(r->admin, &out))
		r->refused++;
}

/* How many there are, by what they are and how they fare. */
static uint32_t count_watchers(const struct lamps_view *v, struct admin_counter *ret)
{
	const struct admin_counter all[] = {
		{ "dialog", v->by_package[LAMP_DIALOG] }, { "presence", v->by_package[LAMP_PRESENCE] },
		{ "streams", v->streams },		  { "waiting", v->waiting },
		{ "unanswered", v->unanswered },	  { "lit", v->lit },
		{ "bytes", v->bytes },
	};

	memcpy(ret, all, sizeof(all));
	return ARRAY_LEN(all);
}

static uint32_t count_lamps(const struct lamps_view *v, struct admin_counter *ret)
{
	const struct admin_counter all[] = {
		{ "subscribes", v->subscribes }, { "notifies", v->notifies }, { "repeats", v->repeats },
		{ "answered", v->answered },	 { "timeouts", v->timeouts },
	};

	memcpy(ret, all, sizeof(all));
	for (int n = 0; n < LAMP_NOTE_COUNT; n++)
		ret[ARRAY_LEN(all) + (size_t)n] =
			(struct admin_counter){ lamp_note_name((enum lamp_note)n), v->counters[n] };
	return (uint32_t)ARRAY_LEN(all) + LAMP_NOTE_COUNT;
}

static void tell_engine(struct report *r, const struct admin_counter *daemon, uint32_t daemon_n)
{
	static struct admin_counter counters[ENGINE_COUNTER_COUNT];
	const struct engine *e = bridge_engine(r->bridge);
	const struct directory *d = bridge_directory(r->bridge);

	for (int n = 0; n < ENGINE_COUNTER_COUNT; n++)
		counters[n] = (struct admin_counter){ engine_counter_name((enum engine_counter)n),
						      engine_counter(e, (enum engine_counter)n) };
	static struct admin_counter lamps[LAMP_NOTE_COUNT + 8], watchers[8];
	struct lamps_view v;
	bool lit = r->lamps && lamp_server_view(r->lamps, &v);
	struct herald_stats told = { 0 };
	if (r->herald)
		herald_stats(r->herald, &told);
	const struct admin_counter messages[] = {
		{ "sent", told.sent }, { "failed", told.failed }, { "dropped", told.dropped },
	};
	const struct admin_engine out = {
		.messages = messages, .messages_n = ARRAY_LEN(messages), .messages_failing = told.failing,
		.messages_error = slice_str(told.error),
		.lamps = lamps, .lamps_n = lit ? count_lamps(&v, lamps) : 0,
		.watchers = watchers, .watchers_n = lit ? count_watchers(&v, watchers) : 0,
		.users = directory_users(d), .users_max = r->limits.users, .lines = directory_lines(d),
		.lines_max = r->limits.lines,
		.bytes = engine_bytes(e) + directory_bytes(d), .counters = counters,
		.counters_n = ENGINE_COUNTER_COUNT, .daemon = daemon, .daemon_n = daemon_n,
	};
	admin_put_engine(r->admin, &out);
}

void report_at_once(struct report *r, struct bridge_time t, uint32_t user)
{
	const struct directory *d = bridge_directory(r->bridge);

	if (user != ID_NONE)
		tell_user(r, t, user);
	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1))
		tell_connector(r, t, c);
	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX;
	     a = directory_next_account(d, a + 1)) {
		struct policy p;

		tell_account(r, t, a,
			     engine_account_policy(bridge_engine(r->bridge), a, &p) ? p.mode
										    : MODE_OFF);
	}
}

void report_set_herald(struct report *r, struct herald *h)
{
	r->herald = h;
}

void report_set_lamps(struct report *r, const struct lamp_server *s)
{
	r->lamps = s;
}

bool report_turn(struct report *r, struct bridge_time t, const struct admin_counter *daemon,
		 uint32_t daemon_n)
{
	for (int n = 0; n < USERS_A_TURN && r->waiting_n; n++) {
		uint32_t user = r->waiting[r->waiting_at];

		r->waiting_at = (r->waiting_at + 1) % r->limits.users;
		r->waiting_n--;
		r->is_waiting[user] = 0;
		tell_user(r, t, user);
	}
	if (t.mono_ms >= r->next_ms) {
		look_at_links(r);
		report_at_once(r, t, ID_NONE);
		tell_engine(r, daemon, daemon_n);
		r->next_ms = t.mono_ms + PERIOD_MS;
	}
	r->again_ms = r->waiting_n ? t.mono_ms + AGAIN_MS : TIME_NEVER;
	return r->waiting_n > 0;
}

int64_t report_next(const struct report *r)
{
	return r->again_ms < r->next_ms ? r->again_ms : r->next_ms;
}
