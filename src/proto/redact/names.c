#include "proto/redact/inside.h"

#include "base/check.h"

enum { WORD_MAX = 40, NAME_MAX_READ = 128 };

static const char *const words[] = {
#define WORDS(text) text,
#include "proto/redact/words.def"
};

enum match { WHOLE, END, PART };

static const struct {
	enum match match;
	const char *name;
	enum show show;
} names[] = {
#define NAME(match, name, show) { match, name, show },
#include "proto/redact/names.def"
};

/* Without prefix, hyphens, dots and underscores, in lower case. */
static struct slice normal(struct slice name, char dst[NAME_MAX_READ])
{
	size_t n = 0;

	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == ':') {
			name = slice_sub(name, i + 1, name.n);
			break;
		}
	for (size_t i = 0; i < name.n && n < NAME_MAX_READ; i++) {
		char c = name.p[i];

		if (is_letter(c))
			dst[n++] = (char)(c | 0x20);
		else if (is_digit(c))
			dst[n++] = c;
	}
	return slice_of(dst, n);
}

static bool matches(struct slice name, enum match how, struct slice wanted)
{
	if (name.n < wanted.n)
		return false;
	if (how == WHOLE)
		return slice_eq(name, wanted);
	if (how == END)
		return slice_eq(slice_sub(name, name.n - wanted.n, name.n), wanted);
	return slice_find_str(name, wanted) < name.n;
}

static enum show by_table(struct slice name)
{
	char text[NAME_MAX_READ];

	if (slice_is(name, "xmlns") || slice_starts(name, "xmlns:"))
		return SHOW_SPACE;
	if (name.n > NAME_MAX_READ)
		return SHOW_NOTHING;
	struct slice plain = normal(name, text);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (matches(plain, names[i].match, slice_str(names[i].name)))
			return names[i].show;
	return SHOW_PLAIN;
}

enum show show_of(struct slice name)
{
	enum show show = by_table(name);

	return show == SHOW_PRODUCT ? SHOW_PLAIN : show;
}

enum show show_of_header(struct slice name)
{
	return by_table(name);
}

/* ---- words ---- */

static bool same(uint32_t id, const void *key, void *arg)
{
	const struct redact *r = arg;
	const struct slice *word = key;

	return slice_eq_nocase(r->words[id], *word);
}

static uint32_t find_word(const struct redact *r, struct slice word)
{
	/* the map's interface takes no const; same() does not write */
	return map_find(&r->word_map, slice_hash_nocase(word, r->seed), same, &word,
			(void *)(uintptr_t)r);
}

enum err word_add(struct redact *r, struct slice word)
{
	if (word.n < 2 || find_word(r, word) != MAP_NONE)
		return ERR_OK;
	if (r->words_n == WORDS_MAX)
		return ERR_LIMIT;
	enum err e = map_add(&r->word_map, slice_hash_nocase(word, r->seed), r->words_n);
	if (!e)
		r->words[r->words_n++] = word;
	return e;
}

enum err words_init(struct redact *r)
{
	enum err e = map_init(&r->word_map, WORDS_MAX);
	struct slice word;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (struct slice rest = slice_str(words[i]); !e && slice_split(&rest, ' ', &word);)
			e = word_add(r, word);
	return e;
}

static bool upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Where the first word of localConnectionInfo, DNDOn or offHook ends. */
static size_t first_part(struct slice w)
{
	size_t i = 1;

	if (w.n > 1 && upper(w.p[0]) && upper(w.p[1]))
		while (i < w.n && upper(w.p[i]) && (i + 1 == w.n || upper(w.p[i + 1])))
			i++;
	else
		while (i < w.n && !upper(w.p[i]))
			i++;
	return i;
}

bool known_word(const struct redact *r, struct slice word)
{
	if (word.n == 1)
		return is_letter(word.p[0]);
	if (word.n > WORD_MAX)
		return false;
	if (find_word(r, word) != MAP_NONE)
		return true;
	for (struct slice rest = word; rest.n;) {
		size_t n = first_part(rest);

		if (n == word.n || n == 1 || find_word(r, slice_sub(rest, 0, n)) == MAP_NONE)
			return false;
		rest = slice_sub(rest, n, rest.n);
	}
	return true;
}
