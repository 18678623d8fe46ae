/* own.h - the bridge's own records, shared by its files; private to this folder.
 *
 * bridge.c: life, what the engine gives out, the turn. setup.c: who is there. view.c: read-only. */
#ifndef BRIDGE_OWN_H
#define BRIDGE_OWN_H

#include "bridge/bridge.h"

struct connector_slot {
	const struct source_ops *ops; /* NULL: free */
	struct source *source;
	uint16_t account;
	bool dirty; /* may have output */
};

struct realm_slot {
	struct graph *graph; /* NULL: free */
	char *key;           /* login_url, tenant and client_id: what names the realm */
	bool dirty;
};

struct bridge {
	struct bridge_limits limits;
	struct directory *directory;
	struct engine *engine;
	struct connector_slot *connectors;
	struct realm_slot *realms;
	uint32_t *account_realm;
	char **refusals; /* by line: why the PBX did not take the profile, or NULL */
	struct action *queue; /* actions for the shell, oldest first */
	size_t queue_at, queue_n, queue_cap;
	bool engine_more;
	int64_t wall_ahead_ms; /* of the monotonic clock, when the engine was last told the time */
	uint32_t gone_user; /* its names are released once the shell has seen ACT_USER_GONE */
	struct actions scratch;
};

/* Hands an event to the engine and does what it gives out. */
void bridge_step(struct bridge *b, struct bridge_time t, struct event *ev);
/* An event that is only about a connector or a line. */
void bridge_observe(struct bridge *b, struct bridge_time t, enum event_kind kind, uint32_t id);
/* NULL: none. */
struct realm_slot *bridge_realm_of_user(struct bridge *b, uint32_t user);

#endif
