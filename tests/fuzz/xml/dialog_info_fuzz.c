#include "proto/xml/dialog_info.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xml_reader *reader;
	struct dialog_info d;

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	if (dialog_info_read(reader, slice_of((const char *)data, size), &d))
		return 0;
	CHECK(d.n <= DIALOG_INFO_MAX);
	for (uint32_t i = 0; i < d.n; i++)
		CHECK(d.list[i].state < DIALOG_STATE_COUNT && d.list[i].key);
	return 0;
}
