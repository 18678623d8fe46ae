/* pbx_world.h - a small world for the tests of sim/pbx: one PBX, one subscriber, time that is
 * passed by hand. */
#ifndef TESTS_UNIT_SIM_PBX_WORLD_H
#define TESTS_UNIT_SIM_PBX_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "pbx.h"
#include "proto/sip/msg.h"
#include "proto/sip/value.h"
#include "proto/xml/dialog_info.h"
#include "test.h"

enum { GOT_MAX = 64, BYTES_MAX = 70000 };

/* A message that the PBX sent. */
struct got {
	int64_t at_ms;
	struct pbx_out out;
	char *bytes;
	struct sip_msg m;
};

/* A small world: one PBX, one subscriber that answers every NOTIFY with `answer`. */
static struct {
	struct pbx *pbx;
	struct xml_reader *reader;
	int64_t now_ms;
	uint16_t answer; /* 0: none */
	uint32_t channel;
	struct got got[GOT_MAX]; /* requests and answers, in the order of sending */
	int n;
	uint32_t closed, connected;
	char request[4096];
} w;

static const struct pbx_address watcher = {"192.0.2.7", 5099};

static inline void clear(void)
{
	for (int i = 0; i < w.n; i++)
		free(w.got[i].bytes);
	w.n = 0;
}

static inline void answer(const struct sip_msg *m)
{
	struct buf b;

	buf_init(&b, BYTES_MAX);
	sip_put_answer(&b, m, w.answer, NULL, NULL, (struct sip_origin){0});
	sip_put_end(&b, NULL, SLICE_NONE);
	assert_int_equal(buf_err(&b), ERR_OK);
	pbx_feed(
	    w.pbx, w.now_ms,
	    &(struct pbx_feed){
		.kind = PBX_BYTES, .channel = w.channel, .peer = watcher, .bytes = buf_view(&b)});
	buf_fini(&b);
}

static inline void drain(void)
{
	struct pbx_out out;

	while (pbx_drain(w.pbx, &out)) {
		w.closed += out.kind == PBX_CLOSE;
		if (out.kind == PBX_CONNECT)
			w.connected = out.channel;
		if (out.kind != PBX_SEND)
			continue;
		assert_true(w.n < GOT_MAX);
		struct got *g = &w.got[w.n++];
		g->at_ms = w.now_ms;
		g->out = out;
		g->bytes = malloc(out.bytes.n + 1);
		memcpy(g->bytes, out.bytes.p, out.bytes.n);
		g->out.bytes.p = g->bytes;
		assert_int_equal(sip_msg_parse(slice_of(g->bytes, out.bytes.n), &g->m), ERR_OK);
		assert_null(g->m.defect);
		if (g->m.request && w.answer)
			answer(&g->m);
	}
}

/* Lets time pass, tick by tick. */
static inline void pass(int64_t ms)
{
	int64_t end = w.now_ms + ms;

	drain();
	while (pbx_next(w.pbx) <= end) {
		int64_t next = pbx_next(w.pbx);

		w.now_ms = next > w.now_ms ? next : w.now_ms;
		pbx_tick(w.pbx, w.now_ms);
		drain();
	}
	w.now_ms = end;
}

static inline void feed_text(const char *text)
{
	pbx_feed(w.pbx, w.now_ms,
		 &(struct pbx_feed){.kind = PBX_BYTES,
				    .channel = w.channel,
				    .peer = watcher,
				    .bytes = slice_str(text)});
	drain();
}

struct ask {
	const char *user, *call, *to_tag, *event, *more;
	int cseq, expires;
};

/* One SUBSCRIBE; returns the status of its answer. Everything else stays in w.got. */
static inline int subscribe(struct ask a)
{
	static int branch;
	int before = w.n;

	snprintf(
	    w.request, sizeof(w.request),
	    "SUBSCRIBE sip:%s@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
	    "192.0.2.7:5099;rport;branch=z9hG4bK%d\r\n"
	    "From: <sip:w@10.0.0.1>;tag=w\r\nTo: <sip:%s@10.0.0.1>%s%s\r\nCall-ID: %s\r\nCSeq: %d "
	    "SUBSCRIBE\r\n"
	    "Contact: <sip:w@192.0.2.7:5099>\r\nEvent: %s\r\nExpires: %d\r\nMax-Forwards: 70\r\n%s"
	    "Content-Length: 0\r\n\r\n",
	    a.user, ++branch, a.user, a.to_tag ? ";tag=" : "", a.to_tag ? a.to_tag : "",
	    a.call ? a.call : "c", a.cseq ? a.cseq : 1, a.event ? a.event : "dialog",
	    a.expires ? a.expires : 600, a.more ? a.more : "");
	feed_text(w.request);
	for (int i = before; i < w.n; i++)
		if (!w.got[i].m.request)
			return w.got[i].m.status;
	return 0;
}

/* The n-th NOTIFY since clear(), from 0; NULL when there were fewer. */
static const struct got *notify(int n)
{
	for (int i = 0; i < w.n; i++)
		if (w.got[i].m.request && n-- == 0)
			return &w.got[i];
	return NULL;
}

static inline int notifies(void)
{
	int n = 0;

	while (notify(n))
		n++;
	return n;
}

static inline struct dialog_info document(int n)
{
	const struct got *g = notify(n);
	struct dialog_info d;

	assert_non_null(g);
	assert_int_equal(dialog_info_read(w.reader, g->m.body, &d), ERR_OK);
	return d;
}

/* "early confirmed terminated": the first dialog's state of each NOTIFY since clear(). */
static inline const char *told(void)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (int i = 0; notify(i); i++) {
		struct dialog_info d = {0};

		if (notify(i)->m.body.n)
			d = document(i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
				      d.n ? dialog_state_name(d.list[0].state) : "-");
	}
	return text;
}

static inline const char *tag_of_answer(void)
{
	static char tag[64];

	for (int i = 0; i < w.n; i++)
		if (!w.got[i].m.request)
			assert_int_equal(slice_copy(w.got[i].m.to_tag, tag, sizeof(tag)), ERR_OK);
	return tag;
}

static inline void start(struct pbx_config c)
{
	c.host = "10.0.0.1";
	c.port = 5060;
	c.phones = c.phones ? c.phones : 10;
	c.first = 201;
	c.username = c.username ? c.username : "";
	c.password = c.password ? c.password : "";
	c.seed = 11;
	w.now_ms = 1000000;
	w.answer = 200;
	w.channel = PBX_UDP_CHANNEL;
	w.closed = w.connected = 0;
	assert_int_equal(pbx_new(&w.pbx, &c, w.now_ms), ERR_OK);
	assert_int_equal(xml_reader_new(&w.reader, 1), ERR_OK);
}

static inline int finish(void **state)
{
	(void)state;
	clear();
	pbx_free(w.pbx);
	w.pbx = NULL;
	xml_reader_free(w.reader);
	w.reader = NULL;
	return 0;
}

static inline void call(uint32_t from, uint32_t to, int64_t ring_ms, int64_t talk_ms)
{
	struct pbx_call_plan plan = {
	    .from = from, .to = to, .dial_ms = 100, .ring_ms = ring_ms, .talk_ms = talk_ms};

	assert_int_equal(pbx_call(w.pbx, w.now_ms, &plan, NULL), ERR_OK);
}

static inline enum pbx_phone_state truth(uint32_t phone)
{
	struct pbx_phone ph;

	assert_true(pbx_phone(w.pbx, phone, &ph));
	return ph.state;
}

static inline void fault(struct pbx_fault f)
{
	pbx_fault(w.pbx, w.now_ms, &f);
	drain();
}

#endif
