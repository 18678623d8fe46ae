/* pbx_pub.c - PUBLISH of presence (RFC 3903) in the manner of Kamailio 5.6: entity tags of its own
 * form, 500 to one that it cannot read, and for one document a bare `closed` in place of what ended.
 * Asterisk takes none. */
#include <stdio.h>

#include "base/check.h"
#include "pbx_own.h"
#include "proto/sip/uri.h"
#include "proto/sip/value.h"

static bool ours(const struct pub *u, uint32_t phone)
{
	return u->used && u->phone == phone;
}

/* What was stated last of the phone's user: by itself, or by a publication. */
uint8_t pbx_profile_shown(const struct pbx *p, uint32_t phone)
{
	uint64_t order = p->phones[phone].profile_order;
	uint8_t profile = p->phones[phone].profile;

	for (int i = 0; p->phones[phone].pubs_n && i < p->pubs_top; i++) {
		if (!ours(&p->pubs[i], phone) || p->pubs[i].ended || p->pubs[i].order < order)
			continue;
		order = p->pubs[i].order;
		profile = p->pubs[i].profile;
	}
	return profile;
}

static void plan(struct pbx *p)
{
	int64_t at = WHEEL_NEVER;

	for (int i = 0; i < p->pubs_top; i++)
		if (p->pubs[i].used && p->pubs[i].expires_ms < at)
			at = p->pubs[i].expires_ms;
	wheel_set(p->wheel, wheel_pubs(p), at);
}

static void drop(struct pbx *p, struct pub *u)
{
	p->phones[u->phone].pubs_n--;
	u->used = false;
	while (p->pubs_top && !p->pubs[p->pubs_top - 1].used)
		p->pubs_top--;
}

/* Told once as closed, then gone. */
static void end(struct pbx *p, struct pub *u)
{
	u->ended = true;
	pbx_changed(p, u->phone);
	drop(p, u);
	plan(p);
}

void pbx_pubs_due(struct pbx *p)
{
	for (int i = 0; i < p->pubs_top; i++)
		if (p->pubs[i].used && p->pubs[i].expires_ms <= p->now_ms)
			end(p, &p->pubs[i]);
	plan(p);
}

void pbx_pubs_forget(struct pbx *p, bool tell)
{
	for (int i = p->pubs_top; i-- > 0;) {
		if (p->pubs[i].used && tell)
			end(p, &p->pubs[i]);
		else if (p->pubs[i].used)
			drop(p, &p->pubs[i]);
	}
	plan(p);
}

void pbx_pubs_document(const struct pbx *p, struct buf *b, uint32_t phone)
{
	for (int i = 0; p->phones[phone].pubs_n && i < p->pubs_top; i++) {
		const struct pub *u = &p->pubs[i];
		bool closed = u->ended || u->profile == PBX_NOT_AVAILABLE;
		static const char *const words[PBX_PROFILES] = {
			[PBX_AWAY] = "away", [PBX_BUSY] = "busy", [PBX_MEETING] = "meeting",
			[PBX_NOT_AVAILABLE] = "other",
		};

		if (!ours(u, phone))
			continue;
		buf_fmt(b,
			"  <tuple xmlns=\"urn:ietf:params:xml:ns:pidf\" id=\"%s\">\n    <status>\n"
			"      <basic>%s</basic>\n    </status>\n  </tuple>\n",
			u->id, closed ? "closed" : "open");
		if (!u->ended && words[u->profile])
			buf_fmt(b,
				"  <dm:person id=\"%s-person\">\n    <rpid:activities>\n      <rpid:%s/>\n"
				"    </rpid:activities>\n  </dm:person>\n",
				u->id, words[u->profile]);
	}
}

/* ---- PUBLISH ---- */

static bool has(struct slice body, const char *text)
{
	return slice_find_str(body, slice_str(text)) < body.n;
}

static enum pbx_profile profile_in(struct slice body)
{
	if (has(body, ">closed<"))
		return PBX_NOT_AVAILABLE;
	return has(body, ":meeting/>") ? PBX_MEETING
	       : has(body, ":busy/>")  ? PBX_BUSY
	       : has(body, ":away/>")  ? PBX_AWAY
				       : PBX_AVAILABLE;
}

static enum err tuple_in(struct slice body, char *id, size_t cap)
{
	size_t at = slice_find_str(body, SLICE_LIT("<tuple id=\""));
	struct slice rest = slice_sub(body, at + 11, body.n);

	return at == body.n ? ERR_MALFORMED : slice_copy(slice_sub(rest, 0, slice_find(rest, '"')), id, cap);
}

/* 0: *ret is the one named, or a new one; else the status. */
static uint16_t find(struct pbx *p, uint32_t phone, struct slice tag, struct pub **ret)
{
	uint64_t n;

	*ret = NULL;
	if (tag.n && (!slice_starts(tag, "a.") || slice_u64(slice_sub(tag, 2, tag.n), UINT64_MAX, &n)))
		return 500;
	for (int i = 0; i < PUBS_MAX && !*ret && (!tag.n || i < p->pubs_top); i++) {
		struct pub *u = &p->pubs[i];

		if (tag.n ? ours(u, phone) && u->tag == n : !u->used)
			*ret = u;
	}
	return *ret ? 0 : tag.n ? 412 : 500;
}

static uint16_t take(struct pbx *p, const struct sip_msg *req, uint32_t phone, uint32_t expires_s,
		     struct pub **ret)
{
	struct slice tag = sip_msg_header_named(req, "SIP-If-Match");
	uint16_t status = find(p, phone, tag, ret);
	struct pub *u = *ret;
	char id[sizeof(u->id)] = "";

	if (tag.n && pbx_fault_take(p, PBX_FAULT_ODD_TAG, phone))
		return 500;
	if (status)
		return status;
	if (!tag.n && (req->body.n == 0 || expires_s == 0))
		return 400;
	if (req->body.n && tuple_in(req->body, id, sizeof(id)))
		return 415;
	if (!tag.n) {
		*u = (struct pub){ .used = true, .phone = phone };
		p->phones[phone].pubs_n++;
		if (u - p->pubs >= p->pubs_top)
			p->pubs_top = (int)(u - p->pubs) + 1;
	}
	u->tag = ++p->serials;
	u->expires_ms = p->now_ms + (int64_t)expires_s * 1000;
	if (req->body.n) {
		memcpy(u->id, id, sizeof(id));
		u->profile = (uint8_t)profile_in(req->body);
		u->order = ++p->changes;
	}
	return 0;
}

static uint16_t expires_of(const struct pbx *p, const struct sip_msg *req, uint32_t *ret)
{
	uint64_t seconds = p->config.max_expires_s;

	sip_msg_number(req, SIP_EXPIRES, UINT32_MAX, &seconds);
	*ret = (uint32_t)(seconds < p->config.max_expires_s ? seconds : p->config.max_expires_s);
	return seconds && seconds < p->config.min_expires_s ? 423 : 0;
}

/* The answer's status; of a 200 *ret is the publication. */
static uint16_t judge(struct pbx *p, const struct sip_msg *req, uint32_t *expires_s, struct pub **ret)
{
	struct sip_event event;
	uint32_t phone;
	uint16_t status;

	if (!pbx_number_in(p, req->uri, &phone))
		return 404;
	if (sip_event_parse(sip_msg_header(req, SIP_EVENT), &event) || !slice_is(event.package, "presence") ||
	    p->config.style != PBX_KAMAILIO)
		return 489;
	status = expires_of(p, req, expires_s);
	return status ? status : take(p, req, phone, *expires_s, ret);
}

void pbx_publish(struct pbx *p, const struct sip_msg *req, uint32_t channel, const struct pbx_address *peer)
{
	struct pub *u = NULL;
	uint32_t expires_s = 0;
	uint16_t status;

	p->counters.publishes++;
	if (pbx_fault_take(p, PBX_FAULT_BUSY, PBX_EXTERNAL))
		status = 503;
	else if (!pbx_auth_pass(p, req, channel, peer))
		return;
	else
		status = judge(p, req, &expires_s, &u);
	pbx_answer_open(p, req, status ? status : 200, "published", peer);
	if (status == 423)
		sip_put_fmt(&p->msg, "Min-Expires", "%u", p->config.min_expires_s);
	if (status == 503)
		sip_put_fmt(&p->msg, "Retry-After", "%u", p->busy_retry_s);
	if (!status) {
		sip_put_fmt(&p->msg, "SIP-ETag", "a.%llu", (unsigned long long)u->tag);
		sip_put_fmt(&p->msg, "Expires", "%u", expires_s);
	}
	pbx_answer_send(p, req, channel, peer);
	if (status)
		return;
	if (expires_s == 0)
		end(p, u);
	else if (req->body.n)
		pbx_changed(p, u->phone);
	plan(p);
}
