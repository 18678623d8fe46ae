/* notes.c - what is waiting to be drained: outcomes and found ids, which are never lost, and notes
 * for people, of which a bounded number waits. */
#include <stdlib.h>

#include "base/check.h"
#include "sink/graph_priv.h"

enum { EVENTS_FIRST = 256 };

enum err notes_init(struct graph *g)
{
	g->events.ring = calloc(EVENTS_FIRST, sizeof(*g->events.ring));
	g->events.cap = EVENTS_FIRST;
	for (int i = 0; i < GRAPH_NOTE_COUNT; i++)
		g->notes.last_ms[i] = INT64_MIN / 2;
	return g->events.ring ? ERR_OK : ERR_NO_MEMORY;
}

/* At most three per submitted action or answer, so the ring stays small for a caller that drains
 * after each call, and grows for one that submits ten thousand actions first. */
static void events_grow(struct events *e)
{
	struct event_rec *ring = calloc((size_t)e->cap * 2, sizeof(*ring));

	CHECK(ring);
	for (uint32_t i = 0; i < e->n; i++)
		ring[i] = e->ring[(e->head + i) % e->cap];
	free(e->ring);
	e->ring = ring;
	e->head = 0;
	e->cap *= 2;
}

static void events_push(struct graph *g, struct event_rec r)
{
	struct events *e = &g->events;

	if (e->n == e->cap)
		events_grow(e);
	e->ring[(e->head + e->n++) % e->cap] = r;
}

void emit_outcome(struct graph *g, const struct outcome *o)
{
	events_push(g, (struct event_rec){ .kind = GRAPH_OUTCOME, .outcome = *o });
}

void emit_match(struct graph *g, uint32_t user, const struct users_match *m)
{
	struct event_rec r = { .kind = GRAPH_FOUND,
			       .class = PERSON_CLASS_COUNT,
			       .outcome = { .user = user } };

	if (m) {
		r.class = m->class;
		r.via = m->via;
		r.people = m->class < PERSON_CLASS_COUNT ? m->n[m->class] : 0;
		r.found = m->class == PERSON_GOOD && r.people == 1;
		memcpy(r.id, m->id, sizeof(r.id));
	}
	events_push(g, r);
}

bool events_pop(struct graph *g, struct graph_out *ret)
{
	struct events *e = &g->events;

	if (e->n == 0)
		return false;
	const struct event_rec *r = &e->ring[e->head];
	ret->kind = r->kind;
	ret->user = r->outcome.user;
	ret->found = r->found;
	ret->outcome = r->outcome;
	ret->class = r->class;
	ret->via = r->via;
	ret->people = r->people;
	memcpy(ret->id, r->id, sizeof(ret->id));
	e->head = (e->head + 1) % e->cap;
	e->n--;
	return true;
}

static void forget_events(struct events *e, uint32_t user)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		const struct event_rec r = e->ring[(e->head + i) % e->cap];

		if (r.outcome.user != user)
			e->ring[(e->head + kept++) % e->cap] = r;
	}
	e->n = kept;
}

void notes_forget(struct graph *g, uint32_t user)
{
	struct notes *q = &g->notes;
	uint32_t kept = 0;

	forget_events(&g->events, user);
	for (uint32_t i = 0; i < q->n; i++) {
		const struct note_rec *r = &q->ring[(q->head + i) % NOTES_MAX];

		if (r->user != user)
			q->ring[(q->head + kept++) % NOTES_MAX] = *r;
	}
	q->n = kept;
}

void note(struct graph *g, enum graph_note n, uint32_t user, const char *text)
{
	struct notes *q = &g->notes;

	if (q->n == NOTES_MAX)
		return;
	struct note_rec *r = &q->ring[(q->head + q->n++) % NOTES_MAX];
	r->note = (uint8_t)n;
	r->user = user;
	size_t len = strnlen(text, sizeof(r->text) - 1);
	memcpy(r->text, text, len);
	r->text[len] = '\0';
	q->last_ms[n] = g->now_ms;
}

void note_seldom(struct graph *g, enum graph_note n, uint32_t user, const char *text,
		 int64_t every_ms)
{
	if (g->now_ms - g->notes.last_ms[n] >= every_ms)
		note(g, n, user, text);
}

bool notes_pop(struct graph *g, struct graph_out *ret)
{
	struct notes *q = &g->notes;

	if (q->n == 0)
		return false;
	const struct note_rec *r = &q->ring[q->head];
	ret->kind = GRAPH_NOTE;
	ret->note = r->note;
	ret->user = r->user;
	memcpy(ret->text, r->text, sizeof(r->text));
	q->head = (q->head + 1) % NOTES_MAX;
	q->n--;
	return true;
}

struct note_row {
	const char *name, *text;
	int level;
};

static const struct note_row rows[GRAPH_NOTE_COUNT] = {
#define GRAPH_NOTE(id, name, level, text) [GRAPH_NOTE_##id] = { name, text, level },
#include "sink/graph_notes.def"
};

const char *graph_note_name(enum graph_note n)
{
	return n < GRAPH_NOTE_COUNT ? rows[n].name : "?";
}

const char *graph_note_text(enum graph_note n)
{
	return n < GRAPH_NOTE_COUNT ? rows[n].text : "?";
}

int graph_note_level(enum graph_note n)
{
	return n < GRAPH_NOTE_COUNT ? rows[n].level : 7;
}
