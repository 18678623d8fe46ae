#include "cloud_help.h"

static void people_and_their_clients(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/users",
				 "[{\"email\":\"cy@acme.example\",\"name\":\"Cy\",\"aliases\":[\"c@"
				 "x.example\"]},"
				 "{\"email\":\"dee@acme.example\"}]"),
			 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "ids")), 2);
	assert_int_equal(control(&w, "POST", "/users", "{\"email\":\"cy@acme.example\"}"), 409);
	assert_int_equal(control(&w, "POST", "/users", "{\"name\":\"x\"}"), 400);
	assert_int_equal(control(&w, "GET", "/users", ""), 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "users")), 4);
	assert_int_equal(control(&w, "POST", "/users/cy@acme.example/client", "{\"state\":\"active\"}"),
			 200);
	assert_string_equal(answer(&w, "availability"), "Available");
	assert_int_equal(control(&w, "POST", "/users/cy%40acme.example/client",
				 "{\"state\":\"presenting\",\"device\":\"powerpoint\"}"),
			 200);
	assert_string_equal(answer(&w, "activity"), "Presenting");
	assert_string_equal(answer(&w, "client"), "presenting");
	assert_int_equal(control(&w, "POST", "/users/cy@acme.example/client", "{\"state\":\"x\"}"), 400);
	assert_int_equal(control(&w, "POST", "/users/no@acme.example/client", "{\"state\":\"busy\"}"), 404);
	assert_int_equal(control(&w, "POST", "/users/cy@acme.example/pin", "{\"availability\":\"Away\"}"),
			 200);
	assert_string_equal(answer(&w, "availability"), "Away");
	assert_int_equal(control(&w, "POST", "/users/cy@acme.example/pin", "{\"availability\":null}"), 200);
	assert_string_equal(answer(&w, "availability"), "DoNotDisturb");
	assert_int_equal(control(&w, "POST", "/users/cy@acme.example/pin", "{}"), 400);
	assert_int_equal(control(&w, "DELETE", "/users/dee@acme.example", ""), 200);
	assert_int_equal(control(&w, "GET", "/users/dee@acme.example", ""), 404);
	world_fini(&w);
}

static void the_state_tells_sessions(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT10M"), 200);
	w.now_ms += 60000;
	assert_int_equal(control(&w, "GET", "/state?match=ANA", ""), 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "users")), 1);
	assert_string_equal(answer(&w, "users.0.email"), "ana@acme.example");
	assert_string_equal(answer(&w, "users.0.session.activity"), "InACall");
	assert_string_equal(answer(&w, "users.0.sessions.0.app"), APP);
	json_t *user = json_array_get(json_object_get(w.body, "users"), 0);
	json_t *session = json_array_get(json_object_get(user, "sessions"), 0);
	assert_int_equal(json_integer_value(json_object_get(session, "expires_in_s")), 540);
	assert_int_equal(json_integer_value(json_object_get(user, "writes")), 1);
	assert_int_equal(control(&w, "GET", "/state?limit=1&from=1", ""), 200);
	assert_string_equal(answer(&w, "users.0.email"), "bo@acme.example");
	world_fini(&w);
}

static void the_clock_goes_ahead_and_never_back(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT10M"), 200);
	assert_int_equal(control(&w, "POST", "/clock/advance", "{\"seconds\":599}"), 200);
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	assert_int_equal(control(&w, "POST", "/clock/advance", "{\"seconds\":1}"), 200);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_int_equal(control(&w, "POST", "/clock/advance", "{\"seconds\":-1}"), 400);
	assert_int_equal(control(&w, "POST", "/clock/advance", "{}"), 400);
	int64_t before = cloud_now(w.c, w.now_ms);
	assert_int_equal(before, T0 + 600000);
	assert_int_equal(cloud_now(w.c, w.now_ms - 5000), before);
	assert_int_equal(cloud_now(w.c, w.now_ms + 1000), before + 1000);
	world_fini(&w);
}

static void faults_limits_and_switches(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/faults",
				 "[{\"kind\":\"status\",\"status\":503,\"count\":1,\"ops\":[\"setPresence\"],"
				 "\"user\":\"ana@acme.example\",\"retry_after\":\"3\"},"
				 "{\"kind\":\"slow\",\"delay_ms\":5}]"),
			 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "faults")), 2);
	assert_int_equal(act_on(&w, BO, "setPresence", SET_BODY), 200);
	assert_int_equal(w.rs.delay_ms, 5);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 503);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	assert_int_equal(control(&w, "POST", "/faults", "{\"kind\":\"x\"}"), 400);
	assert_int_equal(control(&w, "POST", "/faults", "{\"kind\":\"slow\",\"ops\":[\"x\"]}"), 400);
	assert_int_equal(control(&w, "POST", "/faults", "{\"kind\":\"slow\",\"user\":\"x\"}"), 400);
	assert_int_equal(control(&w, "POST", "/faults", "{\"kind\":\"reset\",\"when\":\"mid\"}"), 200);
	assert_int_equal(control(&w, "DELETE", "/faults", ""), 200);
	assert_int_equal(control(&w, "POST", "/limiter",
				 "{\"shape\":\"fixed\",\"quota\":1,\"window_ms\":60000,\"retry_after\":"
				 "\"decimal\"}"),
			 200);
	seen(&w, ANA);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" ANA "/presence", ""), 429);
	assert_int_equal(control(&w, "POST", "/limiter", "{\"shape\":\"round\"}"), 400);
	assert_int_equal(control(&w, "POST", "/limiter", "{\"quota\":1500,\"window_ms\":30000}"), 200);
	assert_int_equal(control(&w, "POST", "/switches", "{\"upn_in_path\":true}"), 200);
	assert_string_equal(seen(&w, "ana@acme.example"), "Busy/InACall");
	assert_int_equal(control(&w, "POST", "/switches", "{\"order\":[\"body\",\"body\"]}"), 400);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/roles", "{\"roles\":\"\"}"), 200);
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 403);
	world_fini(&w);
}

static void log_and_counters_and_reset(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	assert_int_equal(control(&w, "GET", "/log?n=1", ""), 200);
	assert_string_equal(answer(&w, "log.0.op"), "setPresence");
	assert_string_equal(answer(&w, "log.0.user"), "ana@acme.example");
	assert_string_equal(answer(&w, "log.0.summary"), "Busy/InACall");
	json_int_t next = answer_n(&w, "next");
	char target[40];
	snprintf(target, sizeof target, "/log?since=%lld", (long long)next);
	seen(&w, ANA);
	assert_int_equal(control(&w, "GET", target, ""), 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "log")), 1);
	/* Nothing secret is in the log. */
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(control(&w, "GET", "/log", ""), 200);
	assert_null(strstr(w.rs.body.p, "s3cret"));
	assert_null(strstr(w.rs.body.p, w.bearer + 7));
	assert_int_equal(control(&w, "GET", "/counters", ""), 200);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(w.body, "requests"),
							    "setPresence")),
			 1);
	assert_int_equal(answer_n(&w, "presence_peak"), 2);
	assert_int_equal(control(&w, "POST", "/reset", "{}"), 200);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_int_equal(control(&w, "POST", "/reset", "{\"users\":true}"), 200);
	assert_int_equal(cloud_users(w.c), 0);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" ANA "/presence", ""), 404);
	world_fini(&w);
}

static void what_is_no_request(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "GET", "/nothing", ""), 404);
	assert_int_equal(control(&w, "PUT", "/state", ""), 405);
	assert_int_equal(control(&w, "POST", "/faults", "{"), 400);
	assert_int_equal(control(&w, "POST", "/faults", ""), 400);
	assert_int_equal(control(&w, "POST", "/clock/advance", ""), 400);
	assert_int_equal(control(&w, "POST", "/users", ""), 400);
	assert_int_equal(control(&w, "POST", "/users//client", "{}"), 404);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_and_their_clients),
		cmocka_unit_test(the_state_tells_sessions),
		cmocka_unit_test(the_clock_goes_ahead_and_never_back),
		cmocka_unit_test(faults_limits_and_switches),
		cmocka_unit_test(log_and_counters_and_reset),
		cmocka_unit_test(what_is_no_request),
	};
	return cmocka_run_group_tests_name("sim/cloud_control", tests, NULL, NULL);
}
