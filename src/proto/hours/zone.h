/* zone.h - a time zone of the IANA data base from the bytes of its TZif file (RFC 8536, 9636).
 *
 * The C library knows one zone a process (TZ); offhookd serves customers in many. Only what working
 * hours need: the offset from UTC at an instant. After the file's last transition its footer (a
 * POSIX TZ string) goes on, so a "slim" file is as good as a "fat" one. */
#ifndef PROTO_HOURS_ZONE_H
#define PROTO_HOURS_ZONE_H

#include "base/slice.h"

enum { ZONE_FILE_MAX = 65536, ZONE_NAME_MAX = 64 };

struct zone;

/* Names as they may stand in a configuration: parts of letters, digits, _, - and +, joined by
 * slashes; none that could leave the data base's folder. */
bool zone_name_is_valid(struct slice name);
/* ERR_MALFORMED: no TZif of version 2 or later; ERR_LIMIT: larger than any real one; ERR_NO_MEMORY.
 */
MUST_CHECK enum err zone_parse(struct slice tzif, struct zone **ret);
void zone_free(struct zone *z);
/* Seconds east of UTC at the instant. NULL: UTC. */
int32_t zone_offset(const struct zone *z, int64_t utc_s);

#endif
