/* session_test.c - signing in with a password: what it takes, what it gives, how it ends. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "store/store.h"

#define SESSION "/api/v1/session"
#define PASSWORD SESSION "/password"

static struct harness h;
static struct reply r;
static char cookie[128], csrf[128], body[512], headers[1024];
static const char chosen[] = "a password of my own";

static int set_up(void **state)
{
	(void)state;
	harness_start(&h, &(struct harness_options){
				  .closed = true, .with_store = true, .command_ms = 60 });
	cookie[0] = csrf[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	reply_fini(&r);
	harness_stop(&h);
	return 0;
}

static int ask(const char *method, const char *path, const char *more, const char *text)
{
	reply_fini(&r);
	harness_ask_with(&h, method, path, more, text, &r);
	return r.status;
}

static json_t *doc_of(const struct reply *x)
{
	json_t *doc = json_loads(x->body, 0, NULL);

	assert_non_null(doc);
	return doc;
}

/* Cookie and csrf of the last answer. */
static void take_session(void)
{
	char value[256];
	json_t *doc = doc_of(&r);

	reply_header(&r, "Set-Cookie", value, sizeof(value));
	snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(value, ";"), value);
	snprintf(csrf, sizeof(csrf), "%s", json_string_value(json_object_get(doc, "csrf")));
	json_decref(doc);
}

static const char *with(const char *more)
{
	snprintf(headers, sizeof(headers), "Cookie: %s\r\n%s", cookie, more);
	return headers;
}

/* As a page of ours sends it. */
static const char *as_page(void)
{
	snprintf(headers, sizeof(headers),
		 "Cookie: %s\r\nX-Offhook-CSRF: %s\r\nOrigin: http://localhost:%u\r\n", cookie,
		 csrf, h.port);
	return headers;
}

static int sign_in(const char *name, const char *password)
{
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
	return ask("POST", SESSION, "", body);
}

static void begin(void)
{
	assert_int_equal(sign_in("admin", h.first_password), 200);
	take_session();
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", h.first_password, chosen);
	assert_int_equal(ask("PUT", PASSWORD, as_page(), body), 200);
	take_session();
}

static bool says(const char *key, const char *value)
{
	json_t *doc = doc_of(&r), *v = json_object_get(doc, key);
	bool same = json_is_string(v) ? strcmp(json_string_value(v), value) == 0
				      : strcmp(json_is_true(v)	  ? "true"
					       : json_is_false(v) ? "false"
								  : "null",
					       value) == 0;

	json_decref(doc);
	return same;
}

static void nobody_reads_before_signing_in(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/api/v1/accounts", "", NULL), 401);
	assert_int_equal(ask("GET", SESSION, "", NULL), 200);
	assert_true(says("signed_in", "false"));
	assert_true(says("kind", "null"));
	assert_true(says("csrf", "null"));
	assert_int_equal(ask("GET", "/healthz", "", NULL), 200);
	assert_int_equal(ask("GET", "/metrics", "", NULL), 200);
	assert_int_equal(ask("GET", "/", "", NULL), 200);
	assert_int_equal(ask("DELETE", SESSION, "", NULL), 401);
}

static void a_one_time_password_serves_to_set_ones_own(void **state)
{
	(void)state;
	assert_int_equal(strlen(h.first_password), 19);
	assert_int_equal(sign_in("admin", h.first_password), 200);
	assert_true(says("must_change_password", "true"));
	take_session();
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 403);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"short\"}", h.first_password);
	assert_int_equal(ask("PUT", PASSWORD, as_page(), body), 400);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", "wrong wrong wrong",
		 chosen);
	assert_int_equal(ask("PUT", PASSWORD, as_page(), body), 401);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", h.first_password,
		 h.first_password);
	assert_int_equal(ask("PUT", PASSWORD, as_page(), body), 400);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", h.first_password, chosen);
	assert_int_equal(ask("PUT", PASSWORD, as_page(), body), 200);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL),
			 401); /* of the old session */
	assert_int_equal(sign_in("admin", h.first_password), 401);
	assert_int_equal(sign_in("admin", chosen), 200);
	assert_true(says("must_change_password", "false"));
	take_session();
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 200);
}

static void the_cookie_is_for_us_alone(void **state)
{
	char value[256], old[128];
	(void)state;

	begin();
	assert_int_equal(sign_in("admin", chosen), 200);
	reply_header(&r, "Set-Cookie", value, sizeof(value));
	assert_non_null(strstr(value, "; Path=/; HttpOnly; SameSite=Lax"));
	assert_true(strncmp(value, "offhook=", 8) == 0);
	snprintf(old, sizeof(old), "%s", cookie);
	/* a cookie that somebody planted is no session, and signing in never takes it over */
	snprintf(headers, sizeof(headers),
		 "Cookie: offhook=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n");
	snprintf(body, sizeof(body), "{\"name\":\"admin\",\"password\":\"%s\"}", chosen);
	assert_int_equal(ask("POST", SESSION, headers, body), 200);
	take_session();
	assert_null(strstr(cookie, "AAAAAAAA"));
	/* who signs in again is signed out where it was */
	snprintf(headers, sizeof(headers),
		 "Cookie: %s\r\nX-Offhook-CSRF: %s\r\nOrigin: http://localhost:%u\r\n", cookie,
		 csrf, h.port);
	assert_int_equal(ask("POST", SESSION, headers, body), 200);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 401);
}

static void changes_by_cookie_come_from_our_pages_only(void **state)
{
	char own[64], more[512];
	(void)state;

	begin();
	snprintf(own, sizeof(own), "Origin: http://localhost:%u\r\n", h.port);
	assert_int_equal(ask("POST", "/api/v1/reload", with(""), "{}"), 403);
	assert_int_equal(ask("POST", "/api/v1/reload", with(own), "{}"), 403);
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %s\r\n", csrf);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 403);
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %s\r\nOrigin: http://evil.example\r\n", csrf);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 403);
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %s\r\nOrigin: null\r\n", csrf);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 403);
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %s\r\nSec-Fetch-Site: cross-site\r\n", csrf);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 403);
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %.10s\r\n%s", csrf, own);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 403);
	assert_int_equal(ask("POST", "/api/v1/reload", as_page(), "{}"),
			 504); /* nobody answers here */
	snprintf(more, sizeof(more), "X-Offhook-CSRF: %s\r\nSec-Fetch-Site: same-origin\r\n", csrf);
	assert_int_equal(ask("POST", "/api/v1/reload", with(more), "{}"), 504);
	/* another site may not sign anybody in either */
	snprintf(body, sizeof(body), "{\"name\":\"admin\",\"password\":\"%s\"}", chosen);
	assert_int_equal(ask("POST", SESSION, "Origin: http://evil.example\r\n", body), 403);
}

static void wrong_is_wrong_whoever_exists(void **state)
{
	char *said;
	(void)state;

	assert_int_equal(sign_in("admin", "not the password"), 401);
	said = strdup(r.body);
	assert_int_equal(sign_in("nobody.here", "not the password"), 401);
	assert_string_equal(r.body, said);
	free(said);
	assert_int_equal(ask("POST", SESSION, "", "{\"name\":\"admin\"}"), 400);
	assert_int_equal(ask("POST", SESSION, "", "{\"name\":\"admin\",\"password\":1}"), 400);
	assert_int_equal(
		ask("POST", SESSION, "", "{\"name\":\"admin\",\"password\":\"x\",\"totp\":1}"),
		400);
	assert_int_equal(ask("POST", SESSION, "", "[]"), 400);
}

static void guessing_is_slowed_down(void **state)
{
	char value[32];
	(void)state;

	harness_stand_still();
	for (int i = 0; i < 10; i++)
		assert_int_equal(sign_in("admin", "guess"), 401);
	assert_int_equal(sign_in("admin", h.first_password), 429);
	assert_string_equal(reply_header(&r, "Retry-After", value, sizeof(value)), "30");
	assert_int_equal(sign_in("Admin", "guess"), 429); /* case makes no other name of it */
	assert_int_equal(sign_in("other", "guess"), 401);
	for (int i = 0; i < 19; i++) {
		snprintf(value, sizeof(value), "name%d", i);
		assert_int_equal(sign_in(value, "guess"), 401);
	}
	assert_int_equal(sign_in("one.more", "guess"), 429); /* the address */
	harness_pass(30000); /* one more try by name, three by address */
	assert_int_equal(sign_in("admin", "guess"), 401);
	assert_int_equal(sign_in("admin", h.first_password), 429);
	harness_pass(30000);
	assert_int_equal(sign_in("admin", h.first_password), 200);
}

static bool shows(const char *path, const char *text)
{
	reply_fini(&r);
	harness_ask(&h, true, "GET", path, NULL, &r);
	assert_int_equal(r.status, 200);
	return strstr(r.body, text) != NULL;
}

/* Counted, and written down: who was meant, not what was typed. */
static void failures_leave_a_trace(void **state)
{
	(void)state;

	harness_stand_still();
	assert_int_equal(sign_in("admin", "guess"), 401);
	assert_int_equal(sign_in("my password", "guess"), 401);
	for (int i = 0; i < 11; i++)
		sign_in("admin", "guess");
	assert_int_equal(r.status, 429);
	assert_int_equal(sign_in("kim", "guess"), 401);
	assert_true(shows("/metrics", "offhook_sign_ins_total{class=\"refused\"} 12\n"));
	assert_true(shows("/metrics", "offhook_sign_ins_total{class=\"limited\"} 2\n"));
	assert_true(shows("/metrics", "offhook_sign_ins_total{class=\"signed_in\"} 0\n"));
	assert_int_equal(store_flush(h.store, 30000), ERR_OK);
	assert_true(shows("/api/v1/audit", "\"sign-in-failed\""));
	assert_non_null(strstr(r.body, "\"admin\""));
	assert_non_null(strstr(r.body, "wrong password, from 127.0.0.1"));
	assert_non_null(strstr(r.body, "somebody unknown"));
	assert_null(strstr(r.body, "my password"));
	assert_null(strstr(r.body, "guess"));
	/* ten a minute; the next says how many were left out */
	harness_pass(60000);
	assert_int_equal(sign_in("kim", "guess"), 401);
	assert_int_equal(store_flush(h.store, 30000), ERR_OK);
	assert_true(shows("/api/v1/audit", "; 4 more were not written down"));
}

static void a_session_ends_when_it_is_not_used(void **state)
{
	(void)state;

	harness_stand_still();
	begin();
	harness_pass(8 * 3600000 - 1);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 200);
	harness_pass(8 * 3600000 - 1);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 200);
	harness_pass(8 * 3600000);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 401);
}

static void a_session_ends_after_a_week(void **state)
{
	(void)state;

	harness_stand_still();
	begin();
	for (int hours = 7; hours < 168; hours += 7) {
		harness_pass(7 * 3600000);
		assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 200);
	}
	harness_pass(7 * 3600000);
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 401);
}

static void signing_out_ends_it(void **state)
{
	char value[256];
	(void)state;

	begin();
	assert_int_equal(ask("DELETE", SESSION, as_page(), NULL), 200);
	assert_non_null(strstr(reply_header(&r, "Set-Cookie", value, sizeof(value)), "Max-Age=0"));
	assert_int_equal(ask("GET", "/api/v1/accounts", with(""), NULL), 401);
}

static void a_stream_ends_with_its_session(void **state)
{
	char line[2048];
	int fd;
	(void)state;

	begin();
	fd = harness_connect(&h, false);
	snprintf(line, sizeof(line),
		 "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", cookie);
	harness_send(fd, line);
	assert_true(read(fd, line, sizeof(line)) > 0);
	assert_int_equal(ask("DELETE", SESSION, as_page(), NULL), 200);
	/* a last chunk and the end, or the time-out of the harness and -1 */
	ssize_t n;
	while ((n = read(fd, line, sizeof(line))) > 0 && !memmem(line, (size_t)n, "0\r\n\r\n", 5))
		continue;
	assert_true(n >= 0);
	close(fd);
}

static void the_socket_is_an_owner(void **state)
{
	(void)state;
	reply_fini(&r);
	harness_ask(&h, true, "GET", SESSION, NULL, &r);
	assert_true(says("kind", "socket"));
	assert_true(says("signed_in", "true"));
	reply_fini(&r);
	harness_ask(&h, true, "DELETE", SESSION, NULL, &r);
	assert_int_equal(r.status, 409);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nobody_reads_before_signing_in),
		CASE(a_one_time_password_serves_to_set_ones_own),
		CASE(the_cookie_is_for_us_alone),
		CASE(changes_by_cookie_come_from_our_pages_only),
		CASE(wrong_is_wrong_whoever_exists),
		CASE(guessing_is_slowed_down),
		CASE(failures_leave_a_trace),
		CASE(a_session_ends_when_it_is_not_used),
		CASE(a_session_ends_after_a_week),
		CASE(signing_out_ends_it),
		CASE(a_stream_ends_with_its_session),
		CASE(the_socket_is_an_owner),
	};
	return cmocka_run_group_tests_name("admin/session", tests, NULL, NULL);
}
