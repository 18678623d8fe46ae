/* people.h - which of the people who were found are synchronised: on-boarding, exclusion, what somebody has
 * switched by hand; and what the store keeps of matching. */
#ifndef DAEMON_PEOPLE_H
#define DAEMON_PEOPLE_H

#include "bridge/bridge.h"
#include "proto/conf/conf.h"

struct people;
struct keeper;

MUST_CHECK enum err people_new(struct people **ret, struct bridge *b, struct keeper *k, uint32_t users_max);
void people_free(struct people *p);

/* The account's rules, to the bridge. */
MUST_CHECK enum err people_account(struct people *p, uint16_t account, const struct conf_account *c);
/* Whether a user is to be synchronised, before it is added (user ID_NONE) or changed; enabled: what the
 * configuration or the import says. */
bool people_enabled(struct people *p, const struct conf_account *c, uint32_t user,
		    struct slice email, bool enabled);
/* What the list or the import said of the user last, whatever the rules made of it. */
bool people_listed_enabled(const struct people *p, uint32_t user);
/* The user was added: what the store knows is given back. */
void people_joined(struct people *p, const struct conf_account *c, uint32_t user, bool enabled);
/* All accounts are there: reading goes on where an earlier process was; once. */
void people_started(struct people *p, const struct conf *c);

/* BRIDGE_MATCH: kept, and what follows for the user is done. */
void people_matched(struct people *p, struct bridge_time t, const struct conf_account *c, uint32_t user);
/* GRAPH_READ of a realm; c: the configuration. */
void people_read(struct people *p, const struct conf *c, const struct conf_account *realm,
		 const struct graph_out *out);
/* Somebody switches the user on or off; kept. False: the address is excluded, nothing was done. */
bool people_switch(struct people *p, struct bridge_time t, const struct conf_account *c,
		   uint32_t user, bool on);
/* The person itself pauses or goes on; kept. False: it may not go on, see onboarding.h. */
MUST_CHECK bool people_pause(struct people *p, struct bridge_time t, const struct conf_account *c,
			     uint32_t user, bool pause);
/* The user is about to be released. */
void people_left(struct people *p, uint32_t user);

enum onboarding people_onboarding(const struct people *p, uint32_t user);

#endif
