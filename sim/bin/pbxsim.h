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

/* The control API over HTTP. */
struct api;

MUST_CHECK enum err api_open(struct api **ret, struct event_base *base, struct net *net, struct pbx *pbx,
			     const struct pbx_address *listen);
void api_close(struct api *c); /* takes NULL */
struct pbx_address api_address(const struct api *c);

#endif
