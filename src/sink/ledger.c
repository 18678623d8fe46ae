#include "sink/ledger.h"

#include <stdlib.h>

#include "base/check.h"

enum err ledger_init(struct ledger *l, uint32_t cap, int64_t window_ms)
{
	CHECK(cap > 0);
	int64_t *times = calloc(cap, sizeof(*times));
	if (!times)
		return ERR_NO_MEMORY;
	*l = (struct ledger){ .times = times, .cap = cap, .limit = cap, .window_ms = window_ms };
	return ERR_OK;
}

void ledger_fini(struct ledger *l)
{
	free(l->times);
	*l = (struct ledger){ 0 };
}

uint32_t ledger_share(uint32_t quota)
{
	uint32_t share = (uint32_t)((uint64_t)quota * 98 / 100);

	return share ? share : 1;
}

/* A window is closed at both ends here: two requests exactly one window apart still count together. */
static void forget_old(struct ledger *l, int64_t now_ms)
{
	while (l->n > l->out && now_ms - l->times[l->head] > l->window_ms) {
		l->head = l->head + 1 == l->cap ? 0 : l->head + 1;
		l->n--;
	}
}

bool ledger_may(struct ledger *l, int64_t now_ms)
{
	forget_old(l, now_ms);
	return l->n < l->limit;
}

void ledger_limit(struct ledger *l, uint32_t limit)
{
	CHECK(limit > 0);
	l->limit = limit < l->cap ? limit : l->cap;
}

void ledger_leaves(struct ledger *l)
{
	CHECK(l->n < l->cap);
	l->n++;
	l->out++;
}

static int64_t *time_at(const struct ledger *l, uint32_t i)
{
	uint32_t at = l->head + i;

	return &l->times[at >= l->cap ? at - l->cap : at];
}

enum err ledger_resize(struct ledger *l, uint32_t cap, int64_t window_ms)
{
	CHECK(cap > 0);
	uint32_t room = cap > l->n ? cap : l->n;
	int64_t *times = calloc(room, sizeof(*times));

	if (!times)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < l->n - l->out; i++)
		times[i] = *time_at(l, i);
	free(l->times);
	l->times = times;
	l->cap = room;
	l->head = 0;
	l->window_ms = window_ms;
	ledger_limit(l, cap < l->limit ? cap : l->limit);
	return ERR_OK;
}

/* Those that may arrive later still, few and seldom, stay behind it. */
void ledger_arrived(struct ledger *l, int64_t by_ms)
{
	CHECK(l->out > 0);
	uint32_t i = l->n - l->out;

	for (; i > 0 && *time_at(l, i - 1) > by_ms; i--)
		*time_at(l, i) = *time_at(l, i - 1);
	*time_at(l, i) = by_ms;
	l->out--;
}

void ledger_note(struct ledger *l, int64_t now_ms)
{
	ledger_leaves(l);
	ledger_arrived(l, now_ms);
}

int64_t ledger_free_ms(const struct ledger *l)
{
	uint32_t first = l->n - l->limit; /* with this one gone there is room */

	if (l->n < l->limit)
		return INT64_MIN;
	if (first >= l->n - l->out)
		return INT64_MAX;
	return *time_at(l, first) + l->window_ms + 1;
}

uint32_t ledger_used(struct ledger *l, int64_t now_ms)
{
	forget_old(l, now_ms);
	return l->n;
}

uint32_t ledger_filled(struct ledger *l, int64_t now_ms)
{
	forget_old(l, now_ms);
	int64_t took_ms = l->n > l->out ? now_ms - l->times[l->head] : 0;

	return took_ms > 0 ? (uint32_t)(took_ms * 100 / l->window_ms) : 0;
}
