/* peer_ami.c - the manager's switch: phones, switches, presences, faults. */
#include "peer_ami.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* ---- what leaves ---- */

static void post(struct peer *p, uint32_t channel, struct buf *text, bool close, bool ends_lists)
{
	if (p->out_n == p->out_cap) {
		p->out_cap = p->out_cap ? p->out_cap * 2 : 64;
		p->out = realloc(p->out, p->out_cap * sizeof(*p->out));
		CHECK(p->out);
	}
	int64_t at_ms = p->now_ms + p->slow_ms;
	if (at_ms < p->silent_until_ms && !close)
		at_ms = p->silent_until_ms;
	/* a stream keeps its order */
	if (p->out_n > p->out_at && p->out[p->out_n - 1].at_ms > at_ms)
		at_ms = p->out[p->out_n - 1].at_ms;
	struct ami_parcel *a = &p->out[p->out_n++];
	*a = (struct ami_parcel){
		.at_ms = at_ms, .channel = channel, .close = close, .ends_lists = ends_lists
	};
	if (text)
		a->bytes = *text;
	else
		buf_init(&a->bytes, 1);
}

void ami_send(struct peer *p, struct ami_session *s, struct buf *text, bool ends_lists)
{
	CHECK(buf_err(text) == ERR_OK);
	post(p, s->channel, text, false, ends_lists);
}

/* What was to go there goes nowhere. */
static void forget_parcels(struct peer *p, uint32_t channel)
{
	for (size_t i = p->out_at; i < p->out_n; i++)
		if (p->out[i].channel == channel)
			p->out[i].channel = 0;
}

static void forget(struct ami_session *s)
{
	buf_fini(&s->bytes);
	*s = (struct ami_session){ 0 };
}

void ami_drop(struct peer *p, struct ami_session *s)
{
	post(p, s->channel, NULL, true, false);
	forget(s);
}

static void drop_all(struct peer *p, bool at_once)
{
	for (int i = 0; i < AMI_SESSIONS; i++) {
		if (!p->sessions[i].used)
			continue;
		if (at_once)
			forget_parcels(p, p->sessions[i].channel);
		ami_drop(p, &p->sessions[i]);
	}
}

static struct ami_session *find(struct peer *p, uint32_t channel)
{
	for (int i = 0; i < AMI_SESSIONS; i++)
		if (p->sessions[i].used && p->sessions[i].channel == channel)
			return &p->sessions[i];
	return NULL;
}

static bool drain(struct peer *p, struct pbx_out *ret)
{
	/* the bytes given out last were valid until now */
	if (p->out_at && p->out_at == p->out_n) {
		for (size_t i = 0; i < p->out_n; i++)
			buf_fini(&p->out[i].bytes);
		p->out_at = p->out_n = 0;
	}
	while (p->out_at < p->out_n && p->out[p->out_at].at_ms <= p->now_ms) {
		struct ami_parcel *a = &p->out[p->out_at++];
		struct ami_session *s = find(p, a->channel);

		if (a->channel == 0)
			continue;
		if (a->ends_lists && s)
			s->told = true;
		*ret = (struct pbx_out){ .kind = a->close ? PBX_CLOSE : PBX_SEND, .transport = PBX_TCP,
					 .channel = a->channel, .bytes = buf_view(&a->bytes) };
		return true;
	}
	return false;
}

/* ---- life ---- */

static void phone_changed(void *arg, int64_t now_ms, uint32_t phone)
{
	struct peer *p = arg;

	(void)now_ms;
	ami_tell(p, phone, AMI_DEVICE);
}

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
		p->phone[i] = (struct ami_phone){ .registered = true,
						  .has_profile = i % 2,
						  .listed = i % 5 != 4 };
	return p;
}

static void end(struct peer *p)
{
	for (size_t i = 0; i < p->out_n; i++)
		buf_fini(&p->out[i].bytes);
	for (int i = 0; i < AMI_SESSIONS; i++)
		buf_fini(&p->sessions[i].bytes);
	free(p->out);
	free(p);
}

/* ---- the network ---- */

static void opened(struct peer *p, const struct pbx_feed *in)
{
	for (int i = 0; i < AMI_SESSIONS; i++) {
		struct ami_session *s = &p->sessions[i];
		struct buf b;

		if (s->used)
			continue;
		*s = (struct ami_session){ .used = true,
					   .channel = in->channel,
					   .challenge = (uint32_t)prng_range(&p->prng, 100000000,
									     999999999) };
		buf_init(&s->bytes, AMI_IN_MAX);
		if (p->now_ms < p->down_until_ms) {
			ami_drop(p, s);
			return;
		}
		buf_init(&b, 64);
		buf_str(&b, "Asterisk Call Manager/11.0.0\r\n");
		ami_send(p, s, &b, false);
		return;
	}
	post(p, in->channel, NULL, true, false);
}

static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	struct ami_session *s = find(p, in->channel);

	p->now_ms = now_ms;
	phones_tick(&p->phones, now_ms);
	switch ((enum pbx_feed_kind)in->kind) {
	case PBX_OPENED:
		opened(p, in);
		break;
	case PBX_BYTES:
		if (!s)
			break;
		buf_slice(&s->bytes, in->bytes);
		CHECK(buf_err(&s->bytes) == ERR_OK);
		ami_read(p, s);
		break;
	case PBX_CLOSED:
		if (s) {
			forget_parcels(p, s->channel);
			forget(s);
		}
		break;
	}
}

static void come_back(struct peer *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct ami_phone *f = &p->phone[i];

		if (!f->gone_until_ms || f->gone_until_ms > p->now_ms)
			continue;
		f->gone_until_ms = 0;
		if (prng_below(&p->prng, 2))
			ami_tell(p, i, AMI_DEVICE);
		else
			ami_tell_all(p, "Event: Reload\r\nPrivilege: system,all\r\nModule: "
					"pbx_config\r\nStatus: 0\r\n\r\n");
	}
}

static void tick(struct peer *p, int64_t now_ms)
{
	p->now_ms = now_ms;
	phones_tick(&p->phones, now_ms);
	come_back(p);
}

static int64_t next(const struct peer *p)
{
	int64_t due = phones_next(&p->phones);

	if (p->out_at < p->out_n && p->out[p->out_at].at_ms < due)
		due = p->out[p->out_at].at_ms;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->phone[i].gone_until_ms && p->phone[i].gone_until_ms < due)
			due = p->phone[i].gone_until_ms;
	return due;
}

/* ---- the truth ---- */

bool ami_hinted(const struct peer *p, uint32_t phone)
{
	return p->phone[phone].gone_until_ms == 0;
}

const char *ami_device(const struct peer *p, uint32_t phone)
{
	bool rings = p->phones.rings[phone];

	switch ((enum pbx_phone_state)p->phones.state[phone]) {
	case PBX_RINGING:
		return "RINGING";
	case PBX_DIALING:
	case PBX_TALKING:
		return rings ? "RINGINUSE" : "INUSE";
	case PBX_HELD:
		return "ONHOLD";
	case PBX_IDLE:
	case PBX_PHONE_STATES:
		break;
	}
	return p->phone[phone].registered ? "NOT_INUSE" : "UNAVAILABLE";
}

static bool phone(const struct peer *p, uint32_t i, struct pbx_phone *ret)
{
	bool told = false;

	if (i >= p->n)
		return false;
	const struct ami_phone *f = &p->phone[i];
	for (int s = 0; s < AMI_SESSIONS; s++)
		told |= p->sessions[s].used && p->sessions[s].told;
	*ret = (struct pbx_phone){ .number = p->first + i, .state = p->phones.state[i], .profile = f->profile,
				   .registered = f->registered, .dnd = f->dnd,
				   .misled = f->withheld || p->now_ms < p->silent_until_ms,
				   .heard = told && ami_hinted(p, i), .calls = phones_calls(&p->phones, i),
				   .since_ms = p->phones.since_ms[i] };
	return true;
}

static enum err call(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	tick(p, now_ms);
	return phones_call(&p->phones, now_ms, plan);
}

static enum err answer(struct peer *p, int64_t now_ms, uint32_t i)
{
	tick(p, now_ms);
	return phones_answer(&p->phones, now_ms, i);
}

static enum err hangup(struct peer *p, int64_t now_ms, uint32_t i)
{
	tick(p, now_ms);
	return phones_hangup(&p->phones, now_ms, i);
}

static enum err hold(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	tick(p, now_ms);
	return phones_hold(&p->phones, now_ms, i, on);
}

static void set_registered(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	tick(p, now_ms);
	if (p->phone[i].registered == on)
		return;
	p->phone[i].registered = on;
	ami_tell(p, i, AMI_DEVICE);
}

static void set_dnd(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	tick(p, now_ms);
	if (p->phone[i].dnd == on)
		return;
	p->phone[i].dnd = on;
	ami_tell(p, i, AMI_DND);
}

static void set_profile(struct peer *p, int64_t now_ms, uint32_t i, enum pbx_profile to)
{
	tick(p, now_ms);
	if (p->phone[i].has_profile && p->phone[i].profile == to)
		return;
	p->phone[i].profile = (uint8_t)to;
	p->phone[i].has_profile = true;
	ami_tell(p, i, AMI_PRESENCE);
}

/* ---- misbehaviour ---- */

static void take_hint_away(struct peer *p, uint32_t i, int64_t for_ms)
{
	if (p->phone[i].gone_until_ms == 0)
		ami_tell_gone(p, i);
	p->phone[i].gone_until_ms = p->now_ms + for_ms;
}

static const char *fault(struct peer *p, int64_t now_ms, struct prng *r)
{
	uint32_t count = (uint32_t)prng_range(r, 1, 5);
	uint32_t i = (uint32_t)prng_below(r, p->n);
	int64_t ms = prng_range(r, 500, 200000);

	tick(p, now_ms);
	switch (prng_below(r, 8)) {
	case 0:
		p->silent_until_ms = now_ms + ms;
		return "silent";
	case 1:
		p->skip_events = count;
		return "withholds events";
	case 2:
		drop_all(p, true);
		return "drops links";
	case 3:
		p->cut_lists = 1;
		return "cuts a list";
	case 4:
		p->refuse_logins = count > 2 ? 1 : count;
		drop_all(p, false);
		return "refuses log-ins";
	case 5:
		p->refuse_writes = count;
		return "refuses writes";
	case 6:
		take_hint_away(p, i, ms);
		return "loses a hint";
	default:
		p->slow_ms = ms / 100;
		return "slow";
	}
}

static void restart(struct peer *p, int64_t now_ms, struct prng *r, int64_t down_ms, bool end_calls)
{
	bool orderly = prng_below(r, 2);

	tick(p, now_ms);
	if (orderly)
		ami_tell_all(p, "Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: "
				"Cleanly\r\nRestart: False\r\n\r\n");
	drop_all(p, !orderly);
	p->down_until_ms = now_ms + down_ms;
	if (end_calls)
		phones_end_all(&p->phones, now_ms);
	for (uint32_t i = 0; i < p->n; i++)
		p->phone[i].listed = i % 5 != 4; /* hints made from patterns are forgotten */
}

static void calm(struct peer *p, int64_t now_ms)
{
	p->silent_until_ms = p->down_until_ms = p->slow_ms = 0;
	p->skip_events = p->refuse_logins = p->refuse_writes = p->cut_lists = 0;
	tick(p, now_ms);
}

const struct peer_ops ami_peer_ops = {
	.connector = "ami", .port = 5038, .dnd = true, .profile = true,
	.make = make, .free = end, .feed = feed, .tick = tick, .next = next, .drain = drain, .phone = phone,
	.call = call, .answer = answer, .hangup = hangup, .hold = hold, .set_registered = set_registered,
	.set_dnd = set_dnd, .set_profile = set_profile, .fault = fault, .restart = restart, .calm = calm,
};
