/* clock.h - the only place of the house that asks the system what time it is.
 *
 * Everything else gets its time handed in; on the loop's thread that is loop_mono_ms() and
 * loop_wall_ms(), one reading per turn and HTTP answer. Other threads (admin) may call clock_take
 * themselves. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

struct clock_reading {
	int64_t mono_ms; /* CLOCK_BOOTTIME: never goes back, counts while the machine sleeps */
	int64_t wall_ms; /* CLOCK_REALTIME, since 1970; may jump */
};

/* Cannot fail on a system that Linux 2.6.39 or later runs. Any thread. */
void clock_take(struct clock_reading *ret);

#endif
