#include "test.h"

#include "proto/http/framing.h"

/* Headers as "name:value" up to NULL; a fault or none. */
static void rows(void **state)
{
	static const struct {
		bool bad;
		const char *headers[4];
	} cases[] = {
		{ false, { NULL } },
		{ false, { "Host:a", "Content-Length:5", NULL } },
		{ false, { "Host:a", "Transfer-Encoding:Chunked", NULL } },
		{ true, { "Host:a", "hOst:a", NULL } },
		{ true, { "Content-Length:5", "Content-Length:5", NULL } },
		{ true, { "Content-Length:5", "content-length:6", NULL } },
		{ true, { "Content-Length:5", "Transfer-Encoding:chunked", NULL } },
		{ true, { "Transfer-Encoding:chunked", "Transfer-Encoding:chunked", NULL } },
		{ true, { "Transfer-Encoding:gzip, chunked", NULL } },
		{ true, { "Transfer-Encoding:identity", NULL } },
		{ true, { "Content-Length :5", NULL } },
		{ true, { " Content-Length:5", NULL } },
		{ true, { ":5", NULL } },
		{ true, { "X\tY:5", NULL } },
		{ true, { "X(Y:5", NULL } },
		{ true, { "X\xc3\xa4:5", NULL } },
		{ false, { "X-Y_z!#$%&'*+.^`|~9:5", NULL } },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_framing f = { 0 };

		for (const char *const *h = cases[i].headers; *h; h++) {
			struct slice all = slice_str(*h);
			size_t colon = slice_find(all, ':');

			http_framing_header(&f, slice_sub(all, 0, colon),
					    slice_sub(all, colon + 1, all.n));
		}
		if ((http_framing_fault(&f) != NULL) != cases[i].bad)
			fail_msg("%zu: %s", i,
				 http_framing_fault(&f) ? http_framing_fault(&f) : "good");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rows) };

	return cmocka_run_group_tests_name("proto/http/framing", tests, NULL, NULL);
}
