/* world_net.c - the simulated network: parcels with delays, losses, cuts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "world_parts.h"

enum { CONNECT_TIMEOUT_MS = 10000, DAEMON_PORT = 20000 };

static const char daemon_host[] = "10.0.0.1";

void net_host(uint32_t pbx, char *ret, size_t cap)
{
	snprintf(ret, cap, "10.0.1.%u", pbx + 1);
}

/* ---- the heap of parcels ---- */

static bool before(const struct parcel *a, const struct parcel *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void swap(struct world *w, size_t i, size_t j)
{
	struct parcel *p = w->heap[i];

	w->heap[i] = w->heap[j];
	w->heap[j] = p;
}

static struct parcel *post(struct world *w, enum parcel_kind kind, int64_t at_ms)
{
	struct parcel *p = calloc(1, sizeof(*p));

	CHECK(p);
	if (w->heap_n == w->heap_cap) {
		w->heap_cap = w->heap_cap ? w->heap_cap * 2 : 256;
		w->heap = realloc(w->heap, w->heap_cap * sizeof(*w->heap));
		CHECK(w->heap);
	}
	*p = (struct parcel){ .kind = (uint8_t)kind, .at_ms = at_ms, .seq = w->seq++, .life = w->life };
	size_t i = w->heap_n++;
	w->heap[i] = p;
	for (; i && before(w->heap[i], w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(w, i, (i - 1) / 2);
	return p;
}

static struct parcel *take(struct world *w)
{
	struct parcel *first = w->heap[0];
	size_t i = 0;

	w->heap[0] = w->heap[--w->heap_n];
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->heap_n; child++)
			if (before(w->heap[child], w->heap[least]))
				least = child;
		if (least == i)
			return first;
		swap(w, i, least);
		i = least;
	}
}

static void discard(struct parcel *p)
{
	for (int i = 0; i < 3; i++)
		free(p->text[i]);
	if (p->kind == PARCEL_ANSWER)
		cloud_response_fini(&p->answer);
	free(p);
}

void net_free(struct world *w)
{
	while (w->heap_n)
		discard(take(w));
	free(w->heap);
}

int64_t net_next(const struct world *w)
{
	return w->heap_n ? w->heap[0]->at_ms : TIME_NEVER;
}

static void carry(struct parcel *p, int i, struct slice s)
{
	p->text[i] = malloc(s.n + 1);
	CHECK(p->text[i]);
	if (s.n)
		memcpy(p->text[i], s.p, s.n);
	p->text[i][s.n] = '\0';
	p->text_n[i] = s.n;
}

static void fingerprint(struct world *w, struct slice s)
{
	w->fingerprint = slice_hash(s, w->fingerprint + 1);
}

/* ---- links ---- */

static struct link *find_daemon(struct world *w, uint32_t pbx, uint32_t channel)
{
	for (int i = 0; i < LINKS_MAX; i++)
		if (w->links[i].used && w->links[i].pbx == pbx && w->links[i].daemon_channel == channel)
			return &w->links[i];
	return NULL;
}

static struct link *find_pbx(struct world *w, uint32_t pbx, uint32_t channel, uint16_t port)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		struct link *l = &w->links[i];

		if (l->used && l->pbx == pbx && l->udp == (channel == PBX_UDP_CHANNEL) &&
		    (l->udp ? l->port == port : l->pbx_channel == channel))
			return l;
	}
	return NULL;
}

static struct link *new_link(struct world *w)
{
	for (int i = 0; i < LINKS_MAX; i++)
		if (!w->links[i].used)
			return &w->links[i];
	CHECK(false);
	return NULL;
}

static uint32_t index_of(const struct world *w, const struct link *l)
{
	return (uint32_t)(l - w->links);
}

static int64_t delay(struct world *w)
{
	return prng_range(&w->prng, 1, w->config.udp && prng_below(&w->prng, 10) == 0 ? 120 : 12);
}

static bool cut(const struct world *w, uint32_t pbx)
{
	return w->now_ms < w->cut_until_ms[pbx];
}

static bool lost(struct world *w, const struct link *l)
{
	if (cut(w, l->pbx))
		return true;
	return l->udp && w->restless && prng_below(&w->prng, 30) == 0;
}

static struct parcel *on_stream(struct world *w, const struct link *l, enum parcel_kind kind, int64_t *order)
{
	int64_t at = w->now_ms + delay(w);

	if (!l->udp && at < *order)
		at = *order;
	*order = at;
	struct parcel *p = post(w, kind, at);
	p->link = index_of(w, l);
	p->serial = l->serial;
	p->life = l->life;
	return p;
}

/* A stream arrives in any cut, a datagram whole, sometimes twice. */
static void send_bytes(struct world *w, struct link *l, enum parcel_kind kind, struct slice bytes)
{
	int64_t *order = kind == PARCEL_TO_PBX ? &l->to_pbx_ms : &l->to_daemon_ms;
	bool twice = l->udp && w->restless && prng_below(&w->prng, 50) == 0;

	if (lost(w, l))
		return;
	if (l->udp || prng_below(&w->prng, 4) || bytes.n < 2) {
		struct parcel *whole = on_stream(w, l, kind, order);

		if (kind == PARCEL_TO_DAEMON)
			whole->tells = check_tells(w, l->pbx);
		carry(whole, 0, bytes);
		if (twice)
			carry(on_stream(w, l, kind, order), 0, bytes);
		return;
	}
	size_t at = 1 + prng_below(&w->prng, bytes.n - 1);
	struct parcel *p = on_stream(w, l, kind, order);
	p->part = true;
	carry(p, 0, slice_sub(bytes, 0, at));
	p = on_stream(w, l, kind, order);
	if (kind == PARCEL_TO_DAEMON)
		p->tells = check_tells(w, l->pbx);
	carry(p, 0, slice_sub(bytes, at, bytes.n));
	carry(p, 1, bytes);
}

static void connect_link(struct world *w, uint32_t pbx, const struct source_out *out)
{
	struct link *l = new_link(w);

	*l = (struct link){ .serial = w->seq++,
			    .used = true,
			    .open = true,
			    .udp = out->transport == TRANSPORT_UDP,
			    .pbx = pbx,
			    .daemon_channel = out->channel,
			    .life = w->life,
			    .port = (uint16_t)(DAEMON_PORT + w->next_port++ % 20000) };
	if (!l->udp)
		l->pbx_channel = 1 + w->next_pbx_channel++;
	if (!l->udp && cut(w, pbx)) {
		struct parcel *p = post(w, PARCEL_DAEMON_CLOSED, w->now_ms + CONNECT_TIMEOUT_MS);

		p->link = index_of(w, l);
		p->serial = l->serial;
		return;
	}
	if (!l->udp)
		on_stream(w, l, PARCEL_PBX_OPENED, &l->to_pbx_ms);
	on_stream(w, l, PARCEL_DAEMON_CONNECTED, &l->to_daemon_ms);
}

void net_daemon_out(struct world *w, uint32_t connector, const struct source_out *out)
{
	uint32_t pbx = ID_NONE;

	for (uint32_t i = 0; i < PEERS; i++)
		if (w->connector_id[i] == connector)
			pbx = i;
	CHECK(pbx != ID_NONE);
	struct link *l = find_daemon(w, pbx, out->channel);
	switch ((enum source_out_kind)out->kind) {
	case OUT_CONNECT:
		connect_link(w, pbx, out);
		break;
	case OUT_SEND:
		fingerprint(w, out->bytes);
		if (l && l->open)
			send_bytes(w, l, PARCEL_TO_PBX, out->bytes);
		break;
	case OUT_CLOSE:
		if (l && !l->udp && l->open)
			on_stream(w, l, PARCEL_PBX_CLOSED, &l->to_pbx_ms);
		else if (l)
			l->used = false;
		if (l) {
			l->open = false;
			l->daemon_gone = true;
			check_link_lost(w, pbx);
		}
		break;
	case OUT_LISTEN:
	case OUT_OBS:
	case OUT_UP:
	case OUT_DOWN:
	case OUT_LINE_LOST:
	case OUT_NOTE:
	case OUT_WRITTEN:
	case OUT_KEEP:
	case OUT_ANSWER:
		CHECK(false);
	}
}

/* Requests overtake each other, come twice, or get lost; a connection of their own each. */
static void send_post(struct world *w, uint32_t pbx, const struct pbx_out *out)
{
	int copies = w->restless ? (prng_below(&w->prng, 30) == 0) + (prng_below(&w->prng, 30) != 0) : 1;

	for (int i = 0; i < copies && !cut(w, pbx); i++) {
		struct parcel *p = post(w, PARCEL_POST, w->now_ms + delay(w));

		p->link = pbx;
		p->id = out->channel;
		carry(p, 0, out->bytes);
	}
}

static void deliver_post(struct world *w, const struct parcel *p)
{
	char number[16];
	const struct source_feed in = { .kind = FEED_REQUEST, .channel = p->id, .text = number,
					.token = secret_expose(&w->secret),
					.bytes = slice_of(p->text[0], p->text_n[0]) };

	if (!w->bridge || cut(w, p->link))
		return; /* refused or lost: the sender gets no answer */
	snprintf(number, sizeof(number), "%u", PEER_FIRST + p->id);
	check_posted(w, p->link, p->id);
	bridge_feed_source(w->bridge, world_time(w), w->connector_id[p->link], &in);
	check_known(w, p->link, (struct tells){ 0 });
}

void net_answer(struct world *w, uint32_t connector, uint32_t request, uint16_t status)
{
	char text[32];
	struct parcel *p;

	if (w->restless && prng_below(&w->prng, 40) == 0)
		return;
	snprintf(text, sizeof(text), "%u %u", request, status);
	p = post(w, PARCEL_POST_ANSWER, w->now_ms + delay(w));
	for (uint32_t i = 0; i < PEERS; i++)
		if (w->connector_id[i] == connector)
			p->link = i;
	carry(p, 0, slice_str(text));
}

static void deliver_post_answer(struct world *w, const struct parcel *p)
{
	const struct pbx_feed in = { .kind = PBX_BYTES, .bytes = slice_of(p->text[0], p->text_n[0]) };

	world_peers[p->link]->feed(w->peer[p->link], w->now_ms, &in);
}

void net_pbx_drain(struct world *w, uint32_t pbx)
{
	struct pbx_out out;

	while (world_peers[pbx]->drain(w->peer[pbx], &out)) {
		struct link *l = find_pbx(w, pbx, out.channel, out.peer.port);

		if (world_peers[pbx]->posts)
			send_post(w, pbx, &out);
		else if (out.kind == PBX_CONNECT) {
			/* nobody listens for it here */
			const struct pbx_feed no = { .kind = PBX_CLOSED, .channel = out.channel };
			world_peers[pbx]->feed(w->peer[pbx], w->now_ms, &no);
		} else if (out.kind == PBX_SEND && l && l->open) {
			send_bytes(w, l, PARCEL_TO_DAEMON, out.bytes);
		} else if (out.kind == PBX_CLOSE && l && l->open) {
			l->open = false;
			on_stream(w, l, PARCEL_DAEMON_CLOSED, &l->to_daemon_ms);
		}
	}
}

/* Streams break at once on both sides; datagrams are simply lost. */
void net_cut(struct world *w, uint32_t pbx, int64_t for_ms)
{
	w->cut_until_ms[pbx] = w->now_ms + for_ms;
	for (int i = 0; i < LINKS_MAX; i++) {
		struct link *l = &w->links[i];

		if (!l->used || l->pbx != pbx || l->udp || !l->open)
			continue;
		l->open = false;
		on_stream(w, l, PARCEL_PBX_CLOSED, &l->to_pbx_ms);
		on_stream(w, l, PARCEL_DAEMON_CLOSED, &l->to_daemon_ms);
	}
}

void net_daemon_died(struct world *w)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		struct link *l = &w->links[i];

		if (!l->used)
			continue;
		if (l->udp || !l->open)
			l->used = false;
		else
			on_stream(w, l, PARCEL_PBX_CLOSED, &l->to_pbx_ms);
		l->open = false;
	}
}

/* ---- the cloud ---- */

/* Path and query of an absolute URL. */
static struct slice target_of(struct slice url)
{
	size_t scheme = slice_find_str(url, SLICE_LIT("://"));
	struct slice rest = slice_sub(url, scheme + 3, url.n);

	return slice_sub(rest, slice_find(rest, '/'), rest.n);
}

void net_request(struct world *w, const struct graph_request *r)
{
	struct parcel *p = post(w, PARCEL_REQUEST, w->now_ms + prng_range(&w->prng, 5, 60));

	fingerprint(w, r->url);
	fingerprint(w, r->body);
	p->id = r->id;
	p->post = r->post;
	p->sent_ms = w->now_ms;
	p->timeout_ms = r->timeout_ms;
	carry(p, 0, target_of(r->url));
	carry(p, 1, r->headers);
	carry(p, 2, r->body);
	check_request(w, r->url, r->body);
}

static struct slice header(void *arg, const char *name)
{
	const struct parcel *p = arg;
	struct slice rest = slice_of(p->text[1], p->text_n[1]), line;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), name))
			return slice_trim(slice_sub(line, colon + 1, line.n));
	}
	return SLICE_NONE;
}

/* The request reaches the cloud, unless the network loses it on the way there or back. */
static void serve(struct world *w, struct parcel *p)
{
	const struct cloud_request rq = { .method = slice_str(p->post ? "POST" : "GET"),
					  .target = slice_of(p->text[0], p->text_n[0]), .header = header,
					  .arg = p, .body = slice_of(p->text[2], p->text_n[2]) };
	bool lost_there = w->restless && prng_below(&w->prng, 60) == 0;
	bool lost_back = w->restless && prng_below(&w->prng, 60) == 0;
	struct cloud_response answer;

	cloud_response_init(&answer);
	if (!lost_there) {
		cloud_request(w->cloud, world_cloud_ms(w), &rq, &answer);
		check_shown(w, rq.target);
	}
	int64_t at = w->now_ms + answer.delay_ms + prng_range(&w->prng, 5, 60);
	bool late = at > p->sent_ms + p->timeout_ms;
	bool unsure = lost_there || lost_back || late || answer.cut != CLOUD_CUT_NONE;
	if (lost_there || lost_back || late)
		at = p->sent_ms + p->timeout_ms;
	struct parcel *back = post(w, PARCEL_ANSWER, at > w->now_ms ? at : w->now_ms);
	back->life = p->life;
	back->id = p->id;
	back->failure = unsure ? HTTP_UNSURE : HTTP_ANSWERED;
	back->answer = answer;
}

static void hand_answer(struct world *w, const struct parcel *p)
{
	const struct cloud_response *a = &p->answer;
	const struct graph_response r = {
		.id = p->id, .failure = p->failure, .status = p->failure == HTTP_ANSWERED ? a->status : 0,
		.retry_after = cloud_response_header(a, "Retry-After"),
		.www_authenticate = cloud_response_header(a, "WWW-Authenticate"),
		.request_id = cloud_response_header(a, "request-id"),
		.body = p->failure == HTTP_ANSWERED ? buf_view(&a->body) : SLICE_NONE,
		.error = p->failure == HTTP_ANSWERED ? NULL : "lost",
	};

	bridge_feed_graph(w->bridge, world_time(w), REALM, &r);
}

/* ---- delivery ---- */

static void feed_pbx(struct world *w, const struct link *l, enum pbx_feed_kind kind, struct slice bytes)
{
	struct pbx_feed in = { .kind = (uint8_t)kind, .transport = l->udp ? PBX_UDP : PBX_TCP,
			       .channel = l->udp ? PBX_UDP_CHANNEL : l->pbx_channel, .bytes = bytes,
			       .peer = { .port = l->port } };

	memcpy(in.peer.host, daemon_host, sizeof(daemon_host));
	world_peers[l->pbx]->feed(w->peer[l->pbx], w->now_ms, &in);
	net_pbx_drain(w, l->pbx);
}

static void feed_daemon(struct world *w, const struct link *l, enum source_feed_kind kind, struct slice bytes)
{
	struct source_feed in = { .kind = (uint8_t)kind, .channel = l->daemon_channel, .bytes = bytes,
				  .local = { .port = l->port }, .peer = { .port = world_peers[l->pbx]->port },
				  .text = kind == FEED_CLOSED ? "connection lost" : NULL };

	memcpy(in.local.host, daemon_host, sizeof(daemon_host));
	net_host(l->pbx, in.peer.host, sizeof(in.peer.host));
	bridge_feed_source(w->bridge, world_time(w), w->connector_id[l->pbx], &in);
}

static void to_daemon(struct world *w, struct parcel *p, struct link *l)
{
	bool here = w->bridge && p->life == w->life && l->used && p->serial == l->serial;

	if (p->kind == PARCEL_DAEMON_CLOSED) {
		uint32_t pbx = l->pbx;
		struct link gone = *l;

		if (!here)
			return;
		l->used = false;
		check_link_lost(w, pbx);
		feed_daemon(w, &gone, FEED_CLOSED, SLICE_NONE);
		return;
	}
	if (!here || !l->open || (p->kind == PARCEL_TO_DAEMON && cut(w, l->pbx)))
		return;
	if (p->kind == PARCEL_TO_DAEMON && !p->part)
		check_heard(w, l->pbx, p->text[1] ? slice_of(p->text[1], p->text_n[1])
						  : slice_of(p->text[0], p->text_n[0]));
	feed_daemon(w, l, p->kind == PARCEL_TO_DAEMON ? FEED_BYTES : FEED_CONNECTED,
		    slice_of(p->text[0], p->text_n[0]));
	if (p->kind == PARCEL_TO_DAEMON)
		check_known(w, l->pbx, p->tells);
}

static void to_pbx(struct world *w, const struct parcel *p, struct link *l)
{
	if (!l->used || p->serial != l->serial)
		return;
	if (p->kind == PARCEL_PBX_CLOSED) {
		feed_pbx(w, l, PBX_CLOSED, SLICE_NONE);
		if (!w->bridge || p->life != w->life || l->daemon_gone)
			l->used = false; /* nobody is left to be told */
		return;
	}
	if (p->kind == PARCEL_TO_PBX && cut(w, l->pbx))
		return;
	feed_pbx(w, l, p->kind == PARCEL_TO_PBX ? PBX_BYTES : PBX_OPENED, slice_of(p->text[0], p->text_n[0]));
}

void net_deliver(struct world *w)
{
	struct parcel *p = take(w);

	switch ((enum parcel_kind)p->kind) {
	case PARCEL_TO_PBX:
	case PARCEL_PBX_OPENED:
	case PARCEL_PBX_CLOSED:
		to_pbx(w, p, &w->links[p->link]);
		break;
	case PARCEL_TO_DAEMON:
	case PARCEL_DAEMON_CONNECTED:
	case PARCEL_DAEMON_CLOSED:
		to_daemon(w, p, &w->links[p->link]);
		break;
	case PARCEL_REQUEST:
		serve(w, p);
		break;
	case PARCEL_POST:
		deliver_post(w, p);
		break;
	case PARCEL_POST_ANSWER:
		deliver_post_answer(w, p);
		break;
	case PARCEL_ANSWER:
		if (w->bridge && p->life == w->life)
			hand_answer(w, p);
		break;
	}
	discard(p);
}
