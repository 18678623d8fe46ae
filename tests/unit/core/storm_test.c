/* Storms of events against what must always hold; and that the engine allocates nothing in them.
 * malloc and its like are wrapped by the linker (-Wl,--wrap), so the count is of real calls. */
#include "test.h"

#include <stdlib.h>

#include "base/prng.h"
#include "core/directory.h"
#include "core/engine.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);

static volatile unsigned long allocations; /* the compiler thinks malloc touches nothing */

void *__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
	allocations++;
	return __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
}

enum { USERS = 12, LINES = 30, CONNECTORS = 3, ANSWER_MAX_MS = 60000 };

static const int64_t WALL0 = 1800000000000;

struct storm {
	struct engine *e;
	struct prng r;
	int64_t now, wall_offset;
	struct actions out;
	uint32_t generation[USERS];
	struct action last[USERS]; /* .kind ACT_COUNT: answered */
	bool gone[USERS];
	bool writes[CONNECTORS];    /* profiles */
	bool writing[LINES];
	int64_t write_ms[LINES];
	uint32_t write[LINES]; /* generation of the last write */
	struct { /* Teams */
		uint8_t session;
		int64_t end;
	} teams[USERS];
	uint64_t hash;
};

/* One write of a line at a time, for as long as an answer may take, and only where the connector
 * writes. */
static void take_write(struct storm *s, const struct action *a)
{
	assert_true(s->writes[a->connector]);
	assert_true(!s->writing[a->line] || s->now - s->write_ms[a->line] >= ANSWER_MAX_MS);
	assert_true(a->user_record.profile < PROFILE_COUNT);
	s->writing[a->line] = true;
	s->write[a->line] = a->generation;
	s->write_ms[a->line] = s->now;
}

static void take_actions(struct storm *s)
{
	assert_true(s->out.n <= ACTIONS_MAX);
	for (uint32_t i = 0; i < s->out.n; i++) {
		const struct action *a = &s->out.list[i];

		s->hash = (s->hash ^ a->kind ^ (uint64_t)a->session << 8 ^
			   (uint64_t)a->generation << 16 ^ (uint64_t)a->user << 40) *
			  0x100000001b3u;
		if (a->kind == ACT_USER_GONE)
			s->gone[a->user] = true;
		if (a->kind == ACT_PROFILE_WRITE)
			take_write(s, a);
		if (a->kind != ACT_HOLD && a->kind != ACT_CLEAR)
			continue;
		assert_true(a->generation > s->generation[a->user]);
		assert_false(s->gone[a->user]);
		s->generation[a->user] = a->generation;
		s->last[a->user] = *a;
	}
}

static void step(struct storm *s, struct event ev)
{
	int64_t next;

	ev.mono_ms = s->now;
	ev.wall_ms = s->now + s->wall_offset;
	engine_step(s->e, &ev, &s->out);
	take_actions(s);
	next = engine_next(s->e);
	assert_true(!s->out.more || next <= s->now);
}

static void rest(struct storm *s)
{
	for (int n = 0; s->out.more; n++) {
		assert_true(n < 1000);
		step(s, (struct event){ .kind = EV_TICK });
	}
}

static void answer(struct storm *s, uint32_t user, enum outcome_class class)
{
	struct action *a = &s->last[user];
	struct event ev = { .kind = EV_OUTCOME,
			    .outcome = { .user = user, .generation = a->generation,
					 .class = (uint8_t)class, .http_status = 200,
					 .sent_mono_ms = s->now } };

	if (a->kind == ACT_COUNT)
		return;
	if (class == OUTCOME_ACCEPTED) {
		s->teams[user].session = a->kind == ACT_HOLD ? a->session : SESSION_NONE;
		s->teams[user].end = s->now + a->lease_ms;
	}
	if (class != OUTCOME_UNSURE)
		a->kind = ACT_COUNT;
	step(s, ev);
}

static struct policy any_policy(struct prng *r)
{
	struct policy p = { .precedence = (uint8_t)prng_below(r, 2),
			    .ringing = (uint8_t)prng_below(r, 2),
			    .busy = (uint8_t)prng_below(r, 2),
			    .dnd = (uint8_t)prng_below(r, 2),
			    .not_available = (uint8_t)prng_below(r, 3),
			    .mode = prng_below(r, 4) ? MODE_LIVE : (uint8_t)prng_below(r, 3),
			    .settle_ms = prng_below(r, 2) ? 0 : (int32_t)prng_below(r, 30000),
			    .grace_ms = (int32_t)prng_below(r, 300000),
			    .lease_ms = (int32_t)prng_range(r, 300000, 1200000) };

	return p;
}

static struct obs any_obs(struct prng *r)
{
	struct obs o = { .kind = (uint8_t)prng_below(r, OBS_COUNT + 1),
			 .scope = (uint8_t)prng_below(r, 4),
			 .connector = ID_NONE,
			 .line = (uint32_t)prng_below(r, LINES + 2),
			 .user = ID_NONE,
			 .call_key = prng_below(r, 4) };

	if (prng_below(r, 3))
		o.kind = OBS_CALL;
	if (o.kind == OBS_CALL)
		o.call = (uint8_t)prng_below(r, CALL_COUNT + 1);
	else if (o.kind == OBS_PROFILE) {
		if (prng_below(r, 2))
			o.line = ID_NONE;
		o.user = (uint32_t)prng_below(r, USERS + 1);
		o.profile.state = (uint8_t)prng_below(r, PROFILE_COUNT + 1);
		o.profile.until_wall_ms =
			prng_below(r, 2) ? TIME_NEVER
					 : (int64_t)(WALL0 + (int64_t)prng_below(r, 100000000));
	} else {
		o.on = prng_below(r, 2);
	}
	return o;
}

static struct event any_event(struct prng *r)
{
	struct event ev = { .kind = (uint8_t)prng_below(r, EV_COUNT + 1) };
	uint32_t user = (uint32_t)prng_below(r, USERS + 1);
	uint32_t line = (uint32_t)prng_below(r, LINES + 1);

	if (prng_below(r, 2))
		ev.kind = EV_OBS;
	switch (ev.kind) {
	case EV_OBS:
		ev.obs = any_obs(r);
		break;
	case EV_POLICY:
		ev.policy_set.policy = any_policy(r);
		break;
	case EV_USER_ADD:
		ev.user_add.user = user;
		ev.user_add.enabled = prng_below(r, 4);
		ev.user_add.has_policy = prng_below(r, 2);
		ev.user_add.policy = any_policy(r);
		break;
	case EV_USER_ENABLE:
		ev.user_enable.user = user;
		ev.user_enable.enabled = prng_below(r, 3);
		break;
	case EV_LINE_ADD:
	case EV_LINE_MOVE:
		ev.line_add.line = line;
		ev.line_add.connector = line % CONNECTORS;
		ev.line_add.user = prng_below(r, 8) ? user : ID_NONE;
		break;
	case EV_LOAD:
		ev.load.account = (uint16_t)prng_below(r, 3);
		ev.load.deep = prng_below(r, 2);
		ev.load.floor_ms = (int32_t)prng_below(r, 14400001);
		break;
	case EV_RESTORE_USER:
		ev.user_record = (struct user_record){ .user = user,
						       .session = (uint8_t)prng_below(r, SESSION_COUNT),
						       .lease_end_wall_ms = WALL0 + 1000000 };
		break;
	case EV_RESTORE_LINE:
		ev.line_record = (struct line_record){ .line = line, .known = true,
						       .call = (uint8_t)prng_below(r, CALL_COUNT) };
		break;
	case EV_OUTCOME:
		ev.kind = EV_TICK;
		break;
	case EV_CONNECTOR_SET:
		ev.connector_set.connector = (uint32_t)prng_below(r, CONNECTORS + 1);
		ev.connector_set.reads_profile = prng_below(r, 4);
		ev.connector_set.writes_profile = prng_below(r, 4);
		ev.connector_set.can_write = true;
		break;
	case EV_WRITTEN:
		ev.written.line = line;
		ev.written.result = (uint8_t)prng_below(r, WRITE_RESULT_COUNT + 1);
		break;
	default:
		ev.line = (uint32_t)prng_below(r, 6); /* connector, user or line */
	}
	return ev;
}

/* What an event does to the writes under way. */
static void note_writes(struct storm *s, struct event *ev)
{
	if (ev->kind == EV_CONNECTOR_SET && ev->connector_set.connector < CONNECTORS)
		s->writes[ev->connector_set.connector] = ev->connector_set.writes_profile;
	if (ev->kind == EV_WRITTEN && ev->written.line < LINES && ev->written.result < WRITE_RESULT_COUNT) {
		ev->written.generation = s->write[ev->written.line];
		s->writing[ev->written.line] = false;
	}
	for (uint32_t l = 0; l < LINES; l++) {
		bool down = ev->kind == EV_CONNECTOR_DOWN && ev->connector == l % CONNECTORS;
		bool anew = (ev->kind == EV_LINE_REMOVE && ev->line == l) ||
			    (ev->kind == EV_LINE_ADD && ev->line_add.line == l);

		if (down || anew)
			s->writing[l] = false;
	}
}

static void wander(struct storm *s)
{
	uint32_t user = (uint32_t)prng_below(&s->r, USERS);
	struct event ev = any_event(&s->r);

	if (ev.kind == EV_USER_ADD && ev.user_add.user < USERS)
		s->gone[ev.user_add.user] = false;
	note_writes(s, &ev);
	step(s, ev);
	answer(s, user, prng_below(&s->r, 3) ? OUTCOME_ACCEPTED :
					       (enum outcome_class)prng_below(&s->r, OUTCOME_COUNT));
	if (prng_below(&s->r, 200) == 0)
		s->wall_offset += (int64_t)prng_below(&s->r, 7200000) - 3600000;
	s->now += (int64_t)prng_below(&s->r, prng_below(&s->r, 20) ? 3000 : 700000);
	if (prng_below(&s->r, 100) == 0)
		s->now -= 5; /* a clock that misbehaves is treated as standing still */
}

static void quiet_world(struct storm *s)
{
	struct policy p = { .grace_ms = 120000, .lease_ms = 600000 };

	step(s, (struct event){ .kind = EV_POLICY, .policy_set = { 0, p } });
	for (uint32_t u = 0; u < USERS; u++) {
		s->gone[u] = false;
		step(s, (struct event){ .kind = EV_USER_ADD,
					.user_add = { .user = u, .enabled = true } });
	}
	for (uint32_t l = 0; l < LINES; l++) {
		step(s, (struct event){ .kind = EV_LINE_ADD,
					.line_add = { l, l % CONNECTORS, l % USERS } });
		step(s, (struct event){ .kind = EV_OBS,
					.obs = { .kind = OBS_CALL, .scope = SCOPE_FULL, .line = l,
						 .user = ID_NONE, .connector = ID_NONE,
						 .call_key = 5,
						 .call = l % 5 == 0 ? CALL_TALKING : CALL_GONE } });
	}
	rest(s);
}

/* Two hours of everything answered: then Teams shows what the engine wants, and holds no more. */
static void calm(struct storm *s)
{
	int64_t end = s->now + 7200000;

	while (s->now < end) {
		rest(s);
		for (uint32_t u = 0; u < USERS; u++)
			answer(s, u, OUTCOME_ACCEPTED);
		rest(s);
		s->now += 1000;
		step(s, (struct event){ .kind = EV_TICK });
	}
	for (uint32_t u = 0; u < USERS; u++) {
		struct user_view v;
		uint8_t shown = s->now < s->teams[u].end ? s->teams[u].session : SESSION_NONE;

		assert_true(engine_user(s->e, u, &v));
		assert_int_equal(v.desired, v.held);
		assert_int_equal(v.held, shown);
		assert_true(v.settled);
	}
}

static uint64_t run_storm(uint64_t seed)
{
	const struct engine_limits l = { 1, CONNECTORS, USERS, LINES, 20 };
	static struct storm s;
	unsigned long before;
	uint32_t total = 0;

	s = (struct storm){ .r = { seed }, .now = 1000, .wall_offset = WALL0, .hash = 1 };
	for (int i = 0; i < USERS; i++)
		s.last[i].kind = ACT_COUNT;
	before = allocations;
	assert_int_equal(engine_new(&s.e, &l, s.now, WALL0), ERR_OK);
	assert_true(allocations > before);
	before = allocations;
	quiet_world(&s);
	for (int i = 0; i < 4000; i++)
		wander(&s);
	quiet_world(&s);
	calm(&s);
	assert_int_equal(allocations, before);
	for (int p = 0; p < PRESENCE_COUNT; p++)
		total += engine_census(s.e, 0)[p];
	assert_int_equal(total, USERS);
	engine_free(s.e);
	return s.hash;
}

static void converges_after_any_storm(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++)
		run_storm(seed);
}

static void the_same_events_give_the_same_actions(void **state)
{
	(void)state;
	assert_true(run_storm(99) == run_storm(99));
	assert_true(run_storm(99) != run_storm(98));
}

static void the_count_of_allocations_counts(void **state)
{
	unsigned long before = allocations;
	static void *volatile block;
	(void)state;

	block = malloc(10);
	free(block);
	assert_int_equal(allocations, before + 1);
}

static void the_directory_allocates_only_at_birth(void **state)
{
	const struct directory_limits l = { 1, 1, 200, 200, 0, 9 };
	struct directory *d;
	unsigned long before;
	uint16_t a;
	uint32_t c, id;
	(void)state;

	assert_int_equal(directory_new(&d, &l), ERR_OK);
	before = allocations;
	assert_int_equal(directory_add_account(d, SLICE_LIT("a"), &a), ERR_OK);
	assert_int_equal(directory_add_connector(d, a, SLICE_LIT("c"), &c), ERR_OK);
	for (uint32_t i = 0; i < 200; i++) {
		char name[3] = { (char)('a' + i / 26), (char)('a' + i % 26), 0 };

		assert_int_equal(directory_add_user(d, a, slice_str(name), &id), ERR_OK);
		assert_int_equal(directory_add_line(d, c, slice_str(name), id, &id), ERR_OK);
	}
	for (uint32_t i = 0; i < 200; i += 3)
		directory_release_line(d, i);
	assert_int_equal(allocations, before);
	directory_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_count_of_allocations_counts),
		cmocka_unit_test(converges_after_any_storm),
		cmocka_unit_test(the_same_events_give_the_same_actions),
		cmocka_unit_test(the_directory_allocates_only_at_birth),
	};
	return cmocka_run_group_tests_name("core/storm", tests, NULL, NULL);
}
