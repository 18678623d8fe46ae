/* From addresses to ids. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define USERS "/v1.0/users?"
#define SET "/presence/setPresence"

static const char *row(uint32_t user, const char *email)
{
	static char text[300];

	snprintf(text, sizeof(text),
		 "{\"value\":[{\"id\":\"%s\",\"mail\":\"%s\",\"accountEnabled\":true}]}",
		 rig_id(user), email);
	return text;
}

static void finds_an_id_and_lets_the_waiting_action_go(void **state)
{
	struct rig *r = rig_ready(0);
	(void)state;

	uint32_t hold = rig_hold(r, 5, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(r->open_n, 0);
	graph_look_up(r->g, 5, "Ana@Acme.example");
	rig_drain(r);
	graph_look_up(r->g, 5, "ana@acme.example"); /* one is under way */
	rig_drain(r);
	assert_int_equal(r->open_n, 1);
	struct rig_request *q = rig_find(r, USERS, 5);
	assert_false(q->post);
	assert_non_null(strstr(q->url, "mail%20eq%20%27ana%40acme.example%27"));
	assert_non_null(strstr(q->headers, "Authorization: Bearer tok1\r\n"));
	assert_null(strstr(q->headers, "Content-Type"));
	assert_string_equal(q->body, "");
	rig_answer(r, q, 200, row(5, "ana@acme.EXAMPLE"));
	assert_int_equal(r->found_n, 1);
	assert_true(r->found[0].found);
	assert_string_equal(r->found[0].id, rig_id(5));
	assert_string_equal(graph_id(r->g, 5), rig_id(5));
	rig_answer(r, rig_find(r, SET, 5), 200, "");
	assert_int_equal(rig_outcome(r, 5, hold).class, OUTCOME_ACCEPTED);
	rig_free(r);
}

static void whom_nobody_knows_is_asked_for_hourly(void **state)
{
	static const struct {
		const char *body;
		enum graph_note note;
	} rows[] = {
		{ "{\"value\":[]}", GRAPH_NOTE_NOT_IN_DIRECTORY },
		{ "{\"value\":[{\"id\":\"00000001-aaaa-bbbb-cccc-0123456789ab\",\"mail\":\"a@b\"},"
		  "{\"id\":\"00000002-aaaa-bbbb-cccc-0123456789ab\",\"userPrincipalName\":\"a@b\"}]"
		  "}",
		  GRAPH_NOTE_AMBIGUOUS },
		{ "{\"value\":[{\"id\":\"00000001-aaaa-bbbb-cccc-0123456789ab\",\"mail\":\"a@b\","
		  "\"accountEnabled\":false}]}",
		  GRAPH_NOTE_NOT_IN_DIRECTORY },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_ready(0);

		graph_look_up(r->g, 0, "a@b");
		rig_drain(r);
		rig_answer(r, rig_find(r, USERS, 0), 200, rows[i].body);
		assert_int_equal(r->found_n, 1);
		assert_false(r->found[0].found);
		assert_int_equal(rig_noted(r, rows[i].note), 1);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* waits, and disturbs nothing */
		rig_clear(r, 0, true);
		rig_pass(r, 2399000);
		assert_int_equal(r->open_n, 0);
		for (int s = 0; s < 2402 && !rig_find(r, USERS, 0); s++) {
			rig_pass(r, 1000);
			if (rig_find(r, "oauth2", ID_NONE))
				rig_answer_token(r, "tok2", 3600);
		}
		rig_answer(r, rig_find(r, USERS, 0), 200, row(9, "a@b"));
		assert_string_equal(graph_id(r->g, 0), rig_id(9));
		rig_free(r);
	}
}

static void at_most_eight_at_once(void **state)
{
	struct rig *r = rig_ready(0);
	uint32_t most = 0, answered = 0;
	char email[40];
	(void)state;

	for (uint32_t u = 0; u < 100; u++) {
		snprintf(email, sizeof(email), "u%u@acme.example", u);
		graph_look_up(r->g, u, email);
	}
	rig_drain(r);
	while (r->open_n) {
		uint32_t user = r->open[0].user;

		most = r->open_n > most ? r->open_n : most;
		snprintf(email, sizeof(email), "u%u@acme.example", user);
		rig_answer(r, &r->open[0], 200, row(user, email));
		answered++;
	}
	assert_int_equal(most, 8);
	assert_int_equal(answered, 100);
	for (uint32_t u = 0; u < 100; u++)
		assert_string_equal(graph_id(r->g, u), rig_id(u));
	rig_free(r);
}

static void a_403_is_said_and_stops_the_asking_for_a_while(void **state)
{
	struct rig *r = rig_ready(1);
	char email[40];
	(void)state;

	for (uint32_t u = 1; u < 50; u++) {
		snprintf(email, sizeof(email), "u%u@acme.example", u);
		graph_look_up(r->g, u, email);
	}
	rig_drain(r);
	rig_answer(r, rig_find(r, USERS, ID_NONE), 403, ""); /* perhaps the token is too old */
	while (rig_find(r, USERS, ID_NONE))
		rig_answer(r, rig_find(r, USERS, ID_NONE), 403, "");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_LOOKUP_DENIED), 0);
	rig_answer_token(r, "tok2", 3600);
	int tried = 0;
	while (rig_find(r, USERS, ID_NONE)) {
		rig_answer(
			r, rig_find(r, USERS, ID_NONE), 403,
			"{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"x\"}}");
		tried++;
	}
	assert_int_equal(tried, 8);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_LOOKUP_DENIED), 1);
	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* presence goes on */
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_ACCEPTED);
	rig_pass(r, 599999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	assert_int_equal(rig_count(r, USERS), 1); /* one goes ahead */
	rig_free(r);
}

static void every_other_answer(void **state)
{
	static const struct {
		struct graph_response answer;
		bool found_said;
		int64_t again_ms; /* asked again within this, not before a quarter of it */
	} rows[] = {
		{ { .status = 500 }, false, 2000 },
		{ { .status = 429, .retry_after = { "20", 2 } }, false, 20000 },
		{ { .failure = HTTP_UNSURE }, false, 2000 },
		{ { .failure = HTTP_NOT_SENT }, false, 2000 },
		{ { .failure = HTTP_STATUS_LOST }, false, 2000 },
		{ { .status = 400 }, true, 4800000 },
		{ { .status = 404 }, true, 4800000 },
		{ { .status = 200, .body = { "<", 1 } }, false, 400000 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_ready(1);

		graph_look_up(r->g, 1, "a@b");
		rig_drain(r);
		rig_reply(r, rig_find(r, USERS, 1), &rows[i].answer);
		assert_int_equal(r->found_n, rows[i].found_said);
		rig_pass(r, rows[i].again_ms / 4);
		assert_null(rig_find(r, USERS, 1));
		uint32_t hold =
			rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* has another limiter */
		rig_answer(r, rig_find(r, SET, 0), 200, "");
		assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_ACCEPTED);
		for (int64_t t = rows[i].again_ms / 4; t < rows[i].again_ms; t += 1000) {
			rig_pass(r, 1000);
			if (rig_find(r, "oauth2", ID_NONE))
				rig_answer_token(r, "t", 5400);
			if (rig_find(r, USERS, 1))
				break;
		}
		assert_non_null(rig_find(r, USERS, 1));
		rig_free(r);
	}
}

static void an_answer_for_somebody_else_is_dropped(void **state)
{
	struct rig *r = rig_ready(0);
	(void)state;

	graph_look_up(r->g, 0, "old@acme.example");
	rig_drain(r);
	graph_forget(r->g, 0);
	graph_look_up(r->g, 0, "new@acme.example");
	rig_drain(r);
	assert_int_equal(r->open_n, 2);
	rig_answer(r, &r->open[0], 200, row(1, "old@acme.example"));
	assert_string_equal(graph_id(r->g, 0), "");
	rig_answer(r, &r->open[0], 200, row(2, "new@acme.example"));
	assert_string_equal(graph_id(r->g, 0), rig_id(2));
	assert_int_equal(r->found_n, 1);

	graph_look_up(r->g, 1, "a@b");
	rig_drain(r);
	graph_set_id(r->g, 1, rig_id(7)); /* an administrator was faster */
	rig_answer(r, &r->open[0], 200, row(8, "a@b"));
	assert_string_equal(graph_id(r->g, 1), rig_id(7));
	graph_look_up(r->g, 2, "");
	graph_forget(r->g, 3);
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_an_id_and_lets_the_waiting_action_go),
		cmocka_unit_test(whom_nobody_knows_is_asked_for_hourly),
		cmocka_unit_test(at_most_eight_at_once),
		cmocka_unit_test(a_403_is_said_and_stops_the_asking_for_a_while),
		cmocka_unit_test(every_other_answer),
		cmocka_unit_test(an_answer_for_somebody_else_is_dropped),
	};
	return cmocka_run_group_tests_name("sink/lookup", tests, NULL, NULL);
}
