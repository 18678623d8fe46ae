#include "cloud_help.h"

static void add(struct world *w, struct cloud_fault f)
{
	f.user = f.user ? f.user : CLOUD_NO_USER;
	assert_int_equal(cloud_fault_add(w->c, &f), ERR_OK);
}

static bool holds(struct world *w)
{
	struct cloud_pair p;
	int64_t expires_ms;

	return cloud_session(w->c, w->now_ms, 0, NULL, &p, &expires_ms);
}

static void a_count_is_used_up(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_UNAUTHORIZED, .count = 2 });
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 401);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 401);
	assert_false(holds(&w));
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	world_fini(&w);
}

static void rules_by_user_and_operation(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_NOT_FOUND, .user = 1 });
	assert_int_equal(act_on(&w, BO, "setPresence", SET_BODY), 404);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	cloud_faults_clear(w.c);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_STATUS, .status = 503,
				      .ops = 1u << CLOUD_OP_CLEAR, .retry_after = "7" });
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 503);
	assert_true(answer_header_is(&w, "Retry-After", "7"));
	assert_true(holds(&w));
	world_fini(&w);
}

static void an_error_after_the_change(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){
			.kind = CLOUD_FAULT_STATUS, .status = 504, .after_apply = true, .count = 1 });
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 504);
	assert_true(holds(&w));
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_STATUS, .status = 504, .count = 1 });
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 504);
	assert_true(holds(&w));
	world_fini(&w);
}

static void resets_before_and_after_the_change(void **state)
{
	static const bool applied[] = { [CLOUD_CUT_BEFORE] = false, [CLOUD_CUT_AFTER] = true,
					[CLOUD_CUT_MID] = true };
	(void)state;

	for (uint8_t cut = CLOUD_CUT_BEFORE; cut < CLOUD_CUT_COUNT; cut++) {
		struct world w;

		world_init(&w);
		add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_RESET, .cut = cut, .count = 1 });
		act_on(&w, ANA, "setPresence", SET_BODY);
		assert_int_equal(w.rs.cut, cut);
		assert_int_equal(holds(&w), applied[cut]);
		act_on(&w, ANA, "setPresence", SET_BODY);
		assert_int_equal(w.rs.cut, CLOUD_CUT_NONE);
		world_fini(&w);
	}
}

/* Tokens issued so far are struck; a new one is good. */
static void acts_on_tokens(void **state)
{
	static const struct {
		uint8_t kind;
		int status;
	} rows[] = { { CLOUD_FAULT_EXPIRE_TOKENS, 401 }, { CLOUD_FAULT_CAE, 401 },
		     { CLOUD_FAULT_FORBID_TOKENS, 403 } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		add(&w, (struct cloud_fault){ .kind = rows[i].kind });
		for (int n = 0; n < 3; n++)
			assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), rows[i].status);
		struct slice ask_for = cloud_response_header(&w.rs, "WWW-Authenticate");
		bool challenge = slice_find_str(ask_for, SLICE_LIT("insufficient_claims")) < ask_for.n;
		assert_int_equal(challenge, rows[i].kind == CLOUD_FAULT_CAE);
		assert_int_equal(get_token(&w), 200);
		assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
		world_fini(&w);
	}
}

static void lost_sessions(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_DROP_SESSIONS });
	assert_false(holds(&w));
	world_fini(&w);
}

static void a_refused_token(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_TOKEN, .code = 53003, .count = 1 });
	assert_int_equal(get_token(&w), 400);
	assert_string_equal(answer(&w, "error"), "access_denied");
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_STATUS, .status = 500, .count = 1,
				      .ops = 1u << CLOUD_OP_TOKEN });
	assert_int_equal(get_token(&w), 500);
	assert_int_equal(get_token(&w), 200);
	world_fini(&w);
}

static void odd_words_in_readings(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_CAMEL_CASE });
	assert_string_equal(seen(&w, ANA), "busy/inACall");
	cloud_faults_clear(w.c);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_UNKNOWN_VALUES });
	assert_string_equal(seen(&w, ANA), "workingOnMars/workingOnMars");
	cloud_faults_clear(w.c);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_NULL_FIELDS });
	seen(&w, ANA);
	assert_true(json_is_null(json_object_get(w.body, "sequenceNumber")));
	assert_true(json_is_null(json_object_get(w.body, "outOfOfficeSettings")));
	world_fini(&w);
}

static void ways_of_sending(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_SLOW, .delay_ms = 1500, .count = 1 });
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_SLOW_BODY, .delay_ms = 200, .count = 1 });
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_CHUNKED, .count = 1 });
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_GZIP, .count = 1 });
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_CLOCK_SKEW, .delay_ms = -600000, .count = 1 });
	seen(&w, ANA);
	assert_int_equal(w.rs.delay_ms, 1500);
	assert_int_equal(w.rs.pause_ms, 200);
	assert_true(w.rs.chunked && w.rs.gzip);
	assert_int_equal(w.rs.date_ms, T0 - 600000);
	seen(&w, ANA);
	assert_int_equal(w.rs.delay_ms, 0);
	assert_int_equal(w.rs.pause_ms, 0);
	assert_false(w.rs.chunked || w.rs.gzip);
	assert_int_equal(w.rs.date_ms, T0);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_PAGE_SIZE, .code = 1 });
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_ESCAPED_LINK });
	assert_int_equal(ask(&w, "GET", "/v1.0/users", ""), 200);
	const char *link = json_string_value(json_object_get(w.body, "@odata.nextLink"));
	assert_non_null(strstr(link, "%24skiptoken="));
	assert_int_equal(ask(&w, "GET", strstr(link, "/v1.0/"), ""), 200);
	assert_string_equal(answer(&w, "value.0.mail"), "bo@acme.example");
	assert_null(json_object_get(w.body, "@odata.nextLink"));
	world_fini(&w);
}

static void percentages(void **state)
{
	struct world w;
	unsigned failed = 0;
	(void)state;

	world_init(&w);
	add(&w, (struct cloud_fault){ .kind = CLOUD_FAULT_STATUS, .status = 500, .percent = 25 });
	for (int i = 0; i < 1000; i++)
		failed += ask(&w, "GET", "/v1.0/users/" ANA "/presence", "") == 500;
	assert_in_range(failed, 190, 310);
	world_fini(&w);
}

static void forms_of_retry_after(void **state)
{
	static const struct {
		enum cloud_retry_after form;
		const char *text; /* NULL: absent */
	} rows[] = {
		{ CLOUD_RETRY_INTEGER, "28" },
		{ CLOUD_RETRY_DECIMAL, "27.500" },
		{ CLOUD_RETRY_DATE, "Tue, 14 Nov 2023 22:13:50 GMT" },
		{ CLOUD_RETRY_ABSENT, NULL },
	};
	struct cloud_limit_config one = { CLOUD_LIMIT_SLIDING, 1, 30000, true };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		assert_int_equal(cloud_presence_limit(w.c, w.now_ms, &one), ERR_OK);
		cloud_retry_after(w.c, rows[i].form);
		seen(&w, ANA);
		w.now_ms += 2500;
		assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 429);
		assert_string_equal(answer(&w, "error.code"), "TooManyRequests");
		assert_string_equal(answer(&w, "error.innerError.status"), "429");
		if (rows[i].text)
			assert_true(answer_header_is(&w, "retry-after", rows[i].text));
		else
			assert_null(cloud_response_header(&w.rs, "retry-after").p);
		world_fini(&w);
	}
}

static void bad_rules_are_refused(void **state)
{
	struct world w;
	struct cloud_fault bad[] = {
		{ .kind = CLOUD_FAULT_COUNT, .user = CLOUD_NO_USER },
		{ .kind = CLOUD_FAULT_STATUS, .status = 200, .user = CLOUD_NO_USER },
		{ .kind = CLOUD_FAULT_RESET, .user = CLOUD_NO_USER },
		{ .kind = CLOUD_FAULT_SLOW, .percent = 101, .user = CLOUD_NO_USER },
		{ .kind = CLOUD_FAULT_SLOW, .user = 2 },
	};
	struct cloud_fault good = { .kind = CLOUD_FAULT_SLOW, .user = CLOUD_NO_USER };
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(cloud_fault_add(w.c, &bad[i]), ERR_LIMIT);
	for (int i = 0; i < 64; i++)
		assert_int_equal(cloud_fault_add(w.c, &good), ERR_OK);
	assert_int_equal(cloud_fault_add(w.c, &good), ERR_LIMIT);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_used_up),
		cmocka_unit_test(rules_by_user_and_operation),
		cmocka_unit_test(an_error_after_the_change),
		cmocka_unit_test(resets_before_and_after_the_change),
		cmocka_unit_test(acts_on_tokens),
		cmocka_unit_test(lost_sessions),
		cmocka_unit_test(a_refused_token),
		cmocka_unit_test(odd_words_in_readings),
		cmocka_unit_test(ways_of_sending),
		cmocka_unit_test(percentages),
		cmocka_unit_test(forms_of_retry_after),
		cmocka_unit_test(bad_rules_are_refused),
	};
	return cmocka_run_group_tests_name("sim/cloud_fault", tests, NULL, NULL);
}
