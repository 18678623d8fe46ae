/* peer_ami.c - the manager's switch: phones, switches, presences, faults. */
#include "peer_ami.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static bool drain(struct peer *p, struct pbx_out *ret)
{
	uint8_t mark;

	if (!conns_take(&p->conns, p->now_ms, ret, &mark))
		return false;
	if (mark >= AMI_GONE && conns_is_last(&p->conns, ret->channel))
		p->phone[mark - AMI_GONE].gone_told = true;
	return true;
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
	conns_fini(&p->conns);
	free(p);
}

/* ---- the network ---- */

static void opened(struct peer *p, struct conn *s)
{
	struct buf b;

	s->challenge = (uint32_t)prng_range(&p->prng, 100000000, 999999999);
	if (p->now_ms < p->down_until_ms) {
		conns_drop(&p->conns, p->now_ms, s);
		return;
	}
	buf_init(&b, 64);
	buf_str(&b, "Asterisk Call Manager/11.0.0\r\n");
	ami_send(p, s, &b, AMI_NO_MARK);
}

static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	struct conn *s;

	p->now_ms = now_ms;
	phones_tick(&p->phones, now_ms);
	s = conns_feed(&p->conns, now_ms, in);
	if (s && in->kind == PBX_OPENED)
		opened(p, s);
	else if (s)
		ami_read(p, s);
}

static void come_back(struct peer *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct ami_phone *f = &p->phone[i];

		if (!f->gone_until_ms || f->gone_until_ms > p->now_ms)
			continue;
		f->gone_until_ms = 0;
		f->gone_told = false;
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

	if (outgo_next(&p->conns.out) < due)
		due = outgo_next(&p->conns.out);
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
	if (i >= p->n)
		return false;
	const struct ami_phone *f = &p->phone[i];
	*ret = (struct pbx_phone){ .number = p->first + i, .state = p->phones.state[i], .profile = f->profile,
				   .registered = f->registered, .dnd = f->dnd,
				   .misled = f->withheld || p->now_ms < p->conns.silent_until_ms,
				   .heard = conns_told(&p->conns) && ami_hinted(p, i),
				   .gone = !ami_hinted(p, i) && f->gone_told,
				   .calls = phones_calls(&p->phones, i),
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
		p->conns.silent_until_ms = now_ms + ms;
		return "silent";
	case 1:
		p->skip_events = count;
		return "withholds events";
	case 2:
		conns_drop_all(&p->conns, p->now_ms, true);
		return "drops links";
	case 3:
		p->cut_lists = 1;
		return "cuts a list";
	case 4:
		p->refuse_logins = count > 2 ? 1 : count;
		conns_drop_all(&p->conns, p->now_ms, false);
		return "refuses log-ins";
	case 5:
		p->refuse_writes = count;
		return "refuses writes";
	case 6:
		take_hint_away(p, i, ms);
		return "loses a hint";
	default:
		p->conns.slow_ms = ms / 100;
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
	conns_drop_all(&p->conns, p->now_ms, !orderly);
	p->down_until_ms = now_ms + down_ms;
	if (end_calls)
		phones_end_all(&p->phones, now_ms);
	for (uint32_t i = 0; i < p->n; i++)
		p->phone[i].listed = i % 5 != 4; /* hints made from patterns are forgotten */
}

static void calm(struct peer *p, int64_t now_ms)
{
	p->conns.silent_until_ms = p->down_until_ms = p->conns.slow_ms = 0;
	p->skip_events = p->refuse_logins = p->refuse_writes = p->cut_lists = 0;
	tick(p, now_ms);
}

const struct peer_ops ami_peer_ops = {
	.connector = "ami", .port = 5038, .dnd = true, .profile = true,
	.make = make, .free = end, .feed = feed, .tick = tick, .next = next, .drain = drain, .phone = phone,
	.call = call, .answer = answer, .hangup = hangup, .hold = hold, .set_registered = set_registered,
	.set_dnd = set_dnd, .set_profile = set_profile, .fault = fault, .restart = restart, .calm = calm,
};
