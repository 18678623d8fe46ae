/* places.h - can the folders of data and socket be had? For `offhookd -n`: what it passes must start. */
#ifndef DAEMON_PLACES_H
#define DAEMON_PLACES_H

#include "proto/conf/conf.h"

/* Tries it out, and leaves nothing behind. What cannot be had is added to errs, with what to do;
 * ERR_MALFORMED then. c is of conf_load. */
MUST_CHECK enum err places_check(const struct conf *c, const char *path, struct conf_errors *errs);

#endif
