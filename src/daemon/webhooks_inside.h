/* webhooks_inside.h - what webhooks_http.c (server, thread, connections) and webhooks_request.c
 * (requests) share. All of it is the listener's thread's, but what is said to be shared. */
#ifndef DAEMON_WEBHOOKS_INSIDE_H
#define DAEMON_WEBHOOKS_INSIDE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/types.h"
#include "daemon/webhooks_http.h"

enum { IDLE_MS = 60000 /* a connection kept open between requests */ };

/* A connection and the instant at which it must have come further. */
struct hook_conn {
	struct hook_conn *next, **at;
	int fd;
	int64_t deadline_ms; /* TIME_NEVER: the answer is ours to give */
	bool cut;
};

/* A request on the listener's thread. */
struct hook_request {
	struct hook_request *next, **at; /* in hook_server.waiting */
	struct hook_server *server;
	struct MHD_Connection *c;
	struct hook_conn *conn;
	struct route_match match;
	struct hook_call *call; /* until it is handed over */
	uint32_t id;
	int64_t answer_by_ms;
	int status; /* 0: not yet known */
	char allow[64];
	struct buf out;
};

struct hook_answer {
	struct hook_answer *next;
	uint32_t id;
	int status;
	char text[200];
};

struct hook_server {
	struct hook_server_config c;
	char *certificate, *key;
	struct MHD_Daemon *daemon;
	int fd, wake_fd;
	uint16_t port;
	pthread_t thread;
	bool has_thread;
	atomic_bool stop;
	struct hook_conn *conns;
	struct hook_request *waiting;
	uint32_t waiting_n, last_id;
	int64_t sweep_at_ms;
	pthread_mutex_t lock; /* what follows is shared */
	struct hook_call *calls, **calls_end;
	struct hook_answer *answers;
	char *new_certificate, *new_key;
	struct hook_server_stats stats;
};

/* webhooks_http.c */
void hook_count(struct hook_server *s, uint64_t *counter);

/* webhooks_request.c: what libmicrohttpd calls, and what the thread's turn does */
enum MHD_Result hook_handle(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_n, void **context);
void hook_completed(void *cls, struct MHD_Connection *c, void **context,
		    enum MHD_RequestTerminationCode why);
void hook_take_answers(struct hook_server *s);
void hook_time_outs(struct hook_server *s, int64_t now_ms);
void hook_give_up(struct hook_server *s); /* everything that waits gets its 503 */

#endif
