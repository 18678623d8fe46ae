/* herald_message.h - alarms as the text of a mail and the body of a webhook. Pure. Private to
 * herald*.c. */
#ifndef DAEMON_HERALD_MESSAGE_H
#define DAEMON_HERALD_MESSAGE_H

#include "admin/alarms.h"
#include "base/buf.h"
#include "base/secret.h"

struct herald_item {
	struct alarm alarm;
	bool gone;
};

/* {"alarms":[{"state":"raised","id":...}]} */
void herald_json(const struct herald_item *list, uint32_t n, struct buf *out);
/* A whole mail, RFC 5322, lines ended by CR LF; addresses are checked by the configuration. */
void herald_mail(const struct herald_item *list, uint32_t n, const char *from,
		 const char *const *to, uint32_t to_n, int64_t wall_ms, struct buf *out);
/* Base64 of the HMAC-SHA256. */
enum { HERALD_SIGNATURE_MAX = 48 };
void herald_sign(const struct secret *key, struct slice body,
		 char ret[static HERALD_SIGNATURE_MAX]);

#endif
