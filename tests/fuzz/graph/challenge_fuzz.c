#include "base/check.h"
#include "proto/graph/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dst[256];

	if (challenge_claims(slice_of((const char *)data, size), dst, sizeof(dst)) == ERR_OK)
		CHECK(strlen(dst) < sizeof(dst));
	return 0;
}
