#include "pbx.h"

#include <stdlib.h>

#include "base/check.h"
#include "pbx_own.h"
#include "proto/sip/digest.h"

enum { PHONES_MAX = 100000, CHANS_MAX = 4096, SUBS_MAX = 1 << 20 };

uint64_t pbx_token(struct pbx *p)
{
	return sip_token(p->token_seed, ++p->tokens);
}

bool pbx_deaf(const struct pbx *p)
{
	return p->now_ms < p->silent_until_ms || p->now_ms < p->down_until_ms;
}

/* ---- life ---- */

static enum err settle_config(struct pbx *p, const struct pbx_config *config)
{
	struct pbx_config *c = &p->config;

	*c = *config;
	if (slice_copy(slice_str(config->host), p->host, sizeof(p->host)) ||
	    slice_copy(slice_str(config->username), p->username, sizeof(p->username)) ||
	    slice_copy(slice_str(config->password), p->password, sizeof(p->password)))
		return ERR_LIMIT;
	c->host = p->host;
	c->username = p->username;
	c->password = p->password;
	if (!c->phones || c->phones > PHONES_MAX || c->subscriptions_max > SUBS_MAX)
		return ERR_LIMIT;
	c->min_expires_s = c->min_expires_s ? c->min_expires_s : 10;
	c->max_expires_s = c->max_expires_s ? c->max_expires_s : 3600;
	c->list_bytes_max = c->list_bytes_max ? c->list_bytes_max : 65535;
	c->talk_s = c->talk_s ? c->talk_s : 60;
	p->phones_n = c->phones;
	p->calls_max = c->phones * 4 + 16;
	p->subs_max = c->subscriptions_max ? c->subscriptions_max : c->phones * 4 + 64;
	p->txns_max = p->subs_max * 2 + 64;
	return ERR_OK;
}

static enum err allocate(struct pbx *p, int64_t now_ms)
{
	p->phones = calloc(p->phones_n, sizeof(p->phones[0]));
	p->calls = calloc(p->calls_max, sizeof(p->calls[0]));
	p->subs = calloc(p->subs_max, sizeof(p->subs[0]));
	p->txns = calloc(p->txns_max, sizeof(p->txns[0]));
	if (!p->phones || !p->calls || !p->subs || !p->txns)
		return ERR_NO_MEMORY;
	return wheel_new(&p->wheel, wheel_pubs(p) + 1, now_ms);
}

enum err pbx_new(struct pbx **ret, const struct pbx_config *config, int64_t now_ms)
{
	struct pbx *p = calloc(1, sizeof(*p));
	enum err e;

	if (!p)
		return ERR_NO_MEMORY;
	buf_init(&p->msg, BODY_MAX + 8192);
	buf_init(&p->body, BODY_MAX);
	buf_init(&p->part, BODY_MAX);
	p->rng.state = config->seed;
	p->token_seed = prng_u64(&p->rng);
	p->now_ms = now_ms;
	p->changes = 1;
	e = settle_config(p, config);
	if (!e)
		e = allocate(p, now_ms);
	if (!e)
		e = pbx_add_list(p, "lines", 0, p->phones_n, false, 100);
	if (!e)
		e = pbx_add_list(p, "users", 0, p->phones_n, true, 100);
	if (e) {
		pbx_free(p);
		return e;
	}
	for (uint32_t i = 0; i < p->phones_n; i++)
		p->phones[i] = (struct phone){ .registered = true, .subs = NONE, .since_ms = now_ms };
	pbx_traffic_start(p);
	*ret = p;
	return ERR_OK;
}

void pbx_free(struct pbx *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; p->wheel && i < p->subs_max; i++)
		if (p->subs[i].used)
			pbx_sub_drop(p, i);
	for (uint32_t i = 0; p->wheel && i < p->txns_max; i++)
		free(p->txns[i].bytes);
	for (uint32_t i = 0; i < p->chans_n; i++)
		if (p->chans[i].used)
			sip_stream_fini(&p->chans[i].in);
	for (size_t i = p->out_at; i < p->out_n; i++)
		free(p->out[i].bytes);
	for (int i = 0; i < ANSWERS_MAX; i++)
		free(p->answers[i].bytes);
	wheel_free(p->wheel);
	free(p->phones);
	free(p->calls);
	free(p->subs);
	free(p->txns);
	free(p->chans);
	free(p->out);
	free(p->drained);
	buf_fini(&p->msg);
	buf_fini(&p->body);
	buf_fini(&p->part);
	free(p);
}

void pbx_set_port(struct pbx *p, uint16_t port, uint16_t tls_port)
{
	p->config.port = port;
	p->config.tls_port = tls_port;
}

enum err pbx_add_list(struct pbx *p, const char *name, uint32_t first, uint32_t count,
		      bool full_state, uint32_t batch_ms)
{
	struct list *l = &p->lists[p->lists_n];

	if (p->lists_n == LISTS_MAX || first >= p->phones_n || count > p->phones_n - first)
		return ERR_LIMIT;
	for (uint32_t i = 0; i < p->lists_n; i++)
		if (strcmp(p->lists[i].name, name) == 0)
			return ERR_EXISTS;
	*l = (struct list){ .first = first, .count = count, .full_state = full_state, .batch_ms = batch_ms,
			    .subs = NONE };
	if (slice_copy(slice_str(name), l->name, sizeof(l->name)))
		return ERR_LIMIT;
	p->lists_n++;
	return ERR_OK;
}

/* ---- what goes out ---- */

static void push(struct pbx *p, struct out_item item)
{
	if (p->out_at && p->out_at == p->out_n)
		p->out_at = p->out_n = 0;
	if (p->out_n == p->out_cap) {
		size_t cap = p->out_cap ? p->out_cap * 2 : 64;
		struct out_item *out = realloc(p->out, cap * sizeof(*out));

		CHECK(out);
		p->out = out;
		p->out_cap = cap;
	}
	p->out[p->out_n++] = item;
}

void pbx_emit(struct pbx *p, uint32_t channel, const struct pbx_address *peer, struct slice bytes)
{
	struct out_item item = { .out = { .kind = PBX_SEND, .channel = channel, .peer = *peer } };

	if (pbx_deaf(p) || (channel != PBX_UDP_CHANNEL && !pbx_chan(p, channel)))
		return;
	item.bytes = malloc(bytes.n + 1);
	CHECK(item.bytes);
	memcpy(item.bytes, bytes.p, bytes.n);
	item.out.bytes = slice_of(item.bytes, bytes.n);
	p->counters.sent++;
	push(p, item);
}

void pbx_emit_connect(struct pbx *p, uint32_t channel, uint8_t transport,
		      const struct pbx_address *peer)
{
	push(p, (struct out_item){ .out = { .kind = PBX_CONNECT, .channel = channel, .transport = transport,
					    .peer = *peer } });
}

void pbx_emit_close(struct pbx *p, uint32_t channel)
{
	push(p, (struct out_item){ .out = { .kind = PBX_CLOSE, .channel = channel } });
}

bool pbx_drain(struct pbx *p, struct pbx_out *ret)
{
	free(p->drained);
	p->drained = NULL;
	if (p->out_at == p->out_n)
		return false;
	*ret = p->out[p->out_at].out;
	p->drained = p->out[p->out_at].bytes;
	p->out_at++;
	return true;
}

/* ---- streams ---- */

struct chan *pbx_chan(struct pbx *p, uint32_t id)
{
	for (uint32_t i = 0; i < p->chans_n; i++)
		if (p->chans[i].used && p->chans[i].id == id)
			return &p->chans[i];
	return NULL;
}

struct chan *pbx_chan_add(struct pbx *p, uint32_t id, uint8_t transport,
			  const struct pbx_address *peer)
{
	uint32_t at = 0;

	while (at < p->chans_n && p->chans[at].used)
		at++;
	if (at == CHANS_MAX)
		return NULL;
	if (at == p->chans_n) {
		struct chan *chans = realloc(p->chans, (at + 1) * sizeof(*chans));

		CHECK(chans);
		p->chans = chans;
		p->chans_n++;
	}
	p->chans[at] = (struct chan){ .used = true, .id = id, .transport = transport, .peer = *peer };
	sip_stream_init(&p->chans[at].in);
	return &p->chans[at];
}

void pbx_chan_drop(struct pbx *p, struct chan *c)
{
	uint32_t id = c->id;

	sip_stream_fini(&c->in);
	*c = (struct chan){ 0 };
	pbx_txns_of_channel(p, id, false);
	pbx_subs_of_channel_lost(p, id);
}

/* ---- what comes in ---- */

static void take_message(struct pbx *p, struct slice bytes, uint32_t channel,
			 const struct pbx_address *peer)
{
	static const struct sip_msg zero;
	struct sip_msg *m;

	if (pbx_deaf(p))
		return;
	m = malloc(sizeof(*m));
	CHECK(m);
	*m = zero;
	if (sip_msg_parse(bytes, m)) {
		p->counters.malformed++;
	} else {
		p->counters.received++;
		if (m->request)
			pbx_request(p, m, channel, peer);
		else if (!m->defect)
			pbx_response(p, m);
	}
	free(m);
}

static void take_stream(struct pbx *p, struct chan *c, struct slice bytes)
{
	uint32_t id = c->id;
	struct slice message;
	enum err e;

	e = sip_stream_add(&c->in, bytes);
	while (!e && !(e = sip_stream_next(&c->in, &message))) {
		struct pbx_address peer = c->peer;

		take_message(p, message, id, &peer);
		c = pbx_chan(p, id); /* the table may have grown, or the channel gone */
		if (!c)
			return;
	}
	for (uint32_t pings = sip_stream_pings(&c->in); pings; pings--)
		pbx_emit(p, id, &c->peer, SLICE_LIT("\r\n"));
	if (e == ERR_AGAIN)
		return;
	p->counters.malformed++;
	pbx_emit_close(p, id);
	pbx_chan_drop(p, c);
}

static void opened(struct pbx *p, const struct pbx_feed *in)
{
	struct chan *c = pbx_chan(p, in->channel);

	if (!c && (p->now_ms < p->down_until_ms ||
		   !(c = pbx_chan_add(p, in->channel, in->transport, &in->peer)))) {
		pbx_emit_close(p, in->channel);
		return;
	}
	c->up = true;
	pbx_txns_of_channel(p, in->channel, true);
}

void pbx_feed(struct pbx *p, int64_t now_ms, const struct pbx_feed *in)
{
	struct chan *c;

	p->now_ms = now_ms;
	switch ((enum pbx_feed_kind)in->kind) {
	case PBX_OPENED:
		opened(p, in);
		break;
	case PBX_CLOSED:
		c = pbx_chan(p, in->channel);
		if (c)
			pbx_chan_drop(p, c);
		break;
	case PBX_BYTES:
		c = pbx_chan(p, in->channel);
		if (in->channel == PBX_UDP_CHANNEL) {
			if (slice_trim(in->bytes).n) /* a bare CR LF keeps a NAT open */
				take_message(p, in->bytes, in->channel, &in->peer);
		} else if (c) {
			take_stream(p, c, in->bytes);
		}
		break;
	}
}

/* ---- time ---- */

static void wake(struct pbx *p)
{
	if (!p->waking)
		return;
	p->waking = false;
	for (uint32_t i = 0; i < p->subs_max; i++)
		if (p->subs[i].used)
			pbx_notify(p, i, NULL, 0);
}

static void due(struct pbx *p, uint32_t id)
{
	if (id < p->calls_max)
		pbx_call_due(p, id);
	else if (id < p->calls_max + p->subs_max)
		pbx_sub_due(p, id - p->calls_max);
	else if (id < wheel_traffic(p))
		pbx_txn_due(p, id - p->calls_max - p->subs_max);
	else if (id == wheel_traffic(p))
		pbx_traffic_due(p);
	else if (id == wheel_pubs(p))
		pbx_pubs_due(p);
	else
		wake(p);
}

void pbx_tick(struct pbx *p, int64_t now_ms)
{
	uint32_t id;

	p->now_ms = now_ms;
	while (wheel_pop(p->wheel, now_ms, &id))
		due(p, id);
}

int64_t pbx_next(const struct pbx *p)
{
	return wheel_next(p->wheel);
}

void pbx_count(const struct pbx *p, struct pbx_counters *ret)
{
	*ret = p->counters;
	ret->busy_phones = 0;
	for (uint32_t i = 0; i < p->phones_n; i++)
		ret->busy_phones += p->phones[i].state >= PBX_DIALING;
}
