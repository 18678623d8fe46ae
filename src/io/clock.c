#include "io/clock.h"

#include <time.h>

#include "base/check.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	CHECK(clock_gettime(id, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_take(struct clock_reading *ret)
{
	ret->mono_ms = read_ms(CLOCK_BOOTTIME);
	ret->wall_ms = read_ms(CLOCK_REALTIME);
}
