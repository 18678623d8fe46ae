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
	NAPTR_RECORDS_MAX = 8,
	SOCKETS_MAX = 24,
	TRY_MS = 2000, /* per server and try */
	TRIES = 2,
	DNS_CLASS_IN = 1,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
};

enum stage { STAGE_NAPTR, STAGE_SRV, STAGE_ADDRESSES, STAGES };

/* Percent of the whole time that have passed at the most when a stage ends: there are servers and firewalls
 * that never answer for a type they do not know. */
static const uint8_t stage_ends[STAGES] = {
	[STAGE_NAPTR] = 15, [STAGE_SRV] = 60, [STAGE_ADDRESSES] = 100
};

struct way {
	char naptr[16], service[16];
	uint16_t default_port;
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
	int64_t start_ms;
	int32_t timeout_ms;
	char host[SRV_HOST_MAX];
	uint16_t port;
	struct way ways[RESOLVE_WAYS_MAX]; /* at least one; those of the query, or its service */
	size_t ways_n, way;		   /* and the one that is gone at present */
	uint8_t stage;
	struct naptr owners[NAPTR_RECORDS_MAX]; /* of SRV records, in the order in which to ask */
	size_t owners_n, owner;
	bool asked_plainly; /* the owners are the ways' own names */
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
	    .targets = r->targets, .targets_n = r->targets_n, .way = r->way, .ttl_s = r->ttl_s};

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

static int64_t stage_left_ms(const struct resolve *r, enum stage stage)
{
	return r->start_ms + (int64_t)r->timeout_ms * stage_ends[stage] / 100 - loop_mono_ms(r->loop);
}

static void rearm(struct resolve *r)
{
	int64_t left_ms = stage_left_ms(r, (enum stage)r->stage);
	struct timeval max = loop_timeval(left_ms > 0 ? left_ms : 0), tv;

	evtimer_add(r->timer, ares_timeout(r->dns, &max, &tv));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct resolve *r = arg;

	(void)fd;
	(void)what;
	if (stage_left_ms(r, STAGE_ADDRESSES) <= 0) {
		fail(r, r->host, "no answer from the DNS in time");
		finish(r);
		return;
	}
	if (stage_left_ms(r, (enum stage)r->stage) <= 0)
		ares_cancel(r->dns); /* the callback goes on without */
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
	r->records[0].port = r->port ? r->port : r->ways[0].default_port;
	r->records_n = 1;
	r->way = 0;
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

static void ask_srv(void *arg);

/* "." and nothing else: the service is decidedly not there, which the host itself must not belie. */
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
	}
	if (list)
		ares_free_data(list);
	r->owner++;
	loop_later(r->loop, &r->task, ask_srv, r);
}

static void look_up_addresses(struct resolve *r)
{
	r->stage = STAGE_ADDRESSES;
	step(r);
}

static void add_owner(struct resolve *r, const char *owner, size_t way, const struct ares_naptr_reply *of)
{
	struct naptr *x = &r->owners[r->owners_n];

	if (r->owners_n == NAPTR_RECORDS_MAX || slice_copy(slice_str(owner), x->owner, sizeof(x->owner)))
		return;
	x->way = (uint8_t)way;
	x->order = of ? of->order : 0;
	x->preference = of ? of->preference : 0;
	r->owners_n++;
}

/* RFC 3263 4.1: without NAPTR records every way is asked for by its own name. */
static void plan_plainly(struct resolve *r)
{
	char owner[SRV_HOST_MAX + sizeof(r->ways[0].service)];

	r->asked_plainly = true;
	r->owners_n = r->owner = 0;
	for (size_t i = 0; i < r->ways_n && r->ways[i].service[0]; i++) {
		snprintf(owner, sizeof(owner), "%s.%s", r->ways[i].service, r->host);
		add_owner(r, owner, i, NULL);
	}
}

/* The next owner of SRV records, until one has some; then what is left: the host itself (or, where some
 * owner said that there is no service, nothing). */
static void ask_srv(void *arg)
{
	struct resolve *r = arg;

	if (r->records_n) {
		r->way = r->owners[r->owner - 1].way;
		look_up_addresses(r);
		return;
	}
	if (r->owner == r->owners_n && !r->asked_plainly)
		plan_plainly(r);
	if (r->owner < r->owners_n) {
		r->stage = STAGE_SRV;
		ares_query(r->dns, r->owners[r->owner].owner, DNS_CLASS_IN, DNS_TYPE_SRV, got_srv, r);
		rearm(r);
		return;
	}
	if (!r->failed[0])
		use_host_itself(r);
	look_up_addresses(r);
}

/* Of use are those that end in SRV ("s", RFC 3263 4.1) of a way that we have. */
static void take_naptr(struct resolve *r, const struct ares_naptr_reply *list)
{
	for (; list; list = list->next) {
		size_t way = 0;

		while (way < r->ways_n && !slice_is_nocase(slice_str((const char *)list->service),
							   r->ways[way].naptr))
			way++;
		if (way < r->ways_n && slice_is_nocase(slice_str((const char *)list->flags), "s") &&
		    list->replacement[0] && strcmp(list->replacement, ".") != 0)
			add_owner(r, list->replacement, way, list);
	}
	naptr_order(r->owners, r->owners_n);
}

static void got_naptr(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	struct resolve *r = arg;
	struct ares_naptr_reply *list = NULL;

	(void)timeouts;
	if (r->over)
		return;
	if (status == ARES_SUCCESS && ares_parse_naptr_reply(answer, n, &list) == ARES_SUCCESS)
		take_naptr(r, list);
	if (list)
		ares_free_data(list);
	loop_later(r->loop, &r->task, ask_srv, r);
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

static void ask(struct resolve *r, const struct resolve_query *q)
{
	if (q->port || !r->ways[0].service[0]) {
		use_host_itself(r);
		r->stage = STAGE_ADDRESSES;
		loop_later(r->loop, &r->task, step, r);
	} else if (q->ways_n) {
		r->stage = STAGE_NAPTR;
		ares_query(r->dns, r->host, DNS_CLASS_IN, DNS_TYPE_NAPTR, got_naptr, r);
		rearm(r);
	} else {
		r->stage = STAGE_SRV;
		plan_plainly(r);
		ask_srv(r);
	}
}

static enum err begin(struct resolve *r, const struct resolve_query *q)
{
	uint16_t port = q->port ? q->port : r->ways[0].default_port;
	enum err e;

	r->start_ms = loop_mono_ms(r->loop);
	r->timeout_ms = q->timeout_ms ? q->timeout_ms : RESOLVE_TIMEOUT_MS;
	if (!r->host[0])
		add_wildcard(r);
	if (!r->host[0] || add_numeric(r, r->host, port)) {
		finish(r);
		return ERR_OK;
	}
	e = start_dns(r, q->servers);
	if (e)
		return e;
	ask(r, q);
	return ERR_OK;
}

static enum err take_ways(struct resolve *r, const struct resolve_query *q)
{
	const struct resolve_way own = {"", q->service, q->default_port};
	const struct resolve_way *ways = q->ways_n ? q->ways : &own;

	CHECK(q->ways_n <= RESOLVE_WAYS_MAX);
	r->ways_n = q->ways_n ? q->ways_n : 1;
	for (size_t i = 0; i < r->ways_n; i++) {
		struct way *w = &r->ways[i];

		w->default_port = ways[i].default_port;
		if (slice_copy(slice_str(ways[i].naptr), w->naptr, sizeof(w->naptr)) ||
		    slice_copy(slice_str(ways[i].service), w->service, sizeof(w->service)))
			return ERR_MALFORMED;
	}
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
	r->ttl_s = INT32_MAX;
	e = slice_copy(slice_str(q->host), r->host, sizeof(r->host)) ? ERR_MALFORMED : take_ways(r, q);
	if (!e)
		e = begin(r, q);
	if (e) {
		free_resolve(r);
		return e;
	}
	*ret = r;
	return ERR_OK;
}
