#include "proto/sip/msg.h"
#include "proto/sip/stream.h"

#include "test.h"

static const char three[] = "\r\n\r\nOPTIONS sip:a SIP/2.0\r\nContent-Length:   5\r\n\r\nhello"
			    "NOTIFY sip:b SIP/2.0\r\nl:\r\n 2\r\n\r\nab\r\n\r\n"
			    "SIP/2.0 200 OK\r\nVia: x\r\n\r\n";
static const char *const want[] = {
	"OPTIONS sip:a SIP/2.0\r\nContent-Length:   5\r\n\r\nhello",
	"NOTIFY sip:b SIP/2.0\r\nl:\r\n 2\r\n\r\nab",
	"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
};

/* The same messages come out however the stream is cut in two. */
static void test_any_cut(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(three); cut++) {
		struct sip_stream s;
		struct slice m, parts[2] = { slice_of(three, cut),
					     slice_of(three + cut, sizeof(three) - 1 - cut) };
		size_t got = 0;

		sip_stream_init(&s);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(sip_stream_add(&s, parts[i]), ERR_OK);
			while (sip_stream_next(&s, &m) == ERR_OK) {
				assert_true(got < ARRAY_LEN(want));
				assert_slice(m, want[got]);
				got++;
			}
		}
		assert_int_equal(got, ARRAY_LEN(want));
		assert_in_range(sip_stream_pings(&s), 1, 2);
		assert_int_equal(sip_stream_pings(&s), 0);
		sip_stream_fini(&s);
	}
}

static void test_byte_by_byte(void **state)
{
	struct sip_stream s;
	struct slice m;
	size_t got = 0;

	(void)state;
	sip_stream_init(&s);
	for (size_t i = 0; i < sizeof(three) - 1; i++) {
		assert_int_equal(sip_stream_add(&s, slice_of(three + i, 1)), ERR_OK);
		while (sip_stream_next(&s, &m) == ERR_OK) {
			assert_slice(m, want[got]);
			got++;
		}
	}
	assert_int_equal(got, 3);
	sip_stream_fini(&s);
}

/* Line ends that wait alone are no message, in whatever number. */
static void test_lone_line_ends(void **state)
{
	static const char *const ends[] = { "\n",     "\r\n",	  "\n\r\n",
					    "\r\n\r", "\r\n\r\n", "\n\n\n\n\n\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct sip_stream s;
		struct slice m;

		sip_stream_init(&s);
		assert_int_equal(sip_stream_add(&s, slice_str(ends[i])), ERR_OK);
		assert_int_equal(sip_stream_next(&s, &m), ERR_AGAIN);
		assert_int_equal(sip_stream_add(&s, SLICE_LIT("A b SIP/2.0\r\n\r\n")), ERR_OK);
		assert_int_equal(sip_stream_next(&s, &m), ERR_OK);
		assert_slice(m, "A b SIP/2.0\r\n\r\n");
		sip_stream_fini(&s);
	}
}

static enum err feed(const char *text, size_t pad)
{
	struct sip_stream s;
	struct slice m;
	char x[1024];
	enum err e;

	memset(x, 'x', sizeof(x));
	sip_stream_init(&s);
	assert_int_equal(sip_stream_add(&s, slice_str(text)), ERR_OK);
	for (; pad; pad -= pad < sizeof(x) ? pad : sizeof(x))
		assert_int_equal(sip_stream_add(&s, slice_of(x, pad < sizeof(x) ? pad : sizeof(x))),
				 ERR_OK);
	e = sip_stream_next(&s, &m);
	if (e != ERR_OK && e != ERR_AGAIN) {
		assert_true(s.broken);
		assert_int_not_equal(sip_stream_add(&s, SLICE_LIT("more")), ERR_OK);
		assert_int_not_equal(sip_stream_next(&s, &m), ERR_OK);
	}
	sip_stream_fini(&s);
	return e;
}

static void test_broken(void **state)
{
	(void)state;
	assert_int_equal(feed("A b SIP/2.0\r\nX: ", SIP_MSG_MAX), ERR_LIMIT);
	assert_int_equal(feed("A b SIP/2.0\r\nX: ", SIP_MSG_MAX - 100), ERR_AGAIN);
	assert_int_equal(feed("A b SIP/2.0\r\nContent-Length: 65536\r\n\r\n", 0), ERR_LIMIT);
	assert_int_equal(feed("A b SIP/2.0\r\nContent-Length: 99999999999999999999999\r\n\r\n", 0),
			 ERR_LIMIT);
	assert_int_equal(feed("A b SIP/2.0\r\nContent-Length: -1\r\n\r\n", 0), ERR_MALFORMED);
	assert_int_equal(feed("A b SIP/2.0\r\nContent-Length: 1 2\r\n\r\n", 0), ERR_MALFORMED);
	assert_int_equal(feed("A b SIP/2.0\r\nContent-Length: 65000\r\n\r\n", 65000), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_lone_line_ends),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
