/* lamps.h - the lamps' machine (sink/lamp) on real sockets: listeners, who may watch, who is meant
 * by a name, what is kept. */
#ifndef DAEMON_LAMPS_H
#define DAEMON_LAMPS_H

#include "bridge/bridge.h"
#include "daemon/keeper.h"
#include "daemon/log.h"
#include "daemon/report.h"
#include "io/loop.h"
#include "proto/conf/conf.h"
#include "sink/lamp/lamp.h"

struct lamp_server;

struct lamp_server_config {
	struct loop *loop;
	const struct bridge *bridge;
	struct log *log;
	struct report *report;
	uint32_t users_max;
	uint64_t seed;
};

MUST_CHECK enum err lamp_server_new(struct lamp_server **ret, const struct lamp_server_config *c);
void lamp_server_free(struct lamp_server *s);

/* Brings listeners, logins and bounds to the configuration; at the first start and after a reload,
 * when the people are there. `why` says what is wrong with the logins: the ones of before stay. */
MUST_CHECK enum err lamp_server_apply(struct lamp_server *s, const struct conf_lamps *c, char *why,
				      size_t cap);
/* Where watchers are kept; gives those of before back by keeper_restore. */
void lamp_server_set_keeper(struct lamp_server *s, struct keeper *k);

void lamp_server_show(struct lamp_server *s, uint32_t user, enum lamp lamp);
void lamp_server_forget(struct lamp_server *s, uint32_t user);

/* Ticks and does what comes out; true when more waits. */
bool lamp_server_turn(struct lamp_server *s, struct bridge_time t);
int64_t lamp_server_next(const struct lamp_server *s);
/* False when there are no lamps. */
bool lamp_server_view(const struct lamp_server *s, struct lamps_view *ret);
uint32_t lamp_server_watchers_of(const struct lamp_server *s, uint32_t user);

/* The one person with a lamp whom the name means: mail address, user@host as a mail address, number
 * of a line, or the name at `domain`, in this order; ID_NONE: nobody, or several people. */
uint32_t lamp_person(const struct bridge *b, const struct lamp_name *name, const char *domain);

#endif
