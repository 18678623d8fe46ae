/* app.h - the daemon: everything wired to one loop. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "base/buf.h"
#include "bridge/bridge.h"
#include "proto/conf/conf.h"

struct app;
struct documents;

/* Runs until SIGTERM or SIGINT; takes over conf. Returns the process's exit status. */
int app_run(const char *path, struct conf *conf);

/* ---- for commands.c ---- */

struct app_parts {
	struct bridge *bridge;
	struct apply *apply;
	struct keeper *keeper;
	struct people *people;
	struct admin *admin;
	struct report *report;
	struct webhooks *webhooks;
	struct log *log;
	struct checker *checker;
	const char *path;
	struct captures *captures;
	const struct conf *conf;
	struct documents *documents;
	struct sign_in *sign_in;
	struct herald *herald;
};
struct app_parts app_parts(const struct app *a);
struct bridge_time app_now(const struct app *a);
/* Reads the configuration again and applies it. On failure the old one stays and `said` tells why, one
 * line each; on success what changed. */
MUST_CHECK enum err app_reload(struct app *a, struct buf *said);
/* The configuration with the draft instead of the documents there are; takes the draft over on success, else
 * nothing was changed and errs or said tell why. */
MUST_CHECK enum err app_take_documents(struct app *a, struct documents *draft, struct conf_errors *errs,
				       struct buf *said);

#endif
