#include "sink/learn.h"

#include "base/check.h"

void learn_init(struct learn *l, uint32_t start, uint32_t granted, uint32_t max)
{
	CHECK(start && granted);
	*l = (struct learn){ .max = max > start ? max : start, .limit = start, .full_ms = 0 };
	l->proven = granted < start ? granted : start;
	l->least = start / 4 ? start / 4 : 1;
	if (l->least > l->proven)
		l->least = l->proven;
}

bool learn_full(struct learn *l, int64_t now_ms, int64_t window_ms)
{
	uint32_t step = l->limit * LEARN_STEP_PERCENT / 100;

	if (!l->full_ms) {
		l->full_ms = now_ms;
		return false;
	}
	if (now_ms - l->full_ms < window_ms + LEARN_SLACK_MS)
		return false;
	if (l->limit > l->proven) {
		l->proven = l->limit;
		l->failures = 0;
	}
	if (l->limit >= l->max || now_ms < l->trial_ms)
		return false;
	l->limit += step ? step : 1;
	if (l->limit > l->max)
		l->limit = l->max;
	l->full_ms = 0;
	l->steps++;
	return true;
}

static int64_t rest_ms(uint8_t failures)
{
	int64_t rest = LEARN_REST_MS;

	while (failures-- > 1 && rest < LEARN_REST_MAX_MS)
		rest *= 2;
	return rest < LEARN_REST_MAX_MS ? rest : LEARN_REST_MAX_MS;
}

/* With less than half of what is proved in the window it is not our quota that was meant: the gate alone
 * obeys. */
void learn_refused(struct learn *l, int64_t now_ms, uint32_t used, uint32_t in_flight, uint32_t filled)
{
	uint32_t taken = used > in_flight ? used - in_flight : 0;

	l->full_ms = 0;
	if (used <= l->proven / 2)
		return;
	taken = (uint32_t)((uint64_t)taken * 98 / (100 + (used > l->proven ? filled : 0)));
	uint32_t bottom = used > l->proven ? l->proven : l->limit / 2;
	if (taken < bottom)
		taken = bottom;
	if (taken >= l->limit)
		taken = l->limit - 1;
	l->limit = taken > l->least ? taken : l->least;
	if (l->proven > l->limit)
		l->proven = l->limit;
	l->failures += l->failures < UINT8_MAX;
	l->trial_ms = now_ms + rest_ms(l->failures);
	l->cuts++;
}

uint32_t learn_in_flight(const struct learn *l, uint32_t used, uint32_t cap, int64_t rtt_ms,
			 int64_t window_ms)
{
	uint64_t n = (uint64_t)l->proven * (uint64_t)rtt_ms / (uint64_t)window_ms + LEARN_ENTRY;

	if (used <= l->proven)
		return cap;
	n += (used - l->proven) / 16;
	return n < cap ? (uint32_t)n : cap;
}
