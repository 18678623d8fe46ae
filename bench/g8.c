/* g8.c - what the connectors that speak over a stream cost.
 *
 * AMI: packets cut out of a manager's stream and the fields that we need found in them, beside a
 * bare memchr for line ends over the same bytes. CSTA: call events from bytes to the engine's
 * state, beside bare expat on the same bodies. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench.h"
#include "core/engine.h"
#include "proto/ami/packet.h"
#include "proto/csta/frame.h"
#include "source/csta/csta.h"
#include "yard_csta.h"

/* ---- AMI ---- */

enum { PACKETS = 20000, CUT = 16384 };

struct ami_bench {
	struct buf bytes;
	struct ami_stream stream;
	uint32_t lines;
	bool fields; /* looks for them too */
};

/* As Asterisk 22 sends them: tests/vectors/ami. */
static void write_packets(struct ami_bench *a)
{
	buf_init(&a->bytes, 1 << 24);
	for (uint32_t i = 0; i < PACKETS; i++)
		if (i % 2)
			buf_fmt(&a->bytes,
				"Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: "
				"PJSIP/%u\r\n"
				"State: %s\r\n\r\n",
				1000 + i % 500, i % 4 == 1 ? "INUSE" : "NOT_INUSE");
		else
			buf_fmt(&a->bytes,
				"Event: ExtensionStatus\r\nPrivilege: call,all\r\nExten: %u\r\n"
				"Context: ext-local\r\nHint: "
				"PJSIP/%u&Custom:DND%u,CustomPresence:%u\r\n"
				"Status: %u\r\nStatusText: InUse\r\n\r\n",
				1000 + i % 500, 1000 + i % 500, 1000 + i % 500, 1000 + i % 500,
				i / 2 % 2);
	CHECK(buf_err(&a->bytes) == ERR_OK);
}

static uint32_t take_packet(const struct ami_packet *p)
{
	if (slice_is(p->name, "ExtensionStatus"))
		return ami_get(p, "Exten").n && ami_get(p, "Context").n && ami_get(p, "Hint").n &&
		       ami_get(p, "Status").n;
	return ami_get(p, "Device").n && ami_get(p, "State").n;
}

/* Nanoseconds of CPU a packet. */
static double ami_ours(void *arg)
{
	struct ami_bench *a = arg;
	double from = thread_cpu_us();
	struct ami_packet p;
	uint32_t n = 0;

	for (size_t at = 0; at < a->bytes.n; at += CUT) {
		CHECK(ami_stream_add(&a->stream, slice_sub(buf_view(&a->bytes), at, at + CUT)) ==
		      ERR_OK);
		while (ami_stream_next(&a->stream, &p) == ERR_OK)
			n += !a->fields || take_packet(&p);
	}
	CHECK(n == PACKETS);
	return (thread_cpu_us() - from) * 1000 / PACKETS;
}

static double memchr_only(void *arg)
{
	struct ami_bench *a = arg;
	const char *at = a->bytes.p, *end = at + a->bytes.n;
	double from = thread_cpu_us();
	uint32_t lines = 0;

	for (const char *eol; (eol = memchr(at, '\n', (size_t)(end - at))); at = eol + 1)
		lines++;
	CHECK(lines > PACKETS && (!a->lines || a->lines == lines));
	a->lines = lines;
	return (thread_cpu_us() - from) * 1000 / PACKETS;
}

static void ami(void)
{
	struct ami_bench *a = calloc(1, sizeof(*a));
	struct duel d;

	CHECK(a);
	write_packets(a);
	CHECK(ami_stream_init(&a->stream) == ERR_OK);
	duel_run(&d, ami_ours, memchr_only, a);
	row_duel(&d, "G8 AMI stream to packets, CPU", 2, "memchr lines", "ns");
	a->fields = true;
	duel_run(&d, ami_ours, memchr_only, a);
	row_duel(&d, "   the same with the fields that are read", 0, "memchr lines", "ns");
	ami_stream_fini(&a->stream);
	buf_fini(&a->bytes);
	free(a);
}

/* ---- CSTA ---- */

enum { LINES = 2000, FRAME_ROOM = 1024 };

struct csta_bench {
	struct source *s;
	struct engine *e;
	struct yard_csta *yard;
	struct buf sent, bytes, reply;
	struct slice frames[LINES];
	uint32_t told;
	bool calling;
};

static void step(struct csta_bench *b, const struct event *ev)
{
	static struct actions out;

	engine_step(b->e, ev, &out);
	while (out.more)
		engine_step(b->e,
			    &(struct event){
				    .kind = EV_TICK, .mono_ms = 1000, .wall_ms = 1790000000000 },
			    &out);
}

static void take_out(struct csta_bench *b, const struct source_out *o)
{
	struct event ev = { .mono_ms = 1000, .wall_ms = 1790000000000 };

	if (o->kind == OUT_SEND)
		buf_slice(&b->sent, o->bytes);
	if (o->kind == OUT_UP)
		ev.kind = EV_CONNECTOR_UP;
	else if (o->kind == OUT_OBS)
		ev.kind = EV_OBS, ev.obs = o->obs;
	else
		return;
	b->told += o->kind == OUT_OBS && o->obs.kind == OBS_CALL;
	step(b, &ev);
}

static void drain(struct csta_bench *b)
{
	static struct source_out out;

	while (csta_source_ops.drain(b->s, &out))
		take_out(b, &out);
}

static void feed(struct csta_bench *b, enum source_feed_kind kind, struct slice bytes)
{
	const struct source_feed in = { .kind = (uint8_t)kind, .channel = 1, .bytes = bytes };

	csta_source_ops.feed(b->s, 1000, &in);
	drain(b);
}

/* What the script's switch answers; the line's number is its cross reference too. */
static const char *answer_to(struct slice xml)
{
	static char text[200];
	size_t at = slice_find_str(xml, SLICE_LIT("<deviceObject>"));

	if (at < xml.n) {
		snprintf(text, sizeof(text),
			 "<MonitorStartResponse><monitorCrossRefID>%.*s</monitorCrossRefID>"
			 "</MonitorStartResponse>",
			 4, xml.p + at + 14);
		return text;
	}
	return "<Response><snapshotData/></Response>";
}

static void answer_all(struct csta_bench *b)
{
	struct csta_stream s = { 0 };
	struct csta_frame f;

	while (b->sent.n) {
		CHECK(csta_stream_add(&s, buf_view(&b->sent)) == ERR_OK);
		buf_reset(&b->sent);
		while (csta_stream_next(&s, &f) == ERR_OK) {
			csta_frame_begin(&b->reply);
			buf_str(&b->reply, answer_to(f.xml));
			CHECK(csta_frame_end(&b->reply, f.invoke) == ERR_OK);
			feed(b, FEED_BYTES, buf_view(&b->reply));
		}
	}
	csta_stream_fini(&s);
}

static void open_engine(struct csta_bench *b)
{
	const struct engine_limits el = {
		.accounts = 1, .connectors = 1, .users = LINES, .lines = LINES
	};
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };

	CHECK(engine_new(&b->e, &el, 1000, 1790000000000) == ERR_OK);
	step(b, &(struct event){ .kind = EV_POLICY, .mono_ms = 1000, .policy_set = { 0, p } });
	for (uint32_t i = 0; i < LINES; i++) {
		step(b, &(struct event){ .kind = EV_USER_ADD,
					 .mono_ms = 1000,
					 .user_add = { .user = i, .enabled = true } });
		step(b, &(struct event){
				.kind = EV_LINE_ADD, .mono_ms = 1000, .line_add = { i, 0, i } });
	}
}

static void open_csta(struct csta_bench *b)
{
	const struct source_config c = {
		.name = "hq", .server = "pbx", .lines_max = LINES, .seed = 7
	};

	CHECK(csta_source_ops.open(&b->s, &c, 1000) == ERR_OK);
	for (uint32_t i = 0; i < LINES; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%u", 1000 + i);
		CHECK(csta_source_ops.add_line(b->s, i, slice_str(number)) == ERR_OK);
	}
	csta_source_ops.tick(b->s, 1000);
	drain(b);
	feed(b, FEED_CONNECTED, SLICE_NONE);
	answer_all(b);
	struct source_view v;
	csta_source_ops.view(b->s, &v);
	CHECK(v.live == LINES);
}

/* Everyone's call is answered, or everyone's ends; in the manner of MiVoice Office 400's edition.
 */
static void write_frames(struct csta_bench *b)
{
	size_t at[LINES + 1];

	b->calling = !b->calling;
	buf_reset(&b->bytes);
	for (uint32_t i = 0; i < LINES; i++) {
		const char *event = b->calling ? "EstablishedEvent" : "ConnectionClearedEvent";
		const char *connection = b->calling ? "establishedConnection" : "droppedConnection";

		at[i] = b->bytes.n;
		csta_frame_begin(&b->reply);
		buf_fmt(&b->reply,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?><%s xmlns=\"http://"
			"www.ecma-international.org/standards/ecma-323/csta/"
			"ed5\"><monitorCrossRefID>%u"
			"</monitorCrossRefID><%s><callID>%u</callID><deviceID>%u</deviceID></%s>"
			"<answeringDevice><deviceIdentifier>%u</deviceIdentifier></answeringDevice>"
			"<callingDevice><deviceIdentifier>0791234567</deviceIdentifier></"
			"callingDevice>"
			"<calledDevice><deviceIdentifier>%u</deviceIdentifier></calledDevice>"
			"<lastRedirectionDevice><notRequired/></lastRedirectionDevice>"
			"<localConnectionInfo>%s</localConnectionInfo><cause>normal</cause></%s>",
			event, 1000 + i, connection, 77000 + i, 1000 + i, connection, 1000 + i,
			1000 + i, b->calling ? "connected" : "null", event);
		CHECK(csta_frame_end(&b->reply, CSTA_EVENT) == ERR_OK);
		buf_slice(&b->bytes, buf_view(&b->reply));
	}
	at[LINES] = b->bytes.n;
	for (uint32_t i = 0; i < LINES; i++)
		b->frames[i] = slice_sub(buf_view(&b->bytes), at[i], at[i + 1]);
}

/* Microseconds of CPU an event. */
static double csta_ours(void *arg)
{
	struct csta_bench *b = arg;
	double from;

	write_frames(b);
	b->told = 0;
	from = thread_cpu_us();
	for (uint32_t i = 0; i < LINES; i++)
		feed(b, FEED_BYTES, b->frames[i]);
	double us = thread_cpu_us() - from;
	CHECK(b->told == LINES);
	CHECK(engine_census(b->e, 0)[PRESENCE_BUSY] == (b->calling ? LINES : 0));
	return us / LINES;
}

static double expat_only(void *arg)
{
	struct csta_bench *b = arg;
	double from = thread_cpu_us();

	for (uint32_t i = 0; i < LINES; i++)
		CHECK(yard_csta_connected(b->yard, slice_sub(b->frames[i], CSTA_HEAD,
							     b->frames[i].n)) == b->calling);
	return (thread_cpu_us() - from) / LINES;
}

static void csta(void)
{
	struct csta_bench *b = calloc(1, sizeof(*b));
	struct duel d;

	CHECK(b);
	buf_init(&b->sent, 1 << 24);
	buf_init(&b->bytes, (size_t)LINES * FRAME_ROOM);
	buf_init(&b->reply, CSTA_FRAME_MAX);
	b->yard = yard_csta_new();
	open_engine(b);
	open_csta(b);
	duel_run(&d, csta_ours, expat_only, b);
	row_duel(&d, "G8 CSTA event to engine, CPU", 1.3, "bare expat", "us");
	csta_source_ops.close(b->s);
	engine_free(b->e);
	yard_csta_free(b->yard);
	buf_fini(&b->sent);
	buf_fini(&b->bytes);
	buf_fini(&b->reply);
	free(b);
}

void bench_g8(void)
{
	pin(0);
	ami();
	csta();
}
