/* impl.h - the admin plane's own structs; not for other rooms. All of it is the admin thread's, but
 * what is said to be shared. */
#ifndef ADMIN_IMPL_H
#define ADMIN_IMPL_H

#include <microhttpd.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>

#include "admin/commands.h"
#include "admin/events.h"
#include "admin/listen.h"
#include "admin/names.h"
#include "admin/route.h"
#include "base/buf.h"

enum {
	CONNECTIONS_DEFAULT = 1024,
	PER_ADDRESS_DEFAULT = 512,
	REQUEST_MS_DEFAULT = 15000,
	COMMAND_MS_DEFAULT = 10000,
	CHECK_MS = 30000,    /* a check asks peers, so it may take longer */
	IDLE_MS = 60000,     /* a connection kept open between requests */
	RESPONSE_MS = 60000, /* a slow reader, events excepted */
	STALLED_MS = 30000,  /* /healthz */
	HEADER_BYTES_MAX = 32768,
	OUT_BYTES_MAX = 16 << 20,
};

enum status_class { STATUS_OK, STATUS_CLIENT, STATUS_SERVER, STATUS_CLASS_COUNT };

struct listener {
	struct admin *admin;
	struct MHD_Daemon *daemon;
	int fd; /* the listening socket; -1: none */
	bool is_socket;
};

/* A connection and the instant at which it must have come further. */
struct conn {
	struct conn *next, **at;
	int fd;
	int64_t deadline_ms; /* TIME_NEVER: none */
	bool cut;
};

struct request {
	struct request *next, **at; /* in admin.waiting while a command is under way */
	struct admin *admin;
	struct MHD_Connection *c;
	struct conn *conn;
	bool is_socket;
	struct route_match match;
	struct buf body;
	struct buf out;
	int status; /* 0: not yet known */
	const char *content_type;
	const char *etag;
	struct slice asset; /* static bytes instead of out */
	bool waits;	    /* suspended for a command's answer */
	uint64_t command;
	uint8_t command_kind;
	int64_t command_deadline_ms;
	struct watcher *watcher; /* events */
	bool watcher_waits, ended;
};

struct admin {
	struct admin_config c;
	char *certificate, *key;
	X509 *x509; /* of certificate, for Host */
	struct snapshot_limits limits;
	struct snapshot *snapshot; /* shared, own lock */
	struct commands *commands; /* shared, own lock */
	struct names *names;
	struct events *events;
	struct listener tcp, sock;
	uint16_t port;
	char *socket_path;
	pthread_t thread;
	bool has_thread;
	int wake_fd; /* eventfd: answers, changes, stop */
	atomic_bool stop, poked;
	atomic_llong beat_ms; /* shared: the loop's last sign of life */
	pthread_mutex_t lock; /* shared: ready, why, new_certificate, new_key */
	bool ready;
	char why[200];
	char *new_certificate, *new_key;
	struct conn *conns;
	int64_t sweep_at;
	struct request *waiting;
	struct snap_copy copy;
	uint64_t requests[ROUTE_COUNT][STATUS_CLASS_COUNT];
	uint64_t refused_host, refused_write, no_route, deadlines;
};

/* server.c */
MUST_CHECK enum err server_open(struct admin *a, char *why, size_t why_cap);
void server_close(struct admin *a);
void *server_thread(void *arg);
void server_wake(void *arg);
void server_log(struct admin *a, int priority, const char *code, const char *text);

/* request.c: what libmicrohttpd calls */
enum MHD_Result request_handle(void *cls, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_n, void **con_cls);
void request_completed(void *cls, struct MHD_Connection *c, void **con_cls,
		       enum MHD_RequestTerminationCode why);
void request_answers(struct admin *a); /* takes answers in */
void request_time_outs(struct admin *a, int64_t now_ms);
int64_t request_next(const struct admin *a);
void request_give_up(struct admin *a); /* at the end: everything waiting gets its 503 */

/* respond.c */
void respond_problem(struct request *r, int status, const char *title, const char *detail);
void respond_json(struct request *r, int status); /* r->out is the document */
enum MHD_Result respond_send(struct request *r);
enum MHD_Result respond_events(struct request *r);
/* A decoded query parameter; false when absent. A bad one answers 400 and sets r->status. */
bool request_query(struct request *r, const char *name, char *dst, size_t cap);
/* Hands a command to the loop thread and waits for its answer. Takes over cmd. */
void request_command(struct request *r, struct admin_command *cmd);

/* The handlers of routes.def: they fill r->out and r->status, give a command or open a watcher. */
typedef void api_handler(struct request *r);
#define ROUTE(id, method, pattern, where, body_max, body_type, handler, query, help)               \
	api_handler handler;
#include "admin/routes.def"

#endif
