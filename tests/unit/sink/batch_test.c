/* Batches: only when the connections cannot use the quota up, never by waiting, and 429s inside one in both
 * documented forms. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH "/v1.0/$batch"

/* 3,000 requests a window of 30 s at 100 ms are 10 streams: four connections need batches. */
static struct rig *rig_slow(uint32_t users, uint32_t quota)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	r->config.users_max = users + 1;
	r->config.quota = quota;
	r->config.in_flight_max = 4;
	rig_start(r);
	rig_answer_token(r, "tok1", 86400);
	for (uint32_t u = 0; u <= users; u++)
		graph_set_id(r->g, u, rig_id(u));
	rig_hold(r, users, SESSION_CALL, URGENCY_RISE); /* measures the round trip */
	rig_pass(r, 100);
	rig_answer(r, rig_find(r, "/setPresence", users), 200, "");
	return r;
}

static uint32_t parts_in(const struct rig_request *q)
{
	uint32_t n = 0;

	for (const char *p = q->body; (p = strstr(p, "\"method\":\"POST\"")); p++)
		n++;
	return n;
}

/* The answer to a batch, in the other order: status of each part in its own order. */
static void answer_parts(struct rig *r, struct rig_request *q, uint16_t outer, const uint16_t *status)
{
	static char body[20000];
	const char *ids[20], *p = q->body;
	uint32_t n = 0;
	size_t at = (size_t)snprintf(body, sizeof(body), "{\"responses\":[");

	while (n < 20 && (p = strstr(p, "\"id\":\""))) {
		p += 6;
		ids[n++] = p;
	}
	for (uint32_t i = n; i-- > 0;)
		at += (size_t)snprintf(body + at, sizeof(body) - at,
				       "%s{\"id\":\"%.*s\",\"status\":%u,\"headers\":{\"Retry-After\":\"7\"},"
				       "\"body\":{\"error\":{\"code\":\"TooManyRequests\"}}}",
				       i + 1 == n ? "" : ",", (int)strcspn(ids[i], "\""), ids[i], status[i]);
	snprintf(body + at, sizeof(body) - at, "]}");
	rig_answer(r, q, outer, body);
}

static void holds(struct rig *r, uint32_t n)
{
	for (uint32_t u = 0; u < n; u++) {
		struct action a = { .kind = ACT_HOLD, .urgency = URGENCY_RISE, .session = SESSION_CALL,
				    .user = u, .generation = ++r->generation, .lease_ms = 600000,
				    .may_be_held = true, .due_mono_ms = r->now_ms };

		graph_submit(r->g, r->now_ms, &a);
	}
	rig_drain(r);
}

static void singly_while_connections_suffice(void **state)
{
	struct rig *r = rig_slow(50, 900); /* 3 streams: four connections are enough */
	(void)state;

	holds(r, 50);
	assert_int_equal(r->open_n, 4);
	assert_int_equal(rig_count(r, BATCH), 0);
	rig_free(r);
}

static void what_is_queued_goes_and_nothing_waits(void **state)
{
	static const uint16_t good[20] = { 200, 200, 200, 200, 200, 200, 200, 200 };
	struct rig *r = rig_slow(11, 3000); /* 10 streams: parts of three */
	struct graph_view v;
	(void)state;

	rig_hold(r, 10, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(rig_count(r, BATCH), 0); /* alone: at once, no batch */
	rig_answer(r, rig_find(r, "/setPresence", 10), 200, "");
	holds(r, 10);
	assert_int_equal(rig_count(r, BATCH), 3);
	assert_int_equal(r->open_n, 4); /* three, three, three and the last one alone */
	assert_int_equal(parts_in(&r->open[0]), 3);
	assert_non_null(strstr(r->open[0].body, "\"url\":\"/users/00000000-aaaa"));
	assert_non_null(strstr(r->open[0].body, "\"body\":{\"sessionId\""));
	graph_view(r->g, &v);
	assert_int_equal(v.in_flight, 10);
	assert_int_equal(v.sent_in_window, 12); /* every part counts */
	while (r->open_n) {
		if (strstr(r->open[0].url, BATCH))
			answer_parts(r, &r->open[0], 200, good);
		else
			rig_answer(r, &r->open[0], 200, "");
	}
	assert_int_equal(r->outcomes_n, 12);
	graph_view(r->g, &v);
	assert_int_equal(v.accepted, 12);
	assert_int_equal(v.in_flight, 0);
	assert_int_equal(v.batches, 3);
	rig_free(r);
}

/* A mass change: as much under way as batches take (20 parts), so that all have an answer, and the next
 * window has room, soonest. Fewer are shared out evenly. */
static void many_who_wait_are_spread_over_the_connections(void **state)
{
	static const struct {
		uint32_t waiting, flying;
	} cases[] = { { 200, 4 * 20 }, { 60, 60 } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_slow(cases[i].waiting, 3000);
		struct graph_view v;

		holds(r, cases[i].waiting);
		assert_int_equal(rig_count(r, BATCH), 4);
		assert_int_equal(r->open_n, 4);
		graph_view(r->g, &v);
		assert_int_equal(v.in_flight, cases[i].flying);
		rig_free(r);
	}
}

static void a_429_inside(void **state)
{
	static const uint16_t forms[] = { 200, 424 }; /* the newer pages' outer status, the older ones' */
	static const uint16_t mixed[20] = { 429, 200, 429 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct rig *r = rig_slow(3, 3000);
		struct graph_view v;

		holds(r, 3);
		answer_parts(r, rig_find(r, BATCH, ID_NONE), forms[i], mixed);
		graph_view(r->g, &v);
		assert_int_equal(v.accepted, 2);
		assert_int_equal(v.throttled, 2);
		assert_true(v.gate_closed);
		assert_true(v.gate_until_ms == r->now_ms + 7000);
		assert_int_equal(v.queued[URGENCY_RISE], 2);
		rig_pass(r, 7000);
		assert_int_equal(r->open_n, 1); /* one goes first, alone */
		rig_answer(r, &r->open[0], 200, "");
		rig_answer(r, &r->open[0], 200, "");
		assert_int_equal(r->outcomes_n, 4);
		rig_free(r);
	}
}

static void the_batch_as_a_whole(void **state)
{
	static const struct {
		struct graph_response r;
		uint32_t accepted, throttled, unsure;
		bool gate;
	} rows[] = {
		{ { .status = 429, .retry_after = { "7", 1 } }, 0, 3, 0, true },
		{ { .status = 424 }, 0, 3, 3, true },  /* which part was throttled is not told */
		{ { .status = 503 }, 0, 0, 0, false },
		{ { .status = 200, .body = { "{\"responses\":[]}", 16 } }, 0, 0, 3, false },
		{ { .status = 200, .body = { "<", 1 } }, 0, 0, 3, false },
		{ { .status = 400 }, 0, 0, 3, false }, /* no batches here: singly from now on */
		{ { .failure = HTTP_NOT_SENT }, 0, 0, 0, true },
		{ { .failure = HTTP_UNSURE }, 0, 0, 3, false },
		{ { .failure = HTTP_STATUS_LOST }, 0, 3, 3, true },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_slow(3, 3000);
		struct graph_view v;

		holds(r, 3);
		rig_reply(r, rig_find(r, BATCH, ID_NONE), &rows[i].r);
		graph_view(r->g, &v);
		assert_int_equal(v.accepted, 1 + rows[i].accepted);
		assert_int_equal(v.throttled, rows[i].throttled);
		assert_int_equal(v.unsure, rows[i].unsure);
		assert_int_equal(v.gate_closed, rows[i].gate);
		assert_int_equal(v.in_flight, 0);
		for (int t = 0; t < 200; t++) {
			rig_pass(r, 1000);
			while (r->open_n) {
				static const uint16_t good[20] = { 200, 200, 200 };

				if (rows[i].r.status == 400)
					assert_null(strstr(r->open[0].url, BATCH));
				if (strstr(r->open[0].url, BATCH))
					answer_parts(r, &r->open[0], 200, good);
				else
					rig_answer(r, &r->open[0], 200, "");
			}
		}
		graph_view(r->g, &v);
		assert_int_equal(v.accepted, 4);
		rig_free(r);
	}
}

static void no_answer_in_time(void **state)
{
	struct rig *r = rig_slow(3, 3000);
	struct graph_view v;
	(void)state;

	holds(r, 3);
	rig_pass(r, 15000);
	graph_view(r->g, &v);
	assert_int_equal(v.unsure, 3);
	graph_forget(r->g, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(singly_while_connections_suffice),
		cmocka_unit_test(what_is_queued_goes_and_nothing_waits),
		cmocka_unit_test(many_who_wait_are_spread_over_the_connections),
		cmocka_unit_test(a_429_inside),
		cmocka_unit_test(the_batch_as_a_whole),
		cmocka_unit_test(no_answer_in_time),
	};
	return cmocka_run_group_tests_name("sink/batch", tests, NULL, NULL);
}
