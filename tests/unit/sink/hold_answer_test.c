/* Every answer that Graph may give to a request about presence. */
#include "rig.h"

/* 400, 404 (for a hold) and other 4xx: this user only, at once, no second try. */
static void refusals_are_reported_and_block_nobody(void **state)
{
	static const uint16_t statuses[] = { 400, 402, 404, 405, 410, 422, 431, 451 };
	struct rig *r = rig_ready(2);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		uint32_t bad = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
		uint32_t good = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
		struct graph_response a = {
			.status = statuses[i],
			.retry_after = SLICE_LIT("30"),
			.request_id = SLICE_LIT("rq-1"),
			.body = SLICE_LIT(
				"{\"error\":{\"code\":\"InvalidArgument\",\"message\":\"no\"}}")
		};
		struct graph_user_view v;

		rig_reply(r, rig_find(r, RIG_SET, 0), &a);
		rig_answer(r, rig_find(r, RIG_SET, 1), 200, "");
		rig_assert_outcome(r, 0, bad, OUTCOME_DENIED, statuses[i]);
		assert_int_equal(rig_outcome(r, 0, bad).retry_after_ms, 30000);
		rig_assert_outcome(r, 1, good, OUTCOME_ACCEPTED, 200);
		assert_true(graph_user_view(r->g, 0, &v));
		assert_false(v.queued);
		assert_int_equal(v.last_status, statuses[i]);
		assert_string_equal(v.last_error, "InvalidArgument: no");
		assert_string_equal(v.request_id, "rq-1");
		rig_pass(r, 1000);
		assert_int_equal(r->open_n, 0);
	}
	assert_int_equal(rig_noted(r, GRAPH_NOTE_DENIED), ARRAY_LEN(statuses));
	rig_free(r);
}

static void passing_trouble_is_retried_with_the_present_state(void **state)
{
	static const struct graph_response troubles[] = {
		{ .status = 500 }, { .status = 502 }, { .status = 504 },	  { .status = 507 },
		{ .status = 509 }, { .status = 408 }, { .status = 409 },	  { .status = 302 },
		{ .status = 100 }, { .status = 0 },   { .failure = HTTP_UNSURE },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		struct rig *r = rig_ready(1);
		uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
		int64_t sent = r->now_ms;

		rig_pass(r, 50);
		rig_reply(r, rig_find(r, RIG_SET, 0), &troubles[i]);
		rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, troubles[i].status);
		assert_true(rig_outcome(r, 0, hold).sent_mono_ms == sent);
		assert_int_equal(r->open_n, 0);
		rig_pass(r, 1100);
		struct rig_request *q = rig_find(r, RIG_SET, 0);
		assert_non_null(q);
		sent = q->sent_ms;
		rig_reply(r, q, &troubles[i]);
		uint32_t last = rig_hold(r, 0, SESSION_AWAY, URGENCY_RISE); /* does not wait */
		q = rig_find(r, RIG_SET, 0);
		assert_non_null(strstr(q->body, "\"Away\",\"activity\":\"Away\""));
		rig_answer(r, q, 200, "");
		rig_assert_outcome(r, 0, last, OUTCOME_ACCEPTED, 200);
		rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, troubles[i].status);
		rig_pass(r, 120000);
		assert_int_equal(r->open_n, 0);
		rig_free(r);
	}
}

static void retry_after_of_a_503_is_obeyed_by_that_user_alone(void **state)
{
	struct rig *r = rig_ready(2);
	struct graph_response busy = { .status = 503, .retry_after = SLICE_LIT("40") };
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_reply(r, rig_find(r, RIG_SET, 0), &busy);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, RIG_SET, 1), 200, "");
	rig_pass(r, 39999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void back_off_grows_to_a_minute(void **state)
{
	struct rig *r = rig_ready(1);
	int64_t last = 0, gap = 0;
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	for (int i = 0; i < 12; i++) {
		struct rig_request *q = rig_find(r, RIG_SET, 0);

		assert_non_null(q);
		gap = q->sent_ms - last;
		last = q->sent_ms;
		rig_answer(r, q, 500, "");
		for (int s = 0; s < 61 && !r->open_n; s++)
			rig_pass(r, 1000);
	}
	assert_in_range(gap, 30000, 60000);
	rig_free(r);
}

static void a_429_stops_everybody_until_it_is_over(void **state)
{
	static const struct {
		const char *text;
		int64_t min_ms, max_ms;
	} rows[] = {
		{ "10", 10000, 10000 },
		{ "2.128", 3000, 3000 },
		{ "0", 1000, 1000 },
		{ "Tue, 14 Nov 2023 22:13:50 GMT", 29000,
		  30000 }, /* 30 s after the wall clock's start */
		{ "", 1000, 2000 },
		{ "soon", 1000, 2000 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_ready(40);
		struct graph_response full = { .status = 429,
					       .retry_after = slice_str(rows[i].text) };
		uint32_t generation = 0;
		struct graph_view v;

		for (uint32_t u = 0; u < 40; u++)
			generation = rig_hold(r, u, SESSION_CALL, URGENCY_RISE);
		assert_int_equal(r->open_n, 16);
		int64_t closed = r->now_ms;
		while (r->open_n)
			rig_reply(r, &r->open[0], &full);
		graph_view(r->g, &v);
		assert_true(v.gate_closed);
		assert_int_equal(v.throttled, 16);
		assert_int_equal(rig_noted(r, GRAPH_NOTE_THROTTLED), 1);
		assert_int_equal(r->outcomes_n, 0);
		rig_pass(r, rows[i].min_ms - 1);
		assert_int_equal(r->open_n, 0);
		rig_pass(r, rows[i].max_ms - rows[i].min_ms + 1);
		assert_int_equal(r->open_n, 1); /* one goes ahead */
		assert_in_range(r->open[0].sent_ms - closed, rows[i].min_ms, rows[i].max_ms);
		while (r->open_n)
			rig_answer(r, &r->open[0], 200, "");
		rig_assert_outcome(r, 39, generation, OUTCOME_ACCEPTED, 200);
		assert_int_equal(r->outcomes_n, 40);
		rig_free(r);
	}
}

static void a_lost_status_counts_as_throttled_and_unsure(void **state)
{
	struct rig *r = rig_ready(2);
	struct graph_response lost = { .failure = HTTP_STATUS_LOST, .error = "stream error" };
	struct graph_view v;
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_reply(r, rig_find(r, RIG_SET, 0), &lost);
	rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	graph_view(r->g, &v);
	assert_true(v.gate_closed);
	assert_int_equal(v.throttled, 1);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(r->open_n, 0);
	uint32_t clear = rig_clear(r, 0, true); /* it may be there, so it is sent */
	rig_pass(r, 2000);
	rig_answer(r, rig_find(r, RIG_SET, 1), 200, "");
	rig_answer(r, rig_find(r, RIG_CLEAR, 0), 404, "");
	rig_assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 404);
	rig_free(r);
}

static void no_connection_is_waited_out_in_silence(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_response off = { .failure = HTTP_NOT_SENT, .error = "connection refused" };
	struct graph_view v;
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	for (int i = 0; i < 5; i++) {
		rig_reply(r, rig_find(r, RIG_SET, 0), &off);
		assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_COUNT);
		for (int s = 0; s < 130 && !r->open_n; s++)
			rig_pass(r, 1000);
	}
	assert_true(rig_noted(r, GRAPH_NOTE_UNREACHABLE) >= 1);
	graph_view(r->g, &v);
	assert_int_equal(v.throttled, 0);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void a_request_that_nobody_answers_is_unsure_in_the_end(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	struct rig_request late = *rig_find(r, RIG_SET, 0);
	r->open_n = 0;
	rig_pass(r, 14999);
	assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_COUNT);
	rig_pass(r, 1);
	rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_pass(r, 2000);
	struct graph_response a = { .id = late.id, .status = 400 };
	graph_feed(r->g, r->now_ms, &a); /* too late: ignored */
	rig_drain(r);
	rig_assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_answer(r, rig_find(r, RIG_SET, 0), 200, "");
	rig_assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	graph_feed(r->g, r->now_ms, &a);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_reported_and_block_nobody),
		cmocka_unit_test(passing_trouble_is_retried_with_the_present_state),
		cmocka_unit_test(retry_after_of_a_503_is_obeyed_by_that_user_alone),
		cmocka_unit_test(back_off_grows_to_a_minute),
		cmocka_unit_test(a_429_stops_everybody_until_it_is_over),
		cmocka_unit_test(a_lost_status_counts_as_throttled_and_unsure),
		cmocka_unit_test(no_connection_is_waited_out_in_silence),
		cmocka_unit_test(a_request_that_nobody_answers_is_unsure_in_the_end),
	};

	return cmocka_run_group_tests_name("sink/hold_answer", tests, NULL, NULL);
}
