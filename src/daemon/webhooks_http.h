/* webhooks_http.h - the listener `server.webhooks`: HTTP or HTTPS on a thread of its own, and
 * nothing but the routes of reports. Whole requests go to the loop thread, which answers them.
 * Private to webhooks.c.
 *
 * Caps: 64 kB of body, 32 kB of head, connections in all and per address, WAITING_MAX unanswered
 * requests (503), a whole request within request_ms, an answer within answer_ms (504). */
#ifndef DAEMON_WEBHOOKS_HTTP_H
#define DAEMON_WEBHOOKS_HTTP_H

#include "admin/route.h"
#include "base/buf.h"

struct hook_server;

struct hook_server_config {
	const char *listen;	       /* "0.0.0.0:8471" */
	const char *certificate, *key; /* PEM text; NULL: plain HTTP */
	uint32_t connections_max;      /* 0: 512 */
	uint32_t per_address_max;      /* 0: 64 */
	int32_t request_ms;	       /* 0: 15,000 */
	int32_t answer_ms;	       /* 0: 10,000 */
	int64_t (*mono_ms)(void);      /* callable from any thread */
	void (*wake)(void *arg);       /* from its thread: a request waits */
	void *arg;
};

enum { HOOK_TOKEN_MAX = 1024, HOOK_SIGNATURE_MAX = 128, HOOK_ID_MAX = 0x3fffffff };

/* One request, whole. Freed by hook_call_free. */
struct hook_call {
	struct hook_call *next;
	uint32_t id;
	char account[ROUTE_PARAM_MAX + 1], connector[ROUTE_PARAM_MAX + 1];
	char line[ROUTE_PARAM_MAX + 1]; /* "": the body names it */
	bool no_json; /* Content-Type is another; none at all is taken as JSON */
	char token[HOOK_TOKEN_MAX + 1], signature[HOOK_SIGNATURE_MAX + 1];
	struct buf body;
};

struct hook_server_stats {
	uint64_t requests; /* handed to the loop thread */
	uint64_t refused;  /* answered without it: no such route, too large, no HTTP of ours */
	uint64_t deadlines;
};

/* ERR_IO, ERR_MALFORMED with the reason in why; ERR_NO_MEMORY. */
MUST_CHECK enum err hook_server_start(struct hook_server **ret, const struct hook_server_config *c,
				      char *why, size_t why_cap);
void hook_server_stop(struct hook_server *s); /* what waits is answered 503; takes NULL */
uint16_t hook_server_port(const struct hook_server *s);
/* A new pair for new connections; one that does not fit leaves the old one, and says so. ERR_IO. */
MUST_CHECK enum err hook_server_renew(struct hook_server *s, const char *certificate,
				      const char *key);

/* Loop thread: the oldest request, or NULL; the caller frees it. */
struct hook_call *hook_server_take(struct hook_server *s);
void hook_call_free(struct hook_call *call); /* wipes the token; takes NULL */
/* Answers once, at any time; too late is no harm. text: words for people. */
void hook_server_answer(struct hook_server *s, uint32_t id, int status, const char *text);
void hook_server_stats(struct hook_server *s, struct hook_server_stats *ret);

/* The bodies of answers, here and on the UNIX socket: {"result": text}, or a problem (RFC 9457). */
void hook_answer_body(struct buf *b, int status, const char *text);

#endif
