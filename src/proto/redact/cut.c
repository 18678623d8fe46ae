#include "proto/redact/inside.h"

enum { HEAD = 8 };

static enum err cut_csta(struct slice s, size_t *ret)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (p[0] > 1 || (s.n > 1 && p[1]))
		return ERR_MALFORMED;
	if (s.n < HEAD)
		return ERR_AGAIN;
	size_t n = (size_t)p[2] << 8 | p[3];
	if (n < HEAD || !is_digit(s.p[4]) || !is_digit(s.p[7]))
		return ERR_MALFORMED;
	if (s.n < n)
		return ERR_AGAIN;
	*ret = n;
	return ERR_OK;
}

/* Behind the empty line; 0: it has not come. */
static size_t head_end(struct slice s)
{
	for (size_t i = slice_find(s, '\n'); i + 1 < s.n; i++) {
		if (s.p[i] != '\n')
			continue;
		if (s.p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < s.n && s.p[i + 1] == '\r' && s.p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static enum err body_length(struct slice head, size_t *ret)
{
	struct slice line;
	uint64_t n = 0;
	enum err e = ERR_OK;

	while (slice_split(&head, '\n', &line)) {
		struct slice name = slice_trim(slice_sub(line, 0, slice_find(line, ':')));

		if (slice_is_nocase(name, "content-length") || slice_is_nocase(name, "l"))
			e = slice_u64(
				slice_trim(slice_sub(line, slice_find(line, ':') + 1, line.n)),
				REDACT_MESSAGE_MAX, &n);
	}
	*ret = (size_t)n;
	return e;
}

static enum err cut_headed(struct slice s, size_t *ret)
{
	size_t head = head_end(s), body;

	if (!head)
		return ERR_AGAIN;
	enum err e = body_length(slice_sub(s, 0, head), &body);
	if (e)
		return e;
	if (s.n - head < body)
		return ERR_AGAIN;
	*ret = head + body;
	return ERR_OK;
}

/* Line ends between messages: keep-alives of SIP (RFC 5626 3.5.1). */
static size_t line_ends(struct slice s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == '\r' || s.p[n] == '\n'))
		n++;
	return n;
}

static enum err cut_ami(struct slice s, size_t *ret)
{
	size_t n = head_end(s), line = slice_find(s, '\n');

	if (slice_starts(s, "Asterisk Call Manager/") && line < s.n)
		n = line + 1;
	*ret = n;
	return n ? ERR_OK : ERR_AGAIN;
}

enum err redact_cut(enum redact_form form, struct slice s, size_t *ret_n)
{
	size_t n = s.n && form != REDACT_CSTA ? line_ends(s) : 0;
	enum err e = ERR_AGAIN;

	if (!s.n)
		return ERR_AGAIN;
	if (n || form == REDACT_BODY) {
		*ret_n = n ? n : s.n;
		return ERR_OK;
	}
	if (form == REDACT_CSTA)
		e = cut_csta(s, &n);
	else
		e = form == REDACT_AMI ? cut_ami(s, &n) : cut_headed(s, &n);
	if (e == ERR_AGAIN && s.n > REDACT_MESSAGE_MAX)
		return ERR_LIMIT;
	if (!e)
		*ret_n = n;
	return e;
}
