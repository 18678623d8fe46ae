/* report.h - what the loop thread tells the admin plane: engine, source and Graph views put together.
 *
 * Changes are marked as they happen and told later, coalesced by user and bounded per turn, so that
 * neither a storm of changes nor a crowd of browsers costs the presence path its time. */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "admin/admin.h"
#include "bridge/bridge.h"
#include "daemon/people.h"

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
/* Whose on-boarding is told. */
void report_set_people(struct report *r, const struct people *p);

/* Copied: server text of a connector; quota of an account. */
MUST_CHECK enum err report_set_connector(struct report *r, uint32_t connector, struct slice server);
void report_set_account(struct report *r, uint16_t account, uint32_t quota, int32_t window_ms);

/* Copied; NULLs: not with Microsoft. */
void report_set_sign_in(struct report *r, uint16_t account, const char *login, const char *tenant,
			const char *client);

/* Where watchers of lamps are counted. */
struct lamp_server;
void report_set_lamps(struct report *r, const struct lamp_server *s);
/* Where messages that carry alarms are counted. */
struct herald;
void report_set_herald(struct report *r, struct herald *h);

void report_user_changed(struct report *r, uint32_t user);
/* The user's id is about to be released. */
void report_user_gone(struct report *r, uint32_t user);
void report_account_gone(struct report *r, uint16_t account);
void report_connector_gone(struct report *r, uint32_t connector);
void report_seen(struct report *r, uint32_t user, enum presence seen, struct slice pair, int64_t wall_ms);
void report_graph_note(struct report *r, uint16_t account, enum graph_note n);
/* Every user, for example after a reload. */
void report_all(struct report *r);

/* Every account and connector, and a user or ID_NONE, now: before the answer that something was made, so that
 * who has it finds what it says. */
void report_at_once(struct report *r, struct bridge_time t, uint32_t user);

/* Tells up to a bounded number of users; true when more wait. Connectors, accounts and counters are
 * told once a second. */
bool report_turn(struct report *r, struct bridge_time t, const struct admin_counter *daemon,
		 uint32_t daemon_n);
/* When report_turn is due again, on the monotonic clock. */
int64_t report_next(const struct report *r);

#endif
