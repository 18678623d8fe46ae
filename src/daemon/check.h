/* check.h - what `offhook check` says: the configuration as it lies on the disk, every connector and its
 * lines, every account's Teams side; each asked anew, for at most CHECK_WAIT_MS, and then said.
 *
 * One round of questions at a time; who asks meanwhile gets the next one. */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include <jansson.h>

#include "admin/admin.h"
#include "daemon/app.h"

struct checker;

enum { CHECK_WAIT_MS = 9000 };

MUST_CHECK enum err checker_new(struct checker **ret);
void checker_free(struct checker *c);
/* Takes note of the command, ADMIN_CHECK or ADMIN_SETUP; it is answered by a later turn, or refused at
 * once when too many wait. */
void checker_ask(struct checker *c, struct admin *admin, const struct admin_command *cmd);
/* Once a loop turn: begins and ends rounds. When it wants the next turn, TIME_NEVER: nothing is asked. */
int64_t checker_turn(struct checker *c, const struct app_parts *p, struct bridge_time t);

/* What a round asks about: an account, UINT16_MAX: all; or one connector, ID_NONE: not one alone. */
struct check_scope {
	uint16_t account;
	uint32_t connector;
};

/* check_say.c: appends a row {name, account, ok, text} for each thing that was asked about. True when all
 * is well. waited_ms: for how long answers were waited for. */
bool check_say(const struct app_parts *p, struct bridge_time t, struct check_scope scope, int64_t waited_ms,
	       json_t *list);
#endif
