#include <stdlib.h>

#include "base/check.h"
#include "sink/lamp/own.h"

/* What an allocation costs beside its bytes. */
enum { MALLOC_BYTES = 16 };

uint32_t watcher_id(const struct lamps *l, const struct watcher *w)
{
	return (uint32_t)(w - l->watchers);
}

struct slice watcher_text(const struct watcher *w, enum field f)
{
	return slice_of(w->text + w->at[f], (size_t)(w->at[f + 1] - w->at[f]));
}

enum err watcher_set_text(struct lamps *l, struct watcher *w, const struct slice *fields)
{
	size_t n = 0;

	for (int f = 0; f < FIELD_COUNT; f++)
		n += fields[f].n;
	if (n > LAMP_TEXT_MAX)
		return ERR_LIMIT;
	char *text = malloc(n + 1);
	if (!text)
		return ERR_NO_MEMORY;
	uint16_t at = 0;
	for (int f = 0; f < FIELD_COUNT; f++) {
		for (size_t i = 0; i < fields[f].n; i++) { /* folds count as blanks */
			char c = fields[f].p[i];

			text[at + i] = (unsigned char)c < ' ' ? ' ' : c;
		}
		w->at[f] = at;
		at = (uint16_t)(at + fields[f].n);
	}
	if (w->text)
		l->text_bytes -= (size_t)w->at[FIELD_COUNT] + MALLOC_BYTES;
	w->at[FIELD_COUNT] = at;
	free(w->text);
	w->text = text;
	l->text_bytes += n + MALLOC_BYTES;
	return ERR_OK;
}

static bool has_tag(uint32_t id, const void *key, void *arg)
{
	const struct lamps *l = arg;

	return l->watchers[id].tag == *(const uint64_t *)key;
}

struct watcher *watcher_find(struct lamps *l, uint64_t tag)
{
	uint32_t id = map_find(&l->by_tag, tag, has_tag, &tag, l);

	return id == MAP_NONE ? NULL : &l->watchers[id];
}

enum err watcher_new(struct lamps *l, uint64_t tag, const struct slice *fields,
		     struct watcher **ret)
{
	uint32_t id = l->free;
	struct watcher fresh = { .tag = tag,
				 .flags = WATCHER_USED,
				 .user = ID_NONE,
				 .next_of_user = NOBODY,
				 .prev_of_user = NOBODY };

	if (l->n == l->c.watchers)
		return ERR_LIMIT;
	enum err e = watcher_set_text(l, &fresh, fields);
	if (e)
		return e;
	if (id != NOBODY)
		l->free = l->watchers[id].next_queued;
	else
		id = l->high++;
	l->watchers[id] = fresh;
	CHECK(map_add(&l->by_tag, tag, id) == ERR_OK);
	l->n++;
	*ret = &l->watchers[id];
	return ERR_OK;
}

void watcher_leave(struct lamps *l, struct watcher *w)
{
	if (w->user == ID_NONE)
		return;
	if (w->prev_of_user == NOBODY)
		l->first_of[w->user] = w->next_of_user;
	else
		l->watchers[w->prev_of_user].next_of_user = w->next_of_user;
	if (w->next_of_user != NOBODY)
		l->watchers[w->next_of_user].prev_of_user = w->prev_of_user;
	w->user = ID_NONE;
}

void watcher_join(struct lamps *l, struct watcher *w, uint32_t user)
{
	uint32_t id = watcher_id(l, w);

	if (w->user == user)
		return;
	watcher_leave(l, w);
	w->user = user;
	w->prev_of_user = NOBODY;
	w->next_of_user = l->first_of[user];
	if (w->next_of_user != NOBODY)
		l->watchers[w->next_of_user].prev_of_user = id;
	l->first_of[user] = id;
}

/* One that waits in the queue is taken out when its turn comes: its slot is free only then. */
void watcher_free(struct lamps *l, struct watcher *w)
{
	uint32_t id = watcher_id(l, w), user = w->user;

	watcher_leave(l, w);
	wheel_set(l->wheel, id, WHEEL_NEVER);
	CHECK(map_del(&l->by_tag, w->tag, id));
	l->text_bytes -= (size_t)w->at[FIELD_COUNT] + MALLOC_BYTES;
	free(w->text);
	w->text = NULL;
	out_delete(l, w->tag, user);
	l->n--;
	w->flags &= WATCHER_QUEUED;
	if (w->flags)
		return;
	w->next_queued = l->free;
	l->free = id;
}

void watcher_record(const struct watcher *w, struct lamp_record *ret)
{
	*ret = (struct lamp_record){ .tag = w->tag,
				     .expires_ms = w->expires_ms,
				     .cseq = w->cseq,
				     .remote_cseq = w->remote_cseq,
				     .package = w->package,
				     .transport = w->transport,
				     .shown = w->shown,
				     .port = w->port };
	for (int f = 0; f < FIELD_COUNT; f++)
		ret->fields[f] = watcher_text(w, (enum field)f);
}
