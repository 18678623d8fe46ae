/* rules.h - the part of a policy that is more than numbers: working hours and status texts.
 *
 * The engine knows both by numbers. Here stand what the numbers mean, one entry for everybody with
 * the same hours or the same texts; what the wall clock says of the hours, which goes to the engine
 * as an event; and the words of a text. An entry keeps its number over a reload while somebody has
 * it. */
#ifndef DAEMON_RULES_H
#define DAEMON_RULES_H

#include "base/buf.h"
#include "bridge/bridge.h"
#include "proto/conf/conf.h"

enum { RULES_SETS_MAX = 4096, RULES_TEXT_MAX = 280 };

struct rules;

MUST_CHECK enum err rules_new(struct rules **ret, struct bridge *b);
void rules_free(struct rules *r);

/* Around a pass over the configuration: what rules_policy did not name in between is forgotten. */
void rules_begin(struct rules *r, struct bridge_time t);
void rules_end(struct rules *r);
/* conf_policy_of, and the numbers of hours and texts; the engine is told of new hours before it
 * sees them. Where there is no room or no such zone, the policy has no hours, and `said` gets a
 * line. */
void rules_policy(struct rules *r, const struct conf_account *a, const struct conf_user *user,
		  struct policy *ret, struct buf *said);

/* Tells the engine which hours have opened or closed. When to look again, by the monotonic clock:
 * within a minute, so that a wall clock that was set is noticed. TIME_NEVER: there are none. */
int64_t rules_look(struct rules *r, struct bridge_time t);
/* The words for an ACT_STATUS_TEXT, none for TEXT_NONE. */
void rules_text(const struct rules *r, const struct action *a, int64_t wall_ms, struct buf *ret);

/* The bits of policy.texts, and the template of a cause. */
uint16_t rules_text_bits(const struct conf_status_text *t);
const char *rules_template(const struct conf_status_text *t, enum text_cause c);
/* Would it be outside these hours now? For what is only tried out. */
bool rules_closed(const struct conf_hours *h, int64_t wall_ms);

#endif
