/* What Teams shows: sweeps, their order, their share of the quota, and odd values. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define READ "/v1.0/communications/getPresencesByUserId"
#define SET "/presence/setPresence"

static struct rig *rig_reading(uint32_t users, uint32_t quota, int32_t every_ms)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	r->config.users_max = users + 1;
	r->config.quota = quota;
	r->config.read_back_ms = every_ms;
	rig_start(r);
	rig_answer_token(r, "tok1", 86400);
	for (uint32_t u = 0; u < users; u++)
		graph_set_id(r->g, u, rig_id(u));
	return r;
}

static void answer_read(struct rig *r, uint32_t user, const char *availability,
			const char *activity)
{
	char body[400];

	snprintf(body, sizeof(body),
		 "{\"value\":[{\"id\":\"%s\",\"availability\":\"%s\",\"activity\":\"%s\"}]}",
		 rig_id(user), availability, activity);
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, body);
}

static void every_documented_value(void **state)
{
	static const struct {
		const char *availability;
		enum presence presence;
	} rows[] = {
		{ "Available", PRESENCE_AVAILABLE },
		{ "AvailableIdle", PRESENCE_AVAILABLE },
		{ "availableInactive", PRESENCE_AVAILABLE },
		{ "Busy", PRESENCE_BUSY },
		{ "BUSYIDLE", PRESENCE_BUSY },
		{ "doNotDisturb", PRESENCE_DND },
		{ "Away", PRESENCE_AWAY },
		{ "beRightBack", PRESENCE_AWAY },
		{ "Offline", PRESENCE_OFFLINE },
		{ "PresenceUnknown", PRESENCE_UNKNOWN },
		{ "focusing", PRESENCE_DND },
		{ "inACall", PRESENCE_BUSY },
		{ "inAMeeting", PRESENCE_BUSY },
		{ "presenting", PRESENCE_DND },
		{ "OutOfOffice", PRESENCE_UNKNOWN },
		{ "BrandNew", PRESENCE_UNKNOWN },
		{ "", PRESENCE_UNKNOWN },
	};
	struct rig *r = rig_reading(1, 1500, 10000);
	(void)state;

	assert_int_equal(r->open_n, 0);
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[60];

		rig_pass(r, 10000);
		assert_int_equal(r->open_n, 1);
		assert_string_equal(r->open[0].body,
				    "{\"ids\":[\"00000000-aaaa-bbbb-cccc-0123456789ab\"]}");
		answer_read(r, 0, rows[i].availability, "X");
		assert_int_equal(r->seen_n, i + 1);
		assert_int_equal(r->seen[i].user, 0);
		assert_int_equal(r->seen[i].seen, rows[i].presence);
		snprintf(text, sizeof(text), "%s/X", rows[i].availability);
		assert_string_equal(r->seen[i].text, text);
	}
	rig_free(r);
}

static void only_changes_are_told(void **state)
{
	struct rig *r = rig_reading(2, 1500, 10000);
	(void)state;

	rig_pass(r, 10000);
	answer_read(r, 1, "Busy", "InACall");
	rig_pass(r, 10000);
	answer_read(r, 1, "Busy", "InACall");
	assert_int_equal(r->seen_n, 1);
	rig_pass(r, 10000);
	answer_read(r, 1, "Busy", "InAMeeting");
	assert_int_equal(r->seen_n, 2);
	rig_pass(r, 10000);
	answer_read(r, 99, "Busy", "InAMeeting"); /* nobody that was asked for */
	assert_int_equal(r->seen_n, 2);
	graph_set_id(r->g, 1, rig_id(5));
	rig_pass(r, 10000);
	answer_read(r, 5, "Busy", "InAMeeting"); /* another person: news */
	assert_int_equal(r->seen_n, 3);
	rig_free(r);
}

static void a_session_just_accepted_is_told_once_more(void **state)
{
	struct rig *r = rig_reading(1, 1500, 10000);
	(void)state;

	rig_pass(r, 10000);
	answer_read(r, 0, "Away", "Away");
	assert_int_equal(r->seen_n, 1);
	rig_pass(r, 9500);
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_pass(r, 500); /* asked too soon after it to judge it */
	answer_read(r, 0, "Away", "Away");
	assert_int_equal(r->seen_n, 1);
	rig_pass(r, 10000);
	answer_read(r, 0, "Away", "Away"); /* no news, but the first read since */
	assert_int_equal(r->seen_n, 2);
	assert_int_equal(r->seen[1].seen_origin, SEEN_EITHER);
	assert_int_equal(r->seen[1].asked_ms, r->now_ms);
	rig_pass(r, 10000);
	answer_read(r, 0, "Away", "Away");
	assert_int_equal(r->seen_n, 2);
	rig_free(r);
}

static void answer_stamped(struct rig *r, const char *availability, const char *sequence)
{
	char body[400];

	rig_pass(r, 10000);
	snprintf(body, sizeof(body),
		 "{\"value\":[{\"id\":\"%s\",\"availability\":\"%s\",\"sequenceNumber\":%s}]}",
		 rig_id(0), availability, sequence);
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, body);
}

static void an_older_answer_is_dropped(void **state)
{
	struct rig *r = rig_reading(1, 1500, 10000);
	(void)state;

	answer_stamped(r, "Busy", "\"A000000000012\"");
	answer_stamped(r, "Away", "\"A000000000011\"");
	assert_int_equal(r->seen_n, 1);
	answer_stamped(r, "Away", "\"A000000000013\"");
	assert_int_equal(r->seen_n, 2);
	answer_stamped(r, "Busy", "\"A000000000013\""); /* same stamp: by arrival */
	answer_stamped(r, "Away", "null");		   /* none: by arrival */
	assert_int_equal(r->seen_n, 4);
	for (int i = 0; i < 3; i++)
		answer_stamped(r, "Busy", "\"9\"");
	assert_int_equal(r->seen_n, 4);
	answer_stamped(r, "Busy", "\"9\""); /* it counts anew: the last one is the newest after all */
	assert_int_equal(r->seen_n, 5);
	rig_free(r);
}

static uint32_t ids_in(const struct rig_request *q)
{
	uint32_t n = 0;

	for (const char *p = q->body; (p = strstr(p, "-aaaa-")); p++)
		n++;
	return n;
}

static void held_sessions_come_first_and_everybody_comes_once(void **state)
{
	struct rig *r = rig_reading(1400, 1500, 10000);
	struct graph_out o;
	uint32_t asked = 0, requests = 0;
	(void)state;

	rig_hold(r, 1399, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1399), 200, "");
	r->now_ms += 10000;
	graph_tick(r->g, r->now_ms);
	while (graph_drain(r->g, r->now_ms, r->wall_ms, &o)) {
		struct graph_response a = { .id = o.request.id,
					    .status = 200,
					    .body = SLICE_LIT("{\"value\":[]}") };
		size_t n = 0;

		assert_int_equal(o.kind, GRAPH_HTTP);
		if (requests == 0)
			assert_true(
				slice_starts(o.request.body, "{\"ids\":[\"00000577-")); /* 1399 */
		for (size_t i = 0; i + 6 < o.request.body.n; i++)
			n += memcmp(o.request.body.p + i, "-aaaa-", 6) == 0;
		assert_true(n <= 650);
		asked += (uint32_t)n;
		requests++;
		graph_feed(r->g, r->now_ms, &a);
	}
	assert_int_equal(requests, 3);
	assert_int_equal(asked, 1400);
	rig_free(r);
}

static void stays_within_a_tenth(void **state)
{
	struct rig *r = rig_reading(1, 100, 1000); /* share 98, a tenth 9 */
	int reads = 0;
	(void)state;

	for (int t = 0; t < 60; t++) {
		rig_pass(r, 500);
		if (r->open_n) {
			reads++;
			answer_read(r, 0, "Busy", "X");
		}
	}
	assert_in_range(reads, 8, 9);
	rig_free(r);
}

static void the_share_is_configured(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	int reads = 0;
	(void)state;

	assert_non_null(r);
	rig_init(r);
	r->config.quota = 100;
	r->config.read_back_ms = 1000;
	r->config.read_back_share = 3; /* of 98: 2 */
	rig_start(r);
	rig_answer_token(r, "tok1", 86400);
	graph_set_id(r->g, 0, rig_id(0));
	for (int t = 0; t < 25; t++) {
		rig_pass(r, 1000);
		for (; r->open_n; reads++)
			answer_read(r, 0, "Busy", "X");
	}
	assert_int_equal(reads, 2);
	rig_free(r);
}

static void held_sessions_are_read_again_before_everybody_is_through(void **state)
{
	struct rig *r = rig_reading(3000, 100, 1000); /* a tenth: 9 requests a window */
	uint32_t held = 0, first = 0;
	(void)state;

	rig_hold(r, 2999, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 2999), 200, "");
	for (int t = 0; t < 4; t++) {
		rig_pass(r, 1000);
		for (int n = 0; n < 3 && r->open_n; n++) {
			held += strstr(r->open[0].body, rig_id(2999)) != NULL;
			first += strstr(r->open[0].body, rig_id(0)) != NULL;
			rig_answer(r, &r->open[0], 200, "{\"value\":[]}");
		}
	}
	assert_in_range(held, 3, 4);
	assert_in_range(first, 1, 2);
	rig_free(r);
}

static void writes_go_first(void **state)
{
	struct rig *r = rig_reading(300, 100, 1000);
	(void)state;

	for (uint32_t u = 0; u < 300; u++)
		rig_hold(r, u, SESSION_CALL, URGENCY_RISE);
	for (int t = 0; t < 85; t++) {
		rig_pass(r, 1000);
		assert_null(rig_find(r, READ, ID_NONE));
		while (r->open_n)
			rig_answer(r, &r->open[0], 200, "");
		if (r->outcomes_n >= 300)
			break;
	}
	assert_int_equal(r->outcomes_n, 294);
	rig_free(r);
}

static void trouble_is_tried_again_and_harms_nobody(void **state)
{
	static const struct graph_response troubles[] = {
		{ .status = 500 },
		{ .status = 400 },
		{ .status = 404 },
		{ .status = 200, .body = { "<", 1 } },
		{ .status = 429, .retry_after = { "3", 1 } },
		{ .failure = HTTP_UNSURE },
		{ .failure = HTTP_NOT_SENT },
		{ .failure = HTTP_STATUS_LOST },
		{ .status = 401 },
		{ .status = 403 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		struct rig *r = rig_reading(1, 1500, 10000);

		rig_pass(r, 10000);
		rig_reply(r, rig_find(r, READ, ID_NONE), &troubles[i]);
		assert_null(rig_find(r, READ, ID_NONE));
		if (rig_find(r, "oauth2", ID_NONE))
			rig_answer_token(r, "tok2", 86400);
		for (int s = 0; s < 12 && !rig_find(r, READ, ID_NONE); s++)
			rig_pass(r, 1000);
		assert_int_equal(ids_in(rig_find(r, READ, ID_NONE)), 1);
		answer_read(r, 0, "Busy", "InACall");
		assert_int_equal(r->seen_n, 1);
		uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
		rig_answer(r, rig_find(r, SET, 0), 200, "");
		assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_ACCEPTED);
		rig_free(r);
	}
}

static void who_is_forgotten_is_not_seen(void **state)
{
	struct rig *r = rig_reading(2, 1500, 10000);
	char body[300];
	(void)state;

	rig_pass(r, 10000);
	graph_forget(r->g, 0);
	snprintf(body, sizeof(body),
		 "{\"value\":[{\"id\":\"%s\",\"availability\":\"Busy\"},{\"id\":\"%s\","
		 "\"availability\":\"Away\"}]}",
		 rig_id(0), rig_id(1));
	rig_answer(r, rig_find(r, READ, ID_NONE), 200, body);
	assert_int_equal(r->seen_n, 1);
	assert_int_equal(r->seen[0].user, 1);
	graph_forget(r->g, 1);
	rig_pass(r, 100000);
	assert_int_equal(r->open_n, 0); /* nobody is left to ask for */
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_value),
		cmocka_unit_test(only_changes_are_told),
		cmocka_unit_test(held_sessions_come_first_and_everybody_comes_once),
		cmocka_unit_test(stays_within_a_tenth),
		cmocka_unit_test(the_share_is_configured),
		cmocka_unit_test(a_session_just_accepted_is_told_once_more),
		cmocka_unit_test(an_older_answer_is_dropped),
		cmocka_unit_test(held_sessions_are_read_again_before_everybody_is_through),
		cmocka_unit_test(writes_go_first),
		cmocka_unit_test(trouble_is_tried_again_and_harms_nobody),
		cmocka_unit_test(who_is_forgotten_is_not_seen),
	};
	return cmocka_run_group_tests_name("sink/readback", tests, NULL, NULL);
}
