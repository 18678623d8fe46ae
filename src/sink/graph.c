/* graph.c - the facade: construction, the four verbs, and what all requests share. */
#include "sink/graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/batch.h"
#include "proto/graph/error.h"
#include "proto/graph/json.h"
#include "proto/graph/retry_after.h"
#include "sink/graph_priv.h"

enum { URL_MAX = 8192, BODY_MAX = 65536, SPARE_FLIGHTS = LOOK_UPS_MAX + TEXT_FLIGHTS_MAX + 4 };

/* The client id is written into JSON as it is. */
static bool is_plain(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

	return n > 0 && n <= 128 && s[n] == '\0';
}

static enum err copy_config(struct graph *g, const struct graph_config *c)
{
	if (!is_plain(c->client_id) || strlen(c->tenant) > 255 || strlen(c->login_url) > GRAPH_URL_MAX ||
	    strlen(c->graph_url) > GRAPH_URL_MAX ||
	    strlen(c->resource ? c->resource : "") > GRAPH_URL_MAX)
		return ERR_MALFORMED;
	g->tenant = strdup(c->tenant);
	g->client_id = strdup(c->client_id);
	g->login_url = strdup(c->login_url);
	g->graph_url = strdup(c->graph_url);
	g->resource = strdup(c->resource ? c->resource : c->graph_url);
	if (!g->tenant || !g->client_id || !g->login_url || !g->graph_url || !g->resource)
		return ERR_NO_MEMORY;
	g->in_flight_max = c->in_flight_max ? c->in_flight_max : 16;
	if (g->in_flight_max > IN_FLIGHT_CAP)
		g->in_flight_max = IN_FLIGHT_CAP;
	g->users_max = c->users_max;
	g->timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : 10000;
	g->prng.state = c->seed;
	return graph_set_credential(g, &c->credential);
}

static void init_flights(struct graph *g)
{
	for (uint32_t i = 0; i < g->flights_n; i++)
		g->flights[i].next_free = i + 1 < g->flights_n ? i + 1 : ID_NONE;
	g->free_flight = 0;
}

static enum err allocate(struct graph *g, const struct graph_config *c)
{
	uint32_t users = g->users_max ? g->users_max : 1;
	enum err e = notes_init(g);

	g->flights_n = g->in_flight_max * BATCH_PARTS_MAX; /* parts of batches, and what carries them */
	if (g->flights_n > IN_FLIGHT_CAP)
		g->flights_n = IN_FLIGHT_CAP;
	g->flights_n += g->in_flight_max + SPARE_FLIGHTS;
	g->flights = calloc(g->flights_n, sizeof(*g->flights));
	g->slots = calloc(users, sizeof(*g->slots));
	g->at = malloc(users * sizeof(*g->at));
	g->troubles = calloc(TROUBLES_MAX, sizeof(*g->troubles));
	g->token.form = calloc(1, FORM_MAX);
	if (e || !g->flights || !g->slots || !g->at || !g->troubles || !g->token.form)
		return ERR_NO_MEMORY;
	memset(g->at, 0xff, users * sizeof(*g->at));
	init_flights(g);
	for (int u = 0; u < URGENCY_COUNT && !e; u++)
		e = queue_init(&g->queues[u], users, g->at);
	if (!e)
		e = wheel_new(&g->wheel, users + g->flights_n, g->now_ms);
	if (!e)
		e = ledger_init(&g->looks.ledger, ledger_share(DIRECTORY_UNITS), DIRECTORY_WINDOW_MS);
	return e ? e : quota_new(g, c);
}

enum err graph_new(struct graph **ret, const struct graph_config *c, int64_t now_ms)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		return ERR_NO_MEMORY;
	buf_init(&g->url, URL_MAX);
	buf_init(&g->body, BODY_MAX);
	g->now_ms = now_ms;
	g->token.fix = "";
	buf_init(&g->people.link, PEOPLE_LINK_MAX);
	buf_init(&g->people.group_link, PEOPLE_LINK_MAX);
	g->looks.head = g->looks.tail = ID_NONE;
	g->gate.until_ms = g->looks.gate.until_ms = g->people.gate.until_ms = g->token.ask_ms = now_ms;
	enum err e = copy_config(g, c);
	if (!e)
		e = allocate(g, c);
	for (uint32_t n = c->sent_before; !e && n > 0 && ledger_may(&g->ledger, now_ms); n--)
		ledger_note(&g->ledger, now_ms);
	if (e) {
		graph_free(g);
		return e;
	}
	*ret = g;
	return ERR_OK;
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	for (uint32_t u = 0; g->slots && u < g->users_max; u++)
		free(g->slots[u].email);
	token_wipe(g);
	free(g->token.form);
	secret_fini(&g->client_secret);
	assertion_key_free(g->certificate);
	read_free(g);
	text_free(g);
	people_fini(g);
	ledger_fini(&g->looks.ledger);
	ledger_fini(&g->ledger);
	wheel_free(g->wheel);
	for (int u = 0; u < URGENCY_COUNT; u++)
		queue_fini(&g->queues[u]);
	buf_fini(&g->url);
	buf_fini(&g->body);
	free(g->events.ring);
	free(g->troubles);
	free(g->at);
	free(g->slots);
	free(g->flights);
	free(g->tenant);
	free(g->client_id);
	free(g->login_url);
	free(g->graph_url);
	free(g->resource);
	free(g);
}

static void pass_time(struct graph *g, int64_t now_ms)
{
	if (now_ms > g->now_ms)
		g->now_ms = now_ms;
}

/* ---- requests ---- */

struct flight *flight_take(struct graph *g, enum request_kind kind, uint32_t user)
{
	uint32_t i = g->free_flight;

	if (i == ID_NONE)
		return NULL;
	struct flight *f = &g->flights[i];
	g->free_flight = f->next_free;
	g->serial++;
	*f = (struct flight){
		.id = g->serial << 11 | i,
		.kind = (uint8_t)kind,
		.user = user,
		.sent_ms = g->now_ms,
		.token_serial = g->token.serial,
	};
	wheel_set(g->wheel, g->users_max + i, g->now_ms + g->timeout_ms + ANSWER_SLACK_MS);
	return f;
}

static void flight_release(struct graph *g, uint32_t i)
{
	wheel_set(g->wheel, g->users_max + i, WHEEL_NEVER);
	g->flights[i].kind = REQ_FREE;
	g->flights[i].next_free = g->free_flight;
	g->free_flight = i;
}

void flight_leaves(struct graph *g)
{
	ledger_leaves(&g->ledger);
	g->stats.sent++;
}

/* A cut connection says nothing about what is on its way: a proxy, or the peer, may have it and be slow. */
int64_t flight_arrived_ms(const struct graph *g, const struct flight *f, const struct graph_response *r)
{
	int64_t latest = f->sent_ms + g->timeout_ms + ANSWER_SLACK_MS;

	return r->failure == HTTP_UNSURE && latest > g->now_ms ? latest : g->now_ms;
}

void request_begin(struct graph *g, const struct flight *f, struct graph_out *ret)
{
	buf_reset(&g->url);
	buf_reset(&g->body);
	ret->kind = GRAPH_HTTP;
	ret->user = f->user;
	ret->request = (struct graph_request){ .id = f->id, .timeout_ms = g->timeout_ms };
}

void request_finish(struct graph *g, bool post, struct graph_out *ret)
{
	CHECK(buf_err(&g->url) == ERR_OK && buf_err(&g->body) == ERR_OK);
	ret->request.post = post;
	ret->request.url = buf_view(&g->url);
	ret->request.body = buf_view(&g->body);
	ret->request.headers = token_headers(g, post);
}

int64_t wait_of(const struct graph *g, const struct graph_response *r)
{
	int32_t ms;

	if (retry_after_parse(r->retry_after, g->now_ms + g->wall_ahead_ms, &ms) != ERR_OK)
		return -1;
	return ms;
}

bool limiter_said_no(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	bool was_open = gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
	bool throttled = r->failure == HTTP_STATUS_LOST || (r->failure == HTTP_ANSWERED && r->status == 429);

	if (was_open && throttled) {
		learn_refused(&g->learn, g->now_ms, ledger_used(&g->ledger, g->now_ms),
			      g->stats.in_flight + 1, ledger_filled(&g->ledger, g->now_ms));
		quota_use_limit(g);
	}
	return was_open;
}

bool quota_stretch(struct graph *g)
{
	if (!learn_full(&g->learn, g->now_ms, g->ledger.window_ms))
		return false;
	quota_use_limit(g);
	return ledger_may(&g->ledger, g->now_ms);
}

void answer_text(const struct graph_response *r, char *dst, size_t cap)
{
	struct graph_error e;

	if (r->failure != HTTP_ANSWERED)
		snprintf(dst, cap, "%s", r->error ? r->error : "no answer");
	else if (graph_error_parse(r->body, &e) == ERR_OK)
		graph_error_line(&e, dst, cap);
	else
		snprintf(dst, cap, "answer %u", r->status);
}

void trouble_note(struct graph *g, uint32_t user, const struct graph_response *r)
{
	uint32_t i = g->slots[user].trouble ? g->slots[user].trouble - 1u : g->trouble_at;
	struct trouble *t = &g->troubles[i];
	struct graph_error e;

	if (t->user != user || !g->slots[user].trouble) {
		i = g->trouble_at;
		t = &g->troubles[i];
		g->trouble_at = (g->trouble_at + 1) % TROUBLES_MAX;
	}
	t->user = user;
	g->slots[user].trouble = (uint16_t)(i + 1);
	answer_text(r, t->error, sizeof(t->error));
	if (slice_copy(slice_trim(r->request_id), t->request_id, sizeof(t->request_id)) == ERR_OK &&
	    t->request_id[0])
		return;
	if (graph_error_parse(r->body, &e) == ERR_OK)
		memcpy(t->request_id, e.request_id, sizeof(t->request_id));
}

/* ---- ids ---- */

/* What is in flight for this user belongs to another person now. */
static void disown_flights(struct graph *g, uint32_t user)
{
	const struct slot *s = &g->slots[user];

	if (!s->flying && s->look != LOOK_FLYING)
		return;
	for (uint32_t i = 0; i < g->flights_n; i++)
		if (g->flights[i].kind != REQ_FREE && g->flights[i].user == user)
			g->flights[i].orphan = true;
}

void graph_set_id(struct graph *g, uint32_t user, const char *id)
{
	CHECK(user < g->users_max);
	struct slot *s = &g->slots[user];
	struct slice new_id = graph_is_guid(slice_str(id)) ? slice_str(id) : SLICE_NONE;

	if (slice_eq_nocase(slice_str(s->id), new_id))
		return;
	hold_unqueue(g, user);
	disown_flights(g, user);
	look_cancel(g, user);
	s->applied = APPLIED_UNKNOWN;
	s->sure = SESSION_NONE;
	s->preferred_maybe = s->preferred_seen = false;
	s->lease_until_ms = 0;
	s->seen = 0;
	s->reread = s->proven = s->left = false;
	read_forget_stamp(g, user);
	s->want.step = 0;
	s->want.looked = s->want.session_done = s->want.preferred_done = false;
	CHECK(slice_copy(new_id, s->id, sizeof(s->id)) == ERR_OK);
	hold_wake(g, user);
	text_wake(g, user);
}

const char *graph_id(const struct graph *g, uint32_t user)
{
	return user < g->users_max ? g->slots[user].id : "";
}

void graph_forget(struct graph *g, uint32_t user)
{
	CHECK(user < g->users_max);
	struct slot *s = &g->slots[user];
	bool flying = s->flying, listed = s->listed;
	uint32_t next = s->look_next;

	hold_unqueue(g, user);
	hold_count(g, s, false);
	disown_flights(g, user);
	look_cancel(g, user);
	*s = (struct slot){ .flying = flying, .listed = listed, .look_next = next };
	notes_forget(g, user);
	read_forget(g, user);
	text_forget(g, user);
}

void graph_read_again(struct graph *g, uint32_t user)
{
	CHECK(user < g->users_max);
	g->slots[user].reread = true;
}

/* ---- the verbs ---- */

void graph_submit(struct graph *g, int64_t now_ms, const struct action *a)
{
	CHECK(a->user < g->users_max);
	pass_time(g, now_ms);
	hold_submit(g, a);
}

void graph_give_back(struct graph *g, int64_t now_ms, uint32_t user)
{
	CHECK(user < g->users_max);
	const struct slot *s = &g->slots[user];
	pass_time(g, now_ms);
	const struct action a = { .kind = ACT_CLEAR, .urgency = URGENCY_CLEAR, .user = user,
				  .may_be_held = true, .preferred = s->preferred_maybe,
				  .due_mono_ms = g->now_ms };

	if (graph_has_text(g, user))
		graph_text(g, now_ms, user, SLICE_NONE, TIME_NEVER);
	graph_submit(g, now_ms, &a);
}

bool graph_is_idle(const struct graph *g)
{
	if (text_is_queued(g))
		return false;
	for (uint32_t u = 0; u < g->users_max; u++)
		if (g->slots[u].want.kind != WANT_NOTHING)
			return false;
	for (uint32_t i = 0; i < g->flights_n; i++)
		if (g->flights[i].kind != REQ_FREE)
			return false;
	return true;
}

static void dispatch(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	switch ((enum request_kind)f->kind) {
	case REQ_TOKEN:
		token_feed(g, f, r);
		break;
	case REQ_LOOK_UP:
		look_feed(g, f, r);
		break;
	case REQ_READ_BACK:
		read_feed(g, f, r);
		break;
	case REQ_PEOPLE:
		people_feed(g, f, r);
		break;
	case REQ_PROBE:
		probe_feed(g, f, r);
		break;
	case REQ_SET:
	case REQ_SET_PREFERRED:
	case REQ_CLEAR:
	case REQ_CLEAR_PREFERRED:
	case REQ_SHOWN:
		hold_feed(g, f, r);
		break;
	case REQ_TEXT_READ:
	case REQ_TEXT_SET:
		text_feed(g, f, r);
		break;
	case REQ_BATCH:
		batch_feed(g, f, r);
		break;
	case REQ_FREE:
	case REQ_COUNT:
	default:
		break;
	}
}

void flight_land(struct graph *g, const struct graph_response *r)
{
	uint32_t i = r->id & FLIGHTS_MASK;
	struct flight f = g->flights[i];

	flight_release(g, i);
	dispatch(g, &f, r);
}

void graph_feed(struct graph *g, int64_t now_ms, const struct graph_response *r)
{
	uint32_t i = r->id & FLIGHTS_MASK;

	pass_time(g, now_ms);
	if (i >= g->flights_n || g->flights[i].kind == REQ_FREE || g->flights[i].id != r->id)
		return; /* it came after its time-out */
	flight_land(g, r);
}

static void flight_overdue(struct graph *g, uint32_t i)
{
	struct graph_response r = {
		.id = g->flights[i].id, .failure = HTTP_UNSURE, .error = "no answer in time" };

	graph_feed(g, g->now_ms, &r);
}

void graph_tick(struct graph *g, int64_t now_ms)
{
	uint32_t id;

	pass_time(g, now_ms);
	text_tick(g);
	people_tick(g);
	for (int n = 0; n < TICK_MAX && wheel_pop(g->wheel, g->now_ms, &id); n++) {
		if (id >= g->users_max)
			flight_overdue(g, id - g->users_max);
		else if (g->slots[id].look == LOOK_RESTING)
			look_enlist(g, id);
		else
			hold_wake(g, id);
	}
}

/* Not oftener than once a second, and only when something else has happened: it wakes nobody. */
static bool load_pop(struct graph *g, struct graph_out *ret)
{
	struct load now;

	if (g->now_ms < g->load_ms)
		return false;
	g->load_ms = g->now_ms + 1000;
	now = load_of(g->load, g->learn.limit, g->ledger.window_ms,
		      g->queues[URGENCY_RISE].n + g->queues[URGENCY_CLEAR].n, g->holding);
	if (now.deep == g->load.deep && now.floor_ms == g->load.floor_ms)
		return false;
	g->load = ret->load = now;
	ret->kind = GRAPH_LOAD;
	return true;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t graph_next(const struct graph *g)
{
	int64_t due = wheel_next(g->wheel);

	if (g->events.n || g->notes.n)
		return g->now_ms;
	if (!g->token.asking)
		due = sooner(due, g->token.ask_ms);
	due = sooner(due, hold_next(g));
	due = sooner(due, look_next(g));
	due = sooner(due, text_next(g));
	due = sooner(due, people_next(g));
	due = sooner(due, probe_next(g));
	return sooner(due, read_next(g));
}

bool graph_drain(struct graph *g, int64_t now_ms, int64_t wall_ms, struct graph_out *ret)
{
	pass_time(g, now_ms);
	g->wall_ahead_ms = wall_ms - now_ms;
	*ret = (struct graph_out){ .user = ID_NONE };
	if (events_pop(g, ret) || people_pop(g, ret) || read_pop(g, ret) || text_pop(g, ret) ||
	    notes_pop(g, ret) || load_pop(g, ret))
		return true;
	if (token_is_due(g))
		return token_request(g, ret);
	if (look_request(g, ret) || hold_request(g, ret) || probe_request(g, ret) || people_request(g, ret) ||
	    read_request(g, ret) || text_request(g, ret))
		return true;
	return events_pop(g, ret);
}

/* ---- views ---- */

static void view_certificate(const struct assertion_key *k, struct graph_view *ret)
{
	if (!k)
		return;
	ret->certificate_ends_wall_ms = assertion_key_ends_ms(k);
	ret->certificate_warns_wall_ms = assertion_key_warns_ms(k);
	memcpy(ret->certificate_thumbprint, assertion_key_thumbprint(k), sizeof(ret->certificate_thumbprint));
}

static void view_quota(const struct graph *g, struct graph_view *ret)
{
	uint64_t ahead = 0;

	for (int u = 0; u < URGENCY_COUNT; u++) {
		ahead += g->queues[u].n;
		ret->queued[u] = g->queues[u].n;
		ret->wait_ms[u] = g->queues[u].n ? (int64_t)(ahead * (uint64_t)g->ledger.window_ms /
							     g->learn.limit)
						 : 0;
	}
	ret->quota_now = g->learn.limit;
	ret->quota_proven = g->learn.proven;
	ret->rtt_ms = g->rtt_ms;
	ret->quota_steps = g->learn.steps;
	ret->quota_cuts = g->learn.cuts;
	ret->load = g->load;
}

void graph_view(const struct graph *g, struct graph_view *ret)
{
	graph_view_at(g, g->now_ms, ret);
}

void graph_view_at(const struct graph *g, int64_t now_ms, struct graph_view *ret)
{
	now_ms = now_ms > g->now_ms ? now_ms : g->now_ms;
	*ret = g->stats;
	ret->token = g->token.state;
	ret->token_good_until_ms = secret_is_set(&g->token.headers) ? g->token.good_until_ms : 0;
	memcpy(ret->token_error, g->token.error, sizeof(ret->token_error));
	ret->token_fix = g->token.fix;
	ret->token_step = g->token.step;
	ret->permits_known = g->token.permits_known;
	ret->permits = g->token.permits;
	view_certificate(g->certificate, ret);
	ret->secret_ends_wall_ms = g->secret_ends_wall_ms;
	ret->secret_warns_wall_ms = g->secret_ends_wall_ms
					    ? g->secret_ends_wall_ms - (int64_t)SECRET_WARN_DAYS * DAY_MS
					    : 0;
	ret->probe = g->probe.state;
	ret->probe_status = g->probe.status;
	memcpy(ret->probe_error, g->probe.error, sizeof(ret->probe_error));
	ret->gate_closed = !gate_is_open(&g->gate, now_ms);
	ret->gate_until_ms = g->gate.until_ms;
	view_quota(g, ret);
	struct ledger l = g->ledger; /* forgets old sends in the copy only */
	ret->sent_in_window = ledger_used(&l, now_ms);
}

bool graph_user_view(const struct graph *g, uint32_t user, struct graph_user_view *ret)
{
	if (user >= g->users_max)
		return false;
	const struct slot *s = &g->slots[user];
	*ret = (struct graph_user_view){
		.queued = s->want.kind != WANT_NOTHING,
		.in_flight = s->flying,
		.refused = s->refused,
		.last_status = s->last_status,
		.last_answer_ms = s->last_answer_ms,
	};
	const struct trouble *t = s->trouble ? &g->troubles[s->trouble - 1] : NULL;
	if (t && t->user == user) {
		memcpy(ret->last_error, t->error, sizeof(ret->last_error));
		memcpy(ret->request_id, t->request_id, sizeof(ret->request_id));
	}
	return true;
}
