/* batch.c - several presence requests in one, when that pays, and never by waiting.
 *
 * A part counts against the quota like a request alone, so a batch is worth it only where the connections
 * there are could not use the quota up: limit * round trip / window requests are under way then, and what
 * exceeds in_flight_max rides along. What is queued when a place frees goes; nothing waits for company. When
 * many wait, all are spread over the connections: the sooner the first are answered, the sooner the next
 * window has room for the last. */
#include "base/check.h"
#include "proto/graph/batch.h"
#include "sink/graph_priv.h"

enum { RTT_GUESS_MS = 100 }; /* until there was an answer */

uint32_t batch_size(const struct graph *g)
{
	uint64_t rtt_ms = (uint64_t)(g->rtt_ms ? g->rtt_ms : RTT_GUESS_MS);
	uint64_t streams = g->learn.limit * rtt_ms / (uint64_t)g->ledger.window_ms;
	uint64_t n = streams / g->in_flight_max + 1;
	uint64_t all = hold_waiting(g) + (uint64_t)g->stats.in_flight;
	uint64_t spread = (all + g->in_flight_max - 1) / g->in_flight_max;

	if (g->batch_off || n == 1)
		return 1;
	n = n > spread ? n : spread;
	return n < BATCH_PARTS_MAX ? (uint32_t)n : BATCH_PARTS_MAX;
}

/* Smoothed; a part's answer takes as long as its batch's. */
void batch_measure(struct graph *g, const struct flight *f)
{
	int64_t took = g->now_ms - f->sent_ms;

	g->rtt_ms = g->rtt_ms ? (7 * g->rtt_ms + took + 7) / 8 : took;
}

bool batch_request(struct graph *g, struct graph_out *ret)
{
	struct flight *f = flight_take(g, REQ_BATCH, ID_NONE);
	uint32_t n = batch_size(g);

	if (!f)
		return false;
	g->lanes++;
	request_begin(g, f, ret);
	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0/$batch");
	batch_body_begin(&g->body);
	for (uint32_t i = 0; i < n; i++)
		if (!hold_part(g, f->id, i == 0))
			break;
	batch_body_end(&g->body);
	request_finish(g, true, ret);
	g->stats.batches++;
	return true;
}

/* ---- answers ---- */

struct answer {
	struct graph *g;
	uint32_t batch;
	bool throttled; /* which parts are taken: those refused for the quota come last, so that the others
			 * count as taken */
};

static struct flight *part_of(struct graph *g, uint32_t batch, uint32_t id)
{
	uint32_t i = id & FLIGHTS_MASK;
	struct flight *f = i < g->flights_n ? &g->flights[i] : NULL;

	return f && f->kind != REQ_FREE && f->id == id && f->batch == batch ? f : NULL;
}

static void take(void *arg, const struct batch_part *p)
{
	const struct answer *a = arg;

	if (!part_of(a->g, a->batch, p->id) || (p->status == 429) != a->throttled)
		return;
	const struct graph_response r = { .id = p->id, .failure = HTTP_ANSWERED, .status = p->status,
					  .retry_after = p->retry_after, .request_id = p->request_id,
					  .body = p->body };
	flight_land(a->g, &r);
}

/* Parts that the answer does not name. */
static void settle_rest(struct graph *g, uint32_t batch, const struct graph_response *like)
{
	for (uint32_t i = 0; i < g->flights_n; i++) {
		struct graph_response r = *like;

		if (g->flights[i].kind == REQ_FREE || g->flights[i].batch != batch)
			continue;
		r.id = g->flights[i].id;
		flight_land(g, &r);
	}
}

/* What became of the parts when the batch as a whole was answered for. */
static struct graph_response rest_of(struct graph *g, const struct graph_response *r, bool listed)
{
	struct graph_response like = *r;

	if (r->failure != HTTP_ANSWERED)
		return like;
	if (listed || (r->status >= 200 && r->status < 300)) {
		like.failure = HTTP_UNSURE;
		like.error = "the batch's answer does not name this request";
	} else if (r->status == 424) { /* a part was throttled, and which is not told */
		like.failure = HTTP_STATUS_LOST;
	} else if (r->status == 400 || r->status == 404 || r->status == 405 || r->status == 413) {
		g->batch_off = true; /* somebody on the way takes no batches: the parts go singly */
		note_seldom(g, GRAPH_NOTE_BAD_ANSWER, ID_NONE, "$batch is refused; requests go singly",
			    DAY_MS);
		like.failure = HTTP_UNSURE;
		like.error = "the batch was refused";
	}
	return like;
}

void batch_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	struct answer a = { g, f->id, false };
	bool listed = false;

	g->lanes--;
	if (r->failure == HTTP_ANSWERED) {
		listed = batch_answer(r->body, take, &a) == ERR_OK;
		a.throttled = true;
		listed = listed && batch_answer(r->body, take, &a) == ERR_OK;
	}
	const struct graph_response like = rest_of(g, r, listed);
	settle_rest(g, f->id, &like);
}
