#include "base/check.h"
#include "proto/graph/person.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A page of the directory: rows and where it goes on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct graph_person p;
	struct people_page page;
	struct buf b;

	if (people_page_parse(slice_of((const char *)data, size), &page) != ERR_OK)
		return 0;
	for (json_t *row = people_page_row(&page); row; row = people_page_row(&page)) {
		if (person_read(row, "extensionAttribute1", &p))
			CHECK(graph_is_guid(slice_str(p.id)) && p.addresses_n <= PERSON_ADDRESSES_MAX &&
			      p.class < PERSON_CLASS_COUNT);
		json_decref(row);
	}
	buf_init(&b, PEOPLE_LINK_MAX + 100);
	if (page.next && people_link(&b, slice_str(page.next), "https://g",
				     "https://graph.microsoft.com") == ERR_OK)
		CHECK(slice_starts(buf_view(&b), "https://g/"));
	buf_fini(&b);
	people_page_fini(&page);
	return 0;
}
