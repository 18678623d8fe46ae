/* keeper.h - between the engine's ids and the store's names: what is kept over a restart. */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "bridge/bridge.h"
#include "daemon/apply.h"
#include "daemon/known.h"

struct keeper;

struct keeper_stats {
	uint64_t written, waiting, errors;
	bool failing; /* the last attempt to write */
};

/* Takes the store over; `why` says in words what is wrong and what to do. */
MUST_CHECK enum err keeper_new(struct keeper **ret, struct store *store, struct bridge *b,
			       struct bridge_time t, char *why, size_t why_cap);
struct store *keeper_store(struct keeper *k);
/* Writes what waits, within a bounded time. */
void keeper_free(struct keeper *k);

/* For the names of accounts and realms; set before apply_conf. */
void keeper_set_apply(struct keeper *k, struct apply *a);
/* Gives imported people, object ids, profiles, held sessions and last line states back to the bridge;
 * once, after apply_conf. */
MUST_CHECK enum err keeper_restore(struct keeper *k, struct bridge_time t);
/* Which realm each account is in: after a reload. */
void keeper_put_accounts(struct keeper *k);

void keeper_put_user(struct keeper *k, const struct user_record *r);
void keeper_put_line(struct keeper *k, const struct line_record *r);
/* An empty id is forgotten. */
void keeper_put_id(struct keeper *k, uint32_t user, const char *id);
void keeper_put_match(struct keeper *k, uint32_t user, const struct keeper_match *m);
void keeper_put_link(struct keeper *k, const struct conf_account *realm, const char *rules,
		     struct slice link);
/* What an earlier process knew; false: nothing, or start is over. */
bool keeper_known_match(const struct keeper *k, const struct conf_account *a, struct slice email,
			struct keeper_match *ret);
bool keeper_known_link(const struct keeper *k, const struct conf_account *a, const char *rules,
		       char *dst, size_t cap);
void keeper_known_done(struct keeper *k);
/* How much of the quota's window is used, after every turn that sent; and what an earlier process used of
 * a window that still lasts, for apply_sent_before_h. */
/* A GRAPH_TEXT. */
void keeper_put_text(struct keeper *k, const struct graph_out *out);
void keeper_put_sends(struct keeper *k, uint32_t realm, uint32_t in_window, int64_t wall_ms);
uint32_t keeper_sent_before(void *keeper, const struct conf_account *account);
void keeper_audit(struct keeper *k, const struct action *a);
void keeper_forget_user(struct keeper *k, uint32_t user);
/* A person who came by import. */
/* For apply_overruled_h. */
void keeper_forget_person(void *keeper, struct slice account, struct slice email);
void keeper_put_person(struct keeper *k, const struct apply_person *p);
/* An OUT_KEEP. */
void keeper_put_lamp(struct keeper *k, uint32_t line, struct slice name);
/* A watcher of a lamp; wall_ahead_ms: of the monotonic clock. */
struct lamp_record;
void keeper_put_watcher(struct keeper *k, const struct lamp_record *r, int64_t wall_ahead_ms);
void keeper_delete_watcher(struct keeper *k, uint64_t tag);
/* Who takes the watchers of before, at keeper_restore; set before it. */
typedef void keeper_watcher_h(void *arg, const struct lamp_record *r);
void keeper_set_lamps(struct keeper *k, keeper_watcher_h *h, void *arg);
void keeper_stats(const struct keeper *k, struct keeper_stats *ret);

#endif
