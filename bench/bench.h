/* bench.h - what the benches share: clocks, rounds that alternate, and the table at the end.
 *
 * Nothing here is an absolute promise: each figure is a ratio to a yardstick that runs in the same
 * process, alternating with it. A CHECK that fails means that a bench measured
 * something else than it says, so the run ends. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROUNDS = 9, ATTEMPTS = 5 };

struct series {
	double v[ROUNDS];
	size_t n;
};

void series_add(struct series *s, double v);
double series_min(const struct series *s);
double series_median(const struct series *s);
/* Largest by smallest: how far the machine wandered while this was measured. */
double series_spread(const struct series *s);

/* One round gives a cost (lower is better), of ours or of the yardstick. */
typedef double round_fn(void *arg);

struct duel {
	struct series ours, yard;
	int attempts;
	bool steady; /* the yardstick's spread is within SPREAD_MAX */
};

#define SPREAD_MAX 1.3

/* Alternates ROUNDS times after one of each to warm up; again, up to ATTEMPTS times, while the
 * yardstick is unsteady. The last attempt is in ret. */
void duel_run(struct duel *ret, round_fn *ours, round_fn *yard, void *arg);
double duel_of_minima(const struct duel *d);
double duel_of_medians(const struct duel *d);

enum verdict { VERDICT_MET, VERDICT_MISSED, VERDICT_REJECTED, VERDICT_NOTE };

/* A line of the table; texts are copied and cut. */
void row(enum verdict v, const char *goal, const char *must, const char *yardstick,
	 const char *measured_fmt, ...) __attribute__((format(printf, 5, 6)));
/* The usual line of a duel: must is a largest ratio. what names the yardstick, unit its cost. */
void row_duel(const struct duel *d, const char *goal, double must, const char *what, const char *unit);

/* A line about how it goes, on stderr. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* CPU time of the calling thread, and time that passes. */
double thread_cpu_us(void);
double wall_us(void);
/* Binds the calling thread to one core of those that the process may use, counted from 0. */
void pin(unsigned core);
/* What a function in a child process of its own gives back. */
double in_child(double (*fn)(uint32_t n), uint32_t n);
/* Resident bytes of this process. */
double resident_bytes(void);

void bench_g1(void);
void bench_g2(void);
void bench_g3(void);
void bench_g4(void);
void bench_g5(void);
void bench_g6(void);
void bench_g7(void);
void bench_g8(void);
void bench_g9(void);
void bench_g14(void);
void bench_g19(void);

#endif
