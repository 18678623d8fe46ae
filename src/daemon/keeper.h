/* keeper.h - between the engine's ids and the store's names: what is kept over a restart. */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "bridge/bridge.h"
#include "daemon/apply.h"

struct keeper;

struct keeper_stats {
	uint64_t written, waiting, errors;
};

/* Opens the store in the folder `data`; `why` says in words what is wrong and what to do. */
MUST_CHECK enum err keeper_new(struct keeper **ret, const char *data, struct bridge *b, struct bridge_time t,
			       char *why, size_t why_cap);
/* Writes what waits, within a bounded time. */
void keeper_free(struct keeper *k);

/* For the names of accounts and realms; set before apply_conf. */
void keeper_set_apply(struct keeper *k, struct apply *a);
/* Gives imported people, object ids, profiles, held sessions and last line states back to the bridge;
 * once, after apply_conf. */
MUST_CHECK enum err keeper_restore(struct keeper *k, struct bridge_time t);

void keeper_put_user(struct keeper *k, const struct user_record *r);
void keeper_put_line(struct keeper *k, const struct line_record *r);
void keeper_put_id(struct keeper *k, uint32_t realm, uint32_t user, const char *id);
/* How much of the quota's window is used, after every turn that sent; and what an earlier process used of
 * a window that still lasts, for apply_sent_before_h. */
void keeper_put_sends(struct keeper *k, uint32_t realm, uint32_t in_window, int64_t wall_ms);
uint32_t keeper_sent_before(void *keeper, const struct conf_account *account);
void keeper_audit(struct keeper *k, const struct action *a);
void keeper_forget_user(struct keeper *k, uint32_t user);
/* A person who came by import. */
void keeper_put_person(struct keeper *k, const struct apply_person *p);
void keeper_stats(const struct keeper *k, struct keeper_stats *ret);

#endif
