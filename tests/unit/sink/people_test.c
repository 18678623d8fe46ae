/* Reading the directory. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define DELTA "/v1.0/users/delta"
#define GROUP "gggggggg-0000-4000-8000-000000000001"
#define REAL_GROUP "aaaaaaaa-0000-4000-8000-000000000001"

static struct rig *reading(int32_t every_ms, const char *const *groups, uint32_t groups_n)
{
	struct rig *r = rig_ready(0);
	const struct graph_people p = { .every_ms = every_ms, .groups = groups, .groups_n = groups_n };

	assert_int_equal(graph_set_people(r->g, &p), ERR_OK);
	rig_drain(r);
	return r;
}

static const char *page(uint32_t from, uint32_t n, const char *link, const char *value)
{
	static char text[60000];
	size_t at = 0;

	at += (size_t)snprintf(text, sizeof(text), "{\"value\":[");
	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s{\"id\":\"%s\",\"mail\":\"u%u@a.example\"}", i ? "," : "",
				       rig_id(from + i), from + i);
	snprintf(text + at, sizeof(text) - at, "],\"@odata.%s\":\"https://graph.example%s\"}", link, value);
	return text;
}

static uint32_t stages(const struct rig *r, enum graph_read_stage s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->read_n; i++)
		n += r->read[i].kind == GRAPH_READ && r->read[i].stage == s;
	return n;
}

static uint32_t people(const struct rig *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->read_n; i++)
		n += r->read[i].kind == GRAPH_PERSON;
	return n;
}

static void pages_then_changes_at_every_turn(void **state)
{
	struct rig *r = reading(60000, NULL, 0);
	(void)state;

	struct rig_request *q = rig_find(r, DELTA "?$select=", ID_NONE);
	assert_non_null(q);
	assert_false(q->post);
	assert_non_null(strstr(q->url, "assignedPlans"));
	rig_answer(r, q, 200, page(0, 3, "nextLink", "/v1.0/users/delta?%24skiptoken=2"));
	assert_int_equal(people(r), 3);
	assert_true(r->read[0].full);
	assert_int_equal(stages(r, READ_PEOPLE_END), 0);
	rig_answer(r, rig_find(r, "%24skiptoken=2", ID_NONE), 200,
		   page(3, 2, "deltaLink", "/v1.0/users/delta?$deltatoken=one"));
	assert_int_equal(people(r), 5);
	assert_int_equal(stages(r, READ_PEOPLE_BEGIN), 1);
	assert_int_equal(stages(r, READ_PEOPLE_END), 1);
	assert_string_equal(r->link, "https://graph.example/v1.0/users/delta?$deltatoken=one");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_PEOPLE_READ), 1);
	rig_pass(r, 59999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	rig_answer(r, rig_find(r, "$deltatoken=one", ID_NONE), 200,
		   page(0, 1, "deltaLink", "/v1.0/users/delta?$deltatoken=two"));
	assert_false(r->read[r->read_n - 1].full);
	assert_int_equal(people(r), 6);
	rig_pass(r, 60000);
	assert_non_null(rig_find(r, "$deltatoken=two", ID_NONE));
	rig_free(r);
}

static void an_ended_token_means_everybody_again(void **state)
{
	struct rig *r = reading(60000, NULL, 0);
	struct graph_people_view v;
	(void)state;

	rig_answer(r, rig_find(r, DELTA, ID_NONE), 200,
		   page(0, 1, "deltaLink", "/v1.0/users/delta?$deltatoken=one"));
	rig_pass(r, 60000);
	rig_answer(r, rig_find(r, "=one", ID_NONE), 410,
		   "{\"error\":{\"code\":\"syncStateNotFound\",\"message\":\"x\"}}");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_PEOPLE_AGAIN), 1);
	rig_pass(r, 0);
	rig_answer(r, rig_find(r, DELTA "?$select=", ID_NONE), 200,
		   page(0, 1, "deltaLink", "/v1.0/users/delta?$deltatoken=two"));
	assert_true(r->read[r->read_n - 1].full);
	assert_int_equal(r->read[r->read_n - 1].stage, READ_PEOPLE_END);
	graph_people_view(r->g, &v);
	assert_int_equal(v.full_rounds, 2);
	assert_int_equal(v.restarts, 1);

	/* whose links never hold is asked ever more seldom */
	uint32_t asked = 0;
	for (int s = 0; s < 600; s++) {
		rig_pass(r, 1000);
		struct rig_request *q = rig_find(r, DELTA, ID_NONE);
		if (!q)
			continue;
		asked++;
		if (strstr(q->url, "$select"))
			rig_answer(r, q, 200, page(0, 1, "nextLink", "/v1.0/users/delta?$skiptoken=x"));
		else
			rig_answer(r, q, 410, "{}");
	}
	assert_in_range(asked, 5, 30);
	rig_free(r);
}

static void a_kept_link_goes_on_after_a_restart(void **state)
{
	struct rig *r = rig_ready(0);
	const struct graph_people p = { .every_ms = 60000, .property = "employeeId" };
	(void)state;

	assert_int_equal(graph_set_people(r->g, &p), ERR_OK);
	graph_people_link(r->g, SLICE_LIT("https://graph.example/v1.0/users/delta?$deltatoken=kept"));
	rig_drain(r);
	struct rig_request *q = rig_find(r, "$deltatoken=kept", ID_NONE);
	assert_non_null(q);
	rig_answer(r, q, 200, page(0, 0, "deltaLink", "/v1.0/users/delta?$deltatoken=next"));
	assert_false(r->read[r->read_n - 1].full);
	/* another property to match by: everybody again */
	const struct graph_people other = { .every_ms = 60000, .property = "mailNickname" };
	assert_int_equal(graph_set_people(r->g, &other), ERR_OK);
	rig_drain(r);
	assert_non_null(rig_find(r, ",mailNickname", ID_NONE));
	rig_free(r);
}

static void without_the_permission_people_are_looked_up(void **state)
{
	struct rig *r = rig_ready(0);
	const struct graph_people p = { .every_ms = 60000 };
	char email[40];
	(void)state;

	for (uint32_t u = 0; u < 150; u++) {
		snprintf(email, sizeof(email), "u%u@a.example", u);
		graph_look_up(r->g, u, email);
	}
	assert_int_equal(graph_set_people(r->g, &p), ERR_OK);
	rig_drain(r);
	assert_int_equal(rig_count(r, "/v1.0/users?"), 0); /* the directory will tell all of them */
	assert_int_equal(rig_count(r, DELTA), 1);
	rig_answer(r, rig_find(r, DELTA, ID_NONE), 403, "{}");
	rig_answer_token(r, "tok2", 3600);
	rig_answer(r, rig_find(r, DELTA, ID_NONE), 403,
		   "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"x\"}}");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_PEOPLE_FAILED), 1);
	assert_int_equal(stages(r, READ_PEOPLE_FAILED), 1);
	assert_int_equal(rig_count(r, "/v1.0/users?"), 8);
	assert_int_equal(rig_count(r, DELTA), 0);
	rig_free(r);
}

static void groups_after_people_and_a_lost_one_is_said(void **state)
{
	static const char *const groups[] = { REAL_GROUP, "aaaaaaaa-0000-4000-8000-000000000002" };
	struct rig *r = reading(60000, groups, 2);
	(void)state;

	const struct graph_people bad = { .every_ms = 1,
					  .groups = (const char *const[]){ GROUP },
					  .groups_n = 1 };
	assert_int_equal(graph_set_people(r->g, &bad), ERR_MALFORMED);
	rig_answer(r, rig_find(r, DELTA, ID_NONE), 200,
		   page(0, 1, "deltaLink", "/v1.0/users/delta?$deltatoken=one"));
	struct rig_request *q = rig_find(r, "/v1.0/groups/" REAL_GROUP "/transitiveMembers?", ID_NONE);
	rig_answer(r, q, 200, page(0, 2, "nextLink", "/v1.0/groups/x/members?$skiptoken=9"));
	rig_answer(r, rig_find(r, "$skiptoken=9", ID_NONE), 200, "{\"value\":[]}");
	assert_int_equal(stages(r, READ_GROUP_END), 1);
	rig_answer(r, rig_find(r, "000000000002/transitiveMembers", ID_NONE), 404, "{}");
	assert_int_equal(stages(r, READ_GROUP_BEGIN), 2);
	assert_int_equal(stages(r, READ_GROUP_FAILED), 1);
	assert_int_equal(r->read[r->read_n - 1].group, 1);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_GROUP_FAILED), 1);
	rig_pass(r, 60000);
	assert_non_null(rig_find(r, "$deltatoken=one", ID_NONE));
	rig_free(r);
}

/* 200,000 people in pages of 100 at once: never more units in any window than the smallest tenants
 * have, and a 429 is waited for. */
static void pages_stay_within_the_directorys_limit(void **state)
{
	struct rig *r = reading(900000, NULL, 0);
	int64_t sent[2001], waited;
	uint32_t n = 0, most = 0;
	(void)state;

	for (; n < 2000; n++) {
		struct rig_request *q = rig_find(r, DELTA, ID_NONE);

		for (waited = 0; !q && waited < 20000; waited += 10) {
			rig_pass(r, 10);
			q = rig_find(r, DELTA, ID_NONE);
		}
		assert_non_null(q);
		assert_int_equal(r->open_n, 1);
		sent[n] = q->sent_ms;
		rig_answer(r, q, 200,
			   page(0, 1, n == 1999 ? "deltaLink" : "nextLink",
				"/v1.0/users/delta?$skiptoken=1"));
	}
	for (uint32_t i = 0, first = 0; i < n; i++) {
		while (sent[i] - sent[first] > 10000)
			first++;
		most = i - first + 1 > most ? i - first + 1 : most;
	}
	assert_true(most * 2 <= 3500);
	assert_true(most > 1500);
	rig_pass(r, 900000);
	struct rig_request *q = rig_find(r, DELTA, ID_NONE);
	assert_non_null(q);
	struct graph_response wait = { .status = 429, .retry_after = SLICE_LIT("7") };
	rig_reply(r, q, &wait);
	rig_pass(r, 6999);
	assert_null(rig_find(r, DELTA, ID_NONE));
	rig_pass(r, 1);
	assert_non_null(rig_find(r, DELTA, ID_NONE));
	rig_free(r);
}

static void strange_pages_harm_nobody(void **state)
{
	static const char *const bodies[] = {
		"", "{}", "{\"value\":7}", "{\"value\":[]}",
		"{\"value\":[],\"@odata.nextLink\":\"https://evil.example/v1.0/users/delta\"}",
		"{\"value\":[7,null,{},{\"id\":\"x\"}],\"@odata.nextLink\":\"https://graph.example\"}",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct rig *r = reading(60000, NULL, 0);

		rig_answer(r, rig_find(r, DELTA, ID_NONE), 200, bodies[i]);
		assert_int_equal(rig_count(r, "evil"), 0);
		assert_int_equal(people(r), 0);
		uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
		(void)hold;
		rig_pass(r, 700000);
		assert_int_equal(rig_count(r, "evil"), 0);
		rig_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_then_changes_at_every_turn),
		cmocka_unit_test(an_ended_token_means_everybody_again),
		cmocka_unit_test(a_kept_link_goes_on_after_a_restart),
		cmocka_unit_test(without_the_permission_people_are_looked_up),
		cmocka_unit_test(groups_after_people_and_a_lost_one_is_said),
		cmocka_unit_test(pages_stay_within_the_directorys_limit),
		cmocka_unit_test(strange_pages_harm_nobody),
	};
	return cmocka_run_group_tests_name("sink/people", tests, NULL, NULL);
}
