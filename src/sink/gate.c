#include "sink/gate.h"

int64_t backoff_ms(uint32_t attempt, int64_t base_ms, int64_t max_ms, struct prng *r)
{
	int64_t d = base_ms << (attempt < 20 ? attempt : 20);

	if (d > max_ms)
		d = max_ms;
	return d / 2 + (int64_t)prng_below(r, (uint64_t)(d - d / 2) + 1);
}

bool gate_is_open(const struct gate *g, int64_t now_ms)
{
	return now_ms >= g->until_ms;
}

bool gate_close(struct gate *g, int64_t now_ms, int64_t sent_ms, int64_t wait_ms, struct prng *r)
{
	bool was_open = gate_is_open(g, now_ms);
	bool fresh = sent_ms >= g->until_ms;

	if (wait_ms < 0)
		wait_ms = fresh ? backoff_ms(g->strikes + 1u, 1000, GATE_BACKOFF_MAX_MS, r) : 0;
	else if (wait_ms < GATE_WAIT_MIN_MS)
		wait_ms = GATE_WAIT_MIN_MS;
	if (wait_ms > GATE_WAIT_MAX_MS)
		wait_ms = GATE_WAIT_MAX_MS;
	if (fresh && g->strikes < UINT8_MAX)
		g->strikes++;
	g->probing = true;
	if (now_ms + wait_ms > g->until_ms)
		g->until_ms = now_ms + wait_ms;
	return was_open;
}

void gate_pass(struct gate *g, int64_t sent_ms)
{
	if (sent_ms < g->until_ms)
		return;
	g->strikes = 0;
	g->probing = false;
}
