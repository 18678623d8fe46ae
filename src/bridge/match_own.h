/* match_own.h - the matcher between its files; for match.c and match_*.c only.
 *
 * match.c: the outcome of each user. match_id.c: ids. match_hits.c: whom a row is about. match_read.c: what
 * is read. match_groups.c: who is in a group. match_rules.c: by what is matched. Everything belongs to the
 * bridge; users, accounts and realms are its ids. Nothing here fails. */
#ifndef BRIDGE_MATCH_OWN_H
#define BRIDGE_MATCH_OWN_H

#include "bridge/own.h"

enum { MATCH_HITS_MAX = 32 };

/* What is found about a user. */
struct match_verdict {
	uint8_t id[MATCH_ID_BYTES];
	uint8_t state, class, via; /* enum match, person_class (COUNT: nobody), person_via */
	bool many;
	uint32_t other; /* MATCH_SAME: who has the session */
};

struct match_hit {
	uint32_t user;
	uint8_t via; /* enum person_via */
};

/* Whom a row is about; more than fit are left out. */
struct match_hits {
	struct match_hit list[MATCH_HITS_MAX];
	uint32_t n;
};

/* ---- match.c ---- */
/* NULL: the user's account has none. */
struct match_rules *match_rules_of(const struct bridge *b, uint32_t user);
/* The user is to be looked at by whoever asks for match_pop. */
void match_queue(struct bridge *b, uint32_t user);
struct match_verdict match_verdict_of(const struct match_rules *r, const uint8_t *id, uint8_t class,
				      uint8_t via, bool many);
/* The same about somebody who stands in the configuration with an id. */
struct match_verdict match_verdict_named(const struct match_rules *r, const struct match_rec *rec,
					 uint8_t class);
/* That is the user's outcome from now on; whom it concerns besides is told too. */
void match_settle(struct bridge *b, uint32_t user, struct match_verdict v);

/* ---- match_id.c ---- */
void match_unpack_id(const uint8_t id[static MATCH_ID_BYTES], char to[static GRAPH_ID_LEN + 1]);
bool match_has_id(const uint8_t id[static MATCH_ID_BYTES]);
/* ID_NONE: in no realm. */
uint32_t match_realm_of(const struct bridge *b, uint32_t user);
/* The id in the user's record is, or is no longer, the user's. Linked is whoever comes first. */
void match_link_id(struct bridge *b, uint32_t user);
void match_unlink_id(struct bridge *b, uint32_t user);

/* ---- match_hits.c ---- */
/* One more, who may be in it already. */
void match_hit(struct match_hits *h, uint32_t user, enum person_via via);
/* All users of the realm whom this row is about by one of its addresses. */
void match_hits_of(const struct bridge *b, uint32_t realm, const struct graph_person *p,
		   struct match_hits *h);

/* ---- match_groups.c ---- */
void match_group_stage(struct bridge *b, uint32_t realm, const struct graph_out *out);

#endif
