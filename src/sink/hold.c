/* hold.c - one slot per user: from the latest action to presence requests, and from their answers
 * to outcomes.
 *
 * An action is the session's request and, where the preferred state is or may be ours, one for that,
 * after a look at whether it still shows: what the user has put in its place is theirs. A new action
 * takes the slot at once; the answer to a request of the old one then settles only what Graph may
 * hold, and the newest action goes out. */
#include "base/check.h"
#include "proto/graph/batch.h"
#include "proto/graph/presence_body.h"
#include "sink/graph_priv.h"

/* A renewal goes before everything from one window and a bit before its lease's end on: lost, it
 * would turn somebody in a call visibly free, and come back as a rise. */
enum { MINUTE_MS = 60000, RENEWAL_MARGIN_MS = 10000, LEASE_UNKNOWN_MS = 600000, FREE_CLEARS_MAX = 64 };

/* What there is to do about the preferred state; it is looked at before it is given back or renewed. */
static enum request_kind preferred_step(const struct slot *s)
{
	const struct want *w = &s->want;
	bool set = w->kind == WANT_HOLD && w->preferred;

	if (w->preferred_done || (!set && !w->preferred && !s->preferred_maybe))
		return REQ_FREE;
	if (set && !w->preferred_again)
		return REQ_SET_PREFERRED;
	if (s->preferred_seen)
		return set ? REQ_SET_PREFERRED : REQ_CLEAR_PREFERRED;
	return w->looked ? REQ_FREE : REQ_SHOWN;
}

/* The next request of the action; REQ_FREE after the last one. Sessions come first both ways: a
 * preferred state shows only while a session exists, and a refusal of the preferred state must not
 * keep a session alive. For the first reason the look comes before the session is given back. */
static enum request_kind next_step(const struct slot *s)
{
	enum request_kind preferred = preferred_step(s);

	if (s->want.kind == WANT_CLEAR && preferred == REQ_SHOWN)
		return REQ_SHOWN;
	if (!s->want.session_done)
		return s->want.kind == WANT_HOLD ? REQ_SET : REQ_CLEAR;
	return preferred;
}

static void note_done(struct slot *s, enum request_kind kind)
{
	if (kind == REQ_SHOWN) {
		s->want.looked = true;
		return;
	}
	s->want.step++;
	if (kind == REQ_SET || kind == REQ_CLEAR)
		s->want.session_done = true;
	else
		s->want.preferred_done = true;
}

/* Nothing would be left to do after it. What a look finds nobody knows before. */
static bool is_last(const struct slot *s, enum request_kind kind)
{
	struct slot after = *s;

	note_done(&after, kind);
	return kind != REQ_SHOWN && next_step(&after) == REQ_FREE;
}

/* From here on this process knows what it holds for the person. A proof that is refused is one too: the
 * engine waits for what may be there to end. */
static bool proves(const struct want *w, uint32_t generation, enum outcome_class class,
		   const struct graph_response *r)
{
	return r && w->kind != WANT_NOTHING && w->generation == generation &&
	       (class == OUTCOME_ACCEPTED || (class == OUTCOME_DENIED && w->prove));
}

static void report(struct graph *g, uint32_t user, uint32_t generation, enum outcome_class class,
		   int64_t sent_ms, const struct graph_response *r)
{
	int64_t wait = r && class == OUTCOME_DENIED ? wait_of(g, r) : 0;
	const struct want *w = &g->slots[user].want;
	bool unseen = w->generation == generation && class == OUTCOME_ACCEPTED &&
		      (w->looked || w->preferred_again) && !w->preferred_done;
	struct outcome o = {
		.user = user,
		.generation = generation,
		.class = (uint8_t)class,
		.http_status = r && r->failure == HTTP_ANSWERED ? r->status : 0,
		.retry_after_ms = wait > 0 ? (int32_t)wait : 0,
		.sent_mono_ms = sent_ms,
		.preferred_gone = unseen && w->preferred_again,
		.preferred_unseen = unseen,
		.unasked = class == OUTCOME_ACCEPTED && !r && g->slots[user].left,
		.first = proves(w, generation, class, r) && !g->slots[user].proven,
	};

	g->slots[user].proven |= o.first;
	emit_outcome(g, &o);
}

void hold_unqueue(struct graph *g, uint32_t user)
{
	if (g->at[user] != QUEUE_NOWHERE)
		queue_remove(&g->queues[g->slots[user].want.urgency], user);
	if (g->slots[user].look != LOOK_RESTING)
		wheel_set(g->wheel, user, WHEEL_NEVER);
}

/* Nothing of ours can be there: it never was, or its lease is over for longer than a request may
 * have been under way. The preferred state has a longer memory than this process, so a clear that
 * names it is sent. */
static bool nothing_to_clear(const struct graph *g, const struct slot *s)
{
	int64_t over_ms = s->lease_until_ms + g->timeout_ms + ANSWER_SLACK_MS;

	if (s->want.kind != WANT_CLEAR || s->want.step > 0 || s->want.looked || s->preferred_maybe ||
	    (s->want.prove && !s->proven))
		return false;
	if (s->applied == APPLIED_NO)
		return true;
	return s->applied == APPLIED_MAYBE && s->lease_until_ms && g->now_ms > over_ms &&
	       !s->want.preferred;
}

static void settle(struct graph *g, uint32_t user, enum outcome_class class, int64_t sent_ms,
		   const struct graph_response *r)
{
	report(g, user, g->slots[user].want.generation, class, sent_ms, r);
	g->slots[user].want = (struct want){ 0 };
}

/* Into its queue, when nothing stands in the way. */
static void enqueue(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];

	if (s->want.kind == WANT_NOTHING || s->flying)
		return;
	if (nothing_to_clear(g, s))
		settle(g, user, OUTCOME_ACCEPTED, g->now_ms, NULL);
	else if (s->id[0])
		queue_add(&g->queues[s->want.urgency], user, s->want.key);
}

void hold_wake(struct graph *g, uint32_t user)
{
	if (g->at[user] == QUEUE_NOWHERE)
		enqueue(g, user);
}

/* Rises by the time of their change. Clears by most remaining lease: the ones that lose expire by
 * themselves (limits.md 1.4). Renewals by the end of their lease. */
static int64_t key_of(const struct graph *g, const struct slot *s, const struct action *a,
		      enum urgency urgency)
{
	int64_t lease = a->lease_ms > 0 ? a->lease_ms : LEASE_UNKNOWN_MS;
	int64_t until = s->lease_until_ms ? s->lease_until_ms : g->now_ms + lease;

	switch (urgency) {
	case URGENCY_CLEAR:
		return -until;
	case URGENCY_RENEW:
		return until;
	case URGENCY_RISE:
	case URGENCY_COUNT:
	default:
		return a->due_mono_ms;
	}
}

/* The action that loses its place. In flight: its answer will report it. Unsure: reported already.
 * Half done: what Graph holds is neither the one nor the other. */
static void withdraw(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];

	if (s->want.kind == WANT_NOTHING)
		return;
	hold_unqueue(g, user);
	if (s->flying && s->flying_generation == s->want.generation)
		return;
	if (s->want.step > 0)
		report(g, user, s->want.generation, OUTCOME_UNSURE, s->set_sent_ms, NULL);
	else if (!s->want.unsure)
		report(g, user, s->want.generation, OUTCOME_WITHDRAWN, 0, NULL);
}

static uint16_t minutes_of(int32_t ms)
{
	int32_t minutes = ms / MINUTE_MS + (ms % MINUTE_MS > 0);

	return minutes < UINT16_MAX / 2 ? (uint16_t)minutes : UINT16_MAX / 2;
}

void hold_count(struct graph *g, struct slot *s, bool holding)
{
	g->holding += holding;
	g->holding -= s->holding;
	s->holding = holding;
}

/* A call behind a clear that has not left yet: what it asks for shows already, so it removes no error before
 * the lease's end, and waits as a renewal does. The engine cannot know that: it has given the clear out. */
static bool shows_already(const struct graph *g, const struct slot *s, const struct action *a)
{
	return a->kind == ACT_HOLD && !s->flying && s->sure == a->session && s->lease_until_ms > g->now_ms &&
	       (!a->preferred || a->preferred_again) && !a->drop_preferred;
}

void hold_submit(struct graph *g, const struct action *a)
{
	struct slot *s = &g->slots[a->user];
	bool again = a->urgency == URGENCY_RISE && shows_already(g, s, a);
	enum urgency urgency = again ? URGENCY_RENEW : (enum urgency)a->urgency;

	CHECK(a->kind == ACT_HOLD || a->kind == ACT_CLEAR);
	CHECK(a->urgency < URGENCY_COUNT && a->session < SESSION_COUNT);
	CHECK(a->kind == ACT_CLEAR || a->session != SESSION_NONE);
	withdraw(g, a->user);
	hold_count(g, s, a->kind == ACT_HOLD);
	s->want = (struct want){
		.kind = a->kind == ACT_HOLD ? WANT_HOLD : WANT_CLEAR,
		.urgency = (uint8_t)urgency,
		.session = a->session,
		.preferred = a->preferred,
		.prove = a->kind == ACT_CLEAR && a->prove,
		.preferred_again = a->kind == ACT_HOLD && a->preferred && a->preferred_again,
		.preferred_min = minutes_of(a->preferred_ms > 0 ? a->preferred_ms : a->lease_ms),
		.generation = a->generation,
		.lease_ms = a->lease_ms,
		.due_ms = again ? g->now_ms : a->due_mono_ms,
		.key = key_of(g, s, a, urgency),
	};
	if (s->applied == APPLIED_UNKNOWN && !a->may_be_held && a->urgency != URGENCY_RENEW &&
	    !s->flying)
		s->applied = APPLIED_NO;
	if (a->kind == ACT_CLEAR ? a->preferred && a->may_be_held : a->drop_preferred)
		s->preferred_maybe = true;
	enqueue(g, a->user);
}

static uint32_t first_of(const struct graph *g, enum urgency u, int64_t *ret_key)
{
	if (g->queues[u].n == 0)
		return ID_NONE;
	*ret_key = g->queues[u].heap[0].key;
	return g->queues[u].heap[0].user;
}

/* How many requests the rest of the user's action takes. */
static uint32_t requests_of(const struct slot *s)
{
	return is_last(s, next_step(s)) ? 1 : 2;
}

/* Whether the first clear removes more error with a request than the first rise. */
static bool clear_first(const struct graph *g, uint32_t rise, uint32_t clear)
{
	const struct slot *r = &g->slots[rise], *c = &g->slots[clear];
	int64_t left = -c->want.key - g->now_ms;

	return order_clear(left, requests_of(c)) >
	       order_rise(g->rise_weight, r->want.lease_ms, requests_of(r));
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
	enum request_kind kind = next_step(s);
	struct flight *f = flight_take(g, kind, user);

	if (!f)
		return NULL;
	queue_remove(&g->queues[s->want.urgency], user);
	f->generation = s->want.generation;
	f->lease_ms = s->want.lease_ms;
	f->due_ms = s->want.due_ms;
	f->urgency = s->want.urgency;
	f->session = s->want.session;
	f->last = is_last(s, kind);
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

		if (user == ID_NONE || !nothing_to_clear(g, &g->slots[user]))
			return user;
		queue_remove(&g->queues[g->slots[user].want.urgency], user);
		settle(g, user, OUTCOME_ACCEPTED, g->now_ms, NULL);
	}
	return ID_NONE;
}

bool hold_part(struct graph *g, uint32_t batch, bool first)
{
	uint32_t user = next_user(g);
	bool good = user != ID_NONE && next_step(&g->slots[user]) != REQ_SHOWN;
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

uint32_t hold_waiting(const struct graph *g)
{
	return g->queues[URGENCY_RISE].n + g->queues[URGENCY_CLEAR].n + g->queues[URGENCY_RENEW].n;
}

bool hold_request(struct graph *g, struct graph_out *ret)
{
	uint32_t user = g->lanes < g->in_flight_max ? next_user(g) : ID_NONE;

	if (user == ID_NONE)
		return false;
	if (next_step(&g->slots[user]) != REQ_SHOWN && hold_waiting(g) > 1 && batch_size(g) > 1 &&
	    in_flight_limit(g) > g->stats.in_flight + 1)
		return batch_request(g, ret);
	return send(g, user, ret);
}

bool hold_is_queued(const struct graph *g)
{
	return g->queues[URGENCY_RISE].n || g->queues[URGENCY_CLEAR].n ||
	       g->queues[URGENCY_RENEW].n;
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

static void measure(struct graph *g, const struct flight *f)
{
	if (g->now_ms < f->due_ms)
		return;
	g->stats.delay[f->urgency].sum_ms += (uint64_t)(g->now_ms - f->due_ms);
	g->stats.delay[f->urgency].count++;
	if (f->urgency == URGENCY_RENEW)
		return;
	g->stats.delay_sum_ms += (uint64_t)(g->now_ms - f->due_ms);
	g->stats.delay_count++;
	g->stats.delays[delay_bucket(g->now_ms - f->due_ms)]++;
}

/* What Graph may hold after this answer; certain: it said so itself. */
static void apply(struct slot *s, const struct flight *f, bool certain)
{
	int64_t until = f->sent_ms + presence_body_lease_ms(f->lease_ms);

	if (f->kind == REQ_SET || f->kind == REQ_CLEAR)
		s->sure = certain && f->kind == REQ_SET ? f->session : SESSION_NONE;
	switch ((enum request_kind)f->kind) {
	case REQ_SET:
		s->applied = APPLIED_MAYBE;
		s->left = !certain;
		s->reread = s->reread || certain;
		if (certain || until > s->lease_until_ms)
			s->lease_until_ms = until;
		break;
	case REQ_SET_PREFERRED:
		s->preferred_maybe = true;
		s->preferred_seen = false;
		break;
	case REQ_CLEAR:
		if (certain) {
			s->applied = APPLIED_NO;
			s->lease_until_ms = 0;
			s->reread = true;
			s->left = false;
		}
		break;
	case REQ_CLEAR_PREFERRED:
		s->preferred_maybe = s->preferred_maybe && !certain;
		s->preferred_seen = s->preferred_seen && !certain;
		break;
	case REQ_FREE:
	case REQ_TOKEN:
	case REQ_LOOK_UP:
	case REQ_READ_BACK:
	case REQ_SHOWN:
	case REQ_TEXT_READ:
	case REQ_TEXT_SET:
	case REQ_PEOPLE:
	case REQ_BATCH:
	case REQ_PROBE:
	case REQ_COUNT:
	default:
		break;
	}
}

static void on_accept(struct graph *g, const struct flight *f, bool current,
		      const struct graph_response *r)
{
	struct slot *s = &g->slots[f->user];
	bool clears = f->kind == REQ_CLEAR || f->kind == REQ_CLEAR_PREFERRED;

	g->stats.accepted++;
	if (f->token_serial == g->token.serial)
		g->token.accepted = true;
	apply(s, f, true);
	if (f->kind == REQ_SHOWN)
		shown_take(s, r);
	if (!current) {
		report(g, f->user, f->generation, f->last ? OUTCOME_ACCEPTED : OUTCOME_UNSURE,
		       s->set_sent_ms, r);
		return;
	}
	s->want.attempts = 0;
	note_done(s, (enum request_kind)f->kind);
	if (next_step(s) != REQ_FREE)
		return;
	measure(g, f);
	settle(g, f->user, OUTCOME_ACCEPTED, clears ? f->sent_ms : s->set_sent_ms, r);
}

static void on_deny(struct graph *g, const struct flight *f, bool current,
		    const struct graph_response *r)
{
	char text[160];

	g->stats.denied++;
	answer_text(r, text, sizeof(text));
	if (r->status == 403 && !g->token.accepted)
		note_seldom(g, GRAPH_NOTE_PERMISSION, f->user, text, 600000);
	else
		note(g, GRAPH_NOTE_DENIED, f->user, text);
	if (current)
		settle(g, f->user, OUTCOME_DENIED, f->sent_ms, r);
	else
		report(g, f->user, f->generation, OUTCOME_DENIED, f->sent_ms, r);
}

/* It may have been applied: say so, wait, and go on with whatever the slot then wants. */
static void on_retry(struct graph *g, const struct flight *f, bool current,
		     const struct graph_response *r)
{
	struct slot *s = &g->slots[f->user];
	int64_t asked = wait_of(g, r), wait;
	char text[160];

	g->stats.retried++;
	g->stats.unsure += r->failure != HTTP_ANSWERED;
	answer_text(r, text, sizeof(text));
	note_seldom(g,
		    r->failure == HTTP_ANSWERED ? GRAPH_NOTE_SERVER_ERROR : GRAPH_NOTE_UNREACHABLE,
		    f->user, text, 60000);
	apply(s, f, false);
	report(g, f->user, f->generation, OUTCOME_UNSURE, f->sent_ms, r);
	if (s->want.kind == WANT_NOTHING || (!current && asked <= 0))
		return;
	s->want.unsure = s->want.unsure || current;
	wait = backoff_ms(s->want.attempts, RETRY_BASE_MS, RETRY_MAX_MS, &g->prng);
	if (s->want.attempts < UINT8_MAX)
		s->want.attempts++;
	if (asked > wait)
		wait = asked < GATE_WAIT_MAX_MS ? asked : GATE_WAIT_MAX_MS;
	wheel_set(g->wheel, f->user, g->now_ms + wait);
}

static void on_gate(struct graph *g, const struct flight *f, bool current,
		    const struct graph_response *r, bool unsure)
{
	bool reached = r->failure != HTTP_NOT_SENT;
	char text[160];

	g->stats.throttled += reached;
	g->stats.unsure += unsure;
	answer_text(r, text, sizeof(text));
	if (limiter_said_no(g, f, r))
		note_seldom(g, reached ? GRAPH_NOTE_THROTTLED : GRAPH_NOTE_UNREACHABLE, ID_NONE,
			    text, 60000);
	if (unsure)
		apply(&g->slots[f->user], f, false);
	if (unsure)
		report(g, f->user, f->generation, OUTCOME_UNSURE, f->sent_ms, r);
	else if (!current)
		report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
	if (current && unsure)
		g->slots[f->user].want.unsure = true;
}

/* Once more with a new token; the second refusal is the user's own. */
static void on_forbidden(struct graph *g, const struct flight *f, bool current,
			 const struct graph_response *r)
{
	struct want *w = &g->slots[f->user].want;

	if ((current && w->forbidden) || !token_forbidden(g, f->token_serial)) {
		on_deny(g, f, current, r);
	} else if (!current) {
		report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
	} else {
		g->stats.retried++;
		w->forbidden = true;
	}
}

/* The same for a 401. When a token was renewed a moment ago for somebody else, this user waits for
 * its turn: nobody else does. */
static void on_unauthorized(struct graph *g, const struct flight *f, bool current,
			    const struct graph_response *r)
{
	struct want *w = &g->slots[f->user].want;
	int64_t wait = token_refused(g, f->token_serial, r);

	if (!current) {
		report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
	} else if (w->new_token || (wait > 0 && w->waited)) {
		on_deny(g, f, current, r);
	} else {
		g->stats.retried++;
		if (wait > 0)
			wheel_set(g->wheel, f->user, g->now_ms + wait);
		w->waited = w->waited || wait > 0;
		w->new_token = wait == 0;
	}
}

static void remember(struct graph *g, struct slot *s, const struct flight *f,
		     const struct graph_response *r, enum reaction how)
{
	s->last_status = r->failure == HTTP_ANSWERED ? r->status : 0;
	s->last_answer_ms = g->now_ms;
	s->refused = how == REACT_DENY || how == REACT_FORBIDDEN;
	if (how != REACT_ACCEPT)
		trouble_note(g, f->user, r);
}

void hold_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), (enum request_kind)f->kind);
	struct slot *s = &g->slots[f->user];
	bool current = s->want.kind != WANT_NOTHING && s->want.generation == f->generation;

	g->stats.in_flight--;
	g->lanes -= !f->batch;
	ledger_arrived(&g->ledger, flight_arrived_ms(g, f, r));
	s->flying = false;
	if (r->failure == HTTP_ANSWERED)
		batch_measure(g, f);
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->gate, f->sent_ms);
	if (f->orphan) {
		if (how == REACT_GATE || how == REACT_GATE_UNSURE)
			limiter_said_no(g, f, r);
		hold_wake(g, f->user);
		return;
	}
	remember(g, s, f, r, how);
	switch (how) {
	case REACT_ACCEPT:
		on_accept(g, f, current, r);
		break;
	case REACT_NEW_TOKEN:
		on_unauthorized(g, f, current, r);
		break;
	case REACT_FORBIDDEN:
		on_forbidden(g, f, current, r);
		break;
	case REACT_GATE:
	case REACT_GATE_UNSURE:
		on_gate(g, f, current, r, how == REACT_GATE_UNSURE);
		break;
	case REACT_RETRY:
		on_retry(g, f, current, r);
		break;
	case REACT_DENY:
	case REACT_COUNT:
	default:
		on_deny(g, f, current, r);
		break;
	}
	if (wheel_due(g->wheel, f->user) == WHEEL_NEVER)
		hold_wake(g, f->user);
}
