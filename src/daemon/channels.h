/* channels.h - the sources' channels as real sockets: OUT_CONNECT and its like become io calls, what
 * happens there becomes feeds. */
#ifndef DAEMON_CHANNELS_H
#define DAEMON_CHANNELS_H

#include "bridge/bridge.h"
#include "daemon/tap.h"
#include "io/loop.h"
#include "proto/conf/conf.h"

struct channels;

struct channels_hooks {
	/* The settings of a connector: CA, own certificate. NULL: it is gone. */
	const struct conf_connector *(*settings)(void *arg, uint32_t connector);
	void *arg;
};

MUST_CHECK enum err channels_new(struct channels **ret, struct loop *l, struct bridge *b,
				 const struct channels_hooks *hooks);
void channels_free(struct channels *c);
/* Who looks on from now on; must outlive c. */
void channels_set_tap(struct channels *c, const struct tap *tap);
/* Takes OUT_CONNECT, OUT_LISTEN, OUT_SEND and OUT_CLOSE. */
void channels_do(struct channels *c, uint32_t connector, const struct source_out *out);
/* Closes all channels of a connector whose machine is gone. */
void channels_drop(struct channels *c, uint32_t connector);
/* A connector's TLS listener, if it has one, reads certificate and key again, from the files its settings
 * name now. On failure the old ones stay and ret_why (room for cap bytes) says why. */
MUST_CHECK enum err channels_renew(struct channels *c, uint32_t connector, char *ret_why, size_t cap);
/* Connections to our listeners that came to nothing. */
uint64_t channels_refused(const struct channels *c);

#endif
