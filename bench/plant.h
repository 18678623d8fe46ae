/* plant.h - the product's middle with a PBX beside it: one connector, its lines subscribed and live.
 *
 * The bridge, the SIP source, the engine and the Graph machine are the daemon's own. The PBX is a
 * script: it takes every SUBSCRIBE and writes NOTIFYs in the manner of Kamailio 5.6 (the document of
 * tests/vectors/sip/kamailio56-24). Subscribing happens inside plant_open, without sockets; what the
 * bridge then puts out goes to the hooks. */
#ifndef BENCH_PLANT_H
#define BENCH_PLANT_H

#include "base/buf.h"
#include "bridge/bridge.h"

/* More than any bench sends, at the documented rate: beyond that the Graph machine would feel its way. */
enum { PLANT_QUOTA = 4000000, PLANT_WINDOW_MS = 80000000 };

struct subscription {
	char call_id[24], tag[24];
	uint32_t cseq;
	bool calling;
};

struct plant {
	uint32_t users, quota;
	int32_t window_ms;
	uint16_t pbx_port; /* of 127.0.0.1 */
	const char *graph_url; /* NULL: a name that is never asked for */
	struct bridge_time t;
	/* May be NULL. What they do must not feed or drain the bridge. */
	void (*sip)(struct plant *p, const struct source_out *out);
	void (*http)(struct plant *p, const struct graph_request *r);
	void *arg;

	struct bridge *bridge;
	struct secret secret;
	struct subscription *subs;
	uint32_t connector, channel, live;
	size_t script_bytes; /* the most that the PBX's script held for itself */
	struct bridge_out out;
};

/* The fields up to arg are set; t is when it starts. Comes back when all lines are live, with a
 * token, and every user known to be in no call. */
void plant_open(struct plant *p);
void plant_close(struct plant *p);

/* The next NOTIFY of a line, its call begun or ended, appended to b. Gives the length of its body,
 * which stands at the end. */
size_t plant_notify(struct plant *p, uint32_t line, bool calling, struct buf *b);

/* The PBX ends every subscription at once ("deactivated"), and each is asked for anew. Comes back when all
 * lines are live again. */
void plant_storm(struct plant *p);

/* As the daemon does with a datagram, an answer, and at the end of a turn. */
void plant_feed(struct plant *p, struct slice datagram);
void plant_answer(struct plant *p, const struct graph_response *r);
void plant_drain(struct plant *p);

#endif
