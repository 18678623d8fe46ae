#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/redact/inside.h"

enum { OWN_MAX = 256, TRIES = 100 };

struct key {
	const struct redact *r;
	enum stand_kind kind;
	struct slice own;
};

static bool same(uint32_t id, const void *key, void *arg)
{
	const struct key *k = key;
	const struct stand *s = &k->r->stands[id];

	(void)arg;
	return s->kind == k->kind && slice_is_nocase(k->own, s->own);
}

static uint32_t find(const struct redact *r, enum stand_kind kind, struct slice own)
{
	const struct key k = { r, kind, own };

	return map_find(&r->map, slice_hash_nocase(own, r->seed + (uint64_t)kind), same, &k, NULL);
}

static const char *add(struct redact *r, enum stand_kind kind, struct slice own, const char *shown)
{
	struct stand s = { .kind = (uint8_t)kind,
			   .own = strndup(own.p, own.n),
			   .shown = strdup(shown) };

	if (s.own && s.shown && r->stands_n < REDACT_STAND_INS_MAX &&
	    map_add(&r->map, slice_hash_nocase(own, r->seed + (uint64_t)kind), r->stands_n) ==
		    ERR_OK) {
		r->stands[r->stands_n] = s;
		return r->stands[r->stands_n++].shown;
	}
	free(s.own);
	free(s.shown);
	return NULL;
}

/* 7001, 7002 ... 7999, 8000 ... of the length that is wanted; two digits have a hundred of them. */
static void next_number(struct redact *r, size_t n, char *dst)
{
	uint32_t k = ++r->next_number[n < LENGTHS ? n : LENGTHS - 1];
	uint32_t rest = k;

	for (size_t i = n; i-- > 1;) {
		dst[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	dst[0] = (char)('0' + (7 + rest) % 10);
	dst[n] = '\0';
}

/* One that is nobody's number, as far as is known by now. */
static void new_number(struct redact *r, struct slice own, char *dst)
{
	for (int i = 0; i < TRIES; i++) {
		next_number(r, own.n, dst);
		if (!slice_is(own, dst) && find(r, STAND_NUMBER, slice_str(dst)) == MAP_NONE)
			return;
	}
	if (slice_is(own, dst))
		dst[own.n - 1] = dst[own.n - 1] == '0' ? '1' : '0';
}

static void new_stand_in(struct redact *r, enum stand_kind kind, struct slice own,
			 char dst[OWN_MAX + 32])
{
	uint32_t k = kind == STAND_NUMBER ? 0 : ++r->next[kind];

	switch (kind) {
	case STAND_NUMBER:
		new_number(r, own, dst);
		break;
	case STAND_WORD:
		snprintf(dst, OWN_MAX, "name-%u", k);
		break;
	case STAND_ID:
		snprintf(dst, OWN_MAX, "id-%u", k);
		break;
	case STAND_HOST:
		snprintf(dst, OWN_MAX, "host-%u.example", k);
		break;
	case STAND_ADDRESS: /* the networks of RFC 5737 */
		snprintf(dst, OWN_MAX, "%s.%u", k < 255 ? "192.0.2" : "198.51.100", k % 255);
		break;
	case STAND_KINDS:
		CHECK(false);
	}
}

/* More than we keep apart. */
static const char *overflown(enum stand_kind kind, size_t n)
{
	static const char zeros[] = "0000000000000000000000000000000000000000";

	return kind == STAND_NUMBER && n < sizeof(zeros) ? zeros + sizeof(zeros) - 1 - n : "more";
}

const char *stand_in(struct redact *r, enum stand_kind kind, struct slice own)
{
	char shown[OWN_MAX + 32];
	uint32_t id;

	if (own.n > OWN_MAX)
		return "[long]";
	id = find(r, kind, own);
	if (id != MAP_NONE)
		return r->stands[id].shown;
	if (r->stands_n == REDACT_STAND_INS_MAX)
		return overflown(kind, own.n);
	new_stand_in(r, kind, own, shown);
	const char *added = add(r, kind, own, shown);
	return added ? added : overflown(kind, own.n);
}

enum err stand_keep(struct redact *r, struct slice number)
{
	char text[OWN_MAX + 1];

	if (slice_copy(number, text, sizeof(text)) || find(r, STAND_NUMBER, number) != MAP_NONE)
		return ERR_OK; /* longer than any number: never shown */
	return add(r, STAND_NUMBER, number, text) ? ERR_OK : ERR_LIMIT;
}

bool redact_issued(const struct redact *r, struct slice text)
{
	for (uint32_t i = 0; i < r->stands_n; i++)
		if (slice_is(text, r->stands[i].shown))
			return true;
	return false;
}
