/* queue.h - private to this folder: queues through the elements of an array, by index. */
#ifndef SOURCE_SIP_QUEUE_H
#define SOURCE_SIP_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define NONE UINT32_MAX

struct queue_link {
	uint32_t prev, next;
	bool in;
};

struct queue {
	uint32_t head, tail, n;
};

#define QUEUE_PUSH(q, array, i)                                                                    \
	do {                                                                                       \
		(array)[i].queued = (struct queue_link){ (q)->tail, NONE, true };                  \
		if ((q)->tail == NONE)                                                             \
			(q)->head = (i);                                                           \
		else                                                                               \
			(array)[(q)->tail].queued.next = (i);                                      \
		(q)->tail = (i);                                                                   \
		(q)->n++;                                                                          \
	} while (0)

#define QUEUE_CUT(q, array, i)                                                                     \
	do {                                                                                       \
		struct queue_link l_ = (array)[i].queued;                                          \
		if (l_.prev == NONE)                                                               \
			(q)->head = l_.next;                                                       \
		else                                                                               \
			(array)[l_.prev].queued.next = l_.next;                                    \
		if (l_.next == NONE)                                                               \
			(q)->tail = l_.prev;                                                       \
		else                                                                               \
			(array)[l_.next].queued.prev = l_.prev;                                    \
		(array)[i].queued.in = false;                                                      \
		(q)->n--;                                                                          \
	} while (0)

#endif
