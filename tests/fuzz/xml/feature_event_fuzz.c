#include "base/check.h"
#include "proto/xml/feature_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xml_reader *reader;
	struct feature_event f;

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	if (feature_event_read(reader, slice_of((const char *)data, size), &f))
		return 0;
	CHECK(f.kind <= FEATURE_FORWARD && f.forward <= FEATURE_FORWARD_NO_ANSWER);
	CHECK(strlen(f.to) <= FEATURE_TO_MAX);
	CHECK(f.kind == FEATURE_FORWARD || (!f.forward && !f.to[0]) || f.kind == FEATURE_OTHER);
	return 0;
}
