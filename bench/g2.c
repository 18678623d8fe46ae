/* g2.c - NOTIFYs a core takes in and answers, over real UDP: the daemon's loop and channel, the SIP
 * source, the engine and the Graph machine with its quota as by default, which a storm has used up
 * at once. Beside it an echo that only receives and sends the same datagrams. Both are asked by the
 * same peer, who keeps WINDOW of them on the way. */
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "bench.h"
#include "live.h"
#include "peer.h"

enum { USERS = 10000, WINDOW = 64, DATAGRAM_ROOM = 2048 };

struct g2 {
	struct live live;
	struct peer peer;
	struct buf bytes;
	struct slice notifies[USERS];
	uint32_t lost;
	bool calling;
	atomic_bool echo_over; /* the peer has had its answers, or waits for no more */
	int echo;
	uint16_t echo_port;
};

static void write_notifies(struct g2 *g)
{
	static size_t at[USERS + 1];

	g->calling = !g->calling;
	buf_reset(&g->bytes);
	for (uint32_t i = 0; i < USERS; i++) {
		at[i] = g->bytes.n;
		plant_notify(&g->live.plant, i, g->calling, &g->bytes);
	}
	at[USERS] = g->bytes.n;
	for (uint32_t i = 0; i < USERS; i++)
		g->notifies[i] = slice_sub(buf_view(&g->bytes), at[i], at[i + 1]);
}

/* The peer's thread: all NOTIFYs, and an answer to each. */
static void ask(struct g2 *g)
{
	g->lost = 0;
	peer_forget(&g->peer);
	for (uint32_t i = 0; i < USERS && !g->lost; i += WINDOW) {
		uint32_t n = i + WINDOW < USERS ? WINDOW : USERS - i;

		for (uint32_t k = 0; k < n; k++)
			peer_send(&g->peer, g->notifies[i + k].p, g->notifies[i + k].n);
		for (uint32_t k = 0; k < n && !g->lost; k++)
			g->lost += !peer_receive(&g->peer);
	}
}

static void ask_live(void *arg)
{
	struct g2 *g = arg;

	ask(g);
	live_end_round(&g->live);
}

/* A datagram of no bytes ends the echo, of which also one may be lost. */
static void ask_echo(void *arg)
{
	struct g2 *g = arg;

	ask(g);
	atomic_store(&g->echo_over, true);
	peer_send(&g->peer, "", 0);
}

/* Microseconds of CPU of the answering thread, a datagram. */
static double take_live(struct g2 *g)
{
	double from;

	write_notifies(g);
	g->peer.target = g->live.port;
	peer_start(&g->peer, ask_live, g);
	from = thread_cpu_us();
	live_run(&g->live);
	double us = thread_cpu_us() - from;
	peer_wait(&g->peer);
	return us / USERS;
}

static double take_echo(struct g2 *g)
{
	char bytes[DATAGRAM_ROOM];
	struct sockaddr_in from;
	socklen_t len;

	g->peer.target = g->echo_port;
	atomic_store(&g->echo_over, false);
	peer_start(&g->peer, ask_echo, g);
	double us = thread_cpu_us();
	while (!atomic_load(&g->echo_over)) {
		len = sizeof(from);
		ssize_t n = recvfrom(g->echo, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &len);

		if (n > 0)
			CHECK(sendto(g->echo, bytes, (size_t)n, 0, (struct sockaddr *)&from, len) == n);
	}
	us = thread_cpu_us() - us;
	peer_wait(&g->peer);
	return us / USERS;
}

/* A machine that is busy with others loses a datagram now and then: such a round is none. */
static double whole_round(struct g2 *g, double (*take)(struct g2 *g), const char *what)
{
	for (int i = 0; i < ROUNDS; i++) {
		double us = take(g);

		if (!g->lost)
			return us;
		say("  once more: an answer of %s did not come", what);
	}
	CHECK(!"every round lost a datagram");
	return 0;
}

static double ours(void *arg)
{
	return whole_round(arg, take_live, "ours");
}

static double echo(void *arg)
{
	return whole_round(arg, take_echo, "the echo");
}

static void judge(const struct duel *d)
{
	double minima = 1 / duel_of_minima(d), medians = 1 / duel_of_medians(d);
	char yard[80];

	snprintf(yard, sizeof(yard), "bare UDP echo: %.0f/s a core, spread %.2f", 1e6 / series_min(&d->yard),
		 series_spread(&d->yard));
	row(!d->steady			      ? VERDICT_REJECTED
	    : minima >= 0.4 && medians >= 0.4 ? VERDICT_MET
					      : VERDICT_MISSED,
	    "G2 NOTIFY with 200 OK, per core-second", ">= 0.40x", yard,
	    "%.2fx of minima, %.2fx of medians (%.0f/s)", minima, medians,
	    1e6 / series_min(&d->ours));
}

void bench_g2(void)
{
	struct g2 *g = calloc(1, sizeof(*g));
	struct duel d;

	CHECK(g);
	pin(0);
	peer_open(&g->peer);
	g->echo = socket_local(SOCK_DGRAM, &g->echo_port);
	socket_patience(g->echo);
	g->live.plant = (struct plant){
		.users = USERS, .quota = 1500, .window_ms = 30000, .pbx_port = g->peer.port
	};
	live_open(&g->live);
	buf_init(&g->bytes, (size_t)USERS * DATAGRAM_ROOM);
	duel_run(&d, ours, echo, g);
	judge(&d);
	live_close(&g->live);
	peer_close(&g->peer);
	close(g->echo);
	buf_fini(&g->bytes);
	free(g);
}
