/* loop_inside.h - what the other files of this room need of the loop. */
#ifndef IO_LOOP_INSIDE_H
#define IO_LOOP_INSIDE_H

#include <event2/event.h>

#include "io/loop.h"

/* Something to be done between the I/O of a turn and its hook: reports that must not come from
 * inside a call, and frees of objects that may still be in use further up the stack. */
struct loop_task {
	struct loop_task *next, **at; /* at: NULL while not queued */
	struct loop_list *list;
	void (*run)(void *arg);
	void *arg;
};

struct loop_list {
	struct loop_task *first, **end;
};

struct event_base *loop_base(struct loop *l);
/* The turn's time from here on is read again: for what was read from a socket after the turn's beginning, and
 * must not be dated before it came. */
void loop_look_at_clock(struct loop *l);
/* Queues the task, which stays owned by the caller; nothing when it is queued already. */
void loop_later(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg);
/* The same, but right behind the turn's hook: what the hook has handed over leaves before the loop looks at
 * the sockets again. What the task leads to for the hook needs another turn (loop_later). */
void loop_last(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg);
/* Behind all of these: what has time until the others have left. */
void loop_rear(struct loop *l, struct loop_task *t, void (*run)(void *arg), void *arg);
/* Takes it out of any. */
void loop_not_later(struct loop *l, struct loop_task *t);

/* One block of memory for receiving, shared because it is used up before the callback returns. */
enum { LOOP_SCRATCH_SIZE = 64 * 65536 };
char *loop_scratch(struct loop *l); /* NULL: no memory */

static inline struct timeval loop_timeval(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

#endif
