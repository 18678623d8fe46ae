/* readback.c - what Teams shows: sweeps of getPresencesByUserId over every user with an id, those
 * with a held session first, one request in flight, within its share of the quota and behind every
 * write. A failed sweep harms nobody: it is said and tried again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sink/graph_priv.h"
#include "sink/seen.h"

enum { SCAN_MAX = 8192, FORBIDDEN_REST_MS = 600000, STALE_MAX = 3 };

enum err read_new(struct graph *g, uint32_t share, int32_t window_ms)
{
	struct read_back *b = calloc(1, sizeof(*b));

	if (!b)
		return ERR_NO_MEMORY;
	g->reads = b;
	b->sweep_ms = g->now_ms + g->read_back_ms;
	b->seen = calloc(PRESENCES_IDS_MAX, sizeof(*b->seen));
	b->stamps = calloc(g->users_max ? g->users_max : 1, sizeof(*b->stamps));
	if (!b->seen || !b->stamps || map_init(&b->by_id, PRESENCES_IDS_MAX) != ERR_OK ||
	    ledger_init(&b->ledger, share ? share : 1, window_ms) != ERR_OK)
		return ERR_NO_MEMORY;
	return ERR_OK;
}

enum err read_tune(struct graph *g, uint32_t share, int32_t window_ms, bool at_once)
{
	if (at_once)
		g->reads->sweep_ms = g->now_ms + g->read_back_ms;
	return ledger_resize(&g->reads->ledger, share ? share : 1, window_ms);
}

void read_limit(struct graph *g)
{
	uint32_t n = (uint32_t)((uint64_t)g->learn.limit * g->read_share / 100);

	if (g->reads)
		ledger_limit(&g->reads->ledger, n ? n : 1);
}

void read_free(struct graph *g)
{
	if (!g->reads)
		return;
	map_fini(&g->reads->by_id);
	ledger_fini(&g->reads->ledger);
	free(g->reads->stamps);
	free(g->reads->seen);
	free(g->reads);
	g->reads = NULL;
}

static bool is_held(const struct graph *g, const struct slot *s)
{
	return s->applied == APPLIED_MAYBE && s->lease_until_ms > g->now_ms;
}

static bool is_over(const struct read_back *b)
{
	return !b->open[READ_HELD] && !b->open[READ_OTHERS];
}

/* Goes on with the batch; true when it is full or both passes are over. The last batch of held
 * sessions takes others along. Looks at a bounded number of users per call. */
static bool fill(struct graph *g)
{
	struct read_back *b = g->reads;

	for (int scanned = 0; !is_over(b) && b->n < PRESENCES_IDS_MAX && scanned < SCAN_MAX; scanned++) {
		int pass = b->open[READ_HELD] ? READ_HELD : READ_OTHERS;
		uint32_t user = b->cursor[pass]++;

		if (user >= g->users_max)
			b->open[pass] = false;
		else if (g->slots[user].id[0] && is_held(g, &g->slots[user]) == (pass == READ_HELD))
			b->users[b->n++] = user;
	}
	return is_over(b) || b->n == PRESENCES_IDS_MAX;
}

static uint64_t hash_of(struct slice id)
{
	return slice_hash_nocase(id, 0x6f6666686f6f6b);
}

static void render(struct graph *g)
{
	struct read_back *b = g->reads;

	map_fini(&b->by_id);
	CHECK(map_init(&b->by_id, PRESENCES_IDS_MAX) == ERR_OK);
	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0/communications/getPresencesByUserId");
	presences_body_begin(&g->body);
	for (uint32_t i = 0; i < b->n; i++) {
		const char *id = g->slots[b->users[i]].id;

		CHECK(map_add(&b->by_id, hash_of(slice_str(id)), b->users[i]) == ERR_OK);
		presences_body_add(&g->body, id, i == 0);
	}
	presences_body_end(&g->body);
}

/* Users may have lost their id since they were put on the batch. */
static void drop_forgotten(struct graph *g)
{
	struct read_back *b = g->reads;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->n; i++)
		if (g->slots[b->users[i]].id[0])
			b->users[kept++] = b->users[i];
	b->n = kept;
}

/* Held sessions are read again every time; the others only once the last pass over them has ended,
 * however many rounds of held ones that takes. */
static void begin_round(struct graph *g)
{
	struct read_back *b = g->reads;

	for (int pass = READ_HELD; pass < READ_PASSES; pass++) {
		b->cursor[pass] = b->open[pass] ? b->cursor[pass] : 0;
		b->open[pass] = true;
	}
	b->sweep_ms = g->now_ms + g->read_back_ms;
}

static bool may_send(struct graph *g)
{
	struct read_back *b = g->reads;

	return g->read_back_ms && !b->flying && b->seen_at == b->seen_n && !hold_is_queued(g) &&
	       g->now_ms >= b->rest_ms && token_is_usable(g) && gate_is_open(&g->gate, g->now_ms) &&
	       !(g->gate.probing && g->stats.in_flight > 0) && ledger_may(&b->ledger, g->now_ms) &&
	       ledger_may(&g->ledger, g->now_ms);
}

bool read_request(struct graph *g, struct graph_out *ret)
{
	struct read_back *b = g->reads;

	if (!b || !may_send(g))
		return false;
	if (b->n == 0 && !b->open[READ_HELD] && g->now_ms >= b->sweep_ms)
		begin_round(g);
	if (!fill(g))
		return false;
	drop_forgotten(g);
	if (b->n == 0)
		return false;
	struct flight *f = flight_take(g, REQ_READ_BACK, ID_NONE);
	CHECK(f); /* one flight is kept for read-back */
	b->flying = true;
	b->asked_ms = g->now_ms;
	flight_leaves(g);
	ledger_leaves(&b->ledger);
	request_begin(g, f, ret);
	render(g);
	request_finish(g, true, ret);
	return true;
}

int64_t read_next(const struct graph *g)
{
	const struct read_back *b = g->reads;

	if (!b || !g->read_back_ms || b->flying || hold_is_queued(g) || !token_is_usable(g) ||
	    (g->gate.probing && g->stats.in_flight > 0))
		return TIME_NEVER;
	int64_t due = is_over(b) && b->n == 0 ? b->sweep_ms : g->now_ms;
	due = later(later(due, b->rest_ms), g->gate.until_ms);
	due = later(due, later(ledger_free_ms(&b->ledger), ledger_free_ms(&g->ledger)));
	return later(due, g->now_ms);
}

static bool has_id(uint32_t user, const void *key, void *arg)
{
	const struct graph *g = arg;
	const struct slice *id = key;

	return slice_eq_nocase(slice_str(g->slots[user].id), *id);
}

/* An answer may come from a replica that lags. One that is always older has begun to count anew. */
static bool is_stale(struct read_back *b, uint32_t user, const char *sequence)
{
	struct read_stamp *t = &b->stamps[user];
	size_t n = strnlen(sequence, sizeof(t->text) - 1);

	if (n == 0)
		return false;
	if (strncmp(sequence, t->text, sizeof(t->text) - 1) < 0 && t->stale < STALE_MAX) {
		t->stale++;
		b->stale++;
		return true;
	}
	memcpy(t->text, sequence, n);
	memset(t->text + n, 0, sizeof(t->text) - n);
	t->stale = 0;
	return false;
}

/* Told are changes, and the first read after a session was accepted or cleared. */
static bool is_news(const struct graph *g, struct slot *s, uint8_t seen, uint32_t hash)
{
	bool changed = s->seen != seen || s->seen_hash != hash;
	bool first = s->reread && !s->flying &&
		     s->last_answer_ms + READBACK_AFTER_MS <= g->reads->asked_ms;

	if (first)
		s->reread = false;
	s->seen = seen;
	s->seen_hash = hash;
	return changed || first;
}

static void take(void *arg, const struct presences_row *row)
{
	struct graph *g = arg;
	struct read_back *b = g->reads;
	struct slice id = row->id;
	uint32_t user = map_find(&b->by_id, hash_of(id), has_id, &id, g);

	if (user == MAP_NONE || b->seen_n == PRESENCES_IDS_MAX || is_stale(b, user, row->sequence))
		return;
	struct seen_rec *r = &b->seen[b->seen_n];
	struct seen what = seen_of(row->availability, row->activity);
	r->user = user;
	r->presence = (uint8_t)what.presence;
	r->origin = (uint8_t)what.origin;
	r->activity = (uint8_t)what.activity;
	r->proven = g->slots[user].proven;
	snprintf(r->text, sizeof(r->text), "%s/%s", row->availability, row->activity);
	b->seen_n += is_news(g, &g->slots[user], (uint8_t)(r->presence + 1),
			     (uint32_t)slice_hash(slice_str(r->text), 1));
}

bool read_pop(struct graph *g, struct graph_out *ret)
{
	struct read_back *b = g->reads;

	if (!b || b->seen_at == b->seen_n)
		return false;
	const struct seen_rec *r = &b->seen[b->seen_at++];
	ret->kind = GRAPH_SEEN;
	ret->user = r->user;
	ret->seen = r->presence;
	ret->seen_origin = r->origin;
	ret->seen_activity = r->activity;
	ret->seen_proven = r->proven;
	ret->asked_ms = b->asked_ms;
	memcpy(ret->text, r->text, sizeof(r->text));
	return true;
}

void read_forget_stamp(struct graph *g, uint32_t user)
{
	if (g->reads)
		g->reads->stamps[user] = (struct read_stamp){ 0 };
}

void read_forget(struct graph *g, uint32_t user)
{
	struct read_back *b = g->reads;
	uint32_t kept = b ? b->seen_at : 0;

	if (!b)
		return;
	read_forget_stamp(g, user);
	for (uint32_t i = b->seen_at; i < b->seen_n; i++)
		if (b->seen[i].user != user)
			b->seen[kept++] = b->seen[i];
	b->seen_n = kept;
}

static void rest(struct graph *g, int64_t wait_ms)
{
	struct read_back *b = g->reads;

	if (wait_ms < 0)
		wait_ms = backoff_ms(b->attempts + 1, RETRY_BASE_MS, RETRY_MAX_MS, &g->prng);
	b->rest_ms = g->now_ms + wait_ms;
	b->attempts++;
}

static void on_answer(struct graph *g, const struct graph_response *r)
{
	struct read_back *b = g->reads;

	b->seen_n = b->seen_at = 0;
	b->attempts = 0;
	b->n = 0;
	if (presences_answer(r->body, take, g) != ERR_OK)
		note_seldom(g, GRAPH_NOTE_BAD_ANSWER, ID_NONE, "the presences are unreadable",
			    HOUR_MS);
}

static void on_forbidden(struct graph *g, const struct flight *f, const char *text)
{
	bool again = token_forbidden(g, f->token_serial);

	if (!again)
		note_seldom(g, GRAPH_NOTE_PERMISSION, ID_NONE, text, HOUR_MS);
	rest(g, again ? 0 : FORBIDDEN_REST_MS);
}

void read_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), REQ_READ_BACK);
	char text[160];

	g->reads->flying = false;
	ledger_arrived(&g->ledger, flight_arrived_ms(g, f, r));
	ledger_arrived(&g->reads->ledger, flight_arrived_ms(g, f, r));
	answer_text(r, text, sizeof(text));
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->gate, f->sent_ms);
	switch (how) {
	case REACT_ACCEPT:
		on_answer(g, r);
		break;
	case REACT_FORBIDDEN:
		on_forbidden(g, f, text);
		break;
	case REACT_NEW_TOKEN:
		token_refused(g, f->token_serial, r);
		rest(g, -1);
		break;
	case REACT_GATE:
	case REACT_GATE_UNSURE:
		g->stats.throttled += r->failure != HTTP_NOT_SENT;
		limiter_said_no(g, f, r);
		break;
	case REACT_RETRY:
		rest(g, wait_of(g, r));
		break;
	case REACT_DENY:
	case REACT_COUNT:
	default:
		note_seldom(g, GRAPH_NOTE_BAD_ANSWER, ID_NONE, text, HOUR_MS);
		g->reads->n = 0;
		rest(g, -1);
		break;
	}
}
