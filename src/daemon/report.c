#include "daemon/report.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/publish.h"

enum { USERS_A_TURN = 128, LINES_SHOWN = 64, PERIOD_MS = 1000, AGAIN_MS = 20, PAIR_MAX = 40 };

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
};

struct report {
	struct bridge *bridge;
	struct admin *admin;
	struct report_limits limits;
	struct connector_facts *connectors;
	struct account_facts *accounts;
	struct seen *seen;
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
	r->waiting = calloc(l->users, sizeof(*r->waiting));
	r->is_waiting = calloc(l->users, sizeof(*r->is_waiting));
	if (!r->connectors || !r->accounts || !r->seen || !r->waiting || !r->is_waiting) {
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
	free(r->waiting);
	free(r->is_waiting);
	free(r);
}

enum err report_set_connector(struct report *r, uint32_t connector, struct slice server)
{
	CHECK(connector < r->limits.connectors);
	r->connectors[connector] = (struct connector_facts){ .known = true };
	return slice_copy(server, r->connectors[connector].server, SOURCE_URI_MAX);
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

static void fill_line(struct report *r, struct bridge_time t, uint32_t line, struct source_line_view *sv,
		      struct admin_line *out)
{
	struct line_view v = { 0 };

	engine_line(bridge_engine(r->bridge), line, &v);
	*sv = (struct source_line_view){ 0 };
	bridge_line_view(r->bridge, line, sv);
	*out = (struct admin_line){
		.line = line, .connector = v.connector,
		.number = directory_number(bridge_directory(r->bridge), line),
		.sync = v.sync, .presence = v.presence, .call = v.call, .calls = v.calls, .link = sv->link,
		.dnd = v.dnd, .registered = v.registered, .last_status = sv->last_status,
		.since_wall_ms = wall_of(t, v.since_mono_ms), .last_report_wall_ms = v.seen_wall_ms,
		.reason = slice_str(sv->reason),
		.reads_profile = v.reads_profile, .writes_profile = v.writes_profile,
		.pbx_profile = v.pbx_profile, .write = v.write, .written = v.written,
		.refusal = slice_str(bridge_write_refusal(r->bridge, line)),
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
	out->lease_end_wall_ms = wall_of(t, v->lease_end_mono_ms);
	out->renew_wall_ms = wall_of(t, v->renew_mono_ms);
	out->publish = (uint8_t)publish_words(v);
	out->retry_wall_ms = wall_of(t, v->retry_mono_ms);
	out->last_http_status = v->last_status;
	out->generation = v->generation;
	out->policy = v->policy;
}

static void tell_user(struct report *r, struct bridge_time t, uint32_t user)
{
	static struct admin_line lines[LINES_SHOWN];
	static struct source_line_view views[LINES_SHOWN]; /* the texts that lines[] borrows */
	const struct directory *d = bridge_directory(r->bridge);
	struct graph_user_view gv;
	struct user_view v;

	if (!engine_user(bridge_engine(r->bridge), user, &v))
		return;
	struct admin_user out = { .user = user, .email = directory_email(d, user),
				  .name = directory_label(d, user), .lines = lines };
	fill_user(&v, t, &out);
	fill_graph(r, t, user, v.account, &gv, &out);
	for (uint32_t l = v.first_line; l != ID_NONE && out.lines_n < LINES_SHOWN;
	     l = engine_next_line_of(bridge_engine(r->bridge), l), out.lines_n++)
		fill_line(r, t, l, &views[out.lines_n], &lines[out.lines_n]);
	out.seen_known = r->seen[user].wall_ms != 0;
	out.seen = r->seen[user].presence;
	out.seen_pair = slice_str(r->seen[user].pair);
	out.seen_wall_ms = r->seen[user].wall_ms;
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

static void tell_account(struct report *r, struct bridge_time t, uint16_t id, uint8_t mode)
{
	static struct admin_counter counters[GRAPH_NOTE_COUNT];
	const uint32_t realm = bridge_account_realm(r->bridge, id);
	const struct graph *g = bridge_realm(r->bridge, realm);
	const struct account_facts *f = &r->accounts[id];
	struct graph_view v = { 0 };

	if (g)
		graph_view(g, &v);
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
		.delay_count = v.delay_count, .counters = counters, .counters_n = GRAPH_NOTE_COUNT,
	};
	for (int u = 0; u < URGENCY_COUNT; u++)
		out.queued[u] = v.queued[u];
	if (admin_put_account(r->admin, &out))
		r->refused++;
}

static void tell_engine(struct report *r, const struct admin_counter *daemon, uint32_t daemon_n)
{
	static struct admin_counter counters[ENGINE_COUNTER_COUNT];
	const struct engine *e = bridge_engine(r->bridge);
	const struct directory *d = bridge_directory(r->bridge);

	for (int n = 0; n < ENGINE_COUNTER_COUNT; n++)
		counters[n] = (struct admin_counter){ engine_counter_name((enum engine_counter)n),
						      engine_counter(e, (enum engine_counter)n) };
	const struct admin_engine out = {
		.users = directory_users(d), .users_max = r->limits.users, .lines = directory_lines(d),
		.lines_max = r->limits.lines,
		.bytes = engine_bytes(e) + directory_bytes(d), .counters = counters,
		.counters_n = ENGINE_COUNTER_COUNT, .daemon = daemon, .daemon_n = daemon_n,
	};
	admin_put_engine(r->admin, &out);
}

static void tell_the_whole(struct report *r, struct bridge_time t, const struct admin_counter *daemon,
			   uint32_t daemon_n)
{
	const struct directory *d = bridge_directory(r->bridge);

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
	tell_engine(r, daemon, daemon_n);
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
		tell_the_whole(r, t, daemon, daemon_n);
		r->next_ms = t.mono_ms + PERIOD_MS;
	}
	r->again_ms = r->waiting_n ? t.mono_ms + AGAIN_MS : TIME_NEVER;
	return r->waiting_n > 0;
}

int64_t report_next(const struct report *r)
{
	return r->again_ms < r->next_ms ? r->again_ms : r->next_ms;
}
