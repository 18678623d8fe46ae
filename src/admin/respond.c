#include "admin/impl.h"

#include <stdio.h>

#include "admin/said.h"
#include "base/jsonw.h"

static const char csp[] = "default-src 'self'; base-uri 'none'; form-action 'none'; "
			  "frame-ancestors 'none'; object-src 'none'";

/* RFC 9457. The detail of a 405 is its Allow, too. */
void respond_problem(struct request *r, int status, const char *title, const char *detail)
{
	struct jsonw j = jsonw_on(&r->out);

	buf_reset(&r->out);
	jsonw_begin_object(&j, NULL);
	jsonw_string(&j, "type", "about:blank");
	jsonw_string(&j, "title", title);
	jsonw_int(&j, "status", status);
	said_write(&j, "detail", slice_str(detail));
	jsonw_end_object(&j);
	r->status = status;
	r->content_type = "application/problem+json";
}

void respond_json(struct request *r, int status)
{
	if (buf_err(&r->out)) {
		respond_problem(r, 500, "answer too large", "ask for fewer rows");
		return;
	}
	buf_char(&r->out, '\n');
	r->status = status;
	r->content_type = "application/json";
}

static void count_answer(struct request *r)
{
	enum status_class k = r->status < 400	? STATUS_OK
			      : r->status < 500 ? STATUS_CLIENT
						: STATUS_SERVER;

	if (r->match.route < ROUTE_COUNT)
		r->admin->requests[r->match.route][k]++;
}

static void add_number(struct MHD_Response *response, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	MHD_add_response_header(response, name, text);
}

static void common_headers(struct MHD_Response *response, const struct request *r)
{
	static const char *const always[][2] = {
	    {"X-Content-Type-Options", "nosniff"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {"Content-Security-Policy", csp},
	};

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		MHD_add_response_header(response, always[i][0], always[i][1]);
	if (r->content_type)
		MHD_add_response_header(response, "Content-Type", r->content_type);
	if (r->etag)
		MHD_add_response_header(response, "ETag", r->etag);
	MHD_add_response_header(response, "Cache-Control",
				r->etag && r->asset.p ? "no-cache" : "no-store");
	if (r->asset.p)
		MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (r->packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (r->has_file)
		MHD_add_response_header(response, "Content-Disposition",
					"attachment; filename=\"offhook-backup.db\"");
	if (r->cookie[0])
		MHD_add_response_header(response, "Set-Cookie", r->cookie);
	if (r->location[0])
		MHD_add_response_header(response, "Location", r->location);
	if (r->retry_after_s)
		add_number(response, "Retry-After", r->retry_after_s);
	if (r->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"offhook\"");
	if (r->status == 405)
		MHD_add_response_header(response, "Allow", r->match.allow);
}

static struct MHD_Response *response_of(const struct request *r)
{
	struct slice body = r->asset.p ? r->asset : buf_view(&r->out);
	enum MHD_ResponseMemoryMode mode =
	    r->asset.p ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY;
	/* libmicrohttpd's interface takes no const; it does not write */
	char *p = (char *)(uintptr_t)body.p;

	if (r->has_file) /* takes the descriptor over */
		return MHD_create_response_from_fd64(r->file_n, r->file_fd);
	return MHD_create_response_from_buffer(body.n, p, mode);
}

enum MHD_Result respond_send(struct request *r)
{
	struct MHD_Response *response = response_of(r);
	enum MHD_Result done;

	if (!response)
		return MHD_NO;
	count_answer(r);
	if (r->conn)
		r->conn->deadline_ms =
			r->admin->c.mono_ms() + RESPONSE_MS + (int64_t)(r->file_n / FILE_BYTES_MS);
	common_headers(response, r);
	done = MHD_queue_response(r->c, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return done;
}

/* ---- events ---- */

static ssize_t read_events(void *cls, uint64_t at, char *dst, size_t cap)
{
	struct request *r = cls;
	size_t n;

	(void)at;
	if (r->ended) {
		n = r->packed && cap >= GZIP_TAIL ? events_tail(r->watcher, dst) : 0;
		r->packed = false;
		return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
	}
	n = events_read(r->admin->events, r->watcher, dst, cap);
	if (!n) {
		r->watcher_waits = true;
		MHD_suspend_connection(r->c);
	}
	return (ssize_t)n;
}

enum MHD_Result respond_events(struct request *r)
{
	struct MHD_Response *response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_events, r, NULL);
	enum MHD_Result done;

	if (!response)
		return MHD_NO;
	r->status = 200;
	count_answer(r);
	r->content_type = "text/event-stream";
	if (r->conn)
		r->conn->deadline_ms = TIME_NEVER;
	common_headers(response, r);
	MHD_set_connection_option(r->c, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
	done = MHD_queue_response(r->c, 200, response);
	MHD_destroy_response(response);
	return done;
}

static void events_ready(void *arg, bool ended)
{
	struct request *r = arg;

	r->ended = r->ended || ended;
	if (r->watcher_waits) {
		r->watcher_waits = false;
		MHD_resume_connection(r->c);
	}
}

static bool sees(void *arg, uint16_t account)
{
	return caller_sees(arg, account);
}

void respond_end_events(struct request *r)
{
	events_ready(r, true);
}

void api_events(struct request *r)
{
	struct admin *a = r->admin;
	struct events_hooks hooks = {events_ready, caller_sees_all(r) ? NULL : sees, request_takes_gzip(r)};
	char name[ROUTE_PARAM_MAX + 1];
	uint16_t account = UINT16_MAX;

	names_refresh(a->names);
	if (request_query(r, "account", name, sizeof(name))) {
		account = snapshot_find_account(a->snapshot, slice_str(name));
		if (account == UINT16_MAX || !caller_sees(r, account))
			respond_problem(r, 404, "not found", "no such account");
	}
	if (r->status)
		return;
	r->packed = hooks.packed;
	if (events_watch(a->events, &r->watcher, account, &hooks, r, a->c.wall_ms()))
		respond_problem(r, 503, "too many watchers", "try again later");
	else
		request_link(r, &a->streams);
}

/* Browsers all do; `gzip;q=0` would forbid it. */
bool request_takes_gzip(const struct request *r)
{
	const char *codings = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Accept-Encoding");
	struct slice rest = slice_str(codings ? codings : ""), one;

	while (rest.n && slice_split(&rest, ',', &one))
		if (slice_is(slice_trim(one), "gzip"))
			return true;
	return false;
}

bool request_query(struct request *r, const char *name, char *dst, size_t cap)
{
	const char *raw = MHD_lookup_connection_value(r->c, MHD_GET_ARGUMENT_KIND, name);

	if (!raw || r->status)
		return false;
	if (percent_decode(slice_str(raw), dst, cap)) {
		respond_problem(r, 400, "bad request",
				"a parameter is not well percent-encoded, or too long");
		return false;
	}
	return true;
}
