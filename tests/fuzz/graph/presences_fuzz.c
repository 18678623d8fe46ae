#include "base/check.h"
#include "proto/graph/presences.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, struct slice id, const char *availability, const char *activity)
{
	size_t *n = arg;

	*n += id.n + strlen(availability) + strlen(activity);
	CHECK(strlen(availability) < 40 && strlen(activity) < 40);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;

	if (presences_answer(slice_of((const char *)data, size), take, &n) == ERR_OK)
		CHECK(n <= size * 2);
	return 0;
}
