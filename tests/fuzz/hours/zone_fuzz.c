#include "base/check.h"
#include "proto/hours/hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a zone: refused, or an offset for every instant, and hours that come to an end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hours_range range = { .days = 0x1f, .from = 480, .to = 1050 };
	struct zone *z;

	if (zone_parse(slice_of((const char *)data, size), &z) != ERR_OK)
		return 0;
	for (int64_t t = -5000000000; t < 9000000000; t += 97777777)
		CHECK(zone_offset(z, t) >= -26 * 3600 - 3600 && zone_offset(z, t) <= 168 * 3600);
	const struct hours h = { .ranges = &range, .ranges_n = 1, .zone = z };
	CHECK(hours_change(&h, 1790000000) <= 1790000000 + HOURS_LOOK_S);
	zone_free(z);
	return 0;
}
