/* uplink.h - one outgoing stream connection to a PBX: connect, log in, up, lost, back off, again. For
 * implementers of connectors that speak over a stream (AMI, CSTA, event socket).
 *
 * The uplink tells the shell (OUT_CONNECT, OUT_CLOSE), the engine (OUT_UP, OUT_DOWN) and people (notes,
 * one an outage). What is said over the stream is the connector's. */
#ifndef SOURCE_UPLINK_H
#define SOURCE_UPLINK_H

#include "base/prng.h"
#include "source/back_off.h"
#include "source/outbox.h"

enum uplink_state {
	UPLINK_WAITING,    /* backs off */
	UPLINK_CONNECTING,
	UPLINK_OPEN,       /* connected; the connector logs in */
	UPLINK_UP,         /* logged in: the PBX has answered */
	UPLINK_STATES
};

enum uplink_event { UPLINK_NOTHING, UPLINK_OPENED, UPLINK_BYTES, UPLINK_LOST };

struct uplink {
	struct outbox *out;
	struct prng *prng;
	char host[SOURCE_HOST_MAX];
	uint16_t port; /* 0: the type's own */
	uint8_t transport, state;
	struct back_off back_off;
	bool told_down; /* of this outage */
	bool rests; /* UPLINK_WAITING: after a refusal, for longer than a broken link would */
	uint8_t probed; /* enum source_probe */
	uint32_t channel;
	int64_t retry_ms;       /* UPLINK_WAITING: next attempt */
	int64_t up_ms, heard_ms; /* heard: the last bytes of the PBX */
	struct address local, peer;
	char lost[96]; /* why the last attempt or connection ended; "" while one that was accepted stands */
};

/* server is "host:port" or "host", IPv6 in brackets. out and prng outlive the uplink. The first attempt
 * starts at once. ERR_MALFORMED. */
MUST_CHECK enum err uplink_init(struct uplink *u, struct outbox *out, struct prng *prng, const char *server,
				enum transport transport, int64_t now_ms);
/* UPLINK_OPENED: log in now. UPLINK_BYTES: in->bytes are the PBX's. UPLINK_LOST: forget all that was
 * under way; OUT_DOWN has been said. */
enum uplink_event uplink_feed(struct uplink *u, int64_t now_ms, const struct source_feed *in);
/* The PBX has accepted us: OUT_UP. */
void uplink_ready(struct uplink *u, int64_t now_ms);
/* Closes and backs off, for at least wait_ms; n and why are told (n NOTE_DISCONNECTED: once an outage). The
 * connector then does what it does on UPLINK_LOST. */
void uplink_drop(struct uplink *u, int64_t now_ms, enum note n, const char *why, int64_t wait_ms);
/* A person asks: a link that is waiting is tried at once, unless it rests after a refused log-in. The
 * connector asks its question over one that stands. */
void uplink_probe(struct uplink *u, int64_t now_ms);
/* The PBX has answered a question of ours. */
void uplink_answered(struct uplink *u);
/* Nothing is sent while not connected. */
void uplink_send(struct uplink *u, struct slice bytes);
/* Starts the attempt that is due. */
void uplink_tick(struct uplink *u, int64_t now_ms);
int64_t uplink_next(const struct uplink *u);
bool uplink_open(const struct uplink *u); /* UPLINK_OPEN or UPLINK_UP */
/* For source_view.state. Until the log-in has been answered it is why the last attempt came to nothing: a
 * PBX that says nothing is in the middle of an attempt whenever a person asks. */
const char *uplink_state_text(const struct uplink *u);

#endif
