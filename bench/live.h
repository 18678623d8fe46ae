/* live.h - the plant on real sockets, with the daemon's own loop, UDP channel and HTTP client.
 *
 * The loop runs in the thread that calls live_run; the bench's peer runs in another. */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include <stdatomic.h>

#include "io/channel.h"
#include "io/http_client.h"
#include "plant.h"

enum { LIVE_OPEN_MAX = 1024 };

struct live {
	struct plant plant; /* users, quota, window_ms, pbx_port and graph_url are set */
	const char *ca_file; /* NULL: no HTTP, each request is answered 200 on the spot */
	struct loop *loop;
	struct channel *udp;
	struct http_client *http;
	uint16_t port; /* of our UDP socket */
	uint32_t open[LIVE_OPEN_MAX], open_n;
	atomic_bool over; /* set by the peer, who then pokes the loop: live_run returns */
};

void live_open(struct live *l);
void live_close(struct live *l);
void live_run(struct live *l);
/* For the peer's thread. */
void live_end_round(struct live *l);

#endif
