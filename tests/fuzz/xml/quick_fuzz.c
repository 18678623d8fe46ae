#include "../../unit/proto/xml/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the quick reader takes, expat must read alike. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xml_reader *reader;

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	(void)trace_compare(reader, slice_of((const char *)data, size), NULL, false);
	(void)trace_compare(reader, slice_of((const char *)data, size), "dialog", false);
	return 0;
}
