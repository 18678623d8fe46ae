#include "proto/ami/packet.h"

#include <stdlib.h>

/* One read of the shell may come on top of a packet that still waits for its end. */
enum { READ_MAX = 1 << 20 };

enum err ami_stream_init(struct ami_stream *s)
{
	*s = (struct ami_stream){ .lines = calloc(AMI_FIELDS_MAX, sizeof(*s->lines)) };
	buf_init(&s->in, AMI_PACKET_MAX + READ_MAX);
	return s->lines ? ERR_OK : ERR_NO_MEMORY;
}

void ami_stream_fini(struct ami_stream *s)
{
	buf_fini(&s->in);
	free(s->lines);
	*s = (struct ami_stream){ 0 };
}

static void start_packet(struct ami_stream *s)
{
	s->at += s->scanned;
	s->scanned = 0;
	s->lines_n = 0;
	s->skips = false;
}

void ami_stream_reset(struct ami_stream *s)
{
	buf_reset(&s->in);
	start_packet(s);
	s->at = 0;
}

enum err ami_stream_add(struct ami_stream *s, struct slice bytes)
{
	if (bytes.n > READ_MAX)
		return ERR_LIMIT;
	if (s->at)
		buf_eat(&s->in, s->at);
	s->at = 0;
	buf_slice(&s->in, bytes);
	return buf_err(&s->in);
}

enum err ami_stream_banner(struct ami_stream *s, struct slice *ret)
{
	struct slice in = slice_sub(buf_view(&s->in), s->at, s->in.n);
	size_t end = slice_find(in, '\n');
	struct slice line = slice_trim(slice_sub(in, 0, end));

	if (end > AMI_BANNER_MAX)
		return ERR_MALFORMED;
	if (end == in.n)
		return ERR_AGAIN;
	if (!slice_starts_nocase(line, "Asterisk Call Manager"))
		return ERR_MALFORMED;
	s->at += end + 1;
	*ret = line;
	return ERR_OK;
}

static struct slice line_of(const struct ami_packet *p, uint32_t i)
{
	return slice_of(p->p + p->lines[i].at, p->lines[i].n);
}

static struct slice value_of(struct slice line, size_t colon)
{
	size_t at = colon < line.n ? colon + 1 : line.n;

	while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
		at++;
	return slice_of(line.p + at, line.n - at); /* an empty value is no missing one: p is set */
}

/* The colon's place is looked at first: it settles most lines; keys nearly always have their usual
 * case. */
static bool has_key(const char *line, size_t line_n, const char *key, size_t key_n)
{
	return line_n > key_n && line[key_n] == ':' &&
	       (memcmp(line, key, key_n) == 0 ||
		slice_eq_nocase(slice_of(line, key_n), slice_of(key, key_n)));
}

static void describe(struct ami_packet *p)
{
	static const struct {
		const char *key;
		size_t n;
	} kinds[] = { [AMI_RESPONSE] = { "Response", 8 }, [AMI_EVENT] = { "Event", 5 } };
	struct slice first = line_of(p, 0);

	for (uint8_t k = 0; k < AMI_OTHER; k++)
		if (has_key(first.p, first.n, kinds[k].key, kinds[k].n)) {
			p->kind = k;
			p->name = value_of(first, kinds[k].n);
			return;
		}
	p->kind = AMI_OTHER;
	p->name = value_of(first, slice_find(first, ':'));
}

/* Takes the line from..to (the line feed) in. True at the empty line that ends a packet. */
static bool take_line(struct ami_stream *s, const char *base, size_t from, size_t to)
{
	size_t n = to - from;

	if (n && base[to - 1] == '\r')
		n--;
	if (n == 0)
		return true;
	if (s->lines_n == AMI_FIELDS_MAX)
		s->skips = true;
	else
		s->lines[s->lines_n++] = (struct ami_line){ (uint32_t)from, (uint32_t)n };
	return false;
}

/* An endless packet must not fill the memory: what is known of it is dropped, its end still sought. */
static void bound(struct ami_stream *s)
{
	size_t waiting = s->in.n - s->at;

	if (waiting <= AMI_PACKET_MAX)
		return;
	s->skips = true;
	s->lines_n = 0;
	/* of a line without end two bytes stay, lest its line feed alone passes for an empty line */
	s->at += waiting - s->scanned > AMI_PACKET_MAX ? waiting - 2 : s->scanned;
	s->scanned = 0;
}

enum err ami_stream_next(struct ami_stream *s, struct ami_packet *ret)
{
	for (;;) {
		const char *base = s->in.p + s->at;
		size_t n = s->in.n - s->at;
		const char *lf = n > s->scanned ? memchr(base + s->scanned, '\n', n - s->scanned) : NULL;

		if (!lf) {
			bound(s);
			return ERR_AGAIN;
		}
		size_t from = s->scanned;
		s->scanned = (size_t)(lf - base) + 1;
		if (!take_line(s, base, from, s->scanned - 1))
			continue;
		bool skipped = s->skips || s->scanned > AMI_PACKET_MAX;
		*ret = (struct ami_packet){ .p = base, .lines = s->lines, .n = s->lines_n };
		start_packet(s);
		if (skipped)
			return ERR_LIMIT;
		if (ret->n == 0)
			continue; /* empty lines between packets */
		describe(ret);
		return ERR_OK;
	}
}

struct slice ami_get_nth(const struct ami_packet *p, const char *key, uint32_t nth)
{
	size_t n = strlen(key);

	for (uint32_t i = 0; i < p->n; i++)
		if (has_key(p->p + p->lines[i].at, p->lines[i].n, key, n) && nth-- == 0)
			return value_of(line_of(p, i), n);
	return SLICE_NONE;
}

struct slice ami_get(const struct ami_packet *p, const char *key)
{
	return ami_get_nth(p, key, 0);
}

bool ami_has(const struct ami_packet *p, const char *key)
{
	return ami_get(p, key).p != NULL;
}

bool ami_get_u32(const struct ami_packet *p, const char *key, uint32_t max, uint32_t *ret)
{
	uint64_t v;

	if (slice_u64(ami_get(p, key), max, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}
