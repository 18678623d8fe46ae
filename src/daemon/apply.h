/* apply.h - from the configuration to the running bridge, at start and at every reload.
 *
 * The difference is applied in an order in which nobody flaps: new people and lines first, then
 * lines that move from one person to another, then what is gone. */
#ifndef DAEMON_APPLY_H
#define DAEMON_APPLY_H

#include "base/buf.h"
#include "bridge/bridge.h"
#include "daemon/channels.h"
#include "daemon/report.h"
#include "proto/conf/conf.h"

struct apply;

/* Limits for a bridge that holds this configuration and has room to grow. */
struct bridge_limits apply_limits(const struct conf *c, uint64_t seed);

MUST_CHECK enum err apply_new(struct apply **ret, struct bridge *b, struct report *r,
			      const struct bridge_limits *l, uint64_t seed);
void apply_free(struct apply *a);

/* Sends of an earlier process that may still lie in the quota's window. */
typedef uint32_t apply_sent_before_h(void *arg, const struct conf_account *account);
void apply_set_sent_before(struct apply *a, apply_sent_before_h *h, void *arg);
/* The channels of connectors that are reopened or removed are dropped there. */
void apply_set_channels(struct apply *a, struct channels *c);

/* Brings the bridge to the configuration, which must stay until the next one has been applied. What
 * changed, and what could not be done, goes to `said`, one line each. ERR_LIMIT: the configuration
 * does not fit the capacity the process was started with; nothing was changed. */
MUST_CHECK enum err apply_conf(struct apply *a, struct bridge_time t, const struct conf *c, struct buf *said);

/* People who came by `offhook users import`, on top of the configuration's. lines: as in the CSV. */
struct apply_person {
	struct slice account, email, name, lines;
	bool enabled;
};
/* Adds or changes; ERR_NOT_FOUND for an unknown account or connector, `why` in words. */
MUST_CHECK enum err apply_person(struct apply *a, struct bridge_time t, const struct apply_person *p,
				 char *why, size_t why_cap);

/* The configuration of a connector or an account, NULL when there is none. */
const struct conf_connector *apply_connector(const struct apply *a, uint32_t connector);
const struct conf_account *apply_account(const struct apply *a, uint16_t account);
/* The account whose settings made the realm. */
const struct conf_account *apply_realm(const struct apply *a, uint32_t realm);

#endif
