/* office_fifo.c - the yardstick: every event is sent, in order, as fast as the quota allows.
 *
 * It keeps within the quota with the same ledger as the product, renews at 0.8 of the lease while
 * the call lasts, and never sends for a state that is sent already; what it lacks is an opinion on
 * what matters first. */
#include <stdlib.h>

#include "base/check.h"
#include "office.h"

enum { FLYING_MAX = 16 };

struct wish {
	uint32_t user;
	bool hold;
};

struct fifo {
	struct wish *queue;
	size_t head, n, cap;
	struct ledger ledger;
	struct wheel *renew;
	uint32_t flying;
};

static void push(struct fifo *f, uint32_t user, bool hold)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 1024;
		struct wish *queue = malloc(cap * sizeof(*queue));

		CHECK(queue);
		for (size_t i = 0; i < f->n; i++)
			queue[i] = f->queue[(f->head + i) % f->cap];
		free(f->queue);
		f->queue = queue;
		f->head = 0;
		f->cap = cap;
	}
	f->queue[(f->head + f->n++) % f->cap] = (struct wish){ user, hold };
}

void fifo_call(struct office *o, uint32_t user, bool calling)
{
	push(o->fifo, user, calling);
}

void fifo_answer(struct office *o, const struct flight *f)
{
	o->fifo->flying--;
	if (f->lease_ms)
		wheel_set(o->fifo->renew, f->user, o->now_ms + (int64_t)f->lease_ms * 8 / 10);
	else
		wheel_set(o->fifo->renew, f->user, WHEEL_NEVER);
}

void fifo_tick(struct office *o)
{
	struct fifo *f = o->fifo;
	uint32_t user;

	while (wheel_pop(f->renew, o->now_ms, &user))
		if (o->people[user].calling)
			push(f, user, true);
	while (f->n && f->flying < FLYING_MAX && ledger_may(&f->ledger, o->now_ms)) {
		const struct wish w = f->queue[f->head];

		f->head = (f->head + 1) % f->cap;
		f->n--;
		ledger_note(&f->ledger, o->now_ms);
		f->flying++;
		office_send(o, &(const struct flight){ .user = w.user,
						       .lease_ms = w.hold ? o->conf.lease_ms : 0 });
	}
}

int64_t fifo_next(const struct office *o)
{
	const struct fifo *f = o->fifo;
	int64_t due = wheel_next(f->renew);

	if (f->n && f->flying < FLYING_MAX && ledger_free_ms(&f->ledger) < due)
		due = ledger_free_ms(&f->ledger);
	return due;
}

void fifo_open(struct office *o)
{
	struct fifo *f = calloc(1, sizeof(*f));

	CHECK(f && wheel_new(&f->renew, o->conf.users, o->now_ms) == ERR_OK);
	CHECK(ledger_init(&f->ledger, ledger_share(OFFICE_QUOTA), OFFICE_WINDOW_MS) == ERR_OK);
	o->fifo = f;
}

void fifo_close(struct office *o)
{
	ledger_fini(&o->fifo->ledger);
	wheel_free(o->fifo->renew);
	free(o->fifo->queue);
	free(o->fifo);
}
