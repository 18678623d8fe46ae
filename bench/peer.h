/* peer.h - a UDP socket of the other side, and its thread: one job a round. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct peer {
	int udp;
	uint16_t port;	 /* its own, of 127.0.0.1 */
	uint16_t target; /* where it sends */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	void (*job)(void *arg); /* NULL: none */
	void *arg;
	bool ends;
};

/* A socket on 127.0.0.1 and a thread on the second core. */
void peer_open(struct peer *p);
void peer_close(struct peer *p);
/* Starts the job in the peer's thread; the one before must be over. */
void peer_start(struct peer *p, void (*job)(void *arg), void *arg);
void peer_wait(struct peer *p);
/* A datagram to the target; waits for one, false after a second without any. */
void peer_send(const struct peer *p, const void *bytes, size_t n);
bool peer_receive(const struct peer *p);
/* Drops what has come and nobody has waited for. */
void peer_forget(const struct peer *p);
/* Waiting for something to come ends after a second. */
void socket_patience(int fd);
/* A socket bound to 127.0.0.1: type SOCK_DGRAM or SOCK_STREAM. */
int socket_local(int type, uint16_t *ret_port);

#endif
