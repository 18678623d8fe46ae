/* The heads of CSTA over TCP (ECMA-323 annex J.2), read and written. */
#include "proto/csta/frame.h"

#include "test.h"

#define FRAME(length, invoke, xml) "\0\0" length invoke xml

/* An event, an answer, a head alone, and an event again. */
static const char session[] = FRAME("\0\x0c", "9999", "<a/>") FRAME("\0\x0d", "0007", "<bc/>")
	FRAME("\0\x08", "0000", "") FRAME("\0\x0b", "9998", "<d>");

static const struct {
	uint16_t invoke;
	const char *xml;
} frames[] = { { 9999, "<a/>" }, { 7, "<bc/>" }, { 0, "" }, { 9998, "<d>" } };

static enum err take(struct csta_stream *s, size_t *n)
{
	struct csta_frame f;
	enum err e;

	while ((e = csta_stream_next(s, &f)) == ERR_OK) {
		assert_true(*n < ARRAY_LEN(frames));
		assert_int_equal(f.invoke, frames[*n].invoke);
		assert_slice(f.xml, frames[*n].xml);
		(*n)++;
	}
	return e;
}

static void every_cut(void **state)
{
	size_t all = sizeof(session) - 1;

	(void)state;
	for (size_t cut = 0; cut <= all; cut++) {
		struct csta_stream s = { 0 };
		size_t n = 0;

		assert_int_equal(csta_stream_add(&s, slice_of(session, cut)), ERR_OK);
		assert_int_equal(take(&s, &n), ERR_AGAIN);
		assert_int_equal(csta_stream_add(&s, slice_of(session + cut, all - cut)), ERR_OK);
		assert_int_equal(take(&s, &n), ERR_AGAIN);
		assert_int_equal(n, ARRAY_LEN(frames));
		csta_stream_fini(&s);
	}
}

static void byte_by_byte(void **state)
{
	struct csta_stream s = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(session) - 1; i++) {
		assert_int_equal(csta_stream_add(&s, slice_of(session + i, 1)), ERR_OK);
		assert_int_equal(take(&s, &n), ERR_AGAIN);
	}
	assert_int_equal(n, ARRAY_LEN(frames));
	csta_stream_fini(&s);
}

/* A stream that needs nothing more than its first bytes to be known for what it is. */
static enum err first(const char *bytes, size_t n)
{
	struct csta_stream s = { 0 };
	struct csta_frame f;
	enum err e;

	assert_int_equal(csta_stream_add(&s, slice_of(bytes, n)), ERR_OK);
	e = csta_stream_next(&s, &f);
	csta_stream_fini(&s);
	return e;
}

static void lengths(void **state)
{
	(void)state;
	for (char length = 0; length <= 9; length++) {
		char bytes[9] = { 0, 0, 0, length, '0', '0', '0', '1', '<' };

		for (size_t n = 0; n <= sizeof(bytes); n++) {
			enum err want = length < 8 && n >= 4 ? ERR_MALFORMED
					: n >= 8 && length >= 8 && n >= (size_t)length ? ERR_OK
										       : ERR_AGAIN;

			assert_int_equal(first(bytes, n), want);
		}
	}
}

static void the_longest(void **state)
{
	static char bytes[CSTA_FRAME_MAX] = { 0, 0, '\xff', '\xff', '1', '2', '3', '4' };
	struct csta_stream s = { 0 };
	struct csta_frame f;

	(void)state;
	memset(bytes + CSTA_HEAD, 'x', sizeof(bytes) - CSTA_HEAD);
	assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes) - 1)), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_AGAIN);
	assert_int_equal(csta_stream_add(&s, SLICE_LIT("y")), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_OK);
	assert_int_equal(f.invoke, 1234);
	assert_int_equal(f.xml.n, CSTA_FRAME_MAX - CSTA_HEAD);
	assert_int_equal(f.xml.p[f.xml.n - 1], 'y');
	csta_stream_fini(&s);
}

static void what_is_no_csta(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{ "\1\0\0\x0c"
		  "0001<a/>",
		  12 }, /* SOAP */
		{ "\0\1\0\x0c"
		  "0001<a/>",
		  12 },
		{ "SSH-2.0-", 8 },
		{ "\x1", 1 },
		{ "\0\x1", 2 },
		{ "<?xml version", 13 },
		{ "\0\0\0\x0c"
		  "000a<a/>",
		  12 },
		{ "\0\0\0\x0c"
		  " 001<a/>",
		  12 },
		{ "\0\0\0\x0c"
		  "-001<a/>",
		  12 },
		{ "\0\0\0\x0c"
		  "00\0001<a/>",
		  12 },
		{ "\0\0\0\x0c"
		  "x",
		  5 },
		{ "\0\0\0\x0c"
		  "\xb2",
		  5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(first(rows[i].bytes, rows[i].n), ERR_MALFORMED);
}

/* A head that says 0x0441 before a body of 353 bytes, met in the field: what follows is taken for
 * the rest of it, and the stream is lost with the next head. */
static void a_head_that_lies(void **state)
{
	static char bytes[CSTA_HEAD + 353] = { 0, 0, 0x04, 0x41, '0', '0', '0', '1' };
	struct csta_stream s = { 0 };
	struct csta_frame f;

	(void)state;
	memset(bytes + CSTA_HEAD, 'x', 353);
	assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes))), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_AGAIN);
	for (int i = 0; i < 2; i++)
		assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes))), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_AGAIN);
	assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes))), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_OK);
	assert_int_equal(f.xml.n, 0x0441 - CSTA_HEAD);
	assert_int_equal(csta_stream_next(&s, &f), ERR_MALFORMED);
	csta_stream_fini(&s);
}

static void too_much_unread(void **state)
{
	static char bytes[1 << 20];
	struct csta_stream s = { 0 };

	(void)state;
	assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes))), ERR_OK);
	assert_int_equal(csta_stream_add(&s, slice_of(bytes, sizeof(bytes))), ERR_LIMIT);
	csta_stream_fini(&s);
	assert_int_equal(csta_stream_add(&s, SLICE_LIT("\0")), ERR_OK);
	csta_stream_fini(&s);
}

static void written(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, CSTA_FRAME_MAX);
	buf_str(&b, "what was there before");
	csta_frame_begin(&b);
	buf_str(&b, "<a/>");
	assert_int_equal(csta_frame_end(&b, 42), ERR_OK);
	assert_memory_equal(b.p,
			    "\0\0\0\x0c"
			    "0042<a/>",
			    12);
	assert_int_equal(b.n, 12);
	csta_frame_begin(&b);
	assert_int_equal(csta_frame_end(&b, CSTA_EVENT), ERR_OK);
	assert_memory_equal(b.p,
			    "\0\0\0\x08"
			    "9999",
			    8);
	buf_fini(&b);
}

static void written_at_the_limit(void **state)
{
	static char xml[CSTA_FRAME_MAX];
	struct buf b, wide;

	(void)state;
	buf_init(&b, CSTA_FRAME_MAX);
	buf_init(&wide, 2 * CSTA_FRAME_MAX);
	csta_frame_begin(&b);
	buf_add(&b, xml, CSTA_FRAME_MAX - CSTA_HEAD);
	assert_int_equal(csta_frame_end(&b, 1), ERR_OK);
	assert_memory_equal(b.p,
			    "\0\0\xff\xff"
			    "0001",
			    8);
	buf_char(&b, 'x');
	assert_int_equal(csta_frame_end(&b, 1), ERR_LIMIT);
	csta_frame_begin(&b); /* a frame that was too long does not spoil the next one */
	assert_int_equal(csta_frame_end(&b, 1), ERR_OK);
	csta_frame_begin(&wide);
	buf_add(&wide, xml, CSTA_FRAME_MAX - CSTA_HEAD + 1);
	assert_int_equal(csta_frame_end(&wide, 1), ERR_LIMIT);
	buf_fini(&b);
	buf_fini(&wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(lengths),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(what_is_no_csta),
		cmocka_unit_test(a_head_that_lies),
		cmocka_unit_test(too_much_unread),
		cmocka_unit_test(written),
		cmocka_unit_test(written_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
