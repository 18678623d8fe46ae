/* loop.h - the one thread that waits for sockets, for the next deadline and for signals.
 *
 * How the daemon uses this room:
 *
 *   loop_new(&loop, &(struct loop_hooks){ .turn = turn, .signalled = signalled, .arg = d });
 *   loop_watch_signal(loop, SIGTERM); ...
 *   http_client_new(...); channel_listen(...); the rest happens in the turn hook
 *   loop_run(loop);      until loop_stop(loop)
 *
 * A turn is: sleep until something happens; read the clock once (and again for HTTP answers, which must not
 * be dated before they came); run the callbacks of channels and
 * HTTP answers, each with a bounded amount of work (there the daemon feeds its machines); then call
 * the turn hook once. In the hook the daemon ticks the machines that are due, drains all of them
 * (channel_connect, channel_send, http_client_send ...) and states when it wants to be called next:
 * loop_wake_at(loop, earliest of all next()). Requests that it sent leave right behind it, in the same turn.
 *
 * The rule that keeps this simple: nothing in this room calls back from inside a call. What a
 * channel_connect or http_client_send leads to arrives in a later turn. Handlers and the hook may
 * call every function of the room, including those that free the object that is calling.
 *
 * This room logs nothing and knows no domain words; reasons are handed up as text. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;

#define LOOP_NEVER INT64_MAX

struct loop_hooks {
	void (*turn)(void *arg); /* after each batch of I/O, and once at the start */
	void (*signalled)(void *arg, int signal_no); /* before the turn hook of the same turn */
	void *arg;
};

/* Hooks may be NULL. Ignores SIGPIPE for the process and silences libevent's own messages on
 * stderr. ERR_NO_MEMORY, ERR_IO. */
MUST_CHECK enum err loop_new(struct loop **ret, const struct loop_hooks *hooks);
/* Channels and clients of the loop must have been freed before. Takes NULL. */
void loop_free(struct loop *l);

/* Runs turns until loop_stop. */
void loop_run(struct loop *l);
/* Lets loop_run return at the end of the current turn. */
void loop_stop(struct loop *l);

/* The clock as read at the start of the current turn, or at its last HTTP answer: never goes back. */
int64_t loop_mono_ms(struct loop *l);
int64_t loop_wall_ms(struct loop *l);

/* When the turn hook is to be called even if nothing else happens; one deadline, the last call
 * counts, LOOP_NEVER for none. Not before mono_ms; a deadline in the past means at once. Counts
 * time that the machine sleeps. It is forgotten once it has passed. */
void loop_wake_at(struct loop *l, int64_t mono_ms);

/* The only function that other threads and signal handlers may call: a turn takes place soon. */
void loop_poke(struct loop *l);

/* Reports a signal (SIGHUP, SIGTERM, SIGINT, SIGUSR1 ...) through the hook instead of its default
 * action. At most 8 of them. One loop of the process may watch signals. ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err loop_watch_signal(struct loop *l, int signal_no);

#endif
