/* mivo400sim_net.c - streams, plain and TLS, under the simulated switch. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "address.h"
#include "mivo400sim.h"

enum { UNSENT_MAX = 8 * 1024 * 1024 };

struct stream {
	struct stream *next;
	struct net *net;
	uint32_t channel;
	bool closing; /* gone when all is written */
	struct bufferevent *bev;
};

struct net {
	struct event_base *base;
	struct mivo *mivo;
	struct evutil_monotonic_timer *clock;
	struct event *timer;
	struct evconnlistener *tcp, *tls;
	SSL_CTX *server;
	struct stream *streams;
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

/* ---- streams ---- */

static struct stream *find_stream(struct net *n, uint32_t channel)
{
	for (struct stream *s = n->streams; s; s = s->next)
		if (s->channel == channel)
			return s;
	return NULL;
}

static void drop_stream(struct stream *gone)
{
	struct stream **at = &gone->net->streams;

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
	mivo_feed(n->mivo, net_now_ms(n), in);
	net_pump(n);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;
	struct net *n = s->net;
	struct evbuffer *in = bufferevent_get_input(bev);
	static char bytes[32768];
	uint32_t channel = s->channel;

	while (find_stream(n, channel) == s) { /* what it says may close the stream */
		int got = evbuffer_remove(in, bytes, sizeof(bytes));

		if (got <= 0)
			break;
		if (!s->closing)
			feed(n, &(struct pbx_feed){ .kind = PBX_BYTES,
						    .channel = channel,
						    .bytes = slice_of(bytes, (size_t)got) });
	}
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	(void)bev;
	if (s->closing)
		drop_stream(s);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct stream *s = arg;
	struct net *n = s->net;
	uint32_t channel = s->channel;
	bool closing = s->closing;

	(void)bev;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	drop_stream(s);
	if (!closing)
		feed(n, &(struct pbx_feed){ .kind = PBX_CLOSED, .channel = channel });
}

static struct bufferevent *new_bev(struct net *n, evutil_socket_t fd, bool tls)
{
	SSL *ssl;

	if (!tls)
		return bufferevent_socket_new(n->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(n->server);
	if (!ssl)
		return NULL;
	return bufferevent_openssl_socket_new(n->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
					      BEV_OPT_CLOSE_ON_FREE);
}

static void accepted(struct net *n, evutil_socket_t fd, bool tls)
{
	struct stream *s = calloc(1, sizeof(*s));
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (s)
		s->bev = new_bev(n, fd, tls);
	if (!s || !s->bev) {
		evutil_closesocket(fd);
		free(s);
		return;
	}
	s->net = n;
	s->next = n->streams;
	n->channels = n->channels % 0x7fffffff + 1;
	s->channel = n->channels;
	n->streams = s;
	bufferevent_setcb(s->bev, on_read, on_written, on_event, s);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	feed(n, &(struct pbx_feed){ .kind = PBX_OPENED,
				    .channel = s->channel,
				    .transport = tls ? PBX_TLS : PBX_TCP });
}

static void on_tcp(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		   int len, void *arg)
{
	(void)listener;
	(void)sa;
	(void)len;
	accepted(arg, fd, false);
}

static void on_tls(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		   int len, void *arg)
{
	(void)listener;
	(void)sa;
	(void)len;
	accepted(arg, fd, true);
}

/* ---- what the switch wants ---- */

static void obey(struct net *n, const struct pbx_out *out)
{
	struct stream *s = find_stream(n, out->channel);

	if (!s || s->closing)
		return;
	if (out->kind == PBX_SEND) {
		if (evbuffer_get_length(bufferevent_get_output(s->bev)) < UNSENT_MAX)
			bufferevent_write(s->bev, out->bytes.p, out->bytes.n);
		return;
	}
	if (evbuffer_get_length(bufferevent_get_output(s->bev)))
		s->closing = true;
	else
		drop_stream(s);
}

void net_pump(struct net *n)
{
	struct pbx_out out;
	int64_t now, next;

	while (mivo_drain(n->mivo, &out))
		obey(n, &out);
	next = mivo_next(n->mivo);
	if (next == PBX_NEVER) {
		event_del(n->timer);
		return;
	}
	now = net_now_ms(n);
	next = next > now ? next - now : 0;
	event_add(n->timer,
		  &(struct timeval){ .tv_sec = next / 1000, .tv_usec = next % 1000 * 1000 });
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;

	(void)fd;
	(void)what;
	mivo_tick(n->mivo, net_now_ms(n));
	net_pump(n);
}

/* ---- start ---- */

static enum err listen_on(struct net *n, const struct pbx_address *a, evconnlistener_cb cb,
			  struct evconnlistener **ret, struct pbx_address *ret_bound)
{
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(a, (struct sockaddr *)&ss, sizeof(ss));

	if (len)
		*ret = evconnlistener_new_bind(n->base, cb, n,
					       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
						       LEV_OPT_REUSEABLE,
					       128, (struct sockaddr *)&ss, len);
	if (!*ret) {
		fprintf(stderr, "mivo400sim: cannot listen on %s:%u: %s\n", a->host, a->port,
			strerror(errno));
		return ERR_IO;
	}
	*ret_bound = address_bound(evconnlistener_get_fd(*ret));
	return ERR_OK;
}

static enum err open_tls(struct net *n, const struct net_config *config)
{
	if (!config->certificate_file)
		return ERR_OK;
	n->server = SSL_CTX_new(TLS_server_method());
	if (!n->server ||
	    SSL_CTX_use_certificate_chain_file(n->server, config->certificate_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(n->server, config->key_file, SSL_FILETYPE_PEM) != 1) {
		fprintf(stderr, "mivo400sim: cannot use certificate %s with key %s\n",
			config->certificate_file, config->key_file);
		return ERR_IO;
	}
	return listen_on(n, &config->tls_listen, on_tls, &n->tls, &n->tls_address);
}

enum err net_open(struct net **ret, struct event_base *base, struct mivo *mivo,
		  const struct net_config *config)
{
	struct net *n = calloc(1, sizeof(*n));
	enum err e = ERR_NO_MEMORY;

	if (!n)
		return ERR_NO_MEMORY;
	*n = (struct net){ .base = base, .mivo = mivo, .clock = evutil_monotonic_timer_new() };
	if (n->clock && evutil_configure_monotonic_time(n->clock, 0) == 0)
		n->timer = event_new(base, -1, 0, on_timer, n);
	if (n->timer)
		e = listen_on(n, &config->listen, on_tcp, &n->tcp, &n->address);
	if (!e)
		e = open_tls(n, config);
	if (e) {
		net_close(n);
		return e;
	}
	*ret = n;
	return ERR_OK;
}

void net_close(struct net *n)
{
	if (!n)
		return;
	while (n->streams)
		drop_stream(n->streams);
	if (n->tcp)
		evconnlistener_free(n->tcp);
	if (n->tls)
		evconnlistener_free(n->tls);
	if (n->timer)
		event_free(n->timer);
	if (n->clock)
		evutil_monotonic_timer_free(n->clock);
	SSL_CTX_free(n->server);
	free(n);
}
