#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t resolve(void *arg, const struct lamp_name *n)
{
	(void)arg;
	if (n->account.n && !slice_is(n->account, "acme"))
		return ID_NONE;
	return slice_is(n->user, "201") || slice_is(n->user, "ana@acme.example") ? RIG_ANA
	       : slice_is(n->user, "202")					 ? 2
										 : ID_NONE;
}

void rig_open(struct rig *r, uint8_t transport, uint32_t watchers)
{
	const struct lamps_config c = { .seed = 42,
					.realm = "offhook",
					.watchers = watchers,
					.users = 8,
					.expires_min_s = 60,
					.expires_s = 3600,
					.stream_expires_s = 300,
					.resolve = resolve };
	const struct lamps_feed in = { .kind = LAMPS_OPENED,
				       .transport = transport,
				       .channel = transport == LAMP_UDP ? 0 : 5,
				       .local = { "10.0.0.9", 5060 },
				       .peer = { "10.0.0.1", 5062 } };

	*r = (struct rig){ .now = 100000, .transport = transport, .channel = in.channel };
	assert_int_equal(lamps_new(&r->l, &c, r->now), ERR_OK);
	lamps_feed(r->l, r->now, &in);
}

void rig_forget(struct rig *r)
{
	for (uint32_t i = 0; i < r->sent_n; i++)
		free(r->sent[i].bytes);
	r->sent_n = r->at = 0;
}

void rig_close(struct rig *r)
{
	rig_forget(r);
	lamps_free(r->l);
}

static void keep(struct rig *r, const struct lamp_record *x)
{
	struct rig_kept *k = NULL;
	size_t at = 0;

	for (int i = 0; i < RIG_KEPT_MAX && !k; i++)
		if (r->kept[i].is && r->kept[i].r.tag == x->tag)
			k = &r->kept[i];
	for (int i = 0; i < RIG_KEPT_MAX && !k; i++)
		if (!r->kept[i].is)
			k = &r->kept[i];
	if (!k)
		return;
	*k = (struct rig_kept){ .r = *x, .is = true };
	for (int i = 0; i < LAMP_FIELDS; i++) {
		memcpy(k->text + at, x->fields[i].n ? x->fields[i].p : "", x->fields[i].n);
		k->r.fields[i] = slice_of(k->text + at, x->fields[i].n);
		at += x->fields[i].n;
	}
}

void rig_drain(struct rig *r)
{
	struct lamps_out o;

	while (lamps_drain(r->l, &o)) {
		if (o.kind == LAMPS_SEND) {
			assert_in_range(r->sent_n, 0, RIG_SENT_MAX - 1);
			struct rig_sent *s = &r->sent[r->sent_n++];

			*s = (struct rig_sent){ o.channel, o.peer, malloc(o.bytes.n), o.bytes.n };
			memcpy(s->bytes, o.bytes.p, o.bytes.n);
		} else if (o.kind == LAMPS_SAVE) {
			keep(r, &o.record);
		} else if (o.kind == LAMPS_DELETE) {
			for (int i = 0; i < RIG_KEPT_MAX; i++)
				r->kept[i].is &= r->kept[i].r.tag != o.record.tag;
		} else if (o.kind == LAMPS_CLOSE) {
			r->closed++;
		} else {
			r->notes++;
		}
	}
}

void rig_run(struct rig *r, int64_t ms)
{
	int64_t end = r->now + ms, due;

	while ((due = lamps_next(r->l)) <= end) {
		r->now = due > r->now ? due : r->now;
		lamps_tick(r->l, r->now);
		rig_drain(r);
	}
	r->now = end;
}

void rig_bytes(struct rig *r, const char *text)
{
	const struct lamps_feed in = { .kind = LAMPS_BYTES,
				       .channel = r->channel,
				       .peer = { "10.0.0.1", 5062 },
				       .bytes = slice_str(text) };

	lamps_feed(r->l, r->now, &in);
	rig_drain(r);
}

void rig_subscribe(struct rig *r, struct rig_ask a)
{
	char text[3000], to_tag[80] = "", expires[40] = "";

	if (!a.same_branch)
		r->branch++;
	if (a.to_tag)
		snprintf(to_tag, sizeof(to_tag), ";tag=%s", a.to_tag);
	if (a.expires >= 0)
		snprintf(expires, sizeof(expires), "Expires: %d\r\n", a.expires ? a.expires : 600);
	snprintf(text, sizeof(text),
		 "SUBSCRIBE sip:%s@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP "
		 "10.0.0.1:5062;branch=z9hG4bKa%u;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:phone@10.0.0.1>;tag=f1\r\nTo: "
		 "<sip:%s@10.0.0.9>%s\r\nCall-ID: %s\r\n"
		 "CSeq: %u SUBSCRIBE\r\nContact: <sip:phone@10.0.0.1:5062>\r\nEvent: "
		 "%s\r\n%s%sContent-Length: 0\r\n\r\n",
		 a.user ? a.user : "201", r->branch, a.user ? a.user : "201", to_tag,
		 a.call_id ? a.call_id : "c1", a.cseq ? a.cseq : 1, a.event ? a.event : "dialog",
		 expires, a.extra ? a.extra : "");
	rig_bytes(r, text);
}

const struct sip_msg *rig_take(struct rig *r)
{
	if (r->at == r->sent_n)
		fail_msg("nothing was sent");
	const struct rig_sent *s = &r->sent[r->at++];
	assert_int_equal(sip_msg_parse(slice_of(s->bytes, s->n), &r->m), ERR_OK);
	assert_null(r->m.defect);
	return &r->m;
}

bool rig_quiet(const struct rig *r)
{
	return r->at == r->sent_n;
}

uint16_t rig_status(struct rig *r)
{
	const struct sip_msg *m = rig_take(r);

	assert_false(m->request);
	return m->status;
}

bool rig_has(const struct sip_msg *m, const char *text)
{
	return slice_find_str(m->body, slice_str(text)) < m->body.n;
}

const struct sip_msg *rig_notify(struct rig *r)
{
	const struct sip_msg *m = rig_take(r);

	assert_true(m->request && slice_is(m->method, "NOTIFY"));
	return m;
}

void rig_answer(struct rig *r, int code, const char *extra)
{
	char text[2000];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %d X\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s\r\nCall-ID: %.*s\r\nCSeq: "
		 "%.*s\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 code, SLICE_ARG(sip_msg_header(&r->m, SIP_VIA)),
		 SLICE_ARG(sip_msg_header(&r->m, SIP_FROM)),
		 SLICE_ARG(sip_msg_header(&r->m, SIP_TO)), SLICE_ARG(r->m.call_id),
		 SLICE_ARG(sip_msg_header(&r->m, SIP_CSEQ)), extra);
	rig_bytes(r, text);
}

void rig_live(struct rig *r, struct rig_ask a)
{
	rig_subscribe(r, a);
	assert_int_equal(rig_status(r), 200);
	rig_notify(r);
	rig_answer(r, 200, "");
}

uint32_t rig_watchers(const struct rig *r)
{
	struct lamps_view v;

	lamps_view(r->l, &v);
	return v.watchers;
}

uint64_t rig_counted(const struct rig *r, enum lamp_note n)
{
	struct lamps_view v;

	lamps_view(r->l, &v);
	return v.counters[n];
}

void rig_show(struct rig *r, enum lamp lamp)
{
	lamps_show(r->l, r->now, RIG_ANA, lamp);
	rig_drain(r);
}
