#include "proto/sip/stream.h"

#include "proto/sip/msg.h"

/* One read of the shell may come on top of a message that still waits for its end. */
enum { READ_MAX = 1 << 20 };

void sip_stream_init(struct sip_stream *s)
{
	*s = (struct sip_stream){ 0 };
	buf_init(&s->in, SIP_MSG_MAX + READ_MAX);
}

void sip_stream_fini(struct sip_stream *s)
{
	buf_fini(&s->in);
}

enum err sip_stream_add(struct sip_stream *s, struct slice bytes)
{
	if (s->broken)
		return ERR_LIMIT;
	buf_eat(&s->in, s->at);
	s->at = 0;
	buf_slice(&s->in, bytes);
	s->broken = buf_err(&s->in) != ERR_OK;
	return buf_err(&s->in);
}

static struct slice unread(const struct sip_stream *s)
{
	return slice_sub(buf_view(&s->in), s->at, s->in.n);
}

/* False when only line ends wait. */
static bool skip_pings(struct sip_stream *s)
{
	struct slice in = unread(s);
	size_t n = 0;

	while (n < in.n && (in.p[n] == '\r' || in.p[n] == '\n'))
		n++;
	/* a lone CR LF may be the first half of a ping */
	if (n == in.n && n < 4)
		return false;
	if (n >= 4)
		s->pings++;
	if (n)
		s->scanned = 0;
	s->at += n;
	return n < in.n;
}

/* Length of the header section with its empty line, 0: not yet complete. */
static size_t head_end(struct sip_stream *s)
{
	struct slice all = unread(s);

	for (size_t i = s->scanned; i < all.n; i++) {
		i += slice_find(slice_sub(all, i, all.n), '\n');
		if (i + 1 < all.n && all.p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < all.n && all.p[i + 1] == '\r' && all.p[i + 2] == '\n')
			return i + 3;
	}
	s->scanned = all.n > 3 ? all.n - 3 : 0;
	return 0;
}

/* The value of Content-Length; a stream needs it (RFC 3261 18.3), yet a message without a body is
 * let through without one. */
static enum err body_length(struct slice head, uint64_t *ret)
{
	struct slice rest = head, line;

	*ret = 0;
	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (colon == line.n ||
		    sip_header_find(slice_trim(slice_sub(line, 0, colon))) != SIP_CONTENT_LENGTH)
			continue;
		struct slice value = slice_trim(slice_sub(line, colon + 1, line.n));

		/* folded: the number stands on the next line */
		if (value.n == 0 && slice_split(&rest, '\n', &line))
			value = slice_trim(line);
		return slice_u64(value, SIP_MSG_MAX, ret);
	}
	return ERR_OK;
}

enum err sip_stream_next(struct sip_stream *s, struct slice *ret)
{
	uint64_t body;
	enum err e;

	if (s->broken)
		return ERR_MALFORMED;
	if (!skip_pings(s))
		return ERR_AGAIN;
	size_t head = head_end(s);
	struct slice in = unread(s);
	if (head == 0) {
		s->broken = in.n > SIP_MSG_MAX;
		return s->broken ? ERR_LIMIT : ERR_AGAIN;
	}
	e = body_length(slice_sub(in, 0, head), &body);
	if (e == ERR_OK && head + body > SIP_MSG_MAX)
		e = ERR_LIMIT;
	if (e) {
		s->broken = true;
		return e;
	}
	if (in.n < head + body)
		return ERR_AGAIN;
	s->at += head + body;
	s->scanned = 0;
	*ret = slice_sub(in, 0, head + body);
	return ERR_OK;
}

uint32_t sip_stream_pings(struct sip_stream *s)
{
	uint32_t n = s->pings;

	s->pings = 0;
	return n;
}
