/* A list notification: the first line is the Content-Type, the rest the body. */
#include "base/check.h"
#include "proto/xml/dialog_info.h"
#include "proto/xml/multipart.h"
#include "proto/xml/rlmi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xml_reader *reader;

static void inside(struct slice whole, struct slice part)
{
	CHECK(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void read_part(const struct multipart_part *part)
{
	static struct rlmi list;
	struct dialog_info d;

	if (dialog_info_read(reader, part->body, &d) == ERR_OK || rlmi_read(reader, part->body, &list))
		return;
	CHECK(list.n <= RLMI_MAX && list.text_n <= RLMI_TEXT_MAX);
	for (uint32_t i = 0; i < list.n; i++)
		CHECK(strlen(rlmi_text(&list, list.list[i].uri)) && list.list[i].cid < list.text_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size), whole = rest, type;
	struct multipart m, inner;
	struct multipart_part part, deep;

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	if (!slice_split(&rest, '\n', &type) || multipart_open(&m, type, rest))
		return 0;
	while (multipart_next(&m, &part)) {
		inside(whole, part.content_type);
		inside(whole, part.content_id);
		inside(whole, part.body);
		read_part(&part);
		if (!multipart_is(part.content_type) || multipart_open_nested(&inner, &m, &part))
			continue;
		while (multipart_next(&inner, &deep))
			inside(part.body, deep.body);
	}
	return 0;
}
