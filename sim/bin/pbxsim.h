/* pbxsim.h - the simulated PBX of sim/pbx.h on real sockets: the parts of the program pbxsim. */
#ifndef SIM_BIN_PBXSIM_H
#define SIM_BIN_PBXSIM_H

#include <event2/event.h>

#include "pbx.h"

struct net;

struct net_config {
	struct pbx_address listen, tls_listen;
	const char *certificate_file, *key_file; /* NULL: no TLS */
};

/* Binds UDP and TCP on the same port and, with a certificate, TLS; tells the PBX its ports. Errors go
 * to stderr in words. ERR_IO, ERR_NO_MEMORY. */
MUST_CHECK enum err net_open(struct net **ret, struct event_base *base, struct pbx *pbx,
			     const struct net_config *config);
void net_close(struct net *n); /* takes NULL */
struct pbx_address net_address(const struct net *n);
struct pbx_address net_tls_address(const struct net *n); /* port 0: none */
/* Sends what the PBX has to say and sets the timer. To be called after every change to it. */
void net_pump(struct net *n);
int64_t net_now_ms(const struct net *n);

/* A small HTTP/1.1 server on the same loop: one request a connection, JSON in and out. */
struct control;

MUST_CHECK enum err control_open(struct control **ret, struct event_base *base, struct net *net,
				 struct pbx *pbx, const struct pbx_address *listen);
void control_close(struct control *c); /* takes NULL */
struct pbx_address control_address(const struct control *c);

/* "host:port", "[v6]:port". */
MUST_CHECK enum err address_parse(const char *text, struct pbx_address *ret);
struct sockaddr;
/* The length used, 0 when the host is no numeric address. cap: room behind sa. */
int address_to_sockaddr(const struct pbx_address *a, struct sockaddr *sa, int cap);
void address_of_sockaddr(const struct sockaddr *sa, struct pbx_address *ret);

#endif
