#include "daemon/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum { SEED = 0x0a5e, LINKS_MAX = 64 };

struct entry {
	char *realm, *email;
	struct keeper_match match;
};

struct link {
	char *realm, *rules, *link;
};

struct known {
	struct entry *list;
	uint32_t n, cap;
	struct map by_email;
	bool ready;
	struct link links[LINKS_MAX];
	uint32_t links_n;
};

enum err known_new(struct known **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ERR_OK : ERR_NO_MEMORY;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; i < k->n; i++) {
		free(k->list[i].realm);
		free(k->list[i].email);
	}
	for (uint32_t i = 0; i < k->links_n; i++) {
		free(k->links[i].realm);
		free(k->links[i].rules);
		free(k->links[i].link);
	}
	if (k->ready)
		map_fini(&k->by_email);
	free(k->list);
	free(k);
}

static char *copy(struct slice s)
{
	return strndup(s.p ? s.p : "", s.n);
}

void known_add_match(struct known *k, struct slice realm, struct slice email, const struct keeper_match *m)
{
	if (k->n == k->cap) {
		uint32_t cap = k->cap ? k->cap * 2 : 256;
		struct entry *list = realloc(k->list, cap * sizeof(*list));

		if (!list)
			return;
		k->list = list;
		k->cap = cap;
	}
	struct entry e = { copy(realm), copy(email), *m };
	if (e.realm && e.email) {
		k->list[k->n++] = e;
		return;
	}
	free(e.realm);
	free(e.email);
}

void known_add_link(struct known *k, struct slice realm, struct slice rules, struct slice link)
{
	if (k->links_n < LINKS_MAX)
		k->links[k->links_n++] = (struct link){ copy(realm), copy(rules), copy(link) };
}

static uint64_t hash_of(struct slice realm, struct slice email)
{
	return slice_hash_nocase(email, slice_hash(realm, SEED));
}

enum err known_ready(struct known *k)
{
	enum err e = map_init(&k->by_email, k->n + 1);

	k->ready = e == ERR_OK;
	for (uint32_t i = 0; i < k->n && !e; i++)
		e = map_add(&k->by_email,
			    hash_of(slice_str(k->list[i].realm), slice_str(k->list[i].email)), i);
	return e;
}

struct key {
	struct slice realm, email;
};

static bool same(uint32_t i, const void *key, void *arg)
{
	const struct known *k = arg;
	const struct key *want = key;

	return slice_is(want->realm, k->list[i].realm) && slice_is_nocase(want->email, k->list[i].email);
}

bool known_match(const struct known *k, struct slice realm, struct slice email, struct keeper_match *ret)
{
	const struct key key = { realm, email };
	uint32_t i = k && k->ready ? map_find(&k->by_email, hash_of(realm, email), same, &key,
					      (void *)(uintptr_t)k)
				   : MAP_NONE;

	if (i == MAP_NONE)
		return false;
	*ret = k->list[i].match;
	return true;
}

bool known_link(const struct known *k, struct slice realm, const char *rules, char *dst, size_t cap)
{
	for (uint32_t i = 0; k && i < k->links_n; i++) {
		const struct link *l = &k->links[i];

		if (l->realm && l->rules && l->link && slice_is(realm, l->realm) &&
		    strcmp(rules, l->rules) == 0)
			return slice_copy(slice_str(l->link), dst, cap) == ERR_OK;
	}
	return false;
}
