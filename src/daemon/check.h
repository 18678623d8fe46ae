/* check.h - what `offhook check` says: configuration, every connector and its lines, every account's
 * Teams side. It looks at the live state; nothing is sent for it. */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include <jansson.h>

#include "daemon/app.h"

/* Appends a row {name, account, ok, text} for each thing looked at. True when all is well. */
bool check_all(const struct app_parts *p, json_t *list);

#endif
