/* queue.h - users in the order of a 64-bit key, lowest first; an intrusive binary heap.
 *
 * The position of each user lives with the caller, so that removal is O(log n) too. */
#ifndef SINK_QUEUE_H
#define SINK_QUEUE_H

#include <stdint.h>

#include "base/err.h"

#define QUEUE_NOWHERE UINT32_MAX

struct queue_entry {
	int64_t key;
	uint32_t user;
};

struct queue {
	struct queue_entry *heap;
	uint32_t n, max;
	uint32_t *at; /* position by user, shared by the queues of one machine; a user is in one */
};

/* at: max entries, all QUEUE_NOWHERE, owned by the caller. ERR_NO_MEMORY. */
MUST_CHECK enum err queue_init(struct queue *q, uint32_t max, uint32_t *at);
void queue_fini(struct queue *q);
/* The user is in no queue. */
void queue_add(struct queue *q, uint32_t user, int64_t key);
/* The user is in this queue. */
void queue_remove(struct queue *q, uint32_t user);

#endif
