/* CSTA over TCP: the same frames come out however the stream is cut, and each one written again is
 * what it was. The first byte says how it is cut. */
#include "base/check.h"
#include "proto/csta/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct csta_frame *f)
{
	struct buf b;

	buf_init(&b, CSTA_FRAME_MAX);
	csta_frame_begin(&b);
	buf_slice(&b, f->xml);
	CHECK(csta_frame_end(&b, f->invoke) == ERR_OK);
	/* the head stands right before the body, in the stream as in the buffer */
	if (f->xml.n)
		CHECK(memcmp(b.p, f->xml.p - CSTA_HEAD, b.n) == 0);
	buf_fini(&b);
}

/* Returns what came out: a hash of all frames, and of the end. */
static uint64_t read_all(struct slice bytes, size_t step)
{
	struct csta_stream s = { 0 };
	uint64_t hash = 7;
	enum err e = ERR_AGAIN;

	for (size_t at = 0; at < bytes.n && e == ERR_AGAIN; at += step) {
		struct csta_frame f;

		CHECK(csta_stream_add(&s, slice_sub(bytes, at, at + step)) == ERR_OK);
		while ((e = csta_stream_next(&s, &f)) == ERR_OK) {
			CHECK(f.invoke <= CSTA_EVENT && f.xml.n <= CSTA_FRAME_MAX - CSTA_HEAD);
			write_again(&f);
			hash = slice_hash(f.xml, hash * 31 + f.invoke + 1);
		}
		CHECK(e == ERR_AGAIN || e == ERR_MALFORMED);
	}
	csta_stream_fini(&s);
	return hash * 2 + (e == ERR_AGAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 1 << 17)
		return 0;
	struct slice all = slice_of((const char *)data + 1, size - 1);
	CHECK(read_all(all, all.n) == read_all(all, (size_t)data[0] + 1));
	return 0;
}
