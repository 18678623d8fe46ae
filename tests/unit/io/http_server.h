/* http_server.h - an HTTP/1.1 server in the same loop as the client under test, made of channels.
 * What it does is asked for in the path. */
#ifndef TESTS_IO_HTTP_SERVER_H
#define TESTS_IO_HTTP_SERVER_H

#include <stdio.h>
#include <stdlib.h>

#include "io_test.h"

enum { SERVER_CONNECTIONS = 64, SERVER_REQUEST_MAX = 1 << 16, HTTP_LONG = (8 << 20) + 1 };

struct connection {
	struct http_server *server;
	struct channel *c;
	char *text;
	size_t n;
	size_t owed;
	bool deaf; /* has answered early, the rest does not matter */
};

struct http_server {
	struct bench *bench;
	struct channel *listener;
	struct endpoint at;
	struct connection connections[SERVER_CONNECTIONS];
	int opened, open, open_max, requests, refused;
	char last[SERVER_REQUEST_MAX + 1]; /* the last request, head and body */
};

static inline void server_drop(struct connection *n)
{
	n->server->open--;
	free(n->text);
	*n = (struct connection){0};
}

static inline void server_say(struct connection *n, const char *text)
{
	assert_int_equal(channel_send(n->c, slice_str(text), NULL), ERR_OK);
}

static inline void server_hang_up(struct connection *n)
{
	channel_close(n->c);
	server_drop(n);
}

static inline void server_say_zeros(struct connection *n, size_t bytes)
{
	static const char zeros[4096] = "";

	for (; bytes; bytes -= bytes < sizeof(zeros) ? bytes : sizeof(zeros))
		channel_send(n->c, slice_of(zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros)),
			     NULL);
}

static inline void server_say_status(struct connection *n, int status)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 %d Word\r\nRetry-After: 17\r\nrequest-id: abc-%d\r\n"
		 "WWW-Authenticate: Bearer error=\"x\"\r\nContent-Length: %d\r\n\r\n%s",
		 status, status, status == 204 ? 0 : 4, status == 204 ? "" : "body");
	server_say(n, text);
}

/* Returns false when the connection is gone. */
static inline bool server_answer(struct connection *n, const char *path)
{
	int status;

	if (strncmp(path, "http://", 7) == 0) /* as a proxy */
		path = strchr(path + 7, '/');
	if (strstr(path, ":443")) /* CONNECT */
		path = "/status/407";
	if (strncmp(path, "/status/", 8) == 0) {
		status = (int)strtol(path + 8, NULL, 10);
		server_say_status(n, status);
	} else if (strcmp(path, "/plain") == 0) {
		server_say(n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	} else if (strcmp(path, "/continue") == 0) {
		server_say(n, "HTTP/1.1 100 Continue\r\nRetry-After: 99\r\n\r\n"
			      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	} else if (strcmp(path, "/redirect") == 0) {
		server_say(n,
			   "HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n");
	} else if (strcmp(path, "/silent") == 0) {
		return true;
	} else if (strcmp(path, "/cut") == 0) {
		server_say(n, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
		server_hang_up(n);
		return false;
	} else if (strcmp(path, "/cut-headers") == 0) {
		server_say(n, "HTTP/1.1 429 Too Many\r\nRetry-");
		server_hang_up(n);
		return false;
	} else if (strcmp(path, "/hang-up") == 0) {
		server_hang_up(n);
		return false;
	} else if (strcmp(path, "/long") == 0) {
		server_say(n, "HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n");
		n->owed = HTTP_LONG; /* piece by piece, so that our own output stays small */
		n->deaf = true;
	} else if (strcmp(path, "/exactly") == 0) {
		server_say(n, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		server_say_zeros(n, 256 * 1024);
		server_hang_up(n);
		return false;
	} else if (strcmp(path, "/flood") == 0) {
		server_say(n, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 1200; i++)
			server_say(n, "X-Filler: 0123456789012345678901234567890123456789012\r\n");
		server_say(n, "Content-Length: 0\r\n\r\n");
	} else {
		fail_msg("the test asks for %s", path);
	}
	return true;
}

static inline size_t server_body_length(const char *head)
{
	const char *p = strstr(head, "\r\nContent-Length: ");

	return p ? strtoul(p + 18, NULL, 10) : 0;
}

/* One whole request at the front of n->text; false: not yet, or the connection is gone. */
static inline bool server_take(struct connection *n)
{
	char *end = strstr(n->text, "\r\n\r\n"), path[128] = "";
	size_t head, all;
	bool early;

	if (!end)
		return false;
	head = (size_t)(end - n->text) + 4;
	early = strstr(n->text, " /early ") && strstr(n->text, " /early ") < end;
	all = head + server_body_length(n->text);
	if (!early && n->n < all)
		return false;
	n->server->requests++;
	memcpy(n->server->last, n->text, n->n + 1);
	if (early) {
		server_say_status(n, 429);
		n->deaf = true;
		return false;
	}
	assert_non_null(strchr(n->text, ' '));
	for (size_t i = 0; i + 1 < sizeof(path); i++) {
		char c = strchr(n->text, ' ')[1 + i];

		if (c == ' ')
			break;
		path[i] = c;
	}
	memmove(n->text, n->text + all, n->n - all + 1);
	n->n -= all;
	return server_answer(n, path);
}

static void server_bytes(void *arg, struct channel *c, struct slice bytes,
			 const struct endpoint *peer)
{
	struct connection *n = arg;

	(void)c;
	(void)peer;
	if (n->deaf)
		return;
	assert_true(n->n + bytes.n <= SERVER_REQUEST_MAX);
	memcpy(n->text + n->n, bytes.p, bytes.n);
	n->n += bytes.n;
	n->text[n->n] = '\0';
	while (server_take(n))
		;
}

static void server_closed(void *arg, struct channel *c, const char *why)
{
	(void)c;
	(void)why;
	server_drop(arg);
}

static void server_accepted(void *arg, struct channel *listener, struct channel *c,
			    const struct endpoint *local, const struct endpoint *peer)
{
	static const struct channel_handlers handlers = {.bytes = server_bytes,
							 .closed = server_closed};
	struct http_server *s = arg;
	struct connection *n = s->connections;

	(void)listener;
	(void)local;
	(void)peer;
	while (n->c)
		n++;
	assert_true(n < s->connections + SERVER_CONNECTIONS);
	*n = (struct connection){s, c, calloc(1, SERVER_REQUEST_MAX + 1), 0, 0, false};
	s->opened++;
	s->open++;
	s->open_max = s->open > s->open_max ? s->open : s->open_max;
	channel_set_handlers(c, &handlers, n);
}

static void server_refused(void *arg, struct channel *listener, const struct endpoint *peer,
			   const char *why)
{
	(void)listener;
	(void)peer;
	(void)why;
	((struct http_server *)arg)->refused++;
}

static void server_listening(void *arg, struct channel *c, const struct endpoint *local,
			     const struct endpoint *peer)
{
	(void)c;
	(void)peer;
	((struct http_server *)arg)->at = *local;
}

static void server_failed(void *arg, struct channel *c, const char *why)
{
	(void)arg;
	(void)c;
	fail_msg("%s", why);
}

static bool server_is_up(void *arg)
{
	return ((struct http_server *)arg)->at.port != 0;
}

static inline void server_open(struct http_server *s, struct bench *b,
			       enum channel_transport transport, const struct channel_tls *tls)
{
	static const struct channel_handlers handlers = {server_listening, NULL, server_accepted,
							 server_refused, server_failed};
	struct channel_spec spec = {.transport = transport, .host = "127.0.0.1"};

	if (tls)
		spec.tls = *tls;
	s->bench = b;
	assert_int_equal(channel_listen(&s->listener, b->loop, &spec, &handlers, s), ERR_OK);
	RUN_UNTIL(b, server_is_up, s);
}

static inline void server_close(struct http_server *s)
{
	for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
		if (s->connections[i].c)
			server_hang_up(&s->connections[i]);
	channel_close(s->listener);
	s->listener = NULL;
}

#endif
