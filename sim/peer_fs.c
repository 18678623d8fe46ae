/* peer_fs.c - a FreeSWITCH with its event socket as a peer of the world.
 *
 * Written from mod_event_socket's documentation and source, as facts; links nothing of src/source
 * or src/proto. Every leg of a call is a channel; `show channels` reads a table that lags behind
 * the events. Do Not Disturb is told by events only, so the world leaves it alone here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "conns.h"
#include "peer.h"
#include "phones.h"

enum { TEXT_MAX = 1 << 20, TABLE_LAG_MS = 700 };
enum mark { MARK_NONE, MARK_CHANNELS = MARK_TOLD };

/* A leg, as last told and as the table still has it. */
struct leg {
	uint32_t serial; /* of the call; 0: none */
	uint32_t phone;
	const char *state, *before;
	int64_t changed_ms;
};

struct peer {
	char username[64], password[64];
	uint32_t n, first, serial;
	struct prng prng;
	struct phones phones;
	struct leg legs[PHONES_CALLS_MAX][2];
	bool registered[PHONES_MAX], withheld[PHONES_MAX];
	struct conns conns;
	int64_t now_ms, down_until_ms;
	uint32_t skip_events, refuse_logins, refuse_addresses;
};

/* ---- what leaves ---- */

static void send_frame(struct peer *p, const struct conn *s, const char *type, struct slice body,
		       enum mark mark)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Content-Type: %s\nContent-Length: %zu\n\n", type, body.n);
	buf_slice(&b, body);
	CHECK(buf_err(&b) == ERR_OK);
	conns_post(&p->conns, p->now_ms, s, &b, (uint8_t)mark);
}

static void reply(struct peer *p, const struct conn *s, const char *text)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Content-Type: command/reply\nReply-Text: %s\n\n", text);
	conns_post(&p->conns, p->now_ms, s, &b, MARK_NONE);
}

static void say_goodbye(struct peer *p)
{
	static const char bye[] = "Disconnected, goodbye.\n";

	for (int i = 0; i < CONNS; i++)
		if (p->conns.list[i].used)
			send_frame(p, &p->conns.list[i], "text/disconnect-notice", slice_str(bye),
				   MARK_NONE);
	conns_drop_all(&p->conns, p->now_ms, false);
}

static void cut_off(struct peer *p)
{
	conns_drop_all(&p->conns, p->now_ms, true);
}

static bool drain(struct peer *p, struct pbx_out *ret)
{
	uint8_t mark;

	if (!conns_take(&p->conns, p->now_ms, ret, &mark))
		return false;
	if (mark == MARK_CHANNELS)
		memset(p->withheld, 0, sizeof(p->withheld));
	return true;
}

/* ---- events ---- */

static bool withhold(struct peer *p, uint32_t phone)
{
	if (!p->skip_events)
		return false;
	p->skip_events--;
	p->withheld[phone] = true;
	return true;
}

/* An event to all who asked for them. */
static void broadcast(struct peer *p, const struct buf *body)
{
	for (int i = 0; i < CONNS; i++)
		if (p->conns.list[i].used && p->conns.list[i].events)
			send_frame(p, &p->conns.list[i], "text/event-plain", buf_view(body),
				   MARK_NONE);
}

static void tell_leg(struct peer *p, const struct leg *g, int side, const char *state)
{
	uint32_t number = p->first + g->phone;
	struct buf b;

	if (withhold(p, g->phone))
		return;
	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Event-Name: CHANNEL_CALLSTATE\nUnique-ID: leg-%u-%d\nChannel-Call-State: %s\n",
		g->serial, side, state);
	/* an internal call's called leg is placed by the switch: outbound */
	buf_fmt(&b, "Call-Direction: %s\nChannel-Name: sofia/internal/%u%%40pbx.example\n",
		side ? "outbound" : "inbound", number);
	if (g->serial % 3)
		buf_fmt(&b, "Channel-Presence-ID: %u%%40pbx.example\n", number);
	buf_str(&b, "\n");
	broadcast(p, &b);
	buf_fini(&b);
}

static const char *device_state(const struct peer *p, uint32_t phone)
{
	static const char *const words[PBX_PHONE_STATES] = { [PBX_IDLE] = "DOWN",
							     [PBX_RINGING] = "RINGING",
							     [PBX_DIALING] = "RINGING",
							     [PBX_TALKING] = "ACTIVE",
							     [PBX_HELD] = "HELD" };

	return words[p->phones.state[phone]];
}

/* The sum of a phone; some dialplans have it, some not. */
static void tell_device(struct peer *p, uint32_t phone)
{
	struct buf b;

	if (phone % 2 || withhold(p, phone))
		return;
	buf_init(&b, TEXT_MAX);
	buf_fmt(&b, "Event-Name: DEVICE_STATE\nDevice-ID: %u%%40pbx.example\nDevice-State: %s\n\n",
		p->first + phone, device_state(p, phone));
	broadcast(p, &b);
	buf_fini(&b);
}

static void tell_registration(struct peer *p, uint32_t phone)
{
	struct buf b;

	if (withhold(p, phone))
		return;
	buf_init(&b, TEXT_MAX);
	buf_fmt(&b,
		"Event-Name: CUSTOM\nEvent-Subclass: sofia%%3A%%3A%s\nfrom-user: %u\nfrom-host: "
		"pbx.example\n\n",
		p->registered[phone] ? "register" : "unregister", p->first + phone);
	broadcast(p, &b);
	buf_fini(&b);
}

/* ---- legs ---- */

/* NULL: there is no such leg. */
static const char *leg_state(const struct phones_call *c, int side)
{
	if (!c->used || c->side[side] == PBX_EXTERNAL)
		return NULL;
	if (c->answered)
		return c->held[side] ? "HELD" : "ACTIVE";
	if (side == 0)
		return c->ringing ? "RINGING" : "DOWN";
	return c->ringing ? "RINGING" : NULL;
}

static void leg_now(struct peer *p, struct leg *g, int side, const struct phones_call *c,
		    uint32_t serial)
{
	const char *state = leg_state(c, side);
	bool other = g->serial != serial || g->phone != c->side[side];

	if (g->serial && g->state && (!state || other)) {
		tell_leg(p, g, side, "HANGUP");
		*g = (struct leg){ .serial = g->serial,
				   .phone = g->phone,
				   .before = g->state,
				   .changed_ms = p->now_ms };
	}
	if (!state || (!other && g->state && strcmp(state, g->state) == 0))
		return;
	*g = (struct leg){ .serial = serial,
			   .phone = c->side[side],
			   .state = state,
			   .before = other ? NULL : g->state,
			   .changed_ms = p->now_ms };
	tell_leg(p, g, side, state);
}

/* What has changed since it was last told. A slot of the phones' is used again by another call only
 * after this has seen it free. */
static void tell_changes(struct peer *p)
{
	for (int i = 0; i < PHONES_CALLS_MAX; i++) {
		const struct phones_call *c = &p->phones.calls[i];
		uint32_t serial = p->legs[i][0].serial > p->legs[i][1].serial
					  ? p->legs[i][0].serial
					  : p->legs[i][1].serial;
		bool running = p->legs[i][0].state || p->legs[i][1].state;

		if (c->used && !running)
			serial = ++p->serial;
		for (int side = 0; side < 2; side++)
			leg_now(p, &p->legs[i][side], side, c, serial);
	}
}

static void phone_changed(void *arg, int64_t now_ms, uint32_t phone)
{
	struct peer *p = arg;

	(void)now_ms;
	tell_changes(p);
	tell_device(p, phone);
}

/* ---- tables ---- */

static void put_row(const struct peer *p, struct buf *b, const struct leg *g, int side,
		    const char *state)
{
	uint32_t number = p->first + g->phone;

	buf_fmt(b, "%s{\"uuid\":\"leg-%u-%d\",\"direction\":\"%s\",\"callstate\":\"%s\",",
		b->n && b->p[b->n - 1] == '}' ? "," : "", g->serial, side,
		side ? "outbound" : "inbound", state);
	buf_fmt(b, "\"name\":\"sofia/internal/%u@pbx.example\",\"presence_id\":\"%u@pbx.example\"}",
		number, number);
}

static void answer_channels(struct peer *p, struct conn *s)
{
	uint32_t rows = 0;
	struct buf b, list;

	buf_init(&list, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	for (int i = 0; i < PHONES_CALLS_MAX; i++)
		for (int side = 0; side < 2; side++) {
			const struct leg *g = &p->legs[i][side];
			bool lags = p->now_ms - g->changed_ms < TABLE_LAG_MS;
			const char *state = lags ? g->before : g->state;

			if (!g->serial || !state)
				continue;
			put_row(p, &list, g, side, state);
			rows++;
		}
	buf_fmt(&b, "{\"row_count\":%u", rows);
	if (rows) {
		buf_str(&b, ",\"rows\":[");
		buf_slice(&b, buf_view(&list));
		buf_str(&b, "]");
	}
	buf_str(&b, "}\n");
	send_frame(p, s, "api/response", buf_view(&b), MARK_CHANNELS);
	buf_fini(&b);
	buf_fini(&list);
}

static void answer_registrations(struct peer *p, struct conn *s)
{
	uint32_t rows = 0;
	struct buf b, list;

	buf_init(&list, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	for (uint32_t i = 0; i < p->n; i++)
		if (p->registered[i])
			buf_fmt(&list, "%s{\"reg_user\":\"%u\",\"realm\":\"pbx.example\"}",
				rows++ ? "," : "", p->first + i);
	buf_fmt(&b, "{\"row_count\":%u,\"rows\":[%s]}\n", rows, buf_cstr(&list));
	send_frame(p, s, "api/response", buf_view(&b), MARK_NONE);
	buf_fini(&b);
	buf_fini(&list);
}

/* ---- commands ---- */

static void log_in(struct peer *p, struct conn *s, struct slice given)
{
	char wanted[140];

	snprintf(wanted, sizeof(wanted), "userauth %s:%s", p->username, p->password);
	s->in = slice_is(given, wanted) && !p->refuse_logins;
	p->refuse_logins -= p->refuse_logins > 0;
	reply(p, s, s->in ? "+OK accepted" : "-ERR invalid");
	if (!s->in)
		conns_drop(&p->conns, p->now_ms, s);
}

static void do_command(struct peer *p, struct conn *s, struct slice line)
{
	if (slice_starts(line, "userauth ")) {
		log_in(p, s, line);
	} else if (!s->in) {
		reply(p, s, "-ERR command not found");
	} else if (slice_starts(line, "event plain ")) {
		s->events = true;
		reply(p, s, "+OK event listener enabled plain");
	} else if (slice_is(line, "api show channels as json")) {
		answer_channels(p, s);
	} else if (slice_is(line, "api show registrations as json")) {
		answer_registrations(p, s);
	} else if (slice_starts(line, "api ")) {
		send_frame(p, s, "api/response", SLICE_LIT("4711\n"), MARK_NONE);
	} else {
		reply(p, s, "-ERR command not found");
	}
}

static void read_commands(struct peer *p, struct conn *s)
{
	uint32_t channel = s->channel;

	for (;;) {
		struct slice all = buf_view(&s->bytes);
		size_t n = slice_find_str(all, SLICE_LIT("\n\n"));

		if (n == all.n)
			return;
		do_command(p, s, slice_sub(all, 0, n));
		if (!s->used || s->channel != channel)
			return;
		buf_eat(&s->bytes, n + 2);
	}
}

/* ---- the network ---- */

static void greet(struct peer *p, struct conn *s)
{
	struct buf b;

	if (p->refuse_addresses) {
		p->refuse_addresses--;
		send_frame(p, s, "text/rude-rejection", SLICE_LIT("Access Denied, go away.\n"),
			   MARK_NONE);
		conns_drop(&p->conns, p->now_ms, s);
		return;
	}
	buf_init(&b, TEXT_MAX);
	buf_str(&b, "Content-Type: auth/request\n\n");
	conns_post(&p->conns, p->now_ms, s, &b, MARK_NONE);
}

static void opened(struct peer *p, struct conn *s)
{
	if (p->now_ms < p->down_until_ms)
		conns_drop(&p->conns, p->now_ms, s);
	else
		greet(p, s);
}

static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	struct conn *s;

	p->now_ms = now_ms;
	phones_tick(&p->phones, now_ms);
	tell_changes(p);
	s = conns_feed(&p->conns, now_ms, in);
	if (s && in->kind == PBX_OPENED)
		opened(p, s);
	else if (s)
		read_commands(p, s);
}

/* ---- life ---- */

static struct peer *make(const struct peer_config *c, int64_t now_ms)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	snprintf(p->username, sizeof(p->username), "%s", c->username);
	snprintf(p->password, sizeof(p->password), "%s", c->password);
	p->n = c->phones;
	p->first = c->first;
	p->prng.state = c->seed;
	p->now_ms = now_ms;
	phones_init(&p->phones, c->phones, phone_changed, p);
	for (uint32_t i = 0; i < p->n; i++)
		p->registered[i] = true;
	return p;
}

static void end(struct peer *p)
{
	conns_fini(&p->conns);
	free(p);
}

static void tick(struct peer *p, int64_t now_ms)
{
	p->now_ms = now_ms;
	phones_tick(&p->phones, now_ms);
	tell_changes(p);
}

static int64_t next(const struct peer *p)
{
	int64_t due = phones_next(&p->phones), out = outgo_next(&p->conns.out);

	return out < due ? out : due;
}

static bool phone(const struct peer *p, uint32_t i, struct pbx_phone *ret)
{
	if (i >= p->n)
		return false;
	*ret = (struct pbx_phone){ .number = p->first + i,
				   .state = p->phones.state[i],
				   .registered = p->registered[i],
				   .misled = p->withheld[i] || p->now_ms < p->conns.silent_until_ms,
				   .heard = conns_told(&p->conns),
				   .calls = phones_calls(&p->phones, i),
				   .since_ms = p->phones.since_ms[i] };
	return true;
}

static enum err call(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	enum err e;

	tick(p, now_ms);
	e = phones_call(&p->phones, now_ms, plan);
	tell_changes(p);
	return e;
}

static enum err answer(struct peer *p, int64_t now_ms, uint32_t i)
{
	enum err e;

	tick(p, now_ms);
	e = phones_answer(&p->phones, now_ms, i);
	tell_changes(p);
	return e;
}

static enum err hangup(struct peer *p, int64_t now_ms, uint32_t i)
{
	enum err e;

	tick(p, now_ms);
	e = phones_hangup(&p->phones, now_ms, i);
	tell_changes(p);
	return e;
}

static enum err hold(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	enum err e;

	tick(p, now_ms);
	e = phones_hold(&p->phones, now_ms, i, on);
	tell_changes(p);
	return e;
}

static void set_registered(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	tick(p, now_ms);
	if (p->registered[i] == on)
		return;
	p->registered[i] = on;
	tell_registration(p, i);
}

/* ---- misbehaviour ---- */

static void say_to_all(struct peer *p, const char *bytes)
{
	for (int i = 0; i < CONNS; i++) {
		struct buf b;

		if (!p->conns.list[i].used)
			continue;
		buf_init(&b, TEXT_MAX);
		buf_str(&b, bytes);
		conns_post(&p->conns, p->now_ms, &p->conns.list[i], &b, MARK_NONE);
	}
}

static const char *fault(struct peer *p, int64_t now_ms, struct prng *r)
{
	uint32_t count = (uint32_t)prng_range(r, 1, 5);
	int64_t ms = prng_range(r, 500, 200000);

	tick(p, now_ms);
	switch (prng_below(r, 8)) {
	case 0:
		p->conns.silent_until_ms = now_ms + ms;
		return "silent";
	case 1:
		p->skip_events = count;
		return "withholds events";
	case 2:
		cut_off(p);
		return "drops links";
	case 3:
		say_goodbye(p);
		return "says goodbye";
	case 4:
		p->refuse_logins = 1;
		say_goodbye(p);
		return "refuses a log-in";
	case 5:
		p->refuse_addresses = 1;
		cut_off(p);
		return "refuses an address";
	case 6:
		say_to_all(p, "Content-Length: many\nnonsense\n\n");
		return "garbage";
	default:
		p->conns.slow_ms = ms / 100;
		return "slow";
	}
}

/* Channels do not outlive the process: what a restart keeps are the calls of another one behind it.
 */
static void restart(struct peer *p, int64_t now_ms, struct prng *r, int64_t down_ms, bool end_calls)
{
	tick(p, now_ms);
	if (prng_below(r, 2))
		cut_off(p);
	else
		say_goodbye(p);
	p->down_until_ms = now_ms + down_ms;
	if (end_calls)
		phones_end_all(&p->phones, now_ms);
	tell_changes(p);
}

static void calm(struct peer *p, int64_t now_ms)
{
	p->conns.silent_until_ms = p->down_until_ms = p->conns.slow_ms = 0;
	p->skip_events = p->refuse_logins = p->refuse_addresses = 0;
	tick(p, now_ms);
}

const struct peer_ops fs_peer_ops = {
	.connector = "freeswitch",
	.port = 8021,
	.make = make,
	.free = end,
	.feed = feed,
	.tick = tick,
	.next = next,
	.drain = drain,
	.phone = phone,
	.call = call,
	.answer = answer,
	.hangup = hangup,
	.hold = hold,
	.set_registered = set_registered,
	.fault = fault,
	.restart = restart,
	.calm = calm,
};
