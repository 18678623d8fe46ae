/* dial.c - a connected TCP socket out of a list of addresses: one after the other, each with its
 * share of the time. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/channel_inside.h"

static void try_next(struct channel *c, int error);

static void connected(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	int error = ETIMEDOUT;
	socklen_t n = sizeof(error);

	event_free(c->event);
	c->event = NULL;
	if (what & EV_WRITE && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error) {
		try_next(c, error);
		return;
	}
	c->fd = -1;
	endpoint_of_fd(fd, &c->local, &c->peer);
	stream_start(c, fd);
}

/* The time left, divided by the candidates left, so that one dead address does not use it up. */
static int64_t share_ms(const struct channel *c)
{
	int64_t left_ms = c->deadline_ms - loop_mono_ms(c->loop);

	return left_ms > 0 ? left_ms / (int64_t)(c->targets_n - c->target) : 0;
}

static int start_connecting(struct channel *c, const struct resolve_target *t)
{
	struct timeval tv = loop_timeval(share_ms(c));

	c->fd = socket(t->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	if (connect(c->fd, &t->address.any, t->len) != 0 && errno != EINPROGRESS)
		return errno;
	c->event = event_new(loop_base(c->loop), c->fd, EV_WRITE, connected, c);
	return c->event && event_add(c->event, &tv) == 0 ? 0 : ENOMEM;
}

static void give_up(struct channel *c, int error)
{
	if (c->targets_n > 1)
		channel_fail(c,
			     "%s: cannot connect to any of %zu addresses, last was %s port %u: %s",
			     c->host, c->targets_n, c->peer.host, c->peer.port, strerror(error));
	else
		channel_fail(c, "cannot connect to %s port %u: %s", c->peer.host, c->peer.port,
			     strerror(error));
}

static void try_next(struct channel *c, int error)
{
	while (c->target < c->targets_n && c->deadline_ms > loop_mono_ms(c->loop)) {
		const struct resolve_target *t = &c->targets[c->target];

		if (c->fd >= 0)
			close(c->fd);
		endpoint_show(&t->address.any, &c->peer);
		error = start_connecting(c, t);
		c->target++;
		if (!error)
			return;
	}
	give_up(c, error);
}

void dial_start(struct channel *c)
{
	try_next(c, ETIMEDOUT);
}
