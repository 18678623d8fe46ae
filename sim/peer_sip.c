/* peer_sip.c - the SIP PBX of pbx.h as a peer of the world. */
#include "peer.h"

struct pbx *sip_peer_pbx(struct peer *p)
{
	return (struct pbx *)p;
}

static const struct pbx *pbx_of(const struct peer *p)
{
	return (const struct pbx *)p;
}

static struct peer *make(const struct peer_config *c, int64_t now_ms)
{
	const struct pbx_config pc = { .host = c->host, .port = sip_peer_ops.port, .phones = c->phones,
				       .first = c->first,
				       .style = c->kamailio ? PBX_KAMAILIO : PBX_ASTERISK,
				       .auth = c->index ? PBX_AUTH_MD5 : PBX_AUTH_BOTH,
				       .username = c->username, .password = c->password, .seed = c->seed };
	struct pbx *p = NULL;

	return pbx_new(&p, &pc, now_ms) ? NULL : (struct peer *)p;
}

static void end(struct peer *p)
{
	pbx_free(sip_peer_pbx(p));
}

static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	pbx_feed(sip_peer_pbx(p), now_ms, in);
}

static void tick(struct peer *p, int64_t now_ms)
{
	pbx_tick(sip_peer_pbx(p), now_ms);
}

static int64_t next(const struct peer *p)
{
	return pbx_next(pbx_of(p));
}

static bool drain(struct peer *p, struct pbx_out *ret)
{
	return pbx_drain(sip_peer_pbx(p), ret);
}

static bool phone(const struct peer *p, uint32_t i, struct pbx_phone *ret)
{
	return pbx_phone(pbx_of(p), i, ret);
}

static enum err call(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	uint32_t id;

	return pbx_call(sip_peer_pbx(p), now_ms, plan, &id);
}

static enum err answer(struct peer *p, int64_t now_ms, uint32_t i)
{
	return pbx_answer(sip_peer_pbx(p), now_ms, i);
}

static enum err hangup(struct peer *p, int64_t now_ms, uint32_t i)
{
	return pbx_hangup(sip_peer_pbx(p), now_ms, i);
}

static enum err hold(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	return pbx_hold(sip_peer_pbx(p), now_ms, i, on);
}

static void set_registered(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	pbx_set_registered(sip_peer_pbx(p), now_ms, i, on);
}

static const char *fault(struct peer *p, int64_t now_ms, struct prng *r)
{
	static const char *const reasons[] = { "deactivated", "probation", "rejected", "timeout", "giveup",
					       "noresource", "invariant", "" };
	static const uint16_t statuses[] = { 403, 404, 408, 423, 480, 481, 489, 500, 503 };
	const struct pbx_fault f = {
		.kind = (uint8_t)prng_range(r, PBX_FAULT_NONE + 1, PBX_FAULT_COUNT - 1),
		.phone = prng_below(r, 3) ? PBX_EXTERNAL : (uint32_t)prng_below(r, pbx_phones(pbx_of(p))),
		.count = (uint32_t)prng_range(r, 1, 5), .ms = prng_range(r, 500, 200000),
		.retry_after_s = (uint32_t)prng_range(r, 0, 120),
		.status = statuses[prng_below(r, sizeof(statuses) / sizeof(statuses[0]))],
		.reason = reasons[prng_below(r, sizeof(reasons) / sizeof(reasons[0]))],
	};

	pbx_fault(sip_peer_pbx(p), now_ms, &f);
	return pbx_fault_name((enum pbx_fault_kind)f.kind);
}

static void restart(struct peer *p, int64_t now_ms, struct prng *r, int64_t down_ms, bool end_calls)
{
	enum pbx_restart_mode mode = (enum pbx_restart_mode)prng_below(r, PBX_RESTART_STEP_BACK + 1);

	pbx_restart(sip_peer_pbx(p), now_ms, mode, down_ms, end_calls);
}

static void calm(struct peer *p, int64_t now_ms)
{
	const struct pbx_fault none = { .kind = PBX_FAULT_NONE, .phone = PBX_EXTERNAL };

	pbx_fault(sip_peer_pbx(p), now_ms, &none);
}

const struct peer_ops sip_peer_ops = {
	.connector = "sip", .port = 5060, .udp = true,
	.make = make, .free = end, .feed = feed, .tick = tick, .next = next, .drain = drain, .phone = phone,
	.call = call, .answer = answer, .hangup = hangup, .hold = hold, .set_registered = set_registered,
	.fault = fault, .restart = restart, .calm = calm,
};
