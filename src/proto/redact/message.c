#include <stdlib.h>

#include "proto/redact/inside.h"

enum { SECRET_LEAST = 4, SHAPE_BYTES = 64, HEAD = 8, OUT_MAX = 4 * REDACT_MESSAGE_MAX };

enum err redact_new(struct redact **ret, uint64_t seed)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	r->seed = seed;
	buf_init(&r->whole, OUT_MAX);
	r->stands = calloc(REDACT_STAND_INS_MAX, sizeof(*r->stands));
	if (!r->stands || map_init(&r->map, REDACT_STAND_INS_MAX) || words_init(r)) {
		redact_free(r);
		return ERR_NO_MEMORY;
	}
	*ret = r;
	return ERR_OK;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->stands_n; i++) {
		free(r->stands[i].own);
		free(r->stands[i].shown);
	}
	for (uint32_t i = 0; i < r->secrets_n; i++) {
		explicit_bzero(r->secrets[i], r->secret_n[i]);
		free(r->secrets[i]);
	}
	for (uint32_t i = 0; i < r->own_words_n; i++)
		free(r->own_words[i]);
	free(r->stands);
	map_fini(&r->map);
	map_fini(&r->word_map);
	buf_fini(&r->whole);
	free(r);
}

enum err redact_secret(struct redact *r, struct slice secret)
{
	if (secret.n < SECRET_LEAST)
		return ERR_OK;
	for (uint32_t i = 0; i < r->secrets_n; i++)
		if (slice_eq(secret, slice_of(r->secrets[i], r->secret_n[i])))
			return ERR_OK;
	if (r->secrets_n == SECRETS_MAX)
		return ERR_LIMIT;
	char *copy = malloc(secret.n);
	if (!copy)
		return ERR_NO_MEMORY;
	memcpy(copy, secret.p, secret.n);
	r->secrets[r->secrets_n] = copy;
	r->secret_n[r->secrets_n++] = secret.n;
	return ERR_OK;
}

/* ---- what the configuration knows ---- */

static enum err keep_word(struct redact *r, struct slice word)
{
	if (r->own_words_n == OWN_WORDS_MAX)
		return ERR_OK; /* the rest is replaced */
	char *copy = strndup(word.p, word.n);
	if (!copy)
		return ERR_NO_MEMORY;
	r->own_words[r->own_words_n++] = copy;
	return word_add(r, slice_str(copy));
}

/* Every run of letters, and with digits every run of those. */
static enum err each_run(struct redact *r, struct slice text, bool digits, bool keep)
{
	enum err e = ERR_OK;

	for (size_t i = 0, n; i < text.n && !e; i += n ? n : 1) {
		bool (*in)(char) = is_digit(text.p[i]) ? is_digit : is_letter;

		for (n = 0; i + n < text.n && in(text.p[i + n]);)
			n++;
		struct slice run = slice_sub(text, i, i + n);
		if (!n)
			continue;
		if (in == is_letter)
			e = keep ? keep_word(r, run) : ERR_OK;
		else if (digits && n > 1)
			e = keep ? stand_keep(r, run) : (stand_in(r, STAND_NUMBER, run), ERR_OK);
	}
	return e;
}

enum err redact_line(struct redact *r, struct slice number, bool keep)
{
	return each_run(r, slice_sub(number, 0, slice_find(number, '@')), true, keep);
}

enum err redact_keep_words(struct redact *r, struct slice text)
{
	return each_run(r, text, false, true);
}

/* ---- a message ---- */

void redact_shape(struct slice bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.n && i < SHAPE_BYTES; i++) {
		char c = bytes.p[i];

		if (is_letter(c))
			buf_char(out, 'x');
		else if (is_digit(c))
			buf_char(out, '#');
		else if (c >= 0x20 && c < 0x7f)
			buf_char(out, c);
		else
			buf_fmt(out, "\\x%02x", (unsigned char)c);
	}
	if (bytes.n > SHAPE_BYTES)
		buf_str(out, " ...");
}

static bool is_framed(struct slice m)
{
	if (m.n < HEAD || (unsigned char)m.p[0] > 1 || m.p[1])
		return false;
	for (int i = 4; i < HEAD; i++)
		if (!is_digit(m.p[i]))
			return false;
	return true;
}

/* The head is shown: whether it is as annex J.2 has it is a question of its own. */
static void put_csta(struct redact *r, struct slice m, struct buf *out)
{
	if (is_framed(m)) {
		buf_fmt(out, "[%02x %02x %02x %02x, %.4s]\n", (unsigned char)m.p[0],
			(unsigned char)m.p[1], (unsigned char)m.p[2], (unsigned char)m.p[3],
			m.p + 4);
		m = slice_sub(m, HEAD, m.n);
	}
	if (memchr(m.p ? m.p : "", '\0', m.n))
		redact_shape(m, out);
	else
		put_xml(r, m, out);
}

static size_t head_end(struct slice m)
{
	size_t crlf = slice_find_str(m, SLICE_LIT("\r\n\r\n")),
	       lf = slice_find_str(m, SLICE_LIT("\n\n"));

	if (crlf < lf)
		return crlf + 4;
	return lf < m.n ? lf + 2 : m.n;
}

static void put_headed(struct redact *r, enum redact_form form, struct slice m, struct buf *out)
{
	size_t n = head_end(m);
	struct slice body = slice_sub(m, n, m.n), bare = slice_trim(body);
	bool document = bare.n && strchr("<{[", bare.p[0]);

	put_head(r, form, slice_sub(m, 0, n), out);
	if (form == REDACT_ESL && !document)
		put_head(r, form, body, out); /* an event is a head of its own */
	else
		put_body(r, body, out);
}

/* Whatever the rules above let through: what the configuration keeps secret does not get out. */
static void strike_out(const struct redact *r, char *p, size_t n)
{
	for (uint32_t i = 0; i < r->secrets_n; i++) {
		size_t len = r->secret_n[i];

		for (char *at = p; (at = memmem(at, n - (size_t)(at - p), r->secrets[i], len));
		     at += len)
			memset(at, '*', len);
	}
}

void redact_message(struct redact *r, enum redact_form form, struct slice message, struct buf *out)
{
	struct buf *b = &r->whole;

	buf_reset(b);
	if (form == REDACT_CSTA)
		put_csta(r, message, b);
	else if (memchr(message.p ? message.p : "", '\0', message.n))
		redact_shape(message, b);
	else if (form == REDACT_BODY)
		put_body(r, message, b);
	else
		put_headed(r, form, message, b);
	if (buf_err(b))
		buf_str(out, "[too long]");
	else if (b->n)
		strike_out(r, b->p, b->n);
	buf_slice(out, buf_view(b));
}
