/* The notifier: what a watcher is answered and told, when, how often, and what of it outlives the
 * process. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/sip/digest.h"
#include "proto/sip/msg.h"
#include "sink/lamp/lamp.h"

enum { SENT_MAX = 400, KEPT_MAX = 16, ANA = 1 };

struct sent {
	uint32_t channel;
	struct lamp_place peer;
	char *bytes;
	size_t n;
};

struct kept {
	struct lamp_record r;
	char text[LAMP_TEXT_MAX];
	bool is;
};

struct rig {
	struct lamps *l;
	int64_t now;
	uint8_t transport;
	uint32_t channel;
	struct sent sent[SENT_MAX];
	uint32_t sent_n, at;
	struct kept kept[KEPT_MAX];
	uint32_t closed, notes;
	struct sip_msg m; /* the last one taken */
	unsigned branch;
	const char *nonce;
	char nonce_room[80];
};

static uint32_t resolve(void *arg, const struct lamp_name *n)
{
	(void)arg;
	if (n->account.n && !slice_is(n->account, "acme"))
		return ID_NONE;
	return slice_is(n->user, "201") || slice_is(n->user, "ana@acme.example") ? ANA
	       : slice_is(n->user, "202")					 ? 2
										 : ID_NONE;
}

static void rig_open(struct rig *r, uint8_t transport, uint32_t watchers)
{
	const struct lamps_config c = { .seed = 42, .realm = "offhook", .watchers = watchers, .users = 8,
					.expires_min_s = 60, .expires_s = 3600, .stream_expires_s = 300,
					.resolve = resolve };
	const struct lamps_feed in = { .kind = LAMPS_OPENED, .transport = transport,
				       .channel = transport == LAMP_UDP ? 0 : 5,
				       .local = { "10.0.0.9", 5060 }, .peer = { "10.0.0.1", 5062 } };

	*r = (struct rig){ .now = 100000, .transport = transport, .channel = in.channel };
	assert_int_equal(lamps_new(&r->l, &c, r->now), ERR_OK);
	lamps_feed(r->l, r->now, &in);
}

static void forget(struct rig *r)
{
	for (uint32_t i = 0; i < r->sent_n; i++)
		free(r->sent[i].bytes);
	r->sent_n = r->at = 0;
}

static void rig_close(struct rig *r)
{
	forget(r);
	lamps_free(r->l);
}

static void keep(struct rig *r, const struct lamp_record *x)
{
	struct kept *k = NULL;
	size_t at = 0;

	for (int i = 0; i < KEPT_MAX && !k; i++)
		if (r->kept[i].is && r->kept[i].r.tag == x->tag)
			k = &r->kept[i];
	for (int i = 0; i < KEPT_MAX && !k; i++)
		if (!r->kept[i].is)
			k = &r->kept[i];
	if (!k)
		return;
	*k = (struct kept){ .r = *x, .is = true };
	for (int i = 0; i < LAMP_FIELDS; i++) {
		memcpy(k->text + at, x->fields[i].n ? x->fields[i].p : "", x->fields[i].n);
		k->r.fields[i] = slice_of(k->text + at, x->fields[i].n);
		at += x->fields[i].n;
	}
}

static void drain(struct rig *r)
{
	struct lamps_out o;

	while (lamps_drain(r->l, &o)) {
		if (o.kind == LAMPS_SEND) {
			assert_in_range(r->sent_n, 0, SENT_MAX - 1);
			struct sent *s = &r->sent[r->sent_n++];

			*s = (struct sent){ o.channel, o.peer, malloc(o.bytes.n), o.bytes.n };
			memcpy(s->bytes, o.bytes.p, o.bytes.n);
		} else if (o.kind == LAMPS_SAVE) {
			keep(r, &o.record);
		} else if (o.kind == LAMPS_DELETE) {
			for (int i = 0; i < KEPT_MAX; i++)
				r->kept[i].is &= r->kept[i].r.tag != o.record.tag;
		} else if (o.kind == LAMPS_CLOSE) {
			r->closed++;
		} else {
			r->notes++;
		}
	}
}

static void run(struct rig *r, int64_t ms)
{
	int64_t end = r->now + ms, due;

	while ((due = lamps_next(r->l)) <= end) {
		r->now = due > r->now ? due : r->now;
		lamps_tick(r->l, r->now);
		drain(r);
	}
	r->now = end;
}

static void bytes(struct rig *r, const char *text)
{
	const struct lamps_feed in = { .kind = LAMPS_BYTES,
				       .channel = r->channel,
				       .peer = { "10.0.0.1", 5062 },
				       .bytes = slice_str(text) };

	lamps_feed(r->l, r->now, &in);
	drain(r);
}

struct ask {
	const char *user, *event, *call_id, *to_tag, *extra;
	unsigned cseq;
	int expires; /* 0: 600; -1: none */
	bool same_branch;
};

static void subscribe(struct rig *r, struct ask a)
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
	bytes(r, text);
}

static const struct sip_msg *take(struct rig *r)
{
	if (r->at == r->sent_n)
		fail_msg("nothing was sent");
	const struct sent *s = &r->sent[r->at++];
	assert_int_equal(sip_msg_parse(slice_of(s->bytes, s->n), &r->m), ERR_OK);
	assert_null(r->m.defect);
	return &r->m;
}

static bool quiet(const struct rig *r)
{
	return r->at == r->sent_n;
}

static uint16_t status(struct rig *r)
{
	const struct sip_msg *m = take(r);

	assert_false(m->request);
	return m->status;
}

static bool has(const struct sip_msg *m, const char *text)
{
	return slice_find_str(m->body, slice_str(text)) < m->body.n;
}

static const struct sip_msg *notify(struct rig *r)
{
	const struct sip_msg *m = take(r);

	assert_true(m->request && slice_is(m->method, "NOTIFY"));
	return m;
}

/* Answers the NOTIFY taken last. */
static void answer(struct rig *r, int code, const char *extra)
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
	bytes(r, text);
}

static void live(struct rig *r, struct ask a)
{
	subscribe(r, a);
	assert_int_equal(status(r), 200);
	notify(r);
	answer(r, 200, "");
}

static uint32_t watchers(const struct rig *r)
{
	struct lamps_view v;

	lamps_view(r->l, &v);
	return v.watchers;
}

static uint64_t counted(const struct rig *r, enum lamp_note n)
{
	struct lamps_view v;

	lamps_view(r->l, &v);
	return v.counters[n];
}

static void show(struct rig *r, enum lamp lamp)
{
	lamps_show(r->l, r->now, ANA, lamp);
	drain(r);
}

/* ---- ---- */

static void a_lamp_goes_on_and_off(void **state)
{
	struct rig r;
	char version[40];
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ 0 });
	const struct sip_msg *m = take(&r);
	assert_int_equal(m->status, 200);
	assert_true(slice_is(sip_msg_header(m, SIP_EXPIRES), "600"));
	assert_int_equal(m->to_tag.n, 16);
	m = notify(&r);
	assert_true(has(m, "state=\"full\"") && has(m, "<state>terminated</state>"));
	assert_true(has(m, "entity=\"sip:201@10.0.0.9\""));
	assert_true(slice_is(m->uri, "sip:phone@10.0.0.1:5062"));
	assert_true(slice_is(sip_msg_header(m, SIP_SUBSCRIPTION_STATE), "active;expires=600"));
	answer(&r, 200, "");
	show(&r, LAMP_DARK); /* as it was told */
	assert_true(quiet(&r));
	for (unsigned i = 2; i < 6; i++) {
		show(&r, i % 2 ? LAMP_DARK : LAMP_MEETING);
		run(&r, 100);
		m = notify(&r);
		snprintf(version, sizeof(version), "version=\"%u\"", i);
		assert_true(has(m, version));
		assert_true(has(m, i % 2 ? "terminated" : "confirmed"));
		answer(&r, 200, "");
	}
	run(&r, 60000);
	assert_true(quiet(&r));
	rig_close(&r);
}

static void presence_says_which(void **state)
{
	static const char *const words[LAMP_COUNT] = { [LAMP_CALL] = "<rpid:on-the-phone/>",
						       [LAMP_MEETING] = "<rpid:meeting/>",
						       [LAMP_DND] = "Do not disturb" };
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	live(&r, (struct ask){ .event = "presence", .user = "ana%40acme.example" });
	for (int lamp = LAMP_CALL; lamp < LAMP_COUNT; lamp++) {
		show(&r, (enum lamp)lamp);
		run(&r, 30);
		assert_true(has(notify(&r), words[lamp]));
		answer(&r, 200, "");
	}
	show(&r, LAMP_DARK);
	run(&r, 30);
	assert_false(has(notify(&r), "activities"));
	rig_close(&r);
}

static void refusals(void **state)
{
	static const struct {
		struct ask ask;
		uint16_t status;
	} rows[] = {
		{ { .event = "message-summary" }, 489 },
		{ { .event = "" }, 489 },
		{ { .user = "999" }, 404 },
		{ { .expires = 59 }, 423 },
		{ { .to_tag = "0123456789abcdef" }, 481 },
		{ { .to_tag = "nonsense" }, 481 },
		{ { .extra = "Require: 100rel\r\n" }, 420 },
		{ { .extra = "Accept: text/plain\r\n" }, 406 },
	};
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		subscribe(&r, rows[i].ask);
		if (status(&r) != rows[i].status)
			fail_msg("row %zu: %u", i, r.m.status);
	}
	assert_int_equal(watchers(&r), 0);
	bytes(&r, "INVITE sip:201@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP "
		  "10.0.0.1;branch=z9hG4bKi\r\nFrom: <sip:a@b>;tag=1\r\n"
		  "To: <sip:201@10.0.0.9>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\nContent-Length: "
		  "0\r\n\r\n");
	assert_int_equal(status(&r), 405);
	bytes(&r, "no sip at all");
	assert_true(quiet(&r));
	assert_int_equal(counted(&r, LAMP_NOTE_MALFORMED), 1);
	rig_close(&r);
}

static void refresh_unsubscribe_fetch(void **state)
{
	struct rig r;
	char tag[20];
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ .expires = -1 });
	assert_true(slice_is(sip_msg_header(take(&r), SIP_EXPIRES), "3600"));
	snprintf(tag, sizeof(tag), "%.*s", SLICE_ARG(r.m.to_tag));
	notify(&r);
	answer(&r, 200, "");
	subscribe(&r, (struct ask){ .cseq = 2, .to_tag = tag, .expires = 90000 });
	assert_true(slice_is(sip_msg_header(take(&r), SIP_EXPIRES), "3600"));
	notify(&r);
	answer(&r, 200, "");
	subscribe(&r, (struct ask){ .cseq = 1, .to_tag = tag });
	assert_int_equal(status(&r), 500);
	static const char *const end = "Expires: 0\r\n";
	subscribe(&r, (struct ask){ .cseq = 3, .to_tag = tag, .expires = -1, .extra = end });
	assert_int_equal(status(&r), 200);
	assert_true(slice_is(sip_msg_header(notify(&r), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=timeout"));
	answer(&r, 200, "");
	assert_int_equal(watchers(&r), 0);
	/* a fetch: one NOTIFY, and nothing is left */
	subscribe(&r, (struct ask){ .call_id = "fetch", .expires = -1, .extra = end });
	assert_int_equal(status(&r), 200);
	notify(&r);
	answer(&r, 200, "");
	assert_int_equal(watchers(&r), 0);
	rig_close(&r);
}

static void expires_by_itself(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	live(&r, (struct ask){ .expires = 60 });
	run(&r, 59999);
	assert_true(quiet(&r));
	run(&r, 2);
	assert_true(slice_is(sip_msg_header(notify(&r), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=timeout"));
	answer(&r, 200, "");
	assert_int_equal(watchers(&r), 0);
	assert_false(r.kept[0].is);
	rig_close(&r);
}

static void a_copy_is_answered_again(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ 0 });
	assert_int_equal(status(&r), 200);
	notify(&r);
	subscribe(&r, (struct ask){ .same_branch = true });
	assert_int_equal(status(&r), 200);
	assert_true(quiet(&r));
	assert_int_equal(watchers(&r), 1);
	assert_int_equal(counted(&r, LAMP_NOTE_REPEATED), 1);
	rig_close(&r);
}

/* 0, 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s: eleven copies of the very same bytes, then rests of 30, 60,
 * 120 s. */
static void silence_is_met_with_patience(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ .expires = 3600 });
	assert_int_equal(status(&r), 200);
	for (int round = 0; round < 4; round++) {
		uint32_t first = r.at;

		run(&r, 31900);
		assert_int_equal(r.sent_n - first, 11);
		for (uint32_t i = first + 1; i < r.sent_n; i++) {
			assert_int_equal(r.sent[i].n, r.sent[first].n);
			assert_memory_equal(r.sent[i].bytes, r.sent[first].bytes, r.sent[first].n);
		}
		forget(&r);
		if (round < 3)
			run(&r, 100 + (30000 << round) - 1);
		assert_int_equal(r.sent_n, 0);
		run(&r, 1);
	}
	run(&r, 200);
	assert_int_equal(watchers(&r), 0);
	assert_int_equal(counted(&r, LAMP_NOTE_SILENT), 1);
	assert_int_equal(r.notes, 1);
	rig_close(&r);
}

static void later_is_obeyed_and_gone_is_gone(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ 0 });
	assert_int_equal(status(&r), 200);
	notify(&r);
	answer(&r, 503, "Retry-After: 50\r\n");
	run(&r, 49000);
	assert_true(quiet(&r));
	run(&r, 1100);
	notify(&r);
	answer(&r, 481, "");
	assert_int_equal(watchers(&r), 0);
	rig_close(&r);
}

/* What changes while a NOTIFY is unanswered is told by one more, with the last state. */
static void one_at_a_time(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	subscribe(&r, (struct ask){ 0 });
	assert_int_equal(status(&r), 200);
	notify(&r);
	show(&r, LAMP_MEETING);
	show(&r, LAMP_CALL);
	run(&r, 100);
	assert_true(quiet(&r));
	answer(&r, 200, "");
	run(&r, 30);
	assert_true(has(notify(&r), "confirmed"));
	answer(&r, 200, "");
	run(&r, 1000);
	assert_true(quiet(&r));
	rig_close(&r);
}

static void no_more_than_the_burst(void **state)
{
	struct rig r;
	char call_id[20];
	(void)state;

	rig_open(&r, LAMP_UDP, 200);
	for (int i = 0; i < 120; i++) {
		snprintf(call_id, sizeof(call_id), "c%d", i);
		r.now += 10;
		live(&r, (struct ask){ .call_id = call_id });
	}
	forget(&r);
	run(&r, 1000);
	show(&r, LAMP_MEETING);
	assert_int_equal(r.sent_n, LAMP_BURST);
	run(&r, LAMP_BURST_MS);
	assert_int_equal(r.sent_n, 2 * LAMP_BURST);
	run(&r, LAMP_BURST_MS);
	assert_int_equal(r.sent_n, 120);
	rig_close(&r);
}

static void full_is_said(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 1);
	live(&r, (struct ask){ 0 });
	subscribe(&r, (struct ask){ .call_id = "c2" });
	assert_int_equal(status(&r), 503);
	assert_int_equal(counted(&r, LAMP_NOTE_FULL), 1);
	rig_close(&r);
}

/* The longest that is taken costs no more than the stated figure; what is longer is refused. */
static void a_watcher_costs_what_is_stated(void **state)
{
	struct lamps_view before, after;
	struct rig r;
	char extra[1400];
	(void)state;

	rig_open(&r, LAMP_UDP, 100);
	lamps_view(r.l, &before);
	memset(extra, 'x', sizeof(extra));
	memcpy(extra, "Record-Route: <sip:", 19);
	snprintf(extra + 1300, 20, ";lr>\r\n");
	subscribe(&r, (struct ask){ .extra = extra });
	assert_int_equal(status(&r), 413);
	assert_int_equal(watchers(&r), 0);
	snprintf(extra + 800, 20, ";lr>\r\n");
	subscribe(&r, (struct ask){ .extra = extra });
	assert_int_equal(status(&r), 200);
	lamps_view(r.l, &after);
	/* timers and index are sized once: their share is counted for one */
	assert_in_range(after.bytes - before.bytes + 64, 900, LAMP_WATCHER_BYTES);
	rig_close(&r);
}

static void let_go(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	live(&r, (struct ask){ 0 });
	show(&r, LAMP_MEETING);
	run(&r, 30);
	notify(&r);
	answer(&r, 200, "");
	show(&r, LAMP_OFF);
	run(&r, 30);
	const struct sip_msg *m = notify(&r);
	assert_true(slice_is(sip_msg_header(m, SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=noresource"));
	assert_true(has(m, "terminated</state>"));
	answer(&r, 200, "");
	assert_int_equal(watchers(&r), 0);
	rig_close(&r);
}

static void over_a_stream(void **state)
{
	struct rig r;
	char tag[20];
	(void)state;

	rig_open(&r, LAMP_TCP, 10);
	subscribe(&r, (struct ask){ 0 });
	assert_true(slice_is(sip_msg_header(take(&r), SIP_EXPIRES), "300"));
	snprintf(tag, sizeof(tag), "%.*s", SLICE_ARG(r.m.to_tag));
	notify(&r);
	run(&r, 5000);
	assert_true(quiet(&r)); /* a stream loses nothing */
	answer(&r, 200, "");
	const struct lamps_feed closed = { .kind = LAMPS_CLOSED, .channel = 5 };
	lamps_feed(r.l, r.now, &closed);
	show(&r, LAMP_MEETING);
	run(&r, 1000);
	assert_true(quiet(&r));
	const struct lamps_feed again = { .kind = LAMPS_OPENED, .transport = LAMP_TCP, .channel = 6,
					  .local = { "10.0.0.9", 5060 }, .peer = { "10.0.0.1", 5063 } };
	lamps_feed(r.l, r.now, &again);
	r.channel = 6;
	subscribe(&r, (struct ask){ .cseq = 2, .to_tag = tag });
	assert_int_equal(status(&r), 200);
	assert_true(has(notify(&r), "confirmed"));
	assert_int_equal(r.sent[r.at - 1].channel, 6);
	answer(&r, 200, "");
	bytes(&r, "no sip at all\r\nContent-Length: 999999\r\n\r\n");
	assert_int_equal(r.closed, 1);
	rig_close(&r);
}

static void through_a_restart(void **state)
{
	struct rig r, then;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	live(&r, (struct ask){ 0 });
	live(&r, (struct ask){ .call_id = "c2", .user = "202" });
	show(&r, LAMP_MEETING);
	run(&r, 30);
	uint32_t cseq = notify(&r)->cseq;
	answer(&r, 200, "");
	assert_true(r.kept[0].is && r.kept[1].is);

	rig_open(&then, LAMP_UDP, 10);
	for (int i = 0; i < 2; i++)
		assert_int_equal(lamps_restore(then.l, then.now, &r.kept[i].r), ERR_OK);
	assert_int_equal(lamps_restore(then.l, then.now, &r.kept[0].r), ERR_EXISTS);
	run(&then, 1000);
	assert_true(quiet(&then)); /* nothing is known yet */
	show(&then, LAMP_MEETING);
	run(&then, 30);
	const struct sip_msg *m = notify(&then);
	assert_true(m->cseq > cseq && has(m, "confirmed"));
	assert_true(slice_is(m->call_id, "c1"));
	answer(&then, 200, "");
	show(&then, LAMP_DARK);
	run(&then, 30);
	assert_true(has(notify(&then), "terminated"));
	run(&then, 700000);
	struct lamp_record old = r.kept[0].r;
	old.expires_ms = then.now - 1;
	assert_int_equal(lamps_restore(then.l, then.now, &old), ERR_NOT_FOUND);
	old = r.kept[0].r;
	old.tag++;
	old.expires_ms = then.now + 1000;
	old.fields[2] = SLICE_LIT("<sip:999@x>"); /* whom nobody knows any more */
	forget(&then);
	assert_int_equal(lamps_restore(then.l, then.now, &old), ERR_OK);
	run(&then, 30);
	assert_true(slice_is(sip_msg_header(notify(&then), SIP_SUBSCRIPTION_STATE),
			     "terminated;reason=noresource"));
	rig_close(&r);
	rig_close(&then);
}

/* After a reload the socket is at another address: what is sent from then on says so. */
static void the_socket_moves(void **state)
{
	const struct lamps_feed moved = { .kind = LAMPS_OPENED, .local = { "10.0.0.9", 5070 } };
	struct rig r;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	lamps_feed(r.l, r.now, &moved);
	drain(&r);
	assert_int_equal(r.closed, 0);
	subscribe(&r, (struct ask){ 0 });
	assert_true(slice_is(sip_msg_header(take(&r), SIP_CONTACT), "<sip:10.0.0.9:5070>"));
	rig_close(&r);
}

/* ---- signing in ---- */

static void set_login(struct rig *r, const char *account)
{
	struct lamp_login *list = calloc(1, sizeof(*list));

	*list = (struct lamp_login){ .name = strdup("phone"), .account = strdup(account) };
	assert_int_equal(secret_set(&list->password, SLICE_LIT("secret")), ERR_OK);
	lamps_set_logins(r->l, list, 1);
}

/* Takes a 401's challenge of the algorithm; false when it is not offered. */
static bool challenged(struct rig *r, uint8_t algorithm, bool *ret_stale)
{
	const struct sip_header *h = NULL;
	struct sip_challenge c;

	assert_int_equal(status(r), 401);
	while ((h = sip_msg_next(&r->m, SIP_WWW_AUTHENTICATE, h))) {
		assert_int_equal(sip_challenge_parse(h->value, &c), ERR_OK);
		if (c.algorithm != algorithm)
			continue;
		snprintf(r->nonce_room, sizeof(r->nonce_room), "%.*s", SLICE_ARG(c.nonce));
		r->nonce = r->nonce_room;
		*ret_stale = c.stale;
		return true;
	}
	return false;
}

static void sign(struct rig *r, uint8_t algorithm, const char *password, uint32_t nc, struct ask a)
{
	const struct sip_digest d = { .algorithm = algorithm, .qop_auth = true,
				      .username = SLICE_LIT("phone"), .realm = SLICE_LIT("offhook"),
				      .nonce = slice_str(r->nonce), .cnonce = SLICE_LIT("c"),
				      .method = SLICE_LIT("SUBSCRIBE"),
				      .uri = SLICE_LIT("sip:201@10.0.0.9"), .nc = nc };
	struct buf b;

	buf_init(&b, 2000);
	buf_str(&b, "Authorization: ");
	assert_int_equal(sip_put_digest(&b, &d, SLICE_NONE, false, slice_str(password)), ERR_OK);
	buf_str(&b, "\r\n");
	a.extra = buf_cstr(&b);
	subscribe(r, a);
	buf_fini(&b);
}

static void digests(void **state)
{
	static const uint8_t algorithms[] = { SIP_MD5, SIP_SHA256 };
	struct rig r;
	bool stale;
	(void)state;

	for (int i = 0; i < 2; i++) {
		rig_open(&r, LAMP_UDP, 10);
		set_login(&r, "");
		subscribe(&r, (struct ask){ 0 });
		assert_true(challenged(&r, algorithms[i], &stale) && !stale);
		sign(&r, algorithms[i], "wrong", 1, (struct ask){ .cseq = 2 });
		assert_true(challenged(&r, algorithms[i], &stale) && !stale);
		sign(&r, algorithms[i], "secret", 1, (struct ask){ .cseq = 3 });
		assert_int_equal(status(&r), 200);
		notify(&r);
		/* its next count is good, the same one again is not */
		sign(&r, algorithms[i], "secret", 2, (struct ask){ .call_id = "c2" });
		assert_int_equal(status(&r), 200);
		notify(&r);
		sign(&r, algorithms[i], "secret", 2, (struct ask){ .call_id = "c3" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		/* with time it grows stale */
		sign(&r, algorithms[i], "secret", 1, (struct ask){ .call_id = "c3", .cseq = 2 });
		assert_int_equal(status(&r), 200);
		forget(&r);
		r.now += LAMP_NONCE_MS + 1;
		sign(&r, algorithms[i], "secret", 9, (struct ask){ .call_id = "c4" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		/* one that was never ours is stale too, when the password is right */
		r.nonce = "000000000000000100000000000186a00123456789abcdef";
		sign(&r, algorithms[i], "secret", 1, (struct ask){ .call_id = "c5" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		assert_int_equal(counted(&r, LAMP_NOTE_DENIED), 1);
		rig_close(&r);
	}
}

static void a_login_of_another_account_sees_nobody(void **state)
{
	struct rig r;
	bool stale;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	set_login(&r, "other");
	subscribe(&r, (struct ask){ 0 });
	assert_true(challenged(&r, SIP_SHA256, &stale));
	sign(&r, SIP_SHA256, "secret", 1, (struct ask){ .cseq = 2 });
	assert_int_equal(status(&r), 404);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lamp_goes_on_and_off),
		cmocka_unit_test(presence_says_which),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refresh_unsubscribe_fetch),
		cmocka_unit_test(expires_by_itself),
		cmocka_unit_test(a_copy_is_answered_again),
		cmocka_unit_test(silence_is_met_with_patience),
		cmocka_unit_test(later_is_obeyed_and_gone_is_gone),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(no_more_than_the_burst),
		cmocka_unit_test(full_is_said),
		cmocka_unit_test(a_watcher_costs_what_is_stated),
		cmocka_unit_test(let_go),
		cmocka_unit_test(over_a_stream),
		cmocka_unit_test(through_a_restart),
		cmocka_unit_test(the_socket_moves),
		cmocka_unit_test(digests),
		cmocka_unit_test(a_login_of_another_account_sees_nobody),
	};

	return cmocka_run_group_tests_name("sink/lamp", tests, NULL, NULL);
}
