#include "io/srv.h"

#include <stdlib.h>
#include <string.h>

static int by_priority(const void *a, const void *b)
{
	const struct srv *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	/* Weight 0 goes first so that it keeps its small chance (RFC 2782, "Weight"). */
	return (x->weight > 0) - (y->weight > 0);
}

/* The drawing of RFC 2782: a number from 0 to the sum of weights, the first running sum that
 * reaches it wins. */
static size_t draw(const struct srv *records, size_t n, struct prng *lots)
{
	uint64_t sum = 0, running = 0, lot;

	for (size_t i = 0; i < n; i++)
		sum += records[i].weight;
	lot = prng_below(lots, sum + 1);
	for (size_t i = 0; i < n; i++) {
		running += records[i].weight;
		if (running >= lot)
			return i;
	}
	return n - 1;
}

/* Puts the winner first and keeps the others in their order. */
static void promote(struct srv *records, size_t winner)
{
	struct srv won = records[winner];

	memmove(records + 1, records, winner * sizeof(*records));
	records[0] = won;
}

/* By insertion: a handful at most, and equals keep their places. */
void naptr_order(struct naptr *records, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct naptr x = records[i];
		size_t at = i;

		for (; at > 0 && (records[at - 1].order > x.order ||
				  (records[at - 1].order == x.order &&
				   records[at - 1].preference > x.preference));
		     at--)
			records[at] = records[at - 1];
		records[at] = x;
	}
}

void srv_order(struct srv *records, size_t n, struct prng *lots)
{
	if (n < 2)
		return;
	qsort(records, n, sizeof(*records), by_priority);
	for (size_t i = 0; i + 1 < n; i++) {
		size_t equals = 1;

		while (i + equals < n && records[i + equals].priority == records[i].priority)
			equals++;
		promote(records + i, draw(records + i, equals, lots));
	}
}
