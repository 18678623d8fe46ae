#include "test.h"

#include "core/engine.h"
#include "core/publish.h"

/* One account, one connector, user 0 with line 0; time in ms from T0. */
enum { T0 = 1000000 };
static const int64_t WALL0 = 1800000000000;

static const struct policy plain = { .grace_ms = 120000, .lease_ms = 600000 };

struct rig {
	struct engine *e;
	struct actions out;
	int64_t now;
};

static void step(struct rig *r, struct event *ev)
{
	ev->mono_ms = r->now;
	ev->wall_ms = WALL0 + r->now;
	engine_step(r->e, ev, &r->out);
}

static const struct action *sent(const struct rig *r, enum action_kind kind)
{
	for (uint32_t i = 0; i < r->out.n; i++)
		if (r->out.list[i].kind == kind)
			return &r->out.list[i];
	return NULL;
}

static void call(struct rig *r, uint32_t line, enum obs_scope scope, uint64_t key,
		 enum call_state c)
{
	struct event ev = { .kind = EV_OBS, .obs = { .kind = OBS_CALL, .scope = (uint8_t)scope,
						     .line = line, .user = ID_NONE,
						     .call_key = key, .call = (uint8_t)c } };

	step(r, &ev);
}

static void answer(struct rig *r, const struct action *a, enum outcome_class class, uint16_t status)
{
	struct event ev = { .kind = EV_OUTCOME,
			    .outcome = { .user = a->user, .generation = a->generation,
					 .class = (uint8_t)class, .http_status = status,
					 .sent_mono_ms = r->now } };

	step(r, &ev);
}

static void rig_init(struct rig *r, const struct policy *p)
{
	struct engine_limits l = { 2, 4, 8, 16, 0 };
	struct event ev;

	*r = (struct rig){ .now = T0 };
	assert_int_equal(engine_new(&r->e, &l, T0, WALL0 + T0), ERR_OK);
	ev = (struct event){ .kind = EV_POLICY, .policy_set = { 0, *p } };
	step(r, &ev);
	ev = (struct event){ .kind = EV_USER_ADD, .user_add = { .user = 0, .enabled = true } };
	step(r, &ev);
	ev = (struct event){ .kind = EV_LINE_ADD, .line_add = { 0, 0, 0 } };
	step(r, &ev);
	ev = (struct event){ .kind = EV_CONNECTOR_UP, .connector = 0 };
	step(r, &ev);
}

static void a_call_is_held_and_its_end_clears(void **state)
{
	struct rig r;
	struct user_view v;
	struct action hold, clear;
	(void)state;

	rig_init(&r, &plain);
	call(&r, 0, SCOPE_FULL, 0, CALL_GONE);
	assert_null(sent(&r, ACT_HOLD));
	assert_null(sent(&r, ACT_CLEAR));
	call(&r, 0, SCOPE_FULL, 7, CALL_TALKING);
	assert_non_null(sent(&r, ACT_HOLD));
	hold = *sent(&r, ACT_HOLD);
	assert_int_equal(hold.session, SESSION_CALL);
	assert_int_equal(hold.urgency, URGENCY_RISE);
	assert_int_equal(hold.lease_ms, 600000);
	answer(&r, &hold, OUTCOME_ACCEPTED, 200);
	assert_true(engine_user(r.e, 0, &v));
	assert_int_equal(v.held, SESSION_CALL);
	assert_true(v.lease_end_mono_ms == T0 + 600000);
	call(&r, 0, SCOPE_FULL, 7, CALL_TALKING);
	assert_int_equal(r.out.n, 0);
	call(&r, 0, SCOPE_FULL, 0, CALL_GONE);
	assert_non_null(sent(&r, ACT_CLEAR));
	clear = *sent(&r, ACT_CLEAR);
	assert_true(clear.generation > hold.generation);
	assert_true(clear.may_be_held);
	answer(&r, &hold, OUTCOME_ACCEPTED, 200);
	assert_int_equal(engine_counter(r.e, ENGINE_LATE_OUTCOME), 1);
	answer(&r, &clear, OUTCOME_ACCEPTED, 200);
	assert_true(engine_user(r.e, 0, &v));
	assert_int_equal(v.held, SESSION_NONE);
	assert_int_equal(v.publish, PUBLISH_IDLE);
	assert_true(engine_next(r.e) == TIME_NEVER);
	engine_free(r.e);
}

/* Settling and another change in one step: the one must not undo the other's word to the admin plane. */
static void the_report_that_settles_a_user_is_told(void **state)
{
	struct rig r;
	struct event ev;
	struct user_view v;
	(void)state;

	rig_init(&r, &plain);
	ev = (struct event){ .kind = EV_LINE_ADD, .line_add = { 1, 0, 0 } };
	step(&r, &ev);
	ev = (struct event){ .kind = EV_CONNECTOR_DOWN, .connector = 0 };
	step(&r, &ev);
	ev = (struct event){ .kind = EV_CONNECTOR_UP, .connector = 0 };
	step(&r, &ev);
	call(&r, 0, SCOPE_FULL, 0, CALL_GONE);
	assert_non_null(sent(&r, ACT_CHANGED));
	assert_true(engine_user(r.e, 0, &v));
	assert_false(v.settled);
	call(&r, 1, SCOPE_FULL, 0, CALL_GONE);
	assert_true(engine_user(r.e, 0, &v));
	assert_true(v.settled);
	assert_non_null(sent(&r, ACT_CHANGED));
	engine_free(r.e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_held_and_its_end_clears),
		cmocka_unit_test(the_report_that_settles_a_user_is_told),
	};
	return cmocka_run_group_tests_name("core/engine", tests, NULL, NULL);
}
