#include <stdio.h>

#include "source/sip/publish.h"

static const struct sm_state link_moves[LINK_STATES] = {
	[LINK_WAITING] = { "waiting", SM_TO(LINK_CONNECTING) },
	[LINK_CONNECTING] = { "connecting", SM_TO(LINK_OPEN) | SM_TO(LINK_WAITING) },
	[LINK_OPEN] = { "open", SM_TO(LINK_UP) | SM_TO(LINK_WAITING) },
	[LINK_UP] = { "up", SM_TO(LINK_WAITING) },
};

bool link_ready(const struct sip_agent *a)
{
	return a->link.state == LINK_OPEN || a->link.state == LINK_UP;
}

static uint32_t next_channel(struct link *l)
{
	l->next_channel = l->next_channel + 1 < CHANNEL_ID_MAX ? l->next_channel + 1 : 1;
	return l->next_channel;
}

void link_start(struct sip_agent *a)
{
	struct link *l = &a->link;

	sm_move(link_moves, &l->state, LINK_CONNECTING);
	l->channel = next_channel(l);
	if (a->open_transport)
		outbox_open_by_dns(&a->out, l->channel, a->sips ? TRANSPORT_TLS : TRANSPORT_UDP, a->host);
	else
		outbox_open(&a->out, OUT_CONNECT, l->channel, a->transport, a->host, a->port);
}

void link_listen(struct sip_agent *a)
{
	struct link *l = &a->link;

	if (!l->listens || l->listening)
		return;
	l->listening = true;
	l->listen_channel = next_channel(l);
	outbox_open(&a->out, OUT_LISTEN, l->listen_channel, l->listen_transport, l->listen_host,
		 l->listen_port);
}

/* Some time after the last word of the PBX, spread so that many connectors do not ask at once. */
static void arm_idle(struct sip_agent *a, int64_t from_ms)
{
	wheel_set(a->wheel, wheel_timer(a, TIMER_IDLE),
		  from_ms + IDLE_MS - prng_range(&a->prng, 0, IDLE_MS / 10));
}

static void connected(struct sip_agent *a, const struct source_feed *in)
{
	struct link *l = &a->link;

	if (l->state != LINK_CONNECTING)
		return;
	sm_move(link_moves, &l->state, LINK_OPEN);
	if (a->open_transport && !a->sips && in->transport < TRANSPORT_COUNT)
		a->transport = in->transport;
	l->local = in->local;
	l->peer = in->peer;
	l->heard_ms = a->now_ms;
	l->up_ms = a->now_ms;
	l->known_ms = a->now_ms;
	l->doubted_ms = a->now_ms - DOUBT_GAP_MS;
	l->options_txn = NONE;
	l->options_call = agent_token(a);
	l->options_tag = agent_token(a);
	sip_stream_init(&l->stream);
	a->probing = true;
	arm_idle(a, a->now_ms);
	watch_all_start(a);
	pub_all_start(a);
	/* with no line to ask for, an OPTIONS shows whether the PBX is there */
	if (a->watch_queue.n == 0)
		txn_start(a, TXN_OPTIONS, NONE);
}

void link_answered(struct sip_agent *a)
{
	struct link *l = &a->link;

	probe_link_answered(a);
	if (l->state != LINK_OPEN)
		return;
	sm_move(link_moves, &l->state, LINK_UP);
	l->told_down = false;
	l->lost[0] = '\0';
	l->up_ms = a->now_ms;
	outbox_plain(&a->out, OUT_UP, ID_NONE);
	outbox_note(&a->out, NOTE_CONNECTED, ID_NONE, "%s port %u", l->peer.host, l->peer.port);
}

static void forget_transactions(struct sip_agent *a)
{
	for (uint32_t i = 0; i < a->txns_n; i++)
		txn_drop(a, i);
}

void link_lost(struct sip_agent *a, bool close, enum note n, const char *why)
{
	struct link *l = &a->link;
	bool was_up = l->state == LINK_UP, was_ready = link_ready(a);
	int64_t wait_ms;

	if (l->state == LINK_WAITING)
		return;
	wait_ms = back_off_ms(&l->back_off, &a->prng, was_up ? a->now_ms - l->up_ms : -1);
	sm_move(link_moves, &l->state, LINK_WAITING);
	probe_link_lost(a);
	forget_transactions(a);
	watch_all_stop(a);
	pub_all_stop(a);
	if (was_ready)
		sip_stream_fini(&l->stream);
	if (close)
		outbox_close(&a->out, l->channel);
	if (was_up)
		outbox_plain(&a->out, OUT_DOWN, ID_NONE);
	if (n != NOTE_DISCONNECTED)
		outbox_note(&a->out, n, ID_NONE, "%s", why);
	/* one word an outage, not one an attempt */
	if (!l->told_down)
		outbox_note(&a->out, NOTE_DISCONNECTED, ID_NONE, "%s", why);
	l->told_down = true;
	snprintf(l->lost, sizeof(l->lost), "%s", why);
	wheel_set(a->wheel, wheel_timer(a, TIMER_IDLE), WHEEL_NEVER);
	wheel_set(a->wheel, wheel_timer(a, TIMER_LINK), a->now_ms + wait_ms);
}

void link_timer(struct sip_agent *a)
{
	if (a->link.state == LINK_WAITING)
		link_start(a);
}

static bool may_refresh(const struct sub *s)
{
	return s->state == SUB_LIVE && !s->queued.in && s->txn == NONE;
}

/* The next subscription in turn: for a PBX that does not answer OPTIONS, and for one that may have been
 * started anew so fast that the link never knew. */
static void ask_by_refresh(struct sip_agent *a)
{
	for (uint32_t n = 0; n < a->subs_n; n++) {
		uint32_t i = a->link.probe = (a->link.probe + 1) % a->subs_n;

		if (may_refresh(&a->subs[i])) {
			sub_queue(a, i);
			return;
		}
	}
}

void link_known(struct sip_agent *a)
{
	a->link.known_ms = a->now_ms;
}

void link_doubt(struct sip_agent *a)
{
	struct link *l = &a->link;

	if (a->now_ms - l->doubted_ms < DOUBT_GAP_MS)
		return;
	l->doubted_ms = a->now_ms;
	for (uint32_t i = 0; i < a->subs_n; i++)
		if (may_refresh(&a->subs[i]))
			sub_queue(a, i);
	pub_all_start(a);
}

void link_idle(struct sip_agent *a)
{
	struct link *l = &a->link;

	if (!link_ready(a))
		return;
	if (a->now_ms - l->known_ms >= KNOWN_MS) {
		l->known_ms = a->now_ms; /* once in a while, whatever comes of it */
		ask_by_refresh(a);
	}
	if (a->now_ms - l->heard_ms < IDLE_MS - IDLE_MS / 5) {
		arm_idle(a, l->heard_ms);
		return;
	}
	if (l->deaf)
		ask_by_refresh(a);
	else if (l->options_txn == NONE)
		txn_start(a, TXN_OPTIONS, NONE);
	arm_idle(a, a->now_ms);
}

void link_options_done(struct sip_agent *a, uint16_t status)
{
	(void)status;
	a->link.hears_options = true;
}

/* ---- what the shell feeds ---- */

static bool same_host(const struct address *x, const struct address *y)
{
	return slice_is_nocase(slice_str(x->host), y->host);
}

static struct accepted *accepted_find(struct sip_agent *a, uint32_t channel)
{
	for (int i = 0; i < ACCEPTED_MAX; i++)
		if (a->link.accepted[i].used && a->link.accepted[i].channel == channel)
			return &a->link.accepted[i];
	return NULL;
}

static void accepted_drop(struct accepted *c)
{
	sip_stream_fini(&c->stream);
	c->used = false;
}

/* Only the PBX that we are connected to may connect back. */
static void take_accepted(struct sip_agent *a, const struct source_feed *in)
{
	struct link *l = &a->link;

	if (!link_ready(a) || !same_host(&in->peer, &l->peer)) {
		outbox_note(&a->out, NOTE_FORGED, ID_NONE, "connection from %s, which is not the pbx",
			 in->peer.host);
		outbox_close(&a->out, in->accepted);
		return;
	}
	for (int i = 0; i < ACCEPTED_MAX; i++) {
		struct accepted *c = &l->accepted[i];

		if (c->used)
			continue;
		*c = (struct accepted){
			.used = true, .channel = in->accepted, .local = in->local, .peer = in->peer
		};
		sip_stream_init(&c->stream);
		return;
	}
	outbox_note(&a->out, NOTE_TOO_LARGE, ID_NONE, "more than %d connections back from the pbx",
		 ACCEPTED_MAX);
	outbox_close(&a->out, in->accepted);
}

static void main_bytes(struct sip_agent *a, const struct source_feed *in)
{
	struct link *l = &a->link;
	struct via_channel from = { l->channel, a->transport, in->peer };

	if (!link_ready(a))
		return;
	if (a->transport == TRANSPORT_UDP) {
		inbound_message(a, &from, in->bytes);
		return;
	}
	from.peer = l->peer;
	if (!inbound_stream(a, &from, &l->stream, in->bytes) && link_ready(a))
		link_lost(a, true, NOTE_DISCONNECTED, "stream out of step");
}

static void other_bytes(struct sip_agent *a, const struct source_feed *in)
{
	struct accepted *c = accepted_find(a, in->channel);

	if (in->channel == a->link.listen_channel && a->link.listen_transport == TRANSPORT_UDP) {
		const struct via_channel from = { in->channel, TRANSPORT_UDP, in->peer };

		inbound_message(a, &from, in->bytes);
	} else if (c) {
		const struct via_channel from = { c->channel, a->link.listen_transport, c->peer };

		if (!inbound_stream(a, &from, &c->stream, in->bytes)) {
			outbox_close(&a->out, c->channel);
			accepted_drop(c);
		}
	}
}

static void closed(struct sip_agent *a, const struct source_feed *in)
{
	struct link *l = &a->link;
	struct accepted *c = accepted_find(a, in->channel);
	const char *why = in->text ? in->text : "closed";

	if (c) {
		accepted_drop(c);
	} else if (l->listening && in->channel == l->listen_channel) {
		l->listening = false;
		outbox_note(&a->out, NOTE_DISCONNECTED, ID_NONE, "listener: %s", why);
		wheel_set(a->wheel, wheel_timer(a, TIMER_LISTEN), a->now_ms + LISTEN_RETRY_MS);
	} else if (in->channel == l->channel) {
		link_lost(a, false, NOTE_DISCONNECTED, why);
	}
}

void link_feed(struct sip_agent *a, const struct source_feed *in)
{
	struct link *l = &a->link;

	switch ((enum source_feed_kind)in->kind) {
	case FEED_CONNECTED:
		if (in->channel == l->channel)
			connected(a, in);
		else if (l->listening && in->channel == l->listen_channel && in->local.port)
			l->listen_port = in->local.port;
		break;
	case FEED_BYTES:
		if (in->channel == l->channel)
			main_bytes(a, in);
		else
			other_bytes(a, in);
		break;
	case FEED_CLOSED:
		closed(a, in);
		break;
	case FEED_ACCEPTED:
		take_accepted(a, in);
		break;
	case FEED_REQUEST:
		outbox_answer(&a->out, in->channel, 404, "not a webhook");
		break;
	}
}

void link_fini(struct sip_agent *a)
{
	if (link_ready(a))
		sip_stream_fini(&a->link.stream);
	for (int i = 0; i < ACCEPTED_MAX; i++)
		if (a->link.accepted[i].used)
			accepted_drop(&a->link.accepted[i]);
}
