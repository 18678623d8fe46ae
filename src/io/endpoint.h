/* endpoint.h - a numeric address and port as text, the form in which io shows the other ends. */
#ifndef IO_ENDPOINT_H
#define IO_ENDPOINT_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/slice.h"

enum { ENDPOINT_HOST_MAX = 64 };

struct endpoint {
	char host[ENDPOINT_HOST_MAX]; /* numeric, no brackets; a link-local one keeps its %zone */
	uint16_t port;
};

union socket_address {
	struct sockaddr any;
	struct sockaddr_storage room;
};

/* The empty host and port 0 for a family that is neither IPv4 nor IPv6. An IPv4 address inside IPv6
 * (::ffff:1.2.3.4) is shown as the IPv4 address that it is. */
void endpoint_show(const struct sockaddr *sa, struct endpoint *ret);
/* host must be numeric (v6 with or without brackets). ERR_MALFORMED when it is a name. */
MUST_CHECK enum err endpoint_parse(const char *host, uint16_t port, union socket_address *ret,
				   socklen_t *ret_len);
/* True when the text is a numeric address of either family, with or without brackets. */
bool endpoint_is_numeric(const char *host);
void endpoint_of_fd(int fd, struct endpoint *ret_local, struct endpoint *ret_peer);

#endif
