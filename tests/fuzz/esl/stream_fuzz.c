#include "base/check.h"
#include "proto/esl/esl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_event(const struct esl_frame *f)
{
	char name[24], id[40];
	const struct esl_want wants[] = { { "Event-Name", name, sizeof(name) },
					  { "Unique-ID", id, sizeof(id) } };

	if (esl_event_read(f->body, f->json, wants, 2) == ERR_OK)
		CHECK(memchr(name, '\0', sizeof(name)) && memchr(id, '\0', sizeof(id)));
}

/* Frames of one stream, given at once and byte by byte: the same number of them, and the same end.
 */
static int frames(struct slice all, size_t step, enum err *ret_e)
{
	struct esl_stream s = { 0 };
	enum err e = ERR_AGAIN;
	int n = 0;

	for (size_t at = 0; at < all.n && e == ERR_AGAIN; at += step) {
		struct esl_frame f;

		e = esl_stream_add(&s, slice_sub(all, at, at + step));
		CHECK(e == ERR_OK);
		while ((e = esl_stream_next(&s, &f)) == ERR_OK) {
			n++;
			if (f.kind == ESL_EVENT)
				use_event(&f);
		}
	}
	esl_stream_fini(&s);
	*ret_e = e;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of((const char *)data, size);
	enum err once = ERR_AGAIN, bytewise = ERR_AGAIN;
	int a = frames(all, size ? size : 1, &once), b = frames(all, 1, &bytewise);

	CHECK(a == b);
	CHECK(once == bytewise || size > ESL_HEAD_MAX);
	return 0;
}
