/* The mirror against PBXs that are slow, lose their links, echo early, late or not at all, and against
 * a daemon that dies: whatever happened, once all is quiet everybody holds one profile, and the last
 * word wins. */
#include "test.h"

#include <stdlib.h>

#include "base/prng.h"
#include "core/engine.h"

enum { USERS = 4, LINES = 8, QUEUE = 64, STEPS = 400, SEEDS = 2000 };

enum parcel_kind { TO_PBX, ECHO, CHANGE, ANSWER, SNAPSHOT };

struct parcel {
	int64_t at_ms;
	uint8_t kind, state, result;
	uint32_t generation;
};

struct pbx { /* one line each, on a connector of its own */
	uint8_t state;
	bool up, echoes, has_meeting;
	struct parcel queue[QUEUE]; /* in order: a stream */
	int n;
};

struct rig {
	struct engine *e;
	struct prng r;
	struct actions out;
	int64_t now_ms;
	struct pbx pbx[LINES];
	struct user_record users[USERS]; /* the store */
	struct line_record lines[LINES];
	bool has_user[USERS], has_line[LINES];
};

static const int64_t wall0 = 1790000000000;

static void send(struct rig *r, uint32_t line, struct parcel p)
{
	struct pbx *x = &r->pbx[line];
	int64_t last = x->n ? x->queue[x->n - 1].at_ms : 0;

	if (!x->up || x->n == QUEUE)
		return;
	p.at_ms = r->now_ms + prng_range(&r->r, 1, 400);
	if (p.at_ms < last)
		p.at_ms = last;
	x->queue[x->n++] = p;
}

static void take_out(struct rig *r)
{
	for (uint32_t i = 0; i < r->out.n; i++) {
		const struct action *a = &r->out.list[i];

		if (a->kind == ACT_PROFILE_WRITE) {
			assert_true(r->pbx[a->line].up);
			send(r, a->line, (struct parcel){ .kind = TO_PBX, .state = a->user_record.profile,
							  .generation = a->generation });
		} else if (a->kind == ACT_RESYNC_LINE) {
			send(r, a->line, (struct parcel){ .kind = SNAPSHOT, .state = PROFILE_NONE });
		} else if (a->kind == ACT_SAVE_USER) {
			r->users[a->user] = a->user_record;
			r->has_user[a->user] = true;
		} else if (a->kind == ACT_SAVE_LINE) {
			r->lines[a->line] = a->line_record;
			r->has_line[a->line] = true;
		}
	}
}

static void step(struct rig *r, struct event ev)
{
	struct event tick = { .kind = EV_TICK };

	ev.mono_ms = tick.mono_ms = r->now_ms;
	ev.wall_ms = tick.wall_ms = wall0 + r->now_ms;
	engine_step(r->e, &ev, &r->out);
	take_out(r);
	while (r->out.more) {
		engine_step(r->e, &tick, &r->out);
		take_out(r);
	}
}

static void report(struct rig *r, uint32_t line, enum obs_scope scope, uint8_t state)
{
	struct event ev = { .kind = EV_OBS,
			    .obs = { .kind = OBS_PROFILE, .scope = (uint8_t)scope, .line = line,
				     .connector = line, .user = ID_NONE } };

	ev.obs.profile.state = state;
	ev.obs.profile.until_wall_ms = TIME_NEVER;
	step(r, ev);
}

static void link_up(struct rig *r, uint32_t line)
{
	r->pbx[line].up = true;
	step(r, (struct event){ .kind = EV_CONNECTOR_UP, .connector = line });
	send(r, line, (struct parcel){ .kind = SNAPSHOT });
}

static void link_down(struct rig *r, uint32_t line)
{
	r->pbx[line].up = false;
	r->pbx[line].n = 0; /* what is under way either way is lost, writes taken or not */
	step(r, (struct event){ .kind = EV_CONNECTOR_DOWN, .connector = line });
}

static void start(struct rig *r)
{
	const struct engine_limits limits = { .accounts = 1, .connectors = LINES, .users = USERS,
					      .lines = LINES };
	struct policy p = { .grace_ms = 120000, .lease_ms = 600000 };

	assert_int_equal(engine_new(&r->e, &limits, r->now_ms, wall0 + r->now_ms), ERR_OK);
	step(r, (struct event){ .kind = EV_POLICY, .policy_set = { 0, p } });
	for (uint32_t c = 0; c < LINES; c++)
		step(r, (struct event){ .kind = EV_CONNECTOR_SET, .connector_set = { c, true, true, true } });
	for (uint32_t u = 0; u < USERS; u++)
		step(r, (struct event){ .kind = EV_USER_ADD, .user_add = { .user = u, .enabled = true } });
	for (uint32_t l = 0; l < LINES; l++)
		step(r, (struct event){ .kind = EV_LINE_ADD, .line_add = { l, l, l % USERS } });
	for (uint32_t u = 0; u < USERS; u++)
		if (r->has_user[u])
			step(r, (struct event){ .kind = EV_RESTORE_USER, .user_record = r->users[u] });
	for (uint32_t l = 0; l < LINES; l++)
		if (r->has_line[l])
			step(r, (struct event){ .kind = EV_RESTORE_LINE, .line_record = r->lines[l] });
}

static void crash(struct rig *r)
{
	engine_free(r->e);
	for (int l = 0; l < LINES; l++) {
		r->pbx[l].up = false;
		r->pbx[l].n = 0;
	}
	r->now_ms += prng_range(&r->r, 1, 100000);
	start(r);
}

/* The PBX takes a write: it may refuse, be silent, answer before or after it tells of the change. */
static void pbx_takes(struct rig *r, uint32_t line, const struct parcel *p, bool calm)
{
	struct pbx *x = &r->pbx[line];
	uint8_t state = p->state == PROFILE_MEETING && !x->has_meeting ? (uint8_t)PROFILE_BUSY : p->state;
	bool changed = state != x->state, first = prng_below(&r->r, 2);
	struct parcel answer = { .kind = ANSWER, .result = WRITE_ACCEPTED, .generation = p->generation };
	struct parcel echo = { .kind = ECHO, .state = state };
	uint64_t luck = calm ? 9 : prng_below(&r->r, 10);

	if (luck == 0) {
		answer.result = WRITE_REFUSED;
		send(r, line, answer);
		return;
	}
	x->state = state;
	if (luck == 1)
		answer.result = WRITE_UNSURE;
	if (changed && x->echoes && first)
		send(r, line, echo);
	send(r, line, answer);
	if (changed && x->echoes && !first)
		send(r, line, echo);
}

static void deliver(struct rig *r, uint32_t line, bool calm)
{
	struct pbx *x = &r->pbx[line];
	const struct parcel p = x->queue[0];

	memmove(x->queue, x->queue + 1, (size_t)--x->n * sizeof(p));
	switch ((enum parcel_kind)p.kind) {
	case TO_PBX:
		pbx_takes(r, line, &p, calm);
		break;
	case SNAPSHOT: /* told as it is when it is told */
		report(r, line, SCOPE_FULL, x->state);
		break;
	case ECHO:
	case CHANGE:
		report(r, line, SCOPE_PARTIAL, p.state);
		break;
	case ANSWER:
		step(r, (struct event){ .kind = EV_WRITTEN, .written = { line, p.generation, p.result } });
		break;
	}
}

static void at_the_phone(struct rig *r, uint32_t line, uint8_t state)
{
	struct pbx *x = &r->pbx[line];

	if (state == PROFILE_MEETING && !x->has_meeting)
		state = PROFILE_BUSY;
	if (x->state == state)
		return;
	x->state = state;
	send(r, line, (struct parcel){ .kind = CHANGE, .state = state });
}

static void in_the_app(struct rig *r, uint32_t user, uint8_t state)
{
	struct event ev = { .kind = EV_OBS, .obs = { .kind = OBS_PROFILE, .connector = ID_NONE,
						     .line = ID_NONE, .user = user } };

	ev.obs.profile.state = state;
	ev.obs.profile.until_wall_ms = TIME_NEVER;
	step(r, ev);
}

static uint8_t any_state(struct rig *r)
{
	return (uint8_t)prng_below(&r->r, PROFILE_COUNT);
}

static void pass(struct rig *r, int64_t ms, bool calm)
{
	int64_t end = r->now_ms + ms;

	for (;;) {
		int64_t next = engine_next(r->e);
		uint32_t line = LINES;

		for (uint32_t l = 0; l < LINES; l++)
			if (r->pbx[l].n && r->pbx[l].queue[0].at_ms < next) {
				next = r->pbx[l].queue[0].at_ms;
				line = l;
			}
		if (next > end)
			break;
		r->now_ms = next > r->now_ms ? next : r->now_ms;
		if (line < LINES)
			deliver(r, line, calm);
		else
			step(r, (struct event){ .kind = EV_TICK });
	}
	r->now_ms = end;
}

static void wander(struct rig *r)
{
	uint32_t line = (uint32_t)prng_below(&r->r, LINES);
	uint64_t what = prng_below(&r->r, 100);

	if (what < 40)
		at_the_phone(r, line, any_state(r));
	else if (what < 80)
		in_the_app(r, line % USERS, any_state(r));
	else if (what < 98 && r->pbx[line].up)
		link_down(r, line);
	else if (what < 98)
		link_up(r, line);
	else
		crash(r);
	pass(r, prng_range(&r->r, 0, prng_below(&r->r, 4) ? 500 : 60000), false);
}

static bool same(uint8_t a, uint8_t b)
{
	bool a_busy = a == PROFILE_BUSY || a == PROFILE_MEETING;
	bool b_busy = b == PROFILE_BUSY || b == PROFILE_MEETING;

	return a == b || (a_busy && b_busy);
}

static void all_hold(struct rig *r, uint32_t user, uint8_t state, uint64_t seed)
{
	struct user_view v;

	assert_true(engine_user(r->e, user, &v));
	if (!same(v.profile, state))
		fail_msg("seed %d: user %u has %s, not %s", (int)seed, user, profile_name(v.profile),
			 profile_name(state));
	for (uint32_t l = user; l < LINES; l += USERS)
		if (!same(r->pbx[l].state, state))
			fail_msg("seed %d: line %u holds %s, not %s", (int)seed, l,
				 profile_name(r->pbx[l].state), profile_name(state));
}

static void calm(struct rig *r, uint64_t seed)
{
	struct user_view v;

	for (uint32_t l = 0; l < LINES; l++)
		if (!r->pbx[l].up)
			link_up(r, l);
	pass(r, 3600000, true); /* refusals are tried again after 30 min */
	for (uint32_t u = 0; u < USERS; u++) {
		assert_true(engine_user(r->e, u, &v));
		all_hold(r, u, v.profile, seed);
	}
	for (uint32_t u = 0; u < USERS; u++) {
		uint8_t last = any_state(r);

		if (prng_below(&r->r, 2))
			in_the_app(r, u, last);
		else
			at_the_phone(r, u, last);
		pass(r, 60000, true);
		all_hold(r, u, last, seed);
	}
}

static void one_profile_everywhere(void **state)
{
	static struct rig r;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		memset(&r, 0, sizeof(r));
		r.r.state = seed;
		r.now_ms = 1000000;
		for (int l = 0; l < LINES; l++) {
			r.pbx[l].echoes = prng_below(&r.r, 4);
			r.pbx[l].has_meeting = prng_below(&r.r, 2);
		}
		start(&r);
		for (int i = 0; i < STEPS; i++)
			wander(&r);
		calm(&r, seed);
		engine_free(r.e);
	}
}

/* Users whose looks give something out beside users whose looks do not: whatever number of actions a
 * step has reached when only the latter are left, it must come to its end, and the last tick too. */
static void a_lost_link_is_told_whatever_the_number_of_users(void **state)
{
	static struct rig r;

	(void)state;
	for (uint32_t users = 1; users <= 260; users++) {
		const struct engine_limits limits = { .accounts = 1, .connectors = 1, .users = users,
						      .lines = users };
		uint32_t told = 0, ticks = 0;

		memset(&r, 0, sizeof(r));
		assert_int_equal(engine_new(&r.e, &limits, r.now_ms, wall0), ERR_OK);
		step(&r, (struct event){ .kind = EV_POLICY,
					 .policy_set = { 0, { .grace_ms = 120000, .lease_ms = 600000 } } });
		step(&r, (struct event){ .kind = EV_CONNECTOR_SET,
					 .connector_set = { 0, true, true, true } });
		for (uint32_t u = 0; u < users; u++) {
			step(&r, (struct event){ .kind = EV_USER_ADD,
						 .user_add = { .user = u, .enabled = true } });
			step(&r, (struct event){ .kind = EV_LINE_ADD, .line_add = { u, 0, u } });
		}
		step(&r, (struct event){ .kind = EV_CONNECTOR_UP, .connector = 0 });
		struct event ev = { .kind = EV_CONNECTOR_DOWN, .connector = 0, .wall_ms = wall0 };
		do {
			engine_step(r.e, &ev, &r.out);
			for (uint32_t i = 0; i < r.out.n; i++)
				told += r.out.list[i].kind == ACT_CHANGED;
			ev.kind = EV_TICK;
		} while (r.out.more && ++ticks < users + 2);
		assert_false(r.out.more);
		assert_true(told >= users);
		engine_free(r.e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_profile_everywhere),
		cmocka_unit_test(a_lost_link_is_told_whatever_the_number_of_users),
	};

	return cmocka_run_group_tests_name("core/mirror", tests, NULL, NULL);
}
