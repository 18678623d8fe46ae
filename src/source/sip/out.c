#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "source/sip/agent.h"

/* A caller that drains after each call never comes near it. */
enum { ITEMS_MAX = 1 << 20 };

/* The next free item, its bytes copied; NULL when the system has no memory: what is lost then is
 * healed as lost datagrams are, by the transactions' timers and the next report. */
static struct out_item *push(struct sip_agent *a, uint8_t kind, struct slice bytes)
{
	struct outbox *o = &a->out;

	if (o->head == o->n) {
		o->head = o->n = 0;
		buf_reset(&o->bytes);
	}
	if (o->n == o->cap) {
		uint32_t cap = o->cap ? o->cap * 2 : 64;
		struct out_item *items =
			cap <= ITEMS_MAX ? realloc(o->items, cap * sizeof(*items)) : NULL;

		if (!items)
			return NULL;
		o->items = items;
		o->cap = cap;
	}
	uint32_t at = (uint32_t)o->bytes.n;
	buf_slice(&o->bytes, bytes);
	if (buf_err(&o->bytes)) {
		o->head = o->n = 0;
		buf_reset(&o->bytes);
		return NULL;
	}
	struct out_item *item = &o->items[o->n++];
	*item = (struct out_item){
		.kind = kind, .at = at, .n = (uint32_t)bytes.n, .line = ID_NONE
	};
	return item;
}

void out_send(struct sip_agent *a, uint32_t channel, const struct address *peer, struct slice bytes)
{
	struct out_item *item = push(a, OUT_SEND, bytes);

	if (!item)
		return;
	item->channel = channel;
	if (peer)
		item->peer = *peer;
	a->sent++;
}

void out_open(struct sip_agent *a, uint8_t kind, uint32_t channel, uint8_t transport,
	      const char *host, uint16_t port)
{
	struct out_item *item = push(a, kind, slice_str(host));

	if (!item)
		return;
	item->channel = channel;
	item->transport = transport;
	item->port = port;
}

void out_plain(struct sip_agent *a, uint8_t kind, uint32_t channel_or_line)
{
	struct out_item *item = push(a, kind, SLICE_NONE);

	if (item && kind == OUT_CLOSE)
		item->channel = channel_or_line;
	else if (item)
		item->line = channel_or_line;
}

void out_obs(struct sip_agent *a, const struct obs *obs)
{
	struct out_item *item = push(a, OUT_OBS, SLICE_NONE);

	if (!item)
		return;
	item->obs = *obs;
	item->line = obs->line;
}

void out_count(struct sip_agent *a, enum note n)
{
	a->counters[n]++;
}

void out_note(struct sip_agent *a, enum note n, uint32_t line, const char *fmt, ...)
{
	char text[sizeof(((struct source_out *)0)->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* foreign bytes must not reach a terminal */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	out_count(a, n);
	struct out_item *item = push(a, OUT_NOTE, slice_str(text));
	if (!item)
		return;
	item->note = (uint8_t)n;
	item->line = line;
}

bool out_drain(struct sip_agent *a, struct source_out *ret)
{
	struct outbox *o = &a->out;

	if (o->head == o->n)
		return false;
	const struct out_item *item = &o->items[o->head++];
	struct slice bytes = slice_sub(buf_view(&o->bytes), item->at, (size_t)item->at + item->n);

	memset(ret, 0, sizeof(*ret));
	ret->kind = item->kind;
	ret->transport = item->transport;
	ret->note = item->note;
	ret->channel = item->channel;
	ret->line = item->line;
	ret->port = item->port;
	ret->peer = item->peer;
	ret->obs = item->obs;
	if (item->kind == OUT_SEND)
		ret->bytes = bytes;
	else if (item->kind == OUT_NOTE && bytes.n)
		memcpy(ret->text, bytes.p, bytes.n);
	else if (bytes.n)
		memcpy(ret->host, bytes.p, bytes.n);
	return true;
}

void out_fini(struct sip_agent *a)
{
	free(a->out.items);
	buf_fini(&a->out.bytes);
}
