/* commands.h - what people ask through the API, carried out on the loop thread. */
#ifndef DAEMON_COMMANDS_H
#define DAEMON_COMMANDS_H

#include "admin/admin.h"
#include "daemon/app.h"

/* Carries the command out and answers it, having filled in .account and .user. Does not free it. */
void command_do(struct app *a, struct admin_command *c);

#endif
