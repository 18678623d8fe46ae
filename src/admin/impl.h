/* impl.h - the admin plane's own structs; not for other rooms. All of it is the admin thread's, but
 * what is said to be shared. */
#ifndef ADMIN_IMPL_H
#define ADMIN_IMPL_H

#include <jansson.h>
#include <microhttpd.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>

#include "admin/auth/auth.h"
#include "admin/auth/gate.h"
#include "admin/auth/microsoft.h"
#include "admin/commands.h"
#include "admin/events.h"
#include "admin/listen.h"
#include "admin/monitor.h"
#include "admin/names.h"
#include "admin/route.h"
#include "base/buf.h"
#include "store/store.h"

enum {
	CONNECTIONS_DEFAULT = 1024,
	PER_ADDRESS_DEFAULT = 512,
	REQUEST_MS_DEFAULT = 15000,
	COMMAND_MS_DEFAULT = 10000,
	CHECK_MS = 30000,    /* a check asks peers, so it may take longer */
	IDLE_MS = 60000,     /* a connection kept open between requests */
	RESPONSE_MS = 60000, /* a slow reader, events excepted */
	FILE_BYTES_MS = 100, /* and for each so many bytes of a file a millisecond more */
	STALLED_MS = 30000,  /* /healthz */
	HEADER_BYTES_MAX = 32768,
	OUT_BYTES_MAX = 16 << 20,
};

enum status_class { STATUS_OK, STATUS_CLIENT, STATUS_SERVER, STATUS_CLASS_COUNT };

/* Requests that came to nothing before they were anybody's. */
enum refused {
	REFUSED_NO_REQUEST, /* a first line that is none */
	REFUSED_UNREADABLE, /* libmicrohttpd's own 400, 413, 414, 431, 505 */
	REFUSED_FRAMING,    /* two readers may cut it differently */
	REFUSED_ROUTE,	    /* no such path, or not with this method */
	REFUSED_COUNT
};

struct listener {
	struct admin *admin;
	struct MHD_Daemon *daemon;
	int fd; /* the listening socket; -1: none */
	bool is_socket, tls;
};

/* A connection and the instant at which it must have come further. */
struct conn {
	struct conn *next, **at;
	int fd;
	int64_t deadline_ms; /* TIME_NEVER: none */
	bool cut, tls;
	bool looked_at; /* its first bytes: first_line.c */
};

struct trip;

struct request {
	struct request *next, **at; /* in admin.waiting while a command is under way, or in admin.streams */
	struct admin *admin;
	struct MHD_Connection *c;
	struct conn *conn;
	bool is_socket;
	struct route_match match;
	struct caller caller;
	struct buf body;
	struct buf out;
	int status; /* 0: not yet known */
	const char *content_type;
	const char *etag;
	char etag_text[ADMIN_ETAG_MAX]; /* of what was read, where etag is not an asset's */
	char cookie[256];	/* Set-Cookie, "": none */
	char location[2048];	/* of a 302 */
	int retry_after_s;	/* of a 429 */
	bool has_file;		/* file_fd is the answer's body */
	bool has_upload, upload_failed; /* the body goes into upload_fd as it comes */
	int file_fd, upload_fd;
	uint64_t file_n, upload_n;
	struct slice asset; /* static bytes instead of out */
	bool packed;	    /* the asset or the stream is in gzip */
	bool waits;	    /* suspended for a command's answer */
	uint64_t command;
	uint8_t command_kind;
	bool command_silent; /* only says what would change */
	int64_t command_deadline_ms;
	void (*on_answer)(struct request *r, const struct answer *w); /* instead of giving it as it is */
	struct trip *trip; /* api_microsoft.c */
	struct watcher *watcher; /* events */
	bool watcher_waits, ended;
};

struct admin {
	struct admin_config c;
	char *url, *certificate, *key;
	X509 *x509; /* of certificate, for Host */
	struct snapshot_limits limits;
	struct snapshot *snapshot; /* shared, own lock */
	struct commands *commands; /* shared, own lock */
	struct names *names;
	struct events *events;
	struct monitor *monitor;
	struct listener tcp, sock;
	uint16_t port;
	char *socket_path;
	pthread_t thread;
	bool has_thread;
	int wake_fd; /* eventfd: answers, changes, stop */
	atomic_bool stop, poked;
	/* shared: NULL until admin_set_store; what auth points to is then the admin thread's */
	_Atomic(struct store *) store;
	_Atomic(struct auth *) auth;
	atomic_bool open_read; /* shared */
	pthread_t maker;       /* of a certificate */
	bool has_maker;
	atomic_bool making; /* shared: it has not ended yet */
	struct microsoft *microsoft; /* NULL until somebody signs in so */
	uint64_t auth_changes; /* of auth, when the streams were last looked at */
	int64_t auth_look_at;
	atomic_llong beat_ms; /* shared: the loop's last sign of life */
	pthread_mutex_t lock; /* shared: ready, why, new_certificate, new_key */
	bool ready;
	char why[200];
	char *new_certificate, *new_key;
	int64_t certificate_ms; /* the admin thread's: since when a new one waits, 0: none does */
	struct conn *conns;
	int64_t sweep_at;
	struct request *waiting;
	struct request *streams; /* of events, by next and at */
	struct snap_copy copy;
	struct buf openapi; /* empty until somebody asks */
	uint64_t requests[ROUTE_COUNT][STATUS_CLASS_COUNT];
	uint64_t refused[REFUSED_COUNT];
	uint64_t refused_host, refused_authority, deadlines;
};

/* server.c */
MUST_CHECK enum err server_open(struct admin *a, char *why, size_t why_cap);
void server_close(struct admin *a);
void *server_thread(void *arg);
void server_wake(void *arg);
void server_log(struct admin *a, int priority, const char *code, const char *text);

/* first_line.c: before libmicrohttpd reads */
void first_line_check(struct admin *a);

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

void request_link(struct request *r, struct request **list);
/* Streams of callers who may no longer see what they see end; also forgets sessions that are over. */
void request_look_at_streams(struct admin *a, int64_t now_ms);

/* api_objects.c: "put-connector", the word for the record of changes; NULL: only read. */
const char *object_change(const struct request *r);

/* api_microsoft.c */
void api_trip_free(struct trip *t);
/* False when sign_in of an account that the session is about was switched off, or is another's now. */
bool api_microsoft_stands(struct admin *a, const struct sign_in *s);
void api_microsoft_sweep(struct admin *a, struct auth *auth); /* ends those that do not */

/* api_write.c: an operator switches the user of the path on or off, or the person itself. */
void write_enabled(struct request *r, bool by_itself);

/* changes.c: after a command was carried out. */
void changes_by_command(struct request *r, const char *note);

/* api_backup.c: a body that is too large for memory. */
bool upload_is_for(const struct request *r);
void upload_begin(struct request *r); /* answers when it cannot */
void upload_add(struct request *r, struct slice piece);
void upload_end(struct request *r); /* in any case, at the end of a request */

/* body.c: the body as an object, or NULL and the answer given. An empty body is an empty object. */
json_t *request_body(struct request *r);
/* Unknown keys are errors: a misspelt "until" must not mean "no end". keys ends with NULL. */
bool request_only_keys(struct request *r, json_t *doc, const char *const *keys);
/* The names of the path go into the command: the account, and a person's address. False: answered, for
 * what is too long to be one. */
bool request_account(struct request *r, struct admin_command *cmd);
bool request_person(struct request *r, struct admin_command *cmd);
/* The body as a command's text, closed with a zero byte; `what` says what it should be. False: answered. */
bool request_text(struct request *r, struct admin_command *cmd, const char *what);

/* respond.c */
void respond_problem(struct request *r, int status, const char *title, const char *detail);
void respond_json(struct request *r, int status); /* r->out is the document */
enum MHD_Result respond_send(struct request *r);
enum MHD_Result respond_events(struct request *r);
void respond_end_events(struct request *r);
/* A decoded query parameter; false when absent. A bad one answers 400 and sets r->status. */
bool request_takes_gzip(const struct request *r);
bool request_query(struct request *r, const char *name, char *dst, size_t cap);
/* Hands a command to the loop thread and waits for its answer. Takes over cmd. */
void request_command(struct request *r, struct admin_command *cmd);
/* Waits for the answer to a command that has this id, given or about to be. */
void request_wait(struct request *r, enum admin_command_kind kind, uint64_t id);
/* api_certificate.c: until no certificate is being made. */
void certificate_wait(struct admin *a);

/* The handlers of routes.def: they fill r->out and r->status, give a command or open a watcher. */
typedef void api_handler(struct request *r);
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help)               \
	api_handler handler;
#include "admin/routes.def"

#endif
