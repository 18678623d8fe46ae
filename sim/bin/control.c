/* control.c - the HTTP under the control APIs. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "control.h"

enum { HEAD_MAX = 16384, REQUEST_MAX = 65536, IDLE_S = 10 };

struct control {
	struct evconnlistener *listener;
	struct event_base *base;
	const struct route *routes;
	void (*answered)(void *arg);
	void *arg;
	struct client *clients;
	struct pbx_address address;
};

struct client {
	struct client *next;
	struct control *control;
	struct bufferevent *bev;
	bool answered;
};

/* ---- for routes ---- */

struct reply control_refused(int status, const char *why)
{
	return (struct reply){ status, json_pack("{s:s}", "error", why) };
}

struct reply control_done(enum err e)
{
	if (e)
		return control_refused(e == ERR_NOT_FOUND ? 404 : 409, err_name(e));
	return (struct reply){ 200, json_pack("{s:b}", "ok", 1) };
}

int control_word(const json_t *in, const char *key, const char *const *words, int n)
{
	const char *word = json_string_value(json_object_get(in, key));

	for (int i = 0; word && i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

uint32_t control_digits(const json_t *in, const char *key)
{
	const json_t *v = json_object_get(in, key);
	uint64_t n = 0;

	if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= UINT32_MAX)
		n = (uint64_t)json_integer_value(v);
	else if (json_is_string(v) && slice_u64(slice_str(json_string_value(v)), UINT32_MAX, &n))
		return 0;
	return (uint32_t)n;
}

int64_t control_number(const json_t *in, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(in, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool control_flag(const json_t *in, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(in, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

/* ---- the table of routes ---- */

static struct reply answer_route(struct control *c, struct slice method, struct slice path,
				 struct slice body)
{
	json_t *in = NULL;
	struct reply r = control_refused(404, "no such path");

	path = slice_sub(path, 0, slice_find(path, '?'));
	for (const struct route *at = c->routes; at->path; at++) {
		if (!slice_is(path, at->path))
			continue;
		json_decref(r.body);
		r = control_refused(405, "another method");
		if (!slice_is(method, at->method))
			continue;
		if (body.n)
			in = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
		json_decref(r.body);
		if (body.n && !json_is_object(in))
			r = control_refused(400, "the body is no JSON object");
		else
			r = at->answer(c->arg, in);
		json_decref(in);
		break;
	}
	return r;
}

/* ---- HTTP ---- */

static void drop_client(struct client *gone)
{
	struct client **at = &gone->control->clients;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (*at)
		*at = gone->next;
	bufferevent_free(gone->bev);
	free(gone);
}

static void reply_with(struct client *cl, struct reply r)
{
	char *text = json_dumps(r.body, JSON_COMPACT | JSON_ENCODE_ANY);

	cl->answered = true;
	evbuffer_add_printf(
		bufferevent_get_output(cl->bev),
		"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s",
		r.status, r.status == 200 ? "OK" : "Refused", text ? strlen(text) : 0,
		text ? text : "");
	free(text);
	json_decref(r.body);
}

static uint64_t content_length(struct slice head)
{
	struct slice line;
	uint64_t n = 0;

	while (slice_split(&head, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), "content-length") &&
		    slice_u64(slice_trim(slice_sub(line, colon + 1, line.n)), REQUEST_MAX, &n))
			return REQUEST_MAX + 1;
	}
	return n;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *cl = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), end;
	struct slice bytes, head, line, method, path;
	uint64_t length;

	if (cl->answered)
		return;
	bytes = slice_of((const char *)evbuffer_pullup(in, -1), n);
	end = slice_find_str(bytes, SLICE_LIT("\r\n\r\n"));
	if (end == n && n < HEAD_MAX)
		return;
	head = line = slice_sub(bytes, 0, end);
	length = content_length(head);
	if (end == n || length > REQUEST_MAX) {
		reply_with(cl, control_refused(413, "request too long"));
		return;
	}
	if (n - end - 4 < length)
		return;
	if (!slice_split(&line, ' ', &method) || !slice_split(&line, ' ', &path)) {
		reply_with(cl, control_refused(400, "no HTTP request"));
		return;
	}
	reply_with(cl, answer_route(cl->control, method, path,
				    slice_sub(bytes, end + 4, end + 4 + length)));
	cl->control->answered(cl->control->arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *cl = arg;

	(void)bev;
	if (cl->answered)
		drop_client(cl);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	drop_client(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct control *c = arg;
	struct client *cl = calloc(1, sizeof(*cl));

	(void)listener;
	(void)sa;
	(void)len;
	if (cl)
		cl->bev = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!cl || !cl->bev) {
		evutil_closesocket(fd);
		free(cl);
		return;
	}
	cl->control = c;
	cl->next = c->clients;
	c->clients = cl;
	bufferevent_setcb(cl->bev, on_read, on_written, on_event, cl);
	bufferevent_setwatermark(cl->bev, EV_READ, 0, HEAD_MAX + REQUEST_MAX);
	bufferevent_set_timeouts(cl->bev, &(struct timeval){ .tv_sec = IDLE_S },
				 &(struct timeval){ .tv_sec = IDLE_S });
	bufferevent_enable(cl->bev, EV_READ | EV_WRITE);
}

enum err control_open(struct control **ret, struct event_base *base, const char *program,
		      const struct pbx_address *listen, const struct route *routes,
		      void (*answered)(void *arg), void *arg)
{
	struct control *c = calloc(1, sizeof(*c));
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(listen, (struct sockaddr *)&ss, sizeof(ss));
	socklen_t n = sizeof(ss);

	if (!c)
		return ERR_NO_MEMORY;
	*c = (struct control){ .base = base, .routes = routes, .answered = answered, .arg = arg };
	if (len)
		c->listener = evconnlistener_new_bind(
			base, on_accept, c,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 64,
			(struct sockaddr *)&ss, len);
	if (!c->listener ||
	    getsockname(evconnlistener_get_fd(c->listener), (struct sockaddr *)&ss, &n)) {
		fprintf(stderr, "%s: cannot listen on %s:%u for control\n", program, listen->host,
			listen->port);
		control_close(c);
		return ERR_IO;
	}
	address_of_sockaddr((struct sockaddr *)&ss, &c->address);
	*ret = c;
	return ERR_OK;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	while (c->clients)
		drop_client(c->clients);
	if (c->listener)
		evconnlistener_free(c->listener);
	free(c);
}

struct pbx_address control_address(const struct control *c)
{
	return c->address;
}
