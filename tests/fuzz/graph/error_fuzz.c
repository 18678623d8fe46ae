#include "base/check.h"
#include "proto/graph/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct graph_error e;
	char line[120];

	enum err r = graph_error_parse(slice_of((const char *)data, size), &e);
	graph_error_line(&e, line, sizeof(line));
	CHECK((r == ERR_OK) == (e.code[0] || e.message[0]));
	CHECK(strlen(line) < sizeof(line) && !strchr(line, '\n'));
	return 0;
}
