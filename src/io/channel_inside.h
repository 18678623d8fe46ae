/* channel_inside.h - what channel.c and the files of its kinds share.
 *
 * A channel goes START (resolving, connecting, handshake) -> UP -> OVER; OVER means that sockets
 * are gone and only the handle waits for its report or its free. */
#ifndef IO_CHANNEL_INSIDE_H
#define IO_CHANNEL_INSIDE_H

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#include "io/channel.h"
#include "io/loop_inside.h"
#include "io/resolve.h"
#include "io/tls.h"

enum channel_kind { KIND_DATAGRAM, KIND_STREAM, KIND_LISTENER };
enum channel_state { CHANNEL_START, CHANNEL_UP, CHANNEL_OVER };

struct channel {
	struct loop *loop;
	struct channel_handlers handlers;
	void *arg;
	struct loop_task task;
	uint8_t kind, state, transport;
	bool reporting; /* inside the closed handler: channel_close has nothing to do */
	bool passive;	/* listens, or was accepted */
	char host[256];
	struct tls_files tls;
	char why[256];
	struct channel_counts counts;
	struct endpoint local, peer;

	int fd; /* -1 when none, or when stream owns it */
	struct event *event, *timer;

	/* connecting */
	struct resolve *resolving;
	uint8_t ways[RESOLVE_WAYS_MAX]; /* their transports, when ways_n */
	size_t ways_n;
	struct resolve_target targets[RESOLVE_TARGETS_MAX];
	size_t targets_n, target;
	uint32_t skip;
	int64_t deadline_ms;
	int32_t handshake_ms;

	/* KIND_STREAM */
	struct bufferevent *stream;
	SSL *ssl; /* owned by stream */
	struct tls_verdict verdict;
	bool heard; /* some bytes have come in */

	/* KIND_DATAGRAM: where channel_send goes */
	struct resolve_target to;
	uint32_t overflows;
	struct datagrams *going; /* what leaves at the end of the turn; NULL: nothing ever did */

	/* KIND_LISTENER, and the list of those it has accepted */
	SSL_CTX *server;
	uint32_t accepted, accepted_max;
	struct channel *listener; /* of an accepted one; NULL once the listener is gone */
	struct channel *next, **at;
};

/* channel.c */
struct channel *channel_new(struct loop *l, const struct channel_handlers *h, void *arg);
void channel_fail(struct channel *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void channel_up(struct channel *c);
MUST_CHECK enum err channel_timer(struct channel *c, int64_t ms, event_callback_fn fn);
/* Closes sockets and stops timers; state becomes OVER. */
void channel_release(struct channel *c);
void channel_free_later(struct channel *c);

/* dial.c: tries the targets in turn and hands the connected socket on */
void dial_start(struct channel *c);

/* stream.c: takes over a connected socket */
void stream_start(struct channel *c, int fd);
enum err stream_send(struct channel *c, struct slice bytes);
void stream_flush(struct channel *c);

/* datagram.c: binds to face the first target that has a route, or to the first target */
void datagram_start(struct channel *c);
enum err datagram_send(struct channel *c, struct slice bytes, const struct endpoint *peer);
/* Sends what waits for the end of the turn, and gives its memory back. */
void datagram_end(struct channel *c);

/* listener.c */
void listener_start(struct channel *c);
void listener_leave(struct channel *c);			   /* an accepted channel ends */
void listener_orphan(struct channel *c);		   /* a listener ends */
void listener_ready(struct channel *c);			   /* an accepted channel may be shown */
void listener_refused(struct channel *c, const char *why); /* an accepted one is not to be shown */

#endif
