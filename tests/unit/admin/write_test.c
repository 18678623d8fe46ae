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
	harness_stand_still(); /* the loop is silent when a case says so, not when a machine has other work */
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
	assert_string_equal(cmd.account_name, "acme");
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
	refused("POST", "/api/v1/clear", "{}", 400);
	refused("POST", "/api/v1/clear", "{\"all\":true,\"account\":\"acme\"}", 400);
	refused("POST", "/api/v1/clear", "{\"account\":\"\"}", 404);
	refused("POST", "/api/v1/check", "{\"account\":\"\"}", 404);
	refused("POST", "/api/v1/check", "{\"account\":7}", 400);
	refused("POST", "/api/v1/accounts/acme/setup/check", "{\"now\":1}", 400);
	refused("POST", "/api/v1/reload", "{\"now\":1}", 400);
	refused("PUT", "/api/v1/log-level", "{\"level\":\"loud\"}", 400);
	refused("POST", "/api/v1/accounts/acme/users:import", "", 400);
	refused("POST", USER "/profile", "{\"state\":\"away\"}", 405);
}

static const char *text_in(json_t *doc, const char *key)
{
	return json_string_value(json_object_get(doc, key));
}

/* A thread makes it; the loop thread gets the key, the answer has what it is to have. */
static void a_certificate_is_made(void **state)
{
	static const char path[] = "/api/v1/accounts/new/certificate";
	struct harness other;
	struct harness_options o = {.users = 1, .command_ms = 60000};
	struct reply r;
	(void)state;

	refused("POST", path, "{\"settings\":[]}", 400);
	refused("POST", path, "{\"key\":\"mine\"}", 400);
	harness_start(&other, &o);
	int fd = harness_begin(&other, true, "POST", path, "{\"settings\":{\"mode\":\"off\"}}");
	admin_command_fini(&cmd);
	while (!harness_command(&other, &cmd)) /* as long as a key takes */
		;
	assert_int_equal(cmd.kind, ADMIN_CERTIFICATE);
	assert_string_equal(cmd.account_name, "new");
	assert_int_equal(cmd.verb, ADMIN_CERTIFICATE_MAKE);
	json_t *doc = json_loads(cmd.text, 0, NULL);
	assert_non_null(strstr(json_string_value(json_object_get(doc, "key")), "BEGIN PRIVATE KEY"));
	assert_string_equal(text_in(json_object_get(doc, "settings"), "mode"), "off");
	assert_non_null(strstr(text_in(doc, "certificate"), "BEGIN CERTIFICATE"));
	json_decref(doc);
	admin_answer(other.admin, cmd.id, 201, "{\"sha1\":\"AB\"}");
	harness_receive(fd, &r);
	close(fd);
	assert_int_equal(r.status, 201);
	assert_string_equal(r.body, "{\"sha1\":\"AB\"}\n");
	reply_fini(&r);
	harness_stop(&other);
}

static void a_certificate_is_used_by_a_second_step(void **state)
{
	static const char path[] = "/api/v1/accounts/acme/certificate";
	struct reply r;
	(void)state;

	change("PUT", path, "{\"use\":true}", 200, "{\"in_use\":true}", &r);
	assert_int_equal(cmd.kind, ADMIN_CERTIFICATE);
	assert_int_equal(cmd.verb, ADMIN_CERTIFICATE_USE);
	assert_string_equal(cmd.account_name, "acme");
	assert_string_equal(r.body, "{\"in_use\":true}\n");
	reply_fini(&r);
	change("GET", path, NULL, 200, "{\"in_use\":false}", &r);
	assert_int_equal(cmd.verb, ADMIN_CERTIFICATE_SHOW);
	reply_fini(&r);
	change("DELETE", path, NULL, 200, NULL, &r);
	assert_int_equal(cmd.verb, ADMIN_CERTIFICATE_DROP);
	reply_fini(&r);
	refused("PUT", path, "{}", 400);
	refused("PUT", path, "{\"use\":false}", 400);
	refused("PUT", path, "{\"use\":true,\"force\":true}", 400);
}

static void every_other_change(void **state)
{
	struct reply r;
	(void)state;

	change("PUT", USER "/enabled", "{\"enabled\":false}", 200, NULL, &r);
	assert_int_equal(cmd.kind, ADMIN_ENABLE_USER);
	assert_false(cmd.enabled);
	assert_false(cmd.by_itself);
	reply_fini(&r);
	change("POST", "/api/v1/accounts/acme/users:import?dry_run=true", "email,name\na@b,A\n",
	       200, "{\"added\":1,\"errors\":[]}", &r);
	assert_int_equal(cmd.kind, ADMIN_IMPORT_USERS);
	assert_string_equal(cmd.text, "email,name\na@b,A\n");
	assert_int_equal(cmd.text_n, strlen(cmd.text));
	assert_true(cmd.dry_run);
	assert_string_equal(r.body, "{\"added\":1,\"errors\":[]}\n");
	reply_fini(&r);
	change("GET", "/api/v1/accounts/acme/setup", NULL, 200, "{\"steps\":[]}", &r);
	assert_int_equal(cmd.kind, ADMIN_SETUP);
	assert_string_equal(cmd.account_name, "acme");
	assert_false(cmd.ask);
	reply_fini(&r);
	change("POST", "/api/v1/accounts/acme/setup/check", "{}", 200, "{\"steps\":[]}", &r);
	assert_true(cmd.ask);
	reply_fini(&r);
	change("GET", "/api/v1/setup", NULL, 200, "{\"steps\":[]}", &r);
	assert_string_equal(cmd.account_name, "");
	reply_fini(&r);
	change("POST", "/api/v1/clear", "{\"all\":true}", 200, "{\"users\":3}", &r);
	assert_int_equal(cmd.kind, ADMIN_CLEAR);
	assert_string_equal(cmd.account_name, "");
	reply_fini(&r);
	change("POST", "/api/v1/clear", "{\"account\":\"umbrella & sons\"}", 200, NULL, &r);
	assert_string_equal(cmd.account_name, "umbrella & sons");
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
	assert_string_equal(cmd.account_name, "");
	assert_non_null(strstr(r.body, "\"checks\":[")); /* the snapshot */
	reply_fini(&r);
	change("POST", "/api/v1/accounts/acme/connectors/hq/test", "{}", 200,
	       "{\"ok\":true,\"checks\":[]}", &r);
	assert_int_equal(cmd.kind, ADMIN_CHECK);
	assert_string_equal(cmd.account_name, "acme");
	assert_string_equal(cmd.connector, "hq");
	reply_fini(&r);
	change("POST", "/api/v1/check", "{\"account\":\"umbrella & sons\"}", 200, NULL, &r);
	assert_string_equal(cmd.account_name, "umbrella & sons");
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
	harness_pass(300);
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

/* The snapshot lags behind a creation: names that it does not know go to the loop thread all the same. */
static void what_was_just_made_reaches_the_loop(void **state)
{
	static const struct {
		const char *method, *path, *body;
	} rows[] = {
	    {"PUT", "/api/v1/accounts/just-made/users/new%40acme.example", "{}"},
	    {"PUT", "/api/v1/accounts/just-made/users/new%40acme.example/profile", "{\"state\":\"away\"}"},
	    {"PUT", "/api/v1/accounts/just-made/users/new%40acme.example/enabled", "{\"enabled\":true}"},
	    {"DELETE", "/api/v1/accounts/just-made/users/new%40acme.example", NULL},
	    {"POST", "/api/v1/accounts/just-made/users:switch", "{\"emails\":[],\"enabled\":true}"},
	    {"POST", "/api/v1/accounts/just-made/users:import", "a"},
	    {"POST", "/api/v1/accounts/just-made/preview", "busy: dnd"},
	    {"POST", "/api/v1/accounts/just-made/setup/check", "{}"},
	    {"POST", "/api/v1/accounts/just-made/connectors/new/test", "{}"},
	    {"POST", "/api/v1/accounts/just-made/connectors/new/capture", "{\"seconds\":1}"},
	    {"POST", "/api/v1/accounts/just-made/connectors/new/events", "{}"},
	    {"POST", "/api/v1/clear", "{\"account\":\"just-made\"}"},
	    {"POST", "/api/v1/check", "{\"account\":\"just-made\"}"},
	};
	struct reply r;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		change(rows[i].method, rows[i].path, rows[i].body, 200, "{}", &r);
		assert_int_equal(r.status, 200);
		reply_fini(&r);
		assert_string_equal(cmd.account_name, "just-made");
		if (strstr(rows[i].path, "%40"))
			assert_string_equal(cmd.email, "new@acme.example");
		if (strstr(rows[i].path, "/connectors/"))
			assert_string_equal(cmd.connector, "new");
	}
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
	assert_string_equal(cmd.account_name, "acme");
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
}

#define CAPTURE "/api/v1/accounts/acme/connectors/hq/capture"

static void captures(void **state)
{
	struct reply r;
	(void)state;

	change("POST", CAPTURE, "{\"seconds\": 60, \"keep_lines\": true}", 200, "{\"capture\":7}", &r);
	assert_int_equal(cmd.kind, ADMIN_CAPTURE);
	assert_string_equal(cmd.connector, "hq");
	assert_int_equal(cmd.capture, 0);
	assert_int_equal(cmd.seconds, 60);
	assert_true(cmd.keep_lines);
	reply_fini(&r);
	change("POST", CAPTURE "/next", "{\"capture\": 7, \"stop\": true}", 200, "{\"text\":\"\"}", &r);
	assert_int_equal(cmd.capture, 7);
	assert_true(cmd.stop);
	reply_fini(&r);
	refused("POST", CAPTURE, "{\"seconds\": 0}", 400);
	refused("POST", CAPTURE, "{\"seconds\": 601}", 400);
	refused("POST", CAPTURE, "{\"seconds\": 65596}", 400);
	refused("POST", CAPTURE, NULL, 400);
	refused("POST", CAPTURE, "{\"seconds\": 5, \"lines\": true}", 400);
	refused("POST", CAPTURE "/next", "{\"stop\": true}", 400);
	refused("POST", CAPTURE "/next", "{\"capture\": -1}", 400);
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
	    CASE(what_was_just_made_reaches_the_loop),
	    CASE(a_certificate_is_used_by_a_second_step), CASE(captures),
	    CASE(a_certificate_is_made),
	    CASE(reports_on_lines), CASE(stopping_answers_who_waits),
	};
	return cmocka_run_group_tests_name("admin/write", tests, NULL, NULL);
}
