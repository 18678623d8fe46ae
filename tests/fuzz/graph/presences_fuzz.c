#include "base/check.h"
#include "proto/graph/presences.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const struct presences_row *r)
{
	size_t *n = arg;

	*n += r->id.n + strlen(r->availability) + strlen(r->activity);
	CHECK(strlen(r->availability) < sizeof(r->availability));
	CHECK(strlen(r->activity) < sizeof(r->activity) && strlen(r->sequence) < sizeof(r->sequence));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;

	if (presences_answer(slice_of((const char *)data, size), take, &n) == ERR_OK)
		CHECK(n <= size * 2);
	return 0;
}
