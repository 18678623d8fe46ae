#include "sink/queue.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

enum err queue_init(struct queue *q, uint32_t max, uint32_t *at)
{
	struct queue_entry *heap = calloc(max ? max : 1, sizeof(*heap));

	if (!heap)
		return ERR_NO_MEMORY;
	*q = (struct queue){ .heap = heap, .max = max, .at = at };
	return ERR_OK;
}

void queue_fini(struct queue *q)
{
	free(q->heap);
	*q = (struct queue){ 0 };
}

/* Equal keys go by user, so that the order depends on nothing but the entries. */
static bool before(const struct queue_entry *a, const struct queue_entry *b)
{
	return a->key != b->key ? a->key < b->key : a->user < b->user;
}

static void put(struct queue *q, uint32_t i, struct queue_entry e)
{
	q->heap[i] = e;
	q->at[e.user] = i;
}

static void sift_up(struct queue *q, uint32_t i, struct queue_entry e)
{
	while (i > 0 && before(&e, &q->heap[(i - 1) / 2])) {
		put(q, i, q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(q, i, e);
}

static void sift_down(struct queue *q, uint32_t i, struct queue_entry e)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < q->n && before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (child >= q->n || !before(&q->heap[child], &e))
			break;
		put(q, i, q->heap[child]);
		i = child;
	}
	put(q, i, e);
}

void queue_add(struct queue *q, uint32_t user, int64_t key)
{
	CHECK(q->n < q->max && q->at[user] == QUEUE_NOWHERE);
	sift_up(q, q->n++, (struct queue_entry){ key, user });
}

void queue_remove(struct queue *q, uint32_t user)
{
	uint32_t i = q->at[user];

	CHECK(i < q->n && q->heap[i].user == user);
	q->at[user] = QUEUE_NOWHERE;
	struct queue_entry last = q->heap[--q->n];
	if (i == q->n)
		return;
	if (i > 0 && before(&last, &q->heap[(i - 1) / 2]))
		sift_up(q, i, last);
	else
		sift_down(q, i, last);
}
