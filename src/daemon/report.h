/* report.h - what the loop thread tells the admin plane: engine, source and Graph views put together.
 *
 * Changes are marked as they happen and told later, coalesced by user and bounded per turn, so that
 * neither a storm of changes nor a crowd of browsers costs the presence path its time. */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "admin/admin.h"
#include "bridge/bridge.h"

struct report;

struct report_extra { /* what the bridge does not know of a connector or an account */
	struct slice server;
	uint32_t quota;
	int32_t window_ms;
};

struct report_limits {
	uint32_t users, connectors, accounts, lines;
};

MUST_CHECK enum err report_new(struct report **ret, struct bridge *b, struct admin *a,
			       const struct report_limits *l);
void report_free(struct report *r);

/* Copied: server text of a connector; quota of an account. */
MUST_CHECK enum err report_set_connector(struct report *r, uint32_t connector, struct slice server);
void report_set_account(struct report *r, uint16_t account, uint32_t quota, int32_t window_ms);

void report_user_changed(struct report *r, uint32_t user);
/* The user's id is about to be released. */
void report_user_gone(struct report *r, uint32_t user);
void report_connector_gone(struct report *r, uint32_t connector);
void report_seen(struct report *r, uint32_t user, enum presence seen, struct slice pair, int64_t wall_ms);
void report_graph_note(struct report *r, uint16_t account, enum graph_note n);
/* Every user, for example after a reload. */
void report_all(struct report *r);

/* Tells up to a bounded number of users; true when more wait. Connectors, accounts and counters are
 * told once a second. */
bool report_turn(struct report *r, struct bridge_time t, const struct admin_counter *daemon,
		 uint32_t daemon_n);
/* When report_turn is due again, on the monotonic clock. */
int64_t report_next(const struct report *r);

#endif
