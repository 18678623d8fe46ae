#include "outgo.h"

#include <stdlib.h>

#include "base/check.h"

void outgo_fini(struct outgo *o)
{
	for (size_t i = 0; i < o->n; i++)
		buf_fini(&o->list[i].bytes);
	free(o->list);
	*o = (struct outgo){ 0 };
}

void outgo_post(struct outgo *o, int64_t at_ms, uint32_t channel, struct buf *text, bool close,
		uint8_t mark)
{
	struct outgo_item *item;

	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->list = realloc(o->list, o->cap * sizeof(*o->list));
		CHECK(o->list);
	}
	if (o->n > o->at && o->list[o->n - 1].at_ms > at_ms)
		at_ms = o->list[o->n - 1].at_ms;
	item = &o->list[o->n++];
	*item = (struct outgo_item){
		.at_ms = at_ms, .channel = channel, .close = close, .mark = mark
	};
	if (text)
		item->bytes = *text;
	else
		buf_init(&item->bytes, 1);
}

void outgo_forget(struct outgo *o, uint32_t channel)
{
	for (size_t i = o->at; i < o->n; i++)
		if (o->list[i].channel == channel)
			o->list[i].channel = 0;
}

static void compact(struct outgo *o)
{
	if (o->at == 0 || o->at != o->n)
		return;
	for (size_t i = 0; i < o->n; i++)
		buf_fini(&o->list[i].bytes);
	o->at = o->n = 0;
}

bool outgo_take(struct outgo *o, int64_t now_ms, struct pbx_out *ret, uint8_t *ret_mark)
{
	compact(o);
	while (o->at < o->n && o->list[o->at].at_ms <= now_ms) {
		struct outgo_item *item = &o->list[o->at++];

		if (item->channel == 0)
			continue;
		*ret = (struct pbx_out){ .kind = item->close ? PBX_CLOSE : PBX_SEND,
					 .transport = PBX_TCP,
					 .channel = item->channel,
					 .bytes = buf_view(&item->bytes) };
		*ret_mark = item->mark;
		return true;
	}
	return false;
}

int64_t outgo_next(const struct outgo *o)
{
	return o->at < o->n ? o->list[o->at].at_ms : PBX_NEVER;
}
