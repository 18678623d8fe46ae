#include <stdlib.h>

#include "base/check.h"
#include "proto/graph/base64.h"
#include "proto/graph/roles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ALL = PERMITS_SET | PERMITS_READ | PERMITS_LOOK_UP | PERMITS_GROUPS };

static void read_token(struct slice access)
{
	uint32_t permits = 0xdead0000;

	if (token_roles(access, &permits) == ERR_OK)
		CHECK((permits & ~(uint32_t)ALL) == 0);
	else
		CHECK(permits == 0xdead0000); /* untouched on failure */
}

/* As a token, and as the middle of one: base64 hides the JSON from a fuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice raw = slice_of((const char *)data, size);
	struct buf token;

	read_token(raw);
	buf_init(&token, 4 * size + 64);
	buf_str(&token, "e30.");
	base64url_put(&token, raw.p, raw.n);
	buf_str(&token, ".x");
	if (buf_err(&token) == ERR_OK)
		read_token(buf_view(&token));
	buf_fini(&token);
	return 0;
}
