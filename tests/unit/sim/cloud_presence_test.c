#include "cloud_help.h"

enum { MINUTE = 60000 };

static void set_shows_and_clear_gives_back(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT1H"), 200);
	assert_int_equal(w.rs.body.n, 0);
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	assert_string_equal(seen(&w, BO), "Offline/Offline");
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 200);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 404);
	/* The same under the other path of the SDKs. */
	assert_int_equal(ask(&w, "POST", "/v1.0/communications/presences/" ANA "/setPresence", SET_BODY),
			 200);
	assert_int_equal(ask(&w, "GET", "/v1.0/communications/presences/" ANA, ""), 200);
	assert_string_equal(answer(&w, "activity"), "InACall");
	world_fini(&w);
}

/* What GET says of a session set at t0, minute by minute; a repeat restarts both clocks. */
static void a_session_fades_and_ends(void **state)
{
	static const struct {
		const char *availability, *activity, *life;
		int minute;
		const char *says;
	} rows[] = {
		{ "Available", "Available", "PT1H", 4, "Available/Available" },
		{ "Available", "Available", "PT1H", 5, "AvailableIdle/Inactive" },
		{ "Available", "Available", "PT1H", 9, "AvailableIdle/Inactive" },
		{ "Available", "Available", "PT1H", 10, "Away/Away" },
		{ "Available", "Available", "PT1H", 59, "Away/Away" },
		{ "Available", "Available", "PT1H", 60, "Offline/Offline" },
		{ "Available", "Available", NULL, 4, "Available/Available" },
		{ "Available", "Available", NULL, 5, "Offline/Offline" },
		{ "Busy", "InACall", NULL, 4, "Busy/InACall" },
		{ "Busy", "InACall", NULL, 5, "Offline/Offline" },
		{ "Busy", "InACall", "PT4H", 239, "Busy/InACall" },
		{ "Busy", "InACall", "PT4H", 240, "Offline/Offline" },
		{ "Busy", "InACall", "PT1H30M", 89, "Busy/InACall" },
		{ "Busy", "InACall", "PT1H30M", 90, "Offline/Offline" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		assert_int_equal(set(&w, ANA, rows[i].availability, rows[i].activity, rows[i].life), 200);
		w.now_ms += (int64_t)rows[i].minute * MINUTE;
		if (w.now_ms > T0 + 59 * MINUTE)
			assert_int_equal(get_token(&w), 200);
		assert_string_equal(seen(&w, ANA), rows[i].says);
		/* Gone means gone: there is nothing to clear. */
		assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY),
				 strcmp(rows[i].says, "Offline/Offline") ? 200 : 404);
		world_fini(&w);
	}
	struct world w;
	world_init(&w);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(set(&w, ANA, "Available", "Available", "PT5M"), 200);
		w.now_ms += 4 * MINUTE;
		assert_string_equal(seen(&w, ANA), "Available/Available");
	}
	world_fini(&w);
}

static void bodies_that_are_refused(void **state)
{
	static const struct {
		const char *action, *body;
		int status;
		const char *says; /* a piece of the message */
	} rows[] = {
		{ "setPresence", "", 400, "Empty" },
		{ "setPresence", "{", 400, "JSON" },
		{ "setPresence", "[]", 400, "object" },
		{ "setPresence", "{\"a\":1,\"a\":2}", 400, "JSON" },
		{ "setPresence", "{\"availability\":\"Busy\",\"activity\":\"InACall\"}", 400,
		  "[SessionId]: The SessionId field is required." },
		{ "setPresence", "{\"sessionId\":\"x\",\"availability\":\"Busy\",\"activity\":\"InACall\"}",
		  400, "GUID" },
		{ "setPresence",
		  "{\"sessionId\":\"" NOBODY "\",\"availability\":\"Busy\",\"activity\":\"InACall\"}", 400,
		  "caller's application" },
		{ "setPresence", "{\"sessionId\":\"" APP "\",\"activity\":\"InACall\"}", 400,
		  "[Availability]" },
		{ "setPresence", "{\"sessionId\":\"" APP "\",\"availability\":\"Busy\"}", 400, "[Activity]" },
		{ "clearPresence", "{}", 400, "[SessionId]" },
		{ "setUserPreferredPresence", "{\"availability\":\"Busy\",\"activity\":\"InACall\"}", 400,
		  "not supported" },
		{ "setStatusMessage", "{}", 400, "[StatusMessage]" },
		{ "setStatusMessage",
		  "{\"statusMessage\":{\"message\":{\"content\":\"x\",\"contentType\":\"html\"}}}", 400,
		  "contentType" },
	};
	struct world w;
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(act_on(&w, ANA, rows[i].action, rows[i].body), rows[i].status);
		if (!strstr(answer(&w, "error.message"), rows[i].says))
			fail_msg("row %zu: %s", i, answer(&w, "error.message"));
	}
	w.type = "text/plain";
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 400);
	w.type = "application/json; charset=utf-8";
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	world_fini(&w);
}

static void all_pairs_but_five_are_refused(void **state)
{
	struct world w;
	unsigned good = 0;
	(void)state;

	world_init(&w);
	for (unsigned a = 0; a < CLOUD_AVAILABILITY_COUNT; a++)
		for (unsigned b = 0; b < CLOUD_ACTIVITY_COUNT; b++)
			good += set(&w, ANA, cloud_availability_name(a), cloud_activity_name(b), NULL) == 200;
	assert_int_equal(good, 5);
	assert_int_equal(set(&w, ANA, "busy", "InACall", NULL), 400);
	struct cloud_switches s = { .name_case = true };
	assert_int_equal(cloud_switch(w.c, &s), ERR_OK);
	assert_int_equal(set(&w, ANA, "busy", "inACall", NULL), 200);
	world_fini(&w);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int minutes; /* -1: refused */
	} rows[] = {
		{ "PT5M", 5 },	   { "PT4H", 240 },    { "PT240M", 240 }, { "PT300S", 5 },
		{ "PT1H30M", 90 }, { "PT4M", -1 },     { "PT299S", -1 },  { "PT4H1S", -1 },
		{ "PT5H", -1 },	   { "P1D", -1 },      { "5M", -1 },	  { "PT", -1 },
		{ "P", -1 },	   { "PT5", -1 },      { "PTM", -1 },	  { "PT5M ", -1 },
		{ "pt5m", -1 },	   { "PT-5M", -1 },    { "PT30M1H", -1 }, { "PT1H1H", -1 },
		{ "P5M", -1 },	   { "PT99999999999999999999M", -1 },	  { "PT1.5H", -1 },
		{ "PTT5M", -1 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;
		struct cloud_pair p;
		int64_t expires_ms = 0;

		world_init(&w);
		int status = set(&w, ANA, "Busy", "InACall", rows[i].text);
		if (status != (rows[i].minutes < 0 ? 400 : 200))
			fail_msg("%s: %d", rows[i].text, status);
		assert_int_equal(cloud_session(w.c, w.now_ms, 0, NULL, &p, &expires_ms), status == 200);
		if (status == 200)
			assert_int_equal(expires_ms - T0, rows[i].minutes * MINUTE);
		world_fini(&w);
	}
}

/* Each row spoils the first n checks of the documented order; the answer is the first one's. */
static void checks_come_in_the_documented_order(void **state)
{
	static const int want[] = { 400, 401, 403, 404, 429, 200 };
	(void)state;

	for (size_t first = 0; first < ARRAY_LEN(want); first++) {
		struct world w;
		struct cloud_limit_config shut = { CLOUD_LIMIT_FIXED, 1, 3600000, false };

		world_init(&w);
		if (first <= 4)
			assert_int_equal(cloud_presence_limit(w.c, w.now_ms, &shut), ERR_OK);
		if (first <= 4)
			seen(&w, BO);
		if (first <= 2)
			assert_int_equal(cloud_app_roles(w.c, APP, "User.Read.All"), ERR_OK);
		assert_int_equal(get_token(&w), 200);
		if (first <= 1)
			snprintf(w.bearer, sizeof w.bearer, "Bearer nonsense");
		assert_int_equal(act_on(&w, first <= 3 ? NOBODY : ANA, "setPresence",
					first == 0 ? "{}" : SET_BODY),
				 want[first]);
		world_fini(&w);
	}
}

static void the_order_can_be_switched(void **state)
{
	struct world w;
	struct cloud_switches s = { .order = { CLOUD_CHECK_LIMIT, CLOUD_CHECK_USER, CLOUD_CHECK_TOKEN,
					       CLOUD_CHECK_ROLE, CLOUD_CHECK_BODY } };
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_switch(w.c, &s), ERR_OK);
	w.bearer[0] = '\0';
	assert_int_equal(act_on(&w, NOBODY, "setPresence", "{}"), 404);
	assert_int_equal(act_on(&w, ANA, "setPresence", "{}"), 401);
	s.order[0] = CLOUD_CHECK_BODY;
	assert_int_equal(cloud_switch(w.c, &s), ERR_LIMIT);
	world_fini(&w);
}

static void preferred_shows_while_there_is_a_session(void **state)
{
	struct world w;
	const struct cloud_pair busy = { CLOUD_AVAILABILITY_BUSY, CLOUD_ACTIVITY_BUSY };
	(void)state;

	world_init(&w);
	assert_int_equal(act_on(&w, ANA, "setUserPreferredPresence",
				"{\"availability\":\"DoNotDisturb\",\"activity\":\"DoNotDisturb\","
				"\"expirationDuration\":\"PT8H\"}"),
			 200);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_int_equal(set(&w, ANA, "Away", "Away", "PT4H"), 200);
	assert_string_equal(seen(&w, ANA), "DoNotDisturb/DoNotDisturb");
	assert_int_equal(act_on(&w, ANA, "clearUserPreferredPresence", "{}"), 200);
	assert_string_equal(seen(&w, ANA), "Away/Away");
	assert_int_equal(act_on(&w, ANA, "clearUserPreferredPresence", "{}"), 200);
	/* Busy by default lives a day. */
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "", CLOUD_CLIENT_ACTIVE), ERR_OK);
	assert_true(cloud_pin(w.c, w.now_ms, 0, &busy));
	assert_int_equal(cloud_seen(w.c, w.now_ms + 86399999, 0).availability, CLOUD_AVAILABILITY_BUSY);
	assert_int_equal(cloud_seen(w.c, w.now_ms + 86400000, 0).availability,
			 CLOUD_AVAILABILITY_AVAILABLE);
	/* By hand, offline never ends. */
	const struct cloud_pair offline = { CLOUD_AVAILABILITY_OFFLINE, CLOUD_ACTIVITY_OFF_WORK };
	assert_true(cloud_pin(w.c, w.now_ms, 0, &offline));
	assert_int_equal(cloud_seen(w.c, w.now_ms + (int64_t)86400000 * 400, 0).activity,
			 CLOUD_ACTIVITY_OFF_WORK);
	assert_true(cloud_pin(w.c, w.now_ms, 0, NULL));
	world_fini(&w);
}

/* The rows of the acceptance table that concern Teams alone: client x session held -> seen. */
static void the_acceptance_table(void **state)
{
	static const struct {
		const char *session, *client, *seen;
	} rows[] = {
		{ "", "signed-out", "Offline" },     { "", "inactive", "Away" },
		{ "", "active", "Available" },	     { "", "busy", "Busy" },
		{ "", "presenting", "DoNotDisturb" }, { "Busy", "signed-out", "Busy" },
		{ "Busy", "inactive", "Busy" },	     { "Busy", "active", "Busy" },
		{ "Busy", "busy", "Busy" },	     { "Busy", "presenting", "DoNotDisturb" },
		{ "Away", "active", "Available" },   { "Away", "signed-out", "Away" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;
		uint8_t client = 0;

		world_init(&w);
		assert_true(cloud_client_parse(slice_str(rows[i].client), &client));
		assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "", client), ERR_OK);
		if (rows[i].session[0])
			assert_int_equal(set(&w, ANA, rows[i].session,
					     rows[i].session[0] == 'B' ? "InACall" : "Away", "PT10M"),
					 200);
		seen(&w, ANA);
		assert_string_equal(answer(&w, "availability"), rows[i].seen);
		world_fini(&w);
	}
}

static void several_devices_of_one_person(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "desktop", CLOUD_CLIENT_INACTIVE), ERR_OK);
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "mobile", CLOUD_CLIENT_ACTIVE), ERR_OK);
	assert_string_equal(seen(&w, ANA), "Available/Available");
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "mobile", CLOUD_CLIENT_SIGNED_OUT), ERR_OK);
	assert_string_equal(seen(&w, ANA), "Away/Away");
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "web", CLOUD_CLIENT_ACTIVE), ERR_OK);
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "powerpoint", CLOUD_CLIENT_PRESENTING),
			 ERR_OK);
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "mobile", CLOUD_CLIENT_ACTIVE), ERR_OK);
	assert_int_equal(cloud_client_set(w.c, w.now_ms, 0, "fifth", CLOUD_CLIENT_ACTIVE), ERR_LIMIT);
	assert_string_equal(seen(&w, ANA), "DoNotDisturb/Presenting");
	world_fini(&w);
}

static void reading_many(void **state)
{
	struct world w;
	struct buf ids;
	(void)state;

	world_init(&w);
	assert_int_equal(set(&w, BO, "Busy", "InAConferenceCall", NULL), 200);
	assert_int_equal(ask(&w, "POST", "/v1.0/communications/getPresencesByUserId",
			     "{\"ids\":[\"" BO "\",\"" NOBODY "\",\"" ANA "\"]}"),
			 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "value")), 2);
	assert_string_equal(answer(&w, "value.0.id"), BO);
	assert_string_equal(answer(&w, "value.0.activity"), "InAConferenceCall");
	assert_string_equal(answer(&w, "value.1.availability"), "Offline");
	for (int n = 650; n <= 651; n++) {
		buf_init(&ids, 100000);
		buf_str(&ids, "{\"ids\":[\"" ANA "\"");
		for (int i = 1; i < n; i++)
			buf_str(&ids, ",\"" ANA "\"");
		buf_str(&ids, "]}");
		assert_int_equal(ask(&w, "POST", "/v1.0/communications/getPresencesByUserId",
				     buf_cstr(&ids)),
				 n == 650 ? 200 : 400);
		buf_fini(&ids);
	}
	assert_int_equal(ask(&w, "POST", "/v1.0/communications/getPresencesByUserId", "{\"ids\":[]}"),
			 400);
	world_fini(&w);
}

static void status_message_and_sequence(void **state)
{
	struct world w;
	char before[40];
	(void)state;

	world_init(&w);
	seen(&w, ANA);
	snprintf(before, sizeof before, "%s", answer(&w, "sequenceNumber"));
	seen(&w, ANA);
	assert_string_equal(answer(&w, "sequenceNumber"), before);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", NULL), 200);
	seen(&w, ANA);
	assert_true(strcmp(answer(&w, "sequenceNumber"), before) > 0);
	assert_int_equal(act_on(&w, ANA, "setStatusMessage",
				"{\"statusMessage\":{\"message\":{\"content\":\"On the phone\","
				"\"contentType\":\"text\"},\"expiryDateTime\":{\"dateTime\":"
				"\"2023-11-14T23:13:20.0000000\",\"timeZone\":\"UTC\"}}}"),
			 200);
	seen(&w, ANA);
	assert_string_equal(answer(&w, "statusMessage.message.content"), "On the phone");
	w.now_ms += 3600000; /* T0 is 22:13:20 */
	assert_int_equal(get_token(&w), 200);
	seen(&w, ANA);
	assert_string_equal(answer(&w, "statusMessage.message.content"), "");
	world_fini(&w);
}

static void paths_and_methods(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(ask(&w, "GET", "/v1.0/me/presence", ""), 400);
	assert_int_equal(ask(&w, "GET", "/beta/users/" ANA "/presence", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" ANA "/presence/setPresence", ""), 405);
	assert_int_equal(ask(&w, "GET", "/v1.0/nothing", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/%zz/presence", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/a%00b/presence", ""), 400);
	/* A UPN in the path of presence is a switch. */
	assert_int_equal(ask(&w, "GET", "/v1.0/users/ana@acme.example/presence", ""), 404);
	struct cloud_switches s = { .upn_in_path = true };
	assert_int_equal(cloud_switch(w.c, &s), ERR_OK);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/ana%40acme.example/presence", ""), 200);
	world_fini(&w);
}

/* Two apps hold a session each; nobody clears the other's. */
static void sessions_belong_to_apps(void **state)
{
	struct world w;
	struct secret secret = { 0 };
	(void)state;

	world_init(&w);
	assert_int_equal(secret_set(&secret, SLICE_LIT("other")), ERR_OK);
	assert_int_equal(cloud_app_add(w.c, NOBODY, &secret, NULL), ERR_OK);
	secret_fini(&secret);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT1H"), 200);
	w.type = "application/x-www-form-urlencoded";
	assert_int_equal(ask(&w, "POST", "/" TENANT "/oauth2/v2.0/token",
			     "client_id=" NOBODY "&grant_type=client_credentials&client_secret=other"
			     "&scope=https://graph.microsoft.com/.default"),
			 200);
	snprintf(w.bearer, sizeof w.bearer, "Bearer %s", answer(&w, "access_token"));
	w.type = "application/json";
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 400);
	assert_int_equal(act_on(&w, ANA, "clearPresence", "{\"sessionId\":\"" NOBODY "\"}"), 404);
	assert_int_equal(act_on(&w, ANA, "setPresence",
				"{\"sessionId\":\"" NOBODY
				"\",\"availability\":\"DoNotDisturb\",\"activity\":\"Presenting\"}"),
			 200);
	assert_string_equal(seen(&w, ANA), "DoNotDisturb/Presenting");
	assert_int_equal(act_on(&w, ANA, "clearPresence", "{\"sessionId\":\"" NOBODY "\"}"), 200);
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_shows_and_clear_gives_back),
		cmocka_unit_test(a_session_fades_and_ends),
		cmocka_unit_test(bodies_that_are_refused),
		cmocka_unit_test(all_pairs_but_five_are_refused),
		cmocka_unit_test(durations),
		cmocka_unit_test(checks_come_in_the_documented_order),
		cmocka_unit_test(the_order_can_be_switched),
		cmocka_unit_test(preferred_shows_while_there_is_a_session),
		cmocka_unit_test(the_acceptance_table),
		cmocka_unit_test(several_devices_of_one_person),
		cmocka_unit_test(reading_many),
		cmocka_unit_test(status_message_and_sequence),
		cmocka_unit_test(paths_and_methods),
		cmocka_unit_test(sessions_belong_to_apps),
	};
	return cmocka_run_group_tests_name("sim/cloud_presence", tests, NULL, NULL);
}
