#include "daemon/webhooks_inside.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/listen.h"

enum {
	CONNECTIONS_DEFAULT = 512,
	PER_ADDRESS_DEFAULT = 64,
	REQUEST_MS_DEFAULT = 15000,
	ANSWER_MS_DEFAULT = 10000,
	SWEEP_MS = 250,
	HEAD_MAX = 32768,
};

static void wake_thread(struct hook_server *s)
{
	uint64_t one = 1;
	ssize_t n = write(s->wake_fd, &one, sizeof(one));

	(void)n; /* full means that it is awake anyway */
}

void hook_count(struct hook_server *s, uint64_t *counter)
{
	pthread_mutex_lock(&s->lock);
	++*counter;
	pthread_mutex_unlock(&s->lock);
}

/* ---- connections ---- */

static void conn_begin(struct hook_server *s, struct MHD_Connection *c, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct hook_conn *k = calloc(1, sizeof(*k));

	*context = k;
	if (!k)
		return;
	k->fd = info ? info->connect_fd : -1;
	k->deadline_ms = s->c.mono_ms() + s->c.request_ms;
	k->next = s->conns;
	k->at = &s->conns;
	if (k->next)
		k->next->at = &k->next;
	s->conns = k;
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct hook_conn *k = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_begin(cls, c, context);
	} else if (k) {
		*k->at = k->next;
		if (k->next)
			k->next->at = k->at;
		free(k);
	}
}

/* The whole-request deadline, which libmicrohttpd does not know. */
static void sweep(struct hook_server *s, int64_t now_ms)
{
	if (now_ms < s->sweep_at_ms)
		return;
	s->sweep_at_ms = now_ms + SWEEP_MS;
	for (struct hook_conn *k = s->conns; k; k = k->next) {
		if (now_ms < k->deadline_ms || k->cut || k->fd < 0)
			continue;
		k->cut = true;
		hook_count(s, &s->stats.deadlines);
		shutdown(k->fd, SHUT_RDWR);
	}
}

/* ---- libmicrohttpd and its thread ---- */

/* Paths and arguments are decoded by us, piece by piece. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
}

/* It closes the listening socket when it does not start, so it gets one of its own. */
static enum err start_daemon(struct hook_server *s)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	bool tls = s->certificate != NULL;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, s->c.connections_max, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->c.per_address_max, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, IDLE_MS / 1000, NULL },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)hook_completed, s },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s },
		{ tls ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, 0, s->key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, s->certificate },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (char[]){ "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1" } },
		{ MHD_OPTION_END, 0, NULL },
	};

	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, hook_handle, s, MHD_OPTION_ARRAY,
				     options, MHD_OPTION_END);
	return s->daemon ? ERR_OK : ERR_IO;
}

/* Quiesced first: the listening socket is shared with ours and must not be shut down. */
static void stop_daemon(struct hook_server *s)
{
	MHD_socket fd;

	if (!s->daemon)
		return;
	hook_give_up(s);
	MHD_run(s->daemon);
	fd = MHD_quiesce_daemon(s->daemon);
	MHD_run(s->daemon);
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
	if (fd >= 0)
		close(fd);
}

/* libmicrohttpd takes a certificate only at its start, so it starts again on the same socket. */
static void take_certificate(struct hook_server *s)
{
	char *certificate, *key;

	pthread_mutex_lock(&s->lock);
	certificate = s->new_certificate;
	key = s->new_key;
	s->new_certificate = s->new_key = NULL;
	pthread_mutex_unlock(&s->lock);
	if (!certificate)
		return;
	stop_daemon(s);
	char *old_certificate = s->certificate, *old_key = s->key;
	s->certificate = certificate;
	s->key = key;
	if (start_daemon(s)) {
		s->certificate = old_certificate;
		s->key = old_key;
		old_certificate = certificate;
		old_key = key;
		if (start_daemon(s))
			s->daemon = NULL; /* nobody is heard until the next reload */
	}
	free(old_certificate);
	explicit_bzero(old_key, strlen(old_key));
	free(old_key);
}

static int timeout_of(struct hook_server *s)
{
	int64_t now_ms = s->c.mono_ms(), wait = -1;
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->daemon && MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		wait = (int64_t)ms;
	for (const struct hook_request *r = s->waiting; r; r = r->next)
		if (wait < 0 || r->answer_by_ms - now_ms < wait)
			wait = r->answer_by_ms > now_ms ? r->answer_by_ms - now_ms : 0;
	for (const struct hook_conn *k = s->conns; k; k = k->next) {
		int64_t left = k->deadline_ms - now_ms;

		if (!k->cut && k->deadline_ms != TIME_NEVER && (wait < 0 || left < wait))
			wait = left > SWEEP_MS ? left : SWEEP_MS;
	}
	return wait > 60000 ? 60000 : (int)wait;
}

static void *run(void *arg)
{
	struct hook_server *s = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!atomic_load(&s->stop)) {
		const union MHD_DaemonInfo *info =
			s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
		struct pollfd fds[] = { { .fd = s->wake_fd, .events = POLLIN },
					{ .fd = info ? info->epoll_fd : -1, .events = POLLIN } };
		uint64_t n;

		poll(fds, 2, timeout_of(s));
		if (fds[0].revents & POLLIN && read(s->wake_fd, &n, sizeof(n)) < 0)
			continue;
		take_certificate(s);
		hook_take_answers(s);
		hook_time_outs(s, s->c.mono_ms());
		if (s->daemon)
			MHD_run(s->daemon);
		sweep(s, s->c.mono_ms());
	}
	stop_daemon(s);
	return NULL;
}

/* ---- the loop thread's side ---- */

static enum err set_up(struct hook_server *s, const struct hook_server_config *c, char *why,
		       size_t why_cap)
{
	enum err e;

	s->c = *c;
	s->c.connections_max = c->connections_max ? c->connections_max : CONNECTIONS_DEFAULT;
	s->c.per_address_max = c->per_address_max ? c->per_address_max : PER_ADDRESS_DEFAULT;
	s->c.request_ms = c->request_ms ? c->request_ms : REQUEST_MS_DEFAULT;
	s->c.answer_ms = c->answer_ms ? c->answer_ms : ANSWER_MS_DEFAULT;
	s->certificate = c->certificate ? strdup(c->certificate) : NULL;
	s->key = c->key ? strdup(c->key) : NULL;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0 || (c->certificate && (!s->certificate || !s->key)))
		return ERR_NO_MEMORY;
	e = listen_tcp(c->listen, true, &s->fd, &s->port, why, why_cap);
	if (!e && start_daemon(s)) {
		snprintf(why, why_cap,
			 "%s: the http server does not start: certificate and key do not fit?",
			 c->listen);
		e = ERR_IO;
	}
	if (!e && pthread_create(&s->thread, NULL, run, s))
		e = ERR_IO;
	s->has_thread = !e;
	return e;
}

enum err hook_server_start(struct hook_server **ret, const struct hook_server_config *c, char *why,
			   size_t why_cap)
{
	struct hook_server *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		return ERR_NO_MEMORY;
	s->fd = s->wake_fd = -1;
	s->calls_end = &s->calls;
	pthread_mutex_init(&s->lock, NULL);
	e = set_up(s, c, why, why_cap);
	if (e)
		hook_server_stop(s);
	else
		*ret = s;
	return e;
}

static void wipe_key(char *key)
{
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
}

void hook_server_stop(struct hook_server *s)
{
	struct hook_call *call;

	if (!s)
		return;
	if (s->has_thread) {
		atomic_store(&s->stop, true);
		wake_thread(s);
		pthread_join(s->thread, NULL);
	} else {
		stop_daemon(s);
	}
	while ((call = hook_server_take(s)))
		hook_call_free(call);
	for (struct hook_answer *a = s->answers, *next; a; a = next) {
		next = a->next;
		free(a);
	}
	if (s->fd >= 0)
		close(s->fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	free(s->certificate);
	free(s->new_certificate);
	wipe_key(s->key);
	wipe_key(s->new_key);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

uint16_t hook_server_port(const struct hook_server *s)
{
	return s->port;
}

enum err hook_server_renew(struct hook_server *s, const char *certificate, const char *key)
{
	char *new_certificate = strdup(certificate), *new_key = strdup(key);

	if (!new_certificate || !new_key || !s->certificate) {
		free(new_certificate);
		wipe_key(new_key);
		return s->certificate ? ERR_NO_MEMORY : ERR_BUG;
	}
	pthread_mutex_lock(&s->lock);
	free(s->new_certificate);
	wipe_key(s->new_key);
	s->new_certificate = new_certificate;
	s->new_key = new_key;
	pthread_mutex_unlock(&s->lock);
	wake_thread(s);
	return ERR_OK;
}

struct hook_call *hook_server_take(struct hook_server *s)
{
	struct hook_call *call;

	pthread_mutex_lock(&s->lock);
	call = s->calls;
	if (call) {
		s->calls = call->next;
		if (!s->calls)
			s->calls_end = &s->calls;
		call->next = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return call;
}

void hook_server_answer(struct hook_server *s, uint32_t id, int status, const char *text)
{
	struct hook_answer *a = calloc(1, sizeof(*a));

	if (!a)
		return; /* the request times out, which is true */
	a->id = id;
	a->status = status;
	snprintf(a->text, sizeof(a->text), "%s", text);
	pthread_mutex_lock(&s->lock);
	a->next = s->answers;
	s->answers = a;
	pthread_mutex_unlock(&s->lock);
	wake_thread(s);
}

void hook_server_stats(struct hook_server *s, struct hook_server_stats *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->stats;
	pthread_mutex_unlock(&s->lock);
}
