#include "base/check.h"
#include "proto/graph/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const struct batch_part *p)
{
	size_t *n = arg;

	CHECK(p->status >= 100 && p->status <= 999);
	*n += 1 + p->retry_after.n + p->request_id.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;

	if (batch_answer(slice_of((const char *)data, size), take, &n) == ERR_OK)
		CHECK(n <= size);
	return 0;
}
