#include "proto/redact/inside.h"

enum {
	STATE_WORD_MAX = 40,
	STATE_DIGITS = 5,
	NUMBERS_DIGITS = 6,
	PRODUCT_DIGITS = 4,
	PRODUCT_WORD = 20,
	PRODUCT_MIXED = 8,
	USER_MAX = 64,
	NUMBER_LEAST = 3,
	VERSION_DIGITS = 3,
	NAME_LENGTH_MAX = 64,
	SPACE_MAX = 128
};

/* A value being read from left to right. */
struct walk {
	struct redact *r;
	struct slice v;
	size_t at;
	enum show show;
	struct buf *out;
	struct slice before; /* the last token but punctuation */
	size_t user_end;     /* up to here it is the user part of a URI: no word of it is shown */
};

static char look(const struct walk *w, size_t i)
{
	return i < w->v.n ? w->v.p[i] : '\0';
}

static size_t digits_at(struct slice s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && is_digit(s.p[i + n]))
		n++;
	return n;
}

/* ---- digits ---- */

static void put_number(struct walk *w, struct slice digits)
{
	size_t kept = w->show == SHOW_NUMBERS	? NUMBERS_DIGITS
		      : w->show == SHOW_PRODUCT ? PRODUCT_DIGITS
						: 1;

	if (digits.n <= kept)
		buf_slice(w->out, digits);
	else
		buf_str(w->out, stand_in(w->r, STAND_NUMBER, digits));
}

/* Runs of digits joined by dots: how many bytes, and in *ret_runs how many runs; 0: one is longer
 * than three digits, or something else joins. */
static size_t dotted(const struct walk *w, unsigned *ret_runs)
{
	size_t i = w->at;

	for (*ret_runs = 0;; i++) {
		size_t n = digits_at(w->v, i);

		if (!n || n > VERSION_DIGITS)
			return 0;
		i += n;
		++*ret_runs;
		if (look(w, i) != '.' || !is_digit(look(w, i + 1)))
			break;
	}
	return is_wordy(look(w, i)) ? 0 : i - w->at;
}

/* Asterisk Call Manager/11.0.0 */
static bool after_a_program(const struct walk *w)
{
	return slice_is_nocase(w->before, "manager") || slice_is_nocase(w->before, "sip") ||
	       slice_is_nocase(w->before, "http") || slice_is_nocase(w->before, "freeswitch");
}

static bool put_dotted(struct walk *w)
{
	unsigned runs;
	size_t n = dotted(w, &runs);
	struct slice s = slice_sub(w->v, w->at, w->at + n);

	if (n && runs == 4)
		buf_str(w->out, stand_in(w->r, STAND_ADDRESS, s));
	else if (n && runs > 1 && look(w, w->at - (w->at > 0)) == '/' && after_a_program(w))
		buf_slice(w->out, s);
	else
		return false;
	w->at += n;
	return true;
}

static unsigned two(const struct walk *w, size_t i)
{
	return (unsigned)(look(w, i) - '0') * 10 + (unsigned)(look(w, i + 1) - '0');
}

static bool fits(const struct walk *w, const char *form)
{
	for (size_t i = 0; form[i]; i++) {
		char c = look(w, w->at + i);

		if (form[i] == '0' ? !is_digit(c) : c != form[i])
			return false;
	}
	return true;
}

/* 2026-11-24T14:00:00.123Z and shorter; only what can be a date of our days. */
static bool put_date(struct walk *w)
{
	size_t n = 16, i = w->at;

	if (!fits(w, "0000-00-00T00:00") && !fits(w, "0000-00-00 00:00"))
		return false;
	if ((two(w, i) != 20 && two(w, i) != 19) || two(w, i + 5) > 12 || two(w, i + 8) > 31 ||
	    two(w, i + 11) > 24 || two(w, i + 14) > 59)
		return false;
	if (look(w, i + n) == ':' && digits_at(w->v, i + n + 1) == 2)
		n += 3;
	size_t fraction = look(w, i + n) == '.' ? digits_at(w->v, i + n + 1) : 0;
	if (fraction && fraction <= 6)
		n += 1 + fraction;
	if (look(w, i + n) == 'Z')
		n++;
	else if ((look(w, i + n) == '+' || look(w, i + n) == '-') &&
		 digits_at(w->v, i + n + 1) == 2 && look(w, i + n + 3) == ':' &&
		 digits_at(w->v, i + n + 4) == 2)
		n += 6;
	if (is_wordy(look(w, i + n)))
		return false;
	buf_slice(w->out, slice_sub(w->v, i, i + n));
	w->at += n;
	return true;
}

/* ---- words ---- */

static bool ascii_letters(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_person(const struct walk *w)
{
	return w->show == SHOW_PERSON || w->at < w->user_end;
}

static bool may_show(const struct walk *w, struct slice word)
{
	if (is_person(w))
		return word.n == 1;
	return w->show == SHOW_PRODUCT ? word.n <= PRODUCT_WORD : known_word(w->r, word);
}

static void put_word(struct walk *w, struct slice word)
{
	bool shown = may_show(w, word);

	if (ascii_letters(word) && shown)
		buf_slice(w->out, word);
	else
		buf_str(w->out, stand_in(w->r, STAND_WORD, word));
}

static size_t letters_at(struct slice s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && is_letter(s.p[i + n]))
		n++;
	return n;
}

/* T46S, ed5: what programs are called. */
static bool is_model(const struct walk *w, struct slice token)
{
	if (w->show != SHOW_PRODUCT || token.n > PRODUCT_MIXED)
		return false;
	for (size_t i = 0; i < token.n; i++)
		if ((unsigned char)token.p[i] >= 0x80 || digits_at(token, i) > PRODUCT_DIGITS)
			return false;
	return true;
}

/* Letters and digits: DND1010 and 100rel in their two parts, where the letters may be shown;
 * anything else as a whole. One letter is shown before a number only (N201): 1a and A1 are of the
 * bytes of an address or a fingerprint. */
static void put_mixed(struct walk *w, struct slice token)
{
	size_t letters = letters_at(token, 0), digits = digits_at(token, 0);
	size_t cut = letters ? letters : digits;
	struct slice first = slice_sub(token, 0, cut), second = slice_sub(token, cut, token.n);
	struct slice word = letters ? first : second;
	bool parts = letters + digits_at(token, letters) == token.n ||
		     digits + letters_at(token, digits) == token.n;
	bool byte = word.n == 1 && (!letters || second.n < NUMBER_LEAST);

	if (is_model(w, token)) {
		buf_slice(w->out, token);
	} else if (!parts || byte || is_person(w) || !known_word(w->r, word)) {
		buf_str(w->out, stand_in(w->r, STAND_ID, token));
	} else if (letters) {
		buf_slice(w->out, first);
		put_number(w, second);
	} else {
		put_number(w, first);
		buf_slice(w->out, second);
	}
}

/* ---- hosts ---- */

/* Labels joined by dots, the last one letters: how many bytes; 0: none, or all of it are known
 * words. */
static size_t host_at(const struct walk *w)
{
	size_t i = w->at, label = i;
	bool dots = false, known = true;

	for (;; i++) {
		char c = look(w, i);
		bool end = !(is_letter(c) || is_digit(c) || c == '-');

		if (!end)
			continue;
		struct slice s = slice_sub(w->v, label, i);
		known &= ascii_letters(s) && known_word(w->r, s);
		if (c != '.' || !(is_letter(look(w, i + 1)) || is_digit(look(w, i + 1))))
			break;
		dots = true;
		label = i + 1;
	}
	if (!dots || known || is_wordy(look(w, i)) || i - label < 2 ||
	    !ascii_letters(slice_sub(w->v, label, i)))
		return 0;
	return i - w->at;
}

static bool put_host(struct walk *w)
{
	size_t n = w->show == SHOW_PRODUCT ? 0 : host_at(w);
	struct slice s = slice_sub(w->v, w->at, w->at + n);

	if (!n)
		return false;
	buf_str(w->out, stand_in(w->r, look(w, w->at + n) == '@' ? STAND_WORD : STAND_HOST, s));
	w->at += n;
	return true;
}

/* ---- the walk ---- */

static void put_token(struct walk *w)
{
	size_t n = 0;
	bool digit = false, other = false;

	for (; is_wordy(look(w, w->at + n)) && w->at + n < w->v.n; n++) {
		digit |= is_digit(look(w, w->at + n));
		other |= !is_digit(look(w, w->at + n));
	}
	struct slice token = slice_sub(w->v, w->at, w->at + n);
	if (!other)
		put_number(w, token);
	else if (!digit)
		put_word(w, token);
	else
		put_mixed(w, token);
	w->before = token;
	w->at += n;
}

static void put_punctuation(struct walk *w)
{
	char c = look(w, w->at);
	int e = slice_percent(w->v, w->at);

	if (e >= 0 && !is_wordy((char)e)) {
		if (!is_digit(look(w, w->at + 3)))
			buf_slice(w->out, slice_sub(w->v, w->at, w->at + 3));
		else /* its digits must not run into the next */
			buf_char(w->out, e < 0x20 || e == 0x7f ? '?' : (char)e);
		w->at += 3;
		return;
	}
	bool space = c == '\n' || c == '\r' || c == '\t';
	buf_char(w->out, !space && (c < 0x20 || c == 0x7f) ? '?' : c);
	w->at++;
}

/* "Ana Alder" <sip:...>: a name, whatever its words. False: no such thing begins here. */
static bool put_display_name(struct walk *w)
{
	size_t end = w->at + 1, after;

	if (look(w, w->at) != '"')
		return false;
	while (end < w->v.n && w->v.p[end] != '"')
		end++;
	for (after = end + 1; look(w, after) == ' ';)
		after++;
	if (end >= w->v.n || look(w, after) != '<')
		return false;
	buf_char(w->out, '"');
	put_value(w->r, slice_sub(w->v, w->at + 1, end), SHOW_PERSON, w->out);
	buf_char(w->out, '"');
	w->at = end + 1;
	return true;
}

/* ana.alder@, bridge@: where such a part ends, if one begins here. */
static void look_for_user(struct walk *w)
{
	size_t i = w->at;

	while (i - w->at < USER_MAX &&
	       (is_wordy(look(w, i)) || (look(w, i) && strchr(".-_+~", look(w, i)))))
		i++;
	if (look(w, i) == '@' || slice_percent(w->v, i) == '@')
		w->user_end = i;
}

static void walk(struct walk *w)
{
	while (w->at < w->v.n) {
		char c = look(w, w->at);

		if (w->at >= w->user_end && is_wordy(c))
			look_for_user(w);
		if (is_digit(c) && (put_date(w) || put_dotted(w)))
			continue;
		if ((is_letter(c) || is_digit(c)) && put_host(w))
			continue;
		if (is_wordy(c))
			put_token(w);
		else if (!put_display_name(w))
			put_punctuation(w);
	}
}

/* Letters and digits that hide in percent escapes come out; what else is escaped stays so. */
static void unescape(struct slice v, struct buf *b)
{
	for (size_t i = 0; i < v.n; i++) {
		int e = slice_percent(v, i);

		if (e >= 0 && is_wordy((char)e)) {
			buf_char(b, (char)e);
			i += 2;
		} else {
			buf_char(b, v.p[i]);
		}
	}
}

static void put_tokens(struct redact *r, struct slice v, enum show show, struct buf *out)
{
	struct walk w = { .r = r, .v = v, .show = show, .out = out };
	struct buf b;

	buf_init(&b, v.n);
	if (slice_find(v, '%') < v.n) {
		unescape(v, &b);
		w.v = buf_view(&b);
	}
	walk(&w);
	buf_fini(&b);
}

/* ---- by what the place allows ---- */

/* One word of any kind: Absent, on-the-phone, NOT_INUSE; or a cause in digits. */
static bool is_state(struct slice s)
{
	bool letters = false;

	if (digits_at(s, 0) == s.n)
		return s.n <= STATE_DIGITS;
	for (size_t i = 0; i < s.n; i++) {
		letters |= is_letter(s.p[i]);
		if (!is_letter(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	}
	return letters && s.n <= STATE_WORD_MAX;
}

static void put_parameter(struct redact *r, struct slice v, const char *name, struct buf *out)
{
	size_t i = slice_find_str(v, slice_str(name)), n = 0;

	i += strlen(name);
	if (i >= v.n)
		return;
	i += v.p[i] == '"';
	while (i + n < v.n && (is_letter(v.p[i + n]) || is_digit(v.p[i + n]) || v.p[i + n] == '-'))
		n++;
	buf_fmt(out, ", %s", name);
	put_tokens(r, slice_sub(v, i, i + n), SHOW_NUMBERS, out);
}

static void put_auth(struct redact *r, struct slice v, struct buf *out)
{
	struct slice s = slice_trim(v), scheme = slice_sub(s, 0, slice_find(s, ' '));

	buf_char(out, ' ');
	if (scheme.n < s.n && ascii_letters(scheme)) {
		put_tokens(r, scheme, SHOW_PLAIN, out);
		buf_char(out, ' ');
	}
	buf_str(out, "[hidden]");
	put_parameter(r, v, "algorithm=", out);
	put_parameter(r, v, "qop=", out);
}

/* The name of a vendor's namespace says what it speaks; one with an address in it says more. */
static bool is_space(struct slice s)
{
	if (s.n > SPACE_MAX || !(slice_starts(s, "http") || slice_starts(s, "urn:")))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(is_letter(c) || is_digit(c) || strchr(":/._#-", c)) || digits_at(s, i) > 4)
			return false;
		if (c == '.' && i && is_digit(s.p[i - 1]) && i + 1 < s.n && is_digit(s.p[i + 1]))
			return false;
	}
	return true;
}

static void put_spaces(struct redact *r, struct slice v, struct buf *out)
{
	struct slice rest = v, one;

	for (bool first = true; slice_split(&rest, ' ', &one); first = false) {
		struct slice bare = slice_trim(one);

		if (!first)
			buf_char(out, ' ');
		if (is_space(bare))
			buf_slice(out, bare);
		else
			put_tokens(r, one, SHOW_PLAIN, out);
	}
}

void put_value(struct redact *r, struct slice value, enum show show, struct buf *out)
{
	if (!slice_trim(value).n)
		put_tokens(r, value, SHOW_PLAIN, out);
	else if (show == SHOW_NOTHING)
		buf_str(out, "[hidden]");
	else if (show == SHOW_AUTH)
		put_auth(r, value, out);
	else if (show == SHOW_SPACE)
		put_spaces(r, value, out);
	else if (show == SHOW_STATE && is_state(slice_trim(value)))
		buf_slice(out, value);
	else
		put_tokens(r, value, show, out);
}

void put_name(struct redact *r, struct slice name, struct buf *out)
{
	if (name.n > NAME_LENGTH_MAX) {
		buf_str(out, "[long]");
		return;
	}
	for (size_t i = 0; i < name.n; i++)
		if (!is_letter(name.p[i]) && !is_digit(name.p[i]) && !strchr("-_.:$", name.p[i])) {
			put_tokens(r, name, SHOW_PLAIN, out);
			return;
		}
	for (size_t i = 0, n; i < name.n; i += n ? n : 1) {
		n = digits_at(name, i);
		if (n > 1)
			buf_str(out, stand_in(r, STAND_NUMBER, slice_sub(name, i, i + n)));
		else
			buf_char(out, name.p[i]);
	}
}
