#include "daemon/channels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "io/channel.h"

/* Channels that listeners accept are numbered by us; the machines' own numbers stay below this. */
enum { ACCEPTED_BASE = 0x40000000 };

struct entry {
	struct entry *next;
	struct channels *owner;
	struct channel *channel;
	uint32_t connector, id;
	bool tls_listener, datagram;
};

struct channels {
	struct loop *loop;
	struct bridge *bridge;
	struct channels_hooks hooks;
	const struct tap *tap;
	struct entry *first;
	uint32_t accepted;
	uint64_t refused;
	uint32_t *attempts; /* by connector: UDP tells no failure, so each attempt starts one
			       address further */
	uint32_t attempts_n;
};

enum err channels_new(struct channels **ret, struct loop *l, struct bridge *b,
		      const struct channels_hooks *hooks)
{
	static const struct tap nobody;
	struct channels *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	*c = (struct channels){ .loop = l, .bridge = b, .hooks = *hooks, .tap = &nobody };
	*ret = c;
	return ERR_OK;
}

static void forget(struct entry *e)
{
	for (struct entry **at = &e->owner->first; *at; at = &(*at)->next) {
		if (*at != e)
			continue;
		*at = e->next;
		free(e);
		return;
	}
}

void channels_free(struct channels *c)
{
	if (!c)
		return;
	while (c->first) {
		channel_close(c->first->channel);
		forget(c->first);
	}
	free(c->attempts);
	free(c);
}

void channels_set_tap(struct channels *c, const struct tap *tap)
{
	c->tap = tap;
}

static void show(const struct entry *e, enum tap_kind kind, struct slice bytes)
{
	const struct tap *tap = e->owner->tap;
	const struct tap_event ev = { (uint8_t)kind, e->datagram, e->connector, e->id, bytes };

	if (tap->see)
		tap->see(tap->arg, &ev);
}

static struct entry *find(const struct channels *c, uint32_t connector, uint32_t id)
{
	struct entry *e = c->first;

	while (e && (e->connector != connector || e->id != id))
		e = e->next;
	return e;
}

static struct entry *add(struct channels *c, uint32_t connector, uint32_t id)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct entry){ .next = c->first, .owner = c, .connector = connector, .id = id };
	c->first = e;
	return e;
}

static struct bridge_time now(const struct channels *c)
{
	return (struct bridge_time){ loop_mono_ms(c->loop), loop_wall_ms(c->loop) };
}

static struct address address_of(const struct endpoint *e)
{
	struct address a = { .port = e->port };

	snprintf(a.host, sizeof(a.host), "%s", e->host);
	return a;
}

static void feed(const struct entry *e, const struct source_feed *in)
{
	bridge_feed_source(e->owner->bridge, now(e->owner), e->connector, in);
}

/* ---- what io tells ---- */

static void on_connected(void *arg, struct channel *ch, const struct endpoint *local,
			 const struct endpoint *peer)
{
	struct entry *e = arg;
	const struct source_feed in = { .kind = FEED_CONNECTED, .channel = e->id,
					.transport = (uint8_t)channel_transport(ch),
					.local = address_of(local), .peer = address_of(peer) };

	e->datagram = in.transport == TRANSPORT_UDP;
	show(e, TAP_OPENED, SLICE_NONE);
	feed(e, &in);
}

static void on_bytes(void *arg, struct channel *ch, struct slice bytes, const struct endpoint *peer)
{
	const struct entry *e = arg;
	const struct source_feed in = { .kind = FEED_BYTES, .channel = e->id, .peer = address_of(peer),
					.bytes = bytes };

	(void)ch;
	show(e, TAP_RECEIVED, bytes);
	feed(e, &in);
}

static void on_closed(void *arg, struct channel *ch, const char *why)
{
	struct entry *e = arg;
	const struct source_feed in = { .kind = FEED_CLOSED, .channel = e->id, .text = why };
	struct entry kept = *e;

	(void)ch;
	show(e, TAP_CLOSED, SLICE_NONE);
	forget(e);
	feed(&kept, &in);
}

static void on_refused(void *arg, struct channel *listener, const struct endpoint *peer, const char *why)
{
	const struct entry *e = arg;

	(void)listener, (void)peer, (void)why;
	e->owner->refused++;
}

static void on_accepted(void *arg, struct channel *listener, struct channel *ch, const struct endpoint *local,
			const struct endpoint *peer);

static const struct channel_handlers handlers = {
	.connected = on_connected,
	.bytes = on_bytes,
	.accepted = on_accepted,
	.refused = on_refused,
	.closed = on_closed,
};

static void on_accepted(void *arg, struct channel *listener, struct channel *ch, const struct endpoint *local,
			const struct endpoint *peer)
{
	const struct entry *e = arg;
	uint32_t id = ACCEPTED_BASE + (e->owner->accepted++ & (ACCEPTED_BASE - 1));
	struct entry *own = add(e->owner, e->connector, id);
	const struct source_feed in = { .kind = FEED_ACCEPTED, .channel = e->id, .accepted = id,
					.local = address_of(local), .peer = address_of(peer) };

	(void)listener;
	if (!own) {
		channel_close(ch);
		return;
	}
	own->channel = ch;
	channel_set_handlers(ch, &handlers, own);
	show(own, TAP_OPENED, SLICE_NONE);
	feed(own, &in);
}

/* ---- what the machines ask for ---- */

static uint32_t attempt(struct channels *c, uint32_t connector)
{
	if (connector >= c->attempts_n) {
		uint32_t *more = realloc(c->attempts, (connector + 1) * sizeof(*more));

		if (!more)
			return 0;
		memset(more + c->attempts_n, 0, (connector + 1 - c->attempts_n) * sizeof(*more));
		c->attempts = more;
		c->attempts_n = connector + 1;
	}
	return c->attempts[connector]++;
}

static struct channel_tls tls_of(const struct conf_connector *s)
{
	return (struct channel_tls){ .ca_file = s->ca_file, .certificate_file = s->tls.own.certificate_file,
				     .key_file = s->tls.own.key_file };
}

/* RFC 3263 4.1: those that would do; the transport that is taken without a word of DNS comes first. */
static size_t ways_of(const struct source_ops *ops, const struct source_out *out,
		      struct channel_way ways[TRANSPORT_COUNT])
{
	const int least = out->transport == TRANSPORT_TLS ? TRANSPORT_TLS : TRANSPORT_UDP;
	size_t n = 0;

	for (int t = least; out->open_transport && t < TRANSPORT_COUNT; t++) {
		const struct source_place *p = &ops->places[t];

		if (p->naptr)
			ways[n++] = (struct channel_way){ (enum channel_transport)t, p->naptr, p->service,
							  p->port };
	}
	return n;
}

static void open_channel(struct channels *c, uint32_t connector, const struct source_out *out)
{
	const struct conf_connector *s = c->hooks.settings(c->hooks.arg, connector);
	const struct source_ops *ops = bridge_connector_ops(c->bridge, connector);
	struct entry *e = s && ops ? add(c, connector, out->channel) : NULL;
	struct channel_way ways[TRANSPORT_COUNT];
	enum err err = ERR_NOT_FOUND;

	if (e) {
		struct channel_spec spec = {
			.transport = (enum channel_transport)out->transport, .host = out->host,
			.port = out->port, .service = ops->places[out->transport].service,
			.default_port = ops->places[out->transport].port,
			.ways = ways, .ways_n = ways_of(ops, out, ways),
			.skip = out->transport == TRANSPORT_UDP ? attempt(c, connector) : 0,
			.tls = tls_of(s),
		};
		e->datagram = out->transport == TRANSPORT_UDP;
		e->tls_listener = out->kind == OUT_LISTEN && out->transport == TRANSPORT_TLS;
		err = (out->kind == OUT_LISTEN ? channel_listen : channel_connect)(
			&e->channel, c->loop, &spec, &handlers, e);
	}
	if (!err)
		return;
	if (e)
		forget(e);
	const struct source_feed in = { .kind = FEED_CLOSED, .channel = out->channel, .text = err_name(err) };
	bridge_feed_source(c->bridge, now(c), connector, &in);
}

static void send_bytes(const struct channels *c, uint32_t connector, const struct source_out *out)
{
	const struct entry *e = find(c, connector, out->channel);
	struct endpoint peer = { .port = out->peer.port };

	if (!e)
		return; /* closed while the machine was writing; it learns of it by FEED_CLOSED */
	show(e, TAP_SENT, out->bytes);
	snprintf(peer.host, sizeof(peer.host), "%s", out->peer.host);
	/* A refusal shows as `closed` of a stream; a datagram is lost as datagrams are, and sent again. */
	(void)channel_send(e->channel, out->bytes, peer.port ? &peer : NULL);
}

static void close_channel(struct channels *c, uint32_t connector, uint32_t id)
{
	struct entry *e = find(c, connector, id);

	if (!e)
		return;
	show(e, TAP_CLOSED, SLICE_NONE);
	channel_close(e->channel);
	forget(e);
}

void channels_do(struct channels *c, uint32_t connector, const struct source_out *out)
{
	switch ((enum source_out_kind)out->kind) {
	case OUT_CONNECT:
	case OUT_LISTEN:
		open_channel(c, connector, out);
		break;
	case OUT_SEND:
		send_bytes(c, connector, out);
		break;
	case OUT_CLOSE:
		close_channel(c, connector, out->channel);
		break;
	case OUT_OBS:
	case OUT_UP:
	case OUT_DOWN:
	case OUT_LINE_LOST:
	case OUT_NOTE:
	case OUT_WRITTEN:
	case OUT_KEEP:
	case OUT_ANSWER:
		CHECK(false); /* the bridge keeps these */
	}
}

void channels_drop(struct channels *c, uint32_t connector)
{
	for (struct entry *e = c->first, *next; e; e = next) {
		next = e->next;
		if (e->connector == connector)
			close_channel(c, connector, e->id);
	}
}

enum err channels_renew(struct channels *c, uint32_t connector, char *ret_why, size_t cap)
{
	const struct conf_connector *s = c->hooks.settings(c->hooks.arg, connector);

	for (struct entry *e = c->first; s && e; e = e->next) {
		if (e->connector == connector && e->tls_listener) {
			const struct channel_tls tls = tls_of(s);

			return channel_renew(e->channel, &tls, ret_why, cap);
		}
	}
	return ERR_OK;
}

uint64_t channels_refused(const struct channels *c)
{
	return c->refused;
}
