/* action.h - writes what is asked of an Asterisk manager, and the answer to its challenge.
 *
 * A value with a line end in it would be a second action of somebody else's choice: it is refused, and
 * with it the whole action. */
#ifndef PROTO_AMI_ACTION_H
#define PROTO_AMI_ACTION_H

#include "base/buf.h"
#include "base/slice.h"

enum {
	AMI_LINE_MAX = 1000, /* Asterisk reads lines of at most 1,024 bytes (main/manager.c, inbuf) */
	AMI_ACTION_MAX = 8192,
	AMI_KEY_HEX = 33,
};

struct ami_action {
	struct buf *out; /* at most AMI_ACTION_MAX bytes */
	enum err err;    /* the first; sticks */
};

/* Starts an action in out, whose content is dropped. id comes back as ActionID; 0: none is sent. */
void ami_begin(struct ami_action *a, struct buf *out, const char *name, uint32_t id);
/* key is ours, value may be foreign. */
void ami_put(struct ami_action *a, const char *key, struct slice value);
/* A value in the manner of printf, at most AMI_LINE_MAX bytes. */
void ami_put_fmt(struct ami_action *a, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* ERR_DENIED: a value held a line end or a zero byte; ERR_LIMIT: one was too long; ERR_NO_MEMORY. out
 * is empty then. */
MUST_CHECK enum err ami_end(struct ami_action *a);

/* Key of `Action: Login, AuthType: MD5`: hex of MD5 over challenge and secret. ERR_NO_MEMORY when the
 * crypto library refuses. */
MUST_CHECK enum err ami_login_key(struct slice challenge, struct slice secret, char ret[AMI_KEY_HEX]);

#endif
