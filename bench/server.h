/* server.h - the far end of G3: an HTTPS server that reads a request and answers 200, and a plain TCP
 * reader. Blocking; used by the peer's thread alone, one request at a time. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVER_CONNECTIONS = 32 };

struct server {
	char folder[64], ca_file[96];
	SSL_CTX *tls;
	int tls_listener, tcp_listener, tcp; /* tcp: -1 until the relay has come */
	uint16_t tls_port, tcp_port;
	SSL *connections[SERVER_CONNECTIONS];
	size_t connections_n, asked; /* the connection of the last request */
};

/* Makes a key and a certificate for 127.0.0.1 in a folder of its own. */
void server_open(struct server *s);
void server_close(struct server *s);
/* Returns when one whole presence request has come. */
void server_read_request(struct server *s);
void server_answer(struct server *s);
/* Returns when n bytes have come from the relay. */
void server_read_relayed(struct server *s, size_t n);

#endif
