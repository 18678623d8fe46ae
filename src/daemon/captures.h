/* captures.h - what a connector receives and sends, recorded for a while and shown redacted
 * (proto/redact), because somebody asked over the API's UNIX socket. Loop thread only.
 *
 * A capture ends by time, by what it may hold, when its connector is gone, when it is told to, and when
 * nobody has asked for what was recorded for ten seconds. What is kept in between is redacted already,
 * but for messages of which a part is still to come. */
#ifndef DAEMON_CAPTURES_H
#define DAEMON_CAPTURES_H

#include "admin/admin.h"
#include "daemon/apply.h"
#include "daemon/log.h"
#include "daemon/tap.h"

struct captures;

struct captures_config {
	struct bridge *bridge;
	struct apply *apply;
	struct admin *admin;
	struct log *log;
	int64_t (*mono_ms)(void);
	uint64_t seed;
};

MUST_CHECK enum err captures_new(struct captures **ret, const struct captures_config *c);
void captures_free(struct captures *c);
/* For those through whom the bytes pass; stands as long as c. */
const struct tap *captures_tap(const struct captures *c);
/* ADMIN_CAPTURE: carries it out and answers. */
void captures_command(struct captures *c, struct bridge_time t, const struct admin_command *cmd);
/* After a reload: new secrets are kept as the old ones were. */
void captures_reloaded(struct captures *c, struct bridge_time t);
/* Ends what is to end; when it wants to be called again, TIME_NEVER: not. */
int64_t captures_turn(struct captures *c, struct bridge_time t);

#endif
