/* pbx_sub.c - requests that come in, and the life of a subscription (RFC 6665 4.2). */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "pbx_own.h"
#include "proto/sip/uri.h"
#include "proto/sip/value.h"

enum { TEXT_MAX = 512, EXPIRES_DEFAULT_S = 3600 };

/* ---- answers ---- */

static uint64_t answer_key(const struct sip_msg *req)
{
	return slice_hash(req->via.branch, req->cseq) ^ slice_hash(req->call_id, 1);
}

void pbx_answer_open(struct pbx *p, const struct sip_msg *req, uint16_t status, const char *to_tag,
		     const struct pbx_address *peer)
{
	struct sip_origin from = { slice_str(peer->host), peer->port };

	buf_reset(&p->msg);
	sip_put_answer(&p->msg, req, status, NULL, to_tag, from);
	if (status >= 400 && status != 401 && status != 407)
		p->counters.refused++;
}

void pbx_answer_send(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		     const struct pbx_address *peer)
{
	struct answer *a = &p->answers[p->answer_at];

	sip_put(&p->msg, "Server", slice_str("pbxsim"));
	sip_put_end(&p->msg, NULL, SLICE_NONE);
	if (buf_err(&p->msg))
		return;
	pbx_emit(p, channel, peer, buf_view(&p->msg));
	if (channel != PBX_UDP_CHANNEL)
		return;
	free(a->bytes);
	*a = (struct answer){ .key = answer_key(req), .until_ms = p->now_ms + TIMER_F_MS };
	a->n = buf_view(&p->msg).n;
	a->bytes = malloc(a->n);
	if (a->bytes)
		memcpy(a->bytes, buf_view(&p->msg).p, a->n);
	p->answer_at = (p->answer_at + 1) % ANSWERS_MAX;
}

/* A request that UDP brought again gets the very answer it got before. */
static bool answered_before(struct pbx *p, const struct sip_msg *req, const struct pbx_address *peer)
{
	uint64_t key = answer_key(req);

	for (int i = 0; i < ANSWERS_MAX; i++) {
		const struct answer *a = &p->answers[i];

		if (!a->bytes || a->key != key || a->until_ms < p->now_ms)
			continue;
		pbx_emit(p, PBX_UDP_CHANNEL, peer, slice_of(a->bytes, a->n));
		return true;
	}
	return false;
}

/* One request and where it came from. */
struct asked {
	const struct sip_msg *req;
	uint32_t channel;
	const struct pbx_address *peer;
	uint32_t phone, list; /* NONE */
	uint8_t package;
	uint32_t expires_s;
	struct slice event_id;
};

static void refuse(struct pbx *p, const struct asked *a, uint16_t status)
{
	pbx_answer_open(p, a->req, status, "refused", a->peer);
	if (status == 423)
		sip_put_fmt(&p->msg, "Min-Expires", "%u", p->config.min_expires_s);
	if (status == 489 && p->config.style == PBX_KAMAILIO)
		sip_put(&p->msg, "Allow-Events", SLICE_LIT("dialog, presence"));
	if (status == 405)
		sip_put(&p->msg, "Allow", SLICE_LIT("OPTIONS, SUBSCRIBE"));
	if (status == 503)
		sip_put_fmt(&p->msg, "Retry-After", "%u", p->busy_retry_s);
	pbx_answer_send(p, a->req, a->channel, a->peer);
}

/* ---- subscriptions ---- */

static uint32_t *head_of(struct pbx *p, const struct sub *s)
{
	return s->list != NONE ? &p->lists[s->list].subs : &p->phones[s->phone].subs;
}

static void plan(struct pbx *p, uint32_t sub)
{
	const struct sub *s = &p->subs[sub];
	int64_t at = s->expires_ms;

	if (s->batch_ms && s->batch_ms < at)
		at = s->batch_ms;
	wheel_set(p->wheel, wheel_sub(p, sub), at);
}

void pbx_sub_drop(struct pbx *p, uint32_t sub)
{
	struct sub *s = &p->subs[sub];

	if (s->prev != NONE)
		p->subs[s->prev].next = s->next;
	else
		*head_of(p, s) = s->next;
	if (s->next != NONE)
		p->subs[s->next].prev = s->prev;
	if (s->list == NONE)
		p->phones[s->phone].subs_n--;
	free(s->versions);
	free(s->call_id);
	free(s->remote_tag);
	free(s->remote_uri);
	free(s->local_uri);
	free(s->contact);
	free(s->event_id);
	*s = (struct sub){ 0 };
	p->counters.subscriptions--;
	wheel_set(p->wheel, wheel_sub(p, sub), WHEEL_NEVER);
}

void pbx_subs_of_channel_lost(struct pbx *p, uint32_t channel)
{
	for (uint32_t i = 0; i < p->subs_max; i++)
		if (p->subs[i].used && p->subs[i].transport != PBX_UDP && p->subs[i].channel == channel)
			p->subs[i].channel = NONE;
}

void pbx_sub_due(struct pbx *p, uint32_t sub)
{
	struct sub *s = &p->subs[sub];

	if (p->now_ms >= s->expires_ms) {
		pbx_notify(p, sub, p->config.style == PBX_ASTERISK ? "" : "timeout", 0);
		pbx_sub_drop(p, sub);
		return;
	}
	s->batch_ms = 0;
	pbx_notify(p, sub, NULL, 0);
	plan(p, sub);
}

static bool all_digits_or_colons(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789.:abcdefABCDEF", s.p[i]))
			return false;
	return s.n > 0;
}

/* Where NOTIFYs go: the Contact's address, or where the request came from when that is a name. */
static bool take_contact(struct sub *s, const struct asked *a)
{
	struct slice value = sip_msg_header(a->req, SIP_CONTACT);
	struct sip_addr addr;
	struct sip_uri uri;

	if (sip_addr_parse(value, &addr) || sip_uri_parse(addr.uri, &uri) || !sip_uri_is_sip(&uri))
		return false;
	free(s->contact);
	s->contact = strndup(addr.uri.p, addr.uri.n);
	s->target = *a->peer;
	if (all_digits_or_colons(uri.host) && !slice_copy(uri.host, s->target.host, sizeof(s->target.host)))
		s->target.port = uri.port ? uri.port : 5060;
	return s->contact != NULL;
}

/* "sip:user@host" of a From or To; the port is dropped, as Asterisk does. */
static char *plain_uri(const struct sip_msg *req, enum sip_header_id id)
{
	char text[TEXT_MAX];
	struct sip_addr addr;
	struct sip_uri uri;

	if (sip_addr_parse(sip_msg_header(req, id), &addr) || sip_uri_parse(addr.uri, &uri))
		return NULL;
	snprintf(text, sizeof(text), "sip:%.*s%s%.*s", SLICE_ARG(uri.user), uri.user.n ? "@" : "",
		 SLICE_ARG(uri.host));
	return strdup(text);
}

static uint32_t free_sub(struct pbx *p)
{
	for (uint32_t i = 0; i < p->subs_max; i++) {
		uint32_t at = (p->sub_scan + i) % p->subs_max;

		if (!p->subs[at].used) {
			p->sub_scan = at + 1;
			return at;
		}
	}
	return NONE;
}

static bool fill(struct pbx *p, struct sub *s, const struct asked *a)
{
	const struct sip_msg *req = a->req;

	s->call_id = strndup(req->call_id.p, req->call_id.n);
	s->remote_tag = strndup(req->from_tag.p, req->from_tag.n);
	s->remote_uri = plain_uri(req, SIP_FROM);
	s->local_uri = plain_uri(req, SIP_TO);
	s->event_id = strndup(a->event_id.n ? a->event_id.p : "", a->event_id.n);
	if (s->list != NONE)
		s->versions = calloc(p->lists[s->list].count, sizeof(s->versions[0]));
	snprintf(s->tag, sizeof(s->tag), "%08x-%08x", (uint32_t)(s - p->subs), (uint32_t)pbx_token(p));
	return take_contact(s, a) && s->call_id && s->remote_tag && s->remote_uri && s->local_uri &&
	       s->event_id && (s->list == NONE || s->versions);
}

static uint32_t sub_new(struct pbx *p, const struct asked *a)
{
	bool ast = p->config.style == PBX_ASTERISK;
	uint32_t at = free_sub(p);
	struct sub *s;

	if (at == NONE)
		return NONE;
	s = &p->subs[at];
	*s = (struct sub){
		.used = true,
		.package = a->package,
		.phone = a->phone,
		.list = a->list,
		.held = NONE,
		.prev = NONE,
		.told = DEVICE_NEVER_TOLD,
		.serial = ++p->serials,
		.created_ms = p->now_ms,
		.cseq = ast ? (uint32_t)prng_range(&p->rng, 1000, 30000) : 1,
	};
	s->next = *head_of(p, s);
	if (s->next != NONE)
		p->subs[s->next].prev = at;
	*head_of(p, s) = at;
	if (s->list == NONE)
		p->phones[s->phone].subs_n++;
	p->counters.subscriptions++;
	if (fill(p, s, a))
		return at;
	pbx_sub_drop(p, at);
	return NONE;
}

/* ---- SUBSCRIBE ---- */

static bool number_of(struct slice user, uint32_t *ret)
{
	uint64_t n;

	if (slice_u64(user, UINT32_MAX, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

bool pbx_number_in(struct pbx *p, struct slice uri, uint32_t *ret_phone)
{
	struct sip_uri u;
	uint32_t number;

	if (sip_uri_parse(uri, &u) || !number_of(u.user, &number))
		return false;
	*ret_phone = pbx_find(p, number);
	return *ret_phone != PBX_EXTERNAL;
}

static bool find_line(struct pbx *p, struct asked *a)
{
	struct sip_uri uri;
	uint32_t number;

	a->phone = a->list = NONE;
	if (sip_uri_parse(a->req->uri, &uri))
		return false;
	if (number_of(uri.user, &number)) {
		a->phone = pbx_find(p, number);
		return a->phone != PBX_EXTERNAL;
	}
	for (uint32_t i = 0; i < p->lists_n; i++)
		if (slice_is(uri.user, p->lists[i].name))
			a->list = i;
	return a->list != NONE && sip_list_has(sip_msg_header(a->req, SIP_SUPPORTED), "eventlist");
}

/* 0, or the status that refuses it. */
static uint16_t read_event(struct pbx *p, struct asked *a)
{
	struct slice accept = sip_msg_header(a->req, SIP_ACCEPT);
	struct sip_event event;
	const char *type;
	uint64_t seconds = EXPIRES_DEFAULT_S;

	if (sip_event_parse(sip_msg_header(a->req, SIP_EVENT), &event))
		return 489;
	if (slice_is(event.package, "dialog"))
		a->package = PACKAGE_DIALOG;
	else if (slice_is(event.package, "presence"))
		a->package = PACKAGE_PRESENCE;
	else
		return 489;
	type = a->package == PACKAGE_DIALOG ? "application/dialog-info+xml" : "application/pidf+xml";
	if (accept.n && slice_find_str(accept, slice_str(type)) == accept.n &&
	    p->config.style == PBX_ASTERISK)
		return 489;
	a->event_id = event.id;
	sip_msg_number(a->req, SIP_EXPIRES, UINT32_MAX, &seconds);
	if (seconds && seconds < p->config.min_expires_s)
		return 423;
	a->expires_s = (uint32_t)(seconds < p->config.max_expires_s ? seconds : p->config.max_expires_s);
	return 0;
}

/* Our tag begins with the subscription's place. */
static uint32_t find_sub(struct pbx *p, const struct sip_msg *req)
{
	uint32_t at = 0;

	for (size_t i = 0; i < 8 && i < req->to_tag.n; i++) {
		const char *digit = req->to_tag.p[i] ? strchr("0123456789abcdef", req->to_tag.p[i]) : NULL;

		if (!digit)
			return NONE;
		at = at << 4 | (uint32_t)(digit - "0123456789abcdef");
	}
	if (at >= p->subs_max || !p->subs[at].used || !slice_is(req->to_tag, p->subs[at].tag) ||
	    !slice_is(req->call_id, p->subs[at].call_id) || !slice_is(req->from_tag, p->subs[at].remote_tag))
		return NONE;
	return at;
}

/* 200 and, at once, the NOTIFY; with no time left the last one. */
static void grant(struct pbx *p, const struct asked *a, uint32_t sub)
{
	struct sub *s = &p->subs[sub];

	s->remote_cseq = a->req->cseq;
	s->expires_ms = p->now_ms + (int64_t)a->expires_s * 1000;
	s->channel = a->channel;
	s->transport = a->channel == PBX_UDP_CHANNEL ? PBX_UDP : pbx_chan(p, a->channel)->transport;
	s->batch_ms = 0;
	pbx_answer_open(p, a->req, 200, s->tag, a->peer);
	sip_put_fmt(&p->msg, "Expires", "%u", a->expires_s);
	if (s->list != NONE)
		sip_put(&p->msg, "Require", SLICE_LIT("eventlist"));
	sip_put_fmt(&p->msg, "Contact", "<sip:%s:%u>", p->host,
		    s->transport == PBX_TLS ? p->config.tls_port : p->config.port);
	pbx_answer_send(p, a->req, a->channel, a->peer);
	if (a->expires_s) {
		plan(p, sub);
		pbx_notify(p, sub, NULL, 0);
		return;
	}
	p->counters.unsubscribes++;
	pbx_notify(p, sub, p->config.style == PBX_ASTERISK ? "" : "timeout", 0);
	pbx_sub_drop(p, sub);
}

static void refresh(struct pbx *p, struct asked *a)
{
	uint32_t at = find_sub(p, a->req);
	uint16_t status;

	if (at == NONE) {
		refuse(p, a, 481);
		return;
	}
	if (a->req->cseq <= p->subs[at].remote_cseq) {
		refuse(p, a, 500);
		return;
	}
	status = read_event(p, a);
	if (!status && sip_msg_has(a->req, SIP_CONTACT) && !take_contact(&p->subs[at], a))
		status = 400;
	if (status) {
		refuse(p, a, status);
		return;
	}
	p->counters.refreshes++;
	p->subs[at].seen = p->subs[at].list == NONE ? p->subs[at].seen : 0; /* the whole list again */
	grant(p, a, at);
}

static void subscribe(struct pbx *p, struct asked *a)
{
	uint16_t status = 0;
	uint32_t at;

	p->counters.subscribes++;
	if (!find_line(p, a) && !a->req->to_tag.n)
		status = 404;
	if (pbx_fault_take(p, PBX_FAULT_BUSY, a->phone))
		status = 503;
	else if (pbx_fault_take(p, PBX_FAULT_REFUSE, a->phone))
		status = p->refuse_status;
	else if (!pbx_auth_pass(p, a->req, a->channel, a->peer))
		return;
	if (!status && a->req->to_tag.n) {
		refresh(p, a);
		return;
	}
	if (!status)
		status = read_event(p, a);
	if (!status && !sip_msg_has(a->req, SIP_CONTACT))
		status = 400;
	if (status) {
		refuse(p, a, status);
		return;
	}
	at = sub_new(p, a);
	if (at == NONE)
		refuse(p, a, 500);
	else
		grant(p, a, at);
}

void pbx_request(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		 const struct pbx_address *peer)
{
	struct asked a = { .req = req, .channel = channel, .peer = peer, .phone = NONE, .list = NONE };

	if (slice_is(req->method, "ACK"))
		return;
	if (channel == PBX_UDP_CHANNEL && answered_before(p, req, peer))
		return;
	if (req->defect)
		refuse(p, &a, req->defect_status);
	else if (slice_is(req->method, "SUBSCRIBE"))
		subscribe(p, &a);
	else if (slice_is(req->method, "PUBLISH"))
		pbx_publish(p, req, channel, peer);
	else if (slice_is(req->method, "OPTIONS"))
		refuse(p, &a, 200);
	else
		refuse(p, &a, 405);
}
