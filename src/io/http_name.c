/* http_name.c - addresses for libcurl, so that its own resolver is never used.
 *
 * That resolver runs a thread per look-up and joins it when a request is given up, which stops the
 * loop for as long as the DNS does not answer (curl issues 4852, 8515). */
#include <stdio.h>

#include "io/http_inside.h"

enum {
	FRESH_MIN_MS = 30 * 1000,
	FRESH_MAX_MS = 300 * 1000,
	USABLE_MS = 3600 * 1000,
	ASK_AGAIN_MS = 10 * 1000, /* after a failure, while old addresses serve */
};

static bool names(const struct http_name *n, const char *host, uint16_t port)
{
	return n->port == port && slice_eq_nocase(slice_str(n->host), slice_str(host));
}

/* Empty, or the one that was not used for longest and for which nobody waits. */
static struct http_name *spare(struct http_client *c)
{
	struct http_name *best = NULL;

	for (size_t i = 0; i < HTTP_NAMES_MAX; i++) {
		struct http_name *n = &c->names[i];

		if (!n->asking && (!best || n->used_ms < best->used_ms))
			best = n;
	}
	return best;
}

static struct http_name *find(struct http_client *c, const char *host, uint16_t port)
{
	struct http_name *n;

	for (size_t i = 0; i < HTTP_NAMES_MAX; i++)
		if (names(&c->names[i], host, port))
			return &c->names[i];
	n = spare(c);
	if (!n)
		return NULL;
	*n = (struct http_name){.client = c, .port = port};
	if (slice_copy(slice_str(host), n->host, sizeof(n->host)) != ERR_OK)
		return NULL;
	return n;
}

static void write_line(struct http_name *n, const struct resolve_answer *a)
{
	struct endpoint e;
	struct buf b;

	buf_init(&b, sizeof(n->line) - 1);
	buf_fmt(&b, "%s:%u:", n->host, n->port);
	for (size_t i = 0; i < a->targets_n; i++) {
		endpoint_show(&a->targets[i].address.any, &e);
		if (strchr(e.host, '%'))
			continue; /* not in libcurl's grammar */
		buf_str(&b, i ? "," : "");
		buf_fmt(&b, strchr(e.host, ':') ? "[%s]" : "%s", e.host);
	}
	memcpy(n->line, buf_cstr(&b), b.n + 1);
	buf_fini(&b);
}

static void take_answer(struct http_name *n, const struct resolve_answer *a)
{
	int64_t now_ms = loop_mono_ms(n->client->loop), fresh_ms;

	if (a->failed) {
		n->fresh_until_ms = now_ms + ASK_AGAIN_MS;
		return;
	}
	fresh_ms = (int64_t)a->ttl_s * 1000;
	fresh_ms = fresh_ms < FRESH_MIN_MS ? FRESH_MIN_MS : fresh_ms;
	fresh_ms = fresh_ms > FRESH_MAX_MS ? FRESH_MAX_MS : fresh_ms;
	write_line(n, a);
	n->fresh_until_ms = now_ms + fresh_ms;
	n->usable_until_ms = now_ms + USABLE_MS;
}

static bool usable(const struct http_name *n)
{
	return n->line[0] && loop_mono_ms(n->client->loop) < n->usable_until_ms;
}

static enum err give(struct http_slot *s, const struct http_name *n)
{
	s->addresses = curl_slist_append(NULL, n->line);
	return s->addresses ? ERR_OK : ERR_NO_MEMORY;
}

/* The handlers that this leads to may send again, which never waits for this name any more. */
static void asked(void *arg, const struct resolve_answer *a)
{
	struct http_name *n = arg;
	struct http_client *c = n->client;
	bool good;

	n->asking = NULL;
	take_answer(n, a);
	good = usable(n);
	for (uint32_t i = 0; i < c->slots_n && !c->over; i++) {
		struct http_slot *s = &c->slots[i];

		if (s->waits_for != n)
			continue;
		s->waits_for = NULL;
		if (!good)
			http_slot_fail(s, a->failed);
		else if (give(s, n) != ERR_OK)
			http_slot_fail(s, "no memory");
		else
			http_slot_go(s);
	}
}

static void ask(struct http_name *n)
{
	const struct resolve_query q = {
	    .host = n->host, .port = n->port, .servers = n->client->dns_servers};

	if (resolve_start(&n->asking, n->client->loop, &q, asked, n) != ERR_OK)
		n->asking = NULL;
}

enum http_name_state http_name_for(struct http_slot *s, const char *host, uint16_t port)
{
	struct http_name *n = find(s->client, host, port);
	int64_t now_ms = loop_mono_ms(s->client->loop);

	if (!n)
		return HTTP_NAME_FULL;
	n->used_ms = now_ms;
	if (!n->asking && (!usable(n) || now_ms >= n->fresh_until_ms))
		ask(n);
	if (usable(n))
		return give(s, n) == ERR_OK ? HTTP_NAME_READY : HTTP_NAME_FULL;
	s->waits_for = n->asking ? n : NULL;
	return n->asking ? HTTP_NAME_ASKING : HTTP_NAME_FULL;
}

void http_name_doubt(struct http_client *c, const char *host, uint16_t port)
{
	for (size_t i = 0; i < HTTP_NAMES_MAX; i++)
		if (names(&c->names[i], host, port))
			c->names[i].fresh_until_ms = 0;
}

void http_names_close(struct http_client *c)
{
	for (size_t i = 0; i < HTTP_NAMES_MAX; i++) {
		resolve_cancel(c->names[i].asking);
		c->names[i].asking = NULL;
	}
}
