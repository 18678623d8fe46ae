#include "admin/auth/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/document.h"

static const char prefix[] = "oh_", purpose[] = "token";

void tokens_fini(struct tokens *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		free(t->list[i]);
	t->n = 0;
}

enum err tokens_add(struct tokens *t, struct token *x, char ret[static TOKEN_LEN + 1])
{
	char key[KEY_LEN + 1];

	if (t->n == TOKENS_MAX)
		return ERR_LIMIT;
	if (key_make(key) || key_id(x->id))
		return ERR_IO;
	snprintf(ret, TOKEN_LEN + 1, "%s%s", prefix, key);
	key_digest(purpose, slice_str(ret), x->digest);
	explicit_bzero(key, sizeof(key));
	t->list[t->n++] = x;
	return ERR_OK;
}

struct token *tokens_by_text(struct tokens *t, struct slice text, int64_t wall_ms)
{
	char digest[DIGEST_LEN + 1];

	if (text.n != TOKEN_LEN || !slice_starts(text, prefix))
		return NULL;
	key_digest(purpose, text, digest);
	for (uint32_t i = 0; i < t->n; i++)
		if (key_equal(slice_str(digest), slice_str(t->list[i]->digest)))
			return wall_ms < t->list[i]->expires_wall_ms ? t->list[i] : NULL;
	return NULL;
}

struct token *tokens_by_id(struct tokens *t, struct slice id)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (slice_is(id, t->list[i]->id))
			return t->list[i];
	return NULL;
}

void tokens_take(struct tokens *t, struct token *x)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->list[i] == x) {
			t->list[i] = t->list[--t->n];
			return;
		}
}

char *token_document(const struct token *x)
{
	json_t *doc =
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "digest", x->digest, "name", x->name,
			  "account", x->account, "role", role_name((enum role)x->role), "made_by",
			  x->made_by, "created", (json_int_t)x->created_wall_ms, "expires",
			  (json_int_t)x->expires_wall_ms, "used", (json_int_t)x->used_wall_ms);
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	json_decref(doc);
	return text;
}

static bool parse(struct token *x, json_t *doc)
{
	char word[16];
	enum role role;

	if (!document_text(doc, "role", word, sizeof(word)) || !role_parse(slice_str(word), &role))
		return false;
	x->role = (uint8_t)role;
	x->created_wall_ms = document_number(doc, "created");
	x->expires_wall_ms = document_number(doc, "expires");
	x->used_wall_ms = x->kept_wall_ms = document_number(doc, "used");
	return document_text(doc, "digest", x->digest, sizeof(x->digest)) &&
	       strlen(x->digest) == DIGEST_LEN &&
	       document_text(doc, "name", x->name, sizeof(x->name)) &&
	       document_text(doc, "account", x->account, sizeof(x->account)) &&
	       document_text(doc, "made_by", x->made_by, sizeof(x->made_by));
}

bool tokens_load(struct tokens *t, struct slice id, struct slice document)
{
	json_t *doc = json_loadb(document.p, document.n, JSON_REJECT_DUPLICATES, NULL);
	struct token *x = calloc(1, sizeof(*x));
	bool good =
		x && t->n < TOKENS_MAX && !slice_copy(id, x->id, sizeof(x->id)) && parse(x, doc);

	json_decref(doc);
	if (good)
		t->list[t->n++] = x;
	else
		free(x);
	return good;
}
