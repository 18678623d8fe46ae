/* Settings that change while the machine runs: quota, read-back, Graph's address. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define READ "/v1.0/communications/getPresencesByUserId"
#define SET "/presence/setPresence"

static struct rig *rig_tuned(uint32_t users, uint32_t quota)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	r->config.users_max = users + 1;
	r->config.quota = quota;
	rig_start(r);
	rig_answer_token(r, "tok1", 86400);
	for (uint32_t u = 0; u < users; u++)
		graph_set_id(r->g, u, rig_id(u));
	return r;
}

static void tune(struct rig *r)
{
	graph_tick(r->g, r->now_ms);
	assert_int_equal(graph_set_tuning(r->g, &r->config), ERR_OK);
	rig_drain(r);
}

/* Answers everything that is open; what went out is returned. */
static uint32_t serve(struct rig *r)
{
	uint32_t n = 0;
	struct rig_request *q;

	for (; (q = rig_find(r, SET, ID_NONE)); n++)
		rig_answer(r, q, 200, "");
	return n;
}

static void hold_from(struct rig *r, uint32_t from, uint32_t n)
{
	for (uint32_t u = from; u < from + n; u++)
		rig_hold(r, u, SESSION_CALL, URGENCY_RISE);
}

static void a_lower_quota_counts_what_has_been_sent(void **state)
{
	struct rig *r = rig_tuned(60, 50);
	uint32_t first, more = 0;
	(void)state;

	hold_from(r, 0, 30);
	first = serve(r);
	assert_int_equal(first, 30);
	r->config.quota = 20;
	tune(r);
	hold_from(r, 30, 30);
	more = serve(r);
	assert_int_equal(more, 0);
	rig_pass(r, 29000);
	assert_int_equal(serve(r), 0);
	rig_pass(r, 1100);
	assert_int_equal(serve(r), 19); /* 98 % of 20 */
	rig_free(r);
}

static void a_higher_quota_and_another_window_count_at_once(void **state)
{
	struct rig *r = rig_tuned(60, 10);
	struct graph_view v;
	(void)state;

	hold_from(r, 0, 40);
	assert_int_equal(serve(r), 9);
	r->config.quota = 30;
	tune(r);
	assert_int_equal(serve(r), 20);
	r->config.window_ms = 5000;
	r->config.quota = 30;
	tune(r);
	graph_view(r->g, &v);
	assert_int_equal(v.sent_in_window, 29);
	rig_pass(r, 5100);
	assert_int_equal(serve(r), 11);
	rig_free(r);
}

static void what_was_learned_stays_while_the_quota_is_the_same(void **state)
{
	struct rig *r = rig_tuned(40, 20);
	struct graph_view v;
	struct rig_request *q;
	(void)state;

	hold_from(r, 0, 19);
	while (rig_count(r, SET) > 1)
		rig_answer(r, rig_find(r, SET, ID_NONE), 200, "");
	q = rig_find(r, SET, ID_NONE);
	rig_answer(r, q, 429, "");
	graph_view(r->g, &v);
	assert_true(v.quota_now < 19);
	r->config.read_back_ms = 30000;
	tune(r);
	uint32_t now = v.quota_now;
	graph_view(r->g, &v);
	assert_int_equal(v.quota_now, now);
	assert_int_equal(v.quota_cuts, 1);
	r->config.quota = 21;
	tune(r);
	graph_view(r->g, &v);
	assert_int_equal(v.quota_now, 20);
	assert_int_equal(v.quota_cuts, 1); /* a counter never falls */
	rig_free(r);
}

static void reading_back_goes_on_and_off(void **state)
{
	struct rig *r = rig_tuned(1, 1500);
	(void)state;

	rig_pass(r, 60000);
	assert_int_equal(rig_count(r, READ), 0);
	r->config.read_back_ms = 2000;
	tune(r);
	rig_pass(r, 2000);
	assert_int_equal(rig_count(r, READ), 1);
	r->config.read_back_ms = 0; /* while one is out */
	tune(r);
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, "{\"value\":[]}");
	rig_pass(r, 60000);
	assert_int_equal(rig_count(r, READ), 0);
	r->config.read_back_ms = 5000;
	tune(r);
	rig_pass(r, 4999);
	assert_int_equal(rig_count(r, READ), 0);
	rig_pass(r, 1);
	assert_int_equal(rig_count(r, READ), 1);
	rig_free(r);
}

static void another_address_is_asked_and_another_resource_wants_another_token(void **state)
{
	struct rig *r = rig_tuned(2, 1500);
	(void)state;

	r->config.graph_url = "https://front.example";
	r->config.resource = "https://dod-graph.microsoft.us";
	tune(r);
	assert_non_null(rig_find(r, "/oauth2/v2.0/token", ID_NONE));
	rig_answer_token(r, "tok2", 86400);
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	assert_non_null(rig_find(r, "https://front.example/v1.0", 0));
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lower_quota_counts_what_has_been_sent),
		cmocka_unit_test(a_higher_quota_and_another_window_count_at_once),
		cmocka_unit_test(what_was_learned_stays_while_the_quota_is_the_same),
		cmocka_unit_test(reading_back_goes_on_and_off),
		cmocka_unit_test(another_address_is_asked_and_another_resource_wants_another_token),
	};
	return cmocka_run_group_tests_name("sink/tuning", tests, NULL, NULL);
}
