/* What a capture may show of any stream. The first byte is the form; the rest is a stream. What must
 * hold: the configured secret is nowhere in what is shown, nor is any number of seven digits or more
 * that the stream had (smaller ones may stay where lengths and times stand) but as somebody's stand-in;
 * what is shown is ASCII; and the same is shown the second time. */
#include <stdlib.h>

#include "base/check.h"
#include "proto/redact/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUN_LEAST = 7, OUT_MAX = 64 << 20 };

#define SECRET "Vault-7Q"

static void redact_all(struct redact *r, enum redact_form form, struct slice s, struct buf *out)
{
	size_t n;

	while (s.n) {
		if (redact_cut(form, s, &n))
			n = s.n;
		CHECK(n && n <= s.n);
		redact_message(r, form, slice_sub(s, 0, n), out);
		redact_shape(slice_sub(s, 0, n), out);
		s = slice_sub(s, n, s.n);
		buf_char(out, '\n');
	}
}

static size_t run_at(struct slice s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
		n++;
	return n;
}

static bool is_shown(struct slice shown, struct slice run)
{
	for (size_t i = 0, n; i < shown.n; i += n ? n : 1) {
		n = run_at(shown, i);
		if (n == run.n && memcmp(shown.p + i, run.p, n) == 0)
			return true;
	}
	return false;
}

static void check(const struct redact *r, struct slice in, struct slice shown)
{
	CHECK(slice_find_str(shown, slice_str(SECRET)) == shown.n);
	for (size_t i = 0; i < shown.n; i++)
		CHECK((unsigned char)shown.p[i] < 0x80);
	for (size_t i = 0, n; i < in.n; i += n ? n : 1) {
		struct slice run = slice_sub(in, i, i + run_at(in, i));

		n = run.n;
		if (n >= RUN_LEAST && is_shown(shown, run))
			CHECK(redact_issued(r, run));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of((const char *)data + (size > 0), size - (size > 0));
	enum redact_form form = size ? (enum redact_form)(data[0] % (REDACT_BODY + 1)) : REDACT_SIP;
	struct redact *r;
	struct buf first, second;

	if (redact_new(&r, 1))
		return 0;
	buf_init(&first, OUT_MAX);
	buf_init(&second, OUT_MAX);
	CHECK(redact_secret(r, slice_str(SECRET)) == ERR_OK);
	redact_all(r, form, in, &first);
	redact_all(r, form, in, &second);
	CHECK(!buf_err(&first) && slice_eq(buf_view(&first), buf_view(&second)));
	check(r, in, buf_view(&first));
	buf_fini(&first);
	buf_fini(&second);
	redact_free(r);
	return 0;
}
