/* match.h - who of our users is whom in Microsoft's directory; private to this folder.
 *
 * What the Graph machine reads of the directory is compared with our users as it comes by, row by
 * row: the directory itself is never kept. A record a user holds the outcome (48 bytes). A full
 * reading collects candidates and decides at its end; a change is decided from its row where that
 * is certain, and by one look-up where it is not. Whoever has teams_id in the configuration is
 * taken at that word, and only reported. */
#ifndef BRIDGE_MATCH_H
#define BRIDGE_MATCH_H

#include "base/map.h"
#include "bridge/bridge.h"

enum { MATCH_ID_BYTES = 16 };

struct match_rec {
	uint8_t id[MATCH_ID_BYTES], scan_id[MATCH_ID_BYTES]; /* zero: none */
	uint32_t other;    /* MATCH_SAME: the user that has the session */
	uint8_t state;     /* enum match */
	uint8_t class, via;
	uint8_t scan_class, scan_via;
	bool many : 1, scan_many : 1; /* more than one of that class */
	bool scan_plans : 1; /* the candidate's licences were told */
	bool named : 1;    /* teams_id stands in the configuration */
	bool fresh : 1;    /* joined, or was looked up, since the present full reading began */
	bool in_group : 1, marked : 1;
	bool queued : 1;
};

struct match_rules {
	bool set, group_failed;
	uint32_t by, take;
	int32_t every_ms;
	char property[32];
	char (*groups)[GRAPH_ID_LEN + 1];
	uint32_t groups_n;
};

struct matcher {
	struct match_rec *recs;     /* by user; NULL until an account has rules */
	struct match_rules *rules;  /* by account */
	bool *plans_seen;           /* by realm: the present full reading tells licences */
	struct map by_id;           /* (realm, id) -> the user that has or would have the session */
	uint32_t same_n;            /* users in MATCH_SAME: mostly none, and then nobody waits for anybody */
	uint32_t *changed;          /* ring of users, each at most once */
	uint32_t changed_at, changed_n;
};

void match_fini(struct bridge *b);
/* What is read of the realm's directory, for the accounts that are in it now. */
enum err match_realm(struct bridge *b, uint32_t realm);
/* The account is about to be released. */
void match_forget_rules(struct bridge *b, uint16_t account);
/* The user was added (teams_id "" or NULL: to be looked for), or is about to be released. */
void match_joined(struct bridge *b, uint32_t user, const char *teams_id);
void match_left(struct bridge *b, uint32_t user);
/* teams_id of an existing user may have come or gone. */
void match_renamed(struct bridge *b, uint32_t user, const char *teams_id);

/* The user's account has rules: they say whose id counts. */
bool match_judges(const struct bridge *b, uint32_t user);
void match_found(struct bridge *b, const struct graph_out *out);
void match_person(struct bridge *b, uint32_t realm, const struct graph_out *out);
void match_member(struct bridge *b, uint32_t realm, const struct graph_out *out);
void match_stage(struct bridge *b, uint32_t realm, const struct graph_out *out);
bool match_pop(struct bridge *b, uint32_t *ret_user);

/* text is a GUID, or empty. */
void match_pack_id(const char *text, uint8_t to[static MATCH_ID_BYTES]);
/* The user that this person is, or would be were it served; ID_NONE: nobody of ours. */
uint32_t match_user_of(const struct bridge *b, uint32_t realm, const uint8_t id[static MATCH_ID_BYTES]);

#endif
