/* fixed.h - what of the configuration only a start brings into force: a reload that changes it says so. */
#ifndef DAEMON_FIXED_H
#define DAEMON_FIXED_H

#include "base/buf.h"
#include "proto/conf/conf.h"

enum { FIXED_KEYS = 6 };

struct fixed {
	uint64_t at_start[FIXED_KEYS];
	bool tls;
};

/* What is in force from now on. */
void fixed_init(struct fixed *f, const struct conf_server *s);
/* A line for each key that says something else than what is in force; of tls whether there is one. */
void fixed_say(const struct fixed *f, const struct conf_server *s, struct buf *said);
/* Names what the files of server.tls hold now. */
uint64_t fixed_certificate(const struct conf_server *s);

#endif
