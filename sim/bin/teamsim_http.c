/* Two libmicrohttpd daemons in front of one cloud: HTTPS for Graph and Entra, plain HTTP for the
 * control API and the page. A thread per connection, so that a slow answer holds up nobody else. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>
#include <zlib.h>

#include "teamsim.h"
#include "teamsim_page.h"

enum { CONNECTIONS_MAX = 1024, IDLE_S = 120, BODY_ROOM = CLOUD_BODY_MAX + 1 };

struct listener {
	struct teamsim_http *http;
	struct MHD_Daemon *daemon;
	bool control;
	char address[128];
};

struct teamsim_http {
	struct cloud *cloud;
	pthread_mutex_t lock; /* of the cloud */
	pthread_mutex_t sleep_lock;
	pthread_cond_t sleep;
	bool stopping;
	struct listener graph, control;
};

struct exchange {
	bool started;
	char *target;
	struct buf body;
};

/* ---- time ---- */

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits, but not beyond the end of the process. */
static void wait_ms(struct teamsim_http *h, int64_t ms)
{
	struct timespec until;

	if (ms <= 0)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&h->sleep_lock);
	while (!h->stopping && pthread_cond_timedwait(&h->sleep, &h->sleep_lock, &until) != ETIMEDOUT)
		continue;
	pthread_mutex_unlock(&h->sleep_lock);
}

/* ---- answers ---- */

static struct slice header_of(void *arg, const char *name)
{
	return slice_str(MHD_lookup_connection_value(arg, MHD_HEADER_KIND, name));
}

/* A body in one or several pieces, which may break off; owned by its MHD response. */
struct body {
	struct buf bytes;
	size_t breaks_at; /* SIZE_MAX: never */
	struct teamsim_http *http;
	int64_t pause_ms; /* before every piece */
};

static ssize_t read_body(void *arg, uint64_t at, char *to, size_t max)
{
	const struct body *b = arg;
	size_t left, end = b->bytes.n < b->breaks_at ? b->bytes.n : b->breaks_at;

	if (at >= end)
		return b->breaks_at == SIZE_MAX ? MHD_CONTENT_READER_END_OF_STREAM
						: MHD_CONTENT_READER_END_WITH_ERROR;
	left = end - (size_t)at;
	wait_ms(b->http, b->pause_ms);
	/* Small pieces: a chunked answer has several chunks, a slow one has pauses. */
	size_t piece = b->pause_ms ? CLOUD_PIECE : 500;
	left = left > piece ? piece : left;
	left = left > max ? max : left;
	memcpy(to, b->bytes.p + at, left);
	return (ssize_t)left;
}

static void free_body(void *arg)
{
	struct body *b = arg;

	buf_fini(&b->bytes);
	free(b);
}

static struct MHD_Response *piecewise(struct teamsim_http *h, struct cloud_response *rs)
{
	struct body *b = calloc(1, sizeof *b);
	struct MHD_Response *r;

	if (!b)
		return NULL;
	b->http = h;
	b->pause_ms = rs->pause_ms;
	b->bytes = rs->body;
	buf_init(&rs->body, 1);
	b->breaks_at = rs->cut == CLOUD_CUT_MID ? b->bytes.n / 2 : SIZE_MAX;
	/* An empty answer breaks off before a body that it has announced. */
	uint64_t size = rs->chunked ? MHD_SIZE_UNKNOWN : b->bytes.n ? b->bytes.n : 64;
	r = MHD_create_response_from_callback(size, 16384, read_body, b, free_body);
	if (!r)
		free_body(b);
	return r;
}

static void gzip(struct cloud_response *rs)
{
	z_stream z = { 0 };
	uLong room = compressBound(rs->body.n) + 64;
	unsigned char *out = malloc(room);

	if (!out || deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(out);
		return;
	}
	z.next_in = (unsigned char *)rs->body.p;
	z.avail_in = (uInt)rs->body.n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		size_t n = z.total_out;

		buf_reset(&rs->body);
		buf_add(&rs->body, out, n);
		buf_str(&rs->headers, "Content-Encoding: gzip\r\n");
	}
	deflateEnd(&z);
	free(out);
}

static void add_headers(struct MHD_Response *r, const struct cloud_response *rs)
{
	struct slice rest = buf_view(&rs->headers), line;
	char name[64], value[2048], date[64];
	time_t t = (time_t)(rs->date_ms / 1000);
	struct tm tm;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (colon < line.n && !slice_copy(slice_sub(line, 0, colon), name, sizeof name) &&
		    !slice_copy(slice_trim(slice_sub(line, colon + 1, line.n)), value, sizeof value))
			MHD_add_response_header(r, name, value);
	}
	gmtime_r(&t, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(r, "Date", date);
}

static enum MHD_Result reset_connection(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	return MHD_NO;
}

static enum MHD_Result send_answer(struct teamsim_http *h, struct MHD_Connection *conn,
				   struct cloud_response *rs)
{
	struct MHD_Response *r;
	enum MHD_Result done;

	if (rs->cut == CLOUD_CUT_BEFORE || rs->cut == CLOUD_CUT_AFTER)
		return reset_connection(conn);
	if (rs->gzip && rs->body.n > 0 &&
	    slice_find_str(header_of(conn, "accept-encoding"), SLICE_LIT("gzip")) <
		    header_of(conn, "accept-encoding").n)
		gzip(rs);
	if (rs->chunked || rs->cut == CLOUD_CUT_MID || rs->pause_ms)
		r = piecewise(h, rs);
	else
		r = MHD_create_response_from_buffer(rs->body.n, rs->body.p, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	add_headers(r, rs);
	done = MHD_queue_response(conn, rs->status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result send_page(struct MHD_Connection *conn)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(sizeof teamsim_page, teamsim_page, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", "text/html; charset=utf-8");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "Content-Security-Policy",
				"default-src 'none'; style-src 'unsafe-inline'; "
				"script-src 'unsafe-inline'; connect-src 'self'");
	done = MHD_queue_response(conn, 200, r);
	MHD_destroy_response(r);
	return done;
}

/* A page of somewhere else must not steer this one through a browser (DNS rebinding, forms). */
static bool own_host(const struct listener *l, struct MHD_Connection *conn)
{
	struct slice host = header_of(conn, "host"), origin = header_of(conn, "origin");
	struct slice name = slice_sub(host, 0, slice_find_str(host, SLICE_LIT(":")));
	bool known = slice_is(host, l->address) || slice_is(name, "localhost") ||
		     slice_is(name, "127.0.0.1") || slice_starts(host, "[::1]");

	if (!origin.p)
		return known;
	return known && slice_starts(origin, "http://") &&
	       slice_eq(slice_sub(origin, 7, origin.n), host);
}

static enum MHD_Result serve(struct listener *l, struct MHD_Connection *conn, const char *method,
			     struct exchange *x)
{
	struct cloud_request rq = { .method = slice_str(method),
				    .target = slice_str(x->target),
				    .header = header_of,
				    .arg = conn,
				    .body = buf_view(&x->body) };
	struct cloud_response rs;
	enum MHD_Result done;

	if (l->control && strcmp(x->target, "/") == 0 && strcmp(method, "GET") == 0)
		return send_page(conn);
	cloud_response_init(&rs);
	if (l->control && !own_host(l, conn)) {
		rs.status = 403;
		rs.date_ms = wall_ms();
		buf_str(&rs.body, "{\"error\": \"foreign Host or Origin\"}\n");
	} else {
		pthread_mutex_lock(&l->http->lock);
		if (l->control)
			cloud_control(l->http->cloud, wall_ms(), &rq, &rs);
		else
			cloud_request(l->http->cloud, wall_ms(), &rq, &rs);
		pthread_mutex_unlock(&l->http->lock);
	}
	wait_ms(l->http, rs.delay_ms);
	done = send_answer(l->http, conn, &rs);
	cloud_response_fini(&rs);
	return done;
}

/* ---- libmicrohttpd's callbacks ---- */

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *conn)
{
	struct exchange *x = calloc(1, sizeof *x);

	(void)arg;
	(void)conn;
	if (!x)
		return NULL;
	x->target = strdup(uri);
	buf_init(&x->body, BODY_ROOM);
	return x;
}

static void on_done(void *arg, struct MHD_Connection *conn, void **con, enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *con;

	(void)arg;
	(void)conn;
	(void)why;
	if (!x)
		return;
	if (x->body.p)
		explicit_bzero(x->body.p, x->body.n); /* a token request holds a secret */
	buf_fini(&x->body);
	free(x->target);
	free(x);
	*con = NULL;
}

/* Asked with the headers, then with each piece of the body, then once more to answer. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *piece_n, void **con)
{
	struct listener *l = arg;
	struct exchange *x = *con;

	(void)url;
	(void)version;
	if (!x || !x->target)
		return MHD_NO;
	if (!x->started) {
		x->started = true;
		return MHD_YES;
	}
	if (*piece_n > 0) {
		buf_add(&x->body, piece, *piece_n);
		*piece_n = 0;
		return buf_err(&x->body) == ERR_OK ? MHD_YES : MHD_NO;
	}
	return serve(l, conn, method, x);
}

/* Targets stay as they came: the cloud decodes them itself. */
static size_t keep_escapes(void *arg, struct MHD_Connection *conn, char *s)
{
	(void)arg;
	(void)conn;
	return strlen(s);
}

/* ---- listeners ---- */

/* "[::1]:80" or "127.0.0.1:80" in two; false for anything else. */
static bool split_address(const char *text, char *host, size_t cap, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	struct slice name = slice_of(text, colon ? (size_t)(colon - text) : 0);

	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = slice_sub(name, 1, name.n - 1);
	if (!colon || name.n == 0 || slice_copy(name, host, cap) != ERR_OK)
		return false;
	*ret_port = colon + 1;
	return true;
}

static int bind_socket(const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 256) == 0)
		return fd;
	int e = errno;
	close(fd);
	errno = e;
	return -1;
}

static bool name_socket(int fd, char *out, size_t cap)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof at;
	char host[80], port[16];

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0 ||
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(out, cap, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return true;
}

static int open_listener(struct listener *l, const char *text)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_PASSIVE };
	struct addrinfo *found = NULL;
	const char *port;
	char host[80];
	int fd;

	if (!split_address(text, host, sizeof host, &port) ||
	    getaddrinfo(host, port, &hints, &found) != 0) {
		fprintf(stderr, "teamsim: %s: not an address like 127.0.0.1:8443\n", text);
		return -1;
	}
	fd = bind_socket(found);
	if (fd < 0)
		fprintf(stderr, "teamsim: %s: %s\n", text, strerror(errno));
	freeaddrinfo(found);
	if (fd >= 0 && !name_socket(fd, l->address, sizeof l->address)) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum err start(struct listener *l, const char *address, const struct teamsim_ca *ca)
{
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			 MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK | (ca ? MHD_USE_TLS : 0u);
	int fd = open_listener(l, address);

	if (fd < 0)
		return ERR_IO;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, ca ? ca->key_pem : NULL },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, ca ? ca->cert_pem : NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
				     MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
				     MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				     (unsigned)IDLE_S, MHD_OPTION_ARRAY, ca ? tls : none,
				     MHD_OPTION_END);
	if (l->daemon)
		return ERR_OK;
	fprintf(stderr, "teamsim: %s: cannot start the server\n", address);
	close(fd);
	return ERR_IO;
}

enum err teamsim_http_start(struct teamsim_http **ret, struct cloud *c, const char *listen,
			    const char *control, const struct teamsim_ca *ca)
{
	struct teamsim_http *h = calloc(1, sizeof *h);
	char base[160];
	enum err e;

	if (!h)
		return ERR_NO_MEMORY;
	h->cloud = c;
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->sleep_lock, NULL);
	pthread_cond_init(&h->sleep, NULL);
	h->graph = (struct listener){ .http = h };
	h->control = (struct listener){ .http = h, .control = true };
	pthread_mutex_lock(&h->lock); /* nobody is served before the base is known */
	e = start(&h->graph, listen, ca);
	if (!e)
		e = start(&h->control, control, NULL);
	snprintf(base, sizeof base, "https://%s", h->graph.address);
	cloud_set_base(c, base);
	pthread_mutex_unlock(&h->lock);
	if (e) {
		teamsim_http_stop(h);
		return e;
	}
	*ret = h;
	return ERR_OK;
}

void teamsim_http_stop(struct teamsim_http *h)
{
	pthread_mutex_lock(&h->sleep_lock);
	h->stopping = true;
	pthread_cond_broadcast(&h->sleep);
	pthread_mutex_unlock(&h->sleep_lock);
	if (h->graph.daemon)
		MHD_stop_daemon(h->graph.daemon);
	if (h->control.daemon)
		MHD_stop_daemon(h->control.daemon);
	pthread_cond_destroy(&h->sleep);
	pthread_mutex_destroy(&h->sleep_lock);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

const char *teamsim_http_graph(const struct teamsim_http *h)
{
	return h->graph.address;
}

const char *teamsim_http_control(const struct teamsim_http *h)
{
	return h->control.address;
}
