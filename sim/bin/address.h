/* address.h - numeric addresses of the simulators' sockets. */
#ifndef SIM_BIN_ADDRESS_H
#define SIM_BIN_ADDRESS_H

#include <event2/util.h>

#include "pbx.h"

/* "host:port", "[v6]:port". */
MUST_CHECK enum err address_parse(const char *text, struct pbx_address *ret);
struct sockaddr;
/* The length used, 0 when the host is no numeric address. cap: room behind sa. */
int address_to_sockaddr(const struct pbx_address *a, struct sockaddr *sa, int cap);
void address_of_sockaddr(const struct sockaddr *sa, struct pbx_address *ret);
/* Where the socket is bound; port 0 when it is not. */
struct pbx_address address_bound(evutil_socket_t fd);

#endif
