#include "office.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

/* ---- requests on their way ---- */

/* By time; those of the same time, the parts of a batch among them, in their order. */
static void flights_push(struct flights *q, const struct flight *f)
{
	uint32_t i = q->n++;

	CHECK(i < q->cap);
	for (; i > 0 && q->ring[(q->head + i - 1) % q->cap].at_ms > f->at_ms; i--)
		q->ring[(q->head + i) % q->cap] = q->ring[(q->head + i - 1) % q->cap];
	q->ring[(q->head + i) % q->cap] = *f;
}

static bool flights_pop(struct flights *q, int64_t now_ms, struct flight *ret)
{
	if (q->n == 0 || q->ring[q->head].at_ms > now_ms)
		return false;
	*ret = q->ring[q->head];
	q->head = (q->head + 1) % q->cap;
	q->n--;
	return true;
}

static int64_t flights_next(const struct flights *q)
{
	return q->n ? q->ring[q->head].at_ms : TIME_NEVER;
}

static int64_t draw(struct office *o, int32_t mean_ms)
{
	double u = (double)(prng_u64(&o->prng) >> 11) * 0x1p-53;

	return (int64_t)(-log(1 - u) * mean_ms) + 1;
}

/* A batch has one for all its parts. */
static int32_t round_trip(struct office *o, uint32_t batch)
{
	if (!o->conf.rtt_more_ms)
		return o->conf.rtt_ms;
	if (!batch || batch != o->rtt_batch)
		o->rtt_ms = o->conf.rtt_ms + (int32_t)draw(o, o->conf.rtt_more_ms);
	o->rtt_batch = batch;
	return o->rtt_ms;
}

void office_send(struct office *o, const struct flight *f)
{
	struct flight sent = *f;

	sent.rtt_ms = round_trip(o, f->batch);
	sent.at_ms = o->now_ms + sent.rtt_ms / 2;
	flights_push(&o->going, &sent);
}

/* ---- times ---- */

static void note(struct office_times *t, int64_t ms)
{
	t->by_ms[ms < OFFICE_TIMES ? ms : OFFICE_TIMES - 1]++;
	t->n++;
}

uint32_t office_p99_ms(const struct office_times *t)
{
	uint32_t ms = 0, n = 0;

	CHECK(t->n > 0);
	while ((n += t->by_ms[ms]) < (uint64_t)t->n * 99 / 100)
		ms++;
	return ms;
}

/* ---- what is true, and what is shown ---- */

/* From the mark until now the call state stood still; the session may have ended in between. */
static void account(struct office *o, struct person *p)
{
	double passed = (double)(o->now_ms - p->mark_ms);
	int64_t end = p->shown_until_ms < o->now_ms ? p->shown_until_ms : o->now_ms;
	double shown = end > p->mark_ms ? (double)(end - p->mark_ms) : 0;

	if (p->calling) {
		o->truth.calling_ms += passed;
		o->truth.shown_free_ms += passed - shown;
	} else {
		o->truth.idle_ms += passed;
		o->truth.shown_busy_ms += shown;
	}
	p->mark_ms = o->now_ms;
}

void office_measure(struct office *o)
{
	for (uint32_t i = 0; i < o->conf.users; i++)
		o->people[i].mark_ms = o->now_ms;
	o->truth = (struct office_truth){ 0 };
}

struct office_truth office_truth(struct office *o)
{
	for (uint32_t i = 0; i < o->conf.users; i++)
		account(o, &o->people[i]);
	return o->truth;
}

static void serve(struct office *o, struct flight *f)
{
	int64_t wait_ms;

	if (f->user != ID_NONE) {
		struct person *p = &o->people[f->user];
		bool taken = cloud_limit_take(&o->limit, o->now_ms, 1, &wait_ms);

		o->truth.requests++;
		o->truth.rejected += !taken;
		f->status = taken ? 200 : 429;
		if (taken) {
			account(o, p);
			o->shown += (f->lease_ms != 0) - (p->shown_until_ms != 0);
			p->shown_until_ms = f->lease_ms ? o->now_ms + f->lease_ms : 0;
		}
	}
	f->at_ms = o->now_ms + f->rtt_ms - f->rtt_ms / 2;
	flights_push(&o->coming, f);
}

/* An answer has come home. */
static void told(struct office *o, const struct flight *f)
{
	struct person *p = f->user != ID_NONE ? &o->people[f->user] : NULL;

	if (!p || f->status != 200)
		return;
	note(&o->truth.round_trip, f->rtt_ms);
	if (p->changed_ms && p->calling == (f->lease_ms != 0)) {
		note(&o->truth.known, o->now_ms - p->changed_ms);
		p->changed_ms = 0;
	}
}

/* ---- calls ---- */

static void call(struct office *o, uint32_t user, bool calling)
{
	account(o, &o->people[user]);
	o->people[user].calling = calling;
	o->people[user].changed_ms = o->now_ms;
	if (o->conf.fifo)
		fifo_call(o, user, calling);
	else
		machine_call(o, user, calling);
}

static void next_change(struct office *o, uint32_t user)
{
	int32_t mean = o->people[user].calling ? o->conf.hold_ms : o->conf.idle_ms;

	if (mean)
		wheel_set(o->wheel, user, o->now_ms + draw(o, mean));
}

void office_everyone(struct office *o, bool calling)
{
	for (uint32_t i = 0; i < o->conf.users; i++)
		call(o, i, calling);
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next(const struct office *o)
{
	int64_t due = o->conf.fifo ? fifo_next(o) : machine_next(o);

	due = sooner(due, wheel_next(o->wheel));
	due = sooner(due, flights_next(&o->going));
	due = sooner(due, flights_next(&o->coming));
	return due > o->now_ms ? due : o->now_ms;
}

static void turn(struct office *o)
{
	struct flight f;
	uint32_t user;

	while (wheel_pop(o->wheel, o->now_ms, &user)) {
		call(o, user, !o->people[user].calling);
		next_change(o, user);
	}
	while (flights_pop(&o->going, o->now_ms, &f))
		serve(o, &f);
	while (flights_pop(&o->coming, o->now_ms, &f)) {
		told(o, &f);
		if (o->conf.fifo)
			fifo_answer(o, &f);
		else
			machine_answer(o, &f);
	}
	if (o->conf.fifo)
		fifo_tick(o);
	else
		machine_tick(o);
}

bool office_run(struct office *o, int64_t until_ms, bool stop_at_shown, bool want)
{
	while (o->now_ms < until_ms) {
		turn(o);
		if (stop_at_shown && o->shown == (want ? o->conf.users : 0))
			return true;
		o->now_ms = sooner(next(o), until_ms);
	}
	return false;
}

/* ---- life ---- */

void office_open(struct office *o, const struct office_config *c)
{
	const struct cloud_limit_config limit = { .shape = c->shape,
						  .quota = c->quota ? c->quota : OFFICE_QUOTA,
						  .window_ms = OFFICE_WINDOW_MS };

	*o = (struct office){ .conf = *c, .now_ms = OFFICE_START_MS, .prng = { c->seed } };
	o->conf.quota = limit.quota;
	o->conf.rtt_ms = c->rtt_ms ? c->rtt_ms : OFFICE_RTT_MS;
	o->conf.assumed = c->assumed ? c->assumed : limit.quota;
	o->going.cap = o->coming.cap = 4096;
	o->going.ring = calloc(o->going.cap, sizeof(*o->going.ring));
	o->coming.ring = calloc(o->coming.cap, sizeof(*o->coming.ring));
	o->people = calloc(c->users, sizeof(*o->people));
	CHECK(o->going.ring && o->coming.ring && o->people);
	CHECK(wheel_new(&o->wheel, c->users, o->now_ms) == ERR_OK);
	CHECK(cloud_limit_set(&o->limit, &limit, o->now_ms) == ERR_OK);
	if (c->fifo)
		fifo_open(o);
	else
		machine_open(o);
	for (uint32_t i = 0; i < c->users; i++)
		next_change(o, i);
	office_measure(o);
}

void office_close(struct office *o)
{
	if (o->conf.fifo)
		fifo_close(o);
	else
		machine_close(o);
	cloud_limit_fini(&o->limit);
	wheel_free(o->wheel);
	free(o->people);
	free(o->going.ring);
	free(o->coming.ring);
}
