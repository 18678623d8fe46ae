#include "admin/auth/microsoft.h"

#include <openssl/evp.h>
#include <stdlib.h>

static const char purpose[] = "state";

void microsoft_free(struct microsoft *m)
{
	if (!m)
		return;
	for (int i = 0; i < KEY_CACHES; i++)
		idtoken_keys_fini(&m->caches[i].keys);
	explicit_bzero(m, sizeof(*m));
	free(m);
}

enum err microsoft_begin(struct microsoft *m, int64_t now_ms, char ret_state[static KEY_LEN + 1],
			 struct pending **ret)
{
	struct pending *p = &m->pending[0];

	for (int i = 0; i < PENDING_MAX && p->state[0]; i++)
		if (!m->pending[i].state[0] || m->pending[i].begun_ms < p->begun_ms)
			p = &m->pending[i];
	*p = (struct pending){ .begun_ms = now_ms };
	if (key_make(ret_state) || key_make(p->nonce) || key_make(p->verifier))
		return ERR_IO;
	key_digest(purpose, slice_str(ret_state), p->state);
	*ret = p;
	return ERR_OK;
}

bool microsoft_take(struct microsoft *m, struct slice state, int64_t now_ms, struct pending *ret)
{
	char digest[DIGEST_LEN + 1];

	if (state.n != KEY_LEN)
		return false;
	key_digest(purpose, state, digest);
	for (int i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &m->pending[i];

		if (!key_equal(slice_str(p->state), slice_str(digest)))
			continue;
		*ret = *p;
		explicit_bzero(p, sizeof(*p));
		return now_ms - ret->begun_ms < PENDING_MS;
	}
	return false;
}

void microsoft_challenge(const char *verifier, char ret[static KEY_LEN + 1])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!EVP_Digest(verifier, strlen(verifier), raw, &n, EVP_sha256(), NULL) ||
	    base64url(raw, n, ret, KEY_LEN + 1))
		ret[0] = '\0';
}

struct key_cache *microsoft_keys(struct microsoft *m, struct slice issuer)
{
	struct key_cache *oldest = &m->caches[0];

	for (int i = 0; i < KEY_CACHES; i++) {
		struct key_cache *c = &m->caches[i];

		if (slice_is_nocase(issuer, c->issuer))
			return c;
		if (c->fetched_ms < oldest->fetched_ms)
			oldest = c;
	}
	idtoken_keys_fini(&oldest->keys);
	*oldest = (struct key_cache){ 0 };
	if (slice_copy(issuer, oldest->issuer, sizeof(oldest->issuer)))
		oldest->issuer[0] = '\0';
	return oldest;
}
