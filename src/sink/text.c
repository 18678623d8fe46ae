/* text.c - status messages: ours while a cause lasts, the person's own before and after it.
 *
 * Nothing is as unimportant: a request goes only when nothing about presence waits, and counts in
 * the same ledger. Before ours is set, what shows is read and kept (the shell stores it, so that a
 * crash loses nobody's message); before it is renewed or given back it is read again, and what the
 * person has written meanwhile is theirs. Ours carries an expiry, so that a dead bridge heals.
 * Graph does not tell when another's message ends: a message that is put back has no end. */
#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/status_message.h"
#include "sink/graph_priv.h"

enum {
	LIFE_MS = HOUR_MS, /* of a text whose cause has no end */
	RENEW_MS = LIFE_MS / 4 * 3,
	SLACK_MS = 120000, /* it outlives its cause a little, so that it still shows when it is
			      given back */
	REFUSED_REST_MS = 600000,
};

enum stage { STAGE_REST, STAGE_READ, STAGE_SET };

struct text_slot {
	uint32_t user, serial;
	struct text_slot *next; /* of those that are ready */
	char *want;		/* NULL: give back */
	char *ours, *former;	/* ours NULL: nothing of ours is there */
	char *before;		/* of ours too, and still there unless Graph took .ours */
	int64_t want_until_wall_ms, ours_until_wall_ms;
	uint8_t stage, attempts;
	bool ready, flying, tell;
	bool sure;  /* Graph has said that it took ours */
	bool fresh; /* a cause has begun or ended: whatever else stands there is the person's */
};

struct texts {
	struct text_slot **slots; /* by user */
	struct wheel *wheel;	  /* by user: renewals, and waits after a failure */
	struct text_slot *first, *last;
	uint32_t flying, serial, tell_n, tell_at;
};

static int64_t wall_now(const struct graph *g)
{
	return g->now_ms + g->wall_ahead_ms;
}

static struct slice text_of(const char *s)
{
	return slice_str(s ? s : "");
}

static char *copy_of(struct slice s)
{
	char *p = malloc(s.n + 1);

	CHECK(p); /* a few hundred bytes */
	memcpy(p, s.n ? s.p : "", s.n);
	p[s.n] = '\0';
	return p;
}

static void replace(char **at, char *with)
{
	free(*at);
	*at = with;
}

/* ---- life ---- */

static struct texts *texts_of(struct graph *g)
{
	if (g->texts)
		return g->texts;
	g->texts = calloc(1, sizeof(*g->texts));
	CHECK(g->texts);
	g->texts->slots = calloc(g->users_max ? g->users_max : 1, sizeof(struct text_slot *));
	CHECK(g->texts->slots &&
	      wheel_new(&g->texts->wheel, g->users_max ? g->users_max : 1, g->now_ms) == ERR_OK);
	return g->texts;
}

static void slot_free(struct text_slot *s)
{
	if (!s)
		return;
	free(s->want);
	free(s->ours);
	free(s->former);
	free(s->before);
	free(s);
}

void text_free(struct graph *g)
{
	if (!g->texts)
		return;
	for (uint32_t u = 0; u < g->users_max; u++)
		slot_free(g->texts->slots[u]);
	free(g->texts->slots);
	wheel_free(g->texts->wheel);
	free(g->texts);
}

static struct text_slot *slot_of(struct graph *g, uint32_t user)
{
	struct texts *x = texts_of(g);

	if (!x->slots[user]) {
		x->slots[user] = calloc(1, sizeof(struct text_slot));
		CHECK(x->slots[user]);
		x->slots[user]->user = user;
		x->slots[user]->serial = ++x->serial;
	}
	return x->slots[user];
}

static void enlist(struct graph *g, struct text_slot *s)
{
	if (s->ready || s->flying || s->stage == STAGE_REST)
		return;
	s->ready = true;
	s->next = NULL;
	if (g->texts->first)
		g->texts->last->next = s;
	else
		g->texts->first = s;
	g->texts->last = s;
}

static void delist(struct graph *g, struct text_slot *s)
{
	struct text_slot **at = &g->texts->first, *before = NULL;

	for (; s->ready && *at; before = *at, at = &(*at)->next) {
		if (*at != s)
			continue;
		*at = s->next;
		if (g->texts->last == s)
			g->texts->last = before;
		break;
	}
	s->ready = false;
}

bool graph_has_text(const struct graph *g, uint32_t user)
{
	return g->texts && g->texts->slots[user];
}

bool text_is_queued(const struct graph *g)
{
	return g->texts && g->texts->first;
}

void text_forget(struct graph *g, uint32_t user)
{
	struct text_slot *s = g->texts ? g->texts->slots[user] : NULL;

	if (!s)
		return;
	delist(g, s);
	g->texts->tell_n -= s->tell;
	wheel_set(g->texts->wheel, user, WHEEL_NEVER);
	g->texts->slots[user] = NULL;
	slot_free(s);
}

void text_wake(struct graph *g, uint32_t user)
{
	if (g->texts && g->texts->slots[user])
		enlist(g, g->texts->slots[user]);
}

/* ---- what is wanted ---- */

static void tell(struct graph *g, struct text_slot *s)
{
	g->texts->tell_n += !s->tell;
	s->tell = true;
}

static void rest(struct graph *g, struct text_slot *s)
{
	bool endless = s->want && s->ours && s->want_until_wall_ms == TIME_NEVER;

	s->stage = STAGE_REST;
	s->attempts = 0;
	s->fresh = false;
	wheel_set(g->texts->wheel, s->user, endless ? g->now_ms + RENEW_MS : WHEEL_NEVER);
}

static void gone(struct graph *g, struct text_slot *s)
{
	replace(&s->ours, NULL);
	replace(&s->former, NULL);
	replace(&s->before, NULL);
	tell(g, s);
	rest(g, s);
}

static int64_t end_of(const struct graph *g, int64_t until_wall_ms)
{
	if (until_wall_ms == TIME_NEVER)
		return wall_now(g) + LIFE_MS;
	return (until_wall_ms > wall_now(g) ? until_wall_ms : wall_now(g)) + SLACK_MS;
}

/* After a restart the cause comes anew, and what it asks for stands already. */
static bool stands(const struct graph *g, const struct text_slot *s)
{
	if (!s->want)
		return !s->ours;
	return s->sure && s->ours && strcmp(s->want, s->ours) == 0 &&
	       s->ours_until_wall_ms > wall_now(g) + RENEW_MS / 3 &&
	       (s->want_until_wall_ms == TIME_NEVER ||
		s->ours_until_wall_ms == s->want_until_wall_ms + SLACK_MS);
}

void graph_text(struct graph *g, int64_t now_ms, uint32_t user, struct slice text,
		int64_t until_wall_ms)
{
	CHECK(user < g->users_max);
	if (now_ms > g->now_ms)
		g->now_ms = now_ms;
	if (text.n == 0 && (!g->texts || !g->texts->slots[user]))
		return;
	struct text_slot *s = slot_of(g, user);
	replace(&s->want, text.n ? copy_of(text) : NULL);
	s->want_until_wall_ms = until_wall_ms;
	s->stage = STAGE_READ;
	s->fresh = true;
	s->attempts = 0;
	wheel_set(g->texts->wheel, user, WHEEL_NEVER);
	if (s->flying)
		return; /* its answer brings the next step */
	if (stands(g, s)) {
		delist(g, s);
		rest(g, s);
		tell(g, s);
	} else {
		enlist(g, s);
	}
}

void graph_text_restore(struct graph *g, uint32_t user, struct slice ours, struct slice former,
			int64_t until_wall_ms)
{
	CHECK(user < g->users_max);
	struct text_slot *s = slot_of(g, user);

	replace(&s->ours, copy_of(ours));
	replace(&s->former, copy_of(former));
	s->ours_until_wall_ms = until_wall_ms;
	s->sure = true;
}

/* ---- requests ---- */

static bool may_send(struct graph *g)
{
	const struct texts *x = g->texts;

	return x && x->first && x->flying < TEXT_FLIGHTS_MAX && !hold_is_queued(g) &&
	       token_is_usable(g) && gate_is_open(&g->gate, g->now_ms) &&
	       !(g->gate.probing && g->stats.in_flight + x->flying > 0) &&
	       ledger_may(&g->ledger, g->now_ms);
}

static void render(struct graph *g, const struct text_slot *s)
{
	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0/users/");
	buf_str(&g->url, g->slots[s->user].id);
	buf_str(&g->url, "/presence");
	if (s->stage == STAGE_READ)
		return;
	buf_str(&g->url, "/setStatusMessage");
	if (s->want)
		status_message_body(&g->body, text_of(s->want), s->ours_until_wall_ms);
	else
		status_message_body(&g->body, text_of(s->former), INT64_MAX);
}

static struct text_slot *take_ready(struct graph *g)
{
	struct text_slot *s;

	while ((s = g->texts->first)) {
		g->texts->first = s->next;
		s->ready = false;
		if (g->slots[s->user].id[0])
			return s;
	}
	return NULL; /* those without an id come back with it */
}

bool text_request(struct graph *g, struct graph_out *ret)
{
	if (!may_send(g))
		return false;
	struct text_slot *s = take_ready(g);
	struct flight *f =
		s ? flight_take(g, s->stage == STAGE_READ ? REQ_TEXT_READ : REQ_TEXT_SET, s->user)
		  : NULL;

	if (!f)
		return false;
	f->generation = s->serial;
	s->flying = true;
	g->texts->flying++;
	flight_leaves(g);
	request_begin(g, f, ret);
	render(g, s);
	request_finish(g, s->stage == STAGE_SET, ret);
	return true;
}

int64_t text_next(const struct graph *g)
{
	const struct texts *x = g->texts;

	if (!x)
		return TIME_NEVER;
	int64_t due = wheel_next(x->wheel), free_ms = ledger_free_ms(&g->ledger);
	if (x->tell_n)
		return g->now_ms;
	if (!x->first || x->flying >= TEXT_FLIGHTS_MAX || hold_is_queued(g) ||
	    !token_is_usable(g) || (g->gate.probing && g->stats.in_flight + x->flying > 0))
		return due;
	free_ms = free_ms > g->gate.until_ms ? free_ms : g->gate.until_ms;
	free_ms = free_ms > g->now_ms ? free_ms : g->now_ms;
	return free_ms < due ? free_ms : due;
}

void text_tick(struct graph *g)
{
	uint32_t user;

	for (int n = 0; g->texts && n < TICK_MAX && wheel_pop(g->texts->wheel, g->now_ms, &user);
	     n++) {
		struct text_slot *s = g->texts->slots[user];

		if (!s)
			continue;
		s->stage = STAGE_READ;
		enlist(g, s);
	}
}

/* What the shell has to store; of one user a call. */
bool text_pop(struct graph *g, struct graph_out *ret)
{
	struct texts *x = g->texts;

	if (!x || x->tell_n == 0)
		return false;
	while (!x->slots[x->tell_at] || !x->slots[x->tell_at]->tell)
		x->tell_at = (x->tell_at + 1) % g->users_max;
	struct text_slot *s = x->slots[x->tell_at];
	s->tell = false;
	x->tell_n--;
	ret->kind = GRAPH_TEXT;
	ret->user = s->user;
	ret->text_ours = text_of(s->ours);
	ret->text_former = text_of(s->former);
	ret->text_until_wall_ms = s->ours_until_wall_ms;
	if (!s->ours && !s->want && !s->flying && !s->ready)
		text_forget(g, s->user);
	return true;
}

/* ---- answers ---- */

/* Ours may be there from now on: the shell is told before the request goes. */
static void begin_set(struct graph *g, struct text_slot *s, bool is_ours, struct slice shown)
{
	replace(&s->before, is_ours && shown.n ? copy_of(shown) : NULL);
	if (!is_ours)
		replace(&s->former, copy_of(shown));
	replace(&s->ours, copy_of(text_of(s->want)));
	s->ours_until_wall_ms = end_of(g, s->want_until_wall_ms);
	s->sure = false;
	s->stage = STAGE_SET;
	tell(g, s);
}

static void on_read(struct graph *g, struct text_slot *s, struct slice shown)
{
	bool expired = shown.n == 0 && s->ours && wall_now(g) >= s->ours_until_wall_ms;
	bool shows = s->ours && (expired || status_message_same(shown, text_of(s->ours)) ||
				 (s->before && status_message_same(shown, text_of(s->before))));
	bool again = s->want && s->ours && !s->fresh;

	if (!s->want && shows)
		s->stage = STAGE_SET;
	else if (!s->want || (again && !shows)) /* the person has written another: it is theirs */
		gone(g, s);
	else if (!shows && status_message_same(shown, text_of(s->want)))
		begin_set(g, s, false, SLICE_NONE);
	else
		begin_set(g, s, shows, shown);
}

/* Whatever stands there now is seen by the next look, when another was wanted meanwhile. */
static void on_set(struct graph *g, struct text_slot *s)
{
	s->sure = s->stage == STAGE_SET && s->want;
	if (s->sure) {
		replace(&s->before, NULL);
		rest(g, s);
	} else if (s->stage == STAGE_SET) {
		gone(g, s);
	}
}

static void on_accept(struct graph *g, struct text_slot *s, const struct flight *f,
		      const struct graph_response *r)
{
	char shown[STATUS_MESSAGE_MAX];

	s->attempts = 0;
	if (f->kind == REQ_TEXT_SET)
		on_set(g, s);
	else if (status_message_shown(r->body, shown, sizeof(shown)) == ERR_OK)
		on_read(g, s, slice_str(shown));
	else
		gone(g, s); /* what stands there nobody knows: nothing is written over it */
}

static void wait_for(struct graph *g, struct text_slot *s, int64_t wait_ms)
{
	if (wait_ms < 0)
		wait_ms = backoff_ms(s->attempts, RETRY_BASE_MS, RETRY_MAX_MS, &g->prng);
	s->attempts += s->attempts < UINT8_MAX;
	s->stage = STAGE_REST;
	wheel_set(g->texts->wheel, s->user, g->now_ms + wait_ms);
}

static void on_failure(struct graph *g, struct text_slot *s, const struct flight *f,
		       const struct graph_response *r, enum reaction how)
{
	char text[160];

	answer_text(r, text, sizeof(text));
	if (how == REACT_GATE || how == REACT_GATE_UNSURE) {
		g->stats.throttled += r->failure != HTTP_NOT_SENT;
		gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
		s->stage = STAGE_READ;
	} else if (how == REACT_NEW_TOKEN) {
		token_refused(g, f->token_serial, r);
		wait_for(g, s, -1);
	} else if (how == REACT_FORBIDDEN) {
		if (!token_forbidden(g, f->token_serial))
			note_seldom(g, GRAPH_NOTE_PERMISSION, s->user, text, HOUR_MS);
		wait_for(g, s, REFUSED_REST_MS);
	} else if (how == REACT_RETRY) {
		wait_for(g, s, wait_of(g, r));
	} else {
		note_seldom(g, GRAPH_NOTE_DENIED, s->user, text, HOUR_MS);
		gone(g, s);
	}
}

void text_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), (enum request_kind)f->kind);
	struct text_slot *s = g->texts ? g->texts->slots[f->user] : NULL;

	ledger_arrived(&g->ledger, flight_arrived_ms(g, f, r));
	if (g->texts)
		g->texts->flying--;
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->gate, f->sent_ms);
	if (!s || s->serial != f->generation)
		return; /* the user was forgotten */
	s->flying = false;
	if (how == REACT_ACCEPT)
		on_accept(g, s, f, r);
	else
		on_failure(g, s, f, r, how);
	enlist(g, s);
}
