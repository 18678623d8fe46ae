/* resolve.h - from a name to addresses, without blocking: hosts file, DNS (A and AAAA), SRV, NAPTR.
 *
 * Numeric hosts need no server. A host with port 0 is looked up as an SRV owner first when the
 * query names a service (RFC 3263 4.2); without SRV records the host itself is taken with
 * default_port. Where the transport is open too, the query names a way for each that would do, and
 * NAPTR is asked before (RFC 3263 4.1): of its records those that lead to one of our ways count, by
 * order and preference; without any the ways' own SRV names are asked in turn. Every query reads
 * resolv.conf and hosts anew: a change of either needs no restart. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "io/endpoint.h"
#include "io/loop.h"

enum { RESOLVE_TARGETS_MAX = 16, RESOLVE_TIMEOUT_MS = 10000, RESOLVE_WAYS_MAX = 3 };

/* A transport: what a NAPTR record calls it, and where it is without one. */
struct resolve_way {
	const char *naptr;   /* "SIP+D2U" and the like */
	const char *service; /* "_sip._udp" and the like */
	uint16_t default_port;
};

struct resolve_query {
	const char *host; /* name or numeric address; "" means every address of this machine */
	uint16_t port;
	const char *service; /* "_sip._udp" and the like, asked when port is 0; NULL: no SRV */
	uint16_t default_port;
	/* Instead of service and default_port, when the transport is open; the first is the one that
	 * the host itself is taken with. */
	const struct resolve_way *ways;
	size_t ways_n; /* at most RESOLVE_WAYS_MAX */
	const char *servers; /* "127.0.0.1:5353,..." instead of resolv.conf; NULL */
	int32_t timeout_ms;  /* for the whole query; 0: RESOLVE_TIMEOUT_MS */
};

struct resolve_target {
	union socket_address address;
	socklen_t len;
};

/* Valid during the call. targets_n > 0 or failed is set, words for people. */
struct resolve_answer {
	const char *failed;
	const struct resolve_target *targets; /* in the order in which to try them */
	size_t targets_n;
	size_t way; /* of the query's: the one that all targets are for */
	int32_t ttl_s; /* the shortest of the addresses' */
};

struct resolve;
/* Called once, never from inside resolve_start; the handle is gone when it is called. */
typedef void resolve_done_h(void *arg, const struct resolve_answer *answer);

/* Copies the query. ERR_NO_MEMORY, ERR_MALFORMED (host too long); done is then not called. */
MUST_CHECK enum err resolve_start(struct resolve **ret, struct loop *l,
				  const struct resolve_query *q, resolve_done_h *done, void *arg);
/* done will not be called. Takes NULL. */
void resolve_cancel(struct resolve *r);

#endif
