/* Every route that reads, with right and wrong input, on both listeners. */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/assets.h"
#include "admin/route.h"
#include "harness.h"

static struct harness h;

static int set_up(void **state)
{
	struct harness_options o = {.users = 40};
	(void)state;

	harness_start(&h, &o);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_stop(&h);
	return 0;
}

/* 503 is /readyz's and /healthz's: their document, not a problem. */
static json_t *get(const char *path, int status)
{
	struct reply r;
	json_t *doc;
	char type[64];

	harness_ask(&h, false, "GET", path, NULL, &r);
	if (r.status != status)
		fail_msg("%s: %d %s", path, r.status, r.body);
	doc = json_loads(r.body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	reply_header(&r, "Content-Type", type, sizeof(type));
	assert_string_equal(type, status < 400 || status == 503 ? "application/json"
								: "application/problem+json");
	if (status >= 400 && status != 503) {
		assert_int_equal(json_integer_value(json_object_get(doc, "status")), status);
		assert_true(json_is_string(json_object_get(doc, "title")));
		assert_true(json_is_string(json_object_get(doc, "detail")));
	}
	reply_fini(&r);
	return doc;
}

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "(none)";
}

static void accounts_and_connectors(void **state)
{
	json_t *doc = get("/api/v1/accounts", 200),
	       *a = json_array_get(json_object_get(doc, "accounts"), 0);
	(void)state;

	assert_int_equal(json_array_size(json_object_get(doc, "accounts")), 2);
	assert_string_equal(text(a, "name"), "acme");
	assert_string_equal(text(json_object_get(a, "graph"), "token"), "good");
	assert_int_equal(json_integer_value(json_object_get(a, "users")), 32);
	json_decref(doc);
	doc = get("/api/v1/connectors", 200);
	a = json_array_get(json_object_get(doc, "connectors"), 1);
	assert_string_equal(text(a, "name"), "branch");
	assert_true(json_is_false(json_object_get(a, "up")));
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(a, "counters"), "malformed")), 3);
	json_decref(doc);
}

/* Pages put together are the whole, without a repetition, whatever the limit. */
static void pages_put_together_are_the_whole(void **state)
{
	static const int limits[] = {1, 7, 31, 32, 33, 1000};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		char after[32] = "0", path[200];
		bool seen[40] = {false};
		size_t n = 0;

		while (*after) {
			json_t *doc, *user, *next;
			size_t k;

			snprintf(path, sizeof(path),
				 "/api/v1/accounts/acme/users?limit=%d&after=%s", limits[i], after);
			doc = get(path, 200);
			assert_true(json_array_size(json_object_get(doc, "users")) <=
				    (size_t)limits[i]);
			json_array_foreach(json_object_get(doc, "users"), k, user)
			{
				json_int_t id = json_integer_value(json_object_get(user, "id"));

				assert_string_equal(text(user, "account"), "acme");
				assert_false(seen[id]);
				seen[id] = true;
				n++;
			}
			next = json_object_get(doc, "next");
			snprintf(after, sizeof(after), "%s",
				 json_is_null(next) ? "" : json_string_value(next));
			json_decref(doc);
		}
		assert_int_equal(n, 32);
	}
}

static size_t users(const char *query)
{
	char path[300];
	json_t *doc;
	size_t n;

	snprintf(path, sizeof(path), "/api/v1/users?limit=1000%s", query);
	doc = get(path, 200);
	n = json_array_size(json_object_get(doc, "users"));
	json_decref(doc);
	return n;
}

/* Named as one of another account: whose people are found by it then. */
static void name_connector_2(const char *name)
{
	struct admin_connector c = {.account = 1, .connector = 2, .name = slice_str(name),
				    .type = SLICE_LIT("sip"), .server = SLICE_LIT("sip:pbx3"), .up = true};

	assert_int_equal(admin_put_connector(h.admin, &c), ERR_OK);
}

static void a_connector_of_any_account(void **state)
{
	size_t acme = users("&connector=hq"), umbrella = users("&connector=mivo");

	(void)state;
	assert_true(acme > 20 && umbrella > 4 && acme + umbrella < 40);
	name_connector_2("hq");
	assert_int_equal(users("&connector=hq"), acme + umbrella);
	name_connector_2("mivo");
}

static void filters(void **state)
{
	size_t sum = 0;
	static const char *const states[] = {"available", "away",    "dnd",
					     "busy",	  "offline", "unknown"};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		char query[40];

		snprintf(query, sizeof(query), "&state=%s", states[i]);
		sum += users(query);
	}
	assert_int_equal(sum, 40);
	assert_int_equal(users("&q=U39%40ACME"), 0);
	assert_int_equal(users("&q=u39%40umbrella"), 1);
	assert_int_equal(users("&q=An%61+Abadi"), 3);
	assert_int_equal(users("&email=U3%40acme.example"), 1);
	assert_int_equal(users("&email=u3%40umbrella.example"), 0);
}

static void wrong_questions(void **state)
{
	static const struct {
		const char *path;
		int status;
	} rows[] = {
	    {"/api/v1/accounts/none/users", 404},
	    {"/api/v1/users?limit=1001", 400},
	    {"/api/v1/users?limit=-1", 400},
	    {"/api/v1/users?limit=x", 400},
	    {"/api/v1/users?after=99999999999", 400},
	    {"/api/v1/users?state=happy", 400},
	    {"/api/v1/users?q=%zz", 400},
	    {"/api/v1/users?connector=none", 404},
	    {"/api/v1/accounts/acme/users?connector=mivo", 404},
	    {"/api/v1/accounts/acme/users/nobody", 404},
	    {"/api/v1/accounts/none/users/u1", 404},
	    {"/api/v1/accounts/acme/connectors/none/lines", 404},
	    {"/api/v1/accounts/none/connectors/hq/lines", 404},
	    {"/api/v1/events?account=none", 404},
	    {"/nothing", 404},
	    {"/api/v1/nothing", 404},
	    {"/api/v1/accounts/%/users", 400},
	    {"/../etc/passwd", 404},
	    {"/%2e%2e%2fetc", 404},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		json_decref(get(rows[i].path, rows[i].status));
}

static void the_explanation(void **state)
{
	json_t *doc = get("/api/v1/accounts/acme/users/U1%40acme.example", 200);
	(void)state;

	assert_string_equal(text(doc, "email"), "u1@acme.example");
	assert_string_equal(text(doc, "combined"), "busy");
	assert_string_equal(text(doc, "session"), "busy");
	assert_string_equal(text(doc, "activity"), "InACall");
	assert_string_equal(text(doc, "seen"), "busy");
	assert_string_equal(text(doc, "rule"),
			    "line hq/202 is in a conference; rank busy over available");
	assert_int_equal(json_array_size(json_object_get(doc, "why")), 4);
	assert_string_equal(text(json_object_get(doc, "winner"), "number"), "202");
	assert_string_equal(text(json_object_get(doc, "policy"), "precedence"), "cloudlink");
	json_decref(doc);
	/* the name of an account may hold anything */
	doc = get("/api/v1/accounts/umbrella%20%26%20sons/users/u4%40umbrella.example", 200);
	assert_string_equal(text(doc, "account"), "umbrella & sons");
	assert_string_equal(text(doc, "mode"), "dry-run");
	json_decref(doc);
}

static void lines_of_a_connector(void **state)
{
	json_t *doc = get("/api/v1/accounts/acme/connectors/branch/lines?limit=1000", 200), *line;
	size_t i;
	(void)state;

	assert_int_equal(json_array_size(json_object_get(doc, "lines")), 11);
	json_array_foreach(json_object_get(doc, "lines"), i, line)
	{
		assert_string_equal(text(line, "connector"), "branch");
		assert_string_equal(text(line, "link"), "waiting");
		assert_string_equal(text(line, "reason"), "no route to host");
		assert_true(json_is_null(json_object_get(line, "profile")));
		assert_non_null(strchr(text(line, "email"), '@'));
	}
	json_decref(doc);
}

static void the_profile_that_a_pbx_holds(void **state)
{
	json_t *doc = get("/api/v1/accounts/acme/connectors/hq/lines?limit=3", 200), *line, *profile;
	size_t i;
	(void)state;

	assert_int_equal(json_array_size(json_object_get(doc, "lines")), 3);
	json_array_foreach(json_object_get(doc, "lines"), i, line)
	{
		profile = json_object_get(line, "profile");
		assert_string_equal(text(profile, "mode"), "both");
		assert_string_equal(text(profile, "held"), "meeting");
		assert_string_equal(text(profile, "write"), "refused");
		assert_string_equal(text(profile, "written"), "away");
		assert_string_equal(text(profile, "refusal"), "no licence");
	}
	json_decref(doc);
}

static void health(void **state)
{
	json_t *doc = get("/healthz", 200);
	(void)state;

	assert_string_equal(text(doc, "status"), "ok");
	json_decref(doc);
	json_decref(get("/readyz", 200));
	admin_set_ready(h.admin, false, "no PBX yet");
	doc = get("/readyz", 503);
	assert_string_equal(text(doc, "why"), "no PBX yet");
	json_decref(doc);
	doc = get("/api/v1/check", 200);
	assert_true(json_is_false(json_object_get(doc, "ok")));
	assert_true(json_array_size(json_object_get(doc, "checks")) >= 9);
	json_decref(doc);
}

static void a_removed_user_is_gone(void **state)
{
	(void)state;
	json_decref(get("/api/v1/accounts/acme/users/u2%40acme.example", 200));
	admin_remove_user(h.admin, 2);
	json_decref(get("/api/v1/accounts/acme/users/u2%40acme.example", 404));
	assert_int_equal(users(""), 39);
}

static void headers_of_every_answer(void **state)
{
	static const char *const paths[] = {"/", "/main.js", "/api/v1/accounts", "/nothing",
					    "/metrics"};
	char value[300];
	struct reply r;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		harness_ask(&h, false, "GET", paths[i], NULL, &r);
		assert_string_equal(
		    reply_header(&r, "X-Content-Type-Options", value, sizeof(value)), "nosniff");
		assert_non_null(
		    strstr(reply_header(&r, "Content-Security-Policy", value, sizeof(value)),
			   "default-src 'self'"));
		assert_null(strstr(value, "unsafe"));
		assert_string_equal(reply_header(&r, "Cache-Control", value, sizeof(value)),
				    i < 2 ? "no-cache" : "no-store");
		assert_string_equal(
		    reply_header(&r, "Access-Control-Allow-Origin", value, sizeof(value)), "");
		reply_fini(&r);
	}
}

static void the_page_is_whole(void **state)
{
	struct reply page, r;
	char path[64], etag[64], ask[200];
	int fd;
	(void)state;

	harness_ask(&h, false, "GET", "/", NULL, &page);
	assert_int_equal(page.status, 200);
	/* the policy forbids inline scripts and styles: none may be written */
	assert_null(strstr(page.body, "<style"));
	assert_null(strstr(page.body, " style="));
	assert_null(strstr(page.body, "onclick"));
	for (size_t i = 0; i < assets_n; i++) {
		snprintf(path, sizeof(path), "/%s", assets[i].name);
		harness_ask(&h, false, "GET", path, NULL, &r);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.body_n, assets[i].plain.n);
		reply_header(&r, "ETag", etag, sizeof(etag));
		reply_fini(&r);
		fd = harness_connect(&h, false);
		snprintf(ask, sizeof(ask),
			 "GET %s HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %s\r\n\r\n", path,
			 etag);
		harness_send(fd, ask);
		harness_receive(fd, &r);
		assert_int_equal(r.status, 304);
		reply_fini(&r);
		close(fd);
	}
	harness_ask(&h, false, "GET", "/favicon.ico", NULL, &r);
	assert_int_equal(r.status, 200);
	reply_fini(&r);
	reply_fini(&page);
}

static void the_page_is_packed_for_whoever_takes_it(void **state)
{
	static const struct {
		const char *header;
		bool packed;
	} rows[] = {
		{ "Accept-Encoding: gzip, deflate, br\r\n", true },
		{ "Accept-Encoding: br,gzip\r\n", true },
		{ "Accept-Encoding: gzip;q=0\r\n", false },
		{ "Accept-Encoding: br\r\n", false },
		{ "", false },
	};
	struct reply r;
	char value[64], path[64];
	(void)state;

	snprintf(path, sizeof(path), "/%s", assets[0].name);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct asset_form *form = rows[i].packed ? &assets[0].packed : &assets[0].plain;

		harness_ask_with(&h, "GET", path, rows[i].header, NULL, &r);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.body_n, form->n);
		assert_memory_equal(r.body, form->data, 3); /* gzip's mark, or a text's beginning */
		assert_string_equal(reply_header(&r, "ETag", value, sizeof(value)), form->etag);
		assert_string_equal(reply_header(&r, "Vary", value, sizeof(value)), "Accept-Encoding");
		reply_header(&r, "Content-Encoding", value, sizeof(value));
		assert_string_equal(value, rows[i].packed ? "gzip" : "");
		reply_fini(&r);
	}
}

/* Prometheus' text format: every sample's family is announced before, no family twice, no user
 * named. */
static void metrics_parse(void **state)
{
	struct reply r;
	struct slice rest, line;
	char family[128] = "", head[160];
	(void)state;

	harness_ask(&h, false, "GET", "/metrics", NULL, &r);
	assert_int_equal(r.status, 200);
	assert_null(strstr(r.body, "@"));
	rest = slice_str(r.body);
	while (slice_split(&rest, '\n', &line)) {
		size_t n = strlen("# TYPE ");

		if (!line.n || slice_starts(line, "# HELP "))
			continue;
		if (slice_starts(line, "# TYPE ")) {
			struct slice name =
			    slice_sub(line, n, n + slice_find(slice_sub(line, n, line.n), ' '));

			assert_int_equal(slice_copy(name, family, sizeof(family)), ERR_OK);
			snprintf(head, sizeof(head), "# TYPE %s ", family);
			assert_null(strstr(strstr(r.body, head) + 1, head));
			continue;
		}
		assert_true(slice_starts(line, family));
		assert_true(line.p[strlen(family)] == ' ' || line.p[strlen(family)] == '{');
		assert_true(line.p[line.n - 1] >= '0' && line.p[line.n - 1] <= '9');
	}
	assert_non_null(strstr(r.body, "offhook_users_by_state{account=\"acme\",state=\"busy\"}"));
	assert_non_null(strstr(r.body, "offhook_connector_notes_total{account=\"acme\",connector="
				       "\"hq\",class=\"malformed\"} 3\n"));
	assert_non_null(strstr(r.body, "offhook_graph_sent_total{account=\"acme\"} 90211\n"));
	assert_non_null(strstr(r.body, "offhook_alarm_messages_total{class=\"sent\"} 41\n"));
	assert_non_null(strstr(r.body, "offhook_alarm_messages_total{class=\"failed\"} 3\n"));
	reply_fini(&r);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(accounts_and_connectors),
	    CASE(pages_put_together_are_the_whole),
	    CASE(filters),
	    CASE(a_connector_of_any_account),
	    CASE(wrong_questions),
	    CASE(the_explanation),
	    CASE(lines_of_a_connector),
	    CASE(the_profile_that_a_pbx_holds),
	    CASE(health),
	    CASE(a_removed_user_is_gone),
	    CASE(headers_of_every_answer),
	    CASE(the_page_is_whole),
	    CASE(the_page_is_packed_for_whoever_takes_it),
	    CASE(metrics_parse),
	};
	return cmocka_run_group_tests_name("admin/read", tests, NULL, NULL);
}
