#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/slice.h"

/* ---- series ---- */

void series_add(struct series *s, double v)
{
	CHECK(s->n < ROUNDS);
	s->v[s->n++] = v;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double nth(const struct series *s, size_t i)
{
	struct series sorted = *s;

	CHECK(s->n > 0);
	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), by_size);
	return sorted.v[i];
}

double series_min(const struct series *s)
{
	return nth(s, 0);
}

double series_median(const struct series *s)
{
	return nth(s, s->n / 2);
}

double series_spread(const struct series *s)
{
	return nth(s, s->n - 1) / nth(s, 0);
}

/* ---- duels ---- */

void duel_run(struct duel *ret, round_fn *ours, round_fn *yard, void *arg)
{
	*ret = (struct duel){ 0 };
	do {
		ret->ours.n = ret->yard.n = 0;
		ours(arg);
		yard(arg);
		for (int i = 0; i < ROUNDS; i++) {
			series_add(&ret->ours, ours(arg));
			series_add(&ret->yard, yard(arg));
		}
		ret->attempts++;
		ret->steady = series_spread(&ret->yard) <= SPREAD_MAX;
		if (!ret->steady)
			say("  rejected: the yardstick's rounds lie %.2fx apart", series_spread(&ret->yard));
	} while (!ret->steady && ret->attempts < ATTEMPTS);
}

double duel_of_minima(const struct duel *d)
{
	return series_min(&d->ours) / series_min(&d->yard);
}

double duel_of_medians(const struct duel *d)
{
	return series_median(&d->ours) / series_median(&d->yard);
}

/* ---- the table ---- */

enum { ROWS_MAX = 64 };

struct line {
	enum verdict verdict;
	char goal[48], must[24], measured[80], yardstick[80];
};

static struct line table[ROWS_MAX];
static size_t table_n;

void row(enum verdict v, const char *goal, const char *must, const char *yardstick,
	 const char *measured_fmt, ...)
{
	CHECK(table_n < ROWS_MAX);
	struct line *l = &table[table_n++];
	va_list ap;

	l->verdict = v;
	snprintf(l->goal, sizeof(l->goal), "%s", goal);
	snprintf(l->must, sizeof(l->must), "%s", must);
	snprintf(l->yardstick, sizeof(l->yardstick), "%s", yardstick);
	va_start(ap, measured_fmt);
	vsnprintf(l->measured, sizeof(l->measured), measured_fmt, ap);
	va_end(ap);
	say("  %s: %s", l->goal, l->measured);
}

void row_duel(const struct duel *d, const char *goal, double must, const char *what, const char *unit)
{
	double minima = duel_of_minima(d), medians = duel_of_medians(d);
	bool met = minima <= must && medians <= must;
	char limit[24], yard[80];

	snprintf(limit, sizeof(limit), "<= %.2fx", must);
	snprintf(yard, sizeof(yard), "%s: %.2f %s, spread %.2f", what, series_min(&d->yard), unit,
		 series_spread(&d->yard));
	row(!d->steady ? VERDICT_REJECTED : met ? VERDICT_MET : VERDICT_MISSED, goal,
	    must > 0 ? limit : "-", yard, "%.2fx of minima, %.2fx of medians (%.2f %s)", minima, medians,
	    series_min(&d->ours), unit);
	if (must <= 0 && d->steady)
		table[table_n - 1].verdict = VERDICT_NOTE;
}

static void print_table(void)
{
	static const char *const words[] = { [VERDICT_MET] = "met", [VERDICT_MISSED] = "MISSED",
					     [VERDICT_REJECTED] = "rejected", [VERDICT_NOTE] = "-" };
	size_t wide[4] = { 4, 4, 8, 9 };

	for (size_t i = 0; i < table_n; i++) {
		const char *const cells[] = { table[i].goal, table[i].must, table[i].measured,
					      table[i].yardstick };

		for (size_t c = 0; c < ARRAY_LEN(cells); c++)
			wide[c] = strlen(cells[c]) > wide[c] ? strlen(cells[c]) : wide[c];
	}
	printf("\n%-*s | %-*s | %-*s | %-*s | verdict\n", (int)wide[0], "goal", (int)wide[1],
	       "must", (int)wide[2], "measured", (int)wide[3], "yardstick");
	for (size_t i = 0; i < table_n; i++)
		printf("%-*s | %-*s | %-*s | %-*s | %s\n", (int)wide[0], table[i].goal,
		       (int)wide[1], table[i].must, (int)wide[2], table[i].measured, (int)wide[3],
		       table[i].yardstick, words[table[i].verdict]);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- the machine ---- */

static double clock_us(clockid_t id)
{
	struct timespec t;

	CHECK(clock_gettime(id, &t) == 0);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double thread_cpu_us(void)
{
	return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

double wall_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

static cpu_set_t allowed;

void pin(unsigned core)
{
	unsigned wanted = core % (unsigned)CPU_COUNT(&allowed);
	cpu_set_t one;

	CPU_ZERO(&one);
	for (unsigned c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, &allowed) && wanted-- == 0)
			CPU_SET(c, &one);
	if (pthread_setaffinity_np(pthread_self(), sizeof(one), &one) != 0)
		say("  this machine does not let threads be pinned");
}

double resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long size, resident;

	CHECK(f && fscanf(f, "%lu %lu", &size, &resident) == 2);
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

double in_child(double (*fn)(uint32_t n), uint32_t n)
{
	int ends[2], status;
	double ret;

	CHECK(pipe(ends) == 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		ret = fn(n);
		_exit(write(ends[1], &ret, sizeof(ret)) == (ssize_t)sizeof(ret) ? 0 : 1);
	}
	close(ends[1]); /* or a child that failed is waited for in vain */
	CHECK(read(ends[0], &ret, sizeof(ret)) == (ssize_t)sizeof(ret));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	close(ends[0]);
	return ret;
}

/* ---- main ---- */

static const struct {
	const char *name;
	void (*run)(void);
} benches[] = {
	{ "g1", bench_g1 }, { "g2", bench_g2 }, { "g3", bench_g3 },
	{ "g4", bench_g4 }, { "g5", bench_g5 }, { "g6", bench_g6 },
	{ "g7", bench_g7 }, { "g8", bench_g8 }, { "g9", bench_g9 },
	{ "g14", bench_g14 }, { "g19", bench_g19 },
};

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	bool missed = false;

	CHECK(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	for (size_t i = 0; i < ARRAY_LEN(benches); i++) {
		if (!is_wanted(benches[i].name, argc, argv))
			continue;
		say("%s ...", benches[i].name);
		benches[i].run();
	}
	print_table();
	for (size_t i = 0; i < table_n; i++)
		missed = missed || table[i].verdict == VERDICT_MISSED;
	return missed ? 1 : 0;
}
