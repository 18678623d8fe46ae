/* app_own.h - private to app.c (the turn), load.c (the configuration, at start and at every reload) and
 * start.c (start and end). */
#ifndef DAEMON_APP_OWN_H
#define DAEMON_APP_OWN_H

#include "daemon/app.h"
#include "daemon/fixed.h"
#include "daemon/retention.h"

enum { SAID_MAX = 64 * 1024 };

struct app {
	const char *path;
	struct conf *conf;
	struct documents *documents; /* what was made in the console */
	struct store *store;	     /* the keeper's, once there is one */
	struct loop *loop;
	struct log *log;
	struct bridge *bridge;
	struct report *report;
	struct apply *apply;
	struct channels *channels;
	struct clouds *clouds;
	struct credentials *credentials;
	struct rules *rules;
	struct keeper *keeper;
	struct people *people;
	struct lamp_server *lamps;
	struct webhooks *webhooks;
	struct captures *captures;
	struct sign_in *sign_in;
	struct herald *herald;
	struct admin *admin;
	struct checker *checker;
	struct retention retention;
	struct fixed fixed;
	uint64_t certificate; /* fixed_certificate of the one in use */
	int64_t alive_every_ms, alive_next_ms;
	uint64_t sent; /* realms that sent in this turn, a bit each */
	uint64_t turns, reloads, reloads_failed;
	bool reload_refused; /* the last one */
	bool ready;
};

/* ---- app.c ---- */
extern const struct loop_hooks app_hooks; /* .arg is still to be filled in */

/* ---- load.c ---- */
/* Before anything is sized by the configuration: what was made in the console is part of it. */
MUST_CHECK enum err load_store(struct app *a);
enum err load_lamps(struct app *a, struct buf *said);
/* What log_new takes, from enum conf_log. */
int load_log_level(uint8_t log);
void load_log(struct app *a, int priority, const char *code, struct slice said);

/* ---- start.c ---- */
MUST_CHECK enum err start_all(struct app *a);
void stop_all(struct app *a);

#endif
