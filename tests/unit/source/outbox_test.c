#include "source/outbox.h"

#include <stdlib.h>

#include "test.h"

enum { PIECE = 1 << 20, FIT = 64 };

/* What does not fit is lost alone and counted; what waits already comes out whole, and what has no bytes
 * still finds room. */
static void test_full(void **state)
{
	struct outbox o = { 0 };
	struct source_out out;
	char *piece = malloc(PIECE);

	(void)state;
	assert_non_null(piece);
	for (int i = 0; i < FIT + 2; i++) {
		memset(piece, 'a' + i % 26, PIECE);
		outbox_send(&o, (uint32_t)i, NULL, (struct slice){ piece, PIECE });
	}
	outbox_plain(&o, OUT_UP, ID_NONE);
	assert_int_equal(o.counters[NOTE_LOST], 2);
	assert_int_equal(o.sent, FIT);
	for (int i = 0; i < FIT; i++) {
		assert_true(outbox_drain(&o, &out));
		assert_int_equal(out.kind, OUT_SEND);
		assert_int_equal(out.channel, i);
		assert_int_equal(out.bytes.n, PIECE);
		assert_int_equal(out.bytes.p[0], 'a' + i % 26);
		assert_int_equal(out.bytes.p[PIECE - 1], 'a' + i % 26);
	}
	assert_true(outbox_drain(&o, &out));
	assert_int_equal(out.kind, OUT_UP);
	assert_false(outbox_drain(&o, &out));
	outbox_send(&o, 7, NULL, SLICE_LIT("again")); /* drained: there is room again */
	assert_true(outbox_drain(&o, &out));
	assert_true(slice_is(out.bytes, "again"));
	assert_int_equal(o.counters[NOTE_LOST], 2);
	outbox_fini(&o);
	free(piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_full) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
