#include "admin/impl.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SWEEP_MS = 250, INACTIVE_S = 60 };

void server_log(struct admin *a, int priority, const char *code, const char *text)
{
	if (a->c.log)
		a->c.log(a->c.arg, priority, code, text);
}

void server_wake(void *arg)
{
	struct admin *a = arg;
	uint64_t one = 1;
	ssize_t n = write(a->wake_fd, &one, sizeof(one));

	(void)n; /* full means that it is awake anyway */
}

/* The snapshot's poke comes from the loop thread. */
static void poke(void *arg)
{
	struct admin *a = arg;

	atomic_store(&a->poked, true);
	server_wake(a);
}

/* ---- connections: the deadlines that libmicrohttpd does not know ---- */

static void conn_begin(struct listener *l, struct MHD_Connection *c, void **socket_context)
{
	struct admin *a = l->admin;
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct conn *k = calloc(1, sizeof(*k));

	*socket_context = k;
	if (!k)
		return;
	k->fd = info ? info->connect_fd : -1;
	k->tls = l->tls;
	k->deadline_ms = a->c.mono_ms() + a->c.request_ms;
	k->next = a->conns;
	k->at = &a->conns;
	if (k->next)
		k->next->at = &k->next;
	a->conns = k;
}

static void conn_end(struct conn *k)
{
	if (!k)
		return;
	*k->at = k->next;
	if (k->next)
		k->next->at = k->at;
	free(k);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		conn_begin(l, c, socket_context);
	else
		conn_end(*socket_context);
}

static void sweep(struct admin *a, int64_t now_ms)
{
	if (now_ms < a->sweep_at)
		return;
	a->sweep_at = now_ms + SWEEP_MS;
	for (struct conn *k = a->conns; k; k = k->next) {
		if (now_ms < k->deadline_ms || k->cut || k->fd < 0)
			continue;
		k->cut = true;
		a->deadlines++;
		shutdown(k->fd, SHUT_RDWR);
	}
}

static int64_t sweep_next(const struct admin *a)
{
	int64_t next = TIME_NEVER;

	for (const struct conn *k = a->conns; k; k = k->next)
		if (!k->cut && k->deadline_ms < next)
			next = k->deadline_ms;
	return next == TIME_NEVER || next > a->sweep_at ? next : a->sweep_at;
}

/* ---- libmicrohttpd ---- */

/* Paths and queries are decoded by route.c, segment by segment; here they stay as they came. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
	(void)cls;
	(void)c;
	return strlen(s);
}

__attribute__((format(printf, 2, 0))) static void on_error(void *cls, const char *format, va_list args)
{
	struct admin *a = cls;
	char text[300];

	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	/* what it answers by itself no handler of ours ever sees */
	a->refused[REFUSED_UNREADABLE] += slice_starts(slice_str(text), "Error processing request");
	server_log(a, 6, "http", text);
}

/* libmicrohttpd closes the listening socket when it does not start, so it gets one of its own. */
static enum err start_daemon(struct admin *a, struct listener *l, bool tls)
{
	int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	unsigned flags =
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem options[] = {
	    {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
	    {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
	    {MHD_OPTION_CONNECTION_LIMIT, a->c.connections_max, NULL},
	    {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES_MAX, NULL},
	    {MHD_OPTION_CONNECTION_TIMEOUT, INACTIVE_S, NULL},
	    {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
	    {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_completed, l},
	    {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l},
	    {l->is_socket ? MHD_OPTION_END : MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	     (intptr_t)a->c.per_address_max, NULL},
	    {tls ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, 0, a->key},
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, a->certificate},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (char[]){"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"}},
	    {MHD_OPTION_END, 0, NULL},
	};

	l->tls = tls;
	l->daemon =
	    MHD_start_daemon(flags, 0, NULL, NULL, request_handle, l, MHD_OPTION_EXTERNAL_LOGGER,
			     on_error, a, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	return l->daemon ? ERR_OK : ERR_IO;
}

enum err server_open(struct admin *a, char *why, size_t why_cap)
{
	enum err e = ERR_OK;

	if (a->c.listen && *a->c.listen)
		e = listen_tcp(a->c.listen, a->certificate != NULL, &a->tcp.fd, &a->port, why,
			       why_cap);
	if (!e && a->socket_path)
		e = listen_socket(a->socket_path, &a->sock.fd, why, why_cap);
	if (e)
		return e;
	if ((a->tcp.fd >= 0 && start_daemon(a, &a->tcp, a->certificate != NULL)) ||
	    (a->sock.fd >= 0 && start_daemon(a, &a->sock, false))) {
		snprintf(why, why_cap,
			 "the http server does not start: certificate and key do not fit?");
		return ERR_IO;
	}
	return ERR_OK;
}

/* Quiesced first: the listening socket is shared with ours and must not be shut down. */
static void stop_daemon(struct listener *l)
{
	MHD_socket fd;

	if (!l->daemon)
		return;
	fd = MHD_quiesce_daemon(l->daemon);
	MHD_run(l->daemon);
	MHD_stop_daemon(l->daemon);
	l->daemon = NULL;
	if (fd >= 0)
		close(fd);
}

void server_close(struct admin *a)
{
	stop_daemon(&a->tcp);
	stop_daemon(&a->sock);
	if (a->tcp.fd >= 0)
		close(a->tcp.fd);
	if (a->sock.fd >= 0) {
		close(a->sock.fd);
		unlink(a->socket_path);
	}
	a->tcp.fd = a->sock.fd = -1;
}

/* A new certificate: libmicrohttpd takes one only at its start, so the server starts again on the
 * same listening socket; browsers come back by themselves. A pair that does not fit keeps the old.
 */
static void change_certificate(struct admin *a)
{
	char *certificate, *key, *old_certificate = a->certificate, *old_key = a->key;
	BIO *bio;

	pthread_mutex_lock(&a->lock);
	certificate = a->new_certificate;
	key = a->new_key;
	a->new_certificate = a->new_key = NULL;
	pthread_mutex_unlock(&a->lock);
	if (!certificate || !key || !a->certificate || a->tcp.fd < 0) {
		free(certificate);
		free(key);
		return;
	}
	request_give_up(a);
	stop_daemon(&a->tcp);
	a->certificate = certificate;
	a->key = key;
	if (start_daemon(a, &a->tcp, true)) {
		server_log(a, 3, "certificate",
			   "certificate and key do not fit; the old ones stay");
		a->certificate = old_certificate;
		a->key = old_key;
		old_certificate = certificate;
		old_key = key;
		if (start_daemon(a, &a->tcp, true))
			server_log(a, 2, "certificate", "the https server does not start again");
	}
	free(old_certificate);
	free(old_key);
	bio = BIO_new_mem_buf(a->certificate, -1);
	X509_free(a->x509);
	a->x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
}

/* ---- the thread ---- */

enum { CERTIFICATE_WAIT_MS = 5000, CERTIFICATE_LOOK_MS = 50 };

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int timeout_of(struct admin *a, int64_t now_ms)
{
	int64_t next = sooner(sooner(events_next(a->events), request_next(a)),
			      sooner(sweep_next(a), monitor_next(a->monitor)));
	struct listener *all[] = {&a->tcp, &a->sock};
	int64_t wait = next == TIME_NEVER ? INT32_MAX : next <= now_ms ? 0 : next - now_ms;

	if (a->certificate_ms && wait > CERTIFICATE_LOOK_MS)
		wait = CERTIFICATE_LOOK_MS;
	for (int i = 0; i < 2; i++) {
		MHD_UNSIGNED_LONG_LONG ms;

		if (all[i]->daemon && MHD_get_timeout(all[i]->daemon, &ms) == MHD_YES &&
		    (int64_t)ms < wait)
			wait = (int64_t)ms;
	}
	return wait >= INT32_MAX ? -1 : (int)wait;
}

static int epoll_of(const struct listener *l)
{
	const union MHD_DaemonInfo *info =
	    l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;

	return info ? info->epoll_fd : -1;
}

static void wait_for_work(struct admin *a)
{
	struct pollfd fds[] = {
	    {.fd = a->wake_fd, .events = POLLIN},
	    {.fd = epoll_of(&a->tcp), .events = POLLIN},
	    {.fd = epoll_of(&a->sock), .events = POLLIN},
	};
	uint64_t count;

	if (events_wants_poke(a->events))
		snapshot_want_poke(a->snapshot, poke, a);
	poll(fds, 3, timeout_of(a, a->c.mono_ms()));
	if (fds[0].revents & POLLIN) {
		ssize_t n = read(a->wake_fd, &count, sizeof(count));

		(void)n;
	}
}

/* Whoever waits for an answer, the reload that brought it among them, gets it first, within reason. */
static void look_at_certificate(struct admin *a, int64_t now_ms)
{
	bool is_new;

	pthread_mutex_lock(&a->lock);
	is_new = a->new_certificate != NULL;
	pthread_mutex_unlock(&a->lock);
	if (!is_new)
		return;
	if (!a->certificate_ms)
		a->certificate_ms = now_ms;
	if (a->waiting && now_ms - a->certificate_ms < CERTIFICATE_WAIT_MS)
		return;
	a->certificate_ms = 0;
	change_certificate(a);
}

static void turn(struct admin *a)
{
	int64_t now_ms = a->c.mono_ms();

	look_at_certificate(a, now_ms);
	if (atomic_exchange(&a->poked, false))
		events_poked(a->events);
	request_answers(a);
	request_time_outs(a, now_ms);
	request_look_at_streams(a, now_ms);
	events_tick(a->events, now_ms, a->c.wall_ms());
	if (monitor_tick(a->monitor, now_ms, a->c.wall_ms()))
		events_alarms(a->events);
	first_line_check(a);
	if (a->tcp.daemon)
		MHD_run(a->tcp.daemon);
	if (a->sock.daemon)
		MHD_run(a->sock.daemon);
	sweep(a, a->c.mono_ms());
}

void *server_thread(void *arg)
{
	struct admin *a = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!atomic_load(&a->stop)) {
		wait_for_work(a);
		turn(a);
	}
	request_give_up(a);
	turn(a);
	return NULL;
}
