/* sm.h - state machines whose moves are a checked table.
 *
 * A machine is described by one row per state: its name and the set of states it may move to. All
 * assignments go through sm_move(), which stops the process on a move that the table forbids: a
 * forbidden move is a bug of ours, never foreign input. */
#ifndef BASE_SM_H
#define BASE_SM_H

#include <stdbool.h>
#include <stdint.h>

struct sm_state {
	const char *name;
	uint32_t allowed; /* bit n set: may move to state n */
};

#define SM_TO(state) (1u << (state))

static inline bool sm_may(const struct sm_state *table, uint8_t from, uint8_t to)
{
	return table[from].allowed >> to & 1u;
}

void sm_move(const struct sm_state *table, uint8_t *state, uint8_t to);

#endif
