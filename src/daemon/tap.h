/* tap.h - where bytes pass between sockets and connectors, somebody may look on (captures.h). */
#ifndef DAEMON_TAP_H
#define DAEMON_TAP_H

#include "base/slice.h"

enum tap_kind { TAP_RECEIVED, TAP_SENT, TAP_OPENED, TAP_CLOSED };

struct tap_event {
	uint8_t kind; /* enum tap_kind */
	bool datagram; /* the bytes are a whole message */
	uint32_t connector, channel;
	struct slice bytes;
};

/* One branch where bytes pass: see is NULL while nobody looks. */
struct tap {
	void (*see)(void *arg, const struct tap_event *ev);
	void *arg;
};

#endif
