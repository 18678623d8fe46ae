#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sink/lamp/own.h"

enum { FIRST_ITEMS = 64 };

/* NULL without memory: what is lost is healed as a lost datagram is. */
static struct out_item *add(struct lamps *l, enum lamps_out_kind kind, struct slice bytes)
{
	if (l->out_at == l->out_n) {
		l->out_at = l->out_n = 0;
		buf_reset(&l->bytes);
	}
	if (l->out_n == l->out_cap) {
		uint32_t cap = l->out_cap ? l->out_cap * 2 : FIRST_ITEMS;
		struct out_item *more = realloc(l->out, cap * sizeof(*more));

		if (!more)
			return NULL;
		l->out = more;
		l->out_cap = cap;
	}
	struct out_item *i = &l->out[l->out_n];
	*i = (struct out_item){ .kind = (uint8_t)kind,
				.at = (uint32_t)l->bytes.n,
				.n = (uint32_t)bytes.n };
	buf_slice(&l->bytes, bytes);
	if (buf_err(&l->bytes))
		return NULL;
	l->out_n++;
	return i;
}

void out_send(struct lamps *l, uint32_t channel, const struct lamp_place *peer, struct slice bytes)
{
	struct out_item *i = bytes.n ? add(l, LAMPS_SEND, bytes) : NULL;

	if (!i)
		return;
	i->channel = channel;
	if (peer)
		i->peer = *peer;
}

void out_close(struct lamps *l, uint32_t channel)
{
	struct out_item *i = add(l, LAMPS_CLOSE, SLICE_NONE);

	if (i)
		i->channel = channel;
}

/* What is saved is how the watcher stands when it is drained. */
void out_save(struct lamps *l, uint32_t watcher)
{
	struct watcher *w = &l->watchers[watcher];
	struct out_item *i = w->flags & WATCHER_SAVE ? NULL : add(l, LAMPS_SAVE, SLICE_NONE);

	if (!i)
		return;
	w->flags |= WATCHER_SAVE;
	i->watcher = watcher;
	i->tag = w->tag;
}

void out_delete(struct lamps *l, uint64_t tag, uint32_t user)
{
	struct out_item *i = add(l, LAMPS_DELETE, SLICE_NONE);

	if (!i)
		return;
	i->tag = tag;
	i->watcher = user;
}

void out_count(struct lamps *l, enum lamp_note n)
{
	l->stats.counters[n]++;
}

void out_note(struct lamps *l, enum lamp_note n, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	out_count(l, n);
	if (lamp_note_level(n) > 5 ||
	    (l->noted_ms[n] && l->now_ms - l->noted_ms[n] < NOTE_EVERY_MS))
		return;
	l->noted_ms[n] = l->now_ms ? l->now_ms : 1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	struct out_item *i = add(l, LAMPS_NOTE, slice_str(text));
	if (i)
		i->note = (uint8_t)n;
}

/* False when there is nothing to be said of the item any more. */
static bool take(struct lamps *l, const struct out_item *i, struct lamps_out *ret)
{
	struct slice bytes = slice_sub(buf_view(&l->bytes), i->at, i->at + i->n);

	*ret = (struct lamps_out){ .kind = i->kind,
				   .note = i->note,
				   .channel = i->channel,
				   .peer = i->peer,
				   .bytes = bytes,
				   .user = i->kind == LAMPS_DELETE ? i->watcher : ID_NONE };
	ret->record.tag = i->tag;
	if (i->kind == LAMPS_NOTE)
		snprintf(ret->text, sizeof(ret->text), "%.*s", SLICE_ARG(bytes));
	if (i->kind != LAMPS_SAVE)
		return true;
	struct watcher *w = &l->watchers[i->watcher];
	if (!(w->flags & WATCHER_USED) || w->tag != i->tag)
		return false;
	w->flags &= (uint8_t)~WATCHER_SAVE;
	watcher_record(w, &ret->record);
	ret->user = w->user;
	return true;
}

bool out_drain(struct lamps *l, struct lamps_out *ret)
{
	while (l->out_at < l->out_n)
		if (take(l, &l->out[l->out_at++], ret))
			return true;
	return false;
}
