/* hold_send.c - whose turn it is when the quota is short, and the request as it goes out: by itself or as a
 * part of a batch. */
#include "proto/graph/batch.h"
#include "proto/graph/presence_body.h"
#include "sink/hold.h"

/* A renewal goes before everything from one window and a bit before its lease's end on: lost, it
 * would turn somebody in a call visibly free, and come back as a rise. */
enum { RENEWAL_MARGIN_MS = 10000, FREE_CLEARS_MAX = 64 };

static uint32_t first_of(const struct graph *g, enum urgency u, int64_t *ret_key)
{
	if (g->queues[u].n == 0)
		return ID_NONE;
	*ret_key = g->queues[u].heap[0].key;
	return g->queues[u].heap[0].user;
}

/* Whether the first clear removes more error with a request than the first rise. */
static bool clear_first(const struct graph *g, uint32_t rise, uint32_t clear)
{
	const struct slot *r = &g->slots[rise], *c = &g->slots[clear];
	int64_t left = -c->want.key - g->now_ms;

	return order_clear(left, hold_steps_left(c)) >
	       order_rise(g->rise_weight, r->want.lease_ms, hold_steps_left(r));
}

/* By seconds of error removed: with the usual weight and lease that is rises, then clears, then
 * renewals; but a renewal whose lease is about to end goes first. */
static uint32_t pick(const struct graph *g)
{
	int64_t key, until_ms = INT64_MAX;
	uint32_t renewal = first_of(g, URGENCY_RENEW, &until_ms);

	if (renewal != ID_NONE &&
	    until_ms - g->ledger.window_ms - RENEWAL_MARGIN_MS <= g->now_ms)
		return renewal;
	uint32_t rise = first_of(g, URGENCY_RISE, &key);
	uint32_t clear = first_of(g, URGENCY_CLEAR, &key);
	if (rise != ID_NONE && clear != ID_NONE)
		return clear_first(g, rise, clear) ? clear : rise;
	if (rise != ID_NONE)
		return rise;
	return clear != ID_NONE ? clear : renewal;
}

/* The path below /v1.0. */
static void render_path(struct buf *b, enum request_kind kind, const struct slot *s)
{
	static const char *const verbs[REQ_COUNT] = {
		[REQ_SET] = "setPresence",
		[REQ_SET_PREFERRED] = "setUserPreferredPresence",
		[REQ_CLEAR] = "clearPresence",
		[REQ_CLEAR_PREFERRED] = "clearUserPreferredPresence",
	};

	buf_str(b, "/users/");
	buf_str(b, s->id);
	buf_str(b, "/presence");
	if (verbs[kind]) {
		buf_char(b, '/');
		buf_str(b, verbs[kind]);
	}
}

static void render_body(struct graph *g, enum request_kind kind, const struct slot *s)
{
	const char *availability = session_availability((enum session)s->want.session);

	if (kind == REQ_SET)
		presence_body_set(&g->body, g->client_id, availability,
				  session_activity((enum session)s->want.session),
				  s->want.lease_ms);
	else if (kind == REQ_SET_PREFERRED)
		presence_body_set_preferred(&g->body, availability, availability,
					    s->want.preferred_min * MINUTE_MS);
	else if (kind == REQ_CLEAR)
		presence_body_clear(&g->body, g->client_id);
	else
		presence_body_clear_preferred(&g->body);
}

static uint32_t in_flight_limit(const struct graph *g)
{
	uint32_t cap = g->in_flight_max * batch_size(g);

	if (cap > IN_FLIGHT_CAP)
		cap = IN_FLIGHT_CAP;
	return g->gate.probing ? 1 : learn_in_flight(&g->learn, g->ledger.n, cap, g->rtt_ms,
						      g->ledger.window_ms);
}

static bool has_room(const struct graph *g)
{
	return g->stats.in_flight < in_flight_limit(g) && g->lanes < g->in_flight_max;
}

static bool may_send(struct graph *g)
{
	return token_is_usable(g) && gate_is_open(&g->gate, g->now_ms) &&
	       g->stats.in_flight < in_flight_limit(g) &&
	       (ledger_may(&g->ledger, g->now_ms) || (hold_is_queued(g) && quota_stretch(g)));
}

/* Out of its queue, into the air. NULL: no flight is free. */
static struct flight *depart(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];
	enum request_kind kind = hold_step(s);
	struct flight *f = flight_take(g, kind, user);

	if (!f)
		return NULL;
	queue_remove(&g->queues[s->want.urgency], user);
	f->generation = s->want.generation;
	f->lease_ms = s->want.lease_ms;
	f->due_ms = s->want.due_ms;
	f->urgency = s->want.urgency;
	f->session = s->want.session;
	f->last = hold_step_is_last(s, kind);
	if (!s->want.session_done)
		s->set_sent_ms = g->now_ms;
	s->flying = true;
	s->left = s->left || kind == REQ_SET;
	s->flying_generation = f->generation;
	flight_leaves(g);
	g->stats.in_flight++;
	return f;
}

static bool send(struct graph *g, uint32_t user, struct graph_out *ret)
{
	struct flight *f = depart(g, user);

	if (!f)
		return false;
	g->lanes++;
	request_begin(g, f, ret);
	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0");
	render_path(&g->url, (enum request_kind)f->kind, &g->slots[user]);
	if (f->kind != REQ_SHOWN)
		render_body(g, (enum request_kind)f->kind, &g->slots[user]);
	request_finish(g, f->kind != REQ_SHOWN, ret);
	return true;
}

/* Whose turn it is; ID_NONE: nobody's. What needs no request is settled on the way. */
static uint32_t next_user(struct graph *g)
{
	for (int free_ones = 0; free_ones < FREE_CLEARS_MAX && may_send(g); free_ones++) {
		uint32_t user = pick(g);

		if (user == ID_NONE || !hold_has_nothing(g, &g->slots[user]))
			return user;
		queue_remove(&g->queues[g->slots[user].want.urgency], user);
		hold_settle(g, user, OUTCOME_ACCEPTED, g->now_ms, NULL);
	}
	return ID_NONE;
}

bool hold_part(struct graph *g, uint32_t batch, bool first)
{
	uint32_t user = next_user(g);
	bool good = user != ID_NONE && hold_step(&g->slots[user]) != REQ_SHOWN;
	struct flight *f = good ? depart(g, user) : NULL;

	if (!f)
		return false;
	f->batch = batch;
	wheel_set(g->wheel, g->users_max + (f->id & FLIGHTS_MASK), WHEEL_NEVER); /* the batch has one */
	batch_part_begin(&g->body, f->id, first);
	render_path(&g->body, (enum request_kind)f->kind, &g->slots[user]);
	batch_part_body(&g->body);
	render_body(g, (enum request_kind)f->kind, &g->slots[user]);
	batch_part_end(&g->body);
	return true;
}

bool hold_request(struct graph *g, struct graph_out *ret)
{
	uint32_t user = g->lanes < g->in_flight_max ? next_user(g) : ID_NONE;

	if (user == ID_NONE)
		return false;
	if (hold_step(&g->slots[user]) != REQ_SHOWN && hold_waiting(g) > 1 && batch_size(g) > 1 &&
	    in_flight_limit(g) > g->stats.in_flight + 1)
		return batch_request(g, ret);
	return send(g, user, ret);
}

/* When hold_request may have something again without anything being fed; drained just before. */
int64_t hold_next(const struct graph *g)
{
	int64_t due = g->gate.until_ms;

	if (!hold_is_queued(g))
		return TIME_NEVER;
	if (!token_is_usable(g) || !has_room(g))
		return TIME_NEVER;
	if (ledger_free_ms(&g->ledger) > due)
		due = ledger_free_ms(&g->ledger);
	return due > g->now_ms ? due : g->now_ms;
}
