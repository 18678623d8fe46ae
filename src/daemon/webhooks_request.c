/* webhooks_request.c - one request on the listener's thread: is it a report, who sends it, its
 * answer. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/jsonw.h"
#include "core/types.h"
#include "daemon/webhooks_inside.h"
#include "proto/http/framing.h"

enum { WAITING_MAX = 1024, BODY_MAX = 65536, ANSWER_MAX = 4096 };

/* ---- answers ---- */

void hook_answer_body(struct buf *b, int status, const char *text)
{
	struct jsonw j = jsonw_on(b);

	jsonw_begin_object(&j, NULL);
	if (status < 400) {
		jsonw_string(&j, "result", text);
	} else {
		jsonw_string(&j, "type", "about:blank");
		jsonw_string(&j, "title", status < 500 ? "report refused" : "not now");
		jsonw_int(&j, "status", status);
		jsonw_string(&j, "detail", text);
	}
	jsonw_end_object(&j);
	buf_char(b, '\n');
}

static void settle(struct hook_request *r, int status, const char *text)
{
	buf_reset(&r->out);
	hook_answer_body(&r->out, status, text);
	r->status = status;
}

/* Without the loop thread: what is no report never gets there. */
static void refuse(struct hook_request *r, int status, const char *text)
{
	hook_count(r->server, &r->server->stats.refused);
	settle(r, status, text);
}

static enum MHD_Result send_answer(struct hook_request *r)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		r->out.n, r->out.p ? r->out.p : (char[]){ "" }, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type",
				r->status < 400 ? "application/json" : "application/problem+json");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (r->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"offhook\"");
	if (r->status == 405)
		MHD_add_response_header(response, "Allow", r->allow);
	if (r->conn)
		r->conn->deadline_ms = r->server->c.mono_ms() + IDLE_MS;
	done = MHD_queue_response(r->c, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return done;
}

/* ---- is it a request that we take? ---- */

static enum MHD_Result see_header(void *cls, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	(void)kind;
	http_framing_header(cls, slice_str(key), slice_str(value));
	return MHD_YES;
}

static void check_framing(struct hook_request *r)
{
	struct http_framing seen = { 0 };
	const char *fault;

	MHD_get_connection_values(r->c, MHD_HEADER_KIND, see_header, &seen);
	fault = http_framing_fault(&seen);
	if (fault)
		refuse(r, 400, fault);
}

static bool is_ours(enum route_id route)
{
	return route == ROUTE_LINE_STATE || route == ROUTE_LINE_STATE_PUT ||
	       route == ROUTE_LINE_REPORTS;
}

static void check_route(struct hook_request *r, const char *url, const char *method)
{
	enum err e = route_find(method, slice_str(url), &r->match);

	if (e == ERR_MALFORMED) {
		refuse(r, 400, "the path is not well percent-encoded, or too long");
	} else if (e == ERR_NOT_FOUND || !is_ours(r->match.route)) {
		refuse(r, 404, "no such path; only reports on lines are taken here");
	} else if (e) {
		snprintf(r->allow, sizeof(r->allow), "%s", r->match.allow);
		refuse(r, 405, "only POST and PUT are taken here");
	}
}

static bool is_json(const char *type)
{
	struct slice s = slice_str(type), name = slice_trim(slice_sub(s, 0, slice_find(s, ';')));

	return slice_is_nocase(name, "application/json") ||
	       (name.n > 5 && slice_is_nocase(slice_sub(name, name.n - 5, name.n), "+json"));
}

static void check_body(struct hook_request *r)
{
	const char *length = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Content-Length");
	uint64_t n;

	if (length && slice_u64(slice_str(length), BODY_MAX, &n))
		refuse(r, 413, "the body is over 65536 bytes");
}

/* ---- who sends ---- */

/* "user:token": the name does not matter. */
static void take_basic(struct hook_call *call, struct slice value)
{
	unsigned char text[HOOK_TOKEN_MAX + 8];
	int n;

	if (value.n == 0 || value.n > HOOK_TOKEN_MAX || value.n % 4)
		return;
	n = EVP_DecodeBlock(text, (const unsigned char *)value.p, (int)value.n);
	for (size_t i = 1; i <= 2 && n > 0 && value.p[value.n - i] == '='; i++)
		n--;
	if (n > 0) {
		struct slice all = slice_of((const char *)text, (size_t)n);
		struct slice token = slice_sub(all, slice_find(all, ':') + 1, all.n);

		if (slice_copy(token, call->token, sizeof(call->token)))
			call->token[0] = '\0';
	}
	explicit_bzero(text, sizeof(text));
}

/* Who sends, and what. Authorization first; a token in the URL is for senders that can set no header. */
static void take_sender(struct hook_request *r)
{
	struct hook_call *call = r->call;
	const char *authorization =
		MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Authorization");
	const char *argument = MHD_lookup_connection_value(r->c, MHD_GET_ARGUMENT_KIND, "token");
	const char *signature = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "X-Signature");
	const char *type = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Content-Type");
	struct slice value = slice_str(authorization);
	enum err e = ERR_OK;

	call->no_json = type && !is_json(type); /* said once it is known who sends */

	if (slice_starts_nocase(value, "bearer "))
		e = slice_copy(slice_trim(slice_sub(value, 7, value.n)), call->token,
			       sizeof(call->token));
	else if (slice_starts_nocase(value, "basic "))
		take_basic(call, slice_trim(slice_sub(value, 6, value.n)));
	else if (argument)
		e = percent_decode(slice_str(argument), call->token, sizeof(call->token));
	if (e)
		call->token[0] = '\0';
	if (slice_copy(slice_trim(slice_str(signature)), call->signature, sizeof(call->signature)))
		call->signature[0] = '\0';
}

/* ---- a request from its first line to the loop thread ---- */

void hook_call_free(struct hook_call *call)
{
	if (!call)
		return;
	explicit_bzero(call->token, sizeof(call->token));
	buf_fini(&call->body);
	free(call);
}

static struct hook_call *call_new(const struct route_match *m)
{
	struct hook_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	memcpy(call->account, m->params[0], sizeof(call->account));
	memcpy(call->connector, m->params[1], sizeof(call->connector));
	if (m->params_n > 2)
		memcpy(call->line, m->params[2], sizeof(call->line));
	buf_init(&call->body, BODY_MAX);
	return call;
}

static enum MHD_Result begin(struct hook_server *s, struct MHD_Connection *c, const char *url,
			     const char *method, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct hook_request *r = calloc(1, sizeof(*r));

	if (!r)
		return MHD_NO;
	*context = r;
	r->server = s;
	r->c = c;
	r->conn = info ? info->socket_context : NULL;
	if (r->conn && r->conn->deadline_ms > s->c.mono_ms() + s->c.request_ms)
		r->conn->deadline_ms =
			s->c.mono_ms() + s->c.request_ms; /* a further one on the connection */
	buf_init(&r->out, ANSWER_MAX);
	check_framing(r);
	if (!r->status)
		check_route(r, url, method);
	if (!r->status)
		check_body(r);
	if (!r->status) {
		r->call = call_new(&r->match);
		if (!r->call)
			refuse(r, 503, "out of memory; send it again");
	}
	if (r->status)
		return send_answer(r);
	take_sender(r);
	return MHD_YES;
}

static void hand_over(struct hook_request *r)
{
	struct hook_server *s = r->server;
	struct hook_call *call = r->call;

	if (buf_err(&call->body)) {
		refuse(r, 413, "the body is over 65536 bytes");
		return;
	}
	if (s->waiting_n >= WAITING_MAX) {
		refuse(r, 503, "too many reports wait already; send it again");
		return;
	}
	s->last_id = s->last_id % HOOK_ID_MAX + 1;
	call->id = r->id = s->last_id;
	r->call = NULL;
	r->answer_by_ms = s->c.mono_ms() + s->c.answer_ms;
	r->next = s->waiting;
	r->at = &s->waiting;
	if (r->next)
		r->next->at = &r->next;
	s->waiting = r;
	s->waiting_n++;
	pthread_mutex_lock(&s->lock);
	*s->calls_end = call;
	s->calls_end = &call->next;
	s->stats.requests++;
	pthread_mutex_unlock(&s->lock);
	s->c.wake(s->c.arg);
}

enum MHD_Result hook_handle(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_n, void **context)
{
	struct hook_request *r = *context;

	(void)version;
	if (!r)
		return begin(cls, c, url, method, context);
	if (*upload_n) {
		if (r->call)
			buf_add(&r->call->body, upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	if (r->status)
		return send_answer(r);
	if (r->conn)
		r->conn->deadline_ms = TIME_NEVER;
	hand_over(r);
	if (r->status)
		return send_answer(r);
	MHD_suspend_connection(c);
	return MHD_YES;
}

static void unlink_waiting(struct hook_request *r)
{
	if (!r->at)
		return;
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	r->at = NULL;
	r->server->waiting_n--;
}

void hook_completed(void *cls, struct MHD_Connection *c, void **context,
		    enum MHD_RequestTerminationCode why)
{
	struct hook_request *r = *context;

	(void)cls;
	(void)c;
	(void)why;
	if (!r)
		return;
	*context = NULL;
	unlink_waiting(r);
	hook_call_free(r->call);
	buf_fini(&r->out);
	free(r);
}

static void resume(struct hook_request *r, int status, const char *text)
{
	unlink_waiting(r);
	settle(r, status, text);
	MHD_resume_connection(r->c);
}

void hook_take_answers(struct hook_server *s)
{
	struct hook_answer *all, *next;

	pthread_mutex_lock(&s->lock);
	all = s->answers;
	s->answers = NULL;
	pthread_mutex_unlock(&s->lock);
	for (; all; all = next) {
		struct hook_request *r = s->waiting;

		next = all->next;
		while (r && r->id != all->id)
			r = r->next;
		if (r)
			resume(r, all->status, all->text);
		free(all);
	}
}

void hook_time_outs(struct hook_server *s, int64_t now_ms)
{
	for (struct hook_request *r = s->waiting, *next; r; r = next) {
		next = r->next;
		if (now_ms >= r->answer_by_ms)
			resume(r, 504, "no answer in time; the report may still take effect");
	}
}

void hook_give_up(struct hook_server *s)
{
	while (s->waiting)
		resume(s->waiting, 503, "the daemon is ending or reloading; send it again");
}
