#include "admin/openapi.h"

#include <stdio.h>

#include "admin/route.h"
#include "admin/shape.h"
#include "base/check.h"

struct body {
	enum route_id route;
	const char *type, *help;
};

struct reply {
	enum route_id route;
	int status;
	const char *media, *type, *headers, *help;
};

struct refuses {
	enum route_id route;
	const char *statuses;
};

struct refusal {
	int status;
	const char *header, *help;
};

struct parameter {
	const char *route, *in, *name, *type, *help;
};

struct named {
	const char *name, *type, *help;
};

static const struct body bodies[] = {
#define BODY(route, type, help) { ROUTE_##route, type, help },
#include "admin/answers.def"
};

static const struct reply replies[] = {
#define ANSWER(route, status, media, type, headers, help)                                          \
	{ ROUTE_##route, status, media, type, headers, help },
#include "admin/answers.def"
};

static const struct refuses refuses[] = {
#define REFUSES(route, statuses) { ROUTE_##route, statuses },
#include "admin/answers.def"
};

static const struct refusal refusals[] = {
#define REFUSAL(status, header, help) { status, header, help },
#include "admin/answers.def"
};

static const struct parameter parameters[] = {
#define PARAMETER(route, in, name, type, help) { route, in, name, type, help },
#include "admin/answers.def"
};

static const struct named headers[] = {
#define HEADER(name, help) { name, "text", help },
#include "admin/answers.def"
};

static const struct named events[] = {
#define EVENT(name, type, help) { name, type, help },
#include "admin/answers.def"
};

static const char *const authorities[] = {
	[AUTHORITY_OPEN] = "open",
	[AUTHORITY_SELF] = "self",
	[AUTHORITY_VIEWER] = "viewer",
	[AUTHORITY_OPERATOR] = "operator",
	[AUTHORITY_OPERATOR_ANY] = "operator",
	[AUTHORITY_OWNER] = "owner",
	[AUTHORITY_OWNER_ANY] = "owner",
};

static const struct webhook {
	const char *name, *type, *header, *help;
} webhooks[] = {
#define WEBHOOK(name, type, header, help) { name, type, header, help },
#include "admin/answers.def"
};

#define EACH(row, table) (size_t row = 0; row < ARRAY_LEN(table); row++)

/* ---- parameters ---- */

/* The row of this route's own, or the one for every route; ARRAY_LEN: none. */
static size_t find_parameter(const struct route *r, const char *in, struct slice name)
{
	size_t found = ARRAY_LEN(parameters);

	for
		EACH(i, parameters)
		{
			const struct parameter *p = &parameters[i];

			if (strcmp(p->in, in) != 0 || !slice_is(name, p->name))
				continue;
			if (strcmp(p->route, r->id) == 0)
				return i;
			if (!*p->route)
				found = i;
		}
	return found;
}

/* used: marks rows by index, or NULL. */
struct parameter_writer {
	struct jsonw *j;
	const struct route *route;
	bool *used;
	struct buf *faults;
};

static void parameter(const struct parameter_writer *w, const char *in, struct slice name)
{
	size_t i = find_parameter(w->route, in, name);

	if (i == ARRAY_LEN(parameters)) {
		if (w->faults)
			buf_fmt(w->faults, "%s: %s parameter %.*s has no row\n", w->route->id, in,
				SLICE_ARG(name));
		return;
	}
	const struct parameter *p = &parameters[i];
	bool needed = strcmp(in, "path") == 0 ||
		      (strcmp(p->name, "If-Match") == 0 && strcmp(w->route->method, "DELETE") == 0);
	if (w->used)
		w->used[i] = true;
	if (!w->j)
		return;
	jsonw_begin_object(w->j, NULL);
	jsonw_string(w->j, "name", p->name);
	jsonw_string(w->j, "in", in);
	if (*p->help)
		jsonw_string(w->j, "description", p->help);
	jsonw_bool(w->j, "required", needed);
	shape_type(w->j, "schema", p->type, "");
	jsonw_end_object(w->j);
}

static void all_parameters(const struct parameter_writer *w)
{
	struct slice path = slice_str(w->route->pattern), query = slice_str(w->route->query), one;

	while (slice_split(&path, '/', &one))
		if (one.n > 2 && one.p[0] == '{')
			parameter(w, "path", slice_sub(one, 1, one.n - 1));
	while (query.n && slice_split(&query, ' ', &one))
		parameter(w, "query", one);
	for
		EACH(i, parameters)
	if (strcmp(parameters[i].in, "header") == 0 &&
	    strcmp(parameters[i].route, w->route->id) == 0)
		parameter(w, "header", slice_str(parameters[i].name));
}

/* ---- requests and answers ---- */

static void content(struct jsonw *j, const char *media, const char *type)
{
	jsonw_begin_object(j, "content");
	jsonw_begin_object(j, media);
	shape_type(j, "schema", type, "");
	jsonw_end_object(j);
	jsonw_end_object(j);
}

static void request_of(struct jsonw *j, const struct route *r)
{
	struct buf b;

	for
		EACH(i, bodies)
		{
			if (&routes[bodies[i].route] != r)
				continue;
			buf_init(&b, 1000);
			buf_fmt(&b, "%s%sAt most %zu bytes.", bodies[i].help,
				*bodies[i].help ? " " : "", r->body_max);
			jsonw_begin_object(j, "requestBody");
			jsonw_slice(j, "description", buf_view(&b));
			content(j, r->body_type, bodies[i].type);
			jsonw_bool(j, "required", shape_needs_something(bodies[i].type));
			jsonw_end_object(j);
			buf_fini(&b);
		}
}

static void headers_of(struct jsonw *j, const char *names)
{
	struct slice rest = slice_str(names), one;

	if (!rest.n)
		return;
	jsonw_begin_object(j, "headers");
	while (slice_split(&rest, ' ', &one))
		for
			EACH(i, headers)
	if (slice_is(one, headers[i].name)) {
		jsonw_begin_object(j, headers[i].name);
		jsonw_string(j, "description", headers[i].help);
		shape_type(j, "schema", headers[i].type, "");
		jsonw_end_object(j);
	}
	jsonw_end_object(j);
}

static void reply_of(struct jsonw *j, const struct reply *a)
{
	char status[12];

	snprintf(status, sizeof(status), "%d", a->status);
	jsonw_begin_object(j, status);
	jsonw_string(j, "description", *a->help ? a->help : "What was asked for.");
	headers_of(j, a->headers);
	if (*a->media)
		content(j, a->media, a->type);
	if (strcmp(a->media, "text/event-stream") == 0) {
		jsonw_begin_object(j, "x-offhook-events");
		for
			EACH(i, events)
		shape_type(j, events[i].name, events[i].type, events[i].help);
		jsonw_end_object(j);
	}
	jsonw_end_object(j);
}

static bool refuses_itself(const struct route *r, int status)
{
	char text[8];

	snprintf(text, sizeof(text), "%d", status);
	for
		EACH(i, refuses)
	if (&routes[refuses[i].route] == r && strstr(refuses[i].statuses, text))
		return true;
	return false;
}

/* What request.c and gate.c make of the route's row. */
static bool may_refuse(const struct route *r, int status)
{
	switch (status) {
	case 400:
	case 401:
		return true;
	case 403:
		return route_is_write(r) ||
		       (r->authority != AUTHORITY_OPEN && r->authority != AUTHORITY_SELF);
	case 404:
		return strchr(r->pattern, '{') || refuses_itself(r, status);
	case 413:
	case 415:
		return r->body_max > 0;
	default:
		return refuses_itself(r, status);
	}
}

static void refer(struct jsonw *j, const char *key, const char *to)
{
	char text[64];

	snprintf(text, sizeof(text), "#/components/responses/%s", to);
	jsonw_begin_object(j, key);
	jsonw_string(j, "$ref", text);
	jsonw_end_object(j);
}

static void responses_of(struct jsonw *j, const struct route *r)
{
	jsonw_begin_object(j, "responses");
	for
		EACH(i, replies)
	if (&routes[replies[i].route] == r)
		reply_of(j, &replies[i]);
	for
		EACH(i, refusals)
	if (may_refuse(r, refusals[i].status)) {
		char status[12], name[24];

		snprintf(status, sizeof(status), "%d", refusals[i].status);
		snprintf(name, sizeof(name), "refused_%d", refusals[i].status);
		refer(j, status, name);
	}
	refer(j, "default", "refused");
	jsonw_end_object(j);
}

/* ---- routes ---- */

enum { SUMMARY_MAX = 100 };

/* Where the first sentence, or the first part of it, ends; what is in backticks is not cut. */
static size_t first_part(struct slice s)
{
	bool quoted = false;

	for (size_t i = 0; i + 1 < s.n; i++) {
		quoted ^= s.p[i] == '`';
		if (!quoted && s.p[0] != '`' && strchr(".:;", s.p[i]) && s.p[i + 1] == ' ')
			return i;
	}
	return s.n;
}

static void summary(struct jsonw *j, const char *help)
{
	struct slice s = slice_str(help);

	s = slice_sub(s, 0, first_part(s));
	if (s.n > SUMMARY_MAX) {
		for (s.n = SUMMARY_MAX; s.n && s.p[s.n] != ' ';)
			s.n--;
	}
	while (s.n && strchr(".,;:", s.p[s.n - 1]))
		s.n--;
	jsonw_slice(j, "summary", s);
}

static void one_security(struct jsonw *j, const char *first, const char *second)
{
	jsonw_begin_object(j, NULL);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? second : first;

		if (name) {
			jsonw_begin_array(j, name);
			jsonw_end_array(j);
		}
	}
	jsonw_end_object(j);
}

static void security_of(struct jsonw *j, const struct route *r)
{
	jsonw_begin_array(j, "security");
	if (r->authority != AUTHORITY_OPEN)
		for (int tls = 0; tls < 2; tls++)
			one_security(j, tls ? "session_tls" : "session",
				     route_is_write(r) ? "csrf" : NULL);
	if (r->authority != AUTHORITY_OPEN)
		one_security(j, "token", NULL);
	jsonw_end_array(j);
}

static void operation(struct jsonw *j, const struct route *r)
{
	char id[64], method[8];
	size_t n = 0;

	for (; r->id[n] && n + 1 < sizeof(id); n++)
		id[n] = (char)(r->id[n] >= 'A' && r->id[n] <= 'Z' ? r->id[n] | 0x20 : r->id[n]);
	id[n] = '\0';
	for (n = 0; r->method[n] && n + 1 < sizeof(method); n++)
		method[n] = (char)(r->method[n] | 0x20);
	method[n] = '\0';
	jsonw_begin_object(j, method);
	jsonw_string(j, "operationId", id);
	summary(j, r->help);
	jsonw_string(j, "description", r->help);
	jsonw_string(j, "x-offhook-authority", authorities[r->authority]);
	jsonw_begin_array(j, "parameters");
	all_parameters(&(struct parameter_writer){ .j = j, .route = r });
	jsonw_end_array(j);
	request_of(j, r);
	responses_of(j, r);
	security_of(j, r);
	jsonw_end_object(j);
}

static bool is_first_of_its_path(const struct route *r)
{
	for (const struct route *before = routes; before < r; before++)
		if (strcmp(before->pattern, r->pattern) == 0)
			return false;
	return true;
}

static void paths(struct jsonw *j)
{
	jsonw_begin_object(j, "paths");
	for (const struct route *r = routes; r < routes + ROUTE_COUNT; r++) {
		if (!is_first_of_its_path(r))
			continue;
		jsonw_begin_object(j, r->pattern);
		for (const struct route *same = r; same < routes + ROUTE_COUNT; same++)
			if (strcmp(same->pattern, r->pattern) == 0)
				operation(j, same);
		jsonw_end_object(j);
	}
	jsonw_end_object(j);
}

/* ---- what we POST to others ---- */

static void webhook(struct jsonw *j, const struct webhook *w)
{
	char id[64];

	snprintf(id, sizeof(id), "webhook_%s", w->name);
	jsonw_begin_object(j, w->name);
	jsonw_begin_object(j, "post");
	jsonw_string(j, "operationId", id);
	summary(j, w->help);
	jsonw_string(j, "description", w->help);
	jsonw_begin_array(j, "parameters");
	jsonw_begin_object(j, NULL);
	jsonw_string(j, "name", w->header);
	jsonw_string(j, "in", "header");
	shape_type(j, "schema", "text", "");
	jsonw_end_object(j);
	jsonw_end_array(j);
	jsonw_begin_object(j, "requestBody");
	content(j, "application/json", w->type);
	jsonw_bool(j, "required", true);
	jsonw_end_object(j);
	jsonw_begin_object(j, "responses");
	jsonw_begin_object(j, "2XX");
	jsonw_string(j, "description", "Taken. Whatever else is answered: it comes again.");
	jsonw_end_object(j);
	jsonw_end_object(j);
	jsonw_begin_array(j, "security");
	jsonw_end_array(j);
	jsonw_end_object(j);
	jsonw_end_object(j);
}

static void all_webhooks(struct jsonw *j)
{
	jsonw_begin_object(j, "webhooks");
	for
		EACH(i, webhooks)
	webhook(j, &webhooks[i]);
	jsonw_end_object(j);
}

/* ---- what they share ---- */

static void refused(struct jsonw *j, const char *name, const char *header, const char *help)
{
	jsonw_begin_object(j, name);
	jsonw_string(j, "description", help);
	headers_of(j, header);
	content(j, "application/problem+json", "problem");
	jsonw_end_object(j);
}

static void scheme(struct jsonw *j, const char *name, const char *in, const char *of,
		   const char *help)
{
	jsonw_begin_object(j, name);
	jsonw_string(j, "type", "apiKey");
	jsonw_string(j, "in", in);
	jsonw_string(j, "name", of);
	jsonw_string(j, "description", help);
	jsonw_end_object(j);
}

static void security_schemes(struct jsonw *j)
{
	jsonw_begin_object(j, "securitySchemes");
	jsonw_begin_object(j, "token");
	jsonw_string(j, "type", "http");
	jsonw_string(j, "scheme", "bearer");
	jsonw_string(j, "description", "A token of POST /api/v1/tokens, for programs.");
	jsonw_end_object(j);
	scheme(j, "session", "cookie", "offhook", "Of POST /api/v1/session, without TLS.");
	scheme(j, "session_tls", "cookie", "__Host-offhook", "Of POST /api/v1/session, with TLS.");
	scheme(j, "csrf", "header", "X-Offhook-CSRF", "`csrf` of GET /api/v1/session.");
	jsonw_end_object(j);
}

static void components(struct jsonw *j)
{
	char name[24];

	jsonw_begin_object(j, "components");
	jsonw_begin_object(j, "schemas");
	shape_components(j);
	jsonw_end_object(j);
	jsonw_begin_object(j, "responses");
	refused(j, "refused", "",
		"Refused for a reason that no route is without: 5xx, or 421 for a strange Host.");
	for
		EACH(i, refusals)
		{
			snprintf(name, sizeof(name), "refused_%d", refusals[i].status);
			refused(j, name, refusals[i].header, refusals[i].help);
		}
	jsonw_end_object(j);
	security_schemes(j);
	jsonw_end_object(j);
}

void openapi_make(struct buf *out)
{
	struct jsonw j = jsonw_on(out);

	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "openapi", "3.1.0");
	jsonw_begin_object(&j, "info");
	jsonw_string(&j, "title", "Offhook");
	jsonw_string(&j, "version", OFFHOOK_VERSION);
	jsonw_string(&j, "description",
		     "Keeps Microsoft Teams presence right for people whose phones hang on a PBX. "
		     "Whoever opens the "
		     "daemon's UNIX socket is an owner of everything and needs none of the "
		     "securitySchemes. "
		     "x-offhook-authority is the role that a route needs.");
	jsonw_begin_object(&j, "license");
	jsonw_string(&j, "name", "Apache-2.0");
	jsonw_string(&j, "identifier", "Apache-2.0");
	jsonw_end_object(&j);
	jsonw_end_object(&j);
	jsonw_begin_array(&j, "servers");
	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "url", "/");
	jsonw_end_object(&j);
	jsonw_end_array(&j);
	paths(&j);
	all_webhooks(&j);
	components(&j);
	jsonw_end_object(&j);
}

/* ---- are the tables complete? ---- */

static void route_faults(struct buf *out, const struct route *r)
{
	unsigned taken = 0, given = 0;

	for
		EACH(i, bodies)
	taken += &routes[bodies[i].route] == r;
	for
		EACH(i, replies)
	given += &routes[replies[i].route] == r && replies[i].status < 400;
	if (taken != (r->body_max > 0))
		buf_fmt(out, "%s: %u rows of BODY\n", r->id, taken);
	if (!given)
		buf_fmt(out, "%s: no row of ANSWER\n", r->id);
}

static bool has_header(struct slice names, const char *name)
{
	struct slice one;

	while (names.n && slice_split(&names, ' ', &one))
		if (slice_is(one, name))
			return true;
	return false;
}

static bool uses_header(const char *name)
{
	for
		EACH(i, replies)
	if (has_header(slice_str(replies[i].headers), name))
		return true;
	for
		EACH(i, refusals)
	if (has_header(slice_str(refusals[i].header), name))
		return true;
	return false;
}

static bool is_known_header(struct slice name)
{
	for
		EACH(i, headers)
	if (slice_is(name, headers[i].name))
		return true;
	return false;
}

void openapi_faults(struct buf *out)
{
	bool used[ARRAY_LEN(parameters)] = { false };

	for (const struct route *r = routes; r < routes + ROUTE_COUNT; r++) {
		const struct parameter_writer w = { .route = r, .used = used, .faults = out };

		route_faults(out, r);
		all_parameters(&w);
	}
	for
		EACH(i, parameters)
	if (!used[i])
		buf_fmt(out, "parameter %s of %s is of no route\n", parameters[i].name,
			parameters[i].route);
	for
		EACH(i, headers)
	if (!uses_header(headers[i].name))
		buf_fmt(out, "header %s is of no answer\n", headers[i].name);
	for
		EACH(i, replies)
		{
			struct slice rest = slice_str(replies[i].headers), one;

			while (rest.n && slice_split(&rest, ' ', &one))
				if (!is_known_header(one))
					buf_fmt(out, "header %.*s has no row\n", SLICE_ARG(one));
		}
}
