/* A person asks anew: a fresh token although the old one is good, then one read; nothing else changes. */
#include "rig.h"

#include "proto/graph/roles.h"

#define READ "/v1.0/communications/getPresencesByUserId"
#define SET "/presence/setPresence"

static struct graph_view view(const struct rig *r)
{
	struct graph_view v;

	graph_view(r->g, &v);
	return v;
}

static void probe(struct rig *r)
{
	graph_probe(r->g, r->now_ms);
	rig_drain(r);
}

static void a_fresh_token_and_a_read(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	assert_int_equal(view(r).probe, GRAPH_PROBE_NEVER);
	rig_pass(r, 60000);
	assert_int_equal(r->open_n, 0);
	probe(r);
	assert_int_equal(rig_count(r, "/token"), 1);
	assert_int_equal(rig_count(r, READ), 0);
	assert_int_equal(view(r).probe, GRAPH_PROBE_TOKEN);
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(rig_count(r, SET), 1); /* the token of before serves meanwhile */
	/* {"roles":["User.Read.All"]}: the other one was taken away */
	rig_answer_token(r, "e30.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIl19.x", 3600);
	assert_int_equal(view(r).probe, GRAPH_PROBE_READ);
	assert_true(view(r).permits_known);
	assert_int_equal(view(r).permits, PERMITS_LOOK_UP);
	assert_string_equal(rig_find(r, READ, ID_NONE)->body,
			    "{\"ids\":[\"00000000-aaaa-bbbb-cccc-0123456789ab\"]}");
	rig_answer(r, rig_find(r, READ, ID_NONE), 403,
		   "{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\"}}");
	assert_int_equal(view(r).probe, GRAPH_PROBE_ANSWERED);
	assert_int_equal(view(r).probe_status, 403);
	assert_non_null(strstr(view(r).probe_error, "Forbidden"));
	assert_int_equal(view(r).token, 2); /* the token stays */
	rig_free(r);
}

static void what_is_granted_has_no_error(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_view v;
	(void)state;

	probe(r);
	rig_answer_token(r, "tok2", 3600);
	rig_pass(r, 4000);
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, "{\"value\":[]}");
	assert_int_equal(view(r).probe, GRAPH_PROBE_ANSWERED);
	assert_int_equal(view(r).probe_status, 200);
	assert_string_equal(view(r).probe_error, "");
	graph_view_at(r->g, r->now_ms + 30000, &v);
	assert_int_equal(v.sent_in_window, 1); /* it counts against the quota, from its answer on */
	assert_int_equal(r->seen_n, 0);
	rig_free(r);
}

static void no_token_ends_it(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_response gone = { .failure = HTTP_UNSURE, .error = "time-out" };
	(void)state;

	probe(r);
	rig_reply(r, rig_find(r, "/token", ID_NONE), &gone);
	assert_int_equal(view(r).probe, GRAPH_PROBE_NO_TOKEN);
	assert_string_equal(view(r).token_error, "time-out");
	assert_int_equal(rig_count(r, READ), 0);
	rig_free(r);
}

/* Entra has refused the secret: the next attempt is hours away, but a person who asks is answered. */
static void a_refused_credential_is_tried_at_once(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	for (int n = 0; n < 3; n++) {
		probe(r);
		rig_answer(r, rig_find(r, "/token", ID_NONE), 401,
			   "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired\","
			   "\"error_codes\":[7000222]}");
		assert_int_equal(view(r).probe, GRAPH_PROBE_NO_TOKEN);
	}
	probe(r);
	rig_answer_token(r, "tok2", 3600);
	assert_int_equal(view(r).probe, GRAPH_PROBE_READ);
	rig_free(r);
}

static void a_closed_gate_is_kept_closed(void **state)
{
	struct rig *r = rig_ready(2);
	struct graph_response slow = { .failure = HTTP_ANSWERED, .status = 429,
				       .retry_after = SLICE_LIT("20") };
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_reply(r, rig_find(r, SET, 0), &slow);
	probe(r);
	rig_answer_token(r, "tok2", 3600);
	rig_pass(r, 10000);
	assert_int_equal(rig_count(r, READ), 0);
	assert_int_equal(view(r).probe, GRAPH_PROBE_READ);
	assert_true(view(r).gate_closed);
	rig_pass(r, 15000);
	assert_int_equal(rig_count(r, READ) + rig_count(r, SET), 1); /* the write goes first */
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_pass(r, 1000);
	assert_int_equal(rig_count(r, READ), 1);
	rig_free(r);
}

/* The read of a probe that has given up must not answer for the next one. */
static void an_old_read_says_nothing(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	probe(r);
	rig_answer_token(r, "tok2", 3600);
	probe(r);
	rig_answer_token(r, "tok3", 3600);
	assert_int_equal(rig_count(r, READ), 1);
	rig_answer(r, rig_find(r, READ, ID_NONE), 403, "");
	assert_int_equal(view(r).probe, GRAPH_PROBE_READ);
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, "{\"value\":[]}");
	assert_int_equal(view(r).probe_status, 200);
	rig_free(r);
}

static void nobody_known_is_asked_for_nobody(void **state)
{
	struct rig *r = rig_ready(0);
	(void)state;

	probe(r);
	rig_answer_token(r, "tok2", 3600);
	assert_string_equal(rig_find(r, READ, ID_NONE)->body,
			    "{\"ids\":[\"00000000-0000-0000-0000-000000000000\"]}");
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_token_and_a_read),
		cmocka_unit_test(what_is_granted_has_no_error),
		cmocka_unit_test(no_token_ends_it),
		cmocka_unit_test(a_refused_credential_is_tried_at_once),
		cmocka_unit_test(a_closed_gate_is_kept_closed),
		cmocka_unit_test(an_old_read_says_nothing),
		cmocka_unit_test(nobody_known_is_asked_for_nobody),
	};
	return cmocka_run_group_tests_name("sink/probe", tests, NULL, NULL);
}
