#include "live.h"

#include <stdio.h>

#include "base/check.h"
#include "io/clock.h"

enum { HEAD_START_MS = 60000, CONNECTIONS = 16, UNDER_WAY_MAX = 128 };

/* ---- what leaves the plant ---- */

static void send_datagram(struct plant *p, const struct source_out *out)
{
	struct live *l = p->arg;
	struct endpoint peer = { .port = out->peer.port };

	snprintf(peer.host, sizeof(peer.host), "%s", out->peer.host);
	CHECK(channel_send(l->udp, out->bytes, peer.port ? &peer : NULL) == ERR_OK);
}

static void send_request(struct plant *p, const struct graph_request *r)
{
	struct live *l = p->arg;
	const struct http_request request = { .id = r->id,
					      .method = r->post ? "POST" : "GET",
					      .url = r->url,
					      .headers = r->headers,
					      .body = r->body,
					      .timeout_ms = r->timeout_ms };

	if (l->http) {
		CHECK(http_client_send(l->http, &request) == ERR_OK);
		return;
	}
	CHECK(l->open_n < LIVE_OPEN_MAX);
	l->open[l->open_n++] = r->id;
}

/* ---- what comes in ---- */

static void set_time(struct live *l)
{
	l->plant.t = (struct bridge_time){ loop_mono_ms(l->loop), loop_wall_ms(l->loop) };
}

static void on_bytes(void *arg, struct channel *c, struct slice bytes, const struct endpoint *peer)
{
	struct live *l = arg;

	(void)c, (void)peer;
	set_time(l);
	plant_feed(&l->plant, bytes);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct live *l = arg;

	CHECK(a->result == HTTP_RESULT_ANSWERED && a->status == 200);
	set_time(l);
	plant_answer(&l->plant, &(struct graph_response){ .id = a->id,
							  .failure = a->result,
							  .status = a->status,
							  .body = a->body });
}

static void on_turn(void *arg)
{
	struct live *l = arg;

	if (!l->plant.bridge)
		return;
	set_time(l);
	bridge_tick(l->plant.bridge, l->plant.t);
	plant_drain(&l->plant);
	while (l->open_n) {
		plant_answer(&l->plant, &(struct graph_response){ .id = l->open[--l->open_n],
								  .failure = HTTP_ANSWERED, .status = 200 });
		plant_drain(&l->plant);
	}
	loop_wake_at(l->loop, bridge_next(l->plant.bridge));
	if (atomic_load(&l->over))
		loop_stop(l->loop);
}

/* ---- life ---- */

static void on_connected(void *arg, struct channel *c, const struct endpoint *local,
			 const struct endpoint *peer)
{
	struct live *l = arg;

	(void)c, (void)peer;
	l->port = local->port;
	loop_stop(l->loop);
}

/* Lines subscribe before the first turn, by hand: its time lies before the loop's. */
static void open_plant(struct live *l)
{
	struct clock_reading now;

	clock_take(&now);
	l->plant.t = (struct bridge_time){ now.mono_ms - HEAD_START_MS, now.wall_ms - HEAD_START_MS };
	l->plant.sip = send_datagram;
	l->plant.http = send_request;
	l->plant.arg = l;
	plant_open(&l->plant);
	CHECK(l->plant.t.mono_ms < now.mono_ms);
}

void live_open(struct live *l)
{
	static const struct channel_handlers handlers = { .connected = on_connected, .bytes = on_bytes };
	const struct loop_hooks hooks = { .turn = on_turn, .arg = l };
	const struct channel_spec spec = { .transport = CHANNEL_UDP,
					   .host = "127.0.0.1",
					   .port = l->plant.pbx_port };
	const struct http_config http = { .ca_file = l->ca_file, .user_agent = "offhook/" OFFHOOK_VERSION,
					  .http2 = true, .connections_max = CONNECTIONS,
					  .requests_max = UNDER_WAY_MAX };

	CHECK(loop_new(&l->loop, &hooks) == ERR_OK);
	CHECK(channel_connect(&l->udp, l->loop, &spec, &handlers, l) == ERR_OK);
	loop_run(l->loop);
	CHECK(l->port);
	open_plant(l);
	if (l->ca_file)
		CHECK(http_client_new(&l->http, l->loop, &http, on_answer, l) == ERR_OK);
}

void live_run(struct live *l)
{
	atomic_store(&l->over, false);
	loop_run(l->loop);
}

void live_end_round(struct live *l)
{
	atomic_store(&l->over, true);
	loop_poke(l->loop);
}

void live_close(struct live *l)
{
	http_client_free(l->http);
	channel_close(l->udp);
	loop_free(l->loop);
	plant_close(&l->plant);
}
