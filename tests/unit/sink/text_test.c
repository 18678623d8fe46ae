/* Status messages: the person's own is kept and put back, ours is renewed, and nothing is as
 * unimportant. */
#include "rig.h"

#include <stdio.h>

#include "base/prng.h"

#define READ "/presence"
#define SET "/setStatusMessage"

static struct rig_request *reading(struct rig *r)
{
	for (uint32_t i = 0; i < r->open_n; i++)
		if (!r->open[i].post && strstr(r->open[i].url, READ))
			return &r->open[i];
	return NULL;
}

/* Time passes, and the token is renewed meanwhile. */
static void pass(struct rig *r, int64_t ms)
{
	for (int64_t step; ms > 0; ms -= step) {
		step = ms < 5000 ? ms : 5000;
		rig_pass(r, step);
		while (rig_find(r, "/oauth2/", ID_NONE))
			rig_answer_token(r, "t2", 3600);
	}
}

static void answer_shown(struct rig *r, const char *text)
{
	char body[600];

	assert_non_null(reading(r));
	snprintf(body, sizeof(body),
		 text ? "{\"id\":\"x\",\"availability\":\"Busy\",\"activity\":\"InACall\","
			"\"statusMessage\":"
			"{\"message\":{\"content\":\"%s\",\"contentType\":\"text\"}}}"
		      : "{\"id\":\"x\",\"availability\":\"Busy\",\"statusMessage\":null}",
		 text);
	rig_answer(r, reading(r), 200, body);
}

static void want(struct rig *r, const char *text, int64_t until_wall_ms)
{
	graph_text(r->g, r->now_ms, 0, slice_str(text), until_wall_ms);
	rig_drain(r);
}

/* The one request to set a message; its body holds these words. */
static void answer_set(struct rig *r, const char *words)
{
	struct rig_request *q = rig_find(r, SET, 0);

	assert_non_null(q);
	if (!strstr(q->body, words))
		fail_msg("%s", q->body);
	rig_answer(r, q, 200, "");
}

static void set_ours(struct rig *r, const char *former)
{
	want(r, "On the phone", TIME_NEVER);
	answer_shown(r, former);
	assert_string_equal(r->text_ours, "On the phone");
	assert_string_equal(r->text_former, former ? former : "");
	answer_set(r, "\"content\":\"On the phone\",\"contentType\":\"text\"},\"expiryDateTime\":");
	assert_int_equal(r->open_n, 0);
}

static void ours_comes_and_the_persons_own_comes_back(void **state)
{
	static const char *const owns[] = { "Fridays off", NULL, "Back \\\"soon\\\" \\u00fc" };
	static const char *const restored[] = {
		"\"content\":\"Fridays off\",\"contentType\":\"text\"}}}",
		"\"content\":\"\",\"contentType\":\"text\"}}}", "\"content\":\"Back "
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(owns); i++) {
		struct rig *r = rig_ready(1);

		want(r, "On the phone", TIME_NEVER);
		answer_shown(r, owns[i]);
		answer_set(r, "On the phone");
		want(r, "", TIME_NEVER);
		answer_shown(r, "On the phone<pinnednote></pinnednote>");
		answer_set(r, restored[i]);
		assert_string_equal(r->text_ours, "");
		assert_int_equal(r->open_n, 0);
		rig_free(r);
	}
}

static void what_the_person_writes_meanwhile_stays(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	set_ours(r, "Fridays off");
	want(r, "", TIME_NEVER);
	answer_shown(r, "Ask Ben");
	assert_int_equal(r->open_n, 0);
	assert_string_equal(r->text_ours, "");

	set_ours(r, "Fridays off"); /* and when it is to be renewed */
	pass(r, 45 * 60000);
	answer_shown(r, "Ask Ben");
	assert_int_equal(r->open_n, 0);
	assert_string_equal(r->text_ours, "");
	want(r, "", TIME_NEVER);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void it_is_renewed_while_its_cause_lasts(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	set_ours(r, "Fridays off");
	int64_t until = r->text_until_wall_ms;
	assert_true(until == r->wall_ms + 3600000);
	for (int i = 0; i < 5; i++) {
		pass(r, 45 * 60000);
		answer_shown(r, "On the phone");
		answer_set(r, "On the phone");
		assert_true(r->text_until_wall_ms == r->wall_ms + 3600000);
	}
	pass(r, 2 * 60000);
	assert_int_equal(r->open_n, 0);
	want(r, "Quiet", TIME_NEVER); /* another cause: the person's own is still kept */
	answer_shown(r, "On the phone");
	answer_set(r, "Quiet");
	assert_string_equal(r->text_former, "Fridays off");
	rig_free(r);
}

static void an_end_is_its_expiry(void **state)
{
	struct rig *r = rig_ready(1);
	int64_t end = r->wall_ms + 7200000;
	(void)state;

	want(r, "Away until 14:00", end);
	answer_shown(r, NULL);
	assert_true(r->text_until_wall_ms == end + 120000);
	answer_set(r, "\"timeZone\":\"UTC\"}}}");
	pass(r, 7200000 - 1000);
	assert_int_equal(r->open_n, 0);
	pass(r, 600000); /* nobody gave it back: it has ended by itself, and is still to be put
			    right */
	want(r, "", TIME_NEVER);
	answer_shown(r, NULL);
	answer_set(r, "\"content\":\"\"");
	rig_free(r);
}

static void over_a_restart(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	graph_text_restore(r->g, 0, SLICE_LIT("On the phone"), SLICE_LIT("Fridays off"),
			   r->wall_ms + 3000000);
	want(r, "On the phone", TIME_NEVER); /* stands already */
	assert_int_equal(r->open_n, 0);
	want(r, "", TIME_NEVER);
	answer_shown(r, "On the phone");
	answer_set(r, "Fridays off");
	graph_text_restore(r->g, 1, SLICE_LIT("On the phone"), SLICE_LIT("Fridays off"),
			   r->wall_ms - 1);
	graph_text(r->g, r->now_ms, 1, SLICE_NONE, TIME_NEVER);
	rig_drain(r);
	answer_shown(r, NULL); /* ended while we were away */
	struct rig_request *q = rig_find(r, SET, 1);
	assert_non_null(strstr(q->body, "Fridays off"));
	rig_free(r);
}

/* A call begins anew while the message is being put back. */
static void a_cause_that_returns_in_between(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	set_ours(r, "Fridays off");
	want(r, "", TIME_NEVER);
	answer_shown(r, "On the phone");
	want(r, "On the phone", TIME_NEVER);
	answer_set(r, "Fridays off");
	answer_shown(r, "Fridays off");
	answer_set(r, "On the phone");
	assert_string_equal(r->text_former, "Fridays off");
	want(r, "", TIME_NEVER);
	answer_shown(r, "On the phone");
	answer_set(r, "Fridays off");
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void presence_goes_first(void **state)
{
	struct rig *r = rig_ready(40);
	(void)state;

	for (uint32_t u = 1; u < 30; u++)
		rig_hold(r, u, SESSION_CALL, URGENCY_RENEW);
	want(r, "On the phone", TIME_NEVER);
	assert_null(reading(r)); /* more holds wait than may fly */
	for (int left = 29; rig_find(r, "/setPresence", ID_NONE); left--) {
		assert_true(left <= 16 || !reading(r));
		rig_answer(r, rig_find(r, "/setPresence", ID_NONE), 200, "");
	}
	assert_non_null(reading(r));
	rig_free(r);
}

static void it_counts_against_the_quota(void **state)
{
	struct rig *r = rig_ready(0);
	struct graph_view v;
	(void)state;

	for (uint32_t u = 0; u < 30; u++) {
		graph_set_id(r->g, u, rig_id(u));
		graph_text(r->g, r->now_ms, u, SLICE_LIT("x"), TIME_NEVER);
	}
	rig_drain(r);
	assert_int_equal(r->open_n, 4); /* and no more than a few at a time */
	graph_view(r->g, &v);
	assert_int_equal(v.sent_in_window, 4);
	rig_free(r);
}

/* From its leaving until a window after its answer, as for every request to presence. */
static void it_counts_from_its_answer(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_view v;
	(void)state;

	want(r, "On the phone", TIME_NEVER);
	pass(r, 4000);
	answer_shown(r, "mine");
	answer_set(r, "On the phone");
	graph_view_at(r->g, r->now_ms + 30000, &v);
	assert_int_equal(v.sent_in_window, 2);
	graph_view_at(r->g, r->now_ms + 30001, &v);
	assert_int_equal(v.sent_in_window, 0);
	rig_free(r);
}

static void failures(void **state)
{
	struct rig *r = rig_ready(1);
	(void)state;

	want(r, "On the phone", TIME_NEVER);
	rig_answer(r, reading(r), 503, "");
	assert_null(reading(r));
	pass(r, 5000);
	struct graph_response late = { .failure = HTTP_ANSWERED,
				       .status = 429,
				       .retry_after = SLICE_LIT("7") };
	rig_reply(r, reading(r), &late);
	assert_null(reading(r));
	pass(r, 10000);
	answer_shown(r, "Fridays off");
	struct graph_response lost = { .failure = HTTP_UNSURE };
	rig_reply(r, rig_find(r, SET, 0), &lost); /* it may have been taken */
	pass(r, 5000);
	answer_shown(r, "On the phone");
	answer_set(r, "On the phone");
	assert_string_equal(r->text_former, "Fridays off");
	want(r, "", TIME_NEVER);
	rig_answer(r, reading(r), 404, ""); /* there is nobody any more */
	assert_string_equal(r->text_ours, "");
	assert_int_equal(r->open_n, 0);
	want(r, "On the phone", TIME_NEVER);
	rig_answer(r, reading(r), 200, "<html>"); /* what stands there nobody knows */
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

static void who_is_forgotten_is_left_alone(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	want(r, "On the phone", TIME_NEVER);
	struct rig_request q = *reading(r);
	graph_forget(r->g, 0);
	graph_set_id(r->g, 0, rig_id(0));
	rig_answer(r, reading(r), 200, "{\"id\":\"x\"}");
	assert_int_equal(r->open_n, 0);
	want(r, "", TIME_NEVER);
	assert_int_equal(r->open_n, 0);
	assert_true(q.user == 0);
	graph_text(r->g, r->now_ms, 1, SLICE_LIT("x"), TIME_NEVER);
	graph_forget(r->g, 1); /* while it waits */
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	rig_free(r);
}

/* Random wants and answers; at the end Teams shows what is wanted, and with nothing wanted the
 * person's own. */
static void whatever_happens_it_comes_right(void **state)
{
	static const char *const wants[] = { "", "A", "B" };
	(void)state;

	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct rig *r = rig_ready(1);
		struct prng p = { seed };
		char shows[40] = "own";
		const char *last = "";

		for (int step = 0; step < 120; step++) {
			bool calm = step >= 60;
			uint64_t dice = calm ? 9 : prng_below(&p, 10);
			struct rig_request *q = r->open_n ? &r->open[0] : NULL;

			if (dice < 3) {
				last = wants[prng_below(&p, 3)];
				want(r, last, TIME_NEVER);
			} else if (q && !q->post) {
				if (dice == 3)
					rig_answer(r, q, 500, "");
				else
					answer_shown(r, shows[0] ? shows : NULL);
			} else if (q) {
				const char *content = strstr(q->body, "\"content\":\"") + 11;

				if (dice != 3 || prng_below(&p, 2))
					snprintf(shows, sizeof(shows), "%.*s",
						 (int)(strchr(content, '"') - content), content);
				rig_answer(r, q, dice == 3 ? 504 : 200, "");
			}
			pass(r, r->open_n ? 10 : 61000);
		}
		if (strcmp(shows, last[0] ? last : "own") != 0)
			fail_msg("seed %llu: shows %s, wanted %s", (unsigned long long)seed, shows,
				 last);
		rig_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_comes_and_the_persons_own_comes_back),
		cmocka_unit_test(what_the_person_writes_meanwhile_stays),
		cmocka_unit_test(it_is_renewed_while_its_cause_lasts),
		cmocka_unit_test(an_end_is_its_expiry),
		cmocka_unit_test(over_a_restart),
		cmocka_unit_test(a_cause_that_returns_in_between),
		cmocka_unit_test(presence_goes_first),
		cmocka_unit_test(it_counts_against_the_quota),
		cmocka_unit_test(it_counts_from_its_answer),
		cmocka_unit_test(failures),
		cmocka_unit_test(who_is_forgotten_is_left_alone),
		cmocka_unit_test(whatever_happens_it_comes_right),
	};
	return cmocka_run_group_tests_name("sink/text", tests, NULL, NULL);
}
