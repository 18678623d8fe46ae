/* The whole connector against a PBX that says anything. The first byte picks transport, package and
 * list; the rest are messages separated by 0xff, in which %C, %F, %T, %V and %Q stand for the
 * Call-ID, From, To, Via and CSeq of the last request that the connector sent. Between two messages
 * time passes. Whatever comes in, all that goes out must be sound SIP. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/sip/msg.h"
#include "source/sip/sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 64, TURNS_MAX = 5000 };

struct bench {
	struct source *s;
	int64_t now;
	uint32_t channel;
	char request[SIP_MSG_MAX]; /* the last one sent */
	size_t request_n;
	bool connecting;
};

static struct bench bench;

static void check_sent(struct bench *b, struct slice bytes)
{
	static struct sip_msg m;

	if (slice_is(bytes, "\r\n"))
		return;
	if (sip_msg_parse(bytes, &m) == ERR_MALFORMED)
		abort();
	if (m.request && m.defect)
		abort();
	if (m.request && bytes.n < sizeof(b->request)) {
		memcpy(b->request, bytes.p, bytes.n);
		b->request_n = bytes.n;
	}
}

static void drain(struct bench *b)
{
	static struct source_out out;

	while (sip_source_ops.drain(b->s, &out)) {
		if (out.kind == OUT_CONNECT) {
			b->channel = out.channel;
			b->connecting = true;
		} else if (out.kind == OUT_SEND) {
			check_sent(b, out.bytes);
		} else if (out.kind == OUT_OBS && (out.obs.line == 0 || out.obs.line > 3)) {
			abort();
		}
	}
}

static void pass(struct bench *b, int64_t ms)
{
	int64_t end = b->now + ms, due;
	int turns = 0;

	while ((due = sip_source_ops.next(b->s)) <= end) {
		if (++turns > TURNS_MAX)
			abort();
		b->now = due > b->now ? due : b->now;
		sip_source_ops.tick(b->s, b->now);
		drain(b);
	}
	b->now = end;
}

static void feed(struct bench *b, uint8_t kind, struct slice bytes)
{
	const struct source_feed in = { .kind = kind,
					.channel = b->channel,
					.local = { "10.0.0.9", 5088 },
					.peer = { "10.0.0.1", 5060 },
					.bytes = bytes };

	sip_source_ops.feed(b->s, b->now, &in);
	drain(b);
}

static struct slice wanted(const struct sip_msg *m, char which)
{
	switch (which) {
	case 'C':
		return m->call_id;
	case 'F':
		return sip_msg_header(m, SIP_FROM);
	case 'T':
		return sip_msg_header(m, SIP_TO);
	case 'V':
		return sip_msg_header(m, SIP_VIA);
	case 'Q':
		return sip_msg_header(m, SIP_CSEQ);
	default:
		return SLICE_NONE;
	}
}

static void say(struct bench *b, struct slice text)
{
	static struct sip_msg m;
	bool known =
		b->request_n && sip_msg_parse(slice_of(b->request, b->request_n), &m) == ERR_OK;
	struct buf out;

	buf_init(&out, 4 * SIP_MSG_MAX);
	for (size_t i = 0; i < text.n; i++) {
		struct slice value = text.p[i] == '%' && i + 1 < text.n && known
					     ? wanted(&m, text.p[i + 1])
					     : SLICE_NONE;

		if (value.p) {
			buf_slice(&out, value);
			i++;
		} else {
			buf_char(&out, text.p[i]);
		}
	}
	if (buf_err(&out) == ERR_OK)
		feed(b, FEED_BYTES, buf_view(&out));
	buf_fini(&out);
}

static void open_bench(struct bench *b, uint8_t mode)
{
	static const char *const lists[] = { "sip:lines@pbx" };
	struct secret password = { 0 };
	const struct source_config c = {
		.name = "f",
		.server = mode & 1 ? "sip:pbx;transport=tcp" : "sip:pbx",
		.username = "w",
		.password = &password,
		.package = mode & 2 ? "presence" : "dialog",
		.lists = lists,
		.lists_n = mode & 4 ? 1 : 0,
		.listen = "",
		.reads_profile = mode & 8,
		.lines_max = 4,
		.seed = 7,
	};

	*b = (struct bench){ .now = 1000 };
	if (secret_set(&password, SLICE_LIT("pw")) || sip_source_ops.open(&b->s, &c, b->now))
		abort();
	secret_fini(&password);
	if (sip_source_ops.add_line(b->s, 1, SLICE_LIT("1001")) ||
	    sip_source_ops.add_line(b->s, 2, SLICE_LIT("1002")) ||
	    sip_source_ops.add_line(b->s, 3, SLICE_LIT("201@other")))
		abort();
	drain(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench *b = &bench;
	struct slice rest = slice_of((const char *)data + 1, size ? size - 1 : 0), text;

	if (size < 2 || size > SIP_MSG_MAX)
		return 0;
	open_bench(b, data[0]);
	for (int i = 0; i < STEPS_MAX && slice_split(&rest, '\xff', &text); i++) {
		if (b->connecting) {
			b->connecting = false;
			feed(b, FEED_CONNECTED, SLICE_NONE);
		}
		say(b, text);
		pass(b, 300);
	}
	sip_source_ops.resync_line(b->s, 1);
	pass(b, 40000);
	sip_source_ops.remove_line(b->s, 2);
	pass(b, 700000);
	sip_source_ops.close(b->s);
	return 0;
}
