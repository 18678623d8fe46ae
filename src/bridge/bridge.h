/* bridge.h - the one place where sources, engine and sinks meet; still no I/O.
 *
 * The bridge owns the directory, the engine, the sources and the Graph machines, and drains one
 * into the next. Daemon and simulator run this same wiring: the shell feeds bytes, answers and
 * time, and drains what must leave the process (struct bridge_out). */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "core/directory.h"
#include "core/engine.h"
#include "core/match.h"
#include "sink/graph.h"
#include "source/source.h"

struct bridge_limits {
	uint32_t accounts, connectors, users, lines, realms;
	uint64_t seed;
};

struct bridge_time {
	int64_t mono_ms, wall_ms;
};

enum bridge_out_kind {
	BRIDGE_SOURCE, /* .connector, .source: OUT_CONNECT, OUT_LISTEN, OUT_SEND, OUT_CLOSE */
	BRIDGE_NOTE,   /* .connector, .source: OUT_NOTE */
	BRIDGE_KEEP,   /* .source: OUT_KEEP */
	BRIDGE_ANSWER, /* .connector, .source: OUT_ANSWER */
	BRIDGE_GRAPH,  /* .realm, .graph: GRAPH_HTTP, GRAPH_NOTE, GRAPH_SEEN, GRAPH_READ, GRAPH_TEXT */
	BRIDGE_FOUND,  /* .realm, .graph: GRAPH_FOUND: the id is to be stored */
	BRIDGE_ACTION, /* .action: ACT_SAVE_*, ACT_AUDIT, ACT_CHANGED, ACT_STATUS_TEXT, ACT_USER_GONE */
	BRIDGE_MATCH,  /* .user: who it is in the directory has changed (bridge_match) */
};

struct bridge_out {
	uint8_t kind;
	uint32_t connector;
	uint32_t realm;
	uint32_t user;
	struct source_out source;
	struct graph_out graph;
	struct action action;
};

struct bridge;

MUST_CHECK enum err bridge_new(struct bridge **ret, const struct bridge_limits *l, struct bridge_time t);
void bridge_free(struct bridge *b);

/* ---- set-up and change; may be called at any time between turns ---- */

/* One realm per (cloud, tenant, client id): an equal (login_url, tenant, client_id) gives the
 * existing one and takes over a changed credential. */
MUST_CHECK enum err bridge_add_realm(struct bridge *b, struct bridge_time t,
				     const struct graph_config *c, uint32_t *ret_realm);
/* What else c says of an existing realm (graph_set_tuning). */
MUST_CHECK enum err bridge_tune_realm(struct bridge *b, uint32_t realm, const struct graph_config *c);
/* A new secret or certificate of an existing realm (graph_set_credential). */
MUST_CHECK enum err bridge_set_credential(struct bridge *b, uint32_t realm, const struct graph_credential *c);
MUST_CHECK enum err bridge_add_account(struct bridge *b, struct bridge_time t, struct slice name,
				       uint32_t realm, const struct policy *p, uint16_t *ret_account);
/* The account is in another realm from now on, when it is not in it already: what its people hold in the
 * old one is given back there, and they are looked for and held anew in the new one. */
MUST_CHECK enum err bridge_move_account(struct bridge *b, struct bridge_time t, uint16_t account,
					uint32_t realm);
void bridge_remove_account(struct bridge *b, uint16_t account); /* its users and connectors went first */
/* No account is in it, and all is given back or has had its time. Only then may it be removed, and only
 * when no request of it is under way any more. */
bool bridge_realm_is_over(struct bridge *b, struct bridge_time t, uint32_t realm);
void bridge_remove_realm(struct bridge *b, uint32_t realm);
void bridge_set_policy(struct bridge *b, struct bridge_time t, uint16_t account, const struct policy *p);
/* c->connector and c->account are filled in by the bridge. */
MUST_CHECK enum err bridge_add_connector(struct bridge *b, struct bridge_time t, uint16_t account,
					 struct slice name, const struct source_ops *ops,
					 struct source_config *c, uint32_t *ret_connector);
/* New settings for an existing connector: its machine is closed and opened anew, its lines stay and
 * stand within their grace. On failure the old machine is gone and the connector is down. */
MUST_CHECK enum err bridge_reopen_connector(struct bridge *b, struct bridge_time t, uint32_t connector,
					    const struct source_ops *ops, struct source_config *c);
/* Its lines go first. False: something is being given back there still; to be called again. */
bool bridge_remove_connector(struct bridge *b, struct bridge_time t, uint32_t connector);

struct bridge_user {
	struct slice email, label;
	const char *teams_id; /* "" or NULL: look it up */
	bool enabled;
	const struct policy *policy; /* NULL: the account's */
};

MUST_CHECK enum err bridge_add_user(struct bridge *b, struct bridge_time t, uint16_t account,
				    const struct bridge_user *u, uint32_t *ret_user);
/* New name, enabled and policy of an existing user. */
MUST_CHECK enum err bridge_change_user(struct bridge *b, struct bridge_time t, uint32_t user,
				       const struct bridge_user *u);
/* "" or NULL: look the user up by e-mail (again). */
void bridge_set_teams_id(struct bridge *b, uint32_t user, const char *teams_id);
void bridge_enable_user(struct bridge *b, struct bridge_time t, uint32_t user, bool enabled);
/* Gives back what is ours first; the id is free after ACT_USER_GONE. */
void bridge_remove_user(struct bridge *b, struct bridge_time t, uint32_t user);
MUST_CHECK enum err bridge_add_line(struct bridge *b, struct bridge_time t, uint32_t connector,
				    struct slice number, uint32_t user, uint32_t *ret_line);
void bridge_move_line(struct bridge *b, struct bridge_time t, uint32_t line, uint32_t user);
/* Where its PBX has something of ours, a lamp or a profile lent, that is given back first: the line is
 * nobody's meanwhile. */
void bridge_remove_line(struct bridge *b, struct bridge_time t, uint32_t line);
/* Working hours, by the number that policies name them with, open or close. */
void bridge_set_hours(struct bridge *b, struct bridge_time t, uint16_t hours, bool open,
		      int64_t until_wall_ms);
/* The words for an ACT_STATUS_TEXT; empty: the person's own message is put back. */
void bridge_set_text(struct bridge *b, struct bridge_time t, uint32_t user, struct slice text,
		     int64_t until_wall_ms);
/* What a GRAPH_TEXT said in an earlier process. */
void bridge_restore_text(struct bridge *b, struct bridge_time t, uint32_t user, struct slice ours,
			 struct slice former, int64_t until_wall_ms);
void bridge_restore_user(struct bridge *b, struct bridge_time t, const struct user_record *r);
void bridge_restore_line(struct bridge *b, struct bridge_time t, const struct line_record *r);
/* The Microsoft id under which an earlier process held what has been restored for the user: where it is
 * another one by now it is given back there first. After bridge_restore_user and bridge_restore_text. */
void bridge_restore_held(struct bridge *b, struct bridge_time t, uint32_t user, const char *id);
/* What an OUT_KEEP said in an earlier process. */
void bridge_restore_lamp(struct bridge *b, uint32_t line, struct slice name);
/* A person sets a profile. until TIME_NEVER: no end. */
void bridge_set_profile(struct bridge *b, struct bridge_time t, uint32_t user, enum profile p,
			int64_t until_wall_ms);

/* ---- matching ---- */

struct bridge_matching { /* an account's rules */
	uint32_t by;     /* bits 1 << enum person_via: UPN, MAIL, ALIAS, ATTRIBUTE */
	uint32_t take;   /* bits 1 << enum person_class: served though a guest, though unlicensed */
	int32_t every_ms; /* how often the directory's changes are read; 0: people are looked up one by one */
	const char *property; /* for ATTRIBUTE: holds the e-mail, a line as connector/number, or its number */
	const char *const *groups; /* whose members are chosen; GUIDs */
	uint32_t groups_n;
};
/* Copied; accounts of one realm are read together, with the shortest every_ms and the first property. */
MUST_CHECK enum err bridge_set_matching(struct bridge *b, uint16_t account, const struct bridge_matching *m);
/* Where an earlier process had got to in reading changes. Before the first turn. */
void bridge_people_link(struct bridge *b, uint32_t realm, struct slice link);

struct bridge_match {
	uint8_t state; /* enum match */
	uint8_t class, via; /* enum person_class, enum person_via */
	bool named, in_group;
	uint32_t other; /* MATCH_SAME: that user; else ID_NONE */
	char id[GRAPH_ID_LEN + 1]; /* of whom it is about; "" nobody */
};
/* False when the account has no rules. */
bool bridge_match(const struct bridge *b, uint32_t user, struct bridge_match *ret);
/* What an earlier process had found out; .state, .class, .via, .in_group and .id count. Whoever has
 * an id from the configuration keeps that. */
void bridge_restore_match(struct bridge *b, uint32_t user, const struct bridge_match *m);

/* ---- the turn ---- */

void bridge_feed_source(struct bridge *b, struct bridge_time t, uint32_t connector,
			const struct source_feed *in);
void bridge_feed_graph(struct bridge *b, struct bridge_time t, uint32_t realm,
		       const struct graph_response *r);
/* A person asks: the connectors (and lines) and the realm of an account, or of all for UINT16_MAX, are
 * asked anew, now. What has come of it is in the source, line and graph views. */
void bridge_probe(struct bridge *b, struct bridge_time t, uint16_t account);
/* One PBX and nothing else. */
void bridge_probe_connector(struct bridge *b, struct bridge_time t, uint32_t connector);
void bridge_tick(struct bridge *b, struct bridge_time t);
/* When bridge_tick is due; TIME_NEVER when nothing is. */
int64_t bridge_next(const struct bridge *b);
/* True and one output, until there is none. Slices in ret are valid until the next bridge call. */
bool bridge_drain(struct bridge *b, struct bridge_time t, struct bridge_out *ret);

/* ---- read-only ---- */

const struct bridge_limits *bridge_limits_of(const struct bridge *b);
const struct directory *bridge_directory(const struct bridge *b);
const struct engine *bridge_engine(const struct bridge *b);
bool bridge_source_view(const struct bridge *b, uint32_t connector, struct source_view *ret);
bool bridge_line_view(const struct bridge *b, uint32_t line, struct source_line_view *ret);
/* Why the line's PBX did not take the profile last written to it; "": it took it, or none was. */
const char *bridge_write_refusal(const struct bridge *b, uint32_t line);
const struct graph *bridge_realm(const struct bridge *b, uint32_t realm);
uint32_t bridge_account_realm(const struct bridge *b, uint16_t account);
/* NULL: there is none. */
const struct source_ops *bridge_connector_ops(const struct bridge *b, uint32_t connector);
const char *bridge_connector_type(const struct bridge *b, uint32_t connector);

#endif
