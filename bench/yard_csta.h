/* yard_csta.h - the yardstick of G8: expat and nothing else over CSTA events.
 *
 * One parser, reset for each event, its hash salt set, handlers that take out what a state needs:
 * the monitor, the call and the local state. */
#ifndef BENCH_YARD_CSTA_H
#define BENCH_YARD_CSTA_H

#include "base/slice.h"

struct yard_csta;

struct yard_csta *yard_csta_new(void);
void yard_csta_free(struct yard_csta *y);
/* True when the event says that the device is connected. */
bool yard_csta_connected(struct yard_csta *y, struct slice body);

#endif
