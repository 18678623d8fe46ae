/* listener.c - takes in connections, at a bounded rate and up to a bounded number.
 *
 * An accepted connection is a channel from its first byte, but it is shown to the owner only when
 * it is ready for use; until then the listener alone answers for it. */
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "io/channel_inside.h"

enum { ACCEPTS_A_TURN = 16, BACKLOG = 128, PAUSE_MS = 1000 };

static void refuse(struct channel *l, const struct endpoint *peer, const char *why)
{
	if (l && l->state != CHANNEL_OVER && l->handlers.refused)
		l->handlers.refused(l->arg, l, peer, why);
}

static void join(struct channel *l, struct channel *c)
{
	c->listener = l;
	l->accepted++;
	c->next = l->next;
	if (c->next)
		c->next->at = &c->next;
	c->at = &l->next;
	l->next = c;
}

void listener_leave(struct channel *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	c->next = NULL;
	c->at = NULL;
	c->listener->accepted--;
	c->listener = NULL;
}

/* Those already shown live on; the others have nobody who would ever hear of them. */
void listener_orphan(struct channel *l)
{
	while (l->next) {
		struct channel *c = l->next;

		listener_leave(c);
		if (c->state == CHANNEL_START) {
			channel_release(c);
			channel_free_later(c);
		}
	}
}

void listener_ready(struct channel *c)
{
	struct channel *l = c->listener;

	if (l->handlers.accepted)
		l->handlers.accepted(l->arg, l, c, &c->local, &c->peer);
	else
		channel_close(c);
}

void listener_refused(struct channel *c, const char *why)
{
	struct channel *l = c->listener;

	channel_release(c);
	channel_free_later(c);
	refuse(l, &c->peer, why);
}

static void take(struct channel *l, int fd)
{
	struct channel *c = channel_new(l->loop, &l->handlers, l->arg);
	struct endpoint local, peer;

	endpoint_of_fd(fd, &local, &peer);
	if (!c || l->accepted >= l->accepted_max) {
		close(fd);
		free(c);
		refuse(l, &peer, c ? "too many connections" : "no memory");
		return;
	}
	c->kind = KIND_STREAM;
	c->transport = l->transport;
	c->passive = true;
	c->handshake_ms = l->handshake_ms;
	c->local = local;
	c->peer = peer;
	c->server = l->server;
	if (c->server)
		SSL_CTX_up_ref(c->server);
	join(l, c);
	stream_start(c, fd);
}

static void resume(evutil_socket_t fd, short what, void *arg)
{
	struct channel *l = arg;

	(void)fd;
	(void)what;
	event_add(l->event, NULL);
}

/* Out of descriptors: waiting connections stay readable, so the listener must look away a while. */
static void pause_listening(struct channel *l)
{
	if (channel_timer(l, PAUSE_MS, resume) == ERR_OK)
		event_del(l->event);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct channel *l = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_A_TURN && l->state == CHANNEL_UP; i++) {
		int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (got >= 0) {
			take(l, got);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			   errno == ENOBUFS) {
			pause_listening(l);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static int open_socket(struct channel *l, const struct resolve_target *t)
{
	const int on = 1, off = 0;
	int error;

	l->fd = socket(t->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return errno;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(l->fd, &t->address.any, t->len) == 0 && listen(l->fd, BACKLOG) == 0)
		return 0;
	error = errno;
	close(l->fd);
	l->fd = -1;
	return error;
}

void listener_start(struct channel *l)
{
	struct endpoint target = {0}, none;
	char why[sizeof(l->why)];
	int error = 0;

	if (l->transport == CHANNEL_TLS &&
	    tls_server_new(&l->server, &l->tls, why, sizeof(why)) != ERR_OK) {
		channel_fail(l, "%s", why);
		return;
	}
	for (size_t i = 0; i < l->targets_n && l->fd < 0; i++) {
		endpoint_show(&l->targets[i].address.any, &target);
		error = open_socket(l, &l->targets[i]);
	}
	if (l->fd < 0) {
		channel_fail(l, "cannot listen on %s port %u: %s", target.host, target.port,
			     strerror(error));
		return;
	}
	l->event = event_new(loop_base(l->loop), l->fd, EV_READ | EV_PERSIST, on_connection, l);
	if (!l->event || event_add(l->event, NULL) != 0) {
		channel_fail(l, "no memory");
		return;
	}
	endpoint_of_fd(l->fd, &l->local, &none);
	channel_up(l);
}
