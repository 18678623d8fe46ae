/* hold.c - one slot per user: from the latest action to presence requests, and from their answers
 * to outcomes.
 *
 * An action is one or two requests (the session, and the preferred state where it is ours). A new
 * action takes the slot at once; the answer to a request of the old one then settles only what
 * Graph may hold, and the newest action goes out. */
#include "base/check.h"
#include "proto/graph/presence_body.h"
#include "sink/graph_priv.h"

/* A renewal goes before everything from one window and a bit before its lease's end on: lost, it
 * would turn somebody in a call visibly free, and come back as a rise. */
enum { RENEWAL_MARGIN_MS = 10000, LEASE_UNKNOWN_MS = 600000, FREE_CLEARS_MAX = 64 };

/* The request that is step n of the action; REQ_FREE after the last one. Sessions come first both
 * ways: a preferred state shows only while a session exists, and a refusal of the preferred state
 * must not keep a session alive. */
static enum request_kind step_of(const struct slot *s, uint8_t n)
{
	const struct want *w = &s->want;

	if (n == 0)
		return w->kind == WANT_HOLD ? REQ_SET : REQ_CLEAR;
	if (n > 1)
		return REQ_FREE;
	if (w->kind == WANT_HOLD && w->preferred)
		return REQ_SET_PREFERRED;
	return w->preferred || s->preferred_maybe ? REQ_CLEAR_PREFERRED : REQ_FREE;
}

static void report(struct graph *g, uint32_t user, uint32_t generation, enum outcome_class class,
		   int64_t sent_ms, const struct graph_response *r)
{
	int64_t wait = r && class == OUTCOME_DENIED ? wait_of(g, r) : 0;
	struct outcome o = {
		.user = user,
		.generation = generation,
		.class = (uint8_t)class,
		.http_status = r && r->failure == HTTP_ANSWERED ? r->status : 0,
		.retry_after_ms = wait > 0 ? (int32_t)wait : 0,
		.sent_mono_ms = sent_ms,
	};

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

	if (s->want.kind != WANT_CLEAR || s->want.step > 0 || s->preferred_maybe)
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
static int64_t key_of(const struct graph *g, const struct slot *s, const struct action *a)
{
	int64_t lease = a->lease_ms > 0 ? a->lease_ms : LEASE_UNKNOWN_MS;
	int64_t until = s->lease_until_ms ? s->lease_until_ms : g->now_ms + lease;

	switch ((enum urgency)a->urgency) {
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

void hold_submit(struct graph *g, const struct action *a)
{
	struct slot *s = &g->slots[a->user];

	CHECK(a->kind == ACT_HOLD || a->kind == ACT_CLEAR);
	CHECK(a->urgency < URGENCY_COUNT && a->session < SESSION_COUNT);
	CHECK(a->kind == ACT_CLEAR || a->session != SESSION_NONE);
	withdraw(g, a->user);
	s->want = (struct want){
		.kind = a->kind == ACT_HOLD ? WANT_HOLD : WANT_CLEAR,
		.urgency = a->urgency,
		.session = a->session,
		.preferred = a->preferred,
		.generation = a->generation,
		.lease_ms = a->lease_ms,
		.due_ms = a->due_mono_ms,
		.key = key_of(g, s, a),
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

/* Rises, then clears, then renewals; but a renewal whose lease is about to end goes first. */
static uint32_t pick(const struct graph *g)
{
	int64_t key, until_ms = INT64_MAX;
	uint32_t renewal = first_of(g, URGENCY_RENEW, &until_ms);

	if (renewal != ID_NONE &&
	    until_ms - g->ledger.window_ms - RENEWAL_MARGIN_MS <= g->now_ms)
		return renewal;
	uint32_t rise = first_of(g, URGENCY_RISE, &key);
	if (rise != ID_NONE)
		return rise;
	uint32_t clear = first_of(g, URGENCY_CLEAR, &key);
	return clear != ID_NONE ? clear : renewal;
}

static void render(struct graph *g, enum request_kind kind, const struct slot *s)
{
	static const char *const verbs[REQ_COUNT] = {
		[REQ_SET] = "setPresence",
		[REQ_SET_PREFERRED] = "setUserPreferredPresence",
		[REQ_CLEAR] = "clearPresence",
		[REQ_CLEAR_PREFERRED] = "clearUserPreferredPresence",
	};
	const char *availability = session_availability((enum session)s->want.session);

	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0/users/");
	buf_str(&g->url, s->id);
	buf_str(&g->url, "/presence/");
	buf_str(&g->url, verbs[kind]);
	if (kind == REQ_SET)
		presence_body_set(&g->body, g->client_id, availability,
				  session_activity((enum session)s->want.session),
				  s->want.lease_ms);
	else if (kind == REQ_SET_PREFERRED)
		presence_body_set_preferred(&g->body, availability, availability, s->want.lease_ms);
	else if (kind == REQ_CLEAR)
		presence_body_clear(&g->body, g->client_id);
	else
		presence_body_clear_preferred(&g->body);
}

static bool may_send(struct graph *g)
{
	uint32_t limit = g->gate.probing ? 1 : g->in_flight_max;

	return token_is_usable(g) && gate_is_open(&g->gate, g->now_ms) &&
	       g->stats.in_flight < limit && ledger_may(&g->ledger, g->now_ms);
}

static bool send(struct graph *g, uint32_t user, struct graph_out *ret)
{
	struct slot *s = &g->slots[user];
	enum request_kind kind = step_of(s, s->want.step);
	struct flight *f = flight_take(g, kind, user);

	if (!f)
		return false;
	queue_remove(&g->queues[s->want.urgency], user);
	f->generation = s->want.generation;
	f->lease_ms = s->want.lease_ms;
	f->due_ms = s->want.due_ms;
	f->urgency = s->want.urgency;
	f->last = step_of(s, s->want.step + 1) == REQ_FREE;
	if (s->want.step == 0)
		s->set_sent_ms = g->now_ms;
	s->flying = true;
	s->flying_generation = f->generation;
	ledger_note(&g->ledger, g->now_ms);
	g->stats.sent++;
	g->stats.in_flight++;
	request_begin(g, f, ret);
	render(g, kind, s);
	request_finish(g, true, ret);
	return true;
}

bool hold_request(struct graph *g, struct graph_out *ret)
{
	for (int free_ones = 0; free_ones < FREE_CLEARS_MAX && may_send(g); free_ones++) {
		uint32_t user = pick(g);

		if (user == ID_NONE)
			return false;
		if (!nothing_to_clear(g, &g->slots[user]))
			return send(g, user, ret);
		queue_remove(&g->queues[g->slots[user].want.urgency], user);
		settle(g, user, OUTCOME_ACCEPTED, g->now_ms, NULL);
	}
	return false;
}

bool hold_is_queued(const struct graph *g)
{
	return g->queues[URGENCY_RISE].n || g->queues[URGENCY_CLEAR].n ||
	       g->queues[URGENCY_RENEW].n;
}

/* When hold_request may have something again without anything being fed; drained just before. */
int64_t hold_next(const struct graph *g)
{
	uint32_t limit = g->gate.probing ? 1 : g->in_flight_max;
	int64_t due = g->gate.until_ms;

	if (!hold_is_queued(g))
		return TIME_NEVER;
	if (!token_is_usable(g) || g->stats.in_flight >= limit)
		return TIME_NEVER;
	if (ledger_free_ms(&g->ledger) > due)
		due = ledger_free_ms(&g->ledger);
	return due > g->now_ms ? due : g->now_ms;
}

static void measure(struct graph *g, const struct flight *f)
{
	if (f->urgency == URGENCY_RENEW || g->now_ms < f->due_ms)
		return;
	g->stats.delay_sum_ms += (uint64_t)(g->now_ms - f->due_ms);
	g->stats.delay_count++;
}

/* What Graph may hold after this answer; certain: it said so itself. */
static void apply(struct slot *s, const struct flight *f, bool certain)
{
	int64_t until = f->sent_ms + presence_body_lease_ms(f->lease_ms);

	switch ((enum request_kind)f->kind) {
	case REQ_SET:
		s->applied = APPLIED_MAYBE;
		if (certain || until > s->lease_until_ms)
			s->lease_until_ms = until;
		break;
	case REQ_SET_PREFERRED:
		s->preferred_maybe = true;
		break;
	case REQ_CLEAR:
		if (certain) {
			s->applied = APPLIED_NO;
			s->lease_until_ms = 0;
		}
		break;
	case REQ_CLEAR_PREFERRED:
		s->preferred_maybe = s->preferred_maybe && !certain;
		break;
	case REQ_FREE:
	case REQ_TOKEN:
	case REQ_LOOK_UP:
	case REQ_READ_BACK:
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
	if (!current) {
		report(g, f->user, f->generation, f->last ? OUTCOME_ACCEPTED : OUTCOME_UNSURE,
		       s->set_sent_ms, r);
		return;
	}
	s->want.attempts = 0;
	if (!f->last) {
		s->want.step++;
		return;
	}
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
	if (gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng))
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
	if (how != REACT_ACCEPT)
		trouble_note(g, f->user, r);
}

void hold_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), (enum request_kind)f->kind);
	struct slot *s = &g->slots[f->user];
	bool current = s->want.kind != WANT_NOTHING && s->want.generation == f->generation;

	g->stats.in_flight--;
	s->flying = false;
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->gate, f->sent_ms);
	if (f->orphan) {
		if (how == REACT_GATE || how == REACT_GATE_UNSURE)
			gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
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
