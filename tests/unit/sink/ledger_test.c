/* The small parts: ledger, gate, queue. */
#include "test.h"

#include <stdlib.h>

#include "base/prng.h"
#include "sink/gate.h"
#include "sink/ledger.h"
#include "sink/queue.h"

static void the_share_is_98_percent_rounded_down(void **state)
{
	static const uint32_t rows[][2] = { { 1500, 1470 }, { 10000, 9800 }, { 100, 98 },
					    { 51, 49 },	    { 50, 49 },	     { 2, 1 },
					    { 1, 1 },	    { 0, 1 } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ledger_share(rows[i][0]), rows[i][1]);
}

/* Against the naive truth, for requests that are answered at once: every send is kept, every window that ends
 * in a send is counted, both ends included; and whenever there is room, the ledger gives it. */
static void no_window_ever_holds_more(void **state)
{
	enum { CAP = 7, WINDOW = 100, N = 4000 };
	static int64_t sent[N];
	struct prng r = { 11 };
	struct ledger l;
	int64_t now = 3;
	int n = 0;
	(void)state;

	assert_int_equal(ledger_init(&l, CAP, WINDOW), ERR_OK);
	while (n < N) {
		int in_window = 0;

		for (int i = n - 1; i >= 0 && now - sent[i] <= WINDOW; i--)
			in_window++;
		assert_int_equal(ledger_used(&l, now), in_window);
		assert_int_equal(ledger_may(&l, now), in_window < CAP);
		assert_int_equal(ledger_free_ms(&l) <= now, in_window < CAP);
		if (in_window < CAP && prng_below(&r, 4)) {
			ledger_note(&l, now);
			sent[n++] = now;
		} else if (in_window == CAP && prng_below(&r, 2)) {
			now = ledger_free_ms(&l);
			assert_true(ledger_may(&l, now));
		} else {
			now += (int64_t)prng_below(&r, 40);
		}
	}
	ledger_fini(&l);
}

struct out {
	int64_t over, by; /* answered or cut, and when it has arrived at the latest */
};

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Requests arrive anywhere between leaving and answer; answers overtake one another; some are cut before they
 * arrive, and arrive all the same. No window of arrivals holds more than the cap. */
static void no_window_of_arrivals_holds_more(void **state)
{
	enum { CAP = 7, WINDOW = 100, N = 3000 };
	static int64_t arrived[N];
	struct out out[CAP] = { { 0 } };
	struct prng r = { 12 };
	struct ledger l;
	int64_t now = 3;
	int n = 0, flying = 0, full = 0;
	(void)state;

	assert_int_equal(ledger_init(&l, CAP, WINDOW), ERR_OK);
	for (; n < N; now += (int64_t)prng_below(&r, 20)) {
		for (int i = 0; i < flying; i++)
			if (out[i].over <= now) {
				ledger_arrived(&l, out[i].by > now ? out[i].by : now);
				out[i--] = out[--flying];
			}
		for (; n < N && ledger_may(&l, now) && prng_below(&r, 8); n++) {
			ledger_leaves(&l);
			arrived[n] = now + (int64_t)prng_below(&r, 60);
			out[flying++] = prng_below(&r, 6)
				? (struct out){ arrived[n] + (int64_t)prng_below(&r, 60), 0 }
				: (struct out){ now + (int64_t)prng_below(&r, 60), now + 60 };
		}
		full += ledger_used(&l, now) == CAP;
		if (ledger_used(&l, now) == CAP && flying == CAP)
			assert_true(ledger_free_ms(&l) == INT64_MAX);
	}
	assert_true(full > N / 20);
	qsort(arrived, N, sizeof(arrived[0]), by_time);
	for (int i = 0; i + CAP < N; i++)
		assert_true(arrived[i + CAP] - arrived[i] > WINDOW);
	ledger_fini(&l);
}

/* One without an answer may arrive later than what is answered after it; whichever is told first, the oldest
 * makes room first. */
static void what_may_still_arrive_counts_until_then(void **state)
{
	struct ledger l;
	(void)state;

	assert_int_equal(ledger_init(&l, 3, 100), ERR_OK);
	ledger_limit(&l, 3);
	for (int i = 0; i < 3; i++)
		ledger_leaves(&l);
	ledger_arrived(&l, 1060); /* cut at 1000 */
	assert_int_equal(ledger_filled(&l, 1000), 0);
	ledger_arrived(&l, 1005);
	ledger_arrived(&l, 1030); /* cut, too */
	assert_int_equal(ledger_free_ms(&l), 1106);
	assert_int_equal(ledger_used(&l, 1105), 3);
	assert_int_equal(ledger_used(&l, 1106), 2);
	ledger_note(&l, 1106);
	assert_int_equal(ledger_free_ms(&l), 1131);
	assert_int_equal(ledger_used(&l, 1131), 2);
	assert_int_equal(ledger_used(&l, 1161), 1);
	assert_int_equal(ledger_used(&l, 1207), 0);
	ledger_fini(&l);
}

static void a_gate_obeys_and_backs_off(void **state)
{
	struct prng r = { 5 };
	struct gate g = { 0 };
	(void)state;

	assert_true(gate_close(&g, 1000, 900, 10000, &r));
	assert_false(gate_is_open(&g, 10999));
	assert_true(gate_is_open(&g, 11000));
	assert_true(g.probing);
	assert_false(gate_close(&g, 1500, 900, 2000, &r)); /* a shorter wait shortens nothing */
	assert_int_equal(g.until_ms, 11000);
	assert_false(gate_close(&g, 1500, 900, -1, &r)); /* nor does one from before prolong */
	assert_int_equal(g.until_ms, 11000);
	gate_pass(&g, 900); /* left before the closure: proves nothing */
	assert_true(g.probing);
	gate_pass(&g, 11000);
	assert_false(g.probing);

	int64_t now = 20000;
	for (int i = 0; i < 30; i++) {
		gate_close(&g, now, now, -1, &r);
		int64_t full = (2000ll << (i < 20 ? i : 20)) < GATE_BACKOFF_MAX_MS ?
				       2000ll << i :
				       GATE_BACKOFF_MAX_MS;
		assert_in_range(g.until_ms - now, full / 2, full);
		now = g.until_ms;
	}
	gate_close(&g, now, now, 0, &r);
	assert_int_equal(g.until_ms, now + GATE_WAIT_MIN_MS);
	gate_close(&g, now, now, 2000000000, &r);
	assert_int_equal(g.until_ms, now + GATE_WAIT_MAX_MS);
}

static void a_queue_is_always_in_order(void **state)
{
	enum { N = 200 };
	struct prng r = { 9 };
	int64_t key[N];
	uint32_t at[N];
	bool in[N] = { false };
	struct queue q;
	uint32_t n = 0;
	(void)state;

	memset(at, 0xff, sizeof(at));
	assert_int_equal(queue_init(&q, N, at), ERR_OK);
	for (int step = 0; step < 20000; step++) {
		uint32_t u = (uint32_t)prng_below(&r, N), least = N;

		if (in[u]) {
			queue_remove(&q, u);
			in[u] = false;
			n--;
		} else {
			key[u] = prng_range(&r, -20, 20);
			queue_add(&q, u, key[u]);
			in[u] = true;
			n++;
		}
		for (uint32_t i = 0; i < N; i++)
			if (in[i] && (least == N || key[i] < key[least]))
				least = i;
		assert_int_equal(q.n, n);
		if (n)
			assert_int_equal(q.heap[0].user, least);
	}
	queue_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_share_is_98_percent_rounded_down),
		cmocka_unit_test(no_window_ever_holds_more),
		cmocka_unit_test(no_window_of_arrivals_holds_more),
		cmocka_unit_test(what_may_still_arrive_counts_until_then),
		cmocka_unit_test(a_gate_obeys_and_backs_off),
		cmocka_unit_test(a_queue_is_always_in_order),
	};
	return cmocka_run_group_tests_name("sink/ledger", tests, NULL, NULL);
}
