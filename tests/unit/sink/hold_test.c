/* One user's actions and every answer that Graph may give to them. */
#include "rig.h"

#define SET "/presence/setPresence"
#define CLEAR "/presence/clearPresence"

static void assert_outcome(const struct rig *r, uint32_t user, uint32_t generation,
			   enum outcome_class class, uint16_t status)
{
	struct outcome o = rig_outcome(r, user, generation);

	assert_int_equal(o.class, class);
	assert_int_equal(o.http_status, status);
}

static void holds_and_clears(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	uint32_t hold = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	struct rig_request *q = rig_find(r, SET, 1);
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
	rig_answer(r, rig_find(r, SET, 1), 200, "");
	assert_outcome(r, 1, hold, OUTCOME_ACCEPTED, 200);
	assert_true(rig_outcome(r, 1, hold).sent_mono_ms == sent);

	uint32_t clear = rig_clear(r, 1, true);
	q = rig_find(r, CLEAR, 1);
	assert_non_null(q);
	assert_string_equal(q->body, "{\"sessionId\":\"" RIG_APP "\"}");
	rig_answer(r, q, 404, "{\"error\":{\"code\":\"NotFound\",\"message\":\"none\"}}");
	assert_outcome(r, 1, clear, OUTCOME_ACCEPTED, 404);
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
	assert_outcome(r, 0, hold, OUTCOME_WITHDRAWN, 0);
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
	graph_set_id(r->g, 0, rig_id(0));
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_and_clears),
		cmocka_unit_test(a_hold_never_sent_costs_nothing),
	};
	return cmocka_run_group_tests_name("sink/hold", tests, NULL, NULL);
}
