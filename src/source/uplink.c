#include "source/uplink.h"

#include <stdio.h>

#include "base/sm.h"

enum {
	CHANNEL_MAX = 0x40000000, /* ids of accepted channels, given by the shell, start here */
};

static const struct sm_state moves[UPLINK_STATES] = {
	[UPLINK_WAITING] = { "waiting", SM_TO(UPLINK_CONNECTING) },
	[UPLINK_CONNECTING] = { "connecting", SM_TO(UPLINK_OPEN) | SM_TO(UPLINK_WAITING) },
	[UPLINK_OPEN] = { "open", SM_TO(UPLINK_UP) | SM_TO(UPLINK_WAITING) },
	[UPLINK_UP] = { "up", SM_TO(UPLINK_WAITING) },
};

static enum err read_port(struct slice text, uint16_t *ret)
{
	uint64_t port;

	if (slice_u64(text, UINT16_MAX, &port) || port == 0)
		return ERR_MALFORMED;
	*ret = (uint16_t)port;
	return ERR_OK;
}

static enum err read_server(struct uplink *u, struct slice server)
{
	bool bracket = server.n && server.p[0] == '[';
	size_t end = slice_find(server, bracket ? ']' : ':');
	struct slice host = slice_sub(server, bracket, end);
	struct slice rest = slice_sub(server, end + bracket, server.n);

	if (host.n == 0 || (bracket && end == server.n) || slice_copy(host, u->host, sizeof(u->host)))
		return ERR_MALFORMED;
	if (rest.n == 0)
		return ERR_OK;
	return rest.p[0] == ':' ? read_port(slice_sub(rest, 1, rest.n), &u->port) : ERR_MALFORMED;
}

enum err uplink_init(struct uplink *u, struct outbox *out, struct prng *prng, const char *server,
		     enum transport transport, int64_t now_ms)
{
	*u = (struct uplink){ .out = out, .prng = prng, .transport = (uint8_t)transport, .retry_ms = now_ms };
	return read_server(u, slice_str(server));
}

bool uplink_open(const struct uplink *u)
{
	return u->state == UPLINK_OPEN || u->state == UPLINK_UP;
}

static void lose(struct uplink *u, int64_t now_ms, enum note n, const char *why, int64_t wait_ms)
{
	bool was_up = u->state == UPLINK_UP;
	int64_t wait = back_off_ms(&u->back_off, u->prng, was_up ? now_ms - u->up_ms : -1);

	sm_move(moves, &u->state, UPLINK_WAITING);
	if (was_up)
		outbox_plain(u->out, OUT_DOWN, ID_NONE);
	if (n != NOTE_DISCONNECTED)
		outbox_note(u->out, n, ID_NONE, "%s", why);
	/* one word an outage, not one an attempt */
	if (!u->told_down)
		outbox_note(u->out, NOTE_DISCONNECTED, ID_NONE, "%s", why);
	u->told_down = true;
	snprintf(u->lost, sizeof(u->lost), "%s", why);
	u->rests = wait_ms > wait;
	if (u->probed == SOURCE_PROBE_ASKED)
		u->probed = SOURCE_PROBE_FAILED;
	u->retry_ms = now_ms + (wait > wait_ms ? wait : wait_ms);
}

static void connected(struct uplink *u, int64_t now_ms, const struct source_feed *in)
{
	sm_move(moves, &u->state, UPLINK_OPEN);
	u->local = in->local;
	u->peer = in->peer;
	u->heard_ms = u->up_ms = now_ms;
}

enum uplink_event uplink_feed(struct uplink *u, int64_t now_ms, const struct source_feed *in)
{
	if (in->channel != u->channel || u->state == UPLINK_WAITING)
		return UPLINK_NOTHING;
	switch ((enum source_feed_kind)in->kind) {
	case FEED_CONNECTED:
		if (u->state != UPLINK_CONNECTING)
			return UPLINK_NOTHING;
		connected(u, now_ms, in);
		return UPLINK_OPENED;
	case FEED_BYTES:
		if (!uplink_open(u))
			return UPLINK_NOTHING;
		u->heard_ms = now_ms;
		return UPLINK_BYTES;
	case FEED_CLOSED:
		lose(u, now_ms, NOTE_DISCONNECTED,
		     in->text && in->text[0] ? in->text : "closed by the pbx", 0);
		return UPLINK_LOST;
	case FEED_ACCEPTED:
	case FEED_REQUEST:
		break;
	}
	return UPLINK_NOTHING;
}

void uplink_ready(struct uplink *u, int64_t now_ms)
{
	if (u->state != UPLINK_OPEN)
		return;
	sm_move(moves, &u->state, UPLINK_UP);
	uplink_answered(u);
	u->told_down = false;
	u->lost[0] = '\0';
	u->up_ms = now_ms;
	outbox_plain(u->out, OUT_UP, ID_NONE);
	outbox_note(u->out, NOTE_CONNECTED, ID_NONE, "%s port %u", u->peer.host, u->peer.port);
}

void uplink_probe(struct uplink *u, int64_t now_ms)
{
	bool waits = u->state == UPLINK_WAITING;

	u->probed = waits && u->rests ? SOURCE_PROBE_FAILED : SOURCE_PROBE_ASKED;
	if (waits && !u->rests)
		u->retry_ms = now_ms;
}

void uplink_answered(struct uplink *u)
{
	if (u->probed == SOURCE_PROBE_ASKED)
		u->probed = SOURCE_PROBE_ANSWERED;
}

void uplink_drop(struct uplink *u, int64_t now_ms, enum note n, const char *why, int64_t wait_ms)
{
	if (u->state == UPLINK_WAITING)
		return;
	outbox_close(u->out, u->channel);
	lose(u, now_ms, n, why, wait_ms);
}

void uplink_send(struct uplink *u, struct slice bytes)
{
	if (uplink_open(u))
		outbox_send(u->out, u->channel, NULL, bytes);
}

void uplink_tick(struct uplink *u, int64_t now_ms)
{
	if (u->state != UPLINK_WAITING || now_ms < u->retry_ms)
		return;
	sm_move(moves, &u->state, UPLINK_CONNECTING);
	u->channel = u->channel + 1 < CHANNEL_MAX ? u->channel + 1 : 1;
	outbox_open(u->out, OUT_CONNECT, u->channel, (enum transport)u->transport, u->host, u->port);
}

int64_t uplink_next(const struct uplink *u)
{
	return u->state == UPLINK_WAITING ? u->retry_ms : TIME_NEVER;
}

const char *uplink_state_text(const struct uplink *u)
{
	static const char *const states[UPLINK_STATES] = {
		[UPLINK_WAITING] = "not connected, next try soon",
		[UPLINK_CONNECTING] = "connecting",
		[UPLINK_OPEN] = "connected, no answer to the log-in yet",
		[UPLINK_UP] = "up",
	};

	return u->state < UPLINK_UP && u->lost[0] ? u->lost : states[u->state];
}
