/* net.h - a simulated PBX without sockets on real ones, and the frame of a program around it. */
#ifndef SIM_BIN_NET_H
#define SIM_BIN_NET_H

#include <event2/event.h>

#include "pbx.h"

struct net;

/* The simulator's four verbs, over whatever it is. */
struct machine {
	const char *program; /* before messages */
	void *of;
	void (*feed)(void *of, int64_t now_ms, const struct pbx_feed *in);
	void (*tick)(void *of, int64_t now_ms);
	int64_t (*next)(const void *of);
	bool (*drain)(void *of, struct pbx_out *ret);
	/* The ports it has got, tls_port 0: none. NULL: it need not know. */
	void (*bound)(void *of, uint16_t port, uint16_t tls_port);
	bool udp; /* on the port of TCP as well */
};

struct net_config {
	struct pbx_address listen, tls_listen;
	const char *certificate_file, *key_file; /* NULL: no TLS */
};

/* Binds TCP, UDP on the same port where the machine wants it, and with a certificate TLS. Errors go to
 * stderr in words. The machine is copied. ERR_IO, ERR_NO_MEMORY. */
MUST_CHECK enum err net_open(struct net **ret, struct event_base *base, const struct machine *m,
			     const struct net_config *config);
void net_close(struct net *n); /* takes NULL */
struct pbx_address net_address(const struct net *n);
struct pbx_address net_tls_address(const struct net *n); /* port 0: none */
/* Sends what the machine has to say and sets the timer. To be called after every change to it. */
void net_pump(struct net *n);
int64_t net_now_ms(const struct net *n);

#endif
