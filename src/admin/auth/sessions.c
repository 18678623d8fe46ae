#include "admin/auth/sessions.h"

#include <stdlib.h>

#include "admin/auth/document.h"

#define HOURS 3600000ll

static const int64_t idle_ms = 8 * HOURS, longest_ms = 168 * HOURS,
		     longest_microsoft_ms = 24 * HOURS;
static const char for_cookie[] = "cookie", for_csrf[] = "csrf";

void sessions_fini(struct sessions *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		free(s->list[i]);
	s->n = 0;
}

bool session_is_over(const struct sign_in *x, int64_t wall_ms)
{
	int64_t longest = x->kind == CALLER_MICROSOFT ? longest_microsoft_ms : longest_ms;

	return wall_ms - x->seen_wall_ms >= idle_ms || wall_ms - x->created_wall_ms >= longest;
}

void sessions_take(struct sessions *s, struct sign_in *x)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->list[i] == x) {
			s->list[i] = s->list[--s->n];
			return;
		}
}

static bool is_of(const struct sign_in *x, enum caller_kind kind, struct slice name)
{
	return x->kind == kind && slice_is(name, x->name);
}

bool session_is_of_same(const struct sign_in *a, const struct sign_in *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->login, b->login) == 0 &&
	       slice_is_nocase(slice_str(a->tenant), b->tenant) &&
	       slice_is_nocase(slice_str(a->client), b->client);
}

/* The one unused for longest, of a person or (NULL) of everybody, when there are `most` already. */
static struct sign_in *too_many(const struct sessions *s, const struct sign_in *person, uint32_t most)
{
	struct sign_in *oldest = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (person && !session_is_of_same(s->list[i], person))
			continue;
		n++;
		if (!oldest || s->list[i]->seen_wall_ms < oldest->seen_wall_ms)
			oldest = s->list[i];
	}
	return n >= most ? oldest : NULL;
}

enum err sessions_begin(struct sessions *s, struct sign_in *x, char ret_key[static KEY_LEN + 1],
			struct sign_in **ret_gone)
{
	*ret_gone = NULL;
	if (key_make(ret_key) || key_id(x->id))
		return ERR_IO;
	key_digest(for_cookie, slice_str(ret_key), x->digest);
	key_digest(for_csrf, slice_str(ret_key), x->csrf);
	*ret_gone = too_many(s, x, SESSIONS_OF_ONE_MAX);
	if (!*ret_gone)
		*ret_gone = too_many(s, NULL, SESSIONS_MAX);
	if (*ret_gone)
		sessions_take(s, *ret_gone);
	s->list[s->n++] = x;
	return ERR_OK;
}

struct sign_in *sessions_by_key(struct sessions *s, struct slice key, int64_t wall_ms)
{
	char digest[DIGEST_LEN + 1];

	if (key.n != KEY_LEN)
		return NULL;
	key_digest(for_cookie, key, digest);
	for (uint32_t i = 0; i < s->n; i++)
		if (key_equal(slice_str(digest), slice_str(s->list[i]->digest)))
			return session_is_over(s->list[i], wall_ms) ? NULL : s->list[i];
	return NULL;
}

struct sign_in *sessions_by_id(struct sessions *s, struct slice id)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (slice_is(id, s->list[i]->id))
			return s->list[i];
	return NULL;
}

struct sign_in *sessions_take_over(struct sessions *s, int64_t wall_ms)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (session_is_over(s->list[i], wall_ms)) {
			struct sign_in *x = s->list[i];

			sessions_take(s, x);
			return x;
		}
	return NULL;
}

struct sign_in *sessions_take_of(struct sessions *s, enum caller_kind kind, struct slice name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (is_of(s->list[i], kind, name)) {
			struct sign_in *x = s->list[i];

			sessions_take(s, x);
			return x;
		}
	return NULL;
}

char *session_document(const struct sign_in *x)
{
	json_t *doc = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:s,s:s,s:o}", "digest", x->digest, "csrf",
		x->csrf, "kind", caller_kind_name((enum caller_kind)x->kind), "name", x->name,
		"account", x->self_account, "email", x->self_email, "created",
		(json_int_t)x->created_wall_ms, "seen", (json_int_t)x->seen_wall_ms, "address",
		x->address, "agent", x->agent,
		"login", x->login, "tenant", x->tenant, "client", x->client, "grants",
		grants_json(&x->grants));
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	json_decref(doc);
	return text;
}

static bool parse(struct sign_in *x, json_t *doc)
{
	char kind[16];

	if (!document_text(doc, "kind", kind, sizeof(kind)))
		return false;
	x->kind = strcmp(kind, "microsoft") == 0  ? CALLER_MICROSOFT
		  : strcmp(kind, "password") == 0 ? CALLER_PASSWORD
						  : CALLER_NOBODY;
	if (x->kind == CALLER_NOBODY)
		return false;
	x->created_wall_ms = document_number(doc, "created");
	x->seen_wall_ms = x->kept_wall_ms = document_number(doc, "seen");
	return document_text(doc, "digest", x->digest, sizeof(x->digest)) &&
	       strlen(x->digest) == DIGEST_LEN &&
	       document_text(doc, "csrf", x->csrf, sizeof(x->csrf)) &&
	       strlen(x->csrf) == DIGEST_LEN &&
	       document_text(doc, "name", x->name, sizeof(x->name)) &&
	       document_text(doc, "account", x->self_account, sizeof(x->self_account)) &&
	       document_text(doc, "email", x->self_email, sizeof(x->self_email)) &&
	       document_text(doc, "address", x->address, sizeof(x->address)) &&
	       document_text(doc, "agent", x->agent, sizeof(x->agent)) &&
	       /* of an earlier version: who came by Microsoft comes again */
	       (!json_object_get(doc, "login") ||
		document_text(doc, "login", x->login, sizeof(x->login))) &&
	       document_text(doc, "tenant", x->tenant, sizeof(x->tenant)) &&
	       document_text(doc, "client", x->client, sizeof(x->client)) &&
	       !grants_parse(json_object_get(doc, "grants"), &x->grants);
}

bool sessions_load(struct sessions *s, struct slice id, struct slice document)
{
	json_t *doc = json_loadb(document.p, document.n, JSON_REJECT_DUPLICATES, NULL);
	struct sign_in *x = calloc(1, sizeof(*x));
	bool good =
		x && s->n < SESSIONS_MAX && !slice_copy(id, x->id, sizeof(x->id)) && parse(x, doc);

	json_decref(doc);
	if (good)
		s->list[s->n++] = x;
	else
		free(x);
	return good;
}
