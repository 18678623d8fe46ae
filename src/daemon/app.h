/* app.h - the daemon: everything wired to one loop. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "base/buf.h"
#include "bridge/bridge.h"
#include "proto/conf/conf.h"

struct app;

/* Runs until SIGTERM or SIGINT; takes over conf. Returns the process's exit status. */
int app_run(const char *path, struct conf *conf);

/* ---- for commands.c ---- */

struct app_parts {
	struct bridge *bridge;
	struct apply *apply;
	struct keeper *keeper;
	struct admin *admin;
	struct report *report;
	struct webhooks *webhooks;
	struct log *log;
	const char *path;
};
struct app_parts app_parts(const struct app *a);
struct bridge_time app_now(const struct app *a);
/* Reads the configuration again and applies it. On failure the old one stays and `said` tells why, one
 * line each; on success what changed. */
MUST_CHECK enum err app_reload(struct app *a, struct buf *said);

#endif
