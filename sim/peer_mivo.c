/* peer_mivo.c - the simulated MiVoice Office 400 as a peer of the world. */
#include "mivo.h"
#include "peer.h"

static struct mivo *mivo_of(struct peer *p)
{
	return (struct mivo *)p;
}

static struct peer *make(const struct peer_config *c, int64_t now_ms)
{
	struct mivo_config mc = { .phones = c->phones, .first = c->first, .username = c->username,
				  .password = c->password, .seed = c->seed,
				  .switches = mivo_switches_default() };
	struct mivo *m = NULL;

	mc.switches.dialing_ids = c->seed & 1;
	mc.switches.transferred = c->seed & 2;
	if (c->seed & 4)
		memcpy(mc.switches.prefix, "csta", 5);
	return mivo_new(&m, &mc, now_ms) ? NULL : (struct peer *)m;
}

static void end(struct peer *p)
{
	mivo_free(mivo_of(p));
}

static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	mivo_feed(mivo_of(p), now_ms, in);
}

static void tick(struct peer *p, int64_t now_ms)
{
	mivo_tick(mivo_of(p), now_ms);
}

static int64_t next(const struct peer *p)
{
	return mivo_next((const struct mivo *)p);
}

static bool drain(struct peer *p, struct pbx_out *ret)
{
	return mivo_drain(mivo_of(p), ret);
}

static bool phone(const struct peer *p, uint32_t i, struct pbx_phone *ret)
{
	return mivo_phone((const struct mivo *)p, i, ret);
}

static enum err call(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	return mivo_call(mivo_of(p), now_ms, plan);
}

static enum err answer(struct peer *p, int64_t now_ms, uint32_t i)
{
	return mivo_answer(mivo_of(p), now_ms, i);
}

static enum err hangup(struct peer *p, int64_t now_ms, uint32_t i)
{
	return mivo_hangup(mivo_of(p), now_ms, i);
}

static enum err hold(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	return mivo_hold(mivo_of(p), now_ms, i, on);
}

static void set_registered(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	mivo_set_registered(mivo_of(p), now_ms, i, on);
}

static void set_dnd(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	mivo_set_dnd(mivo_of(p), now_ms, i, on);
}

static void set_profile(struct peer *p, int64_t now_ms, uint32_t i, enum pbx_profile to)
{
	mivo_set_profile(mivo_of(p), now_ms, i, to, "");
}

static bool lamp(const struct peer *p, uint32_t i)
{
	return mivo_lamp((const struct mivo *)p, i, 7) != MIVO_LAMP_OFF;
}

static const char *fault(struct peer *p, int64_t now_ms, struct prng *r)
{
	const struct mivo_fault f = {
		.kind = (uint8_t)prng_range(r, MIVO_FAULT_NONE + 1, MIVO_FAULT_COUNT - 1),
		.phone = prng_below(r, 3) ? PBX_EXTERNAL : (uint32_t)prng_below(r, mivo_phones(mivo_of(p))),
		.count = (uint32_t)prng_range(r, 1, 5),
		.ms = prng_range(r, 500, 200000),
	};

	mivo_fault(mivo_of(p), now_ms, &f);
	return mivo_fault_name((enum mivo_fault_kind)f.kind);
}

static void restart(struct peer *p, int64_t now_ms, struct prng *r, int64_t down_ms, bool end_calls)
{
	(void)r;
	mivo_restart(mivo_of(p), now_ms, down_ms, end_calls ? MIVO_END_CALLS : MIVO_KEEP);
}

static void calm(struct peer *p, int64_t now_ms)
{
	mivo_calm(mivo_of(p), now_ms);
}

const struct peer_ops mivo_peer_ops = {
	.connector = "csta", .port = 7001, .dnd = true, .profile = true, .takes_dnd = true,
	.make = make, .free = end, .feed = feed, .tick = tick, .next = next, .drain = drain, .phone = phone,
	.call = call, .answer = answer, .hangup = hangup, .hold = hold, .set_registered = set_registered,
	.set_dnd = set_dnd, .set_profile = set_profile, .lamp = lamp,
	.fault = fault, .restart = restart, .calm = calm,
};
