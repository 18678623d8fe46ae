/* tuning.c - what of a realm's settings may change while it runs: quota, read-back, Graph's address. */
#include <stdlib.h>
#include <string.h>

#include "sink/graph_priv.h"

/* What the documents grant at least (facts/limits.md 1), in a window of this length. */
static uint32_t granted(int32_t window_ms)
{
	return ledger_share((uint32_t)((int64_t)1500 * window_ms / 30000));
}

void quota_use_limit(struct graph *g)
{
	ledger_limit(&g->ledger, g->learn.limit);
	read_limit(g);
}

static uint32_t read_share(const struct graph *g)
{
	return (uint32_t)((uint64_t)g->learn.max * g->read_share / 100);
}

static void take_plain(struct graph *g, const struct graph_config *c)
{
	g->read_back_ms = c->read_back_ms > 0 ? c->read_back_ms : 0;
	g->read_share = c->read_back_share ? c->read_back_share : 10;
	g->rise_weight = c->rise_weight ? c->rise_weight : ORDER_WEIGHT;
	g->quota = c->quota ? c->quota : 1500;
	g->quota_max = c->quota_max;
}

static int32_t window_of(const struct graph_config *c)
{
	return c->window_ms > 0 ? c->window_ms : 30000;
}

enum err quota_new(struct graph *g, const struct graph_config *c)
{
	int32_t window_ms = window_of(c);
	enum err e;

	take_plain(g, c);
	learn_init(&g->learn, ledger_share(g->quota), granted(window_ms), ledger_share(g->quota_max));
	e = ledger_init(&g->ledger, g->learn.max, window_ms);
	if (!e && g->read_back_ms)
		e = read_new(g, read_share(g), window_ms);
	if (!e)
		quota_use_limit(g);
	return e;
}

/* The counters of before go on: they only ever rise. */
static void learn_anew(struct graph *g, int32_t window_ms)
{
	uint32_t steps = g->learn.steps, cuts = g->learn.cuts;

	learn_init(&g->learn, ledger_share(g->quota), granted(window_ms), ledger_share(g->quota_max));
	g->learn.steps = steps;
	g->learn.cuts = cuts;
}

static enum err set_quota(struct graph *g, const struct graph_config *c)
{
	struct learn before = g->learn;
	bool same = g->quota == (c->quota ? c->quota : 1500) && g->quota_max == c->quota_max &&
		    g->ledger.window_ms == window_of(c);
	int32_t read_before_ms = g->read_back_ms;
	enum err e = ERR_OK;

	take_plain(g, c);
	if (!same) {
		learn_anew(g, window_of(c));
		e = ledger_resize(&g->ledger, g->learn.max, window_of(c));
	}
	if (e) {
		g->learn = before;
		return e;
	}
	if (g->read_back_ms && !g->reads) {
		e = read_new(g, read_share(g), window_of(c));
		if (e)
			read_free(g);
	} else if (g->reads) {
		e = read_tune(g, read_share(g), window_of(c), g->read_back_ms != read_before_ms);
	}
	quota_use_limit(g);
	return e;
}

/* *at is replaced when the text is another one; *ret_new then says so. */
static enum err set_text(char **at, const char *text, bool *ret_new)
{
	char *copy;

	*ret_new = strcmp(*at, text) != 0;
	if (!*ret_new)
		return ERR_OK;
	copy = strdup(text);
	if (!copy)
		return ERR_NO_MEMORY;
	free(*at);
	*at = copy;
	return ERR_OK;
}

enum err graph_set_tuning(struct graph *g, const struct graph_config *c)
{
	const char *resource = c->resource ? c->resource : c->graph_url;
	bool moved, other;
	enum err e;

	if (strlen(c->graph_url) > GRAPH_URL_MAX || strlen(resource) > GRAPH_URL_MAX)
		return ERR_MALFORMED;
	e = set_text(&g->graph_url, c->graph_url, &moved);
	if (!e)
		e = set_text(&g->resource, resource, &other);
	if (!e && other)
		token_ask_anew(g);
	return e ? e : set_quota(g, c);
}
