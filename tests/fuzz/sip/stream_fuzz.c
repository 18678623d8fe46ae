/* Any bytes as a stream. The first byte says how it is cut; the messages that come out must not
 * depend on that. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/sip/msg.h"
#include "proto/sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hash of the messages, and how it ended. */
static uint64_t run(struct slice all, size_t step, bool *ret_broken)
{
	struct sip_stream s;
	struct slice m;
	uint64_t h = 0;
	enum err e = ERR_AGAIN;

	sip_stream_init(&s);
	for (size_t at = 0; at < all.n && (e == ERR_OK || e == ERR_AGAIN); at += step) {
		e = sip_stream_add(&s, slice_sub(all, at, at + step));
		while (e == ERR_OK) {
			e = sip_stream_next(&s, &m);
			if (e == ERR_OK && (m.n == 0 || m.n > SIP_MSG_MAX))
				abort();
			if (e == ERR_OK)
				h = h * 31 + slice_hash(m, 1);
		}
	}
	*ret_broken = e != ERR_AGAIN && e != ERR_OK;
	sip_stream_fini(&s);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool broken_whole, broken_cut;

	if (size < 2 || size > SIP_MSG_MAX)
		return 0;
	const struct slice all = slice_of((const char *)data + 1, size - 1);
	uint64_t whole = run(all, all.n, &broken_whole),
		 cut = run(all, data[0] % 64 + 1, &broken_cut);
	if (whole != cut || broken_whole != broken_cut)
		abort();
	return 0;
}
