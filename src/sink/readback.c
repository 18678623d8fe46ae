/* readback.c - what Teams shows: sweeps of getPresencesByUserId over every user with an id, those
 * with a held session first, one request in flight, within a tenth of the quota and behind every
 * write. A failed sweep harms nobody: it is said and tried again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sink/graph_priv.h"

enum { SCAN_MAX = 8192, PASS_HELD = 0, PASS_OTHERS = 1, PASS_OVER = 2, FORBIDDEN_REST_MS = 600000 };

enum err read_new(struct graph *g, uint32_t quota_share, int32_t window_ms)
{
	struct read_back *b = calloc(1, sizeof(*b));
	uint32_t tenth = quota_share / 10;

	if (!b)
		return ERR_NO_MEMORY;
	g->reads = b;
	b->pass = PASS_OVER;
	b->sweep_ms = g->now_ms + g->read_back_ms;
	b->seen = calloc(PRESENCES_IDS_MAX, sizeof(*b->seen));
	if (!b->seen || map_init(&b->by_id, PRESENCES_IDS_MAX) != ERR_OK ||
	    ledger_init(&b->ledger, tenth ? tenth : 1, window_ms) != ERR_OK)
		return ERR_NO_MEMORY;
	return ERR_OK;
}

void read_free(struct graph *g)
{
	if (!g->reads)
		return;
	map_fini(&g->reads->by_id);
	ledger_fini(&g->reads->ledger);
	free(g->reads->seen);
	free(g->reads);
	g->reads = NULL;
}

static bool is_held(const struct graph *g, const struct slot *s)
{
	return s->applied == APPLIED_MAYBE && s->lease_until_ms > g->now_ms;
}

/* Goes on with the batch; true when it is full or the sweep has seen everybody. Looks at a bounded
 * number of users per call. */
static bool fill(struct graph *g)
{
	struct read_back *b = g->reads;

	for (int scanned = 0; b->pass != PASS_OVER && scanned < SCAN_MAX; scanned++) {
		if (b->n == PRESENCES_IDS_MAX)
			return true;
		if (b->cursor == g->users_max) {
			b->cursor = 0;
			b->pass++;
			continue;
		}
		const struct slot *s = &g->slots[b->cursor];
		if (s->id[0] && is_held(g, s) == (b->pass == PASS_HELD))
			b->users[b->n++] = b->cursor;
		b->cursor++;
	}
	return b->pass == PASS_OVER || b->n == PRESENCES_IDS_MAX;
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

static void begin_sweep(struct graph *g)
{
	struct read_back *b = g->reads;

	b->pass = PASS_HELD;
	b->cursor = 0;
	b->sweep_ms = g->now_ms + g->read_back_ms;
}

static bool may_send(struct graph *g)
{
	struct read_back *b = g->reads;

	return !b->flying && b->seen_at == b->seen_n && !hold_is_queued(g) &&
	       g->now_ms >= b->rest_ms && token_is_usable(g) && gate_is_open(&g->gate, g->now_ms) &&
	       !(g->gate.probing && g->stats.in_flight > 0) && ledger_may(&b->ledger, g->now_ms) &&
	       ledger_may(&g->ledger, g->now_ms);
}

bool read_request(struct graph *g, struct graph_out *ret)
{
	struct read_back *b = g->reads;

	if (!b || !may_send(g))
		return false;
	if (b->pass == PASS_OVER && b->n == 0) {
		if (g->now_ms < b->sweep_ms)
			return false;
		begin_sweep(g);
	}
	if (!fill(g))
		return false;
	drop_forgotten(g);
	if (b->n == 0)
		return false;
	struct flight *f = flight_take(g, REQ_READ_BACK, ID_NONE);
	CHECK(f); /* one flight is kept for read-back */
	b->flying = true;
	ledger_note(&g->ledger, g->now_ms);
	ledger_note(&b->ledger, g->now_ms);
	g->stats.sent++;
	request_begin(g, f, ret);
	render(g);
	request_finish(g, true, ret);
	return true;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t read_next(const struct graph *g)
{
	const struct read_back *b = g->reads;

	if (!b || b->flying || hold_is_queued(g) || !token_is_usable(g) ||
	    (g->gate.probing && g->stats.in_flight > 0))
		return TIME_NEVER;
	int64_t due = b->pass == PASS_OVER && b->n == 0 ? b->sweep_ms : g->now_ms;
	due = later(later(due, b->rest_ms), g->gate.until_ms);
	due = later(due, later(ledger_free_ms(&b->ledger), ledger_free_ms(&g->ledger)));
	return later(due, g->now_ms);
}

/* Documents of three generations name these; case never counts. */
static const struct {
	const char *word;
	enum presence presence;
} words[] = {
	{ "Available", PRESENCE_AVAILABLE },  { "AvailableIdle", PRESENCE_AVAILABLE },
	{ "AvailableInactive", PRESENCE_AVAILABLE },
	{ "Busy", PRESENCE_BUSY },	      { "BusyIdle", PRESENCE_BUSY },
	{ "InACall", PRESENCE_BUSY },	      { "InAMeeting", PRESENCE_BUSY },
	{ "DoNotDisturb", PRESENCE_DND },     { "Presenting", PRESENCE_DND },
	{ "Focusing", PRESENCE_DND },	      { "Away", PRESENCE_AWAY },
	{ "BeRightBack", PRESENCE_AWAY },     { "Offline", PRESENCE_OFFLINE },
};

static enum presence presence_of(const char *availability)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(slice_str(availability), words[i].word))
			return words[i].presence;
	return PRESENCE_UNKNOWN;
}

static bool has_id(uint32_t user, const void *key, void *arg)
{
	const struct graph *g = arg;
	const struct slice *id = key;

	return slice_eq_nocase(slice_str(g->slots[user].id), *id);
}

static void take(void *arg, struct slice id, const char *availability, const char *activity)
{
	struct graph *g = arg;
	struct read_back *b = g->reads;
	uint32_t user = map_find(&b->by_id, hash_of(id), has_id, &id, g);

	if (user == MAP_NONE || b->seen_n == PRESENCES_IDS_MAX)
		return;
	struct seen_rec *r = &b->seen[b->seen_n];
	struct slot *s = &g->slots[user];
	r->user = user;
	r->presence = (uint8_t)presence_of(availability);
	snprintf(r->text, sizeof(r->text), "%s/%s", availability, activity);
	uint32_t hash = (uint32_t)slice_hash(slice_str(r->text), 1);
	if (s->seen == r->presence + 1 && s->seen_hash == hash)
		return;
	s->seen = (uint8_t)(r->presence + 1);
	s->seen_hash = hash;
	b->seen_n++;
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
	memcpy(ret->text, r->text, sizeof(r->text));
	return true;
}

void read_forget(struct graph *g, uint32_t user)
{
	struct read_back *b = g->reads;
	uint32_t kept = b ? b->seen_at : 0;

	if (!b)
		return;
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
		gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
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
