/* The preferred state beside the session: request by request, after a look at what shows. */
#include "rig.h"

#include <stdio.h>

static void submit_preferred(struct rig *r, uint32_t user, enum action_kind kind, bool drop)
{
	struct action a = { .kind = (uint8_t)kind,
			    .session = SESSION_DND,
			    .user = user,
			    .preferred = !drop,
			    .drop_preferred = drop,
			    .may_be_held = true,
			    .generation = ++r->generation,
			    .lease_ms = 600000,
			    .urgency = kind == ACT_HOLD ? URGENCY_RISE : URGENCY_CLEAR };

	if (drop)
		a.session = SESSION_CALL;
	graph_submit(r->g, r->now_ms, &a);
	rig_drain(r);
}

/* The look at what shows, which is the only GET about a user. */
static void answer_shown(struct rig *r, const char *availability)
{
	char body[120];
	struct rig_request *q = rig_find(r, "/presence", 0);

	assert_non_null(q);
	assert_false(q->post);
	assert_int_equal(q->body[0], 0);
	assert_string_equal(q->url + strlen(q->url) - 9, "/presence");
	snprintf(body, sizeof(body),
		 "{\"id\":\"%s\",\"availability\":\"%s\",\"activity\":\"Away\"}", rig_id(0),
		 availability);
	rig_answer(r, q, 200, body);
}

static void held_preferred(struct rig *r)
{
	submit_preferred(r, 0, ACT_HOLD, false);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
}

static uint32_t renew_preferred(struct rig *r, int32_t life_ms)
{
	struct action a = { .kind = ACT_HOLD,
			    .session = SESSION_DND,
			    .preferred = true,
			    .preferred_again = true,
			    .may_be_held = true,
			    .generation = ++r->generation,
			    .lease_ms = 600000,
			    .preferred_ms = life_ms,
			    .urgency = URGENCY_RENEW };

	graph_submit(r->g, r->now_ms, &a);
	rig_drain(r);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	return r->generation;
}

static void preferred_dnd_is_set_and_given_back_together(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	submit_preferred(r, 0, ACT_HOLD, false);
	int64_t sent = r->now_ms;
	assert_null(rig_find(r, "setUserPreferred", 0));
	rig_pass(r, 100);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	assert_int_equal(r->outcomes_n, 0);
	struct rig_request *q = rig_find(r, "/presence/setUserPreferredPresence", 0);
	assert_string_equal(q->body,
			    "{\"availability\":\"DoNotDisturb\",\"activity\":\"DoNotDisturb\","
			    "\"expirationDuration\":\"PT10M\"}");
	rig_answer(r, q, 200, "");
	rig_assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
	assert_true(rig_outcome(r, 0, r->generation).sent_mono_ms == sent);

	submit_preferred(r, 0, ACT_CLEAR, false);
	/* it shows only while there is a session: the look is first */
	assert_null(rig_find(r, RIG_CLEAR, 0));
	answer_shown(r, "DoNotDisturb");
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 200, "");
	q = rig_find(r, "/presence/clearUserPreferredPresence", 0);
	assert_string_equal(q->body, "{}");
	rig_answer(r, q, 404, "");
	rig_assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 404);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void what_the_user_put_in_its_place_stays(void **state)
{
	(void)state;
	for (int broken = 0; broken < 2; broken++) {
		struct rig *r = rig_ready(1);

		held_preferred(r);
		submit_preferred(r, 0, ACT_CLEAR, false);
		answer_shown(r, broken ? "" : "Available");
		rig_answer(r, rig_find(r, RIG_CLEAR, 0), 200, "");
		assert_int_equal(r->open_n, 0);
		rig_assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* and it is not asked about again */
		rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
		assert_int_equal(r->open_n, 0);
		rig_free(r);
	}
}

static void it_is_renewed_only_while_it_shows(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	held_preferred(r);
	uint32_t first = renew_preferred(r, 0);
	answer_shown(r, "DoNotDisturb");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
	rig_assert_outcome(r, 0, first, OUTCOME_ACCEPTED, 200);
	assert_false(rig_outcome(r, 0, first).preferred_gone);
	uint32_t second = renew_preferred(r, 0);
	answer_shown(r, "Away");
	rig_assert_outcome(r, 0, second, OUTCOME_ACCEPTED, 200);
	assert_true(rig_outcome(r, 0, second).preferred_gone);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_profiles_end_is_its_life(void **state)
{
	static const struct {
		int32_t ms;
		const char *life;
	} rows[] = { { 0, "PT10M" }, { 60000, "PT5M" }, { 8 * 3600000, "PT480M" }, { 3600001, "PT61M" },
		     { 604800000, "PT10080M" }, { 1900000000, "PT10080M" } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_ready(1);

		held_preferred(r);
		renew_preferred(r, rows[i].ms);
		answer_shown(r, "DoNotDisturb");
		assert_non_null(strstr(rig_find(r, "setUserPreferred", 0)->body, rows[i].life));
		rig_free(r);
	}
}

static void a_clear_that_is_cut_off_remembers_what_it_saw(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	held_preferred(r);
	submit_preferred(r, 0, ACT_CLEAR, false);
	answer_shown(r, "DoNotDisturb");
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 200, "");
	submit_preferred(r, 0, ACT_CLEAR, false); /* no session any more: nothing could be seen now */
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 503, "");
	rig_pass(r, 5000);
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 404, "");
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, "");
	rig_assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void a_hold_without_it_gives_the_preferred_state_back(void **state)
{
	(void)state;
	for (int restarted = 0; restarted < 2; restarted++) {
		struct rig *r = rig_ready(1);

		if (!restarted) {
			submit_preferred(r, 0, ACT_HOLD, false);
			rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
			rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
		}
		submit_preferred(r, 0, ACT_HOLD, true);
		rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
		answer_shown(r, "DoNotDisturb");
		rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, "");
		rig_assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RENEW);
		rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
		assert_int_equal(r->open_n, 0);
		rig_free(r);
	}
}

static void a_half_done_action_that_is_replaced_is_unsure(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	submit_preferred(r, 0, ACT_HOLD, false);
	uint32_t half = r->generation;
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 500, "");
	uint32_t clear = rig_clear(r, 0, true);
	assert_int_equal(rig_outcome(r, 0, half).class, OUTCOME_UNSURE);
	answer_shown(r, "doNotDisturb");
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 200, "");
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, ""); /* it may have been set */
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preferred_dnd_is_set_and_given_back_together),
		cmocka_unit_test(what_the_user_put_in_its_place_stays),
		cmocka_unit_test(it_is_renewed_only_while_it_shows),
		cmocka_unit_test(a_profiles_end_is_its_life),
		cmocka_unit_test(a_clear_that_is_cut_off_remembers_what_it_saw),
		cmocka_unit_test(a_hold_without_it_gives_the_preferred_state_back),
		cmocka_unit_test(a_half_done_action_that_is_replaced_is_unsure),
	};

	return cmocka_run_group_tests_name("sink/hold_step", tests, NULL, NULL);
}
