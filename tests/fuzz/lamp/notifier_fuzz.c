/* The notifier against watchers that say anything. The first byte picks transport and whether one
 * must sign in; the rest are messages separated by 0xff, in which %C, %F, %T, %V and %Q stand for
 * the Call-ID, From, To, Via and CSeq of the last message that the notifier sent, and %N for its
 * nonce. Between two messages lamps change and time passes, now and then the process restarts.
 * Whatever comes in, all that goes out must be sound SIP, and no watcher may cost more than the
 * stated figure. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/sip/msg.h"
#include "sink/lamp/lamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 64, TURNS_MAX = 5000, WATCHERS = 8, KEPT = 64 };

struct kept {
	struct lamp_record record;
	char text[LAMP_TEXT_MAX];
};

struct bench {
	struct lamps *l;
	int64_t now;
	uint8_t transport;
	bool closed;
	char last[SIP_MSG_MAX];
	size_t last_n;
	struct kept kept[KEPT];
	uint32_t kept_n;
};

static struct bench bench;

static uint32_t resolve(void *arg, const struct lamp_name *n)
{
	(void)arg;
	return n->user.n == 3 && n->user.p[0] == '2' ? 1 : ID_NONE;
}

static void check_sent(struct bench *b, struct slice bytes)
{
	static struct sip_msg m;

	if (slice_is(bytes, "\r\n"))
		return;
	if (sip_msg_parse(bytes, &m) == ERR_MALFORMED || (m.request && m.defect))
		abort();
	if (bytes.n < sizeof(b->last)) {
		memcpy(b->last, bytes.p, bytes.n);
		b->last_n = bytes.n;
	}
}

static void keep(struct bench *b, const struct lamp_record *r)
{
	struct kept *k = &b->kept[b->kept_n++ % KEPT];
	size_t at = 0;

	*k = (struct kept){ .record = *r };
	for (int i = 0; i < LAMP_FIELDS; i++) {
		if (at + r->fields[i].n > sizeof(k->text))
			abort();
		if (r->fields[i].n)
			memcpy(k->text + at, r->fields[i].p, r->fields[i].n);
		k->record.fields[i] = slice_of(k->text + at, r->fields[i].n);
		at += r->fields[i].n;
	}
}

static void drain(struct bench *b)
{
	static struct lamps_out out;
	struct lamps_view v;

	while (lamps_drain(b->l, &out)) {
		if (out.kind == LAMPS_SEND)
			check_sent(b, out.bytes);
		else if (out.kind == LAMPS_SAVE)
			keep(b, &out.record);
		else if (out.kind == LAMPS_CLOSE)
			b->closed = true;
	}
	lamps_view(b->l, &v);
	if (v.watchers > WATCHERS || v.bytes > (WATCHERS + 1) * LAMP_WATCHER_BYTES + 8192)
		abort();
}

static void pass(struct bench *b, int64_t ms)
{
	int64_t end = b->now + ms, due;
	int turns = 0;

	while ((due = lamps_next(b->l)) <= end) {
		if (++turns > TURNS_MAX)
			abort();
		b->now = due > b->now ? due : b->now;
		lamps_tick(b->l, b->now);
		drain(b);
	}
	b->now = end;
}

static void feed(struct bench *b, uint8_t kind, struct slice bytes)
{
	const struct lamps_feed in = { .kind = kind,
				       .transport = b->transport,
				       .channel = b->transport == LAMP_UDP ? 0 : 7,
				       .local = { "10.0.0.9", 5060 },
				       .peer = { "10.0.0.1", 5062 },
				       .bytes = bytes };

	lamps_feed(b->l, b->now, &in);
	drain(b);
}

static struct slice nonce_of(const struct sip_msg *m)
{
	struct slice v = sip_msg_header(m, SIP_WWW_AUTHENTICATE);
	size_t at = slice_find_str(v, SLICE_LIT("nonce=\""));

	v = slice_sub(v, at + 7, v.n);
	return slice_sub(v, 0, slice_find(v, '"'));
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
	case 'N':
		return nonce_of(m);
	default:
		return SLICE_NONE;
	}
}

static void say(struct bench *b, struct slice text)
{
	static struct sip_msg m;
	bool known = b->last_n && sip_msg_parse(slice_of(b->last, b->last_n), &m) == ERR_OK;
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
	if (b->closed) {
		b->closed = false;
		feed(b, LAMPS_OPENED, SLICE_NONE);
	}
	feed(b, LAMPS_BYTES, buf_view(&out));
	buf_fini(&out);
}

static void open_machine(struct bench *b, bool sign_in)
{
	const struct lamps_config c = { .seed = 7,
					.realm = "offhook",
					.watchers = WATCHERS,
					.users = 4,
					.expires_min_s = 10,
					.expires_s = 3600,
					.stream_expires_s = 300,
					.resolve = resolve };
	struct lamp_login *list = sign_in ? calloc(1, sizeof(*list)) : NULL;

	if (lamps_new(&b->l, &c, b->now))
		abort();
	if (list) {
		*list = (struct lamp_login){ .name = strdup("phone"), .account = strdup("") };
		if (secret_set(&list->password, SLICE_LIT("secret")))
			abort();
		lamps_set_logins(b->l, list, 1);
	}
	feed(b, LAMPS_OPENED, SLICE_NONE);
}

static void restart(struct bench *b, bool sign_in)
{
	lamps_free(b->l);
	b->closed = false;
	open_machine(b, sign_in);
	for (uint32_t i = 0; i < b->kept_n && i < KEPT; i++)
		if (lamps_restore(b->l, b->now, &b->kept[i].record) == ERR_OK)
			drain(b);
	b->kept_n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size), text;
	uint8_t how = size ? data[0] : 0;

	bench = (struct bench){ .now = 1000, .transport = how & 3 };
	if (bench.transport > LAMP_TLS)
		bench.transport = LAMP_UDP;
	open_machine(&bench, how & 4);
	rest = slice_sub(rest, 1, rest.n);
	for (int step = 0; step < STEPS_MAX && slice_split(&rest, (char)0xff, &text); step++) {
		say(&bench, text);
		lamps_show(bench.l, bench.now, 1, (enum lamp)(step % LAMP_COUNT));
		drain(&bench);
		pass(&bench, step % 3 ? 700 : 40000);
		if (step % 7 == 6)
			restart(&bench, how & 4);
	}
	pass(&bench, 7200000);
	lamps_free(bench.l);
	return 0;
}
