/* srv.h - the order in which the records of an SRV or NAPTR answer are tried (RFC 2782, 3403). */
#ifndef IO_SRV_H
#define IO_SRV_H

#include <stddef.h>

#include "base/prng.h"

enum { SRV_HOST_MAX = 256 };

struct srv {
	char host[SRV_HOST_MAX];
	uint16_t port, priority, weight;
};

struct naptr {
	char owner[SRV_HOST_MAX]; /* of the SRV records */
	uint16_t order, preference;
	uint8_t way; /* of the query's */
};

/* Lowest order first, among equals lowest preference, among those as they came. */
void naptr_order(struct naptr *records, size_t n);
/* Lowest priority first; among equals by lot, the chance being the weight. */
void srv_order(struct srv *records, size_t n, struct prng *lots);

#endif
