/* datagram.c - a UDP socket as a channel.
 *
 * The socket is bound to the address that faces the peer but not connected: an ICMP error does not
 * end it, and a PBX may send from another of its addresses; who may is for the machine to say. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/channel_inside.h"

enum {
	BATCH = 64,
	DATAGRAM_ROOM = 65536,
	GOING_BYTES = 128 << 10, /* more than the largest */
	RECEIVE_BUFFER = 4 << 20, /* a PBX answers a thousand SUBSCRIBEs at once */
};
_Static_assert((int)GOING_BYTES > (int)CHANNEL_DATAGRAM_MAX, "one datagram must fit");
_Static_assert(BATCH *DATAGRAM_ROOM <= LOOP_SCRATCH_SIZE, "the batch must fit the scratch memory");

/* The first is for those with CAP_NET_ADMIN, the second is cut to net.core.rmem_max. */
static void tune(int fd)
{
	const int room = RECEIVE_BUFFER, on = 1, off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
}

/* The kernel counts what it dropped since the socket was made, and tells it with each datagram. */
static void note_overflow(struct channel *c, struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	uint32_t total;

	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SO_RXQ_OVFL)
		return;
	memcpy(&total, CMSG_DATA(h), sizeof(total));
	c->counts.datagrams_lost += total - c->overflows;
	c->overflows = total;
}

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];
	union socket_address from[BATCH];
	_Alignas(struct cmsghdr) char control[BATCH][CMSG_SPACE(sizeof(uint32_t))];
};

static int receive(struct channel *c, struct batch *b, char *room)
{
	for (int i = 0; i < BATCH; i++) {
		b->pieces[i] = (struct iovec){room + (size_t)i * DATAGRAM_ROOM, DATAGRAM_ROOM};
		b->messages[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							 .msg_namelen = sizeof(b->from[i]),
							 .msg_iov = &b->pieces[i],
							 .msg_iovlen = 1,
							 .msg_control = b->control[i],
							 .msg_controllen = sizeof(b->control[i])};
	}
	return recvmmsg(c->fd, b->messages, BATCH, MSG_DONTWAIT, NULL);
}

/* One batch a turn; what is left makes the socket readable again. An error is nothing to act on:
 * the socket is not connected, so it is not even told of ICMP. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	char *room = loop_scratch(c->loop);
	struct endpoint peer;
	struct batch b;
	int n = room ? receive(c, &b, room) : 0;

	(void)fd;
	(void)what;
	for (int i = 0; i < n && c->state == CHANNEL_UP; i++) {
		struct msghdr *m = &b.messages[i].msg_hdr;
		size_t len = b.messages[i].msg_len;

		note_overflow(c, m);
		if (m->msg_flags & MSG_TRUNC) {
			c->counts.datagrams_cut++;
			continue;
		}
		c->counts.bytes_in += len;
		endpoint_show(&b.from[i].any, &peer);
		if (c->handlers.bytes)
			c->handlers.bytes(c->arg, c, slice_of(b.pieces[i].iov_base, len), &peer);
	}
}

/* A connected socket that sends nothing shows which of our addresses faces the target. */
static int facing(const struct resolve_target *to, struct resolve_target *ret)
{
	int fd = socket(to->address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	ret->len = sizeof(ret->address);
	if (fd < 0)
		return errno;
	if (connect(fd, &to->address.any, to->len) != 0 ||
	    getsockname(fd, &ret->address.any, &ret->len) != 0)
		error = errno;
	close(fd);
	if (ret->address.any.sa_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, &ret->address, sizeof(four));
		four.sin_port = 0;
		memcpy(&ret->address, &four, sizeof(four));
	} else {
		struct sockaddr_in6 six;

		memcpy(&six, &ret->address, sizeof(six));
		six.sin6_port = 0;
		memcpy(&ret->address, &six, sizeof(six));
	}
	return error;
}

static int bind_to(struct channel *c, const struct resolve_target *own)
{
	c->fd = socket(own->address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	tune(c->fd);
	if (bind(c->fd, &own->address.any, own->len) == 0)
		return 0;
	int error = errno;

	close(c->fd);
	c->fd = -1;
	return error;
}

static int open_socket(struct channel *c, const struct resolve_target *t)
{
	struct resolve_target own;
	int error;

	if (c->passive)
		return bind_to(c, t);
	error = facing(t, &own);
	return error ? error : bind_to(c, &own);
}

void datagram_start(struct channel *c)
{
	struct endpoint none, target = {0};
	int error = 0;

	for (size_t i = 0; i < c->targets_n && c->fd < 0; i++) {
		endpoint_show(&c->targets[i].address.any, &target);
		error = open_socket(c, &c->targets[i]);
		c->to = c->targets[i];
	}
	if (c->fd < 0) {
		channel_fail(c,
			     c->passive ? "cannot listen on %s port %u (UDP): %s"
					: "no way to %s port %u (UDP): %s",
			     target.host, target.port, strerror(error));
		return;
	}
	c->event = event_new(loop_base(c->loop), c->fd, EV_READ | EV_PERSIST, on_readable, c);
	if (!c->event || event_add(c->event, NULL) != 0) {
		channel_fail(c, "no memory");
		return;
	}
	endpoint_of_fd(c->fd, &c->local, &none);
	if (!c->passive)
		c->peer = target;
	channel_up(c);
}

/* An IPv6 socket reaches IPv4 peers under their mapped addresses. */
static void map_four(struct resolve_target *t)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four;

	memcpy(&four, &t->address, sizeof(four));
	six.sin6_port = four.sin_port;
	six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&six.sin6_addr.s6_addr[12], &four.sin_addr, 4);
	memcpy(&t->address, &six, sizeof(six));
	t->len = sizeof(six);
}

static enum err choose_target(struct channel *c, const struct endpoint *peer,
			      struct resolve_target *ret)
{
	enum err e = ERR_OK;

	if (peer && peer->host[0])
		e = endpoint_parse(peer->host, peer->port, &ret->address, &ret->len);
	else if (c->passive)
		return ERR_BUG;
	else
		*ret = c->to;
	if (!e && ret->address.any.sa_family == AF_INET && strchr(c->local.host, ':'))
		map_four(ret);
	return e;
}

/* ---- sending ---- */

/* Datagrams wait for the end of the turn and leave together: most are answers to a PBX, which has half a
 * second, and what the turn has to say to Microsoft goes first. */
struct datagrams {
	struct loop_task task;
	unsigned n;
	size_t used;
	struct resolve_target to[BATCH];
	struct iovec pieces[BATCH];
	char bytes[GOING_BYTES];
};

static void send_all(struct channel *c)
{
	struct datagrams *g = c->going;
	struct mmsghdr m[BATCH];
	unsigned at = 0;

	for (unsigned i = 0; i < g->n; i++)
		m[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &g->to[i].address,
						    .msg_namelen = g->to[i].len,
						    .msg_iov = &g->pieces[i],
						    .msg_iovlen = 1}};
	while (at < g->n) {
		int sent = sendmmsg(c->fd, m + at, g->n - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		for (int i = 0; i < sent; i++)
			c->counts.bytes_out += m[at + (unsigned)i].msg_len;
		if (sent <= 0)
			c->counts.datagrams_lost++; /* the first of them could not go */
		at += sent > 0 ? (unsigned)sent : 1;
	}
	g->n = 0;
	g->used = 0;
}

static void turn_ends(void *arg)
{
	send_all(arg);
}

void datagram_end(struct channel *c)
{
	if (!c->going)
		return;
	send_all(c);
	loop_not_later(c->loop, &c->going->task);
	free(c->going);
	c->going = NULL;
}

enum err datagram_send(struct channel *c, struct slice bytes, const struct endpoint *peer)
{
	struct resolve_target to;
	enum err e = choose_target(c, peer, &to);
	struct datagrams *g;

	if (e)
		return e;
	if (bytes.n > CHANNEL_DATAGRAM_MAX)
		return ERR_LIMIT;
	if (!c->going)
		c->going = calloc(1, sizeof(*c->going));
	g = c->going;
	if (!g)
		return ERR_NO_MEMORY;
	if (g->n == BATCH || g->used + bytes.n > GOING_BYTES)
		send_all(c);
	memcpy(g->bytes + g->used, bytes.p, bytes.n);
	g->to[g->n] = to;
	g->pieces[g->n++] = (struct iovec){g->bytes + g->used, bytes.n};
	g->used += bytes.n;
	loop_rear(c->loop, &g->task, turn_ends, c);
	return ERR_OK;
}
