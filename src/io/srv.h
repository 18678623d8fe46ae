/* srv.h - the order in which the targets of an SRV answer are tried (RFC 2782). */
#ifndef IO_SRV_H
#define IO_SRV_H

#include <stddef.h>

#include "base/prng.h"

enum { SRV_HOST_MAX = 256 };

struct srv {
	char host[SRV_HOST_MAX];
	uint16_t port, priority, weight;
};

/* Lowest priority first; among equals by lot, the chance being the weight. */
void srv_order(struct srv *records, size_t n, struct prng *lots);

#endif
