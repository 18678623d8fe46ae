/* stream.c - a connected socket as a channel: libevent's buffered events, plain or through TLS. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "io/channel_inside.h"

enum {
	READ_MAX = 64 * 1024,
	KEEP_IDLE_S = 60,
	KEEP_INTERVAL_S = 15,
	KEEP_TRIES = 4,
	UNACKNOWLEDGED_MS =
	    30000, /* a PBX that lost power is noticed, if there is something to send */
	FLUSH_PIECES = 64,
};

/* All of these are improvements only: a socket without them works. */
static void tune(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEP_TRIES},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value));
}

/* An accepted connection that was not shown yet ends without a word to the machine. */
static void end(struct channel *c, const char *why)
{
	if (c->passive && c->state == CHANNEL_START)
		listener_refused(c, why);
	else
		channel_fail(c, "%s", why);
}

static void too_slow(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	end(c, c->state == CHANNEL_UP ? "nothing was sent after connecting"
				      : "the TLS handshake took too long");
}

static void ready(struct channel *c)
{
	if (!c->passive) {
		channel_up(c);
		return;
	}
	if (channel_timer(c, CHANNEL_FIRST_BYTES_MS, too_slow) != ERR_OK) {
		end(c, "no memory");
		return;
	}
	c->state = CHANNEL_UP;
	listener_ready(c);
}

/* The handler may close the channel: then neither it nor its buffers are looked at again. */
static void on_readable(struct bufferevent *b, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(b);
	struct channel *c = arg;
	struct evbuffer_iovec piece;

	if (!c->heard && c->passive && c->timer)
		event_del(c->timer);
	c->heard = true;
	while (c->state == CHANNEL_UP && evbuffer_peek(in, -1, NULL, &piece, 1) > 0) {
		c->counts.bytes_in += piece.iov_len;
		if (c->handlers.bytes)
			c->handlers.bytes(c->arg, c, slice_of(piece.iov_base, piece.iov_len),
					  &c->peer);
		if (c->state == CHANNEL_UP)
			evbuffer_drain(in, piece.iov_len);
	}
}

static void broken(struct channel *c, int error)
{
	char words[256];

	if (c->verdict.words[0]) {
		end(c, c->verdict.words);
		return;
	}
	if (c->ssl) {
		tls_words(bufferevent_get_openssl_error(c->stream), words, sizeof(words));
		if (words[0]) {
			end(c, words);
			return;
		}
	}
	end(c, error ? evutil_socket_error_to_string(error) : "connection lost");
}

static void on_event(struct bufferevent *b, short what, void *arg)
{
	struct channel *c = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)b;
	if (what & BEV_EVENT_CONNECTED)
		ready(c);
	else if (what & BEV_EVENT_ERROR)
		broken(c, error);
	else if (what & BEV_EVENT_EOF && c->state == CHANNEL_START)
		end(c, "the other end closed the connection during the TLS handshake");
	else if (what & BEV_EVENT_EOF)
		end(c, "closed by the other end");
}

static enum err start_tls(struct channel *c, int fd)
{
	enum err e = ERR_OK;

	if (c->passive)
		c->ssl = SSL_new(c->server);
	else
		e = tls_client_new(&c->ssl, &c->tls, &c->verdict, c->why, sizeof(c->why));
	if (e || !c->ssl)
		return e ? e : ERR_NO_MEMORY;
	c->stream = bufferevent_openssl_socket_new(loop_base(c->loop), fd, c->ssl,
						   c->passive ? BUFFEREVENT_SSL_ACCEPTING
							      : BUFFEREVENT_SSL_CONNECTING,
						   BEV_OPT_CLOSE_ON_FREE);
	if (!c->stream) {
		SSL_free(c->ssl);
		c->ssl = NULL;
		return ERR_NO_MEMORY;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(c->stream, 1);
	return channel_timer(c, c->handshake_ms, too_slow);
}

static enum err start(struct channel *c, int fd)
{
	enum err e = ERR_OK;

	if (c->transport == CHANNEL_TLS)
		e = start_tls(c, fd);
	else
		c->stream = bufferevent_socket_new(loop_base(c->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->stream)
		close(fd);
	if (e || !c->stream)
		return e ? e : ERR_NO_MEMORY;
	bufferevent_setcb(c->stream, on_readable, NULL, on_event, c);
	bufferevent_set_max_single_read(c->stream, READ_MAX);
	return bufferevent_enable(c->stream, EV_READ | EV_WRITE) == 0 ? ERR_OK : ERR_IO;
}

void stream_start(struct channel *c, int fd)
{
	enum err e;

	tune(fd);
	e = start(c, fd);
	if (e == ERR_IO && c->why[0]) {
		char why[sizeof(c->why)];

		memcpy(why, c->why, sizeof(why));
		end(c, why);
	} else if (e) {
		end(c, err_name(e));
	} else if (c->transport != CHANNEL_TLS) {
		ready(c);
	}
}

enum err stream_send(struct channel *c, struct slice bytes)
{
	size_t waiting = evbuffer_get_length(bufferevent_get_output(c->stream));

	if (bytes.n >
	    CHANNEL_OUTPUT_MAX - (waiting < CHANNEL_OUTPUT_MAX ? waiting : CHANNEL_OUTPUT_MAX)) {
		channel_fail(c, "the other end does not read: %zu bytes were waiting", waiting);
		return ERR_LIMIT;
	}
	if (bufferevent_write(c->stream, bytes.p, bytes.n) != 0) {
		channel_fail(c, "no memory for output");
		return ERR_NO_MEMORY;
	}
	c->counts.bytes_out += bytes.n;
	return ERR_OK;
}

/* Writes past libevent, which is allowed because its buffered event is freed right after. Under TLS
 * a write that was begun is continued with the same bytes, as SSL_write demands. */
void stream_flush(struct channel *c)
{
	struct evbuffer *out = bufferevent_get_output(c->stream);
	struct evbuffer_iovec pieces[FLUSH_PIECES];
	int n = evbuffer_peek(out, -1, NULL, pieces, FLUSH_PIECES);
	int fd = bufferevent_getfd(c->stream);

	for (int i = 0; i < n && i < FLUSH_PIECES; i++) {
		int len = (int)pieces[i].iov_len;
		ssize_t sent = c->ssl ? SSL_write(c->ssl, pieces[i].iov_base, len)
				      : send(fd, pieces[i].iov_base, (size_t)len, MSG_NOSIGNAL);

		if (sent < len)
			break;
	}
	if (c->ssl)
		(void)SSL_shutdown(c->ssl);
}
