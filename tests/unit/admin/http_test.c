/* The listener against hostile clients: framing, hosts, sizes, slowness, storms of connections. */
#include "test.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static struct harness h;

static int set_up(void **state)
{
	struct harness_options o = {.users = 10, .request_ms = 400};
	(void)state;

	harness_start(&h, &o);
	harness_stand_still(); /* whose request is cut is said by these cases, not by a slow machine */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_stop(&h);
	return 0;
}

/* Time goes by until there is an answer or an end: what is never whole is cut. */
static void let_time_pass(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (int i = 0; i < 1000 && poll(&p, 1, 100) == 0; i++)
		harness_pass(100);
}

static int status_of(bool by_socket, const char *bytes)
{
	int fd = harness_connect(&h, by_socket), status;
	struct reply r;

	harness_send(fd, bytes);
	harness_receive(fd, &r);
	status = r.status;
	reply_fini(&r);
	close(fd);
	return status;
}

static void still_serves(void)
{
	assert_int_equal(status_of(false, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
}

static void hosts(void **state)
{
	(void)state;
	assert_int_equal(status_of(false, "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
			 421);
	assert_int_equal(status_of(false, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
	assert_int_equal(status_of(false, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 200);
	assert_int_equal(status_of(false, "GET /healthz HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(
	    status_of(false, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"),
	    400);
	assert_int_equal(status_of(false, "GET /healthz HTTP/1.0\r\n\r\n"), 421);
	/* who may open the socket is known by its mode */
	assert_int_equal(status_of(true, "GET /healthz HTTP/1.1\r\nHost: whatever\r\n\r\n"), 200);
}

/* What two readers may cut differently is refused or closed, never served. */
static void smuggling(void **state)
{
	static const char *const rows[] = {
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n0\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: "
	    "3\r\n\r\n{}x",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\n{}",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n{}",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
	    "chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
	    "xchunked\r\n\r\n0\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: "
	    "chunked\r\n\r\n0\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nX(: 1\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nX: 1\r\n Content-Length: 5\r\n\r\n",
	    "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
	    "chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
	};
	struct admin_command cmd;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = status_of(true, rows[i]);

		if (status >= 200 && status < 400)
			fail_msg("served: %s", rows[i]);
		if (admin_take(h.admin, &cmd))
			fail_msg("taken: %s", rows[i]);
	}
	still_serves();
}

static void malformed(void **state)
{
	static const char *const rows[] = {
	    "\r\n\r\n\r\n\r\nBLA\r\n\r\n",
	    "GET\r\n\r\n",
	    "GET /healthz\r\n\r\n",
	    "GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	    "GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
	    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = harness_connect(&h, false);
		struct reply r;

		harness_send(fd, rows[i]);
		let_time_pass(fd);
		harness_receive(fd, &r);
		if (r.status >= 200 && r.status < 400)
			fail_msg("served %d: %s", r.status, rows[i]);
		reply_fini(&r);
		close(fd);
	}
	still_serves();
}

/* The counter of that class in /metrics. */
static long refused(const char *class)
{
	char name[80];
	struct reply r;

	snprintf(name, sizeof(name), "\noffhook_http_refused_total{class=\"%s\"} ", class);
	harness_ask(&h, true, "GET", "/metrics", NULL, &r);
	const char *at = strstr(r.body, name);
	assert_non_null(at);
	long n = strtol(at + strlen(name), NULL, 10);
	reply_fini(&r);
	return n;
}

/* Every bad input has an answer and a counter. */
static void bad_input_is_answered_and_counted(void **state)
{
	static const struct {
		const char *bytes, *class;
		int status;
	} rows[] = {
	    {"GARBAGE\r\n\r\n", "no_request", 400},
	    {"\r\n\r\nBLA\r\n\r\n", "no_request", 400},
	    {"GET\n", "no_request", 400},
	    {"GET /healthz\r\n\r\n", "unreadable", 400},
	    {"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", "unreadable", 505},
	    {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "framing", 400},
	    /* libmicrohttpd 1.0 (Debian 13) refuses this before we see it */
	    {"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
	     "chunked\r\n\r\n", MHD_VERSION >= 0x01000000 ? "unreadable" : "framing", 400},
	    {"GET /nothing/here HTTP/1.1\r\nHost: localhost\r\n\r\n", "no_route", 404},
	    {"TRACE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "no_route", 405},
	};
	char *big = malloc(70000);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		long before = refused(rows[i].class);

		assert_int_equal(status_of(false, rows[i].bytes), rows[i].status);
		assert_int_equal(refused(rows[i].class), before + 1);
	}
	int n = snprintf(big, 70000, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
	memset(big + n, 'a', 65000);
	snprintf(big + n + 65000, 70000 - (size_t)n - 65000, "\r\n\r\n");
	long before = refused("unreadable");
	assert_int_equal(status_of(false, big), 431);
	assert_int_equal(refused("unreadable"), before + 1);
	free(big);
	still_serves();
}

static void too_large(void **state)
{
	static const char chunked[] = "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\n"
				      "Transfer-Encoding: chunked\r\n\r\n20000\r\n";
	char *big = malloc(200000);
	(void)state;

	assert_int_equal(
	    status_of(true,
		      "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"),
	    413);
	assert_int_equal(status_of(true,
				   "POST /api/v1/accounts/acme/users:import HTTP/1.1\r\nHost: x\r\n"
				   "Content-Length: 8388609\r\n\r\n"),
			 413);
	assert_int_equal(
	    status_of(false,
		      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"),
	    413);
	/* without a length: counted as it comes */
	memset(big, 'x', 200000);
	memcpy(big, chunked, sizeof(chunked) - 1);
	memcpy(big + sizeof(chunked) - 1 + 0x20000, "\r\n0\r\n\r\n", 8);
	assert_int_equal(status_of(true, big), 413);
	memset(big, 'a', 100000);
	memcpy(big, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", 43);
	memcpy(big + 60000, "\r\n\r\n", 5);
	assert_true(status_of(false, big) >= 400);
	memset(big, 'a', 100000);
	memcpy(big, "GET /", 5);
	memcpy(big + 60000, " HTTP/1.1\r\nHost: localhost\r\n\r\n", 31);
	assert_true(status_of(false, big) >= 400);
	free(big);
	still_serves();
}

static bool is_closed_within(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

/* Bytes that drip in keep no connection: the request as a whole has its time. */
static void slow_requests_are_cut(void **state)
{
	int fds[3];
	(void)state;

	for (int i = 0; i < 3; i++)
		fds[i] = harness_connect(&h, i == 2);
	harness_send(fds[1], "GET /healthz HTTP/1.1\r\n");
	harness_send(fds[2],
		     "POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
	for (int k = 0; k < 4; k++) {
		harness_pass(99);
		harness_send(fds[1], "X: y\r\n");
		harness_send(fds[2], "x");
		for (int i = 0; i < 3; i++)
			assert_false(is_closed_within(fds[i], 10));
	}
	harness_pass(400); /* the last one may have been taken when some time had passed */
	for (int i = 0; i < 3; i++) /* the first said nothing at all */
		for (int k = 0; !is_closed_within(fds[i], 100); k++) {
			assert_true(k < 1000);
			if (i)
				harness_send(fds[i], "x");
		}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	still_serves();
}

static void one_address_may_not_have_all(void **state)
{
	enum { MANY = 600 };
	static int fds[MANY];
	struct reply r;
	(void)state;

	for (int i = 0; i < MANY; i++)
		fds[i] = harness_connect(&h, false);
	harness_ask(&h, true, "GET", "/healthz", NULL, &r);
	assert_int_equal(r.status, 200); /* the socket is not starved */
	reply_fini(&r);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	still_serves();
}

static void read_to_end(int fd, char *dst, size_t cap)
{
	size_t at = 0;
	ssize_t n;

	while ((n = recv(fd, dst + at, cap - 1 - at, 0)) > 0)
		at += (size_t)n;
	dst[at] = '\0';
}

static void pipelined_requests_get_their_answers(void **state)
{
	int fd = harness_connect(&h, false);
	char bytes[8000], *first, *second;
	(void)state;

	harness_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
			 "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	read_to_end(fd, bytes, sizeof(bytes));
	first = strstr(bytes, "HTTP/1.1 200");
	second = strstr(bytes, "HTTP/1.1 404");
	assert_non_null(first);
	assert_true(second > first);
	close(fd);
}

static void head_has_no_body(void **state)
{
	int fd = harness_connect(&h, false);
	char bytes[4000];
	(void)state;

	harness_send(
	    fd, "HEAD /api/v1/accounts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	read_to_end(fd, bytes, sizeof(bytes));
	assert_non_null(strstr(bytes, "HTTP/1.1 200"));
	assert_string_equal(strstr(bytes, "\r\n\r\n"), "\r\n\r\n");
	close(fd);
}

static void the_socket_is_for_its_group(void **state)
{
	struct stat st;
	(void)state;

	assert_int_equal(stat(h.socket_path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static int64_t mono(void)
{
	return harness_mono_ms();
}

static void no_wake(void *arg)
{
	(void)arg;
}

static enum err try_start(const char *listen, const char *path, const char *certificate,
			  char why[static 200])
{
	struct admin_config c = {.listen = listen,
				 .socket_path = path,
				 .certificate = certificate,
				 .key = certificate,
				 .accounts_max = 1,
				 .connectors_max = 1,
				 .users_max = 1,
				 .mono_ms = mono,
				 .wall_ms = mono,
				 .wake = no_wake};
	struct admin *a;
	enum err e = admin_start(&a, &c, why, 200);

	if (!e)
		admin_stop(a);
	return e;
}

static void what_does_not_start_says_why(void **state)
{
	char why[200], taken[40], path[120];
	FILE *f;
	(void)state;

	assert_int_equal(try_start("0.0.0.0:0", NULL, NULL, why), ERR_DENIED);
	assert_non_null(strstr(why, "loopback"));
	assert_int_equal(try_start("offhook.example:80", NULL, NULL, why), ERR_MALFORMED);
	assert_int_equal(try_start("127.0.0.1:0", NULL, "no certificate", why), ERR_MALFORMED);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", h.port);
	assert_int_equal(try_start(taken, NULL, NULL, why), ERR_IO);
	assert_int_equal(try_start(NULL, h.socket_path, NULL, why), ERR_EXISTS);
	assert_non_null(strstr(why, "another offhookd"));
	snprintf(path, sizeof(path), "%s/file", h.folder);
	f = fopen(path, "w");
	fclose(f);
	assert_int_equal(try_start(NULL, path, NULL, why), ERR_EXISTS);
	unlink(path);
	assert_int_equal(try_start(NULL, "/nowhere/at/all/api.sock", NULL, why), ERR_IO);
	assert_non_null(strstr(why, "make /nowhere/at/all, or set server.socket"));
	still_serves();
}

/* /run/offhook is systemd's to make; without systemd it is ours. */
static void the_sockets_folder_is_made(void **state)
{
	char path[140], why[200];
	struct stat st;
	(void)state;

	snprintf(path, sizeof(path), "%s/run/api.sock", h.folder);
	assert_int_equal(try_start(NULL, path, NULL, why), ERR_OK);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	assert_int_equal(rmdir(path), 0);
}

static void a_dead_daemons_socket_is_taken_over(void **state)
{
	char path[120], why[200];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)state;

	/* a bound socket whose owner is gone */
	snprintf(path, sizeof(path), "%s/left.sock", h.folder);
	{
		struct sockaddr_storage at = {.ss_family = AF_UNIX};

		memcpy((char *)&at + sizeof(at.ss_family), path, strlen(path) + 1);
		assert_int_equal(bind(fd, (struct sockaddr *)&at,
				      (socklen_t)(sizeof(at.ss_family) + strlen(path) + 1)),
				 0);
	}
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(try_start(NULL, path, NULL, why), ERR_OK);
	assert_int_not_equal(access(path, F_OK), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(hosts),
	    CASE(smuggling),
	    CASE(malformed),
	    CASE(bad_input_is_answered_and_counted),
	    CASE(too_large),
	    CASE(slow_requests_are_cut),
	    CASE(one_address_may_not_have_all),
	    CASE(pipelined_requests_get_their_answers),
	    CASE(head_has_no_body),
	    CASE(the_socket_is_for_its_group),
	    CASE(what_does_not_start_says_why),
	    CASE(the_sockets_folder_is_made),
	    CASE(a_dead_daemons_socket_is_taken_over),
	};
	return cmocka_run_group_tests_name("admin/http", tests, NULL, NULL);
}
