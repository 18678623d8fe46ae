/* apply_own.h - private to apply*.c. */
#ifndef DAEMON_APPLY_OWN_H
#define DAEMON_APPLY_OWN_H

#include "daemon/apply.h"
#include "daemon/config.h"

struct apply {
	struct bridge *bridge;
	struct report *report;
	struct channels *channels;
	struct clouds *clouds;
	struct rules *rules;
	struct people *people;
	apply_sent_before_h *sent_before;
	void *sent_before_arg;
	apply_overruled_h *overruled;
	void *overruled_arg;
	struct bridge_limits limits;
	uint64_t seed, opened; /* opened: connectors so far, each time with a seed of its own */
	const struct conf *conf;
	const struct conf_connector **connectors; /* by id */
	const struct conf_account **accounts;     /* by id */
	const struct conf_account **realms;       /* by id */
	/* marks of one pass: what the new configuration names */
	uint8_t *keep_account, *keep_connector, *keep_user, *keep_line;
	bool gone;        /* accounts, connectors or realms wait for apply_tidy */
	int64_t tidy_ms;
	uint8_t *imported; /* users that came by import: no configuration removes them */
};

/* The line is that user's from now on, and named by what is being applied. */
MUST_CHECK enum err apply_line(struct apply *a, struct bridge_time t, uint32_t connector, struct slice number,
			       uint32_t user);
/* u->enabled: what the configuration or the import says; whether the user is synchronised people.c
 * decides. */
MUST_CHECK enum err apply_user(struct apply *a, struct bridge_time t, const struct conf_account *ca,
			       uint16_t account, const struct bridge_user *u, uint32_t *id, bool *ret_new);

/* False: something is being given back there still. */
bool apply_release_connector(struct apply *a, struct bridge_time t, uint32_t connector);

#endif
