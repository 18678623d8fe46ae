/* back_off.h - when a lost link to a PBX is tried again: after seconds at first, a minute at last.
 *
 * Each attempt doubles the wait, from 1 to 60 s, half of it by chance so that many connectors do not
 * come at once. A link that the PBX had accepted takes the wait back to 8 s at most, so that one that
 * comes and goes is neither waited for long nor asked all the time; one that had stood for 10 s
 * starts from the bottom. */
#ifndef SOURCE_BACK_OFF_H
#define SOURCE_BACK_OFF_H

#include "base/prng.h"

/* Zeroed: no attempt has failed. */
struct back_off {
	uint8_t tries;
};

/* An attempt failed or a link was lost: ms to wait. stood_ms: since the PBX had accepted it, -1: it had
 * not. */
int64_t back_off_ms(struct back_off *b, struct prng *prng, int64_t stood_ms);

#endif
