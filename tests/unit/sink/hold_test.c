/* One user's actions and every answer that Graph may give to them. */
#include "rig.h"

#include <stdio.h>

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

static void the_latest_action_wins_and_the_others_are_told(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t first = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	struct rig_request *q = rig_find(r, SET, 0);
	assert_non_null(q);
	uint32_t second = rig_hold(r, 0, SESSION_CONFERENCE, URGENCY_RISE);
	uint32_t third = rig_hold(r, 0, SESSION_DND, URGENCY_RISE);
	assert_int_equal(r->open_n, 1); /* one in flight per user */
	assert_outcome(r, 0, second, OUTCOME_WITHDRAWN, 0);
	assert_int_equal(rig_outcome(r, 0, first).class, OUTCOME_COUNT);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_outcome(r, 0, first, OUTCOME_ACCEPTED, 200);
	q = rig_find(r, SET, 0);
	assert_non_null(strstr(q->body, "\"DoNotDisturb\",\"activity\":\"Presenting\""));
	rig_answer(r, q, 200, "");
	assert_outcome(r, 0, third, OUTCOME_ACCEPTED, 200);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_clear_behind_a_refused_hold_costs_nothing(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	uint32_t clear = rig_clear(r, 0, true);
	rig_answer(r, rig_find(r, SET, 0), 400, "");
	assert_outcome(r, 0, hold, OUTCOME_DENIED, 400);
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
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
	rig_reply(r, rig_find(r, SET, 0), &lost);
	assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_answer(r, rig_find(r, CLEAR, 0), 200, "");
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void a_session_of_an_earlier_process_is_cleared(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t clear = rig_clear(r, 0, true);
	assert_int_equal(rig_outcome(r, 0, clear).class, OUTCOME_COUNT);
	rig_answer(r, rig_find(r, CLEAR, 0), 404, "");
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 404);
	clear = rig_clear(r, 0, true); /* certainly gone now */
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 0);
	rig_free(r);
}

static void a_lease_long_over_needs_no_clear(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* PT10M */
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_pass(r, 600000);
	uint32_t early = rig_clear(r, 0, true);
	for (int s = 0; s < 90; s++) {
		if (r->open_n)
			rig_answer(r, rig_find(r, CLEAR, 0), 503, "");
		if (s < 15)
			assert_outcome(r, 0, early, OUTCOME_UNSURE, 503);
		rig_pass(r, 1000);
	}
	assert_outcome(r, 0, early, OUTCOME_ACCEPTED, 0);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

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

		rig_reply(r, rig_find(r, SET, 0), &a);
		rig_answer(r, rig_find(r, SET, 1), 200, "");
		assert_outcome(r, 0, bad, OUTCOME_DENIED, statuses[i]);
		assert_int_equal(rig_outcome(r, 0, bad).retry_after_ms, 30000);
		assert_outcome(r, 1, good, OUTCOME_ACCEPTED, 200);
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
		rig_reply(r, rig_find(r, SET, 0), &troubles[i]);
		assert_outcome(r, 0, hold, OUTCOME_UNSURE, troubles[i].status);
		assert_true(rig_outcome(r, 0, hold).sent_mono_ms == sent);
		assert_int_equal(r->open_n, 0);
		rig_pass(r, 1100);
		struct rig_request *q = rig_find(r, SET, 0);
		assert_non_null(q);
		sent = q->sent_ms;
		rig_reply(r, q, &troubles[i]);
		uint32_t last = rig_hold(r, 0, SESSION_AWAY, URGENCY_RISE); /* does not wait */
		q = rig_find(r, SET, 0);
		assert_non_null(strstr(q->body, "\"Away\",\"activity\":\"Away\""));
		rig_answer(r, q, 200, "");
		assert_outcome(r, 0, last, OUTCOME_ACCEPTED, 200);
		assert_outcome(r, 0, hold, OUTCOME_UNSURE, troubles[i].status);
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
	rig_reply(r, rig_find(r, SET, 0), &busy);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 200, "");
	rig_pass(r, 39999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void back_off_grows_to_a_minute(void **state)
{
	struct rig *r = rig_ready(1);
	int64_t last = 0, gap = 0;
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	for (int i = 0; i < 12; i++) {
		struct rig_request *q = rig_find(r, SET, 0);

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
		assert_outcome(r, 39, generation, OUTCOME_ACCEPTED, 200);
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
	rig_reply(r, rig_find(r, SET, 0), &lost);
	assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	graph_view(r->g, &v);
	assert_true(v.gate_closed);
	assert_int_equal(v.throttled, 1);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(r->open_n, 0);
	uint32_t clear = rig_clear(r, 0, true); /* it may be there, so it is sent */
	rig_pass(r, 2000);
	rig_answer(r, rig_find(r, SET, 1), 200, "");
	rig_answer(r, rig_find(r, CLEAR, 0), 404, "");
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 404);
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
		rig_reply(r, rig_find(r, SET, 0), &off);
		assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_COUNT);
		for (int s = 0; s < 130 && !r->open_n; s++)
			rig_pass(r, 1000);
	}
	assert_true(rig_noted(r, GRAPH_NOTE_UNREACHABLE) >= 1);
	graph_view(r->g, &v);
	assert_int_equal(v.throttled, 0);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void a_request_that_nobody_answers_is_unsure_in_the_end(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	struct rig_request late = *rig_find(r, SET, 0);
	r->open_n = 0;
	rig_pass(r, 14999);
	assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_COUNT);
	rig_pass(r, 1);
	assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_pass(r, 2000);
	struct graph_response a = { .id = late.id, .status = 400 };
	graph_feed(r->g, r->now_ms, &a); /* too late: ignored */
	rig_drain(r);
	assert_outcome(r, 0, hold, OUTCOME_UNSURE, 0);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
	graph_feed(r->g, r->now_ms, &a);
	rig_free(r);
}

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
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
}

static void what_the_user_put_in_its_place_stays(void **state)
{
	(void)state;
	for (int broken = 0; broken < 2; broken++) {
		struct rig *r = rig_ready(1);

		held_preferred(r);
		submit_preferred(r, 0, ACT_CLEAR, false);
		answer_shown(r, broken ? "" : "Available");
		rig_answer(r, rig_find(r, CLEAR, 0), 200, "");
		assert_int_equal(r->open_n, 0);
		assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* and it is not asked about again */
		rig_answer(r, rig_find(r, SET, 0), 200, "");
		assert_int_equal(r->open_n, 0);
		rig_free(r);
	}
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
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	return r->generation;
}

static void it_is_renewed_only_while_it_shows(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	held_preferred(r);
	uint32_t first = renew_preferred(r, 0);
	answer_shown(r, "DoNotDisturb");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
	assert_outcome(r, 0, first, OUTCOME_ACCEPTED, 200);
	assert_false(rig_outcome(r, 0, first).preferred_gone);
	uint32_t second = renew_preferred(r, 0);
	answer_shown(r, "Away");
	assert_outcome(r, 0, second, OUTCOME_ACCEPTED, 200);
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
	rig_answer(r, rig_find(r, CLEAR, 0), 200, "");
	submit_preferred(r, 0, ACT_CLEAR, false); /* no session any more: nothing could be seen now */
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 503, "");
	rig_pass(r, 5000);
	rig_answer(r, rig_find(r, CLEAR, 0), 404, "");
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, "");
	assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
	rig_free(r);
}

static void preferred_dnd_is_set_and_given_back_together(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	submit_preferred(r, 0, ACT_HOLD, false);
	int64_t sent = r->now_ms;
	assert_null(rig_find(r, "setUserPreferred", 0));
	rig_pass(r, 100);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_int_equal(r->outcomes_n, 0);
	struct rig_request *q = rig_find(r, "/presence/setUserPreferredPresence", 0);
	assert_string_equal(q->body,
			    "{\"availability\":\"DoNotDisturb\",\"activity\":\"DoNotDisturb\","
			    "\"expirationDuration\":\"PT10M\"}");
	rig_answer(r, q, 200, "");
	assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
	assert_true(rig_outcome(r, 0, r->generation).sent_mono_ms == sent);

	submit_preferred(r, 0, ACT_CLEAR, false);
	assert_null(rig_find(r, CLEAR, 0)); /* it shows only while there is a session: the look is first */
	answer_shown(r, "DoNotDisturb");
	rig_answer(r, rig_find(r, CLEAR, 0), 200, "");
	q = rig_find(r, "/presence/clearUserPreferredPresence", 0);
	assert_string_equal(q->body, "{}");
	rig_answer(r, q, 404, "");
	assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 404);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void a_hold_without_it_gives_the_preferred_state_back(void **state)
{
	(void)state;
	for (int restarted = 0; restarted < 2; restarted++) {
		struct rig *r = rig_ready(1);

		if (!restarted) {
			submit_preferred(r, 0, ACT_HOLD, false);
			rig_answer(r, rig_find(r, SET, 0), 200, "");
			rig_answer(r, rig_find(r, "setUserPreferred", 0), 200, "");
		}
		submit_preferred(r, 0, ACT_HOLD, true);
		rig_answer(r, rig_find(r, SET, 0), 200, "");
		answer_shown(r, "DoNotDisturb");
		rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, "");
		assert_outcome(r, 0, r->generation, OUTCOME_ACCEPTED, 200);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RENEW);
		rig_answer(r, rig_find(r, SET, 0), 200, "");
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
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_answer(r, rig_find(r, "setUserPreferred", 0), 500, "");
	uint32_t clear = rig_clear(r, 0, true);
	assert_int_equal(rig_outcome(r, 0, half).class, OUTCOME_UNSURE);
	answer_shown(r, "doNotDisturb");
	rig_answer(r, rig_find(r, CLEAR, 0), 200, "");
	rig_answer(r, rig_find(r, "clearUserPreferred", 0), 200, ""); /* it may have been set */
	assert_outcome(r, 0, clear, OUTCOME_ACCEPTED, 200);
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
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_outcome(r, 0, next, OUTCOME_ACCEPTED, 200);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 500, "");
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
	assert_outcome(r, 0, hold, OUTCOME_ACCEPTED, 200);
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
		cmocka_unit_test(refusals_are_reported_and_block_nobody),
		cmocka_unit_test(passing_trouble_is_retried_with_the_present_state),
		cmocka_unit_test(retry_after_of_a_503_is_obeyed_by_that_user_alone),
		cmocka_unit_test(back_off_grows_to_a_minute),
		cmocka_unit_test(a_429_stops_everybody_until_it_is_over),
		cmocka_unit_test(a_lost_status_counts_as_throttled_and_unsure),
		cmocka_unit_test(no_connection_is_waited_out_in_silence),
		cmocka_unit_test(a_request_that_nobody_answers_is_unsure_in_the_end),
		cmocka_unit_test(preferred_dnd_is_set_and_given_back_together),
		cmocka_unit_test(what_the_user_put_in_its_place_stays),
		cmocka_unit_test(it_is_renewed_only_while_it_shows),
		cmocka_unit_test(a_profiles_end_is_its_life),
		cmocka_unit_test(a_clear_that_is_cut_off_remembers_what_it_saw),
		cmocka_unit_test(a_hold_without_it_gives_the_preferred_state_back),
		cmocka_unit_test(a_half_done_action_that_is_replaced_is_unsure),
		cmocka_unit_test(who_is_forgotten_hears_nothing),
		cmocka_unit_test(a_new_id_gets_the_present_state),
	};
	return cmocka_run_group_tests_name("sink/hold", tests, NULL, NULL);
}
