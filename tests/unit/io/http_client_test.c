#include "http_server.h"

#include "certs.h"

#include "io/http_client.h"

enum { ANSWERS_MAX = 512 };

struct kept {
	int times;
	struct http_answer a;
	char retry_after[32], www_authenticate[64], request_id[64], error[512], body[64];
	size_t body_n;
};

struct trial {
	struct bench b;
	struct http_server server;
	struct http_client *client;
	struct kept answers[ANSWERS_MAX];
	int answered, want;
	int send_more, free_at;
};

static void send_path(struct trial *t, uint32_t id, const char *method, const char *path,
		      const char *body, int32_t timeout_ms);

static void keep_text(char *dst, size_t cap, struct slice s)
{
	assert_int_equal(slice_copy(s, dst, cap), ERR_OK);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct trial *t = arg;
	struct kept *k = &t->answers[a->id];

	t->answered++;
	k->times++;
	k->a = *a;
	keep_text(k->retry_after, sizeof(k->retry_after), a->retry_after);
	keep_text(k->www_authenticate, sizeof(k->www_authenticate), a->www_authenticate);
	keep_text(k->request_id, sizeof(k->request_id), a->request_id);
	keep_text(k->error, sizeof(k->error), slice_str(a->error));
	k->body_n = a->body.n;
	if (a->body.n < sizeof(k->body) && a->body.n && a->body.p[0])
		keep_text(k->body, sizeof(k->body), a->body);
	if (t->send_more-- > 0)
		send_path(t, a->id + 1, "GET", "/plain", NULL, 0);
	if (t->answered == t->free_at) {
		http_client_free(t->client);
		t->client = NULL;
	}
}

static bool all_answered(void *arg)
{
	struct trial *t = arg;

	return t->answered >= t->want;
}

static int set_up(void **state)
{
	struct trial *t = calloc(1, sizeof(*t));

	bench_open(&t->b);
	server_open(&t->server, &t->b, CHANNEL_TCP, NULL);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct trial *t = *state;

	http_client_free(t->client);
	server_close(&t->server);
	loop_free(t->b.loop);
	free(t);
	return 0;
}

static void open_client(struct trial *t, const struct http_config *config)
{
	struct http_config c = *config;

	assert_int_equal(http_client_new(&t->client, t->b.loop, &c, on_answer, t), ERR_OK);
}

static void open_plain(struct trial *t)
{
	open_client(t, &(struct http_config){.plain_allowed = true});
}

static void send_url(struct trial *t, uint32_t id, const char *method, const char *url,
		     const char *body, int32_t timeout_ms)
{
	const struct http_request r = {.id = id,
				       .method = method,
				       .url = slice_str(url),
				       .headers = SLICE_LIT("Authorization: Bearer t0ken\r\n"
							    "Content-Type: application/json\r\n"),
				       .body = slice_str(body),
				       .timeout_ms = timeout_ms};
	int before = t->answered;

	assert_int_equal(http_client_send(t->client, &r), ERR_OK);
	assert_int_equal(t->answered, before); /* never from inside the call */
	t->want++;
}

static void send_path(struct trial *t, uint32_t id, const char *method, const char *path,
		      const char *body, int32_t timeout_ms)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", t->server.at.port, path);
	send_url(t, id, method, url, body, timeout_ms);
}

static void finish(struct trial *t)
{
	RUN_UNTIL(&t->b, all_answered, t);
	assert_int_equal(t->answered, t->want);
}

static void every_status_comes_back_with_its_headers(void **state)
{
	const uint16_t statuses[] = {200, 201, 202, 204, 400, 401, 403,
				     404, 409, 429, 500, 503, 504};
	struct trial *t = *state;
	char text[64];

	open_plain(t);
	for (uint32_t i = 0; i < ARRAY_LEN(statuses); i++) {
		snprintf(text, sizeof(text), "/status/%d", statuses[i]);
		send_path(t, i, i % 2 ? "GET" : "POST", text, i % 2 ? NULL : "{}", 0);
	}
	finish(t);
	for (uint32_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const struct kept *k = &t->answers[i];

		assert_int_equal(k->times, 1);
		assert_int_equal(k->a.result, HTTP_RESULT_ANSWERED);
		assert_int_equal(k->a.status, statuses[i]);
		assert_string_equal(k->retry_after, "17");
		assert_string_equal(k->www_authenticate, "Bearer error=\"x\"");
		snprintf(text, sizeof(text), "abc-%d", statuses[i]);
		assert_string_equal(k->request_id, text);
		assert_string_equal(k->body, statuses[i] == 204 ? "" : "body");
		assert_null(k->a.error);
	}
}

static void the_request_arrives_as_given(void **state)
{
	struct trial *t = *state;

	open_client(t, &(struct http_config){.plain_allowed = true, .user_agent = "Offhook/1"});
	send_path(t, 0, "POST", "/plain", "{\"a\":1}", 0);
	finish(t);
	assert_ptr_equal(strstr(t->server.last, "POST /plain HTTP/1.1\r\n"), t->server.last);
	assert_non_null(strstr(t->server.last, "\r\nAuthorization: Bearer t0ken\r\n"));
	assert_non_null(strstr(t->server.last, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(t->server.last, "\r\nUser-Agent: Offhook/1\r\n"));
	assert_non_null(strstr(t->server.last, "\r\nContent-Length: 7\r\n"));
	assert_non_null(strstr(t->server.last, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(t->server.last, "Expect"));
	/* The handle that has just posted must get without a body. */
	send_path(t, 1, "GET", "/plain", NULL, 0);
	finish(t);
	assert_ptr_equal(strstr(t->server.last, "GET /plain HTTP/1.1\r\n"), t->server.last);
	assert_null(strstr(t->server.last, "Content-Length"));
	send_path(t, 2, "PATCH", "/plain", "{}", 0);
	finish(t);
	assert_ptr_equal(strstr(t->server.last, "PATCH /plain HTTP/1.1\r\n"), t->server.last);
	assert_int_equal(t->server.opened, 1); /* all on one kept connection */
}

static void nobody_there_means_not_sent(void **state)
{
	struct trial *t = *state;

	open_client(t, &(struct http_config){.plain_allowed = true, .dns_servers = "127.0.0.1:9"});
	channel_close(t->server.listener);
	t->server.listener = NULL;
	send_path(t, 0, "POST", "/plain", "{}", 0);
	send_url(t, 1, "POST", "http://no.such.name.example/", "{}", 0);
	send_url(t, 2, "POST", "http://no.such.name.example/", "{}", 0);
	finish(t);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(t->answers[i].a.result, HTTP_RESULT_NOT_SENT);
		assert_int_equal(t->answers[i].a.status, 0);
		assert_true(t->answers[i].error[0] != '\0');
	}
	assert_non_null(strstr(t->answers[1].error, "no.such.name.example"));
}

static void silence_after_sending_means_unsure(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "POST", "/silent", "{}", 50);
	send_path(t, 1, "POST", "/hang-up", "{}", 0);
	send_path(t, 2, "POST", "/cut-headers", "{}", 0);
	send_path(t, 3, "GET", "/flood", NULL, 0);
	finish(t);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(t->answers[i].a.result, HTTP_RESULT_UNSURE);
		assert_int_equal(t->answers[i].a.status, 0);
		assert_string_equal(t->answers[i].retry_after, "");
		assert_true(t->answers[i].error[0] != '\0');
	}
}

/* To the peer a repetition is a second request, and whoever counts requests must know of it. */
static void a_request_on_a_kept_connection_is_not_repeated(void **state)
{
	struct trial *t = *state;

	open_client(t, &(struct http_config){.plain_allowed = true, .connections_max = 1});
	for (uint32_t i = 0; i < 3; i++) {
		send_path(t, i, "POST", i == 1 ? "/hang-up" : "/status/200", "{}", 0);
		finish(t);
	}
	assert_int_equal(t->server.requests, 3);
	assert_int_equal(t->answers[0].a.status, 200);
	assert_int_equal(t->answers[1].a.result, HTTP_RESULT_UNSURE);
	assert_int_equal(t->answers[2].a.status, 200);
}

static void a_status_seen_is_a_fact_even_if_the_body_is_cut(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "POST", "/cut", "{}", 0);
	finish(t);
	assert_int_equal(t->answers[0].a.result, HTTP_RESULT_ANSWERED);
	assert_int_equal(t->answers[0].a.status, 200);
	assert_string_equal(t->answers[0].body, "half");
	assert_true(t->answers[0].error[0] != '\0');
}

static void an_interim_answer_is_passed_over(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "POST", "/continue", "{}", 0);
	finish(t);
	assert_int_equal(t->answers[0].a.status, 200);
	assert_string_equal(t->answers[0].retry_after, "");
	assert_string_equal(t->answers[0].body, "hi");
}

static void redirects_are_not_followed(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "GET", "/redirect", NULL, 0);
	finish(t);
	assert_int_equal(t->answers[0].a.status, 302);
	assert_int_equal(t->server.requests, 1);
}

static bool pays_what_it_owes(void *arg)
{
	struct trial *t = arg;

	for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
		struct connection *n = &t->server.connections[i];
		size_t piece = n->owed < 8192 ? n->owed : 8192; /* the client reads more than that a turn */

		server_say_zeros(n, piece);
		n->owed -= piece;
	}
	return t->answered >= t->want;
}

static void a_body_above_the_limit_is_cut(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "GET", "/long", NULL, 0);
	RUN_UNTIL(&t->b, pays_what_it_owes, t);
	assert_int_equal(t->answers[0].a.result, HTTP_RESULT_ANSWERED);
	assert_int_equal(t->answers[0].a.status, 200);
	assert_int_equal(t->answers[0].body_n, HTTP_BODY_MAX);
	assert_true(t->answers[0].error[0] != '\0');
}

/* The body never ends up at the server, the answer is there first. */
static void an_answer_before_the_body_was_read_keeps_its_status(void **state)
{
	static char body[3 << 20];
	struct trial *t = *state;

	memset(body, 'x', sizeof(body) - 1);
	open_plain(t);
	for (uint32_t i = 0; i < 8; i++)
		send_path(t, i, "POST", "/early", body, 0);
	finish(t);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(t->answers[i].a.result, HTTP_RESULT_ANSWERED);
		assert_int_equal(t->answers[i].a.status, 429);
		assert_string_equal(t->answers[i].retry_after, "17");
	}
}

static void connections_are_bounded_and_kept(void **state)
{
	struct trial *t = *state;

	open_client(t, &(struct http_config){.plain_allowed = true, .connections_max = 3});
	for (uint32_t i = 0; i < 60; i++)
		send_path(t, i, "POST", "/status/200", "{}", 0);
	finish(t);
	assert_int_equal(t->server.requests, 60);
	assert_true(t->server.opened <= 3);
	for (int i = 0; i < 60; i++)
		assert_int_equal(t->answers[i].times, 1);
}

static void requests_are_bounded(void **state)
{
	const struct http_request r = {.method = "GET", .url = SLICE_LIT("http://127.0.0.1:1/")};
	struct trial *t = *state;

	open_client(t, &(struct http_config){.plain_allowed = true, .requests_max = 2});
	send_path(t, 0, "GET", "/plain", NULL, 0);
	send_path(t, 1, "GET", "/plain", NULL, 0);
	assert_int_equal(http_client_under_way(t->client), 2);
	assert_int_equal(http_client_send(t->client, &r), ERR_LIMIT);
	finish(t);
	assert_int_equal(http_client_under_way(t->client), 0);
	send_path(t, 2, "GET", "/plain", NULL, 0);
	finish(t);
}

static void what_cannot_be_sent_is_refused_at_once(void **state)
{
	const struct http_request bad[] = {
	    {.method = "GET", .url = SLICE_LIT("http://127.0.0.1/")},
	    {.method = "GET", .url = SLICE_LIT("ftp://127.0.0.1/")},
	    {.method = "GET", .url = SLICE_LIT("file:///etc/passwd")},
	    {.method = "GET", .url = SLICE_LIT("")},
	    {.method = "GET", .url = SLICE_LIT("https://")},
	    {.method = "GET", .url = SLICE_LIT("https://a/"), .headers = SLICE_LIT("no colon\r\n")},
	    {.method = "GET",
	     .url = SLICE_LIT("https://a/"),
	     .headers = SLICE_LIT("A: b\rC: d\r\n")},
	    {.method = "GET", .url = SLICE_LIT("https://a/"), .headers = SLICE_LIT("A: b\0c\r\n")},
	};
	struct trial *t = *state;

	open_client(t, &(struct http_config){0});
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < ARRAY_LEN(bad); i++)
			assert_int_equal(http_client_send(t->client, &bad[i]), ERR_MALFORMED);
	assert_int_equal(http_client_under_way(t->client), 0);
}

static void the_handler_may_send(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	t->send_more = 20;
	send_path(t, 0, "GET", "/plain", NULL, 0);
	finish(t);
	assert_int_equal(t->answered, 21);
}

static void the_handler_may_free_the_client(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	t->free_at = 5;
	for (uint32_t i = 0; i < 20; i++)
		send_path(t, i, "GET", "/plain", NULL, 0);
	t->want = 5;
	finish(t);
	t->want = 0;
	RUN_UNTIL(&t->b, all_answered, t);
	assert_int_equal(t->answered, 5);
}

static void freeing_with_requests_under_way_is_silent(void **state)
{
	struct trial *t = *state;

	open_plain(t);
	send_path(t, 0, "POST", "/silent", "{}", 0);
	send_url(t, 1, "POST", "http://localhost:1/", "{}", 0);
	http_client_free(t->client);
	t->client = NULL;
	t->want = 0;
	RUN_UNTIL(&t->b, all_answered, t);
	assert_int_equal(t->answered, 0);
}

static void requests_wait_together_for_a_name(void **state)
{
	struct trial *t = *state;
	char url[64];

	open_plain(t);
	snprintf(url, sizeof(url), "http://localhost:%u/plain", t->server.at.port);
	for (uint32_t i = 0; i < 5; i++)
		send_url(t, i, "GET", url, NULL, 0);
	finish(t);
	for (int i = 0; i < 5; i++)
		assert_int_equal(t->answers[i].a.status, 200);
	assert_non_null(strstr(t->server.last, "\r\nHost: localhost:"));
}

static void behind_a_proxy_the_target_is_not_looked_up(void **state)
{
	struct trial *t = *state;
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "http://localhost:%u", t->server.at.port);
	open_client(t, &(struct http_config){.plain_allowed = true, .proxy = proxy});
	send_url(t, 0, "GET", "http://only.the.proxy.knows/plain", NULL, 3000);
	RUN_UNTIL(&t->b, server_is_up, &t->server);
	finish(t);
	assert_ptr_equal(
	    strstr(t->server.last, "GET http://only.the.proxy.knows/plain HTTP/1.1\r\n"),
	    t->server.last);
}

static void a_proxy_that_refuses_means_not_sent(void **state)
{
	struct trial *t = *state;
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "127.0.0.1:%u", t->server.at.port);
	open_client(t, &(struct http_config){.proxy = proxy});
	send_url(t, 0, "POST", "https://only.the.proxy.knows/status/407", "{}", 0);
	finish(t);
	assert_ptr_equal(strstr(t->server.last, "CONNECT only.the.proxy.knows:443 HTTP/1.1\r\n"),
			 t->server.last);
	assert_null(strstr(t->server.last, "t0ken")); /* the token is not the proxy's */
	assert_int_equal(t->answers[0].a.result, HTTP_RESULT_NOT_SENT);
	assert_int_equal(t->answers[0].a.status, 0);
}

static void proxies_that_need_our_resolver_are_refused(void **state)
{
	const char *const bad[] = {"socks5://a:1", "socks4://a:1", "ftp://a:1", "http://", "::::"};
	struct trial *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(http_client_new(&t->client, t->b.loop,
						 &(struct http_config){.proxy = bad[i]}, on_answer,
						 t),
				 ERR_MALFORMED);
}

/* TLS: one server, four certificates, the client's trust and the name as they should not be. */
static void certificates_are_verified(void **state)
{
	struct certs certs;
	struct trial *t = *state;
	const struct {
		const char *file, *san;
		bool trusted, expired, good, gone;
	} rows[] = {
	    {"good.pem", "DNS:localhost", true, false, true, false},
	    {"name.pem", "DNS:other.example", true, false, false, false},
	    {"old.pem", "DNS:localhost", true, true, false, false},
	    {"unknown.pem", "DNS:localhost", false, false, false, false},
	    {"gone.pem", "DNS:localhost", true, false, true, true}, /* the ca_file, once the client has it */
	};
	char url[64];

	certs_open(&certs);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_server s = {0};
		const struct channel_tls tls = {
		    .certificate_file = certs_make(&certs, rows[i].file, rows[i].san, certs.ca,
						   HOURS_AGO, rows[i].expired ? -60 : IN_A_DAY),
		    .key_file = certs.key_file};

		server_open(&s, &t->b, CHANNEL_TLS, &tls);
		open_client(t,
			    &(struct http_config){.ca_file = rows[i].trusted ? certs.ca_file : ""});
		if (rows[i].gone)
			assert_int_equal(unlink(certs.ca_file), 0);
		snprintf(url, sizeof(url), "https://localhost:%u/status/429", s.at.port);
		send_url(t, (uint32_t)i, "POST", url, "{}", 0);
		finish(t);
		if (rows[i].good) {
			assert_int_equal(t->answers[i].a.status, 429);
			assert_string_equal(t->answers[i].retry_after, "17");
		} else {
			assert_int_equal(t->answers[i].a.result, HTTP_RESULT_NOT_SENT);
			assert_int_equal(s.requests, 0);
		}
		http_client_free(t->client);
		t->client = NULL;
		server_close(&s);
	}
	certs_close(&certs);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(every_status_comes_back_with_its_headers),
	    CASE(the_request_arrives_as_given),
	    CASE(nobody_there_means_not_sent),
	    CASE(silence_after_sending_means_unsure),
	    CASE(a_request_on_a_kept_connection_is_not_repeated),
	    CASE(a_status_seen_is_a_fact_even_if_the_body_is_cut),
	    CASE(an_interim_answer_is_passed_over),
	    CASE(redirects_are_not_followed),
	    CASE(a_body_above_the_limit_is_cut),
	    CASE(an_answer_before_the_body_was_read_keeps_its_status),
	    CASE(connections_are_bounded_and_kept),
	    CASE(requests_are_bounded),
	    CASE(what_cannot_be_sent_is_refused_at_once),
	    CASE(the_handler_may_send),
	    CASE(the_handler_may_free_the_client),
	    CASE(freeing_with_requests_under_way_is_silent),
	    CASE(requests_wait_together_for_a_name),
	    CASE(behind_a_proxy_the_target_is_not_looked_up),
	    CASE(a_proxy_that_refuses_means_not_sent),
	    CASE(proxies_that_need_our_resolver_are_refused),
	    CASE(certificates_are_verified),
	};
	return cmocka_run_group_tests_name("io/http_client", tests, NULL, NULL);
}
