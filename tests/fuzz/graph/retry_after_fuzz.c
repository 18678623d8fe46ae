#include "base/check.h"
#include "proto/graph/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int32_t ms = 0;

	if (retry_after_parse(slice_of((const char *)data, size), 1700000000000, &ms) == ERR_OK)
		CHECK(ms >= 0 && ms <= RETRY_AFTER_MAX_MS);
	return 0;
}
