#include "base/check.h"
#include "sink/lamp/own.h"

static const struct {
	const char *name, *text;
	int level;
} notes[LAMP_NOTE_COUNT] = {
#define LAMP_NOTE(id, name, level, text) [LAMP_NOTE_##id] = { name, text, level },
#include "sink/lamp/notes.def"
};

const char *lamp_note_name(enum lamp_note n)
{
	return (unsigned)n < LAMP_NOTE_COUNT ? notes[n].name : "?";
}

const char *lamp_note_text(enum lamp_note n)
{
	return (unsigned)n < LAMP_NOTE_COUNT ? notes[n].text : "?";
}

int lamp_note_level(enum lamp_note n)
{
	return (unsigned)n < LAMP_NOTE_COUNT ? notes[n].level : 7;
}

static void count(struct lamps_view *v, const struct watcher *w)
{
	v->by_package[w->package]++;
	v->streams += w->transport != LAMP_UDP;
	v->waiting += !!(w->flags & WATCHER_DETACHED);
	v->unanswered += w->failures > 0;
	v->lit += w->shown > LAMP_DARK;
}

void lamps_view(const struct lamps *l, struct lamps_view *ret)
{
	*ret = l->stats;
	ret->watchers = l->n;
	for (uint32_t i = 0; i < l->high; i++)
		if (l->watchers[i].flags & WATCHER_USED)
			count(ret, &l->watchers[i]);
	ret->bytes = l->high * sizeof(*l->watchers) + l->text_bytes + wheel_bytes(l->wheel) +
		     map_bytes(&l->by_tag);
}

uint32_t lamps_watchers_of(const struct lamps *l, uint32_t user)
{
	uint32_t n = 0;

	if (user < l->c.users)
		for (uint32_t i = l->first_of[user]; i != NOBODY; i = l->watchers[i].next_of_user)
			n++;
	return n;
}
