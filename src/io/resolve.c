#include "io/resolve.h"

#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/check.h"
#include "io/loop_inside.h"
#include "io/srv.h"

enum {
	SRV_RECORDS_MAX = 8,
	SOCKETS_MAX = 24,
	TRY_MS = 2000, /* per server and try */
	TRIES = 2,
	DNS_CLASS_IN = 1,
	DNS_TYPE_SRV = 33,
};

struct watched {
	ares_socket_t fd;
	struct event *event;
	struct resolve *owner;
};

/* The callbacks of c-ares may run inside the call that asks, so they only write down what they got
 * and queue `task`; every next step is taken from there. */
struct resolve {
	struct loop *loop;
	resolve_done_h *done;
	void *arg;
	ares_channel dns;
	struct watched sockets[SOCKETS_MAX];
	struct event *timer;
	struct loop_task task;
	int64_t deadline_ms;
	char host[SRV_HOST_MAX];
	uint16_t port, default_port;
	struct srv records[SRV_RECORDS_MAX];
	size_t records_n, record; /* those of SRV, and the one being looked up */
	struct resolve_target targets[RESOLVE_TARGETS_MAX];
	size_t targets_n;
	int32_t ttl_s;
	bool over;
	char failed[256];
};

static void free_resolve(struct resolve *r)
{
	r->over = true;
	loop_not_later(r->loop, &r->task);
	if (r->dns)
		ares_destroy(r->dns);
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (r->sockets[i].event)
			event_free(r->sockets[i].event);
	if (r->timer)
		event_free(r->timer);
	free(r);
}

void resolve_cancel(struct resolve *r)
{
	if (r)
		free_resolve(r);
}

static void report(void *arg)
{
	struct resolve *r = arg;
	struct resolve_answer a = {
	    .targets = r->targets, .targets_n = r->targets_n, .ttl_s = r->ttl_s};

	if (!r->targets_n)
		a.failed = r->failed[0] ? r->failed : "the name has no address";
	r->over = true;
	r->done(r->arg, &a);
	free_resolve(r);
}

static void finish(struct resolve *r)
{
	loop_not_later(r->loop, &r->task);
	loop_later(r->loop, &r->task, report, r);
}

static void fail(struct resolve *r, const char *name, const char *why)
{
	snprintf(r->failed, sizeof(r->failed), "%.120s: %s", name, why);
}

static void add_target(struct resolve *r, const void *sa, socklen_t n)
{
	struct resolve_target *t = &r->targets[r->targets_n];

	if (r->targets_n == RESOLVE_TARGETS_MAX || n > sizeof(t->address))
		return;
	memset(t, 0, sizeof(*t));
	memcpy(&t->address, sa, n);
	t->len = n;
	r->targets_n++;
}

static bool add_numeric(struct resolve *r, const char *host, uint16_t port)
{
	union socket_address sa;
	socklen_t n;

	if (endpoint_parse(host, port, &sa, &n) != ERR_OK)
		return false;
	add_target(r, &sa, n);
	return true;
}

static void rearm(struct resolve *r)
{
	int64_t left_ms = r->deadline_ms - loop_mono_ms(r->loop);
	struct timeval max = loop_timeval(left_ms > 0 ? left_ms : 0), tv;

	evtimer_add(r->timer, ares_timeout(r->dns, &max, &tv));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct resolve *r = arg;

	(void)fd;
	(void)what;
	if (loop_mono_ms(r->loop) >= r->deadline_ms) {
		fail(r, r->host, "no answer from the DNS in time");
		finish(r);
		return;
	}
	ares_process_fd(r->dns, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(r);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct watched *w = arg;
	struct resolve *r = w->owner;

	ares_process_fd(r->dns, what & EV_READ ? fd : ARES_SOCKET_BAD,
			what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	rearm(r);
}

static struct watched *find_socket(struct resolve *r, ares_socket_t fd)
{
	struct watched *empty = NULL;

	for (int i = 0; i < SOCKETS_MAX; i++) {
		struct watched *w = &r->sockets[i];

		if (w->event && w->fd == fd)
			return w;
		if (!w->event && !empty)
			empty = w;
	}
	return empty;
}

/* No room for another socket: that server's answer is lost and the time-out moves on. */
static void socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolve *r = arg;
	struct watched *w = find_socket(r, fd);
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));

	if (!w)
		return;
	if (w->event)
		event_free(w->event);
	w->event = NULL;
	if (!what || r->over)
		return;
	w->fd = fd;
	w->owner = r;
	w->event = event_new(loop_base(r->loop), fd, (short)(what | EV_PERSIST), on_socket, w);
	if (w->event)
		event_add(w->event, NULL);
}

static void step(void *arg);

static void got_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct resolve *r = arg;

	(void)timeouts;
	if (!r->over) {
		if (status != ARES_SUCCESS)
			fail(r, r->records[r->record].host, ares_strerror(status));
		for (struct ares_addrinfo_node *n = result ? result->nodes : NULL; n;
		     n = n->ai_next) {
			add_target(r, n->ai_addr, n->ai_addrlen);
			if (n->ai_ttl > 0 && n->ai_ttl < r->ttl_s)
				r->ttl_s = n->ai_ttl;
		}
		r->record++;
		loop_later(r->loop, &r->task, step, r);
	}
	if (result)
		ares_freeaddrinfo(result);
}

/* Looks up the next host of the list, until the list is used up. */
static void step(void *arg)
{
	struct resolve *r = arg;
	const struct ares_addrinfo_hints hints = {
	    .ai_flags = ARES_AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	const struct srv *s = &r->records[r->record];
	char port[8];

	while (r->record < r->records_n && add_numeric(r, s->host, s->port))
		s = &r->records[++r->record];
	if (r->record == r->records_n || r->targets_n == RESOLVE_TARGETS_MAX) {
		finish(r);
		return;
	}
	snprintf(port, sizeof(port), "%u", s->port);
	ares_getaddrinfo(r->dns, s->host, port, &hints, got_addresses, r);
	rearm(r);
}

static void use_host_itself(struct resolve *r)
{
	memcpy(r->records[0].host, r->host, sizeof(r->host));
	r->records[0].port = r->port ? r->port : r->default_port;
	r->records_n = 1;
}

/* Takes over what fits; "." as target means that the service is decidedly not there. */
static void take_records(struct resolve *r, const struct ares_srv_reply *list)
{
	struct prng lots;

	for (; list && r->records_n < SRV_RECORDS_MAX; list = list->next) {
		struct srv *s = &r->records[r->records_n];

		if (slice_copy(slice_str(list->host), s->host, sizeof(s->host)) != ERR_OK ||
		    !s->host[0] || slice_is(slice_str(s->host), "."))
			continue;
		s->port = list->port;
		s->priority = list->priority;
		s->weight = list->weight;
		r->records_n++;
	}
	CHECK(getrandom(&lots, sizeof(lots), 0) == sizeof(lots));
	srv_order(r->records, r->records_n, &lots);
}

static void got_srv(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	struct resolve *r = arg;
	struct ares_srv_reply *list = NULL;

	(void)timeouts;
	if (r->over)
		return;
	if (status == ARES_SUCCESS && ares_parse_srv_reply(answer, n, &list) == ARES_SUCCESS) {
		take_records(r, list);
		if (!r->records_n)
			fail(r, r->host,
			     "the domain's SRV record says that it has no such service");
	} else {
		/* No records, or a server that does not answer for them: the host itself. */
		use_host_itself(r);
	}
	if (list)
		ares_free_data(list);
	loop_later(r->loop, &r->task, step, r);
}

static enum err start_dns(struct resolve *r, const char *servers)
{
	struct ares_options o = {.timeout = TRY_MS, .tries = TRIES};

	o.sock_state_cb = socket_state;
	o.sock_state_cb_data = r;
	if (ares_init_options(&r->dns, &o,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
	    ARES_SUCCESS)
		return ERR_NO_MEMORY;
	if (servers && ares_set_servers_ports_csv(r->dns, servers) != ARES_SUCCESS)
		return ERR_MALFORMED;
	r->timer = evtimer_new(loop_base(r->loop), on_timer, r);
	return r->timer ? ERR_OK : ERR_NO_MEMORY;
}

/* The wildcard: one IPv6 socket serves both families; the IPv4 one is for kernels without IPv6. */
static void add_wildcard(struct resolve *r)
{
	add_numeric(r, "::", r->port);
	add_numeric(r, "0.0.0.0", r->port);
}

static enum err begin(struct resolve *r, const struct resolve_query *q)
{
	uint16_t port = q->port ? q->port : q->default_port;
	enum err e;
	char owner[SRV_HOST_MAX + 40];

	r->deadline_ms =
	    loop_mono_ms(r->loop) + (q->timeout_ms ? q->timeout_ms : RESOLVE_TIMEOUT_MS);
	if (!r->host[0])
		add_wildcard(r);
	if (!r->host[0] || add_numeric(r, r->host, port)) {
		finish(r);
		return ERR_OK;
	}
	e = start_dns(r, q->servers);
	if (e)
		return e;
	if (q->port || !q->service) {
		use_host_itself(r);
		loop_later(r->loop, &r->task, step, r);
		return ERR_OK;
	}
	snprintf(owner, sizeof(owner), "%s.%s", q->service, r->host);
	ares_query(r->dns, owner, DNS_CLASS_IN, DNS_TYPE_SRV, got_srv, r);
	rearm(r);
	return ERR_OK;
}

enum err resolve_start(struct resolve **ret, struct loop *l, const struct resolve_query *q,
		       resolve_done_h *done, void *arg)
{
	struct resolve *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		return ERR_NO_MEMORY;
	r->loop = l;
	r->done = done;
	r->arg = arg;
	r->port = q->port;
	r->default_port = q->default_port;
	r->ttl_s = INT32_MAX;
	e = slice_copy(slice_str(q->host), r->host, sizeof(r->host)) ? ERR_MALFORMED : begin(r, q);
	if (e) {
		free_resolve(r);
		return e;
	}
	*ret = r;
	return ERR_OK;
}
