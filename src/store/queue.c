#include "store/queue.h"

#include <stdlib.h>

#include "base/check.h"

enum { FIRST_CAP = 64, SEED = 0x5702e };

static size_t bytes_of(const struct entry *e)
{
	size_t n = sizeof(*e);

	for (unsigned i = 0; i < ENTRY_TEXTS_MAX; i++)
		n += e->lengths[i];
	return n;
}

struct slice entry_text(const struct entry *e, unsigned i)
{
	const char *p = e->bytes;

	for (unsigned k = 0; k < i; k++)
		p += e->lengths[k];
	return slice_of(p, e->lengths[i]);
}

static uint64_t hash_key(const struct entry *e)
{
	const struct table_shape *t = &table_shapes[e->table];
	uint64_t h = SEED + e->table;

	for (unsigned i = 0; i < t->keys; i++)
		h = t->nocase >> i & 1 ? slice_hash_nocase(entry_text(e, i), h)
				       : slice_hash(entry_text(e, i), h);
	return h;
}

struct entry *entry_new(enum table table, bool del, const struct slice *texts,
			const int64_t *numbers)
{
	const struct table_shape *t = &table_shapes[table];
	unsigned count = del ? t->keys : t->texts;
	size_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += texts[i].n;
	struct entry *e = calloc(1, sizeof(*e) + n);
	if (!e)
		return NULL;
	e->table = (uint8_t)table;
	e->del = del;
	char *p = e->bytes;
	for (unsigned i = 0; i < count; i++) {
		if (texts[i].n)
			memcpy(p, texts[i].p, texts[i].n);
		p += texts[i].n;
		e->lengths[i] = (uint32_t)texts[i].n;
	}
	for (unsigned i = 0; i < (del ? t->del_numbers : t->numbers); i++)
		e->numbers[i] = numbers[i];
	e->hash = hash_key(e);
	return e;
}

void store_queue_init(struct queue *q, uint32_t records_max, uint32_t audits_max)
{
	*q = (struct queue){.max = records_max, .audits_max = audits_max};
}

void store_queue_fini(struct queue *q)
{
	for (uint32_t i = 0; i < q->n; i++)
		free(q->list[i]);
	while (q->audit_first) {
		struct entry *e = q->audit_first;

		q->audit_first = e->next;
		free(e);
	}
	free(q->list);
	map_fini(&q->by_key);
	store_queue_init(q, q->max, q->audits_max);
}

bool store_queue_is_empty(const struct queue *q)
{
	return q->n == 0 && q->audits == 0;
}

static bool is_same_key(uint32_t id, const void *key, void *arg)
{
	const struct entry *a = ((const struct queue *)arg)->list[id], *b = key;
	const struct table_shape *t = &table_shapes[b->table];

	if (a->table != b->table)
		return false;
	for (unsigned i = 0; i < t->keys; i++) {
		struct slice x = entry_text(a, i), y = entry_text(b, i);

		if (t->nocase >> i & 1 ? !slice_eq_nocase(x, y) : !slice_eq(x, y))
			return false;
	}
	return true;
}

static bool grow(struct queue *q)
{
	uint32_t cap = q->cap ? q->cap * 2 : FIRST_CAP;
	struct map map;
	struct entry **list;

	if (cap > q->max)
		cap = q->max;
	if (map_init(&map, cap) != ERR_OK)
		return false;
	list = realloc(q->list, cap * sizeof(struct entry *));
	if (!list) {
		map_fini(&map);
		return false;
	}
	for (uint32_t i = 0; i < q->n; i++)
		CHECK(map_add(&map, list[i]->hash, i) == ERR_OK);
	map_fini(&q->by_key);
	q->by_key = map;
	q->list = list;
	q->cap = cap;
	return true;
}

static enum queued put_audit(struct queue *q, struct entry *e)
{
	enum queued result = QUEUED;

	if (q->audits == q->audits_max) {
		struct entry *oldest = q->audit_first;

		if (!oldest) {
			free(e);
			return QUEUED_NOT;
		}
		q->audit_first = oldest->next;
		q->bytes -= bytes_of(oldest);
		q->audits--;
		free(oldest);
		result = QUEUED_PUSHED_OUT;
	}
	if (q->audit_first)
		q->audit_last->next = e;
	else
		q->audit_first = e;
	q->audit_last = e;
	q->audits++;
	q->bytes += bytes_of(e);
	return result;
}

enum queued store_queue_put(struct queue *q, struct entry *e)
{
	if (e->table == TABLE_AUDIT || e->table == TABLE_CHANGES)
		return put_audit(q, e);
	uint32_t at = q->cap ? map_find(&q->by_key, e->hash, is_same_key, e, q) : MAP_NONE;
	if (at != MAP_NONE) {
		q->bytes += bytes_of(e) - bytes_of(q->list[at]);
		free(q->list[at]);
		q->list[at] = e;
		return QUEUED_COALESCED;
	}
	if (q->n >= q->max || (q->n == q->cap && !grow(q))) {
		free(e);
		return QUEUED_NOT;
	}
	CHECK(map_add(&q->by_key, e->hash, q->n) == ERR_OK);
	q->list[q->n++] = e;
	q->bytes += bytes_of(e);
	return QUEUED;
}
