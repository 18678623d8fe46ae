/* Who goes first when there is not enough for all, and never too many. */
#include "rig.h"

#include <stdlib.h>

#define SET "/presence/setPresence"

static struct rig *rig_small(uint32_t quota, uint32_t users)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	r->config.quota = quota;
	r->config.users_max = users;
	r->config.in_flight_max = 1000;
	rig_start(r);
	rig_answer_token(r, "tok1", 86400);
	for (uint32_t u = 0; u < users; u++)
		graph_set_id(r->g, u, rig_id(u));
	return r;
}

static void act(struct rig *r, uint32_t user, enum action_kind kind, enum urgency u, int64_t due_ms)
{
	struct action a = { .kind = (uint8_t)kind,
			    .urgency = (uint8_t)u,
			    .session = SESSION_CALL,
			    .user = user,
			    .generation = ++r->generation,
			    .lease_ms = 600000,
			    .may_be_held = true,
			    .due_mono_ms = due_ms };

	graph_submit(r->g, r->now_ms, &a);
}

static void answer_all(struct rig *r)
{
	while (r->open_n)
		rig_answer(r, &r->open[0], 200, "");
}

static void bursts_to_the_quota_and_then_waits(void **state)
{
	struct rig *r = rig_small(100, 250);
	struct graph_view v;
	(void)state;

	for (uint32_t u = 0; u < 250; u++)
		act(r, u, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	assert_int_equal(r->open_n, 98);
	graph_view(r->g, &v);
	assert_int_equal(v.queued[URGENCY_RISE], 152);
	assert_int_equal(v.sent_in_window, 98);
	answer_all(r);
	assert_int_equal(r->outcomes_n, 98);
	assert_true(graph_next(r->g) == r->now_ms + 30001);
	rig_pass(r, 30000);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	assert_int_equal(r->open_n, 98);
	answer_all(r);
	rig_pass(r, 30001);
	assert_int_equal(r->open_n, 54);
	answer_all(r);
	assert_int_equal(r->outcomes_n, 250);
	graph_view(r->g, &v);
	assert_int_equal(v.accepted, 250);
	assert_int_equal(v.delay_count, 250);
	assert_int_equal(v.delay_sum_ms, 98 * 30001 + 54 * 60002);
	rig_free(r);
}

/* A window at Graph counts what arrives in it. What left first may arrive late: a request counts from when it
 * left until one window after its answer, so that no window of arrivals, wherever it lies, holds more. */
static void a_late_arrival_still_counts(void **state)
{
	struct rig *r = rig_small(10, 27); /* floor(0.98 * 10) = 9 */
	(void)state;

	for (uint32_t u = 0; u < 27; u++)
		act(r, u, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	assert_int_equal(r->open_n, 9);
	rig_pass(r, 4000); /* a slow network: they arrive and are answered only now */
	answer_all(r);
	rig_pass(r, 26001);
	assert_int_equal(r->open_n, 0); /* a window after they left, but not after they arrived */
	rig_pass(r, 3999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	assert_int_equal(r->open_n, 9);
	rig_free(r);
}

/* A cut connection is no answer: what was on it may lie in a proxy, or before a server that is slow, and
 * arrive as late as any request may. Until a window after that it counts. */
static void what_was_cut_may_still_arrive(void **state)
{
	struct rig *r = rig_small(10, 27);
	const struct graph_response cut = { .failure = HTTP_UNSURE, .error = "reset" };
	(void)state;

	for (uint32_t u = 0; u < 27; u++)
		act(r, u, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	rig_pass(r, 4000);
	for (int i = 0; i < 4; i++) {
		struct graph_response lost = cut;

		lost.id = r->open[0].id;
		rig_reply(r, &r->open[0], &lost);
	}
	answer_all(r);
	rig_pass(r, 30001); /* a window after the five answers */
	assert_int_equal(r->open_n, 5);
	answer_all(r);
	rig_pass(r, 10999); /* 45 s after they left: time-out, slack and window */
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	assert_int_equal(r->open_n, 4);
	rig_free(r);
}

/* Nothing is due in an idle machine, so nobody calls it: what it shows is of now all the same. */
static void an_idle_machine_is_seen_as_of_now(void **state)
{
	struct rig *r = rig_small(100, 1);
	struct graph_view v;
	(void)state;

	act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	const struct graph_response wait = { .id = r->open[0].id, .status = 429,
					     .retry_after = SLICE_LIT("20") };
	rig_reply(r, &r->open[0], &wait);
	graph_view_at(r->g, r->now_ms + 19999, &v);
	assert_true(v.gate_closed);
	assert_int_equal(v.sent_in_window, 1);
	graph_view_at(r->g, r->now_ms + 20000, &v);
	assert_false(v.gate_closed);
	graph_view_at(r->g, r->now_ms + 30001, &v);
	assert_int_equal(v.sent_in_window, 0);
	graph_view_at(r->g, 0, &v); /* time that went back is no time */
	assert_int_equal(v.sent_in_window, 1);
	rig_free(r);
}

static void an_earlier_process_sends_count(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	(void)state;

	assert_non_null(r);
	rig_init(r);
	r->config.sent_before = 1465;
	rig_start(r);
	rig_answer_token(r, "t", 3600);
	for (uint32_t u = 0; u < 30; u++) {
		graph_set_id(r->g, u, rig_id(u));
		rig_hold(r, u, SESSION_CALL, URGENCY_RISE);
		answer_all(r);
	}
	assert_int_equal(r->outcomes_n, 5);
	rig_pass(r, 30001);
	answer_all(r);
	assert_int_equal(r->outcomes_n, 30);
	rig_free(r);
}

/* Two requests per window: the order in which they come out is the order of worth. */
static void rises_then_clears_then_renewals(void **state)
{
	static const uint32_t golden[] = { 1, 0,   /* rises, by the time of their change */
					   3, 2,   /* clears, most remaining lease first */
					   5, 4 }; /* renewals, by the end of their lease */
	struct rig *r = rig_small(3, 6);	   /* floor(0.98 * 3) = 2 */
	uint32_t order[6], n = 0;
	(void)state;

	/* held since different times: 2 and 5 earlier than 3 and 4 */
	static const uint32_t first[] = { 2, 5, 3, 4 };
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		act(r, first[i], ACT_HOLD, URGENCY_RISE, r->now_ms);
		rig_drain(r);
		answer_all(r);
		rig_pass(r, 16000);
	}
	rig_pass(r, 31000);
	act(r, 4, ACT_HOLD, URGENCY_RENEW, r->now_ms);
	act(r, 5, ACT_HOLD, URGENCY_RENEW, r->now_ms);
	act(r, 2, ACT_CLEAR, URGENCY_CLEAR, r->now_ms);
	act(r, 3, ACT_CLEAR, URGENCY_CLEAR, r->now_ms);
	act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms - 100);
	act(r, 1, ACT_HOLD, URGENCY_RISE, r->now_ms - 200);
	for (int window = 0; window < 3; window++) {
		rig_drain(r);
		assert_int_equal(r->open_n, 2);
		order[n++] = r->open[0].user;
		order[n++] = r->open[1].user;
		answer_all(r);
		rig_pass(r, 30001);
	}
	assert_memory_equal(order, golden, sizeof(golden));
	rig_free(r);
}

/* With equal weights the clear of a fresh session removes more error than a rise. */
static void one_weight_turns_the_order(void **state)
{
	for (uint32_t weight = 1; weight <= 3; weight += 2) {
		struct rig *r = calloc(1, sizeof(*r));
		(void)state;

		assert_non_null(r);
		rig_init(r);
		r->config.quota = 2; /* one a window */
		r->config.rise_weight = weight;
		rig_start(r);
		rig_answer_token(r, "tok1", 86400);
		graph_set_id(r->g, 0, rig_id(0));
		graph_set_id(r->g, 1, rig_id(1));
		act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms);
		rig_drain(r);
		answer_all(r);
		act(r, 1, ACT_HOLD, URGENCY_RISE, r->now_ms);
		act(r, 0, ACT_CLEAR, URGENCY_CLEAR, r->now_ms);
		rig_pass(r, 30001);
		assert_int_equal(r->open_n, 1);
		assert_int_equal(r->open[0].user, weight == 1 ? 0 : 1);
		rig_free(r);
	}
}

/* Rises without end: a renewal still comes before its lease has ended. */
static void renewals_do_not_starve(void **state)
{
	struct rig *r = rig_small(3, 200);
	int64_t sent = 0;
	(void)state;

	act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	int64_t held_ms = r->now_ms;
	answer_all(r);
	rig_pass(r, 400000);
	act(r, 0, ACT_HOLD, URGENCY_RENEW, r->now_ms);
	for (uint32_t u = 1; u < 200; u++)
		act(r, u, ACT_HOLD, URGENCY_RISE, r->now_ms + u * 1000);
	for (int window = 0; window < 7 && !sent; window++) {
		rig_drain(r);
		for (uint32_t i = 0; i < r->open_n; i++)
			if (r->open[i].user == 0)
				sent = r->open[i].sent_ms;
		answer_all(r);
		rig_pass(r, 30001);
	}
	assert_in_range(sent - held_ms, 430000, 599999);
	rig_free(r);
}

/* User 0 holds a session that Graph has confirmed, the window is full, and a clear of it waits. */
static struct rig *rig_behind_a_clear(void)
{
	struct rig *r = rig_small(3, 100); /* two a window */

	act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms);
	act(r, 99, ACT_HOLD, URGENCY_RISE, r->now_ms);
	rig_drain(r);
	answer_all(r);
	act(r, 0, ACT_CLEAR, URGENCY_CLEAR, r->now_ms);
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	return r;
}

static uint32_t queued(const struct rig *r, enum urgency u)
{
	struct graph_view v;

	graph_view(r->g, &v);
	return v.queued[u];
}

/* The next call comes while the clear of the last one waits for the quota: what it asks for is shown, so
 * those whose call is not shown yet go first. Before the lease ends it goes out all the same. */
static void what_shows_already_is_no_rise(void **state)
{
	struct rig *r = rig_behind_a_clear();
	int64_t sent = 0, held_ms = r->now_ms;
	(void)state;

	act(r, 0, ACT_HOLD, URGENCY_RISE, r->now_ms);
	assert_int_equal(queued(r, URGENCY_RISE), 0);
	assert_int_equal(queued(r, URGENCY_RENEW), 1);
	for (uint32_t u = 1; u < 99; u++)
		act(r, u, ACT_HOLD, URGENCY_RISE, r->now_ms + 1);
	for (int window = 0; window < 25 && !sent; window++) {
		rig_pass(r, 30001);
		assert_int_equal(r->open_n, 2);
		if (rig_find(r, SET, 0))
			sent = r->now_ms;
		answer_all(r);
	}
	assert_in_range(sent - held_ms, 530000, 599999);
	rig_free(r);
}

/* What may not show, or not as asked, is a rise. */
static void what_may_be_gone_is_a_rise(void **state)
{
	enum { ON_ITS_WAY, CUT, THE_OTHER_STATE, PREFERRED, NOT_PREFERRED, LAPSED, ANOTHER_PERSON, CASES };
	(void)state;

	for (int i = 0; i < CASES; i++) {
		struct rig *r = rig_behind_a_clear();
		const struct graph_response cut = { .failure = HTTP_UNSURE, .error = "reset" };
		struct action a = { .kind = ACT_HOLD, .urgency = URGENCY_RISE, .session = SESSION_CALL,
				    .generation = ++r->generation, .lease_ms = 600000, .may_be_held = true,
				    .due_mono_ms = r->now_ms };

		if (i == ON_ITS_WAY || i == CUT) {
			rig_pass(r, 30001);
			assert_non_null(rig_find(r, "/clearPresence", 0));
		}
		if (i == CUT)
			rig_reply(r, rig_find(r, "/clearPresence", 0), &cut);
		if (i == LAPSED)
			r->now_ms += 600001; /* so long that not even the clear got its turn */
		if (i == ANOTHER_PERSON)
			graph_set_id(r->g, 0, rig_id(50));
		if (i == THE_OTHER_STATE)
			a.session = SESSION_DND;
		a.preferred = i == PREFERRED;
		a.drop_preferred = i == NOT_PREFERRED;
		graph_submit(r->g, r->now_ms, &a);
		if (i == ON_ITS_WAY)
			rig_answer(r, rig_find(r, "/clearPresence", 0), 200, "");
		assert_int_equal(queued(r, URGENCY_RENEW), 0);
		assert_int_equal(queued(r, URGENCY_RISE) + rig_count(r, SET), 1);
		rig_free(r);
	}
}

static void one_users_trouble_delays_nobody(void **state)
{
	struct rig *r = rig_small(1500, 2);
	(void)state;

	act(r, 0, ACT_HOLD, URGENCY_RISE, 0);
	rig_drain(r);
	for (int i = 0; i < 300; i++) {
		struct rig_request *q = rig_find(r, SET, 0);

		if (q)
			rig_answer(r, q, 500, "");
		act(r, 1, ACT_HOLD, URGENCY_RENEW, r->now_ms);
		rig_drain(r);
		q = rig_find(r, SET, 1);
		assert_non_null(q);
		assert_true(q->sent_ms == r->now_ms);
		rig_answer(r, q, 200, "");
		rig_pass(r, 1000);
	}
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_to_the_quota_and_then_waits),
		cmocka_unit_test(a_late_arrival_still_counts),
		cmocka_unit_test(what_was_cut_may_still_arrive),
		cmocka_unit_test(an_idle_machine_is_seen_as_of_now),
		cmocka_unit_test(an_earlier_process_sends_count),
		cmocka_unit_test(rises_then_clears_then_renewals),
		cmocka_unit_test(one_weight_turns_the_order),
		cmocka_unit_test(renewals_do_not_starve),
		cmocka_unit_test(what_shows_already_is_no_rise),
		cmocka_unit_test(what_may_be_gone_is_a_rise),
		cmocka_unit_test(one_users_trouble_delays_nobody),
	};
	return cmocka_run_group_tests_name("sink/order", tests, NULL, NULL);
}
