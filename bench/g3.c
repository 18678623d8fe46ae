/* g3.c - from a NOTIFY's arrival to the presence request's bytes at the other end, one at a time
 * with quota at hand: the daemon's loop, channel and HTTP client, over UDP in and TLS out. Beside it
 * a relay on the same kind of loop that hands the datagram to a TCP connection and does nothing
 * else. The peer's thread sends, and stops its watch when the whole request is read. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "bench.h"
#include "live.h"
#include "peer.h"
#include "server.h"

enum { USERS = 600, SAMPLES = 500, PAUSE_US = 400 };

struct relay {
	struct loop *loop;
	struct channel *udp, *tcp;
	uint16_t port;
	int up;
	atomic_bool over;
};

struct g3 {
	struct live live;
	struct relay relay;
	struct peer peer;
	struct server server;
	struct buf notify;
	double us[SAMPLES];
	uint32_t next;
	struct series p99_ours, p99_yard;
};

/* ---- the peer's thread ---- */

/* Each NOTIFY begins or ends the call of the next line; the relay gets the last one again. */
static void write_notify(struct g3 *g)
{
	uint32_t line = g->next % USERS;
	bool calling = g->next++ / USERS % 2 == 0;

	buf_reset(&g->notify);
	plant_notify(&g->live.plant, line, calling, &g->notify);
}

static void sample(struct g3 *g, uint32_t i, bool relay)
{
	if (!relay)
		write_notify(g);
	double from = wall_us();
	peer_send(&g->peer, g->notify.p, g->notify.n);
	if (relay)
		server_read_relayed(&g->server, g->notify.n);
	else
		server_read_request(&g->server);
	g->us[i] = wall_us() - from;
	if (!relay) {
		server_answer(&g->server);
		CHECK(peer_receive(&g->peer));
	}
	usleep(PAUSE_US);
}

static void sample_live(void *arg)
{
	struct g3 *g = arg;

	for (uint32_t i = 0; i < SAMPLES; i++)
		sample(g, i, false);
	live_end_round(&g->live);
}

static void sample_relay(void *arg)
{
	struct g3 *g = arg;

	for (uint32_t i = 0; i < SAMPLES; i++)
		sample(g, i, true);
	atomic_store(&g->relay.over, true);
	loop_poke(g->relay.loop);
}

/* ---- the relay ---- */

static void relay_turn(void *arg)
{
	struct relay *r = arg;

	if (atomic_load(&r->over))
		loop_stop(r->loop);
}

static void relay_connected(void *arg, struct channel *c, const struct endpoint *local,
			    const struct endpoint *peer)
{
	struct relay *r = arg;

	(void)peer;
	if (c == r->udp)
		r->port = local->port;
	if (++r->up == 2)
		loop_stop(r->loop);
}

static void relay_bytes(void *arg, struct channel *c, struct slice bytes, const struct endpoint *peer)
{
	struct relay *r = arg;

	(void)peer;
	if (c == r->udp)
		CHECK(channel_send(r->tcp, bytes, NULL) == ERR_OK);
}

static void relay_open(struct relay *r, uint16_t pbx_port, uint16_t tcp_port)
{
	static const struct channel_handlers handlers = { .connected = relay_connected,
							  .bytes = relay_bytes };
	const struct loop_hooks hooks = { .turn = relay_turn, .arg = r };
	const struct channel_spec udp = { .transport = CHANNEL_UDP, .host = "127.0.0.1", .port = pbx_port };
	const struct channel_spec tcp = { .transport = CHANNEL_TCP, .host = "127.0.0.1", .port = tcp_port };

	CHECK(loop_new(&r->loop, &hooks) == ERR_OK);
	CHECK(channel_connect(&r->udp, r->loop, &udp, &handlers, r) == ERR_OK);
	CHECK(channel_connect(&r->tcp, r->loop, &tcp, &handlers, r) == ERR_OK);
	loop_run(r->loop);
	CHECK(r->up == 2);
}

static void relay_close(struct relay *r)
{
	channel_close(r->udp);
	channel_close(r->tcp);
	loop_free(r->loop);
}

/* ---- rounds ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The p50; the p99 goes aside, once a round that counts. */
static double finish(struct g3 *g, struct series *p99)
{
	peer_wait(&g->peer);
	qsort(g->us, SAMPLES, sizeof(g->us[0]), by_size);
	if (p99->n == ROUNDS)
		p99->n = 0;
	series_add(p99, g->us[SAMPLES * 99 / 100]);
	return g->us[SAMPLES / 2];
}

static double ours(void *arg)
{
	struct g3 *g = arg;

	g->peer.target = g->live.port;
	peer_start(&g->peer, sample_live, g);
	live_run(&g->live);
	return finish(g, &g->p99_ours);
}

static double relay_only(void *arg)
{
	struct g3 *g = arg;

	g->peer.target = g->relay.port;
	atomic_store(&g->relay.over, false);
	peer_start(&g->peer, sample_relay, g);
	loop_run(g->relay.loop);
	return finish(g, &g->p99_yard);
}

void bench_g3(void)
{
	struct g3 *g = calloc(1, sizeof(*g));
	char url[64];
	struct duel d;

	CHECK(g);
	pin(0);
	peer_open(&g->peer);
	server_open(&g->server);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", g->server.tls_port);
	g->live.plant = (struct plant){ .users = USERS, .quota = PLANT_QUOTA, .window_ms = PLANT_WINDOW_MS,
					.pbx_port = g->peer.port, .graph_url = url };
	g->live.ca_file = g->server.ca_file;
	live_open(&g->live);
	relay_open(&g->relay, g->peer.port, g->server.tcp_port);
	buf_init(&g->notify, 4096);
	duel_run(&d, ours, relay_only, g);
	row_duel(&d, "G3 NOTIFY to Graph bytes on the wire, p50", 1.6, "UDP to TCP relay", "us");
	struct duel tail = { .ours = g->p99_ours, .yard = g->p99_yard };
	tail.steady = series_spread(&tail.yard) <= SPREAD_MAX;
	row_duel(&tail, "   the same, p99", 2.5, "UDP to TCP relay", "us");
	relay_close(&g->relay);
	live_close(&g->live);
	server_close(&g->server);
	peer_close(&g->peer);
	buf_fini(&g->notify);
	free(g);
}
