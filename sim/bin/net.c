/* net.c - sockets, streams and TLS under a simulated PBX. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "net.h"

enum { DATAGRAMS_A_TURN = 64, BIND_TRIES = 20, UNSENT_MAX = 8 * 1024 * 1024 };

struct link {
	struct link *next;
	struct net *net;
	uint32_t channel;
	uint8_t transport;
	bool closing; /* gone when all is written */
	struct bufferevent *bev;
	struct pbx_address peer;
};

struct net {
	struct event_base *base;
	struct machine m;
	struct evutil_monotonic_timer *clock;
	struct event *udp_event, *timer;
	struct evconnlistener *tcp, *tls;
	evutil_socket_t udp;
	SSL_CTX *server, *client;
	struct link *links;
	uint32_t channels;
	struct pbx_address address, tls_address;
};

struct pbx_address net_address(const struct net *n)
{
	return n->address;
}

struct pbx_address net_tls_address(const struct net *n)
{
	return n->tls_address;
}

int64_t net_now_ms(const struct net *n)
{
	struct timeval tv = { 0 };

	evutil_gettime_monotonic(n->clock, &tv);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

/* ---- links ---- */

static struct link *find_link(struct net *n, uint32_t channel)
{
	for (struct link *l = n->links; l; l = l->next)
		if (l->channel == channel)
			return l;
	return NULL;
}

static void drop_link(struct link *gone)
{
	struct link **at = &gone->net->links;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (*at)
		*at = gone->next;
	if (gone->bev)
		bufferevent_free(gone->bev);
	free(gone);
}

static void feed(struct net *n, const struct pbx_feed *in)
{
	n->m.feed(n->m.of, net_now_ms(n), in);
	net_pump(n);
}

static void link_lost(struct link *l)
{
	struct net *n = l->net;
	uint32_t channel = l->channel;
	bool closing = l->closing;

	drop_link(l);
	if (!closing)
		feed(n, &(struct pbx_feed){ .kind = PBX_CLOSED, .channel = channel });
}

static void link_opened(struct link *l)
{
	feed(l->net, &(struct pbx_feed){ .kind = PBX_OPENED, .transport = l->transport, .channel = l->channel,
					 .peer = l->peer });
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct link *l = arg;
	struct net *n = l->net;
	struct evbuffer *in = bufferevent_get_input(bev);
	static char bytes[32768];
	uint32_t channel = l->channel;

	while (find_link(n, channel) == l) { /* what it says may close the link */
		int got = evbuffer_remove(in, bytes, sizeof(bytes));

		if (got <= 0)
			break;
		if (!l->closing)
			feed(n, &(struct pbx_feed){ .kind = PBX_BYTES, .channel = channel, .peer = l->peer,
						    .bytes = slice_of(bytes, (size_t)got) });
	}
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct link *l = arg;

	(void)bev;
	if (l->closing)
		drop_link(l);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct link *l = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		if (l->channel >> 31 || l->transport == PBX_TLS)
			link_opened(l);
		return;
	}
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		link_lost(l);
}

static struct link *new_link(struct net *n, uint8_t transport, uint32_t channel,
			     const struct pbx_address *peer)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	*l = (struct link){ .next = n->links,
			    .net = n,
			    .transport = transport,
			    .channel = channel,
			    .peer = *peer };
	n->links = l;
	return l;
}

static struct bufferevent *new_stream(struct net *n, evutil_socket_t fd, uint8_t transport, bool accepting)
{
	SSL_CTX *ctx = accepting ? n->server : n->client;
	SSL *ssl;

	if (transport != PBX_TLS)
		return bufferevent_socket_new(n->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = ctx ? SSL_new(ctx) : NULL;
	if (!ssl)
		return NULL;
	return bufferevent_openssl_socket_new(
		n->base, fd, ssl, accepting ? BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING,
		BEV_OPT_CLOSE_ON_FREE);
}

static void accepted(struct net *n, evutil_socket_t fd, const struct sockaddr *sa, uint8_t transport)
{
	struct pbx_address peer;
	struct link *l;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	address_of_sockaddr(sa, &peer);
	n->channels = n->channels % 0x7fffffff + 1;
	l = new_link(n, transport, n->channels, &peer);
	if (l)
		l->bev = new_stream(n, fd, transport, true);
	if (!l || !l->bev) {
		evutil_closesocket(fd);
		if (l)
			drop_link(l);
		return;
	}
	bufferevent_setcb(l->bev, on_read, on_written, on_event, l);
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	if (transport == PBX_TCP) /* TLS: when the handshake is done */
		link_opened(l);
}

static void on_tcp(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		   int len, void *arg)
{
	(void)listener;
	(void)len;
	accepted(arg, fd, sa, PBX_TCP);
}

static void on_tls(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		   int len, void *arg)
{
	(void)listener;
	(void)len;
	accepted(arg, fd, sa, PBX_TLS);
}

/* ---- what the PBX wants ---- */

static void connect_out(struct net *n, const struct pbx_out *out)
{
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(&out->peer, (struct sockaddr *)&ss, sizeof(ss));
	struct link *l = len ? new_link(n, out->transport, out->channel, &out->peer) : NULL;

	if (l)
		l->bev = new_stream(n, -1, out->transport, false);
	if (l && l->bev) {
		bufferevent_setcb(l->bev, on_read, on_written, on_event, l);
		bufferevent_enable(l->bev, EV_READ | EV_WRITE);
		if (bufferevent_socket_connect(l->bev, (struct sockaddr *)&ss, len) == 0)
			return;
	}
	if (l)
		drop_link(l);
	n->m.feed(n->m.of, net_now_ms(n),
		  &(struct pbx_feed){ .kind = PBX_CLOSED, .channel = out->channel });
}

static void send_out(struct net *n, const struct pbx_out *out)
{
	struct sockaddr_storage ss = { 0 };
	struct link *l;
	int len;

	if (out->channel == PBX_UDP_CHANNEL) {
		len = address_to_sockaddr(&out->peer, (struct sockaddr *)&ss, sizeof(ss));
		/* A datagram that the system does not take is lost, as datagrams are. */
		if (len && sendto(n->udp, out->bytes.p, out->bytes.n, MSG_NOSIGNAL, (struct sockaddr *)&ss,
				  (socklen_t)len) < 0)
			return;
		return;
	}
	l = find_link(n, out->channel);
	if (l && !l->closing && evbuffer_get_length(bufferevent_get_output(l->bev)) < UNSENT_MAX)
		bufferevent_write(l->bev, out->bytes.p, out->bytes.n);
}

/* What was said before goes before. */
static void close_out(struct link *l)
{
	if (l && evbuffer_get_length(bufferevent_get_output(l->bev)))
		l->closing = true;
	else if (l)
		drop_link(l);
}

void net_pump(struct net *n)
{
	struct pbx_out out;
	int64_t now, next;

	while (n->m.drain(n->m.of, &out)) {
		switch ((enum pbx_out_kind)out.kind) {
		case PBX_SEND:
			send_out(n, &out);
			break;
		case PBX_CONNECT:
			connect_out(n, &out);
			break;
		case PBX_CLOSE:
			close_out(find_link(n, out.channel));
			break;
		}
	}
	next = n->m.next(n->m.of);
	if (next == PBX_NEVER) {
		event_del(n->timer);
		return;
	}
	now = net_now_ms(n);
	next = next > now ? next - now : 0;
	event_add(n->timer, &(struct timeval){ .tv_sec = next / 1000, .tv_usec = next % 1000 * 1000 });
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;

	(void)fd;
	(void)what;
	n->m.tick(n->m.of, net_now_ms(n));
	net_pump(n);
}

static void on_datagram(evutil_socket_t fd, short what, void *arg)
{
	static char bytes[65536];
	struct net *n = arg;

	(void)what;
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		struct sockaddr_storage ss = { 0 };
		socklen_t len = sizeof(ss);
		ssize_t got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&ss, &len);
		struct pbx_feed in = { .kind = PBX_BYTES, .channel = PBX_UDP_CHANNEL };

		if (got < 0 && errno == ECONNREFUSED)
			continue; /* an ICMP answer to something sent before */
		if (got < 0)
			break;
		address_of_sockaddr((struct sockaddr *)&ss, &in.peer);
		in.bytes = slice_of(bytes, (size_t)got);
		feed(n, &in);
	}
}

/* ---- start ---- */

static bool bind_udp(struct net *n, const struct pbx_address *a)
{
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(a, (struct sockaddr *)&ss, sizeof(ss)), size = 4 * 1024 * 1024;

	n->udp = len ? socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (n->udp < 0)
		return false;
	setsockopt(n->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(n->udp, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(n->udp, (struct sockaddr *)&ss, (socklen_t)len) == 0)
		return true;
	evutil_closesocket(n->udp);
	n->udp = -1;
	return false;
}

static struct evconnlistener *listen_on(struct net *n, const struct pbx_address *a, evconnlistener_cb cb)
{
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(a, (struct sockaddr *)&ss, sizeof(ss));

	if (!len)
		return NULL;
	return evconnlistener_new_bind(n->base, cb, n,
				       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
				       (struct sockaddr *)&ss, len);
}

static enum err refused(const struct net *n, const struct pbx_address *a)
{
	fprintf(stderr, "%s: cannot listen on %s:%u: %s\n", n->m.program, a->host, a->port, strerror(errno));
	return ERR_IO;
}

static enum err bind_tcp(struct net *n, const struct pbx_address *want)
{
	n->tcp = listen_on(n, want, on_tcp);
	if (!n->tcp)
		return refused(n, want);
	n->address = address_bound(evconnlistener_get_fd(n->tcp));
	return ERR_OK;
}

/* The same port for UDP and TCP; with port 0 the one that UDP got may be taken on TCP. */
static enum err bind_both(struct net *n, const struct pbx_address *want)
{
	for (int i = 0; i < BIND_TRIES; i++) {
		if (!bind_udp(n, want))
			break;
		n->address = address_bound(n->udp);
		n->tcp = listen_on(n, &n->address, on_tcp);
		if (n->tcp)
			return ERR_OK;
		evutil_closesocket(n->udp);
		n->udp = -1;
		if (want->port)
			break;
	}
	return refused(n, want);
}

static enum err open_tls(struct net *n, const struct net_config *config)
{
	n->client = SSL_CTX_new(TLS_client_method());
	if (!n->client)
		return ERR_NO_MEMORY;
	if (!config->certificate_file)
		return ERR_OK;
	n->server = SSL_CTX_new(TLS_server_method());
	if (!n->server || SSL_CTX_use_certificate_chain_file(n->server, config->certificate_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(n->server, config->key_file, SSL_FILETYPE_PEM) != 1) {
		fprintf(stderr, "%s: cannot use certificate %s with key %s\n", n->m.program,
			config->certificate_file, config->key_file);
		return ERR_IO;
	}
	n->tls = listen_on(n, &config->tls_listen, on_tls);
	if (!n->tls)
		return refused(n, &config->tls_listen);
	n->tls_address = address_bound(evconnlistener_get_fd(n->tls));
	return ERR_OK;
}

static enum err open_events(struct net *n)
{
	n->clock = evutil_monotonic_timer_new();
	if (!n->clock || evutil_configure_monotonic_time(n->clock, 0))
		return ERR_NO_MEMORY;
	n->timer = event_new(n->base, -1, 0, on_timer, n);
	return n->timer ? ERR_OK : ERR_NO_MEMORY;
}

static enum err open_udp(struct net *n)
{
	if (!n->m.udp)
		return ERR_OK;
	n->udp_event = event_new(n->base, n->udp, EV_READ | EV_PERSIST, on_datagram, n);
	return n->udp_event && event_add(n->udp_event, NULL) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

enum err net_open(struct net **ret, struct event_base *base, const struct machine *m,
		  const struct net_config *config)
{
	struct net *n = calloc(1, sizeof(*n));
	enum err e;

	if (!n)
		return ERR_NO_MEMORY;
	*n = (struct net){ .base = base, .m = *m, .udp = -1 };
	e = open_events(n);
	if (!e)
		e = m->udp ? bind_both(n, &config->listen) : bind_tcp(n, &config->listen);
	if (!e)
		e = open_tls(n, config);
	if (!e)
		e = open_udp(n);
	if (e) {
		net_close(n);
		return e;
	}
	if (m->bound)
		m->bound(m->of, n->address.port, n->tls_address.port);
	*ret = n;
	return ERR_OK;
}

void net_close(struct net *n)
{
	if (!n)
		return;
	while (n->links)
		drop_link(n->links);
	if (n->tcp)
		evconnlistener_free(n->tcp);
	if (n->tls)
		evconnlistener_free(n->tls);
	if (n->udp_event)
		event_free(n->udp_event);
	if (n->timer)
		event_free(n->timer);
	if (n->udp >= 0)
		evutil_closesocket(n->udp);
	if (n->clock)
		evutil_monotonic_timer_free(n->clock);
	SSL_CTX_free(n->server);
	SSL_CTX_free(n->client);
	free(n);
}
