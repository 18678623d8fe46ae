/* world_acts.c - what people, PBXs, networks and clouds do, drawn from the seed. */
#include <string.h>

#include "world_parts.h"

static uint32_t any_user(struct world *w)
{
	return (uint32_t)prng_below(&w->prng, w->users_n);
}

/* A line that a simulated PBX serves. */
static uint32_t any_line(struct world *w)
{
	uint32_t line;

	do
		line = (uint32_t)prng_below(&w->prng, w->lines_n);
	while (w->lines[line].connector == TOLD);
	return line;
}

static void act_call(struct world *w)
{
	uint32_t line = any_line(w);
	uint32_t pbx = w->lines[line].connector;
	struct pbx_call_plan plan = { .from = w->lines[line].phone, .to = PBX_EXTERNAL,
				      .dial_ms = prng_range(&w->prng, 50, 900),
				      .ring_ms = prng_range(&w->prng, 100, 15000), .talk_ms = PBX_UNTIL_TOLD,
				      .unanswered = prng_below(&w->prng, 4) == 0 };

	if (prng_below(&w->prng, 2)) {
		plan.to = plan.from;
		plan.from = PBX_EXTERNAL;
	} else if (prng_below(&w->prng, 2)) {
		plan.to = (uint32_t)prng_below(&w->prng, PEER_PHONES);
	}
	if (prng_below(&w->prng, 3) == 0)
		plan.talk_ms = prng_range(&w->prng, 200, 90000);
	if (plan.to == plan.from || world_peers[pbx]->call(w->peer[pbx], w->now_ms, &plan))
		return;
	w->counts.calls++;
	world_step_note(w, "pbx%u: %d calls %d", w->lines[line].connector, (int)plan.from, (int)plan.to);
}

static void act_hang_up(struct world *w)
{
	world_hang_up(w, any_line(w));
}

static void act_answer(struct world *w)
{
	const struct line_truth *l = &w->lines[any_line(w)];

	if (world_peers[l->connector]->answer(w->peer[l->connector], w->now_ms, l->phone) == ERR_OK)
		world_step_note(w, "pbx%u: %u answers", l->connector, l->phone);
}

static void act_hold(struct world *w)
{
	const struct line_truth *l = &w->lines[any_line(w)];
	bool on = prng_below(&w->prng, 2);

	if (world_peers[l->connector]->hold(w->peer[l->connector], w->now_ms, l->phone, on) == ERR_OK)
		world_step_note(w, "pbx%u: %u %s", l->connector, l->phone, on ? "holds" : "resumes");
}

static void act_profile(struct world *w)
{
	world_profile(w, any_user(w), lend_spared(w, (enum profile)prng_below(&w->prng, PROFILE_COUNT)),
		      prng_below(&w->prng, 3) ? TIME_NEVER : prng_range(&w->prng, 1000, 3600000));
}

static void act_dnd(struct world *w)
{
	for (uint32_t tries = 0; tries < 8; tries++) {
		uint32_t line = (uint32_t)prng_below(&w->prng, w->lines_n);

		if (w->lines[line].connector != TOLD && !world_peers[w->lines[line].connector]->dnd)
			continue;
		/* there it could not be told from the one that goes with what is lent */
		if (lend_is_on(w) && w->lines[line].connector != TOLD &&
		    world_peers[w->lines[line].connector]->profile)
			continue;
		world_dnd(w, line, prng_below(&w->prng, 2));
		return;
	}
}

/* At a phone whose PBX keeps the profile. */
static void act_phone_profile(struct world *w)
{
	for (uint32_t tries = 0; tries < 8; tries++) {
		const struct line_truth *l = &w->lines[any_line(w)];
		enum pbx_profile to;

		if (!world_peers[l->connector]->profile)
			continue;
		to = (enum pbx_profile)prng_below(&w->prng, PBX_PROFILES);
		to = lend_is_word(w, to) ? PBX_AVAILABLE : to;
		world_step_note(w, "pbx%u: %u sets %s", l->connector, l->phone, pbx_profile_name(to));
		world_peers[l->connector]->set_profile(w->peer[l->connector], w->now_ms, l->phone, to);
		return;
	}
}

static void act_client(struct world *w)
{
	uint32_t user = any_user(w);
	enum cloud_client state = (enum cloud_client)prng_below(&w->prng, CLOUD_CLIENT_COUNT);

	if (cloud_client_set(w->cloud, world_cloud_ms(w), w->users[user].cloud_user, "", state) == ERR_OK) {
		lamp_client(w, user, state);
		world_step_note(w, "client of %u is %s", user, cloud_client_name(state));
	}
}

static void act_pbx_fault(struct world *w)
{
	const uint32_t pbx = (uint32_t)prng_below(&w->prng, PEERS);

	world_step_note(w, "pbx%u: fault %s", pbx,
			world_peers[pbx]->fault(w->peer[pbx], w->now_ms, &w->prng));
	w->counts.pbx_faults++;
}

static void act_pbx_restart(struct world *w)
{
	const uint32_t pbx = (uint32_t)prng_below(&w->prng, PEERS);
	int64_t down_ms = prng_range(&w->prng, 0, prng_below(&w->prng, 5) ? 20000 : 400000);
	bool end_calls = prng_below(&w->prng, 2);

	world_step_note(w, "pbx%u restarts, down %lld ms", pbx, (long long)down_ms);
	world_peers[pbx]->restart(w->peer[pbx], w->now_ms, &w->prng, down_ms, end_calls);
	w->counts.pbx_faults++;
}

static void act_cut(struct world *w)
{
	const uint32_t pbx = (uint32_t)prng_below(&w->prng, PEERS);
	int64_t for_ms = prng_range(&w->prng, 500, prng_below(&w->prng, 4) ? 30000 : 600000);

	world_step_note(w, "link to pbx%u is cut for %lld ms", pbx, (long long)for_ms);
	net_cut(w, pbx, for_ms);
	w->counts.pbx_faults++;
}

static void act_cloud_fault(struct world *w)
{
	static const uint16_t statuses[] = { 400, 403, 404, 409, 429, 500, 502, 503, 504 };
	static const enum cloud_fault_kind kinds[] = {
		CLOUD_FAULT_EXPIRE_TOKENS, CLOUD_FAULT_CAE,	  CLOUD_FAULT_FORBID_TOKENS,
		CLOUD_FAULT_UNAUTHORIZED,  CLOUD_FAULT_NOT_FOUND, CLOUD_FAULT_STATUS,
		CLOUD_FAULT_STATUS,	   CLOUD_FAULT_STATUS,	  CLOUD_FAULT_THROTTLE,
		CLOUD_FAULT_SLOW,	   CLOUD_FAULT_RESET,	  CLOUD_FAULT_RESET,
		CLOUD_FAULT_TOKEN,
	};
	struct cloud_fault f = {
		.kind = (uint8_t)kinds[prng_below(&w->prng, sizeof(kinds) / sizeof(kinds[0]))],
		.cut = (uint8_t)prng_range(&w->prng, CLOUD_CUT_BEFORE, CLOUD_CUT_COUNT - 1),
		.status = statuses[prng_below(&w->prng, sizeof(statuses) / sizeof(statuses[0]))],
		.user = prng_below(&w->prng, 3) ? CLOUD_NO_USER : w->users[any_user(w)].cloud_user,
		.count = (uint32_t)prng_range(&w->prng, 1, 8), .after_apply = prng_below(&w->prng, 2),
		.delay_ms = prng_range(&w->prng, 100, 15000),
		.code = prng_below(&w->prng, 2) ? 90033 : 7000215,
	};

	if (f.kind == CLOUD_FAULT_THROTTLE)
		cloud_retry_after(w->cloud, (enum cloud_retry_after)prng_below(&w->prng, CLOUD_RETRY_COUNT));
	if (cloud_fault_add(w->cloud, &f))
		return;
	w->denied |= f.kind == CLOUD_FAULT_NOT_FOUND || (f.kind == CLOUD_FAULT_STATUS && f.status == 404);
	world_step_note(w, "cloud fault %d status %u count %u", f.kind, f.status, f.count);
	w->counts.cloud_faults++;
}

static void act_crash(struct world *w)
{
	daemon_crash(w, prng_below(&w->prng, 5) != 0);
	w->restart_ms = w->now_ms + prng_range(&w->prng, 0, prng_below(&w->prng, 3) ? 5000 : 1200000);
}

static void act_jump(struct world *w)
{
	int64_t by = prng_range(&w->prng, -7200000, 7200000);

	w->wall_offset_ms += by;
	w->counts.jumps++;
	world_step_note(w, "the daemon's wall clock jumps by %lld ms", (long long)by);
	if (w->bridge)
		bridge_tick(w->bridge, world_time(w));
	check_profiles(w);
}

static void act_register(struct world *w)
{
	const struct line_truth *l = &w->lines[any_line(w)];

	world_peers[l->connector]->set_registered(w->peer[l->connector], w->now_ms, l->phone,
						  prng_below(&w->prng, 3) != 0);
}

static const struct {
	uint32_t weight;
	void (*act)(struct world *w);
} table[] = {
	{ 400, act_call },      { 260, act_hang_up }, { 100, act_answer }, { 60, act_hold },
	{ 60, act_profile },    { 40, act_dnd },      { 50, act_client },  { 25, act_pbx_fault },
	{ 40, act_phone_profile },
	{ 6, act_pbx_restart }, { 6, act_cut },       { 40, act_cloud_fault }, { 5, act_crash },
	{ 4, act_jump },        { 20, act_register },
};

void acts_one(struct world *w)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		sum += table[i].weight;
	uint32_t at = (uint32_t)prng_below(&w->prng, sum);
	size_t i = 0;
	while (at >= table[i].weight)
		at -= table[i++].weight;
	/* a daemon that is down cannot die again, and nobody can set a profile in it */
	if (w->bridge || (table[i].act != act_crash && table[i].act != act_profile))
		table[i].act(w);
	for (uint32_t p = 0; p < PEERS; p++)
		net_pbx_drain(w, p);
	if (w->bridge)
		daemon_drain(w);
}

/* Calm: everything that misbehaves stops, and nobody lets a phone ring for ever. */
void acts_end(struct world *w)
{
	for (uint32_t p = 0; p < PEERS; p++) {
		w->cut_until_ms[p] = w->now_ms;
		world_peers[p]->calm(w->peer[p], w->now_ms);
		for (uint32_t i = 0; i < PEER_PHONES; i++) {
			struct pbx_phone phone;

			if (world_peers[p]->phone(w->peer[p], i, &phone) && phone.state == PBX_RINGING &&
			    world_peers[p]->answer(w->peer[p], w->now_ms, i))
				world_step_note(w, "pbx%u: %u rings on", p, i);
		}
	}
	cloud_faults_clear(w->cloud);
	world_step_note(w, "calm");
}
