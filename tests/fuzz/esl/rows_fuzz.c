#include "base/check.h"
#include "proto/esl/esl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(const struct esl_row *row, void *arg)
{
	(void)arg;
	CHECK(memchr(row->uuid, '\0', sizeof(row->uuid)) &&
	      memchr(row->callstate, '\0', sizeof(row->callstate)));
	CHECK(memchr(row->realm, '\0', sizeof(row->realm)) &&
	      memchr(row->name, '\0', sizeof(row->name)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum err e = esl_rows_read(slice_of((const char *)data, size), see, NULL);

	CHECK(e == ERR_OK || e == ERR_MALFORMED || e == ERR_DENIED);
	return 0;
}
