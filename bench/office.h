/* office.h - people who call, and what Teams shows of it, in simulated time.
 *
 * Between the two stands either the real engine and Graph machine, or a queue that sends every event
 * in order (the yardstick of G7). Graph is a limiter in one of its three shapes, a round trip of
 * RTT_MS and the sessions with their ends; rejected requests count. The same seed gives the same
 * calls to both. */
#ifndef BENCH_OFFICE_H
#define BENCH_OFFICE_H

#include "base/prng.h"
#include "base/wheel.h"
#include "cloud_limit.h"
#include "core/engine.h"
#include "sink/graph.h"
#include "sink/ledger.h"

enum { OFFICE_RTT_MS = 100, OFFICE_QUOTA = 1500, OFFICE_WINDOW_MS = 30000, OFFICE_START_MS = 1007000 };

struct office_config {
	uint32_t users;
	bool fifo;
	uint8_t shape; /* enum cloud_limit_shape */
	int32_t lease_ms; /* as configured; the load may make it shorter or longer */
	uint32_t quota;	  /* the limiter's, 0: OFFICE_QUOTA */
	uint32_t assumed, assumed_max; /* the machine's, 0: as the limiter's */
	int32_t rtt_ms;	  /* 0: OFFICE_RTT_MS */
	int32_t rtt_more_ms; /* mean of an exponential time on top of it, drawn for each request */
	int32_t idle_ms, hold_ms; /* means of exponential times; 0: nobody calls by himself */
	uint64_t seed;
};

/* How often something took so many ms; what took longer counts as the last. */
enum { OFFICE_TIMES = 10000 };
struct office_times {
	uint32_t by_ms[OFFICE_TIMES], n;
};
/* What 99 of 100 do not exceed. */
uint32_t office_p99_ms(const struct office_times *t);

/* Over the users since office_measure. */
struct office_truth {
	double calling_ms, shown_free_ms; /* in a call, and the part of it shown as free */
	double idle_ms, shown_busy_ms;
	uint64_t requests, rejected;
	/* From the beginning or end of a call to Graph's 2xx about it, if no other came between; and of a
	 * request alone. */
	struct office_times known, round_trip;
};

struct person {
	int64_t shown_until_ms; /* end of the session at Graph, 0: none */
	int64_t mark_ms;	/* accounted up to here */
	int64_t changed_ms;	/* since when Graph is to be told, 0: it knows */
	bool calling;
};

/* A request on its way: to Graph, then back. */
struct flight {
	int64_t at_ms;
	int32_t rtt_ms;
	uint32_t id, user; /* user ID_NONE: the token's */
	uint32_t batch;	   /* id of the request that carries it, 0: none */
	uint8_t parts_left; /* of the batch, behind this one */
	int32_t lease_ms; /* 0: clear */
	uint16_t status;
};

struct flights {
	struct flight *ring;
	uint32_t head, n, cap;
};

struct fifo; /* office_fifo.c */

struct office {
	struct office_config conf;
	int64_t now_ms;
	struct prng prng;
	struct wheel *wheel; /* when each one begins or ends a call */
	struct person *people;
	uint32_t shown; /* sessions given and not taken back, ended ones included */
	struct flights going, coming;
	uint32_t rtt_batch; /* the last one for which it was drawn */
	int32_t rtt_ms;
	struct cloud_limit limit;
	struct office_truth truth;

	struct engine *engine;
	struct graph *graph;
	struct secret secret;
	struct actions actions;
	struct fifo *fifo;
};

void office_open(struct office *o, const struct office_config *c);
void office_close(struct office *o);
/* Runs until the time, or until all (want true) or none of the sessions are there: then true. */
bool office_run(struct office *o, int64_t until_ms, bool stop_at_shown, bool want);
/* Begins or ends a call of everyone, at this moment. */
void office_everyone(struct office *o, bool calling);
/* Starts the measurement anew; office_truth closes it. */
void office_measure(struct office *o);
struct office_truth office_truth(struct office *o);

/* ---- for the two ways from a call to a request ---- */

void office_send(struct office *o, const struct flight *f);

void machine_open(struct office *o);
void machine_close(struct office *o);
void machine_call(struct office *o, uint32_t user, bool calling);
void machine_answer(struct office *o, const struct flight *f);
void machine_tick(struct office *o);
int64_t machine_next(const struct office *o);

void fifo_open(struct office *o);
void fifo_close(struct office *o);
void fifo_call(struct office *o, uint32_t user, bool calling);
void fifo_answer(struct office *o, const struct flight *f);
void fifo_tick(struct office *o);
int64_t fifo_next(const struct office *o);

#endif
