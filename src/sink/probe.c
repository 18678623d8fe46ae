/* probe.c - a person asks whether Graph is there and permits what we need, now: a fresh token, so that
 * roles changed meanwhile are seen, then one presence read. It stands behind every write, counts
 * against the quota, and its answer changes nothing but what the view says. */
#include <stdio.h>

#include "base/check.h"
#include "sink/graph_priv.h"

void graph_probe(struct graph *g, int64_t now_ms)
{
	struct probe *p = &g->probe;

	if (now_ms > g->now_ms)
		g->now_ms = now_ms;
	/* the read of an earlier one may still be out: it must end first, and says nothing for this one */
	*p = (struct probe){ .state = GRAPH_PROBE_TOKEN, .serial = g->token.serial, .flying = p->flying,
			     .stale = p->flying };
	if (!g->token.asking)
		g->token.ask_ms = g->now_ms;
}

void probe_token_answered(struct graph *g)
{
	struct probe *p = &g->probe;

	if (p->state == GRAPH_PROBE_TOKEN)
		p->state = g->token.serial == p->serial ? GRAPH_PROBE_NO_TOKEN : GRAPH_PROBE_READ;
}

static bool may_send(struct graph *g)
{
	return g->probe.state == GRAPH_PROBE_READ && !g->probe.flying && token_is_usable(g) &&
	       gate_is_open(&g->gate, g->now_ms) && !(g->gate.probing && g->stats.in_flight > 0) &&
	       ledger_may(&g->ledger, g->now_ms);
}

/* Nobody at all is asked for where nobody is known: any answer shows that Graph is there. */
static const char *somebody(const struct graph *g)
{
	for (uint32_t u = 0; u < g->users_max; u++)
		if (g->slots[u].id[0] && g->slots[u].last_status != 404)
			return g->slots[u].id;
	return "00000000-0000-0000-0000-000000000000";
}

bool probe_request(struct graph *g, struct graph_out *ret)
{
	if (!may_send(g))
		return false;
	struct flight *f = flight_take(g, REQ_PROBE, ID_NONE);
	CHECK(f); /* one flight is kept for it */
	g->probe.flying = true;
	g->probe.stale = false;
	flight_leaves(g);
	request_begin(g, f, ret);
	buf_str(&g->url, g->graph_url);
	buf_str(&g->url, "/v1.0/communications/getPresencesByUserId");
	presences_body_begin(&g->body);
	presences_body_add(&g->body, somebody(g), true);
	presences_body_end(&g->body);
	request_finish(g, true, ret);
	return true;
}

int64_t probe_next(const struct graph *g)
{
	int64_t due = ledger_free_ms(&g->ledger);

	if (g->probe.state != GRAPH_PROBE_READ || g->probe.flying || !token_is_usable(g) ||
	    (g->gate.probing && g->stats.in_flight > 0))
		return TIME_NEVER;
	due = due > g->gate.until_ms ? due : g->gate.until_ms;
	return due > g->now_ms ? due : g->now_ms;
}

/* Only what concerns everybody is passed on: a throttle, or that nobody is there. */
void probe_feed(struct graph *g, const struct flight *f, const struct graph_response *r)
{
	enum reaction how = react(answer_class(r->failure, r->status), REQ_PROBE);
	struct probe *p = &g->probe;

	ledger_arrived(&g->ledger, flight_arrived_ms(g, f, r));
	if (how == REACT_ACCEPT || how == REACT_DENY)
		gate_pass(&g->gate, f->sent_ms);
	if (how == REACT_GATE || how == REACT_GATE_UNSURE) {
		g->stats.throttled += r->failure != HTTP_NOT_SENT;
		gate_close(&g->gate, g->now_ms, f->sent_ms, wait_of(g, r), &g->prng);
	}
	p->flying = false;
	if (p->stale)
		return;
	p->state = GRAPH_PROBE_ANSWERED;
	p->status = r->failure == HTTP_ANSWERED ? r->status : 0;
	if (how != REACT_ACCEPT)
		answer_text(r, p->error, sizeof(p->error));
}
