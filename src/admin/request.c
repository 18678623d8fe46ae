#include "admin/impl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "admin/auth/origin.h"
#include "admin/host.h"
#include "admin/said.h"
#include "base/jsonw.h"
#include "proto/http/framing.h"

static api_handler *const handlers[ROUTE_COUNT] = {
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help) handler,
#include "admin/routes.def"
};

/* ---- is it a request that we take? ---- */

static enum MHD_Result see_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	http_framing_header(cls, slice_str(key), slice_str(value));
	return MHD_YES;
}

static void check_framing(struct request *r)
{
	struct http_framing seen = {0};
	const char *fault;

	MHD_get_connection_values(r->c, MHD_HEADER_KIND, see_header, &seen);
	fault = http_framing_fault(&seen);
	r->admin->refused[REFUSED_FRAMING] += fault != NULL;
	if (fault)
		respond_problem(r, 400, "bad request", fault);
}

static struct slice local_address(const struct conn *k, char text[static INET6_ADDRSTRLEN])
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof(at);
	const void *address;

	text[0] = '\0';
	if (!k || getsockname(k->fd, (struct sockaddr *)&at, &n))
		return SLICE_NONE;
	address = at.ss_family == AF_INET6
		      ? (const void *)&((const struct sockaddr_in6 *)(const void *)&at)->sin6_addr
		      : (const void *)&((const struct sockaddr_in *)(const void *)&at)->sin_addr;
	inet_ntop(at.ss_family, address, text, INET6_ADDRSTRLEN);
	return slice_str(text);
}

/* The public name, when something stands before us that keeps the Host. */
static bool is_host_of(struct slice host, struct slice origin)
{
	size_t at = slice_find_str(origin, SLICE_LIT("://"));

	return at < origin.n && slice_eq_nocase(host, slice_sub(origin, at + 3, origin.n));
}

static void check_host(struct request *r)
{
	const char *host = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	char local[INET6_ADDRSTRLEN];

	if (r->is_socket)
		return;
	if (host && (host_is_ours(slice_str(host), local_address(r->conn, local), r->admin->x509) ||
		     is_host_of(slice_str(host), url_origin(slice_str(r->admin->c.url)))))
		return;
	r->admin->refused_host++;
	respond_problem(
	    r, 421, "misdirected request",
	    "the Host is neither the address listened on nor a name of its certificate");
}

static void check_route(struct request *r, const char *url, const char *method)
{
	enum err e = route_find(method, slice_str(url), &r->match);

	if (e) {
		r->match.route = ROUTE_COUNT;
		r->admin->refused[REFUSED_ROUTE]++;
	}
	if (e == ERR_NOT_FOUND)
		respond_problem(r, 404, "not found", "no such path; see doc/api.md");
	else if (e == ERR_DENIED)
		respond_problem(r, 405, "method not allowed", r->match.allow);
	else if (e)
		respond_problem(r, 400, "bad request",
				"the path is not well percent-encoded, or too long");
}

/* The length up to which a type's parameters do not count: "text/csv; charset=utf-8". */
static bool type_is(const char *value, const char *wanted)
{
	struct slice s = slice_str(value);

	return slice_is_nocase(slice_trim(slice_sub(s, 0, slice_find(s, ';'))), wanted);
}

static void check_body(struct request *r)
{
	const struct route *route = &routes[r->match.route];
	const char *length = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Content-Length");
	const char *type = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Content-Type");
	uint64_t n;

	if (length && slice_u64(slice_str(length), route->body_max, &n))
		respond_problem(r, 413, "content too large",
				"the body is over this route's maximum");
	else if (route->body_max && type && !type_is(type, route->body_type))
		respond_problem(r, 415, "unsupported media type", route->body_type);
}

struct strange {
	struct slice known;
	bool found;
};

static enum MHD_Result see_argument(void *cls, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct strange *s = cls;
	struct slice rest = s->known, word;
	bool known = false;

	(void)kind;
	(void)value;
	while (rest.n && slice_split(&rest, ' ', &word))
		known = known || slice_is(word, key);
	s->found = s->found || !known;
	return MHD_YES;
}

/* Nothing is read over: whoever only wants to see what a change would do, and says so in other words, must
 * not change anything. */
static void check_query(struct request *r)
{
	const struct route *route = &routes[r->match.route];
	struct strange s = { .known = slice_str(route->query) };

	if (!route_is_write(route))
		return;
	MHD_get_connection_values(r->c, MHD_GET_ARGUMENT_KIND, see_argument, &s);
	if (s.found)
		respond_problem(r, 400, "bad request", "the address has a parameter that is not known here");
}

static struct request *request_new(struct listener *l, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->admin = l->admin;
	r->c = c;
	r->conn = info ? info->socket_context : NULL;
	r->is_socket = l->is_socket;
	buf_init(&r->out, OUT_BYTES_MAX);
	return r;
}

static enum MHD_Result begin(struct listener *l, struct MHD_Connection *c, const char *url,
			     const char *method, void **con_cls)
{
	struct request *r = request_new(l, c);

	if (!r)
		return MHD_NO;
	*con_cls = r;
	r->match.route = ROUTE_COUNT;
	check_framing(r);
	if (!r->status)
		check_host(r);
	if (!r->status)
		check_route(r, url, method);
	if (!r->status)
		gate_check(r);
	if (!r->status)
		check_body(r);
	if (r->status)
		return respond_send(r);
	buf_init(&r->body, routes[r->match.route].body_max);
	if (upload_is_for(r))
		upload_begin(r);
	return r->status ? respond_send(r) : MHD_YES;
}

static enum MHD_Result take_body(struct request *r, const char *upload, size_t *upload_n)
{
	if (r->has_upload)
		upload_add(r, slice_of(upload, *upload_n));
	else
		buf_add(&r->body, upload, *upload_n);
	*upload_n = 0;
	return MHD_YES;
}

static void dispatch(struct request *r)
{
	if (r->conn)
		r->conn->deadline_ms = TIME_NEVER;
	if (buf_err(&r->body))
		respond_problem(r, 413, "content too large",
				"the body is over this route's maximum");
	else
		check_query(r);
	if (!r->status)
		handlers[r->match.route](r);
}

enum MHD_Result request_handle(void *cls, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_n, void **con_cls)
{
	struct request *r = *con_cls;

	(void)version;
	if (!r)
		return begin(cls, c, url, method, con_cls);
	if (*upload_n)
		return take_body(r, upload, upload_n);
	if (!r->status && !r->waits && !r->watcher)
		dispatch(r);
	if (r->waits) {
		MHD_suspend_connection(c);
		return MHD_YES;
	}
	if (r->watcher)
		return respond_events(r);
	if (!r->status)
		respond_problem(r, 500, "internal error", "the handler gave no answer");
	return respond_send(r);
}

static void unlink_request(struct request *r)
{
	if (!r->at)
		return;
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	r->at = NULL;
}

void request_completed(void *cls, struct MHD_Connection *c, void **con_cls,
		       enum MHD_RequestTerminationCode why)
{
	struct request *r = *con_cls;

	(void)cls;
	(void)c;
	(void)why;
	if (!r)
		return;
	*con_cls = NULL;
	unlink_request(r);
	if (r->watcher)
		events_unwatch(r->admin->events, r->watcher);
	if (r->conn)
		r->conn->deadline_ms = r->admin->c.mono_ms() + IDLE_MS;
	api_trip_free(r->trip);
	upload_end(r);
	buf_fini(&r->body);
	buf_fini(&r->out);
	free(r);
}

void request_link(struct request *r, struct request **list)
{
	r->next = *list;
	r->at = list;
	if (r->next)
		r->next->at = &r->next;
	*list = r;
}

/* ---- streams ---- */

enum { LOOK_MS = 30000 };

void request_look_at_streams(struct admin *a, int64_t now_ms)
{
	struct auth *auth = atomic_load(&a->auth);

	if (!auth || (auth->changes == a->auth_changes && now_ms < a->auth_look_at))
		return;
	auth_sweep(auth, a->c.wall_ms());
	api_microsoft_sweep(a, auth);
	a->auth_changes = auth->changes;
	a->auth_look_at = now_ms + LOOK_MS;
	for (struct request *r = a->streams, *next; r; r = next) {
		next = r->next;
		if (!gate_still_same(r))
			respond_end_events(r);
	}
}

/* ---- commands under way ---- */

void request_command(struct request *r, struct admin_command *cmd)
{
	struct admin *a = r->admin;

	r->command_silent = cmd->dry_run;
	cmd->owns_all = caller_may(r, NULL, ROLE_OWNER);
	if (commands_give(a->commands, cmd)) {
		admin_command_fini(cmd);
		respond_problem(r, 503, "busy", "too many changes wait already; try again");
		return;
	}
	request_wait(r, (enum admin_command_kind)cmd->kind, cmd->id);
	if ((cmd->kind == ADMIN_CHECK || cmd->ask) && a->c.command_ms == COMMAND_MS_DEFAULT)
		r->command_deadline_ms = a->c.mono_ms() + CHECK_MS;
	a->c.wake(a->c.arg);
}

void request_wait(struct request *r, enum admin_command_kind kind, uint64_t id)
{
	struct admin *a = r->admin;
	bool slow = kind == ADMIN_CERTIFICATE && a->c.command_ms == COMMAND_MS_DEFAULT;

	r->command_kind = (uint8_t)kind;
	r->command = id;
	r->waits = true;
	r->command_deadline_ms = a->c.mono_ms() + (slow ? CHECK_MS : a->c.command_ms);
	request_link(r, &a->waiting);
}

static void resume(struct request *r)
{
	unlink_request(r);
	r->waits = false;
	MHD_resume_connection(r->c);
}

static void take_answer(struct request *r, const struct answer *w)
{
	struct buf json;

	void (*next)(struct request *, const struct answer *) = r->on_answer;

	buf_reset(&r->out);
	if (next) {
		unlink_request(r);
		r->on_answer = NULL;
		r->waits = false;
		next(r, w);
		if (!r->waits)
			resume(r);
		return;
	}
	if (w->status < 400)
		changes_by_command(r, w->note);
	if (!w->json && r->command_kind == ADMIN_CHECK && w->status < 400) {
		api_check_show(r);
	} else {
		buf_init(&json, OUT_BYTES_MAX);
		buf_str(&json, w->json ? w->json : "{}");
		buf_slice(&r->out, buf_view(&json));
		buf_fini(&json);
		if (r->command_kind == ADMIN_OBJECT && w->json && w->status < 300) {
			admin_etag(slice_str(w->json), r->etag_text);
			r->etag = r->etag_text;
		}
		respond_json(r, w->status);
		if (w->refused)
			r->content_type = "application/problem+json";
	}
	resume(r);
}

void request_answers(struct admin *a)
{
	struct answer *w = commands_answers(a->commands), *next;

	for (; w; w = next) {
		struct request *r = a->waiting;

		next = w->next;
		while (r && r->command != w->command)
			r = r->next;
		if (r)
			take_answer(r, w);
		answer_free(w);
	}
}

void request_time_outs(struct admin *a, int64_t now_ms)
{
	for (struct request *r = a->waiting, *next; r; r = next) {
		next = r->next;
		if (now_ms < r->command_deadline_ms)
			continue;
		respond_problem(r, 504, "no answer in time",
				"the presence loop did not answer; the change may "
				"still take effect");
		resume(r);
	}
}

int64_t request_next(const struct admin *a)
{
	int64_t next = TIME_NEVER;

	for (const struct request *r = a->waiting; r; r = r->next)
		if (r->command_deadline_ms < next)
			next = r->command_deadline_ms;
	return next;
}

void request_give_up(struct admin *a)
{
	while (a->waiting) {
		respond_problem(a->waiting, 503, "shutting down", "the daemon is ending");
		resume(a->waiting);
	}
	events_end(a->events);
}

void admin_refuse_with(struct admin *a, uint64_t command, int http_status, const char *title,
		       const char *detail, const char *errors)
{
	struct buf b;
	struct jsonw j = jsonw_on(&b);

	buf_init(&b, 131072);
	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "type", "about:blank");
	jsonw_string(&j, "title", title);
	jsonw_int(&j, "status", http_status);
	said_write(&j, "detail", slice_str(detail));
	if (errors)
		jsonw_raw(&j, "errors", slice_str(errors));
	jsonw_end_object(&j);
	commands_answer(a->commands, command, http_status, true, buf_cstr(&b), NULL);
	buf_fini(&b);
	server_wake(a);
}

void admin_refuse(struct admin *a, uint64_t command, int http_status, const char *title,
		  const char *detail)
{
	admin_refuse_with(a, command, http_status, title, detail, NULL);
}

void admin_etag(struct slice json, char ret[static ADMIN_ETAG_MAX])
{
	snprintf(ret, ADMIN_ETAG_MAX, "\"%016llx\"", (unsigned long long)slice_hash(json, 0x0e7a6));
}
