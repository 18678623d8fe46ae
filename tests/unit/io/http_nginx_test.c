/* Against a server that is not ours: nginx answers 429 before it has read a body. No status may get
 * lost, over either version of HTTP (doc/internals-http.md). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "io_test.h"

#include "certs.h"

#include "io/http_client.h"

enum { REQUESTS = 500 };

struct trial {
	struct bench b;
	struct certs certs;
	struct http_client *client;
	pid_t nginx;
	uint16_t port;
	const char *method, *protocol;
	int total, sent, answered, window, good, unsent;
};

static const char *find_nginx(void)
{
	static const char *const places[] = {"/usr/sbin/nginx", "/usr/bin/nginx",
					     "/usr/local/sbin/nginx"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* Below what the kernel gives away by itself (and tests/e2e takes): until nginx listens, a connection of
 * another test, or our own attempt, could have it otherwise. */
static uint16_t free_port(void)
{
	enum { FIRST = 12000, PORTS = 8000 };
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < PORTS; i++) {
		uint16_t port = (uint16_t)(FIRST + (getpid() + i) % PORTS);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		sa.sin_port = htons(port);
		bool is_free = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
		close(fd);
		if (is_free)
			return port;
	}
	fail_msg("no port is free");
	return 0;
}

static void write_configuration(struct trial *t, const char *path)
{
	const char *d = t->certs.folder;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
		"daemon off; master_process off; pid %s/nginx.pid; error_log %s/error.log;\n"
		"events { worker_connections 64; }\n"
		"http { access_log off; client_body_temp_path %s/1; proxy_temp_path %s/2;\n"
		" fastcgi_temp_path %s/3; uwsgi_temp_path %s/4; scgi_temp_path %s/5;\n"
		" server { listen 127.0.0.1:%u ssl http2; keepalive_requests 100000;\n"
		"  ssl_certificate %s/leaf.pem; ssl_certificate_key %s/key.pem;\n"
		"  location / { add_header Retry-After 7 always;\n"
		"   add_header request-id $server_protocol always; return 429; } } }\n",
		d, d, d, d, d, d, d, t->port, d, d);
	fclose(f);
}

static void start_nginx(struct trial *t)
{
	char path[128], log[128];

	snprintf(path, sizeof(path), "%s/nginx.conf", t->certs.folder);
	snprintf(log, sizeof(log), "%s/error.log", t->certs.folder);
	write_configuration(t, path);
	t->nginx = fork();
	assert_true(t->nginx >= 0);
	if (t->nginx == 0) {
		execl(find_nginx(), "nginx", "-e", log, "-c", path, (char *)NULL);
		_exit(127);
	}
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct trial *t = arg;

	t->answered++;
	if (a->result == HTTP_RESULT_NOT_SENT)
		t->unsent++;
	else if (a->result == HTTP_RESULT_ANSWERED && a->status == 429 &&
		 slice_is(a->retry_after, "7") &&
		 (!t->protocol || slice_is(a->request_id, t->protocol)))
		t->good++;
	else
		print_message("result %d status %d: %s\n", a->result, a->status,
			      a->error ? a->error : "");
}

static void send_one(struct trial *t)
{
	char url[64];
	struct http_request r = {.id = (uint32_t)t->sent, .method = t->method};

	snprintf(url, sizeof(url), "https://localhost:%u/presence", t->port);
	r.url = slice_str(url);
	r.headers = SLICE_LIT("Content-Type: application/json\r\n");
	if (strcmp(t->method, "POST") == 0)
		r.body = SLICE_LIT("{\"availability\":\"Busy\",\"activity\":\"InACall\"}");
	assert_int_equal(http_client_send(t->client, &r), ERR_OK);
	t->sent++;
}

static bool sends_and_ends(void *arg)
{
	struct trial *t = arg;

	while (t->sent < t->total && t->sent - t->answered < t->window)
		send_one(t);
	return t->answered == t->total;
}

static void run(struct trial *t, int total, int window)
{
	t->total = total;
	t->window = window;
	t->sent = t->answered = t->good = t->unsent = 0;
	RUN_UNTIL(&t->b, sends_and_ends, t);
}

/* nginx listens when a request gets through. */
static void wait_for_nginx(struct trial *t)
{
	do {
		assert_int_equal(waitpid(t->nginx, NULL, WNOHANG), 0);
		run(t, 1, 1);
	} while (t->unsent);
}

static int set_up(void **state)
{
	struct trial *t = calloc(1, sizeof(*t));

	*state = t;
	bench_open(&t->b);
	certs_open(&t->certs);
	if (!find_nginx())
		return 0;
	certs_make(&t->certs, "leaf.pem", "DNS:localhost", t->certs.ca, HOURS_AGO, IN_A_DAY);
	t->port = free_port();
	t->method = "GET";
	assert_int_equal(
	    http_client_new(&t->client, t->b.loop,
			    &(struct http_config){.ca_file = t->certs.ca_file, .http2 = true},
			    on_answer, t),
	    ERR_OK);
	start_nginx(t);
	return 0;
}

static int tear_down(void **state)
{
	struct trial *t = *state;

	if (t->nginx > 0) {
		kill(t->nginx, SIGKILL);
		waitpid(t->nginx, NULL, 0);
	}
	http_client_free(t->client);
	loop_free(t->b.loop);
	certs_close(&t->certs);
	free(t);
	return 0;
}

/* The lottery of a lost status is not always drawn, so the version is looked at too: nginx says it
 * in the one header that is ours to choose. */
static void no_early_status_is_lost(struct trial *t, const char *method, const char *protocol)
{
	const int windows[] = {1, 5, 20};

	if (!find_nginx()) {
		print_message("nginx is not installed\n");
		skip();
	}
	wait_for_nginx(t);
	t->method = method;
	t->protocol = protocol;
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		run(t, REQUESTS, windows[i]);
		assert_int_equal(t->good, REQUESTS);
	}
}

static void no_status_of_a_post_is_lost(void **state)
{
	no_early_status_is_lost(*state, "POST", "HTTP/1.1");
}

static void no_status_of_a_get_over_http2_is_lost(void **state)
{
	no_early_status_is_lost(*state, "GET", "HTTP/2.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_status_of_a_post_is_lost, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_status_of_a_get_over_http2_is_lost, set_up,
					    tear_down),
	};
	return cmocka_run_group_tests_name("io/http_nginx", tests, NULL, NULL);
}
