#include "base/check.h"
#include "base/slice.h"
#include "proto/http/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Header lines, as a library cuts them: at the first colon, the value trimmed. What is said of them must
 * not depend on their order. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size), line;
	struct http_framing f = { 0 }, once;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		once = (struct http_framing){ 0 };
		http_framing_header(&once, slice_sub(line, 0, colon),
				    slice_trim(slice_sub(line, colon + 1, line.n)));
		CHECK(once.hosts + once.lengths + once.bad_names + (once.encodings > 0) <= 1);
		f.hosts += once.hosts;
		f.lengths += once.lengths;
		f.encodings += once.encodings;
		f.bad_names += once.bad_names;
		if (http_framing_fault(&once))
			CHECK(http_framing_fault(&f)); /* nothing that follows mends it */
	}
	CHECK(!http_framing_fault(&f) == (!f.bad_names && f.hosts <= 1 && f.lengths + f.encodings <= 1));
	return 0;
}
