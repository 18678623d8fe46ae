/* Any bytes as a manager's stream. The first byte says how it is cut; the packets that come out must
 * not depend on that, and every line must lie inside its packet. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/ami/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t hash_packet(const struct ami_packet *p)
{
	uint64_t h = slice_hash(p->name, p->kind) ^ slice_hash(ami_get(p, "Message"), 7);

	for (uint32_t i = 0; i < p->n; i++) {
		struct slice line = slice_of(p->p + p->lines[i].at, p->lines[i].n);

		if (line.n == 0 || p->lines[i].at + line.n > AMI_PACKET_MAX || memchr(line.p, '\n', line.n))
			abort();
		h = h * 31 + slice_hash(line, 1);
	}
	return h;
}

static uint64_t run(struct slice all, size_t step)
{
	struct ami_stream s;
	struct ami_packet p;
	struct slice banner;
	uint64_t h = 0;
	enum err greeted = ERR_AGAIN;

	if (ami_stream_init(&s))
		abort();
	for (size_t at = 0; at < all.n && greeted != ERR_MALFORMED; at += step) {
		enum err e = ami_stream_add(&s, slice_sub(all, at, at + step));

		if (e)
			abort();
		if (greeted == ERR_AGAIN)
			greeted = ami_stream_banner(&s, &banner);
		while (greeted == ERR_OK && (e = ami_stream_next(&s, &p)) != ERR_AGAIN)
			h = h * 31 + (e ? 17 : hash_packet(&p));
	}
	ami_stream_fini(&s);
	return greeted == ERR_MALFORMED ? 1 : h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 1 << 19)
		return 0;
	const struct slice all = slice_of((const char *)data + 1, size - 1);

	if (run(all, all.n) != run(all, data[0] % 64 + 1))
		abort();
	return 0;
}
