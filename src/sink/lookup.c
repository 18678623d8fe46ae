/* lookup.c - from e-mail addresses to object ids: a list of users, a few requests in flight, a gate
 * of its own because the directory has another limiter than presence. */
#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/users.h"
#include "sink/graph_priv.h"

enum { FORBIDDEN_REST_MS = 600000, UNREADABLE_REST_MS = 300000 };

void look_enlist(struct graph *g, uint32_t user)
{
	struct look_ups *l = &g->looks;
	struct slot *s = &g->slots[user];

	s->look = LOOK_QUEUED;
	if (s->listed)
		return;
	s->listed = true;
	l->listed_n++;
	s->look_next = ID_NONE;
	if (l->head == ID_NONE)
		l->head = user;
	else
		g->slots[l->tail].look_next = user;
	l->tail = user;
}

/* Users whose look-up was cancelled stay in the list until their turn. */
static uint32_t unlist(struct graph *g)
{
	struct look_ups *l = &g->looks;
	uint32_t user = l->head;

	l->head = g->slots[user].look_next;
	if (l->head == ID_NONE)
		l->tail = ID_NONE;
	g->slots[user].listed = false;
	l->listed_n--;
	return user;
}

void look_cancel(struct graph *g, uint32_t user)
{
	struct slot *s = &g->slots[user];

	if (s->look == LOOK_RESTING)
		wheel_set(g->wheel, user, WHEEL_NEVER);
	s->look = LOOK_NONE;
	free(s->email);
	s->email = NULL;
}

/* Looked for again after about wait_ms. */
static void rest(struct graph *g, uint32_t user, int64_t wait_ms)
{
	struct slot *s = &g->slots[user];

	if (s->id[0] || people_keep_watch(g)) {
		look_cancel(g, user);
		return;
	}
	s->look = LOOK_RESTING;
	wheel_set(g->wheel, user,
		  g->now_ms + backoff_ms(0, wait_ms * 4 / 3, wait_ms * 4 / 3, &g->prng));
}

static bool may_send(struct graph *g)
{
	struct look_ups *l = &g->looks;

	return token_is_usable(g) && gate_is_open(&l->gate, g->now_ms) && !people_tell_soon(g) &&
	       ledger_may(&l->ledger, g->now_ms) && l->flying < (l->gate.probing ? 1 : LOOK_UPS_MAX);
}

bool look_request(struct graph *g, struct graph_out *ret)
{
	struct look_ups *l = &g->looks;

	while (l->head != ID_NONE && may_send(g)) {
		uint32_t user = unlist(g);
		struct slot *s = &g->slots[user];

		if (s->look != LOOK_QUEUED)
			continue;
		struct flight *f = flight_take(g, REQ_LOOK_UP, user);
		CHECK(f); /* LOOK_UPS_MAX flights are kept for look-ups */
		s->look = LOOK_FLYING;
		l->flying++;
		ledger_note(&l->ledger, g->now_ms); /* a list is 2 units, $select takes one off */
		request_begin(g, f, ret);
		users_query(&g->url, g->graph_url, slice_str(s->email));
		request_finish(g, false, ret);
		return true;
	}
	return false;
}

int64_t look_next(const struct graph *g)
{
	const struct look_ups *l = &g->looks;

	if (l->head == ID_NONE || !token_is_usable(g) || people_tell_soon(g) ||
	    l->flying >= (l->gate.probing ? 1 : LOOK_UPS_MAX))
		return TIME_NEVER;
	int64_t due = l->gate.until_ms > ledger_free_ms(&l->ledger) ? l->gate.until_ms
								     : ledger_free_ms(&l->ledger);
	return due > g->now_ms ? due : g->now_ms;
}

/* nobody, or nobody who may be served: m NULL when the answer was a refusal. */
static void not_found(struct graph *g, uint32_t user, enum graph_note n, const char *why,
		      const struct users_match *m)
{
	note(g, n, user, why);
	emit_match(g, user, m);
	rest(g, user, HOUR_MS);
}

static const char *reason_of(const struct users_match *m)
{
	static const char *const words[PERSON_CLASS_COUNT + 1] = {
		[PERSON_GOOD] = "",
		[PERSON_UNLICENSED] = "the account has no licence for teams",
		[PERSON_GUEST] = "only a guest has it",
		[PERSON_DISABLED] = "the account is disabled",
		[PERSON_CLASS_COUNT] = "",
	};

	return words[m->class];
}

static void on_list(struct graph *g, uint32_t user, const struct graph_response *r)
{
	struct slot *s = &g->slots[user];
	struct users_match m;

	if (users_answer(r->body, slice_str(s->email), &m) != ERR_OK) {
		note_seldom(g, GRAPH_NOTE_BAD_ANSWER, user, "the list of users is unreadable", 60000);
		rest(g, user, UNREADABLE_REST_MS);
	} else if (m.class == PERSON_GOOD && m.n[PERSON_GOOD] > 1) {
		not_found(g, user, GRAPH_NOTE_AMBIGUOUS, s->email, &m);
	} else if (m.class == PERSON_GOOD) {
		look_cancel(g, user);
		if (!s->id[0]) /* what is held under another one is for the caller to give back first */
			graph_set_id(g, user, m.id);
		emit_match(g, user, &m);
	} else {
		not_found(g, user, GRAPH_NOTE_NOT_IN_DIRECTORY, reason_of(&m), &m);
	}
}

static void on_forbidden(struct graph *g, const struct flight *f, const char *text)
{
	if (!token_forbidden(g, f->token_serial)) {
		note_seldom(g, GRAPH_NOTE_LOOKUP_DENIED, f->user, text, HOUR_MS);
		gate_close(&g->looks.gate, g->now_ms, f->sent_ms, FORBIDDEN_REST_MS, &g->prng);
	}
	look_enlist(g, f->user);
}

/* Everybody in the list waits: what is wrong is not this user. */
static void on_trouble(struct graph *g, const struct flight *f, const struct graph_response *r,
		       const char *text)
{
	enum graph_note n = r->failure != HTTP_ANSWERED ? GRAPH_NOTE_UNREACHABLE :
			    r->status == 429		? GRAPH_NOTE_THROTTLED :
							  GRAPH_NOTE_SERVER_ERROR;

	if (gate_close(&g->looks.gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng))
		note_seldom(g, n, ID_NONE, text, 60000);
	if (r->failure == HTTP_ANSWERED && r->status == 429)
		people_throttled(g, f->sent_ms, wait_of(g, r));
	look_enlist(g, f->user);
}

void look_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), REQ_LOOK_UP);
	char text[160];

	g->looks.flying--;
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->looks.gate, f->sent_ms);
	if (f->orphan)
		return;
	answer_text(r, text, sizeof(text));
	if (how != REACT_ACCEPT)
		trouble_note(g, f->user, r);
	switch (how) {
	case REACT_ACCEPT:
		on_list(g, f->user, r);
		break;
	case REACT_DENY:
		not_found(g, f->user,
			  r->status == 404 ? GRAPH_NOTE_NOT_IN_DIRECTORY : GRAPH_NOTE_DENIED, text, NULL);
		break;
	case REACT_FORBIDDEN:
		on_forbidden(g, f, text);
		break;
	case REACT_NEW_TOKEN:
		token_refused(g, f->token_serial, r);
		on_trouble(g, f, r, text);
		break;
	case REACT_GATE:
	case REACT_GATE_UNSURE:
	case REACT_RETRY:
	case REACT_COUNT:
	default:
		on_trouble(g, f, r, text);
		break;
	}
}

void graph_look_up(struct graph *g, uint32_t user, const char *email)
{
	CHECK(user < g->users_max);
	struct slot *s = &g->slots[user];

	if (s->look == LOOK_QUEUED || s->look == LOOK_FLYING)
		return;
	look_cancel(g, user);
	size_t n = strnlen(email, USERS_EMAIL_MAX + 1);
	if (n == 0 || n > USERS_EMAIL_MAX || !(s->email = strndup(email, n))) {
		note(g, GRAPH_NOTE_NOT_IN_DIRECTORY, user, "no address that could be looked up");
		emit_match(g, user, NULL);
		return;
	}
	look_enlist(g, user);
}

void graph_look_cancel(struct graph *g, uint32_t user)
{
	CHECK(user < g->users_max);
	look_cancel(g, user);
}
