/* outgo.h - what a simulated PBX sends over its streams, in order and at its time. */
#ifndef SIM_OUTGO_H
#define SIM_OUTGO_H

#include "base/buf.h"
#include "pbx.h"

struct outgo_item {
	int64_t at_ms;
	uint32_t channel; /* 0: nobody's any more */
	bool close;
	uint8_t mark; /* the kind's own, told when it leaves */
	struct buf bytes;
};

/* Zeroed is empty. */
struct outgo {
	struct outgo_item *list;
	size_t at, n, cap;
};

void outgo_fini(struct outgo *o);
/* text is taken over; NULL: none. Nothing overtakes what was posted before. */
void outgo_post(struct outgo *o, int64_t at_ms, uint32_t channel, struct buf *text, bool close, uint8_t mark);
/* What was to go there goes nowhere. */
void outgo_forget(struct outgo *o, uint32_t channel);
/* The next one that is due, as the output it makes; its bytes stand until the next call. */
bool outgo_take(struct outgo *o, int64_t now_ms, struct pbx_out *ret, uint8_t *ret_mark);
int64_t outgo_next(const struct outgo *o); /* PBX_NEVER: nothing is waiting */

#endif
