/* One user's actions: what is asked of Graph, and what the engine is told. */
#include "rig.h"

static void holds_and_clears(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	uint32_t hold = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	struct rig_request *q = rig_find(r, RIG_SET, 1);
	assert_non_null(q);
	assert_true(q->post);
	assert_string_equal(q->url, "https://graph.example/v1.0/users/"
				    "00000001-aaaa-bbbb-cccc-0123456789ab/presence/setPresence");
	assert_string_equal(q->body, "{\"sessionId\":\"" RIG_APP "\",\"availability\":\"Busy\","
				     "\"activity\":\"InACall\",\"expirationDuration\":\"PT10M\"}");
	assert_non_null(strstr(q->headers, "Authorization: Bearer tok1\r\n"));
	assert_non_null(strstr(q->headers, "Content-Type: application/json\r\n"));
	int64_t sent = r->now_ms;
	rig_pass(r, 300);
	rig_answer(r, rig_find(r, RIG_SET, 1), 200, "");
	rig_assert_outcome(r, 1, hold, OUTCOME_ACCEPTED, 200);
	assert_true(rig_outcome(r, 1, hold).sent_mono_ms == sent);

	uint32_t clear = rig_clear(r, 1, true);
	q = rig_find(r, RIG_CLEAR, 1);
	assert_non_null(q);
	assert_string_equal(q->body, "{\"sessionId\":\"" RIG_APP "\"}");
	rig_answer(r, q, 404, "{\"error\":{\"code\":\"NotFound\",\"message\":\"none\"}}");
	rig_assert_outcome(r, 1, clear, OUTCOME_ACCEPTED, 404);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_hold_never_sent_costs_nothing(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	graph_set_id(r->g, 0, ""); /* so that the hold waits */
	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	uint32_t clear = rig_clear(r, 0, true);
	rig_assert_outcome(r, 0, hold, OUTCOME_WITHDRAWN, 0);
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
	graph_set_id(r->g, 0, rig_id(0));
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void the_latest_action_wins_and_the_others_are_told(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t first = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	struct rig_request *q = rig_find(r, RIG_SET, 0);
	assert_non_null(q);
	uint32_t second = rig_hold(r, 0, SESSION_CONFERENCE, URGENCY_RISE);
	uint32_t third = rig_hold(r, 0, SESSION_DND, URGENCY_RISE);
	assert_int_equal(r->open_n, 1); /* one in flight per user */
	rig_assert_outcome(r, 0, second, OUTCOME_WITHDRAWN, 0);
	assert_int_equal(rig_outcome(r, 0, first).class, OUTCOME_COUNT);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_assert_outcome(r, 0, first, OUTCOME_ACCEPTED, 200);
	q = rig_find(r, RIG_SET, 0);
	assert_non_null(strstr(q->body, "\"DoNotDisturb\",\"activity\":\"Presenting\""));
	rig_answer(r, q, 200, "");
	rig_assert_outcome(r, 0, third, OUTCOME_ACCEPTED, 200);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_clear_behind_a_refused_hold_costs_nothing(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	uint32_t clear = rig_clear(r, 0, true);
	rig_answer(r, rig_find(r, RIG_SET, 0), 400, "");
	rig_assert_outcome(r, 0, hold, OUTCOME_DENIED, 400);
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_clear_behind_an_unsure_hold_is_sent(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_response lost = { .failure = HTTP_UNSURE, .error = "timed out" };
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	uint32_t clear = rig_clear(r, 0, true);
	rig_reply(r, rig_find(r, RIG_SET, 0), &lost);
	rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 200, "");
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void a_session_of_an_earlier_process_is_cleared(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t clear = rig_clear(r, 0, true);
	assert_int_equal(rig_outcome(r, 0, clear).class, OUTCOME_COUNT);
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 404, "");
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 404);
	clear = rig_clear(r, 0, true); /* certainly gone now */
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
	rig_free(r);
}

static void a_lease_long_over_needs_no_clear(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* PT10M */
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_pass(r, 600000);
	uint32_t early = rig_clear(r, 0, true);
	for (int s = 0; s < 90; s++) {
		if (r->open_n)
			rig_answer(r, rig_find(r, RIG_CLEAR, 0), 503, "");
		if (s < 15)
			rig_assert_outcome(r, 0, early, OUTCOME_UNSURE, 503);
		rig_pass(r, 1000);
	}
	rig_assert_outcome(r, 0, early, OUTCOME_ACCEPTED, 0);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void who_is_forgotten_hears_nothing(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	graph_forget(r->g, 0);
	assert_string_equal(graph_id(r->g, 0), "");
	graph_set_id(r->g, 0, rig_id(0)); /* the slot's next owner */
	uint32_t next = rig_hold(r, 0, SESSION_AWAY, URGENCY_RISE);
	assert_int_equal(r->open_n, 1); /* still one in flight */
	rig_answer(r, &r->open[0], 400, "");
	assert_int_equal(r->outcomes_n, 0);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_assert_outcome(r, 0, next, OUTCOME_ACCEPTED, 200);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, RIG_SET, 1), 500, "");
	graph_forget(r->g, 1);
	rig_pass(r, 100000);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_new_id_gets_the_present_state(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	graph_set_id(r->g, 0, rig_id(77));
	rig_answer(r, &r->open[0], 404, "");
	assert_int_equal(r->outcomes_n, 0);
	struct rig_request *q = rig_find(r, rig_id(77), 0);
	rig_answer(r, q, 200, "");
	rig_assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	graph_set_id(r->g, 0, "not-a-guid/../x");
	assert_string_equal(graph_id(r->g, 0), "");
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_and_clears),
		cmocka_unit_test(a_hold_never_sent_costs_nothing),
		cmocka_unit_test(the_latest_action_wins_and_the_others_are_told),
		cmocka_unit_test(a_clear_behind_a_refused_hold_costs_nothing),
		cmocka_unit_test(a_clear_behind_an_unsure_hold_is_sent),
		cmocka_unit_test(a_session_of_an_earlier_process_is_cleared),
		cmocka_unit_test(a_lease_long_over_needs_no_clear),
		cmocka_unit_test(who_is_forgotten_hears_nothing),
		cmocka_unit_test(a_new_id_gets_the_present_state),
	};

	return cmocka_run_group_tests_name("sink/hold", tests, NULL, NULL);
}
