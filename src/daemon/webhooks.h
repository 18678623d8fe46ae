/* webhooks.h - reports that systems send to us over HTTP: from the listener `server.webhooks` and
 * from the API's UNIX socket to the webhook connectors, and the answers back. Loop thread only. */
#ifndef DAEMON_WEBHOOKS_H
#define DAEMON_WEBHOOKS_H

#include "admin/admin.h"
#include "base/buf.h"
#include "bridge/bridge.h"
#include "daemon/apply.h"
#include "daemon/tap.h"
#include "daemon/webhooks_http.h"

struct webhooks;

struct webhooks_config {
	struct bridge *bridge;
	struct apply *apply;
	struct admin *admin;
	int64_t (*mono_ms)(void); /* callable from any thread */
	void (*wake)(void *arg);  /* from any thread: a turn is needed */
	void *arg;
	const struct tap *tap;
};

MUST_CHECK enum err webhooks_new(struct webhooks **ret, const struct webhooks_config *c);
void webhooks_free(struct webhooks *w);
/* Starts the listener that the settings name, takes over a changed address, reads the certificate
 * again. On failure a listener of before stays, and why (room for why_cap bytes) says what is
 * wrong. */
MUST_CHECK enum err webhooks_apply(struct webhooks *w, const struct conf_server *s, char *why,
				   size_t why_cap);
/* Feeds what waits, a bounded number; true when more does. */
bool webhooks_turn(struct webhooks *w, struct bridge_time t);
/* OUT_ANSWER of a connector. */
void webhooks_answer(struct webhooks *w, const struct source_out *out);
/* ADMIN_REPORT: from the UNIX socket, whose users need no token. */
void webhooks_report(struct webhooks *w, struct bridge_time t, const struct admin_command *c);
/* Zeroes without a listener. */
void webhooks_stats(struct webhooks *w, struct hook_server_stats *ret);
/* 0: there is none. */
uint16_t webhooks_port(const struct webhooks *w);

#endif
