#include "proto/esl/esl.h"

enum { KEEP_MAX = 65536 };

void esl_stream_fini(struct esl_stream *s)
{
	buf_fini(&s->in);
	*s = (struct esl_stream){ 0 };
}

/* Consumed bytes go when new ones come: frames handed out stand until then. */
enum err esl_stream_add(struct esl_stream *s, struct slice bytes)
{
	size_t skipped = s->skip < bytes.n ? s->skip : bytes.n;

	if (s->in.max == 0)
		buf_init(&s->in, ESL_HEAD_MAX + ESL_BODY_MAX + KEEP_MAX);
	s->skip -= skipped;
	bytes = slice_sub(bytes, skipped, bytes.n);
	if (s->at) {
		buf_eat(&s->in, s->at);
		s->at = 0;
	}
	buf_slice(&s->in, bytes);
	return buf_err(&s->in);
}

/* The head up to its empty line, without it; false: more is needed. */
static bool cut_head(struct esl_stream *s, struct slice rest, struct slice *ret_head, size_t *ret_n)
{
	size_t from = s->scanned > 3 ? s->scanned - 3 : 0;

	for (size_t i = from; i + 1 < rest.n; i++) {
		size_t n = rest.p[i] != '\n'						      ? 0
			   : rest.p[i + 1] == '\n'					      ? 2
			   : i + 2 < rest.n && rest.p[i + 1] == '\r' && rest.p[i + 2] == '\n' ? 3
											      : 0;

		if (!n)
			continue;
		*ret_head = slice_sub(rest, 0, i);
		*ret_n = i + n;
		s->scanned = 0;
		return true;
	}
	s->scanned = rest.n;
	return false;
}

struct head {
	struct slice type, reply;
	bool has_length;
	uint64_t length;
};

static enum err take_header(struct head *h, struct slice name, struct slice value)
{
	uint64_t n;

	if (slice_is_nocase(name, "content-type")) {
		h->type = value;
	} else if (slice_is_nocase(name, "reply-text")) {
		h->reply = value;
	} else if (slice_is_nocase(name, "content-length")) {
		if (slice_u64(value, UINT32_MAX, &n) || (h->has_length && n != h->length))
			return ERR_MALFORMED;
		h->has_length = true;
		h->length = n;
	}
	return ERR_OK;
}

static enum err read_head(struct slice text, struct head *ret)
{
	struct slice line;

	*ret = (struct head){ 0 };
	while (slice_split(&text, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		line = slice_trim(line);
		if (line.n == 0)
			continue;
		if (colon >= line.n || take_header(ret, slice_sub(line, 0, colon),
						   slice_trim(slice_sub(line, colon + 1, line.n))))
			return ERR_MALFORMED;
	}
	return ret->type.n ? ERR_OK : ERR_MALFORMED;
}

static uint8_t kind_of(struct slice type)
{
	static const struct {
		const char *type;
		uint8_t kind;
	} kinds[] = {
		{ "auth/request", ESL_AUTH },	       { "command/reply", ESL_REPLY },
		{ "api/response", ESL_RESULT },	       { "text/event-plain", ESL_EVENT },
		{ "text/event-json", ESL_EVENT },      { "text/rude-rejection", ESL_REFUSED },
		{ "text/disconnect-notice", ESL_BYE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (slice_is_nocase(type, kinds[i].type))
			return kinds[i].kind;
	return ESL_OTHER;
}

/* A body that nobody can hold is let go by as it comes; the frame behind it is read again. */
static void pass_over(struct esl_stream *s, size_t head_n, size_t here, size_t length)
{
	if (here > length)
		here = length;
	s->at += head_n + here;
	s->skip = length - here;
}

enum err esl_stream_next(struct esl_stream *s, struct esl_frame *ret)
{
	struct slice rest = slice_sub(buf_view(&s->in), s->at, s->in.n), text;
	struct head head;
	size_t n = 0;

	while (s->scanned == 0 && rest.n && (rest.p[0] == '\n' || rest.p[0] == '\r')) {
		s->at++; /* an empty line between frames */
		rest = slice_sub(rest, 1, rest.n);
	}
	if (s->skip)
		return ERR_AGAIN;
	if (!cut_head(s, rest, &text, &n))
		return rest.n > ESL_HEAD_MAX ? ERR_LIMIT : ERR_AGAIN;
	if (n > ESL_HEAD_MAX)
		return ERR_LIMIT;
	if (read_head(text, &head))
		return ERR_MALFORMED;
	struct esl_frame f = { .kind = kind_of(head.type), .reply = head.reply };
	size_t max = f.kind == ESL_EVENT ? ESL_EVENT_MAX : ESL_BODY_MAX;
	f.json = f.kind == ESL_EVENT && slice_is_nocase(head.type, "text/event-json");
	if (head.length > max) {
		pass_over(s, n, rest.n - n, (size_t)head.length);
		f.too_large = true;
	} else {
		if (rest.n - n < head.length)
			return ERR_AGAIN;
		f.body = slice_sub(rest, n, n + (size_t)head.length);
		s->at += n + (size_t)head.length;
	}
	*ret = f;
	return ERR_OK;
}
