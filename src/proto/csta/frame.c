#include "proto/csta/frame.h"

enum { PENDING_MAX = 1 << 20 };

void csta_stream_fini(struct csta_stream *s)
{
	buf_fini(&s->in);
	*s = (struct csta_stream){ 0 };
}

/* Consumed bytes go when new ones come: frames given out stand until then. */
enum err csta_stream_add(struct csta_stream *s, struct slice bytes)
{
	if (s->in.max == 0)
		buf_init(&s->in, CSTA_FRAME_MAX + PENDING_MAX);
	if (s->at) {
		buf_eat(&s->in, s->at);
		s->at = 0;
	}
	buf_slice(&s->in, bytes);
	return buf_err(&s->in);
}

static size_t length_of(struct slice head)
{
	return (size_t)(unsigned char)head.p[2] << 8 | (unsigned char)head.p[3];
}

/* As much of a head as is there; a stream of another kind is known by its first bytes. */
static bool head_can_be(struct slice rest)
{
	for (size_t i = 0; i < 2 && i < rest.n; i++)
		if (rest.p[i] != '\0')
			return false;
	if (rest.n >= 4 && length_of(rest) < CSTA_HEAD)
		return false;
	for (size_t i = 4; i < CSTA_HEAD && i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	return true;
}

enum err csta_stream_next(struct csta_stream *s, struct csta_frame *ret)
{
	struct slice rest = slice_sub(buf_view(&s->in), s->at, s->in.n);
	uint64_t invoke;

	if (!head_can_be(rest))
		return ERR_MALFORMED;
	if (rest.n < CSTA_HEAD || rest.n < length_of(rest))
		return ERR_AGAIN;
	if (slice_u64(slice_sub(rest, 4, CSTA_HEAD), CSTA_EVENT, &invoke))
		return ERR_MALFORMED;
	*ret = (struct csta_frame){ (uint16_t)invoke, slice_sub(rest, CSTA_HEAD, length_of(rest)) };
	s->at += length_of(rest);
	return ERR_OK;
}

void csta_frame_begin(struct buf *b)
{
	buf_reset(b);
	buf_add(b,
		"\0\0\0\0"
		"0000",
		CSTA_HEAD);
}

enum err csta_frame_end(struct buf *b, uint16_t invoke)
{
	size_t n = b->n;

	if (buf_err(b))
		return buf_err(b);
	if (n > CSTA_FRAME_MAX)
		return ERR_LIMIT;
	b->p[2] = (char)(n >> 8);
	b->p[3] = (char)(n & 0xff);
	for (int i = 7; i >= 4; i--, invoke /= 10)
		b->p[i] = (char)('0' + invoke % 10);
	return ERR_OK;
}
