#include "proto/xml/multipart.h"

enum { PART_HEADERS_MAX = 32 };

bool multipart_is(struct slice content_type)
{
	return slice_starts_nocase(slice_trim(content_type), "multipart/");
}

/* The next `;name=value` behind *rest; a quoted value keeps no escapes (a boundary has none). */
static bool next_param(struct slice *rest, struct slice *name, struct slice *value)
{
	size_t at = slice_find(*rest, ';');
	struct slice s;

	if (at == rest->n)
		return false;
	s = slice_trim(slice_sub(*rest, at + 1, rest->n));
	at = slice_find(s, '=');
	*name = slice_trim(slice_sub(s, 0, at));
	s = slice_trim(slice_sub(s, at + 1, s.n));
	if (s.n && s.p[0] == '"') {
		s = slice_sub(s, 1, s.n);
		at = slice_find(s, '"');
		*value = slice_sub(s, 0, at);
		*rest = slice_sub(s, at + 1, s.n);
	} else {
		at = slice_find(s, ';');
		*value = slice_trim(slice_sub(s, 0, at));
		*rest = slice_sub(s, at, s.n);
	}
	return true;
}

static struct slice boundary_of(struct slice content_type)
{
	struct slice name, value;

	while (next_param(&content_type, &name, &value))
		if (slice_is_nocase(name, "boundary"))
			return value;
	return SLICE_NONE;
}

/* Length of the delimiter line at the start of s with its line end, 0 when there is none; a
 * boundary that is only a prefix of a longer word is none. *last: it is the closing one. */
static size_t delimiter_at(struct slice s, const char *delimiter, bool *last)
{
	size_t n = strlen(delimiter);

	if (!slice_starts(s, delimiter))
		return 0;
	*last = slice_starts(slice_sub(s, n, s.n), "--");
	if (*last)
		n += 2;
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	if (n < s.n && s.p[n] == '\r')
		n++;
	if (n == s.n)
		return *last ? n : 0;
	return s.p[n] == '\n' ? n + 1 : 0;
}

/* Length of the line end at the start of s. */
static size_t newline_at(struct slice s)
{
	return slice_starts(s, "\r\n") ? 2 : slice_starts(s, "\n") ? 1 : 0;
}

/* Finds the next line that is a delimiter. *ret_part: what stands before it, without the line end
 * that belongs to the delimiter; *ret_next: what comes behind. */
static bool cut_at_delimiter(struct slice s, const char *delimiter, struct slice *ret_part,
			     struct slice *ret_next, bool *last)
{
	size_t line = 0;

	while (line < s.n) {
		struct slice here = slice_sub(s, line, s.n);
		size_t n = delimiter_at(here, delimiter, last);

		if (n) {
			size_t end = line;

			if (end && s.p[end - 1] == '\n')
				end--;
			if (end && end < line && s.p[end - 1] == '\r')
				end--;
			*ret_part = slice_sub(s, 0, end);
			*ret_next = slice_sub(here, n, here.n);
			return true;
		}
		line += slice_find(here, '\n') + 1;
	}
	return false;
}

enum err multipart_open(struct multipart *m, struct slice content_type, struct slice body)
{
	struct multipart x = { .depth = 1 };
	struct slice boundary, preamble;

	if (!multipart_is(content_type))
		return ERR_MALFORMED;
	boundary = boundary_of(content_type);
	if (!boundary.n || boundary.n > MULTIPART_BOUNDARY_MAX)
		return ERR_MALFORMED;
	x.delimiter[0] = x.delimiter[1] = '-';
	if (slice_copy(boundary, x.delimiter + 2, sizeof(x.delimiter) - 2))
		return ERR_MALFORMED;
	if (!cut_at_delimiter(body, x.delimiter, &preamble, &x.rest, &x.done))
		return ERR_MALFORMED;
	*m = x;
	return ERR_OK;
}

enum err multipart_open_nested(struct multipart *m, const struct multipart *outer,
			       const struct multipart_part *part)
{
	uint8_t depth = (uint8_t)(outer->depth + 1);
	enum err e;

	if (depth > MULTIPART_DEPTH_MAX)
		return ERR_LIMIT;
	e = multipart_open(m, part->content_type, part->body);
	if (!e)
		m->depth = depth;
	return e;
}

static struct slice without_angles(struct slice s)
{
	return s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>' ? slice_sub(s, 1, s.n - 1) : s;
}

/* Reads the part's headers off *rest. *ret_length: its Content-Length, SIZE_MAX without one. */
static enum err read_headers(struct slice *rest, struct multipart_part *part, size_t *ret_length)
{
	struct slice line;

	for (int i = 0; i < PART_HEADERS_MAX && slice_split(rest, '\n', &line); i++) {
		size_t colon = slice_find(line, ':');
		struct slice name = slice_trim(slice_sub(line, 0, colon));
		struct slice value = slice_trim(slice_sub(line, colon + 1, line.n));
		uint64_t length;

		if (!slice_trim(line).n)
			return ERR_OK;
		if (slice_is_nocase(name, "content-type"))
			part->content_type = value;
		else if (slice_is_nocase(name, "content-id"))
			part->content_id = without_angles(value);
		else if (slice_is_nocase(name, "content-length") && !slice_u64(value, 1u << 30, &length))
			*ret_length = (size_t)length;
	}
	return ERR_MALFORMED;
}

/* By the part's own length, when a delimiter stands right behind it. */
static bool cut_by_length(struct slice s, size_t length, const char *delimiter,
			  struct slice *ret_part, struct slice *ret_next, bool *last)
{
	struct slice behind;
	size_t n;

	if (length > s.n)
		return false;
	behind = slice_sub(s, length, s.n);
	n = newline_at(behind);
	behind = slice_sub(behind, n, behind.n);
	if (!n && length && s.p[length - 1] != '\n')
		return false;
	n = delimiter_at(behind, delimiter, last);
	if (!n)
		return false;
	*ret_part = slice_sub(s, 0, length);
	*ret_next = slice_sub(behind, n, behind.n);
	return true;
}

static bool give_up(struct multipart *m, enum err e)
{
	m->err = e;
	m->done = true;
	return false;
}

bool multipart_next(struct multipart *m, struct multipart_part *ret)
{
	struct multipart_part part = { 0 };
	size_t length = SIZE_MAX;
	struct slice next;

	if (m->done)
		return false;
	if (m->parts == MULTIPART_PARTS_MAX)
		return give_up(m, ERR_LIMIT);
	if (read_headers(&m->rest, &part, &length))
		return give_up(m, ERR_MALFORMED);
	if (!cut_by_length(m->rest, length, m->delimiter, &part.body, &next, &m->done) &&
	    !cut_at_delimiter(m->rest, m->delimiter, &part.body, &next, &m->done))
		return give_up(m, ERR_MALFORMED);
	m->rest = next;
	m->parts++;
	*ret = part;
	return true;
}
