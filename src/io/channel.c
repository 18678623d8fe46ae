#include "io/channel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "io/channel_inside.h"

struct channel *channel_new(struct loop *l, const struct channel_handlers *h, void *arg)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = l;
	c->handlers = *h;
	c->arg = arg;
	c->fd = -1;
	return c;
}

static void free_channel(void *arg)
{
	struct channel *c = arg;

	loop_not_later(c->loop, &c->task);
	SSL_CTX_free(c->server);
	free(c);
}

void channel_free_later(struct channel *c)
{
	loop_not_later(c->loop, &c->task);
	loop_later(c->loop, &c->task, free_channel, c);
}

void channel_release(struct channel *c)
{
	c->state = CHANNEL_OVER;
	datagram_end(c);
	resolve_cancel(c->resolving);
	c->resolving = NULL;
	if (c->event)
		event_free(c->event);
	if (c->timer)
		event_free(c->timer);
	c->event = c->timer = NULL;
	if (c->stream)
		bufferevent_free(c->stream);
	c->stream = NULL;
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->kind == KIND_LISTENER)
		listener_orphan(c);
	else if (c->listener)
		listener_leave(c);
}

static void report(void *arg)
{
	struct channel *c = arg;

	c->reporting = true;
	if (c->handlers.closed)
		c->handlers.closed(c->arg, c, c->why);
	free_channel(c);
}

/* The report waits for the end of the turn, because the failure may come from inside a call. */
void channel_fail(struct channel *c, const char *fmt, ...)
{
	va_list ap;

	if (c->state == CHANNEL_OVER)
		return;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	channel_release(c);
	loop_later(c->loop, &c->task, report, c);
}

void channel_up(struct channel *c)
{
	c->state = CHANNEL_UP;
	if (c->timer)
		event_del(c->timer);
	if (c->handlers.connected)
		c->handlers.connected(c->arg, c, &c->local, &c->peer);
}

enum err channel_timer(struct channel *c, int64_t ms, event_callback_fn fn)
{
	struct timeval tv = loop_timeval(ms > 0 ? ms : 0);

	if (c->timer)
		event_free(c->timer);
	c->timer = evtimer_new(loop_base(c->loop), fn, c);
	return c->timer && evtimer_add(c->timer, &tv) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

/* Puts the candidate that the caller wants first to the front. Of an open transport the caller did not know
 * whether there would be anything to skip. */
static void take_targets(struct channel *c, const struct resolve_answer *a)
{
	size_t skip = c->ways_n && c->kind != KIND_DATAGRAM ? 0 : c->skip;

	for (size_t i = 0; i < a->targets_n; i++)
		c->targets[i] = a->targets[(i + skip) % a->targets_n];
	c->targets_n = a->targets_n;
}

static uint8_t kind_of(uint8_t transport, bool passive)
{
	return transport == CHANNEL_UDP ? KIND_DATAGRAM : passive ? KIND_LISTENER : KIND_STREAM;
}

static void resolved(void *arg, const struct resolve_answer *a)
{
	struct channel *c = arg;

	c->resolving = NULL;
	if (a->failed) {
		channel_fail(c, "%s", a->failed);
		return;
	}
	if (c->ways_n) {
		c->transport = c->ways[a->way];
		c->kind = kind_of(c->transport, false);
	}
	take_targets(c, a);
	if (c->kind == KIND_LISTENER)
		listener_start(c);
	else if (c->kind == KIND_DATAGRAM)
		datagram_start(c);
	else
		dial_start(c);
}

static enum err fill(struct channel *c, const struct channel_spec *spec)
{
	struct channel_tls tls = spec->tls;

	if (slice_copy(slice_str(spec->host), c->host, sizeof(c->host)) != ERR_OK)
		return ERR_MALFORMED;
	if (!tls.name || !tls.name[0])
		tls.name = spec->host;
	CHECK(spec->ways_n <= RESOLVE_WAYS_MAX);
	c->ways_n = spec->ways_n;
	for (size_t i = 0; i < spec->ways_n; i++)
		c->ways[i] = (uint8_t)spec->ways[i].transport;
	c->transport = spec->ways_n ? c->ways[0] : (uint8_t)spec->transport;
	c->kind = kind_of(c->transport, c->passive);
	c->skip = spec->skip;
	c->accepted_max = spec->accepted_max ? spec->accepted_max : CHANNEL_ACCEPTED_MAX;
	c->handshake_ms = spec->connect_ms ? spec->connect_ms : CHANNEL_HANDSHAKE_MS;
	c->deadline_ms =
	    loop_mono_ms(c->loop) + (spec->connect_ms ? spec->connect_ms : CHANNEL_CONNECT_MS);
	return tls_files_set(&c->tls, &tls);
}

static enum err open_channel(struct channel **ret, struct loop *l, const struct channel_spec *spec,
			     const struct channel_handlers *handlers, void *arg, bool passive)
{
	struct channel *c = channel_new(l, handlers, arg);
	struct resolve_way ways[RESOLVE_WAYS_MAX];
	const struct resolve_query q = {.host = spec->host,
					.port = spec->port,
					.service = passive ? NULL : spec->service,
					.default_port = spec->default_port,
					.ways = ways,
					.ways_n = spec->ways_n,
					.servers = spec->dns_servers,
					.timeout_ms = spec->connect_ms};
	enum err e;

	if (!c)
		return ERR_NO_MEMORY;
	c->passive = passive;
	e = fill(c, spec);
	for (size_t i = 0; !e && i < spec->ways_n; i++)
		ways[i] = (struct resolve_way){spec->ways[i].naptr, spec->ways[i].service,
					       spec->ways[i].default_port};
	if (!e)
		e = resolve_start(&c->resolving, l, &q, resolved, c);
	if (e) {
		free(c);
		return e;
	}
	*ret = c;
	return ERR_OK;
}

enum err channel_connect(struct channel **ret, struct loop *l, const struct channel_spec *spec,
			 const struct channel_handlers *handlers, void *arg)
{
	return open_channel(ret, l, spec, handlers, arg, false);
}

enum err channel_listen(struct channel **ret, struct loop *l, const struct channel_spec *spec,
			const struct channel_handlers *handlers, void *arg)
{
	return open_channel(ret, l, spec, handlers, arg, true);
}

void channel_set_handlers(struct channel *c, const struct channel_handlers *handlers, void *arg)
{
	c->handlers = *handlers;
	c->arg = arg;
}

enum channel_transport channel_transport(const struct channel *c)
{
	return (enum channel_transport)c->transport;
}

enum err channel_send(struct channel *c, struct slice bytes, const struct endpoint *peer)
{
	if (c->state != CHANNEL_UP || c->kind == KIND_LISTENER)
		return ERR_IO;
	return c->kind == KIND_DATAGRAM ? datagram_send(c, bytes, peer) : stream_send(c, bytes);
}

void channel_close(struct channel *c)
{
	if (!c || c->reporting)
		return;
	if (c->kind == KIND_STREAM && c->state == CHANNEL_UP)
		stream_flush(c);
	channel_release(c);
	channel_free_later(c);
}

enum err channel_renew(struct channel *c, const struct channel_tls *tls, char *ret_why, size_t cap)
{
	struct tls_files files;
	SSL_CTX *server;
	enum err e;

	if (c->kind != KIND_LISTENER || c->transport != CHANNEL_TLS)
		return ERR_BUG;
	e = tls_files_set(&files, tls);
	if (e) {
		snprintf(ret_why, cap, "a file name is too long");
		return e;
	}
	e = tls_server_new(&server, &files, ret_why, cap);
	if (e)
		return e;
	if (!c->server) { /* not listening yet: it will read the files then */
		SSL_CTX_free(server);
		server = NULL;
	}
	SSL_CTX_free(c->server);
	c->server = server;
	c->tls = files;
	return ERR_OK;
}

void channel_count(const struct channel *c, struct channel_counts *ret)
{
	*ret = c->counts;
}
