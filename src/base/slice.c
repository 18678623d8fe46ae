#include "base/slice.h"

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower((unsigned char)a.p[i]) != lower((unsigned char)b.p[i]))
			return false;
	return true;
}

bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

bool slice_is_nocase(struct slice a, const char *s)
{
	return slice_eq_nocase(a, slice_str(s));
}

bool slice_starts(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && slice_eq(slice_of(a.p, n), slice_of(prefix, n));
}

bool slice_starts_nocase(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && slice_eq_nocase(slice_of(a.p, n), slice_of(prefix, n));
}

size_t slice_find(struct slice a, char c)
{
	const char *hit = a.n ? memchr(a.p, c, a.n) : NULL;

	return hit ? (size_t)(hit - a.p) : a.n;
}

size_t slice_find_str(struct slice a, struct slice s)
{
	const char *hit = a.n && s.n ? memmem(a.p, a.n, s.p, s.n) : NULL;

	return hit ? (size_t)(hit - a.p) : a.n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice a)
{
	while (a.n && is_blank(a.p[0]))
		a.p++, a.n--;
	while (a.n && is_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

struct slice slice_sub(struct slice a, size_t from, size_t to)
{
	if (to > a.n)
		to = a.n;
	if (from > to)
		from = to;
	return from == to ? SLICE_NONE : slice_of(a.p + from, to - from);
}

bool slice_split(struct slice *rest, char sep, struct slice *ret_part)
{
	if (!rest->p)
		return false;
	size_t at = slice_find(*rest, sep);
	*ret_part = slice_of(rest->p, at);
	if (at == rest->n)
		*rest = SLICE_NONE;
	else
		*rest = slice_of(rest->p + at + 1, rest->n - at - 1);
	return true;
}

enum err slice_u64(struct slice a, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (a.n == 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] < '0' || a.p[i] > '9')
			return ERR_MALFORMED;
	for (size_t i = 0; i < a.n; i++) {
		uint64_t digit = (uint64_t)(a.p[i] - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return ERR_LIMIT;
		v = v * 10 + digit;
		if (v > max)
			return ERR_LIMIT;
	}
	*ret = v;
	return ERR_OK;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

enum err slice_hex(struct slice a, uint64_t *ret)
{
	uint64_t v = 0;

	if (a.n == 0 || a.n > 16)
		return ERR_MALFORMED;
	for (size_t i = 0; i < a.n; i++) {
		int digit = a.p[i] >= 'A' && a.p[i] <= 'F' ? -1 : hex_digit(a.p[i]);

		if (digit < 0)
			return ERR_MALFORMED;
		v = v << 4 | (uint64_t)digit;
	}
	*ret = v;
	return ERR_OK;
}

int slice_percent(struct slice a, size_t at)
{
	int high, low;

	if (a.n < 3 || at > a.n - 3 || a.p[at] != '%')
		return -1;
	high = hex_digit(a.p[at + 1]);
	low = hex_digit(a.p[at + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

enum err slice_copy(struct slice a, char *dst, size_t cap)
{
	if (cap == 0)
		return ERR_BUG;
	dst[0] = '\0';
	if (a.n >= cap)
		return ERR_LIMIT;
	if (a.n && memchr(a.p, 0, a.n))
		return ERR_MALFORMED;
	if (a.n)
		memcpy(dst, a.p, a.n);
	dst[a.n] = '\0';
	return ERR_OK;
}

/* FNV-1a over a seeded state, finished with murmur's mixer: short keys, good enough spread, and an
 * attacker who does not know the seed cannot aim at one bucket cheaply. */
static uint64_t hash(struct slice a, uint64_t seed, bool fold)
{
	uint64_t h = 0xcbf29ce484222325u ^ (seed * 0x9e3779b97f4a7c15u);

	for (size_t i = 0; i < a.n; i++) {
		unsigned char c = (unsigned char)a.p[i];

		h = (h ^ (fold ? lower(c) : c)) * 0x100000001b3u;
	}
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

uint64_t slice_hash(struct slice a, uint64_t seed)
{
	return hash(a, seed, false);
}

uint64_t slice_hash_nocase(struct slice a, uint64_t seed)
{
	return hash(a, seed, true);
}
