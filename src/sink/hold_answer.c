/* hold_answer.c - what an answer to a presence request means for the slot that it was sent for.
 *
 * The answer to a request of an action that has lost its place settles only what Graph may hold. */
#include "proto/graph/presence_body.h"
#include "sink/hold.h"

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
		hold_report(g, f->user, f->generation, f->last ? OUTCOME_ACCEPTED : OUTCOME_UNSURE,
			    s->set_sent_ms, r);
		return;
	}
	s->want.attempts = 0;
	hold_step_done(s, (enum request_kind)f->kind);
	if (hold_step(s) != REQ_FREE)
		return;
	measure(g, f);
	hold_settle(g, f->user, OUTCOME_ACCEPTED, clears ? f->sent_ms : s->set_sent_ms, r);
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
		hold_settle(g, f->user, OUTCOME_DENIED, f->sent_ms, r);
	else
		hold_report(g, f->user, f->generation, OUTCOME_DENIED, f->sent_ms, r);
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
	hold_report(g, f->user, f->generation, OUTCOME_UNSURE, f->sent_ms, r);
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
		hold_report(g, f->user, f->generation, OUTCOME_UNSURE, f->sent_ms, r);
	else if (!current)
		hold_report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
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
		hold_report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
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
		hold_report(g, f->user, f->generation, OUTCOME_WITHDRAWN, 0, r);
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
