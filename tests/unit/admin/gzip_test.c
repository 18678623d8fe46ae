/* Pieces packed once are read in any stream they are put into; zlib's own reader judges. */
#include "test.h"

#include <zlib.h>

#include "admin/gzip.h"

static char packed[1 << 20], text[1 << 20];
static size_t packed_n;

static void put(const void *p, size_t n)
{
	memcpy(packed + packed_n, p, n);
	packed_n += n;
}

/* What zlib makes of packed; its answer to the end. */
static int unpack(size_t *n)
{
	z_stream z = {.next_in = (Bytef *)packed, .avail_in = (uInt)packed_n,
		      .next_out = (Bytef *)text, .avail_out = sizeof(text)};
	int got;

	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	got = inflate(&z, Z_SYNC_FLUSH);
	*n = sizeof(text) - z.avail_out;
	inflateEnd(&z);
	return got;
}

static void pieces_fit_into_any_stream(void **state)
{
	static const char *const words[] = {"event: hello\n\n", "", "event: users\ndata: [1,2,3]\n\n",
					    "event: users\ndata: [1,2,3]\n\n"};
	static const int orders[][4] = {{0, 1, 2, 3}, {2, 2, 2, 0}, {3, 0, 1, 1}};
	struct buf piece[4];
	struct gzip *z;
	char edge[GZIP_HEAD];
	(void)state;

	assert_int_equal(gzip_new(&z), ERR_OK);
	for (int i = 0; i < 4; i++) {
		buf_init(&piece[i], 1000);
		assert_int_equal(gzip_piece(z, slice_str(words[i]), &piece[i]), ERR_OK);
	}
	for (size_t k = 0; k < ARRAY_LEN(orders); k++) {
		struct gzip_sum sum = {0};
		char expected[200] = "";
		size_t n;

		packed_n = 0;
		gzip_head(edge);
		put(edge, GZIP_HEAD);
		for (int i = 0; i < 4; i++) {
			const int w = orders[k][i];

			put(piece[w].p, piece[w].n);
			sum = gzip_sum_add(sum, gzip_sum_of(slice_str(words[w])));
			memcpy(expected + strlen(expected), words[w], strlen(words[w]) + 1);
			/* every piece can be read at once: nothing waits for the next */
			assert_int_equal(unpack(&n), Z_OK);
			assert_int_equal(n, strlen(expected));
			assert_memory_equal(text, expected, n);
		}
		gzip_tail(sum, edge);
		put(edge, GZIP_TAIL);
		assert_int_equal(unpack(&n), Z_STREAM_END); /* length and checksum were right */
		assert_memory_equal(text, expected, n);
	}
	for (int i = 0; i < 4; i++)
		buf_fini(&piece[i]);
	gzip_free(z);
}

/* Longer than any room inside; what does not fit is said. */
static void long_pieces(void **state)
{
	static char noise[300000];
	uint32_t seed = 7;
	struct buf piece;
	struct gzip *z;
	char head[GZIP_HEAD];
	size_t n;
	(void)state;

	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1664525u + 1013904223u;
		noise[i] = (char)(seed >> 24);
	}
	assert_int_equal(gzip_new(&z), ERR_OK);
	buf_init(&piece, 400000);
	for (size_t size = 4000; size < sizeof(noise); size = size < 5000 ? size + 1 : size + 100000) {
		buf_reset(&piece);
		assert_int_equal(gzip_piece(z, slice_of(noise, size), &piece), ERR_OK);
		packed_n = 0;
		gzip_head(head);
		put(head, GZIP_HEAD);
		put(piece.p, piece.n);
		assert_int_equal(unpack(&n), Z_OK);
		assert_int_equal(n, size);
		assert_memory_equal(text, noise, n);
	}
	buf_fini(&piece);
	buf_init(&piece, 1000);
	assert_int_equal(gzip_piece(z, slice_of(noise, 5000), &piece), ERR_LIMIT);
	buf_fini(&piece);
	gzip_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_fit_into_any_stream),
	    cmocka_unit_test(long_pieces),
	};
	return cmocka_run_group_tests_name("admin/gzip", tests, NULL, NULL);
}
