/* own.h - the bridge's own records, shared by its files; private to this folder.
 *
 * bridge.c: life, what the engine gives out, the turn. setup.c: who is there. realm.c: in which realm.
 * match.c and match_*.c (match_own.h): who is whom. identity.c: another id.
 * farewell.c: lines that are gone. view.c: read-only. */
#ifndef BRIDGE_OWN_H
#define BRIDGE_OWN_H

#include "bridge/bridge.h"
#include "bridge/match.h"

struct connector_slot {
	const struct source_ops *ops; /* NULL: free */
	struct source *source;
	uint16_t account;
	bool dirty; /* may have output */
};

struct realm_slot {
	struct graph *graph; /* NULL: free */
	char *key;           /* login_url, tenant and client_id: what names the realm */
	int64_t left_ms;     /* when its last account was found gone, 0: it has one */
	bool dirty;
};

struct farewell {
	uint32_t line;
	int64_t until_ms;
	uint8_t profile; /* enum profile: the person's own, that is to be written */
	bool lit;        /* its lamp was, when the line went */
	bool writes, waits; /* not answered yet; for the line to be heard first */
};
enum { FAREWELL_GENERATION = INT32_MAX };

struct bridge {
	struct bridge_limits limits;
	struct directory *directory;
	struct engine *engine;
	struct connector_slot *connectors;
	struct realm_slot *realms;
	uint32_t *account_realm;
	struct next_id *next_ids; /* identity.c: users whose former id is being given back */
	uint32_t next_ids_n, next_ids_cap;
	bool *id_given; /* by user: the configuration names the Microsoft id, nothing is looked up */
	char **refusals; /* by line: why the PBX did not take the profile, or NULL */
	char **kept; /* by line: the name its lamp is lit under (OUT_KEEP), or NULL */
	struct farewell *farewells;
	uint32_t farewells_n;
	struct action *queue; /* actions for the shell, oldest first */
	size_t queue_at, queue_n, queue_cap;
	bool engine_more;
	int64_t wall_ahead_ms; /* of the monotonic clock, when the engine was last told the time */
	uint32_t gone_user; /* its names are released once the shell has seen ACT_USER_GONE */
	struct matcher matcher;
	struct actions scratch;
};

/* Hands an event to the engine and does what it gives out. */
void bridge_step(struct bridge *b, struct bridge_time t, struct event *ev);
/* An event that is only about a connector or a line. */
void bridge_observe(struct bridge *b, struct bridge_time t, enum event_kind kind, uint32_t id);
/* Tells the line's connector how its user's lamp stands. */
void bridge_show_lamp(struct bridge *b, uint32_t line);
/* NULL: none. */
struct realm_slot *bridge_realm_of_user(struct bridge *b, uint32_t user);
/* The user is published under this id from now on, or ("") waits for one. */
void identity_set(struct bridge *b, uint32_t user, const char *id);
/* What was held under the former id has been given back, or is not going to be. */
void identity_given_back(struct bridge *b, struct bridge_time t, uint32_t realm, const struct outcome *o);
/* The user leaves the realm, or for good. */
void identity_drop(struct bridge *b, uint32_t user);
/* The load of the account's realm, as far as it is known. */
void realm_tell_load(struct bridge *b, struct bridge_time t, uint16_t account);
/* What comes out of a realm about somebody who is in another one by now; true: it has been dealt with. */
bool realm_is_left_by(struct bridge *b, struct bridge_time t, uint32_t realm, const struct graph_out *out);

/* ---- farewell.c ---- */
/* Before the engine forgets the line. False: its PBX has nothing of ours, or has gone. True: its connector
 * keeps the line and the directory its number until farewell_tick ends that. */
bool farewell_begin(struct bridge *b, struct bridge_time t, uint32_t line);
/* False: none is under way. A lamp that was found to be lit since is put out, too. */
bool farewell_goes_on(struct bridge *b, uint32_t line);
bool farewell_of_connector(const struct bridge *b, uint32_t connector);
/* True: it was about such a line, and the engine need not hear of it. */
bool farewell_take(struct bridge *b, const struct source_out *out);
void farewell_link_lost(struct bridge *b, uint32_t connector);
void farewell_tick(struct bridge *b, struct bridge_time t);
int64_t farewell_next(const struct bridge *b);
void farewell_end_all(struct bridge *b, uint32_t connector);
/* True: the line is still there, for the engine to be told of again. */
bool farewell_cancel(struct bridge *b, uint32_t line);
/* Empty: it is not lit any more. */
void bridge_keep_lamp(struct bridge *b, uint32_t line, struct slice name);

#endif
