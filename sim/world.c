#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "world_parts.h"

enum { LOOK_MS = 1000, CALM_MS = 3 * 3600 * 1000, LAST_WORD_MS = 5 * 60 * 1000 };

static const int64_t epoch_ms = 1790000000000; /* some day in 2026 */

struct bridge_time world_time(const struct world *w)
{
	return (struct bridge_time){ w->now_ms, w->now_ms + w->wall_offset_ms };
}

int64_t world_cloud_ms(const struct world *w)
{
	return w->now_ms + w->cloud_offset_ms;
}

void world_step_note(struct world *w, const char *fmt, ...)
{
	char *line = w->steps[w->steps_n++ % WORLD_STEPS_KEPT];
	va_list ap;
	int n = snprintf(line, sizeof(w->steps[0]), "%10.3f s  ", (double)w->now_ms / 1000);

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(w->steps[0]) - (size_t)n, fmt, ap);
	va_end(ap);
}

void world_object(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->objection[0])
		return; /* the first one counts */
	int n = snprintf(w->objection, sizeof(w->objection), "seed %llu at %.3f s: ",
			 (unsigned long long)w->config.seed, (double)w->now_ms / 1000);
	va_start(ap, fmt);
	vsnprintf(w->objection + n, sizeof(w->objection) - (size_t)n, fmt, ap);
	va_end(ap);
}

/* ---- set-up ---- */

static enum err make_cloud(struct world *w)
{
	const struct cloud_config c = {
		.tenant = "11111111-2222-3333-4444-555555555555",
		.client_id = "99999999-8888-7777-6666-555555555555", .client_secret = &w->secret,
		.seed = prng_u64(&w->prng),
		.presence = { .shape = (uint8_t)prng_below(&w->prng, CLOUD_LIMIT_SHAPE_COUNT),
			      .quota = w->config.quota, .window_ms = w->config.window_ms },
	};
	enum err e = cloud_new(&w->cloud, &c, world_cloud_ms(w));

	if (!e)
		e = cloud_switch(w->cloud,
				 &(struct cloud_switches){ .read_after_ms = w->config.read_after_ms });
	if (e)
		return e;
	cloud_set_base(w->cloud, "https://graph.sim.example");
	for (uint32_t i = 0; i < w->users_n && !e; i++) {
		const struct cloud_user_config u = { .email = w->users[i].email };

		e = cloud_user_add(w->cloud, &u, &w->users[i].cloud_user);
	}
	return e;
}

static void add_line(struct world *w, uint32_t user, uint32_t connector)
{
	CHECK(w->lines_n < WORLD_LINES_MAX);
	w->lines[w->lines_n++] = (struct line_truth){ .connector = connector, .phone = user, .user = user };
}

static void make_people(struct world *w)
{
	w->users_n = w->config.users;
	for (uint32_t i = 0; i < w->users_n; i++) {
		struct user_truth *u = &w->users[i];

		snprintf(u->email, sizeof(u->email), "user%02u@sim.example", i);
		u->app_until_wall_ms = TIME_NEVER;
		add_line(w, i, i % PEERS);
		if (i % 3 == 0)
			add_line(w, i, (i + 1) % PEERS);
		if (i % 4 == 0)
			add_line(w, i, TOLD);
	}
}

enum err world_new(struct world **ret, const struct world_config *c)
{
	CHECK(c->users > 0 && c->users <= WORLD_USERS_MAX);
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NO_MEMORY;
	w->config = *c;
	w->prng.state = c->seed;
	w->now_ms = 1000;
	w->wall_offset_ms = w->cloud_offset_ms = epoch_ms;
	w->commit_ms = w->restart_ms = w->calm_ms = TIME_NEVER;
	w->allowed = (uint32_t)((uint64_t)c->quota * 98 / 100);
	w->sends = calloc(w->allowed, sizeof(*w->sends));
	make_people(w);
	enum err e = w->sends ? secret_set(&w->secret, SLICE_LIT("simulated")) : ERR_NO_MEMORY;
	if (!e)
		e = make_cloud(w);
	if (!e)
		e = peers_make(w);
	if (!e)
		e = daemon_start(w);
	if (e) {
		world_free(w);
		return e;
	}
	*ret = w;
	return ERR_OK;
}

void world_free(struct world *w)
{
	if (!w)
		return;
	bridge_free(w->bridge);
	net_free(w);
	peers_free(w);
	cloud_free(w->cloud);
	secret_fini(&w->secret);
	free(w->sends);
	free(w);
}

/* ---- time ---- */

static int64_t earlier(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

static int64_t next_due(const struct world *w)
{
	int64_t next = earlier(earlier(net_next(w), w->commit_ms), earlier(w->restart_ms, w->look_ms));

	if (w->restless)
		next = earlier(next, w->act_ms);
	if (w->bridge)
		next = earlier(next, bridge_next(w->bridge));
	for (uint32_t i = 0; i < PEERS; i++)
		next = earlier(next, world_peers[i]->next(w->peer[i]));
	return next > w->now_ms ? next : w->now_ms;
}

static void act(struct world *w)
{
	acts_one(w);
	w->act_ms = w->now_ms + prng_range(&w->prng, 20, prng_below(&w->prng, 5) ? 3000 : 20000);
}

/* Everything that is due now, once, in a fixed order. */
static void one_step(struct world *w)
{
	w->counts.steps++;
	if (w->restart_ms <= w->now_ms && daemon_start(w))
		world_object(w, "the daemon cannot start");
	if (net_next(w) <= w->now_ms)
		net_deliver(w);
	for (uint32_t i = 0; i < PEERS; i++) {
		if (world_peers[i]->next(w->peer[i]) <= w->now_ms)
			world_peers[i]->tick(w->peer[i], w->now_ms);
		net_pbx_drain(w, i);
	}
	if (w->bridge) {
		bridge_tick(w->bridge, world_time(w));
		daemon_drain(w);
	}
	if (w->commit_ms <= w->now_ms)
		daemon_commit(w);
	if (w->restless && w->act_ms <= w->now_ms)
		act(w);
	if (w->look_ms <= w->now_ms) {
		check_truth(w);
		w->look_ms = w->now_ms + LOOK_MS;
	}
}

bool world_run(struct world *w, int64_t for_ms, bool restless)
{
	const int64_t end = w->now_ms + for_ms;
	uint64_t stuck = 0;
	int64_t last = w->now_ms;

	w->restless = restless;
	w->act_ms = w->now_ms;
	w->calm_ms = restless ? TIME_NEVER : w->calm_ms;
	while (!w->objection[0]) {
		int64_t next = next_due(w);

		if (next > end)
			break;
		stuck = next == last ? stuck + 1 : 0;
		if (stuck > 100000)
			world_object(w, "time stands still");
		last = w->now_ms = next;
		one_step(w);
	}
	if (w->now_ms < end && !w->objection[0])
		w->now_ms = end;
	return w->objection[0] == '\0';
}

/* With all quiet, one more change a person, at the phone or in the app: it must win everywhere. */
static bool last_word(struct world *w)
{
	enum profile set[WORLD_USERS_MAX];

	for (uint32_t i = 0; i < w->users_n; i++) {
		const struct line_truth *l = check_two_way(w, i);
		bool at_phone = prng_below(&w->prng, 2);

		set[i] = lend_spared(w, (enum profile)prng_below(&w->prng, PROFILE_COUNT));
		if (l && at_phone)
			world_peers[l->connector]->set_profile(w->peer[l->connector], w->now_ms, l->phone,
							       check_word(set[i]));
		else if (l)
			world_profile(w, i, set[i], TIME_NEVER);
		if (l)
			world_step_note(w, "last word: user %u, %s, %s", i, profile_name(set[i]),
					at_phone ? "at the phone" : "in the app");
	}
	for (uint32_t i = 0; i < PEERS; i++)
		net_pbx_drain(w, i);
	w->calm_ms = w->now_ms;
	if (!world_run(w, LAST_WORD_MS, false))
		return false;
	for (uint32_t i = 0; i < w->users_n; i++)
		if (check_two_way(w, i) && !check_in_step(w, i, set[i]))
			return false;
	lend_all_have_set(w);
	return check_calm(w);
}

bool world_calm(struct world *w)
{
	w->restless = false;
	w->calm_ms = w->now_ms;
	acts_end(w);
	if (!w->bridge && w->restart_ms > w->now_ms)
		w->restart_ms = w->now_ms;
	return world_run(w, CALM_MS, false) && check_calm(w) && last_word(w);
}

/* ---- acts for scripts ---- */

void world_call(struct world *w, uint32_t line)
{
	const struct pbx_call_plan plan = { .from = w->lines[line].phone, .to = PBX_EXTERNAL, .dial_ms = 100,
					    .ring_ms = 500, .talk_ms = PBX_UNTIL_TOLD };
	uint32_t pbx = w->lines[line].connector;

	if (world_peers[pbx]->call(w->peer[pbx], w->now_ms, &plan))
		world_object(w, "the call could not be made");
	net_pbx_drain(w, pbx);
}

void world_hang_up(struct world *w, uint32_t line)
{
	const struct line_truth *l = &w->lines[line];

	if (world_peers[l->connector]->hangup(w->peer[l->connector], w->now_ms, l->phone) == ERR_OK)
		world_step_note(w, "pbx%u: %u hangs up", l->connector, l->phone);
	net_pbx_drain(w, l->connector);
}

void world_profile(struct world *w, uint32_t user, enum profile p, int64_t for_ms)
{
	static const enum oracle_app apps[] = {
		[PROFILE_AVAILABLE] = ORACLE_APP_AVAILABLE, [PROFILE_AWAY] = ORACLE_APP_AWAY,
		[PROFILE_BUSY] = ORACLE_APP_BUSY, [PROFILE_NOT_AVAILABLE] = ORACLE_APP_NOT_AVAILABLE,
		[PROFILE_MEETING] = ORACLE_APP_MEETING,
	};
	struct user_truth *u = &w->users[user];
	const struct bridge_time t = world_time(w);

	u->app = apps[p];
	u->app_until_wall_ms = for_ms == TIME_NEVER ? TIME_NEVER : t.wall_ms + for_ms;
	world_step_note(w, "user %u sets %s", user, profile_name(p));
	bridge_set_profile(w->bridge, t, u->id, p, u->app_until_wall_ms);
	daemon_drain(w);
}

void world_dnd(struct world *w, uint32_t line, bool on)
{
	uint32_t pbx = w->lines[line].connector;

	world_step_note(w, "line %u: do not disturb %s", line, on ? "on" : "off");
	if (pbx != TOLD) {
		world_peers[pbx]->set_dnd(w->peer[pbx], w->now_ms, w->lines[line].phone, on);
		net_pbx_drain(w, pbx);
		return;
	}
	w->lines[line].dnd = on;
	if (!w->bridge)
		return;
	told_dnd(w->told, w->lines[line].id, on);
	/* the machine is told from outside: a feed lets the bridge look at it */
	const struct source_feed poke = { .kind = FEED_CONNECTED };
	bridge_feed_source(w->bridge, world_time(w), w->connector_id[TOLD], &poke);
	daemon_drain(w);
}

void world_crash(struct world *w, bool keep_state)
{
	daemon_crash(w, keep_state);
}

void world_start(struct world *w)
{
	w->restart_ms = w->now_ms;
}

/* ---- asked from outside ---- */

struct pbx *world_pbx(struct world *w, uint32_t i)
{
	return world_peers[i] == &sip_peer_ops ? sip_peer_pbx(w->peer[i]) : NULL;
}

struct cloud *world_cloud(struct world *w)
{
	return w->cloud;
}

struct bridge *world_bridge(struct world *w)
{
	return w->bridge;
}

const char *world_objection(const struct world *w)
{
	return w->objection;
}

void world_print_steps(const struct world *w)
{
	uint64_t from = w->steps_n > WORLD_STEPS_KEPT ? w->steps_n - WORLD_STEPS_KEPT : 0;

	for (uint64_t i = from; i < w->steps_n; i++)
		printf("# %s\n", w->steps[i % WORLD_STEPS_KEPT]);
}

uint64_t world_fingerprint(const struct world *w)
{
	return w->fingerprint;
}

int64_t world_now(const struct world *w)
{
	return w->now_ms;
}

void world_count(const struct world *w, struct world_counts *ret)
{
	*ret = w->counts;
}
