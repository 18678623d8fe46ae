/* pbxsim_control.c - the control API: what the phones do in truth, and how the PBX misbehaves. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "pbxsim.h"

enum { HEAD_MAX = 16384, REQUEST_MAX = 65536, IDLE_S = 10 };

struct control {
	struct evconnlistener *listener;
	struct event_base *base;
	struct net *net;
	struct pbx *pbx;
	struct client *clients;
	struct pbx_address address;
};

struct client {
	struct client *next;
	struct control *control;
	struct bufferevent *bev;
	bool answered;
};

struct reply {
	int status;
	json_t *body;
};

/* ---- routes ---- */

static struct reply refused(int status, const char *why)
{
	return (struct reply){ status, json_pack("{s:s}", "error", why) };
}

static struct reply done(enum err e)
{
	if (e)
		return refused(e == ERR_NOT_FOUND ? 404 : 409, err_name(e));
	return (struct reply){ 200, json_pack("{s:b}", "ok", 1) };
}

/* A phone by its number, as a number or a string; PBX_EXTERNAL when missing or not ours. */
static uint32_t phone_of(const struct control *c, const json_t *in, const char *key)
{
	const json_t *v = json_object_get(in, key);
	uint64_t n = 0;

	if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= UINT32_MAX)
		n = (uint64_t)json_integer_value(v);
	else if (json_is_string(v) && slice_u64(slice_str(json_string_value(v)), UINT32_MAX, &n))
		return PBX_EXTERNAL;
	return pbx_find(c->pbx, (uint32_t)n);
}

static int64_t number_of(const json_t *in, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(in, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static bool flag_of(const json_t *in, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(in, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

static json_t *phone_json(const struct control *c, uint32_t i)
{
	struct pbx_phone ph;

	if (!pbx_phone(c->pbx, i, &ph))
		return json_null();
	return json_pack("{s:i,s:s,s:i,s:b,s:b,s:s,s:b,s:i,s:I}", "number", (int)ph.number, "state",
			 pbx_phone_state_name(ph.state), "calls", (int)ph.calls, "registered",
			 ph.registered, "dnd", ph.dnd, "profile", pbx_profile_name(ph.profile),
			 "stuck", ph.stuck, "subscriptions", (int)ph.subscriptions, "for_ms",
			 (json_int_t)(net_now_ms(c->net) - ph.since_ms));
}

static struct reply get_phones(struct control *c, const json_t *in)
{
	json_t *list = json_array();

	(void)in;
	for (uint32_t i = 0; i < pbx_phones(c->pbx); i++)
		json_array_append_new(list, phone_json(c, i));
	return (struct reply){ 200, list };
}

static struct reply get_counters(struct control *c, const json_t *in)
{
	struct pbx_counters n;

	(void)in;
	pbx_count(c->pbx, &n);
	return (struct reply){
		200,
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:i}",
			  "received", (json_int_t)n.received, "sent", (json_int_t)n.sent,
			  "malformed", (json_int_t)n.malformed, "subscribes",
			  (json_int_t)n.subscribes, "refreshes", (json_int_t)n.refreshes,
			  "unsubscribes", (json_int_t)n.unsubscribes, "challenges",
			  (json_int_t)n.challenges, "refused", (json_int_t)n.refused, "notifies",
			  (json_int_t)n.notifies, "retransmissions", (json_int_t)n.retransmissions,
			  "notify_answers", (json_int_t)n.notify_answers, "notify_failures",
			  (json_int_t)n.notify_failures, "calls", (json_int_t)n.calls, "answered",
			  (json_int_t)n.answered, "subscriptions", (int)n.subscriptions,
			  "busy_phones", (int)n.busy_phones)
	};
}

static struct reply post_call(struct control *c, const json_t *in)
{
	struct pbx_call_plan plan = {
		.from = phone_of(c, in, "from"),
		.to = phone_of(c, in, "to"),
		.dial_ms = number_of(in, "dial_ms", 100),
		.ring_ms = number_of(in, "ring_ms", 1000),
		.talk_ms = number_of(in, "talk_ms", PBX_UNTIL_TOLD),
		.unanswered = flag_of(in, "unanswered", false),
	};

	return done(pbx_call(c->pbx, net_now_ms(c->net), &plan, NULL));
}

static struct reply post_hangup(struct control *c, const json_t *in)
{
	return done(pbx_hangup(c->pbx, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_answer(struct control *c, const json_t *in)
{
	return done(pbx_answer(c->pbx, net_now_ms(c->net), phone_of(c, in, "phone")));
}

static struct reply post_hold(struct control *c, const json_t *in)
{
	return done(pbx_hold(c->pbx, net_now_ms(c->net), phone_of(c, in, "phone"), flag_of(in, "on", true)));
}

static struct reply post_dnd(struct control *c, const json_t *in)
{
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return done(ERR_NOT_FOUND);
	pbx_set_dnd(c->pbx, net_now_ms(c->net), phone, flag_of(in, "on", true));
	return done(ERR_OK);
}

static struct reply post_registered(struct control *c, const json_t *in)
{
	uint32_t phone = phone_of(c, in, "phone");

	if (phone == PBX_EXTERNAL)
		return done(ERR_NOT_FOUND);
	pbx_set_registered(c->pbx, net_now_ms(c->net), phone, flag_of(in, "on", true));
	return done(ERR_OK);
}

static struct reply post_profile(struct control *c, const json_t *in)
{
	uint32_t phone = phone_of(c, in, "phone");
	const char *word = json_string_value(json_object_get(in, "profile"));

	if (phone == PBX_EXTERNAL)
		return done(ERR_NOT_FOUND);
	for (int i = 0; word && i < PBX_PROFILES; i++) {
		if (strcmp(word, pbx_profile_name((enum pbx_profile)i)) != 0)
			continue;
		pbx_set_profile(c->pbx, net_now_ms(c->net), phone, (enum pbx_profile)i);
		return done(ERR_OK);
	}
	return refused(400, "profile: available, away, busy or meeting");
}

static struct reply post_fault(struct control *c, const json_t *in)
{
	const char *kind = json_string_value(json_object_get(in, "kind"));
	struct pbx_fault f = {
		.kind = PBX_FAULT_COUNT,
		.phone = phone_of(c, in, "phone"),
		.count = (uint32_t)number_of(in, "count", 1),
		.ms = number_of(in, "ms", 10000),
		.retry_after_s = (uint32_t)number_of(in, "retry_after_s", 0),
		.status = (uint16_t)number_of(in, "status", 500),
		.reason = json_string_value(json_object_get(in, "reason")),
	};

	for (uint8_t i = 0; kind && i < PBX_FAULT_COUNT; i++)
		if (strcmp(kind, pbx_fault_name(i)) == 0)
			f.kind = i;
	if (f.kind == PBX_FAULT_COUNT)
		return refused(400, "kind: no such fault");
	if (json_object_get(in, "phone") && f.phone == PBX_EXTERNAL)
		return done(ERR_NOT_FOUND);
	pbx_fault(c->pbx, net_now_ms(c->net), &f);
	return done(ERR_OK);
}

static struct reply post_restart(struct control *c, const json_t *in)
{
	static const char *const modes[] = { "forget", "keep", "step-back" };
	const char *word = json_string_value(json_object_get(in, "mode"));

	for (int i = 0; i < 3; i++) {
		if (strcmp(word ? word : "forget", modes[i]) != 0)
			continue;
		pbx_restart(c->pbx, net_now_ms(c->net), (enum pbx_restart_mode)i,
			    number_of(in, "down_ms", 1000), flag_of(in, "end_calls", false));
		return done(ERR_OK);
	}
	return refused(400, "mode: forget, keep or step-back");
}

static const struct {
	const char *method, *path;
	struct reply (*answer)(struct control *c, const json_t *in);
} routes[] = {
	{ "GET", "/phones", get_phones },	     { "GET", "/counters", get_counters },
	{ "POST", "/call", post_call },		     { "POST", "/hangup", post_hangup },
	{ "POST", "/answer", post_answer },	     { "POST", "/hold", post_hold },
	{ "POST", "/dnd", post_dnd },		     { "POST", "/registered", post_registered },
	{ "POST", "/profile", post_profile },	     { "POST", "/fault", post_fault },
	{ "POST", "/restart", post_restart },
};

static struct reply answer_route(struct control *c, struct slice method, struct slice path, struct slice body)
{
	json_t *in = NULL;
	struct reply r = refused(404, "no such path");

	path = slice_sub(path, 0, slice_find(path, '?'));
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!slice_is(path, routes[i].path))
			continue;
		json_decref(r.body);
		r = refused(405, "another method");
		if (!slice_is(method, routes[i].method))
			continue;
		if (body.n)
			in = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
		json_decref(r.body);
		if (body.n && !json_is_object(in))
			r = refused(400, "the body is no JSON object");
		else
			r = routes[i].answer(c, in);
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
		reply_with(cl, refused(413, "request too long"));
		return;
	}
	if (n - end - 4 < length)
		return;
	if (!slice_split(&line, ' ', &method) || !slice_split(&line, ' ', &path)) {
		reply_with(cl, refused(400, "no HTTP request"));
		return;
	}
	reply_with(cl, answer_route(cl->control, method, path, slice_sub(bytes, end + 4, end + 4 + length)));
	net_pump(cl->control->net);
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

enum err control_open(struct control **ret, struct event_base *base, struct net *net, struct pbx *pbx,
		      const struct pbx_address *listen)
{
	struct control *c = calloc(1, sizeof(*c));
	struct sockaddr_storage ss = { 0 };
	int len = address_to_sockaddr(listen, (struct sockaddr *)&ss, sizeof(ss));
	socklen_t n = sizeof(ss);

	if (!c)
		return ERR_NO_MEMORY;
	*c = (struct control){ .base = base, .net = net, .pbx = pbx };
	if (len)
		c->listener = evconnlistener_new_bind(base, on_accept, c,
						      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
							      LEV_OPT_REUSEABLE,
						      64, (struct sockaddr *)&ss, len);
	if (!c->listener || getsockname(evconnlistener_get_fd(c->listener), (struct sockaddr *)&ss, &n)) {
		fprintf(stderr, "pbxsim: cannot listen on %s:%u for control\n", listen->host, listen->port);
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
