/* The token: asked for early, once at a time, and what refusals of it lead to. */
#include "rig.h"

#include "proto/graph/base64.h"
#include "proto/graph/roles.h"
#include "proto/graph/token.h"
#include "unit/proto/graph/keys.h"

#include <stdio.h>
#include <stdlib.h>

#define SET "/presence/setPresence"
#define TOKEN "/oauth2/v2.0/token"
#define TENANT "11111111-2222-3333-4444-555555555555"

static struct rig *rig_unsigned(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_init(r);
	rig_start(r);
	graph_set_id(r->g, 0, rig_id(0));
	return r;
}

static void take_secret(struct rig *r, const struct secret *x)
{
	const struct graph_credential c = { .secret = x };

	assert_int_equal(graph_set_credential(r->g, &c), ERR_OK);
}

static uint8_t token_state(const struct rig *r)
{
	struct graph_view v;

	graph_view(r->g, &v);
	return v.token;
}

static void asks_at_start_in_the_right_words(void **state)
{
	struct rig *r = rig_unsigned();
	(void)state;

	assert_int_equal(r->open_n, 1);
	const struct rig_request *q = &r->open[0];
	assert_true(q->post && q->secret);
	assert_string_equal(q->url, "https://login.example/" TENANT "/oauth2/v2.0/token");
	assert_non_null(strstr(q->headers, "Content-Type: application/x-www-form-urlencoded\r\n"));
	assert_string_equal(q->body,
			    "client_id=" RIG_APP "&scope=https%3A%2F%2Fgraph.example%2F.default"
			    "&client_secret=s3cr%3Dt%26%2F%C3%BC&grant_type=client_credentials");
	assert_int_equal(token_state(r), 1);
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_pass(r, 3000);
	assert_int_equal(r->open_n, 1); /* single flight, and nothing without it */
	rig_answer_token(r, "abc", 3600);
	assert_int_equal(token_state(r), 2);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_TOKEN_OK), 1);
	assert_non_null(strstr(rig_find(r, SET, 0)->headers, "Authorization: Bearer abc\r\n"));
	rig_free(r);
}

static void a_token_is_asked_for_graph_itself_not_for_the_proxy_before_it(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	(void)state;

	assert_non_null(r);
	rig_init(r);
	r->config.graph_url = "https://front.example:8443";
	r->config.resource = "https://graph.example";
	rig_start(r);
	graph_set_id(r->g, 0, rig_id(0));
	assert_non_null(strstr(r->open[0].body, "&scope=https%3A%2F%2Fgraph.example%2F.default&"));
	rig_answer_token(r, "abc", 3600);
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	assert_true(strncmp(rig_find(r, SET, 0)->url, "https://front.example:8443/", 27) == 0);
	rig_free(r);
}

static void each_request_has_its_own_id(void **state)
{
	struct rig *r = rig_ready(2);
	char a[100], b[100];
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	memcpy(a, strstr(r->open[0].headers, "client-request-id: "), sizeof(a) - 1);
	memcpy(b, strstr(r->open[1].headers, "client-request-id: "), sizeof(b) - 1);
	assert_true(a[19 + 8] == '-' && a[19 + 14] == '4' && a[19 + 36] == '\r');
	assert_memory_not_equal(a + 19, b + 19, 36);
	rig_free(r);
}

static void renews_five_minutes_early_or_at_half_life(void **state)
{
	static const struct {
		int life_s, from_s, to_s; /* asked anew between these */
	} rows[] = {
		{ 5400, 5062, 5100 }, { 3600, 3262, 3300 }, { 600, 262, 300 }, { 120, 52, 60 }
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_unsigned();

		rig_answer_token(r, "one", rows[i].life_s);
		rig_pass(r, rows[i].from_s * 1000 - 1);
		assert_int_equal(r->open_n, 0);
		for (int s = rows[i].from_s; s <= rows[i].to_s && !r->open_n; s++)
			rig_pass(r, 1000);
		assert_int_equal(rig_count(r, TOKEN), 1);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* the old one still serves */
		assert_non_null(strstr(rig_find(r, SET, 0)->headers, "Bearer one\r\n"));
		rig_answer(r, rig_find(r, SET, 0), 200, "");
		rig_answer_token(r, "two", 3600);
		rig_hold(r, 0, SESSION_CALL, URGENCY_RENEW);
		assert_non_null(strstr(rig_find(r, SET, 0)->headers, "Bearer two\r\n"));
		assert_int_equal(rig_noted(r, GRAPH_NOTE_TOKEN_OK), 1);
		rig_free(r);
	}
}

static void an_ended_token_is_not_used(void **state)
{
	struct rig *r = rig_unsigned();
	(void)state;

	rig_answer_token(r, "one", 600);
	for (int s = 0; s < 600; s++) {
		if (rig_find(r, TOKEN, ID_NONE))
			rig_answer(r, rig_find(r, TOKEN, ID_NONE), 503, "");
		rig_pass(r, 1000);
	}
	r->open_n = 0;
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	assert_null(rig_find(r, SET, 0));
	assert_int_not_equal(token_state(r), 3);
	rig_free(r);
}

static void refused_credentials_are_said_and_tried_slowly(void **state)
{
	static const char body[] =
		"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: "
		"Invalid client secret provided.\\r\\nTrace ID: x\",\"error_codes\":[7000215]}";
	struct rig *r = rig_unsigned();
	struct graph_view v;
	(void)state;

	rig_answer(r, rig_find(r, TOKEN, ID_NONE), 401, body);
	graph_view(r->g, &v);
	assert_int_equal(v.token, 3);
	assert_string_equal(v.token_error, "AADSTS7000215: Invalid client secret provided.");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_TOKEN_REFUSED), 1);
	assert_non_null(strstr(v.token_fix, "the secret's Value, not its Secret ID"));
	assert_int_equal(v.token_step, TOKEN_STEP_CREDENTIAL);
	assert_non_null(strstr(r->notes[r->notes_n - 1].text, v.token_fix));
	assert_non_null(strstr(r->notes[r->notes_n - 1].text, "(AADSTS7000215: Invalid client secret"));
	rig_pass(r, 149999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 150001);
	assert_int_equal(r->open_n, 1);
	/* ever more seldom: 24 hours hold no more than 30 tries */
	int tries = 0;
	for (int s = 0; s < 24 * 3600; s += 5) {
		struct rig_request *q = rig_find(r, TOKEN, ID_NONE);

		if (q) {
			rig_answer(r, q, 401, body);
			tries++;
		}
		rig_pass(r, 5000);
	}
	assert_true(tries >= 20 && tries <= 60);
	while (rig_find(r, TOKEN, ID_NONE))
		rig_answer(r, rig_find(r, TOKEN, ID_NONE), 401, body);

	struct secret better = { 0 };
	assert_int_equal(secret_set(&better, SLICE_LIT("new")), ERR_OK);
	take_secret(r, &better); /* asked at once */
	rig_drain(r);
	assert_non_null(strstr(rig_find(r, TOKEN, ID_NONE)->body, "client_secret=new&"));
	rig_answer_token(r, "ok", 3600);
	graph_view(r->g, &v);
	assert_int_equal(v.token, 2);
	assert_string_equal(v.token_error, "");
	assert_int_equal(rig_noted(r, GRAPH_NOTE_TOKEN_OK), 1);
	take_secret(r, &better); /* the same again changes nothing */
	rig_drain(r);
	assert_int_equal(r->open_n, 0);
	secret_fini(&better);
	rig_free(r);
}

static void a_secret_that_changes_during_a_request_gets_its_own(void **state)
{
	struct rig *r = rig_unsigned();
	struct secret better = { 0 };
	(void)state;

	assert_int_equal(secret_set(&better, SLICE_LIT("new")), ERR_OK);
	take_secret(r, &better);
	rig_drain(r);
	assert_int_equal(r->open_n, 1);
	rig_answer(r, &r->open[0], 401, "{\"error\":\"invalid_client\"}");
	assert_int_equal(r->open_n, 1);
	assert_non_null(strstr(r->open[0].body, "client_secret=new&"));
	secret_fini(&better);
	rig_free(r);
}

static void the_same_again_is_tried_at_once_when_it_was_refused(void **state)
{
	struct rig *r = rig_unsigned();
	(void)state;

	rig_answer(r, &r->open[0], 400, "{\"error\":\"unauthorized_client\",\"error_codes\":[700016]}");
	assert_int_equal(r->open_n, 0);
	take_secret(r, &r->secret); /* the app was put into the tenant; nothing changed here */
	rig_drain(r);
	assert_int_equal(rig_count(r, TOKEN), 1);
	rig_free(r);
}

/* ---- certificates ---- */

static struct test_key pair;

static struct assertion_key *key_from(const char *from, const char *to)
{
	struct assertion_key *k = NULL;

	if (!pair.pkey)
		test_key_of(&pair, EVP_RSA_gen(2048));
	test_certificate(&pair, from, to);
	assert_int_equal(assertion_key_new(&k, slice_str(pair.certificate), slice_str(pair.key), NULL, 0),
			 ERR_OK);
	return k;
}

static int forget_pair(void **state)
{
	(void)state;
	test_key_fini(&pair);
	return 0;
}

/* The rig's wall clock starts at 14 November 2023. */
static struct rig *rig_with_certificate(const char *from, const char *to, enum assertion_form form)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct assertion_key *k = key_from(from, to);

	assert_non_null(r);
	rig_init(r);
	r->config.credential = (struct graph_credential){ NULL, k, (uint8_t)form, 0 };
	rig_start(r);
	assertion_key_free(k);
	graph_set_id(r->g, 0, rig_id(0));
	return r;
}

/* Which part of the statement in a request's form, as text. */
static void statement(const struct rig_request *q, int part, char *dst, size_t cap)
{
	const char *at = strstr(q->body, "&client_assertion=");
	struct slice rest, one = SLICE_NONE;

	assert_non_null(at);
	assert_null(strstr(q->body, "client_secret"));
	rest = slice_str(at + 18);
	rest = slice_sub(rest, 0, slice_find(rest, '&'));
	for (int i = 0; i <= part; i++)
		assert_true(slice_split(&rest, '.', &one));
	assert_int_equal(base64_decode(one, dst, cap, NULL), ERR_OK);
}

static void a_certificate_signs_a_fresh_statement_each_time(void **state)
{
	struct rig *r = rig_with_certificate("20230101000000Z", "20330101000000Z", ASSERTION_RS256);
	char head[500], first[900], second[900];
	struct graph_view v;
	(void)state;

	const struct rig_request *q = &r->open[0];
	assert_non_null(strstr(q->body, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
					"client-assertion-type%3Ajwt-bearer&"));
	statement(q, 0, head, sizeof(head));
	assert_non_null(strstr(head, "\"RS256\""));
	statement(q, 1, first, sizeof(first));
	assert_non_null(strstr(first, "\"aud\":\"https://login.example/" TENANT "/oauth2/v2.0/token\""));
	assert_non_null(strstr(first, "\"iss\":\"" RIG_APP "\""));
	assert_non_null(strstr(first, "\"iat\":1700000000,\"nbf\":1699999880,\"exp\":1700000480"));
	rig_answer(r, &r->open[0], 503, "");
	rig_pass(r, 2000);
	statement(rig_find(r, TOKEN, ID_NONE), 1, second, sizeof(second));
	assert_string_not_equal(strstr(first, "\"jti\""), strstr(second, "\"jti\""));
	assert_memory_not_equal(strstr(first, "\"jti\""), strstr(second, "\"jti\""), 43);
	rig_answer_token(r, "abc", 3600);
	graph_view(r->g, &v);
	assert_int_equal(v.token, 2);
	assert_int_equal(v.certificate_ends_wall_ms, 1988150400000);
	assert_int_equal(v.certificate_warns_wall_ms, 1988150400000 - INT64_C(30) * 86400000);
	assert_int_equal(strlen(v.certificate_thumbprint), 40);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDS), 0);
	rig_free(r);
}

static void pass_signed_in(struct rig *r, int hours)
{
	for (int s = 0; s < hours * 3600; s += 5) {
		if (rig_find(r, TOKEN, ID_NONE))
			rig_answer_token(r, "abc", 3600);
		rig_pass(r, 5000);
	}
}

static void the_end_of_a_certificate_is_told_once_a_day(void **state)
{
	struct rig *r = rig_with_certificate("20230101000000Z", "20231117000000Z", ASSERTION_PS256);
	(void)state;

	assert_int_equal(rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDS), 1); /* 2 days are left */
	pass_signed_in(r, 100);
	assert_in_range(rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDS), 2, 3);
	assert_in_range(rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDED), 1, 3);
	/* a new one is good for a year: nothing more is said */
	struct assertion_key *k = key_from("20230101000000Z", "20250101000000Z");
	const struct graph_credential c = { NULL, k, ASSERTION_PS256, 0 };
	uint32_t before = rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDED);
	assert_int_equal(graph_set_credential(r->g, &c), ERR_OK);
	assertion_key_free(k);
	rig_drain(r);
	assert_int_equal(rig_count(r, TOKEN), 1);
	pass_signed_in(r, 30);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_CERTIFICATE_ENDED), before);
	rig_free(r);
}

static void the_end_of_a_secret_is_told_when_it_is_known(void **state)
{
	struct rig *r = rig_unsigned();
	const int64_t now_ms = r->wall_ms;
	struct graph_credential c = { .secret = &r->secret,
				      .secret_ends_wall_ms = now_ms + 2 * INT64_C(86400000) };
	struct graph_view v;
	(void)state;

	rig_answer_token(r, "abc", 3600);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_SECRET_ENDS), 0); /* nobody knows */
	assert_int_equal(graph_set_credential(r->g, &c), ERR_OK);
	rig_drain(r);
	assert_int_equal(rig_count(r, TOKEN), 0); /* the same secret: the token stands */
	assert_int_equal(rig_noted(r, GRAPH_NOTE_SECRET_ENDS), 1);
	pass_signed_in(r, 100);
	assert_in_range(rig_noted(r, GRAPH_NOTE_SECRET_ENDS), 2, 3);
	assert_in_range(rig_noted(r, GRAPH_NOTE_SECRET_ENDED), 1, 3);
	graph_view(r->g, &v);
	assert_int_equal(v.secret_ends_wall_ms, c.secret_ends_wall_ms);
	/* a new one, good for a year: nothing more is said */
	uint32_t before = rig_noted(r, GRAPH_NOTE_SECRET_ENDED);
	c.secret_ends_wall_ms += 365 * INT64_C(86400000);
	assert_int_equal(graph_set_credential(r->g, &c), ERR_OK);
	pass_signed_in(r, 30);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_SECRET_ENDED), before);
	rig_free(r);
}

static void secret_and_certificate_replace_each_other(void **state)
{
	struct rig *r = rig_unsigned();
	struct assertion_key *k = key_from("20230101000000Z", "20330101000000Z");
	const struct graph_credential c = { NULL, k, ASSERTION_PS256, 0 };
	struct graph_view v;
	char head[500];
	(void)state;

	rig_answer_token(r, "abc", 3600);
	assert_int_equal(graph_set_credential(r->g, &c), ERR_OK);
	rig_drain(r);
	statement(rig_find(r, TOKEN, ID_NONE), 0, head, sizeof(head));
	assert_non_null(strstr(head, "x5t#S256"));
	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE); /* the old token serves meanwhile */
	assert_non_null(strstr(rig_find(r, SET, 0)->headers, "Bearer abc\r\n"));
	rig_answer_token(r, "def", 3600);
	take_secret(r, &r->secret);
	rig_drain(r);
	assert_non_null(strstr(rig_find(r, TOKEN, ID_NONE)->body, "&client_secret="));
	graph_view(r->g, &v);
	assert_int_equal(v.certificate_ends_wall_ms, 0);
	assert_string_equal(v.certificate_thumbprint, "");
	assertion_key_free(k);
	rig_free(r);
}

/* ---- what the token says of itself ---- */

static void a_token_without_the_role_is_explained(void **state)
{
	static const struct {
		const char *claims;
		bool known, noted;
		uint32_t permits;
	} rows[] = {
		{ "{\"roles\":[\"Presence.ReadWrite.All\"]}", true, false, PERMITS_SET | PERMITS_READ },
		{ "{\"aud\":\"x\"}", true, true, 0 },
		{ "{\"roles\":[\"User.Read.All\"]}", true, true, PERMITS_LOOK_UP },
		{ "no json", false, false, 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig_unsigned();
		struct graph_view v;
		struct buf b;

		buf_init(&b, 2000);
		buf_str(&b, "e30.");
		base64url_put(&b, rows[i].claims, strlen(rows[i].claims));
		buf_str(&b, ".x");
		rig_answer_token(r, buf_cstr(&b), 3600);
		buf_fini(&b);
		graph_view(r->g, &v);
		assert_int_equal(v.token, 2);
		assert_int_equal(v.permits_known, rows[i].known);
		assert_int_equal(v.permits, rows[i].permits);
		assert_int_equal(rig_noted(r, GRAPH_NOTE_PERMISSION), rows[i].noted);
		/* only explained: the request goes out all the same */
		rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
		assert_non_null(rig_find(r, SET, 0));
		rig_free(r);
	}
}

static void passing_trouble_backs_off(void **state)
{
	static const struct graph_response troubles[] = {
		{ .status = 503 },
		{ .status = 429 },
		{ .failure = HTTP_UNSURE },
		{ .failure = HTTP_NOT_SENT },
		{ .failure = HTTP_STATUS_LOST },
		{ .status = 200, .body = { "<html>", 6 } },
		{ .status = 400, .body = { "{\"error\":\"temporarily_unavailable\"}", 35 } },
		{ .status = 302 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		struct rig *r = rig_unsigned();
		int asked = 1;

		for (int s = 0; s < 600; s++) {
			if (r->open_n) {
				asked++;
				rig_reply(r, &r->open[0], &troubles[i]);
				assert_int_equal(token_state(r), 0);
			}
			rig_pass(r, 1000);
		}
		assert_in_range(asked, 12, 30); /* 1, 2, 4 ... 60 s */
		assert_true(rig_noted(r, GRAPH_NOTE_TOKEN_RETRY) +
				    rig_noted(r, GRAPH_NOTE_BAD_ANSWER) >=
			    2);
		rig_free(r);
	}
}

static void retry_after_of_the_token_endpoint_is_obeyed(void **state)
{
	struct rig *r = rig_unsigned();
	struct graph_response full = { .status = 429, .retry_after = SLICE_LIT("100") };
	(void)state;

	rig_reply(r, &r->open[0], &full);
	rig_pass(r, 99999);
	assert_int_equal(r->open_n, 0);
	rig_pass(r, 1);
	assert_int_equal(r->open_n, 1);
	rig_free(r);
}

static void a_401_renews_the_token_once_and_then_is_reported(void **state)
{
	struct rig *r = rig_ready(3);
	(void)state;

	uint32_t a = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	uint32_t b = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 0), 401, "");
	assert_int_equal(rig_count(r, TOKEN), 1);
	rig_answer(r, rig_find(r, SET, 1), 401, ""); /* for the same token: no second request */
	assert_int_equal(rig_count(r, TOKEN), 1);
	uint32_t c = rig_hold(r, 2, SESSION_CALL, URGENCY_RISE);
	assert_int_equal(rig_count(r, SET), 0);
	rig_answer_token(r, "tok2", 3600);
	assert_int_equal(rig_count(r, SET), 3);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	rig_answer(r, rig_find(r, SET, 1), 401, "");
	assert_int_equal(rig_count(r, TOKEN), 0); /* so soon after the last: no token helps */
	rig_answer(r, rig_find(r, SET, 2), 200, "");
	assert_int_equal(rig_outcome(r, 0, a).class, OUTCOME_ACCEPTED);
	assert_int_equal(rig_outcome(r, 1, b).class, OUTCOME_DENIED);
	assert_int_equal(rig_outcome(r, 1, b).http_status, 401);
	assert_int_equal(rig_outcome(r, 2, c).class, OUTCOME_ACCEPTED);
	rig_free(r);
}

/* Two people's 401 within seconds: the second gets its renewal too, a little later, and meanwhile
 * the token goes on serving the others. */
static void a_401_soon_after_another_waits_for_its_turn(void **state)
{
	struct rig *r = rig_ready(3);
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 0), 401, "");
	rig_answer_token(r, "tok2", 3600);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	uint32_t late = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 401, "");
	assert_int_equal(r->open_n, 0);
	uint32_t other = rig_hold(r, 2, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 2), 200, "");
	assert_int_equal(rig_outcome(r, 2, other).class, OUTCOME_ACCEPTED);
	rig_pass(r, 5000);
	rig_answer(r, rig_find(r, SET, 1), 401, "");
	rig_answer_token(r, "tok3", 3600);
	rig_answer(r, rig_find(r, SET, 1), 200, "");
	assert_int_equal(rig_outcome(r, 1, late).class, OUTCOME_ACCEPTED);
	rig_free(r);
}

static void a_claims_challenge_goes_into_one_request(void **state)
{
	struct rig *r = rig_ready(1);
	struct graph_response a = { .status = 401,
				    .www_authenticate = SLICE_LIT(
					    "Bearer realm=\"\", error=\"insufficient_claims\", "
					    "claims=\"eyJhIjoxfQ==\"") };
	(void)state;

	uint32_t hold = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_reply(r, rig_find(r, SET, 0), &a);
	assert_non_null(strstr(rig_find(r, TOKEN, ID_NONE)->body, "&claims=%7B%22a%22%3A1%7D"));
	rig_answer_token(r, "tok2", 3600);
	rig_answer(r, rig_find(r, SET, 0), 200, "");
	assert_int_equal(rig_outcome(r, 0, hold).class, OUTCOME_ACCEPTED);
	rig_pass(r, 3400000);
	assert_null(strstr(rig_find(r, TOKEN, ID_NONE)->body, "claims="));
	rig_free(r);
}

static void a_403_drops_the_token_once_then_names_the_permission(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	uint32_t a = rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 0), 403, "");
	rig_answer_token(r, "tok2", 3600); /* it may have the role by now */
	assert_int_equal(rig_outcome(r, 0, a).class, OUTCOME_COUNT);
	rig_answer(r, rig_find(r, SET, 0), 403,
		   "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":"
		   "\"Insufficient\"}}");
	assert_int_equal(rig_outcome(r, 0, a).class, OUTCOME_DENIED);
	assert_int_equal(rig_outcome(r, 0, a).http_status, 403);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_PERMISSION), 1);
	uint32_t b = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 403, "");
	assert_int_equal(rig_outcome(r, 1, b).class, OUTCOME_DENIED);
	assert_int_equal(rig_count(r, TOKEN), 0); /* not again so soon */
	rig_pass(r, 600000);
	rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 403, "");
	assert_int_equal(rig_count(r, TOKEN), 1);
	rig_free(r);
}

static void a_403_for_one_among_many_is_that_users(void **state)
{
	struct rig *r = rig_ready(2);
	(void)state;

	rig_hold(r, 0, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 0), 403, "");
	rig_answer_token(r, "tok2", 3600);
	uint32_t good = rig_hold(r, 1, SESSION_CALL, URGENCY_RISE);
	rig_answer(r, rig_find(r, SET, 1), 200, "");
	rig_answer(r, rig_find(r, SET, 0), 403, "");
	assert_int_equal(rig_outcome(r, 1, good).class, OUTCOME_ACCEPTED);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_PERMISSION), 0);
	assert_int_equal(rig_noted(r, GRAPH_NOTE_DENIED), 1);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again_is_tried_at_once_when_it_was_refused),
		cmocka_unit_test(a_certificate_signs_a_fresh_statement_each_time),
		cmocka_unit_test(the_end_of_a_certificate_is_told_once_a_day),
		cmocka_unit_test(the_end_of_a_secret_is_told_when_it_is_known),
		cmocka_unit_test(secret_and_certificate_replace_each_other),
		cmocka_unit_test(a_token_without_the_role_is_explained),
		cmocka_unit_test(asks_at_start_in_the_right_words),
		cmocka_unit_test(a_token_is_asked_for_graph_itself_not_for_the_proxy_before_it),
		cmocka_unit_test(each_request_has_its_own_id),
		cmocka_unit_test(renews_five_minutes_early_or_at_half_life),
		cmocka_unit_test(an_ended_token_is_not_used),
		cmocka_unit_test(refused_credentials_are_said_and_tried_slowly),
		cmocka_unit_test(a_secret_that_changes_during_a_request_gets_its_own),
		cmocka_unit_test(passing_trouble_backs_off),
		cmocka_unit_test(retry_after_of_the_token_endpoint_is_obeyed),
		cmocka_unit_test(a_401_renews_the_token_once_and_then_is_reported),
		cmocka_unit_test(a_401_soon_after_another_waits_for_its_turn),
		cmocka_unit_test(a_claims_challenge_goes_into_one_request),
		cmocka_unit_test(a_403_drops_the_token_once_then_names_the_permission),
		cmocka_unit_test(a_403_for_one_among_many_is_that_users),
	};
	return cmocka_run_group_tests_name("sink/token", tests, NULL, forget_pair);
}
