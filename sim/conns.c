#include "conns.h"

#include "base/check.h"

static void forget(struct conn *n)
{
	buf_fini(&n->bytes);
	*n = (struct conn){ 0 };
}

void conns_fini(struct conns *c)
{
	for (int i = 0; i < CONNS; i++)
		forget(&c->list[i]);
	outgo_fini(&c->out);
}

struct conn *conns_find(struct conns *c, uint32_t channel)
{
	for (int i = 0; i < CONNS; i++)
		if (c->list[i].used && c->list[i].channel == channel)
			return &c->list[i];
	return NULL;
}

static void post(struct conns *c, int64_t now_ms, uint32_t channel, struct buf *text, bool close,
		 uint8_t mark)
{
	int64_t at_ms = now_ms + c->slow_ms;

	if (at_ms < c->silent_until_ms && !close)
		at_ms = c->silent_until_ms;
	outgo_post(&c->out, at_ms, channel, text, close, mark);
}

struct conn *conns_open(struct conns *c, int64_t now_ms, uint32_t channel)
{
	for (int i = 0; i < CONNS; i++) {
		if (c->list[i].used)
			continue;
		c->list[i] = (struct conn){ .used = true, .channel = channel };
		buf_init(&c->list[i].bytes, CONN_IN_MAX);
		return &c->list[i];
	}
	post(c, now_ms, channel, NULL, true, 0);
	return NULL;
}

void conns_closed(struct conns *c, struct conn *n)
{
	outgo_forget(&c->out, n->channel);
	forget(n);
}

struct conn *conns_feed(struct conns *c, int64_t now_ms, const struct pbx_feed *in)
{
	struct conn *n = conns_find(c, in->channel);

	switch ((enum pbx_feed_kind)in->kind) {
	case PBX_OPENED:
		return conns_open(c, now_ms, in->channel);
	case PBX_BYTES:
		if (!n)
			break;
		buf_slice(&n->bytes, in->bytes);
		CHECK(buf_err(&n->bytes) == ERR_OK);
		return n;
	case PBX_CLOSED:
		if (n)
			conns_closed(c, n);
		break;
	}
	return NULL;
}

void conns_post(struct conns *c, int64_t now_ms, const struct conn *n, struct buf *text,
		uint8_t mark)
{
	CHECK(buf_err(text) == ERR_OK);
	post(c, now_ms, n->channel, text, false, mark);
}

void conns_drop(struct conns *c, int64_t now_ms, struct conn *n)
{
	post(c, now_ms, n->channel, NULL, true, 0);
	forget(n);
}

void conns_drop_all(struct conns *c, int64_t now_ms, bool at_once)
{
	for (int i = 0; i < CONNS; i++) {
		if (!c->list[i].used)
			continue;
		if (at_once)
			outgo_forget(&c->out, c->list[i].channel);
		conns_drop(c, now_ms, &c->list[i]);
	}
}

bool conns_take(struct conns *c, int64_t now_ms, struct pbx_out *ret, uint8_t *ret_mark)
{
	struct conn *n;

	if (!outgo_take(&c->out, now_ms, ret, ret_mark))
		return false;
	n = conns_find(c, ret->channel);
	if (n && *ret_mark == MARK_TOLD)
		n->told = true;
	return true;
}

static const struct conn *last_of(const struct conns *c)
{
	const struct conn *last = NULL;

	for (int i = 0; i < CONNS; i++)
		if (c->list[i].used && (!last || c->list[i].channel > last->channel))
			last = &c->list[i];
	return last;
}

bool conns_told(const struct conns *c)
{
	const struct conn *last = last_of(c);

	return last && last->told;
}

bool conns_is_last(const struct conns *c, uint32_t channel)
{
	const struct conn *last = last_of(c);

	return last && last->channel == channel;
}
