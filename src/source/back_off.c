#include "source/back_off.h"

enum {
	FIRST_MS = 1000,
	LAST_MS = 60 * 1000,
	DOUBLINGS_MAX = 6,
	ACCEPTED_DOUBLINGS = 3,
	STEADY_MS = 10 * 1000,
};

int64_t back_off_ms(struct back_off *b, struct prng *prng, int64_t stood_ms)
{
	int64_t ms;

	if (stood_ms >= STEADY_MS)
		b->tries = 0;
	else if (stood_ms >= 0 && b->tries > ACCEPTED_DOUBLINGS)
		b->tries = ACCEPTED_DOUBLINGS;
	ms = (int64_t)FIRST_MS << b->tries;
	ms = ms < LAST_MS ? ms : LAST_MS;
	b->tries += b->tries < DOUBLINGS_MAX;
	return ms / 2 + prng_range(prng, 0, ms - ms / 2);
}
