#include "proto/xml/pidf.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xml_reader *reader;
	struct pidf p = { 0 };

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	if (!pidf_read(reader, slice_of((const char *)data, size), &p))
		CHECK(!p.held || p.on_the_phone);
	return 0;
}
