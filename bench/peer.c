#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.h"
#include "bench.h"

static struct sockaddr_in local_address(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int socket_local(int type, uint16_t *ret_port)
{
	struct sockaddr_in at = local_address(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

void socket_patience(int fd)
{
	const struct timeval second = { .tv_sec = 1 };

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) == 0);
}

void peer_send(const struct peer *p, const void *bytes, size_t n)
{
	const struct sockaddr_in to = local_address(p->target);

	CHECK(sendto(p->udp, bytes, n, 0, (const struct sockaddr *)&to, sizeof(to)) == (ssize_t)n);
}

bool peer_receive(const struct peer *p)
{
	char bytes[4096];

	return recv(p->udp, bytes, sizeof(bytes), 0) > 0;
}

void peer_forget(const struct peer *p)
{
	char bytes[4096];

	while (recv(p->udp, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* ---- the thread ---- */

static void *work(void *arg)
{
	struct peer *p = arg;

	pin(1);
	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		if (!p->job) {
			pthread_cond_wait(&p->turn, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		p->job(p->arg);
		pthread_mutex_lock(&p->lock);
		p->job = NULL;
		pthread_cond_broadcast(&p->turn);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void peer_start(struct peer *p, void (*job)(void *arg), void *arg)
{
	pthread_mutex_lock(&p->lock);
	CHECK(!p->job);
	p->job = job;
	p->arg = arg;
	pthread_cond_broadcast(&p->turn);
	pthread_mutex_unlock(&p->lock);
}

void peer_wait(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->job)
		pthread_cond_wait(&p->turn, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void peer_open(struct peer *p)
{
	*p = (struct peer){ .lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER };
	p->udp = socket_local(SOCK_DGRAM, &p->port);
	socket_patience(p->udp);
	CHECK(pthread_create(&p->thread, NULL, work, p) == 0);
}

void peer_close(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_broadcast(&p->turn);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	close(p->udp);
}
