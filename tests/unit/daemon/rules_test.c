/* Hours and texts get their numbers, the engine is told in time, and the words are put together. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "daemon/rules.h"

#define HEAD                                                                                       \
	"accounts:\n  - name: acme\n    teams: { tenant: acme.example, client_id: "                \
	"99999999-8888-7777-6666-555555555555, client_secret_file: s }\n"

struct bench {
	struct bridge *bridge;
	struct rules *rules;
	struct bridge_time t;
	uint16_t account;
	uint32_t user;
	struct buf said;
};

static int64_t wall(const char *text)
{
	int64_t ms;

	assert_int_equal(date_parse(slice_str(text), &ms), ERR_OK);
	return ms;
}

static void set_up(struct bench *b, const char *now)
{
	static struct secret secret;
	const struct bridge_limits l = {
		.accounts = 2, .connectors = 2, .users = 8, .lines = 8, .realms = 2, .seed = 1
	};
	const struct graph_config gc = { .tenant = "t",
					 .client_id = "c",
					 .credential.secret = &secret,
					 .login_url = "https://l",
					 .graph_url = "https://g",
					 .users_max = 8 };
	const struct policy p = { .lease_ms = 600000 };
	const struct bridge_user u = { .email = SLICE_LIT("ana@acme.example"), .enabled = true };
	uint32_t realm;

	*b = (struct bench){ .t = { 1000, wall(now) } };
	buf_init(&b->said, 4096);
	assert_int_equal(secret_set(&secret, SLICE_LIT("s")), ERR_OK);
	assert_int_equal(bridge_new(&b->bridge, &l, b->t), ERR_OK);
	assert_int_equal(rules_new(&b->rules, b->bridge), ERR_OK);
	assert_int_equal(bridge_add_realm(b->bridge, b->t, &gc, &realm), ERR_OK);
	assert_int_equal(
		bridge_add_account(b->bridge, b->t, SLICE_LIT("acme"), realm, &p, &b->account),
		ERR_OK);
	assert_int_equal(bridge_add_user(b->bridge, b->t, b->account, &u, &b->user), ERR_OK);
	secret_fini(&secret);
}

static void tear_down(struct bench *b)
{
	rules_free(b->rules);
	bridge_free(b->bridge);
	buf_fini(&b->said);
}

/* One pass over this configuration; the policy of the account and of its first user, if any. */
static struct conf *take(struct bench *b, const char *policy, struct policy *ret)
{
	static struct conf_errors errs;
	char yaml[1000];
	struct conf *c;

	snprintf(yaml, sizeof(yaml), HEAD "    policy: { %s }\n", policy);
	assert_int_equal(conf_parse(slice_str(yaml), "offhook.yaml", &c, &errs), ERR_OK);
	rules_begin(b->rules, b->t);
	rules_policy(b->rules, &c->accounts[0], NULL, ret, &b->said);
	rules_end(b->rules);
	bridge_set_policy(b->bridge, b->t, b->account, ret);
	return c;
}

static bool is_closed(const struct bench *b)
{
	struct user_view v;

	assert_true(engine_user(bridge_engine(b->bridge), b->user, &v));
	return v.closed;
}

/* The wall clock jumps there while the monotonic one goes on. */
static int64_t look(struct bench *b, const char *now)
{
	b->t.mono_ms += 10;
	b->t.wall_ms = wall(now);
	return rules_look(b->rules, b->t) - b->t.mono_ms;
}

#define BERLIN "hours: { zone: Europe/Berlin, open: [mon-fri 08:00-17:30], holidays: [2026-12-25] }"

static void the_engine_is_told_when_hours_open_and_close(void **state)
{
	struct bench b;
	struct policy p;
	(void)state;

	set_up(&b, "2026-03-27T15:00:00Z"); /* a Friday */
	conf_free(take(&b, BERLIN, &p));
	assert_int_not_equal(p.hours, 0);
	assert_false(is_closed(&b));
	assert_int_equal(look(&b, "2026-03-27T16:29:30Z"), 30000); /* 17:30 in winter */
	assert_false(is_closed(&b));
	look(&b, "2026-03-27T16:30:00Z");
	assert_true(is_closed(&b));
	assert_int_equal(look(&b, "2026-03-28T12:00:00Z"),
			 60000); /* never sleeps longer: clocks are set */
	assert_true(is_closed(&b));
	look(&b, "2026-03-30T05:59:59Z"); /* after the change of the clock */
	assert_true(is_closed(&b));
	look(&b, "2026-03-30T06:00:00Z");
	assert_false(is_closed(&b));
	tear_down(&b);
}

static void clocks_that_are_set(void **state)
{
	struct bench b;
	struct policy p;
	(void)state;

	set_up(&b, "2026-12-24T12:00:00Z");
	conf_free(take(&b, BERLIN, &p));
	look(&b, "2026-12-25T12:00:00Z"); /* forward, to the holiday */
	assert_true(is_closed(&b));
	look(&b, "2026-12-24T12:00:00Z"); /* and back */
	assert_false(is_closed(&b));
	look(&b, "2026-12-24T02:00:00Z");
	assert_true(is_closed(&b));
	tear_down(&b);
}

static void numbers_stay_while_somebody_has_the_hours(void **state)
{
	struct bench b;
	struct policy p, q;
	(void)state;

	set_up(&b, "2026-12-26T12:00:00Z"); /* a Saturday */
	conf_free(take(&b, BERLIN, &p));
	assert_true(is_closed(&b));
	conf_free(take(&b, BERLIN ", busy: dnd", &q));
	assert_int_equal(p.hours, q.hours);
	conf_free(take(&b, "busy: dnd", &q));
	assert_int_equal(q.hours, 0);
	assert_false(is_closed(&b));
	assert_true(rules_look(b.rules, b.t) == TIME_NEVER);
	conf_free(take(&b, "hours: { zone: UTC, open: [sat 11:00-13:00] }", &q));
	assert_int_equal(q.hours,
			 p.hours); /* the number is free again, and nothing of before is left */
	assert_false(is_closed(&b));
	tear_down(&b);
}

static void a_zone_that_cannot_be_had_is_said(void **state)
{
	struct bench b;
	struct policy p;
	(void)state;

	set_up(&b, "2026-12-26T12:00:00Z");
	conf_free(take(&b, "hours: { zone: Europe/Atlantis, open: [sat 11:00-13:00] }", &p));
	assert_int_equal(p.hours, 0);
	assert_non_null(strstr(buf_cstr(&b.said), "no such time zone"));
	tear_down(&b);
}

static void words(const struct bench *b, uint16_t set, enum text_cause c, const char *until,
		  const char *expected)
{
	const struct action a = { .text = { .cause = (uint8_t)c,
					    .set = set,
					    .until_wall_ms = until ? wall(until) : TIME_NEVER } };
	struct buf text;

	buf_init(&text, RULES_TEXT_MAX);
	rules_text(b->rules, &a, b->t.wall_ms, &text);
	assert_string_equal(buf_cstr(&text), expected);
	buf_fini(&text);
}

static void the_words_of_a_text(void **state)
{
	struct bench b;
	struct policy p, q;
	(void)state;

	set_up(&b, "2026-07-01T10:00:00Z");
	conf_free(take(
		&b,
		"hours: { zone: Europe/Berlin }, status_text: { call: On the phone, forwarded: "
		"\"Calls forwarded to reception[ until {until}], sorry\" }",
		&p));
	assert_int_equal(p.texts, 1 << TEXT_CALL | 1 << TEXT_FORWARDED);
	words(&b, p.text_set, TEXT_CALL, NULL, "On the phone");
	words(&b, p.text_set, TEXT_FORWARDED, NULL, "Calls forwarded to reception, sorry");
	words(&b, p.text_set, TEXT_FORWARDED, "2026-07-01T12:00:00Z",
	      "Calls forwarded to reception until 14:00, sorry");
	words(&b, p.text_set, TEXT_FORWARDED, "2026-07-01T22:30:00Z",
	      "Calls forwarded to reception until 2026-07-02 00:30, sorry");
	words(&b, p.text_set, TEXT_NONE, NULL, "");
	words(&b, 77, TEXT_CALL, NULL, "");
	conf_free(take(&b, "hours: { zone: UTC }, status_text: { call: On the phone }", &q));
	assert_int_not_equal(p.text_set, q.text_set); /* another zone: other words */
	words(&b, p.text_set, TEXT_CALL, NULL, "");
	tear_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_is_told_when_hours_open_and_close),
		cmocka_unit_test(clocks_that_are_set),
		cmocka_unit_test(numbers_stay_while_somebody_has_the_hours),
		cmocka_unit_test(a_zone_that_cannot_be_had_is_said),
		cmocka_unit_test(the_words_of_a_text),
	};
	return cmocka_run_group_tests_name("daemon/rules", tests, NULL, NULL);
}
