/* g1.c - CPU from a NOTIFY to the body of the Graph request it leads to, on the production path:
 * SIP source, engine, Graph machine, through the bridge. Beside it bare expat on the same documents. */
#include <stdlib.h>

#include "base/check.h"
#include "bench.h"
#include "plant.h"
#include "yard_expat.h"

/* A turn is as many datagrams as there may be requests in flight by default, so that each leads to
 * its request before the turn ends. */
enum { USERS = 10000, TURN = 16, TURN_MS = 10, MESSAGE_ROOM = 2048 };

struct message {
	struct slice all, body;
	bool talks;
};

struct g1 {
	struct plant plant;
	struct buf bytes;
	struct message messages[USERS];
	uint32_t open[TURN], open_n;
	uint32_t sent, asked;
	bool calling;
	struct yard_expat *yard;
};

static void count_sip(struct plant *p, const struct source_out *out)
{
	struct g1 *g = p->arg;

	CHECK(slice_starts(out->bytes, "SIP/2.0 200 "));
	g->sent++;
}

static void keep_request(struct plant *p, const struct graph_request *r)
{
	struct g1 *g = p->arg;

	CHECK(g->open_n < TURN && r->body.n > 0);
	g->open[g->open_n++] = r->id;
	g->asked++;
}

/* The NOTIFYs of the next round: everyone's call begins, or everyone's ends. */
static void write_messages(struct g1 *g)
{
	size_t at[USERS], body[USERS];

	g->calling = !g->calling;
	buf_reset(&g->bytes);
	for (uint32_t i = 0; i < USERS; i++) {
		at[i] = g->bytes.n;
		body[i] = plant_notify(&g->plant, i, g->calling, &g->bytes);
	}
	for (uint32_t i = 0; i < USERS; i++) {
		struct message *m = &g->messages[i];

		m->all = slice_sub(buf_view(&g->bytes), at[i], i + 1 < USERS ? at[i + 1] : g->bytes.n);
		m->body = slice_sub(m->all, m->all.n - body[i], m->all.n);
		m->talks = g->calling;
	}
}

static void answer_all(struct g1 *g)
{
	for (uint32_t i = 0; i < g->open_n; i++)
		plant_answer(&g->plant, &(struct graph_response){ .id = g->open[i], .failure = HTTP_ANSWERED,
								  .status = 200 });
	g->open_n = 0;
	plant_drain(&g->plant);
	CHECK(g->open_n == 0);
	g->plant.t.mono_ms += TURN_MS;
	g->plant.t.wall_ms += TURN_MS;
	bridge_tick(g->plant.bridge, g->plant.t);
	plant_drain(&g->plant);
}

/* Microseconds of CPU a NOTIFY. */
static double ours(void *arg)
{
	struct g1 *g = arg;
	double us = 0;

	write_messages(g);
	g->sent = g->asked = 0;
	for (uint32_t i = 0; i < USERS; i += TURN) {
		double from = thread_cpu_us();

		for (uint32_t k = i; k < i + TURN && k < USERS; k++)
			plant_feed(&g->plant, g->messages[k].all);
		plant_drain(&g->plant);
		us += thread_cpu_us() - from;
		answer_all(g);
	}
	CHECK(g->sent == USERS && g->asked == USERS);
	return us / USERS;
}

static double expat_only(void *arg)
{
	struct g1 *g = arg;
	double from = thread_cpu_us();

	for (uint32_t i = 0; i < USERS; i++)
		CHECK(yard_expat_talks(g->yard, g->messages[i].body) == g->messages[i].talks);
	return (thread_cpu_us() - from) / USERS;
}

static void against(struct g1 *g, bool namespaces, const char *goal, double must, const char *what)
{
	struct duel d;

	g->yard = yard_expat_new(namespaces);
	duel_run(&d, ours, expat_only, g);
	row_duel(&d, goal, must, what, "us");
	yard_expat_free(g->yard);
}

void bench_g1(void)
{
	struct g1 *g = calloc(1, sizeof(*g));

	CHECK(g);
	pin(0);
	g->plant = (struct plant){ .users = USERS,
				   .quota = PLANT_QUOTA,
				   .window_ms = PLANT_WINDOW_MS,
				   .pbx_port = 25060,
				   .t = { 1000000, 1790000000000 },
				   .sip = count_sip,
				   .http = keep_request,
				   .arg = g };
	buf_init(&g->bytes, (size_t)USERS * MESSAGE_ROOM);
	plant_open(&g->plant);
	against(g, false, "G1 NOTIFY to Graph body, CPU", 1.3, "bare expat");
	against(g, true, "   the same beside expat with namespaces", 0, "expat, namespaces");
	plant_close(&g->plant);
	buf_fini(&g->bytes);
	free(g);
}
