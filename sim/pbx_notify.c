/* pbx_notify.c - NOTIFY requests and their transactions (RFC 3261 17.1.2). As in the real products
 * a new NOTIFY does not wait for the answer to the one before. */
#include <stdio.h>
#include <stdlib.h>

#include "pbx_own.h"

static bool asterisk(const struct pbx *p)
{
	return p->config.style == PBX_ASTERISK;
}

/* ---- transactions ---- */

void pbx_txn_free(struct pbx *p, uint32_t txn)
{
	struct txn *t = &p->txns[txn];

	free(t->bytes);
	*t = (struct txn){ 0 };
	wheel_set(p->wheel, wheel_txn(p, txn), WHEEL_NEVER);
}

static uint32_t txn_new(struct pbx *p)
{
	for (uint32_t i = 0; i < p->txns_max; i++) {
		uint32_t at = (p->txn_scan + i) % p->txns_max;

		if (!p->txns[at].used) {
			p->txn_scan = at + 1;
			return at;
		}
	}
	return NONE;
}

/* ---- who believes what ---- */

static void mark(struct pbx *p, uint32_t phone, uint32_t list, uint64_t order, bool arrived)
{
	uint32_t first = phone != NONE ? phone : p->lists[list].first;
	uint32_t count = phone != NONE ? 1 : p->lists[list].count;

	for (uint32_t i = first; i < first + count && i < p->phones_n; i++) {
		uint64_t *at = arrived ? &p->phones[i].arrived : &p->phones[i].withheld;

		*at = order > *at ? order : *at;
	}
}

void pbx_mislead(struct pbx *p, uint32_t phone, uint32_t list, uint64_t order)
{
	mark(p, phone, list, order, false);
}

/* Does what s is told of its phones name a call that is over? */
static bool lies(const struct pbx *p, const struct sub *s)
{
	uint32_t first = s->list == NONE ? s->phone : p->lists[s->list].first;
	uint32_t count = s->list == NONE ? 1 : p->lists[s->list].count;

	for (uint32_t i = first; i < first + count && i < p->phones_n; i++) {
		for (uint8_t n = 0; n < p->phones[i].calls_n; n++) {
			const struct call *c = &p->calls[p->phones[i].calls[n]];
			uint64_t ghost = c->ghost[c->phone[CALLER] == i ? CALLER : CALLEE];

			if (ghost && s->serial < ghost)
				return true;
		}
	}
	return false;
}

static struct sub *sub_of(struct pbx *p, const struct txn *t)
{
	struct sub *s = &p->subs[t->sub];

	return s->used && s->serial == t->sub_serial ? s : NULL;
}

static void plan(struct pbx *p, struct txn *t)
{
	int64_t at = t->deadline_ms;

	if (t->next_ms && t->next_ms < at)
		at = t->next_ms;
	wheel_set(p->wheel, wheel_txn(p, (uint32_t)(t - p->txns)), at);
}

static void send(struct pbx *p, struct txn *t)
{
	struct chan *c = t->transport == PBX_UDP ? NULL : pbx_chan(p, t->channel);

	t->unsent = t->transport != PBX_UDP && c && !c->up;
	/* into a stream nothing is sent twice */
	if (!t->unsent && t->transport != PBX_UDP && pbx_deaf(p))
		pbx_mislead(p, t->phone, t->list, t->order);
	if (!t->unsent)
		pbx_emit(p, t->channel, &t->peer, slice_of(t->bytes, t->n));
	t->next_ms = 0;
	if (t->transport == PBX_UDP) {
		t->next_ms = p->now_ms + t->interval_ms;
		t->interval_ms = t->interval_ms * 2 < T2_MS ? t->interval_ms * 2 : T2_MS;
	}
	plan(p, t);
}

static bool is_newest(const struct pbx *p, const struct sub *s)
{
	uint32_t i = s->list == NONE ? p->phones[s->phone].subs : p->lists[s->list].subs;

	for (; i != NONE; i = p->subs[i].next)
		if (p->subs[i].serial > s->serial)
			return false;
	return true;
}

/* No answer at all, or one that says that nobody wants it: the subscription is over. */
static void failed(struct pbx *p, struct txn *t)
{
	struct sub *s = sub_of(p, t);

	p->counters.notify_failures++;
	if (s)
		pbx_sub_drop(p, (uint32_t)(s - p->subs));
}

void pbx_txn_due(struct pbx *p, uint32_t txn)
{
	struct txn *t = &p->txns[txn];
	struct sub *s = sub_of(p, t);

	if (p->now_ms >= t->deadline_ms) {
		/* given up, and whatever else was under way for it arrives in vain */
		pbx_mislead(p, t->phone, t->list, s && is_newest(p, s) ? ++p->reports : t->order);
		failed(p, t);
		pbx_txn_free(p, txn);
		return;
	}
	if (t->held && s && s->held == txn)
		s->held = NONE;
	if (!t->held)
		p->counters.retransmissions++;
	t->held = false;
	send(p, t);
}

void pbx_txns_of_channel(struct pbx *p, uint32_t channel, bool up)
{
	for (uint32_t i = 0; i < p->txns_max; i++) {
		struct txn *t = &p->txns[i];

		if (!t->used || t->transport == PBX_UDP || t->channel != channel)
			continue;
		if (up && t->unsent)
			send(p, t);
		else if (!up && t->unsent) {
			failed(p, t);
			pbx_txn_free(p, i);
		}
	}
}

static bool hex(struct slice s, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr("0123456789abcdef", s.p[i]) : NULL;

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - "0123456789abcdef");
	}
	*ret = v;
	return s.n > 0;
}

/* RFC 6665 4.2.2: these end the subscription, others only this NOTIFY. */
static bool ends_subscription(uint16_t status)
{
	static const uint16_t list[] = { 404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604 };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i] == status)
			return true;
	return false;
}

void pbx_response(struct pbx *p, const struct sip_msg *m)
{
	struct slice branch = m->via.branch;
	uint64_t at, token;

	if (branch.n != 33 || !slice_starts(branch, "z9hG4bKPj") || !hex(slice_sub(branch, 9, 17), &at) ||
	    !hex(slice_sub(branch, 17, 33), &token) || at >= p->txns_max)
		return;
	struct txn *t = &p->txns[at];
	if (!t->used || t->token != token || m->status < 200)
		return;
	p->counters.notify_answers++;
	if (ends_subscription(m->status))
		failed(p, t);
	else if (m->status < 300)
		mark(p, t->phone, t->list, t->order, !t->lies);
	pbx_txn_free(p, (uint32_t)at);
}

/* ---- the message ---- */

static void put_contact(struct pbx *p, struct buf *b, const struct sub *s)
{
	static const char *const params[] = {
		[PBX_UDP] = "", [PBX_TCP] = ";transport=TCP", [PBX_TLS] = ";transport=TLS",
	};

	buf_fmt(b, "Contact: <sip:%s:%u%s>\r\n", p->host,
		s->transport == PBX_TLS ? p->config.tls_port : p->config.port, params[s->transport]);
}

static void put_state(struct pbx *p, struct buf *b, const struct sub *s, const char *reason,
		      uint32_t retry_after_s)
{
	int64_t left = (s->expires_ms - p->now_ms) / 1000;

	if (!reason) {
		buf_fmt(b, "Subscription-State: active;expires=%lld\r\n", (long long)(left > 0 ? left : 0));
		return;
	}
	buf_fmt(b, "Subscription-State: terminated%s%s", reason[0] ? ";reason=" : "", reason);
	if (retry_after_s)
		buf_fmt(b, ";retry-after=%u", retry_after_s);
	buf_str(b, "\r\n");
}

static void put_event(struct buf *b, const struct sub *s)
{
	buf_fmt(b, "Event: %s%s%s\r\n", s->package == PACKAGE_DIALOG ? "dialog" : "presence",
		s->event_id[0] ? ";id=" : "", s->event_id);
}

struct notice {
	const struct sub *s;
	const char *branch, *type, *reason; /* type NULL: no body */
	uint32_t retry_after_s;
	struct slice body;
};

static void put_top(struct pbx *p, struct buf *b, const struct notice *n, const char *via_extra)
{
	static const char *const names[] = { [PBX_UDP] = "UDP", [PBX_TCP] = "TCP", [PBX_TLS] = "TLS" };

	sip_put_request(b, "NOTIFY", slice_str(n->s->contact));
	buf_fmt(b, "Via: SIP/2.0/%s %s:%u%s;branch=%s\r\n", names[n->s->transport], p->host,
		n->s->transport == PBX_TLS ? p->config.tls_port : p->config.port, via_extra, n->branch);
}

static void put_asterisk(struct pbx *p, struct buf *b, const struct notice *n)
{
	const struct sub *s = n->s;

	put_top(p, b, n, ";rport");
	buf_fmt(b, "From: <%s>;tag=%s\r\nTo: <%s>;tag=%s\r\n", s->local_uri, s->tag, s->remote_uri,
		s->remote_tag);
	put_contact(p, b, s);
	buf_fmt(b, "Call-ID: %s\r\nCSeq: %u NOTIFY\r\n", s->call_id, s->cseq);
	put_event(b, s);
	put_state(p, b, s, n->reason, n->retry_after_s);
	buf_str(b, "Allow-Events: presence, dialog, refer\r\n");
	if (s->list != NONE)
		buf_str(b, "Require: eventlist\r\n");
	buf_str(b, "Max-Forwards: 70\r\nUser-Agent: pbxsim in the manner of Asterisk 22\r\n");
	if (n->type)
		buf_fmt(b, "Content-Type: %s\r\n", n->type);
	buf_fmt(b, "Content-Length: %5zu\r\n\r\n", n->body.n);
	buf_slice(b, n->body);
}

static void put_kamailio(struct pbx *p, struct buf *b, const struct notice *n)
{
	const struct sub *s = n->s;

	put_top(p, b, n, "");
	buf_fmt(b, "To: <%s>;tag=%s\r\nFrom: <%s>;tag=%s\r\nCSeq: %u NOTIFY\r\nCall-ID: %s\r\n",
		s->remote_uri, s->remote_tag, s->local_uri, s->tag, s->cseq, s->call_id);
	buf_fmt(b,
		"Content-Length: %zu\r\nUser-Agent: pbxsim in the manner of Kamailio "
		"5.6\r\nMax-Forwards: 70\r\n",
		n->body.n);
	put_event(b, s);
	put_contact(p, b, s);
	put_state(p, b, s, n->reason, n->retry_after_s);
	if (s->list != NONE)
		buf_str(b, "Require: eventlist\r\n");
	if (n->type)
		buf_fmt(b, "Content-Type: %s\r\n", n->type);
	buf_str(b, "\r\n");
	buf_slice(b, n->body);
}

/* Fills p->body; returns its type, NULL when there is none. */
static const char *body_of(struct pbx *p, struct sub *s, char *type, size_t cap)
{
	buf_reset(&p->body);
	if (s->list != NONE) {
		pbx_list_body(p, &p->body, s, type, cap);
		s->version++;
		return type;
	}
	s->told = (uint8_t)pbx_device(p, s, s->phone);
	/* Kamailio's version runs beside CSeq, Asterisk's counts from 0. */
	uint32_t version = asterisk(p) ? s->version++ : s->cseq - 1;
	return pbx_document(p, &p->body, s, s->phone, version) ? pbx_document_type(s) : NULL;
}

/* ---- sending ---- */

/* The stream it goes out on: the one that the SUBSCRIBE came on, or a new one to the Contact. */
static uint32_t route(struct pbx *p, struct sub *s)
{
	if (s->transport == PBX_UDP)
		return PBX_UDP_CHANNEL;
	if (s->channel != NONE && pbx_chan(p, s->channel))
		return s->channel;
	for (uint32_t i = 0; i < p->chans_n; i++) {
		struct chan *c = &p->chans[i];

		if (c->used && c->id >> CONNECT_BASE_SHIFT && c->transport == s->transport &&
		    c->peer.port == s->target.port && strcmp(c->peer.host, s->target.host) == 0)
			return s->channel = c->id;
	}
	s->channel = 1u << CONNECT_BASE_SHIFT | ++p->connects;
	if (pbx_chan_add(p, s->channel, s->transport, &s->target))
		pbx_emit_connect(p, s->channel, s->transport, &s->target);
	return s->channel;
}

static void dispatch(struct pbx *p, struct sub *s, struct txn *t)
{
	uint32_t at = (uint32_t)(t - p->txns), before = s->held;

	if (before == NONE && pbx_fault_take(p, PBX_FAULT_OVERTAKEN, s->phone)) {
		t->held = true;
		s->held = at;
		t->next_ms = p->now_ms + 3000;
		plan(p, t);
		return;
	}
	if (s->transport == PBX_UDP && pbx_fault_take(p, PBX_FAULT_LOST, s->phone)) {
		t->next_ms = p->now_ms + t->interval_ms;
		plan(p, t);
	} else {
		send(p, t);
	}
	if (pbx_fault_take(p, PBX_FAULT_REPEATED, s->phone))
		pbx_emit(p, t->channel, &t->peer, slice_of(t->bytes, t->n));
	if (before != NONE) {
		s->held = NONE;
		p->txns[before].next_ms = p->now_ms + prng_range(&p->rng, 1, 30);
		plan(p, &p->txns[before]);
	}
}

void pbx_notify(struct pbx *p, uint32_t sub, const char *reason, uint32_t retry_after_s)
{
	struct sub *s = &p->subs[sub];
	char type[128], branch[40];
	struct notice n = { .s = s, .branch = branch, .reason = reason, .retry_after_s = retry_after_s };
	uint32_t at;

	if (s->oversized)
		return;
	s->cseq++;
	n.type = body_of(p, s, type, sizeof(type));
	n.body = n.type ? buf_view(&p->body) : SLICE_NONE;
	s->seen = p->changes;
	p->counters.notifies++;
	/* Asterisk prints into a buffer of fixed size and gives up without a word. */
	s->oversized = buf_err(&p->body) || (s->list != NONE && n.body.n > p->config.list_bytes_max);
	if (s->oversized)
		return;
	p->reports++;
	if (pbx_fault_take(p, PBX_FAULT_SKIPPED, s->phone) || (at = txn_new(p)) == NONE) {
		pbx_mislead(p, s->phone, s->list, p->reports);
		return;
	}
	struct txn *t = &p->txns[at];
	*t = (struct txn){ .used = true, .transport = s->transport, .sub = sub, .sub_serial = s->serial,
			   .channel = route(p, s), .peer = s->target, .token = pbx_token(p),
			   .phone = s->phone, .list = s->list, .order = p->reports, .lies = lies(p, s),
			   .deadline_ms = p->now_ms + TIMER_F_MS, .interval_ms = T1_MS };
	snprintf(branch, sizeof(branch), "z9hG4bKPj%08x%016llx", at, (unsigned long long)t->token);
	buf_reset(&p->msg);
	if (asterisk(p))
		put_asterisk(p, &p->msg, &n);
	else
		put_kamailio(p, &p->msg, &n);
	t->n = buf_view(&p->msg).n;
	t->bytes = malloc(t->n + 1);
	if (!t->bytes || buf_err(&p->msg)) {
		pbx_txn_free(p, at);
		return;
	}
	memcpy(t->bytes, buf_view(&p->msg).p, t->n);
	dispatch(p, s, t);
}

void pbx_notify_phone(struct pbx *p, uint32_t phone, bool even_unchanged)
{
	p->phones[phone].changed = ++p->changes;
	for (uint32_t i = p->phones[phone].subs; i != NONE; i = p->subs[i].next)
		if (even_unchanged || !asterisk(p) || p->subs[i].told != pbx_device(p, &p->subs[i], phone))
			pbx_notify(p, i, NULL, 0);
	for (uint32_t l = 0; l < p->lists_n; l++) {
		const struct list *list = &p->lists[l];

		if (phone < list->first || phone - list->first >= list->count)
			continue;
		for (uint32_t i = list->subs; i != NONE; i = p->subs[i].next) {
			struct sub *s = &p->subs[i];

			if (s->batch_ms)
				continue;
			s->batch_ms = p->now_ms + list->batch_ms;
			wheel_set(p->wheel, wheel_sub(p, i),
				  s->batch_ms < s->expires_ms ? s->batch_ms : s->expires_ms);
		}
	}
}
