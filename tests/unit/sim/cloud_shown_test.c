/* People made anew, calendars, delayed visibility, and subscriptions that an application may not
 * have. */
#include "cloud_help.h"

static void made_anew_it_is_another_person(void **state)
{
	char first[40], second[40];
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/users", "{\"email\":\"cy@acme.example\"}"), 200);
	snprintf(first, sizeof first, "%s", answer(&w, "ids.0"));
	assert_int_equal(control(&w, "POST", "/users", "{\"email\":\"cy@acme.example\"}"), 409);
	assert_int_equal(control(&w, "DELETE", "/users/cy@acme.example", ""), 200);
	assert_int_equal(control(&w, "POST", "/users", "{\"email\":\"cy@acme.example\"}"), 200);
	snprintf(second, sizeof second, "%s", answer(&w, "ids.0"));
	assert_string_not_equal(first, second);
	assert_int_equal(act_on(&w, first, "setPresence", SET_BODY), 404);
	assert_int_equal(act_on(&w, second, "setPresence", SET_BODY), 200);
	assert_int_equal(ask(&w, "GET", "/v1.0/users?$filter=mail%20eq%20'cy@acme.example'", ""),
			 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "value")), 1);
	assert_string_equal(answer(&w, "value.0.id"), second);
	/* with an id of one's own; the id of one who is gone is not given again */
	assert_int_equal(control(&w, "DELETE", "/users/cy@acme.example", ""), 200);
	assert_int_equal(control(&w, "POST", "/users",
				 "{\"email\":\"cy@acme.example\",\"id\":\"" NOBODY "\"}"),
			 200);
	assert_int_equal(control(&w, "DELETE", "/users/cy@acme.example", ""), 200);
	assert_int_equal(control(&w, "POST", "/users",
				 "{\"email\":\"cy@acme.example\",\"id\":\"" NOBODY "\"}"),
			 409);
	/* one of them comes back */
	assert_int_equal(control(&w, "POST", "/reset", "{}"), 200);
	assert_int_equal(control(&w, "GET", "/state?match=cy@", ""), 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "users")), 1);
	assert_string_equal(answer(&w, "users.0.id"), NOBODY);
	world_fini(&w);
}

static void a_meeting_speaks_beside_sessions(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(
		control(&w, "POST", "/users/ana@acme.example/calendar",
			"{\"availability\":\"Busy\",\"activity\":\"InAMeeting\",\"minutes\":30}"),
		200);
	assert_string_equal(answer(&w, "calendar.activity"), "InAMeeting");
	assert_string_equal(seen(&w, ANA), "Offline/Offline"); /* alone it is no session */
	assert_int_equal(
		control(&w, "POST", "/users/ana@acme.example/client", "{\"state\":\"active\"}"),
		200);
	assert_string_equal(seen(&w, ANA), "Busy/InAMeeting");
	assert_int_equal(
		control(&w, "POST", "/users/ana@acme.example/client", "{\"state\":\"presenting\"}"),
		200);
	assert_string_equal(seen(&w, ANA), "DoNotDisturb/Presenting");
	assert_int_equal(
		control(&w, "POST", "/users/ana@acme.example/client", "{\"state\":\"inactive\"}"),
		200);
	w.now_ms += 30 * 60000;
	assert_string_equal(seen(&w, ANA), "Away/Away");
	assert_int_equal(control(&w, "POST", "/switches", "{\"calendar_alone\":true}"), 200);
	assert_int_equal(control(&w, "POST", "/users/bo@acme.example/calendar",
				 "{\"availability\":\"Busy\",\"activity\":\"InAMeeting\"}"),
			 200);
	assert_string_equal(seen(&w, BO), "Busy/InAMeeting");
	assert_int_equal(
		control(&w, "POST", "/users/bo@acme.example/calendar", "{\"availability\":null}"),
		200);
	assert_string_equal(seen(&w, BO), "Offline/Offline");
	assert_int_equal(control(&w, "POST", "/users/bo@acme.example/calendar",
				 "{\"availability\":\"Bsy\"}"),
			 400);
	world_fini(&w);
}

static const char *in_clients(struct world *w)
{
	assert_int_equal(control(w, "GET", "/users/ana@acme.example", ""), 200);
	return answer(w, "availability");
}

static void others_see_it_later(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(
		control(&w, "POST", "/switches", "{\"visible_after\":240,\"read_after\":5}"), 200);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT30M"), 200);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	assert_string_equal(in_clients(&w), "Offline");
	assert_string_equal(answer(&w, "becomes.availability"), "Busy");
	w.now_ms += 5000;
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	assert_string_equal(in_clients(&w), "Offline");
	assert_int_equal(act_on(&w, ANA, "clearPresence", CLEAR_BODY), 200);
	w.now_ms += 4999;
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	w.now_ms += 1;
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	w.now_ms += 230000; /* 240 s after the call began, 235 after it ended */
	assert_string_equal(in_clients(&w), "Busy");
	w.now_ms += 5000;
	assert_string_equal(in_clients(&w), "Offline");
	assert_int_equal(control(&w, "POST", "/switches", "{\"visible_after\":601}"), 400);
	assert_int_equal(control(&w, "POST", "/switches", "{\"visible_after\":0,\"read_after\":0}"),
			 200);
	assert_int_equal(set(&w, ANA, "Busy", "InACall", "PT30M"), 200);
	assert_string_equal(in_clients(&w), "Busy");
	world_fini(&w);
}

/* More changes than are kept: the oldest that is. */
static void a_flutter_is_seen_as_what_is_known(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/switches", "{\"read_after\":60}"), 200);
	for (int i = 0; i < 20; i++) {
		w.now_ms += 1000;
		assert_int_equal(i % 2 ? act_on(&w, ANA, "clearPresence", CLEAR_BODY)
				       : set(&w, ANA, "Busy", "InACall", "PT30M"),
				 200);
	}
	seen(&w, ANA);
	w.now_ms += 60000;
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	world_fini(&w);
}

#define SUBSCRIBE(resource, end)                                                                   \
	"{\"changeType\":\"updated\",\"notificationUrl\":\"https://h.example/"                     \
	"n\",\"resource\":\"" resource "\",\"expirationDateTime\":\"" end "\"}"

/* T0 is 2023-11-14T22:13:20Z. */
static void an_application_may_not_subscribe(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *code;
	} rows[] = {
		{ SUBSCRIBE("/communications/presences/" ANA, "2023-11-14T23:00:00.0000000Z"), 403,
		  "Forbidden" },
		{ SUBSCRIBE("communications/presences?$filter=id in ('" ANA "')",
			    "2023-11-14T23:00:00Z"),
		  403, "Forbidden" },
		{ SUBSCRIBE("/communications/presences/" ANA, "2023-11-14T23:13:21Z"), 400,
		  "ExtensionError" },
		{ SUBSCRIBE("/communications/presences/" ANA, "tomorrow"), 400, "InvalidRequest" },
		{ SUBSCRIBE("/users", "2023-11-14T23:00:00Z"), 400, "BadRequest" },
		{ "{\"changeType\":\"updated\"}", 400, "InvalidRequest" },
	};
	struct world w;
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ask(&w, "POST", "/v1.0/subscriptions", rows[i].body),
				 rows[i].status);
		assert_string_equal(answer(&w, "error.code"), rows[i].code);
	}
	assert_int_equal(ask(&w, "GET", "/v1.0/subscriptions", ""), 200);
	assert_int_equal(json_array_size(json_object_get(w.body, "value")), 0);
	assert_int_equal(ask(&w, "DELETE", "/v1.0/subscriptions/" NOBODY, ""), 404);
	w.bearer[0] = '\0';
	assert_int_equal(ask(&w, "POST", "/v1.0/subscriptions", rows[0].body), 401);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_anew_it_is_another_person),
		cmocka_unit_test(a_meeting_speaks_beside_sessions),
		cmocka_unit_test(others_see_it_later),
		cmocka_unit_test(a_flutter_is_seen_as_what_is_known),
		cmocka_unit_test(an_application_may_not_subscribe),
	};
	return cmocka_run_group_tests_name("sim/cloud_shown", tests, NULL, NULL);
}
