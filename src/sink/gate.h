/* gate.h - one gate for everything that shares a limiter, and the back-off behind it.
 *
 * Each request waiting out its own Retry-After drew 28,500 refusals where one gate drew 6
 * (limits.md 1.5). After a closure one request goes first; the others follow when it succeeds. */
#ifndef SINK_GATE_H
#define SINK_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"

enum { GATE_WAIT_MIN_MS = 1000, GATE_WAIT_MAX_MS = 3600000, GATE_BACKOFF_MAX_MS = 120000 };

struct gate {
	int64_t until_ms;
	uint8_t strikes; /* closures since the last success */
	bool probing;    /* only one request in flight until one succeeds */
};

/* base_ms * 2^attempt up to max_ms, of which the upper half is random. */
int64_t backoff_ms(uint32_t attempt, int64_t base_ms, int64_t max_ms, struct prng *r);

bool gate_is_open(const struct gate *g, int64_t now_ms);
/* A request sent at sent_ms was told to wait wait_ms, or, when < 0, for a time unknown. Answers to
 * requests that had left before the last closure do not lengthen an unknown wait again. True when
 * the gate was open. */
bool gate_close(struct gate *g, int64_t now_ms, int64_t sent_ms, int64_t wait_ms, struct prng *r);
/* A request sent at sent_ms succeeded; one that left before the last closure proves nothing. */
void gate_pass(struct gate *g, int64_t sent_ms);

#endif
