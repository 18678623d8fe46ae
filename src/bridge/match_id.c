/* match_id.c - Microsoft's ids, and which of our users has one. */
#include <string.h>

#include "base/check.h"
#include "bridge/match_own.h"

enum { ID_SEED = 0x3a7c };

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

void match_pack_id(const char *text, uint8_t to[static MATCH_ID_BYTES])
{
	int digits = 0;

	memset(to, 0, MATCH_ID_BYTES);
	for (; *text && digits < 2 * MATCH_ID_BYTES; text++) {
		if (*text == '-')
			continue;
		to[digits / 2] = (uint8_t)(to[digits / 2] << 4 | nibble(*text));
		digits++;
	}
}

bool match_has_id(const uint8_t id[static MATCH_ID_BYTES])
{
	static const uint8_t no_id[MATCH_ID_BYTES];

	return memcmp(id, no_id, MATCH_ID_BYTES) != 0;
}

void match_unpack_id(const uint8_t id[static MATCH_ID_BYTES], char to[static GRAPH_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	char *at = to;

	for (int i = 0; i < MATCH_ID_BYTES && match_has_id(id); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[id[i] >> 4];
		*at++ = hex[id[i] & 15];
	}
	*at = '\0';
}

uint32_t match_realm_of(const struct bridge *b, uint32_t user)
{
	uint16_t account = directory_user_account(b->directory, user);

	return account < b->limits.accounts ? b->account_realm[account] : ID_NONE;
}

struct id_key {
	const uint8_t *id;
	uint32_t realm;
};

static bool same_id(uint32_t user, const void *key, void *arg)
{
	const struct bridge *b = arg;
	const struct id_key *k = key;

	return memcmp(b->matcher.recs[user].id, k->id, MATCH_ID_BYTES) == 0 &&
	       match_realm_of(b, user) == k->realm;
}

static uint64_t id_hash(const struct id_key *k)
{
	return slice_hash(slice_of((const char *)k->id, MATCH_ID_BYTES), ID_SEED + k->realm);
}

uint32_t match_user_of(const struct bridge *b, uint32_t realm, const uint8_t id[static MATCH_ID_BYTES])
{
	const struct id_key k = { id, realm };
	uint32_t user = match_has_id(id) ? map_find(&b->matcher.by_id, id_hash(&k), same_id, &k,
						    (void *)(uintptr_t)b)
				   : MAP_NONE;

	return user == MAP_NONE ? ID_NONE : user;
}

void match_unlink_id(struct bridge *b, uint32_t user)
{
	const struct id_key k = { b->matcher.recs[user].id, match_realm_of(b, user) };

	if (match_has_id(k.id))
		map_del(&b->matcher.by_id, id_hash(&k), user);
}

void match_link_id(struct bridge *b, uint32_t user)
{
	const struct id_key k = { b->matcher.recs[user].id, match_realm_of(b, user) };

	if (match_has_id(k.id) && match_user_of(b, k.realm, k.id) == ID_NONE)
		CHECK(map_add(&b->matcher.by_id, id_hash(&k), user) == ERR_OK);
}
