#include "source/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A caller that drains after each call never comes near it. */
enum { ITEMS_MAX = 1 << 20, BYTES_MAX = 64 << 20, TEXT_MAX = sizeof(((struct source_out *)0)->text) };

static bool has_room(struct outbox *o)
{
	if (o->n < o->cap)
		return true;
	uint32_t cap = o->cap ? o->cap * 2 : 64;
	struct out_item *items = cap <= ITEMS_MAX ? realloc(o->items, cap * sizeof(*items)) : NULL;

	if (!items)
		return false;
	o->items = items;
	o->cap = cap;
	return true;
}

/* The next free item, its bytes copied; NULL and counted when there is no room: what waits already stays. */
static struct out_item *push(struct outbox *o, uint8_t kind, struct slice bytes)
{
	if (o->bytes.max == 0)
		buf_init(&o->bytes, BYTES_MAX);
	if (o->head == o->n) {
		o->head = o->n = 0;
		buf_reset(&o->bytes);
	}
	if (bytes.n > BYTES_MAX - o->bytes.n || !has_room(o)) {
		o->counters[NOTE_LOST]++;
		return NULL;
	}
	uint32_t at = (uint32_t)o->bytes.n;
	buf_slice(&o->bytes, bytes);
	if (buf_err(&o->bytes)) { /* no memory: the bytes of what waits are gone with it */
		o->counters[NOTE_LOST] += o->n - o->head + 1;
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

/* Foreign bytes must not reach a terminal. */
static void __attribute__((format(printf, 2, 0))) say(char *text, const char *fmt, va_list ap)
{
	vsnprintf(text, TEXT_MAX, fmt, ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

void outbox_send(struct outbox *o, uint32_t channel, const struct address *peer, struct slice bytes)
{
	struct out_item *item = push(o, OUT_SEND, bytes);

	if (!item)
		return;
	item->channel = channel;
	if (peer)
		item->peer = *peer;
	o->sent++;
}

void outbox_open(struct outbox *o, enum source_out_kind kind, uint32_t channel, enum transport transport,
		 const char *host, uint16_t port)
{
	struct out_item *item = push(o, (uint8_t)kind, slice_str(host));

	if (!item)
		return;
	item->channel = channel;
	item->transport = (uint8_t)transport;
	item->port = port;
}

void outbox_open_by_dns(struct outbox *o, uint32_t channel, enum transport transport, const char *host)
{
	struct out_item *item = push(o, OUT_CONNECT, slice_str(host));

	if (!item)
		return;
	item->channel = channel;
	item->transport = (uint8_t)transport;
	item->open_transport = true;
}

void outbox_close(struct outbox *o, uint32_t channel)
{
	struct out_item *item = push(o, OUT_CLOSE, SLICE_NONE);

	if (item)
		item->channel = channel;
}

void outbox_plain(struct outbox *o, enum source_out_kind kind, uint32_t line)
{
	struct out_item *item = push(o, (uint8_t)kind, SLICE_NONE);

	if (item)
		item->line = line;
}

void outbox_obs(struct outbox *o, const struct obs *obs)
{
	struct out_item *item = push(o, OUT_OBS, SLICE_NONE);

	if (!item)
		return;
	item->obs = *obs;
	item->line = obs->line;
}

void outbox_count(struct outbox *o, enum note n)
{
	o->counters[n]++;
}

void outbox_note(struct outbox *o, enum note n, uint32_t line, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	say(text, fmt, ap);
	va_end(ap);
	outbox_count(o, n);
	struct out_item *item = push(o, OUT_NOTE, slice_str(text));
	if (!item)
		return;
	item->note = (uint8_t)n;
	item->line = line;
}

void outbox_written(struct outbox *o, uint32_t line, uint32_t generation, enum write_result result,
		    const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	say(text, fmt, ap);
	va_end(ap);
	if (result == WRITE_REFUSED)
		outbox_count(o, NOTE_WRITE_REFUSED);
	struct out_item *item = push(o, OUT_WRITTEN, slice_str(text));
	if (!item)
		return;
	item->line = line;
	item->generation = generation;
	item->result = (uint8_t)result;
}

void outbox_keep(struct outbox *o, uint32_t line, struct slice name)
{
	struct out_item *item = push(o, OUT_KEEP, name.n < TEXT_MAX ? name : SLICE_NONE);

	if (item)
		item->line = line;
}

void outbox_answer(struct outbox *o, uint32_t request, uint16_t status, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	say(text, fmt, ap);
	va_end(ap);
	struct out_item *item = push(o, OUT_ANSWER, slice_str(text));
	if (!item)
		return;
	item->channel = request;
	item->status = status;
}

bool outbox_drain(struct outbox *o, struct source_out *ret)
{
	if (o->head == o->n)
		return false;
	const struct out_item *item = &o->items[o->head++];
	struct slice bytes = slice_sub(buf_view(&o->bytes), item->at, (size_t)item->at + item->n);

	memset(ret, 0, sizeof(*ret));
	ret->kind = item->kind;
	ret->transport = item->transport;
	ret->open_transport = item->open_transport;
	ret->note = item->note;
	ret->channel = item->channel;
	ret->line = item->line;
	ret->port = item->port;
	ret->peer = item->peer;
	ret->obs = item->obs;
	ret->generation = item->generation;
	ret->result = item->result;
	ret->status = item->status;
	if (item->kind == OUT_SEND)
		ret->bytes = bytes;
	else if (item->kind == OUT_CONNECT || item->kind == OUT_LISTEN)
		snprintf(ret->host, sizeof(ret->host), "%.*s", (int)bytes.n, bytes.p);
	else if (bytes.n)
		memcpy(ret->text, bytes.p, bytes.n);
	return true;
}

void outbox_fini(struct outbox *o)
{
	free(o->items);
	buf_fini(&o->bytes);
}
