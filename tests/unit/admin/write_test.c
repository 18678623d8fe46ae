/* Changes: what reaches the loop thread, what comes back, and what never gets there. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/route.h"
#include "base/date.h"
#include "harness.h"

#define USER "/api/v1/accounts/acme/users/u1%40acme.example"
#define LINE "/api/v1/accounts/acme/connectors/hq/lines/201"

static struct harness h;
static struct admin_command cmd;

static int set_up(void **state)
{
	struct harness_options o = {.users = 10, .command_ms = 300};
	(void)state;

	harness_start(&h, &o);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	admin_command_fini(&cmd);
	harness_stop(&h);
	return 0;
}

/* Asks, hands the command to the test in cmd, answers it with status and json; the body's in *ret.
 */
static void change(const char *method, const char *path, const char *body, int status,
		   const char *json, struct reply *ret)
{
	int fd = harness_begin(&h, true, method, path, body);

	admin_command_fini(&cmd);
	assert_true(harness_command(&h, &cmd));
	admin_answer(h.admin, cmd.id, status, json);
	harness_receive(fd, ret);
	close(fd);
}

static void refused(const char *method, const char *path, const char *body, int status)
{
	struct reply r;

	harness_ask(&h, true, method, path, body, &r);
	if (r.status != status)
		fail_msg("%s %s %s: %d", method, path, body ? body : "", r.status);
	assert_non_null(strstr(r.body, "\"detail\""));
	reply_fini(&r);
	assert_false(admin_take(h.admin, &cmd));
}

static void a_profile_reaches_the_loop(void **state)
{
	char body[100], until[DATE_LEN + 1];
	int64_t end_ms = harness_wall_ms() / 1000 * 1000 + 3600000;
	struct reply r;
	(void)state;

	date_format(end_ms, until);
	snprintf(body, sizeof(body), "{\"state\":\"away\",\"until\":\"%s\"}", until);
	change("PUT", USER "/profile", body, 200, NULL, &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{}\n");
	reply_fini(&r);
	assert_int_equal(cmd.kind, ADMIN_SET_PROFILE);
	assert_int_equal(cmd.user, 1);
	assert_int_equal(cmd.account, 0);
	assert_string_equal(cmd.email, "u1@acme.example");
	assert_int_equal(cmd.profile, PROFILE_AWAY);
	assert_int_equal(cmd.until_wall_ms, end_ms);
	change("PUT", USER "/profile", "{\"state\":\"not-available\",\"until\":null}", 200, NULL,
	       &r);
	reply_fini(&r);
	assert_int_equal(cmd.profile, PROFILE_NOT_AVAILABLE);
	assert_int_equal(cmd.until_wall_ms, TIME_NEVER);
}

static void wrong_bodies(void **state)
{
	static const char *const profiles[] = {
	    "",
	    "{}",
	    "[]",
	    "{\"state\":1}",
	    "{\"state\":\"happy\"}",
	    "{\"state\":\"away\"",
	    "{\"state\":\"away\",\"state\":\"busy\"}",
	    "{\"state\":\"away\",\"untill\":null}",
	    "{\"state\":\"away\",\"until\":1}",
	    "{\"state\":\"away\",\"until\":\"14:00\"}",
	    "{\"state\":\"away\",\"until\":\"2001-01-01T00:00:00Z\"}",
	    "{\"state\":\"away\"}x",
	    "\xff",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		refused("PUT", USER "/profile", profiles[i], 400);
	refused("PUT", USER "/enabled", "{}", 400);
	refused("PUT", USER "/enabled", "{\"enabled\":1}", 400);
	refused("PUT", "/api/v1/accounts/acme/users/nobody/profile", "{\"state\":\"away\"}", 404);
	refused("PUT", "/api/v1/accounts/none/users/u1/profile", "{\"state\":\"away\"}", 404);
	refused("POST", "/api/v1/clear", "{}", 400);
	refused("POST", "/api/v1/clear", "{\"all\":true,\"account\":\"acme\"}", 400);
	refused("POST", "/api/v1/clear", "{\"account\":\"none\"}", 404);
	refused("POST", "/api/v1/reload", "{\"now\":1}", 400);
	refused("PUT", "/api/v1/log-level", "{\"level\":\"loud\"}", 400);
	refused("POST", "/api/v1/accounts/acme/users:import", "", 400);
	refused("POST", "/api/v1/accounts/none/users:import", "a", 404);
	refused("POST", USER "/profile", "{\"state\":\"away\"}", 405);
}

static void every_other_change(void **state)
{
	struct reply r;
	(void)state;

	change("PUT", USER "/enabled", "{\"enabled\":false}", 200, NULL, &r);
	assert_int_equal(cmd.kind, ADMIN_ENABLE_USER);
	assert_false(cmd.enabled);
	reply_fini(&r);
	change("POST", "/api/v1/accounts/acme/users:import?dry_run=true", "email,name\na@b,A\n",
	       200, "{\"added\":1,\"errors\":[]}", &r);
	assert_int_equal(cmd.kind, ADMIN_IMPORT_USERS);
	assert_string_equal(cmd.text, "email,name\na@b,A\n");
	assert_int_equal(cmd.text_n, strlen(cmd.text));
	assert_true(cmd.dry_run);
	assert_string_equal(r.body, "{\"added\":1,\"errors\":[]}\n");
	reply_fini(&r);
	change("POST", "/api/v1/clear", "{\"all\":true}", 200, "{\"users\":3}", &r);
	assert_int_equal(cmd.kind, ADMIN_CLEAR);
	assert_int_equal(cmd.account, UINT16_MAX);
	reply_fini(&r);
	change("POST", "/api/v1/clear", "{\"account\":\"umbrella & sons\"}", 200, NULL, &r);
	assert_int_equal(cmd.account, 1);
	reply_fini(&r);
	change("POST", "/api/v1/reload", NULL, 200, NULL, &r);
	assert_int_equal(cmd.kind, ADMIN_RELOAD);
	reply_fini(&r);
	change("PUT", "/api/v1/log-level", "{\"level\":\"debug\"}", 200, NULL, &r);
	assert_int_equal(cmd.kind, ADMIN_LOG_LEVEL);
	assert_int_equal(cmd.log_level, 7);
	reply_fini(&r);
	change("POST", "/api/v1/check", NULL, 200, NULL, &r);
	assert_int_equal(cmd.kind, ADMIN_CHECK);
	assert_non_null(strstr(r.body, "\"checks\":[")); /* the snapshot */
	reply_fini(&r);
}

static void the_loop_may_refuse(void **state)
{
	struct reply r;
	char type[64];
	int fd = harness_begin(&h, true, "POST", "/api/v1/reload", NULL);
	(void)state;

	assert_true(harness_command(&h, &cmd));
	admin_refuse(h.admin, cmd.id, 422, "the configuration is bad",
		     "offhook.yaml:3: \"x\" is no key");
	harness_receive(fd, &r);
	close(fd);
	assert_int_equal(r.status, 422);
	assert_string_equal(reply_header(&r, "Content-Type", type, sizeof(type)),
			    "application/problem+json");
	assert_non_null(strstr(r.body, "\\\"x\\\" is no key"));
	reply_fini(&r);
}

static void a_silent_loop_is_504(void **state)
{
	struct reply r;
	int fd = harness_begin(&h, true, "POST", "/api/v1/reload", NULL);
	(void)state;

	assert_true(harness_command(&h, &cmd));
	harness_receive(fd, &r);
	close(fd);
	assert_int_equal(r.status, 504);
	reply_fini(&r);
	admin_answer(h.admin, cmd.id, 200, NULL); /* too late: no harm */
	admin_answer(h.admin, 999, 200, NULL);
	harness_ask(&h, true, "GET", "/healthz", NULL, &r);
	assert_int_equal(r.status, 200);
	reply_fini(&r);
}

static void answers_find_their_own_request(void **state)
{
	int fds[20];
	struct admin_command all[20];
	struct reply r;
	(void)state;

	for (int i = 0; i < 20; i++)
		fds[i] = harness_begin(&h, true, "PUT", USER "/enabled", "{\"enabled\":true}");
	for (int i = 0; i < 20; i++)
		assert_true(harness_command(&h, &all[i]));
	for (int i = 19; i >= 0; i--) {
		char json[40];

		snprintf(json, sizeof(json), "{\"id\":%d}", (int)all[i].id);
		admin_answer(h.admin, all[i].id, 200, json);
		admin_command_fini(&all[i]);
	}
	for (int i = 0, sum = 0; i < 20; i++) {
		harness_receive(fds[i], &r);
		assert_int_equal(r.status, 200);
		sum += (int)strtol(r.body + 6, NULL, 10);
		assert_true(i < 19 || sum == 210);
		reply_fini(&r);
		close(fds[i]);
	}
}

/* A report goes on as it came: what it says is the connector's to judge. */
static void reports_on_lines(void **state)
{
	struct reply r;
	int fd;
	(void)state;

	fd = harness_begin(&h, true, "PUT",
			   "/api/v1/accounts/acme/connectors/c%2F1/lines/%2B49/state", "{no json");
	assert_true(harness_command(&h, &cmd));
	assert_int_equal(cmd.kind, ADMIN_REPORT);
	assert_int_equal(cmd.account, 0);
	assert_string_equal(cmd.connector, "c/1");
	assert_string_equal(cmd.line, "+49");
	assert_string_equal(cmd.text, "{no json");
	admin_answer(h.admin, cmd.id, 200, "{\"result\":\"applied\"}");
	admin_command_fini(&cmd);
	harness_receive(fd, &r);
	close(fd);
	assert_int_equal(r.status, 200);
	reply_fini(&r);
	fd = harness_begin(&h, true, "POST", "/api/v1/accounts/acme/connectors/hq/events", "[]");
	assert_true(harness_command(&h, &cmd));
	assert_string_equal(cmd.line, "");
	admin_refuse(h.admin, cmd.id, 404, "not found", "no such webhook connector");
	admin_command_fini(&cmd);
	harness_receive(fd, &r);
	close(fd);
	assert_int_equal(r.status, 404);
	reply_fini(&r);
	harness_ask(&h, true, "POST", "/api/v1/accounts/nope/connectors/hq/events", "[]", &r);
	assert_int_equal(r.status, 404);
	reply_fini(&r);
}

/* The whole table: nothing that changes anything is taken over TCP. */
static void tcp_is_read_only(void **state)
{
	static const char *const paths[ROUTE_COUNT] = {
	    [ROUTE_PROFILE] = USER "/profile",
	    [ROUTE_ENABLED] = USER "/enabled",
	    [ROUTE_IMPORT] = "/api/v1/accounts/acme/users:import",
	    [ROUTE_RELOAD] = "/api/v1/reload",
	    [ROUTE_CLEAR] = "/api/v1/clear",
	    [ROUTE_CHECK] = "/api/v1/check",
	    [ROUTE_LOG_LEVEL] = "/api/v1/log-level",
	    [ROUTE_LINE_STATE] = LINE "/state",
	    [ROUTE_LINE_STATE_PUT] = LINE "/state",
	    [ROUTE_LINE_REPORTS] = "/api/v1/accounts/acme/connectors/hq/events",
	};
	struct reply r;
	(void)state;

	for (int i = 0; i < ROUTE_COUNT; i++) {
		if (routes[i].where != ROUTE_WRITE)
			continue;
		assert_non_null(paths[i]);
		harness_ask(&h, false, routes[i].method, paths[i], "{\"state\":\"away\"}", &r);
		if (r.status != 403)
			fail_msg("%s: %d", paths[i], r.status);
		reply_fini(&r);
	}
	assert_false(admin_take(h.admin, &cmd));
}

static void stopping_answers_who_waits(void **state)
{
	struct reply r;
	int fd = harness_begin(&h, true, "POST", "/api/v1/reload", NULL);
	(void)state;

	assert_true(harness_command(&h, &cmd));
	harness_stop(&h);
	harness_receive(fd, &r);
	close(fd);
	assert_true(r.status == 503 || r.status == 0);
	reply_fini(&r);
	assert_int_not_equal(access(h.socket_path, F_OK), 0);
	harness_start(&h, NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_profile_reaches_the_loop), CASE(wrong_bodies),
	    CASE(every_other_change),	      CASE(the_loop_may_refuse),
	    CASE(a_silent_loop_is_504),	      CASE(answers_find_their_own_request),
	    CASE(reports_on_lines), CASE(tcp_is_read_only),	      CASE(stopping_answers_who_waits),
	};
	return cmocka_run_group_tests_name("admin/write", tests, NULL, NULL);
}
