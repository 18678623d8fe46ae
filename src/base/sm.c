#include "base/sm.h"

#include "base/check.h"

void sm_move(const struct sm_state *table, uint8_t *state, uint8_t to)
{
	CHECK(sm_may(table, *state, to));
	*state = to;
}
