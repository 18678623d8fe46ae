#include "sink/ledger.h"

#include <stdlib.h>

#include "base/check.h"

enum err ledger_init(struct ledger *l, uint32_t cap, int64_t window_ms)
{
	CHECK(cap > 0);
	int64_t *times = calloc(cap, sizeof(*times));
	if (!times)
		return ERR_NO_MEMORY;
	*l = (struct ledger){ .times = times, .cap = cap, .window_ms = window_ms };
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

/* A window is closed at both ends here: two sends exactly one window apart still count together. */
static void forget_old(struct ledger *l, int64_t now_ms)
{
	while (l->n && now_ms - l->times[l->head] > l->window_ms) {
		l->head = l->head + 1 == l->cap ? 0 : l->head + 1;
		l->n--;
	}
}

bool ledger_may(struct ledger *l, int64_t now_ms)
{
	forget_old(l, now_ms);
	return l->n < l->cap;
}

void ledger_note(struct ledger *l, int64_t now_ms)
{
	CHECK(l->n < l->cap);
	uint32_t at = l->head + l->n;

	l->times[at >= l->cap ? at - l->cap : at] = now_ms;
	l->n++;
}

int64_t ledger_free_ms(const struct ledger *l)
{
	return l->n < l->cap ? INT64_MIN : l->times[l->head] + l->window_ms + 1;
}

uint32_t ledger_used(struct ledger *l, int64_t now_ms)
{
	forget_old(l, now_ms);
	return l->n;
}
