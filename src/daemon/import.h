/* import.h - `offhook users import`: a CSV on top of the configuration. */
#ifndef DAEMON_IMPORT_H
#define DAEMON_IMPORT_H

#include "admin/admin.h"
#include "daemon/app.h"

/* Takes the CSV, or says what it would change, and answers the command. */
void import_users(struct app *a, const struct admin_command *c);

#endif
