/* zones.h - time zones from this machine's data base: /usr/share/zoneinfo, or the folder in TZDIR.
 */
#ifndef DAEMON_ZONES_H
#define DAEMON_ZONES_H

#include "proto/hours/zone.h"

/* An empty name is UTC: *ret NULL. ERR_NOT_FOUND, ERR_MALFORMED, ERR_NO_MEMORY and what reading a
 * file gives. */
MUST_CHECK enum err zones_load(const char *name, struct zone **ret);
/* "", or why the zone cannot be had, in words. */
const char *zones_fault(const char *name);

#endif
