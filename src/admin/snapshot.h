/* snapshot.h - what the admin plane knows: one copy of every account, connector and user.
 *
 * Written by the loop thread, read by the admin thread; each call takes the mutex once, for one
 * object or a bounded scan. A reader gets copies: the view in a snap_copy stays valid until the
 * same snap_copy is used again. Every put gives the object the next sequence number and queues a
 * user once in the list of changed ones, however often it changes before the reader comes. */
#ifndef ADMIN_SNAPSHOT_H
#define ADMIN_SNAPSHOT_H

#include "admin/admin.h"

struct snapshot;

struct snapshot_limits {
	uint32_t accounts, connectors, users;
	uint64_t seed; /* of the hash table */
};

MUST_CHECK enum err snapshot_new(struct snapshot **ret, const struct snapshot_limits *l);
void snapshot_free(struct snapshot *s);

MUST_CHECK enum err snapshot_put_account(struct snapshot *s, const struct admin_account *v);
MUST_CHECK enum err snapshot_put_connector(struct snapshot *s, const struct admin_connector *v);
MUST_CHECK enum err snapshot_put_user(struct snapshot *s, const struct admin_user *v);
void snapshot_put_engine(struct snapshot *s, const struct admin_engine *v);
void snapshot_remove_account(struct snapshot *s, uint16_t account);
void snapshot_remove_connector(struct snapshot *s, uint32_t connector);
void snapshot_remove_user(struct snapshot *s, uint32_t user);

/* Where a reader's copies live; all zero at first, snap_copy_fini at the end. */
struct snap_copy {
	void *block;
	size_t cap;
	uint64_t seq;
	struct admin_user user;
	struct admin_connector connector;
	struct admin_account account;
	struct admin_engine engine;
};
void snap_copy_fini(struct snap_copy *c);

/* False when the id names nothing (or memory is out). */
bool snapshot_account(struct snapshot *s, uint16_t account, struct snap_copy *ret);
bool snapshot_connector(struct snapshot *s, uint32_t connector, struct snap_copy *ret);
bool snapshot_user(struct snapshot *s, uint32_t user, struct snap_copy *ret);
bool snapshot_engine(struct snapshot *s, struct snap_copy *ret);

/* Ids by name; UINT16_MAX and ID_NONE when absent. E-mail without regard to case. */
uint16_t snapshot_find_account(struct snapshot *s, struct slice name);
uint32_t snapshot_find_connector(struct snapshot *s, uint16_t account, struct slice name);
uint32_t snapshot_find_user(struct snapshot *s, uint16_t account, struct slice email);

/* The first used id >= from, or none. */
uint16_t snapshot_next_account(struct snapshot *s, uint32_t from);
uint32_t snapshot_next_connector(struct snapshot *s, uint32_t from);

/* A filter of users; fields at their "any" value let all through. */
struct snap_filter {
	uint16_t account;   /* UINT16_MAX: any */
	int presence;	    /* -1: any; enum presence of combined */
	int connector;	    /* -1: any */
	struct slice connector_name; /* of a connector in the user's account; empty: any */
	struct slice text;  /* found in e-mail, name or a line's number, no case; empty: any */
	struct slice email; /* equal, no case; empty: any */
};
/* The first user with id >= *from that passes, copied. *from is moved behind it. A scan looks at no
 * more than 128 slots per call: ERR_AGAIN says go on, ERR_NOT_FOUND that the end is reached. */
MUST_CHECK enum err snapshot_next_user(struct snapshot *s, uint32_t *from,
				       const struct snap_filter *f, struct snap_copy *ret);

/* A changed slot of a user; empty by now, or another's, when the user is gone. */
struct snap_change {
	uint32_t id;
	uint16_t gone_from; /* the account that had a user there and has it no more; UINT16_MAX: none */
};
/* Takes up to max changes; each slot once. */
uint32_t snapshot_take_changed(struct snapshot *s, struct snap_change *ret, uint32_t max);
/* Asks for one call of poke(arg) at the next change of a user; from the loop thread. */
void snapshot_want_poke(struct snapshot *s, void (*poke)(void *arg), void *arg);
uint64_t snapshot_seq(struct snapshot *s);
/* True when an account or connector changed since *seen, which is moved on. */
bool snapshot_health_changed(struct snapshot *s, uint64_t *seen);

/* Counts kept up to date. */
struct snap_census {
	uint32_t users, enabled, settled, held, desired, backing_off, conflicts, watchers, lit;
	uint32_t shown[SHOWN_COUNT]; /* of those held */
	uint32_t combined[PRESENCE_COUNT];
	uint32_t match[MATCH_COUNT], onboarding[ONBOARDING_COUNT];
};
void snapshot_census(struct snapshot *s, uint16_t account, struct snap_census *ret);

#endif
