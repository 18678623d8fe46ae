/* apply.h - from the configuration to the running bridge, at start and at every reload.
 *
 * The difference is applied in an order in which nobody flaps: new people and lines first, then
 * lines that move from one person to another, then what is gone. */
#ifndef DAEMON_APPLY_H
#define DAEMON_APPLY_H

#include "base/buf.h"
#include "bridge/bridge.h"
#include "daemon/channels.h"
#include "daemon/clouds.h"
#include "daemon/people.h"
#include "daemon/report.h"
#include "proto/conf/conf.h"

struct apply;
struct rules;

/* Limits for a bridge that holds this configuration and has room to grow. */
struct bridge_limits apply_limits(const struct conf *c, uint64_t seed);

MUST_CHECK enum err apply_new(struct apply **ret, struct bridge *b, struct report *r,
			      const struct bridge_limits *l, uint64_t seed);
void apply_free(struct apply *a);

/* Sends of an earlier process that may still lie in the quota's window. */
typedef uint32_t apply_sent_before_h(void *arg, const struct conf_account *account);
void apply_set_sent_before(struct apply *a, apply_sent_before_h *h, void *arg);
/* Working hours and status texts; without it, policies have none. */
void apply_set_rules(struct apply *a, struct rules *r);
/* A reload names somebody who was imported: the configuration is the later word, the import is forgotten. */
typedef void apply_overruled_h(void *arg, struct slice account, struct slice email);
void apply_set_overruled(struct apply *a, apply_overruled_h *h, void *arg);
/* The channels of connectors that are reopened or removed are dropped there. */
void apply_set_channels(struct apply *a, struct channels *c);
/* The clients of realms that are used no more are dropped there. */
void apply_set_clouds(struct apply *a, struct clouds *c);
/* Who is synchronised, and by what people are matched, is decided there. */
void apply_set_people(struct apply *a, struct people *p);

/* Brings the bridge to the configuration, which must stay until the next one has been applied. What
 * changed, and what could not be done, goes to `said`, one line each. ERR_LIMIT: the configuration
 * does not fit the capacity the process was started with; nothing was changed. */
MUST_CHECK enum err apply_conf(struct apply *a, struct bridge_time t, const struct conf *c, struct buf *said);

/* Releases accounts and realms that no configuration names, once all is given back there. Due again at the
 * time returned. */
int64_t apply_tidy(struct apply *a, struct bridge_time t);

/* People who came by `offhook users import`, on top of the configuration's. lines: as in the CSV. */
struct apply_person {
	struct slice account, email, name, lines;
	struct slice teams_id; /* empty: to be looked for */
	bool enabled;
};
enum person_change { PERSON_ADDED, PERSON_CHANGED, PERSON_UNCHANGED };
/* What apply_person would do, in full or, with an error and `why` in words, not at all. */
MUST_CHECK enum err apply_person_look(const struct apply *a, const struct apply_person *p,
				      enum person_change *ret, char *why, size_t why_cap);
/* Adds or changes, and goes as far as it can: what the store remembers may name a connector that is
 * configured no more. ERR_NOT_FOUND for an unknown account or connector, `why` in words. */
MUST_CHECK enum err apply_person(struct apply *a, struct bridge_time t, const struct apply_person *p,
				 char *why, size_t why_cap);

/* Came by import or through the API. */
bool apply_is_person(const struct apply *a, uint32_t user);
/* Gives back what is held, then forgets the person. */
void apply_remove_person(struct apply *a, struct bridge_time t, uint32_t user);

/* The configuration of a connector or an account, NULL when there is none. */
const struct conf_connector *apply_connector(const struct apply *a, uint32_t connector);
const struct conf_account *apply_account(const struct apply *a, uint16_t account);
/* The account whose settings made the realm. */
const struct conf_account *apply_realm(const struct apply *a, uint32_t realm);

#endif
