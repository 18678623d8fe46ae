#include "base/check.h"
#include "proto/graph/json.h"
#include "proto/graph/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body; its first bytes also serve as an address. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of((const char *)data, size);
	struct slice address = slice_sub(all, 0, USERS_EMAIL_MAX);
	struct users_match m;
	struct buf b;

	if (users_answer(all, SLICE_LIT("ana@acme.example"), &m) == ERR_OK && m.class == PERSON_GOOD)
		CHECK(graph_is_guid(slice_str(m.id)));
	buf_init(&b, 8192);
	users_query(&b, "https://g", address);
	CHECK(buf_err(&b) == ERR_OK && slice_find(buf_view(&b), ' ') == b.n);
	CHECK(slice_find(buf_view(&b), '\'') == b.n && slice_find(buf_view(&b), '#') == b.n);
	buf_fini(&b);
	return 0;
}
