/* idtoken.h - an ID token of Microsoft Entra: is it signed by one of these keys, and does it say
 * what it must? OpenID Connect Core 3.1.3.7; RS256 only, whatever the token names. Pure but for
 * OpenSSL's memory. */
#ifndef ADMIN_AUTH_IDTOKEN_H
#define ADMIN_AUTH_IDTOKEN_H

#include <openssl/evp.h>

#include "admin/auth/caller.h"

enum {
	IDTOKEN_MAX = 32768,
	IDTOKEN_KEYS_MAX = 32,
	IDTOKEN_KID_MAX = 127,
	IDTOKEN_SKEW_MS = 300000
};

struct idtoken_keys {
	uint32_t n;
	struct {
		char kid[IDTOKEN_KID_MAX + 1];
		EVP_PKEY *key;
	} list[IDTOKEN_KEYS_MAX];
};

/* A JWKS document; what is no RSA key of at least 2048 bits for signatures is passed over.
 * ERR_MALFORMED. */
MUST_CHECK enum err idtoken_keys_parse(struct slice document, struct idtoken_keys *ret);
void idtoken_keys_fini(struct idtoken_keys *k);

struct idtoken_wanted {
	struct slice issuer, audience, tenant, nonce;
	int64_t wall_ms;
};

struct idtoken {
	char oid[64], name[CALLER_NAME_MAX + 1]; /* object id; preferred_username, or "" */
	uint8_t role;				 /* enum role: the highest of the app roles */
};

/* ERR_OK; ERR_NOT_FOUND: signed with a key that is not among these; ERR_MALFORMED; ERR_DENIED:
 * *ret_why has the word for what is wrong ("signature", "issuer", "nonce", ...). */
MUST_CHECK enum err idtoken_check(struct slice token, const struct idtoken_keys *k,
				  const struct idtoken_wanted *w, struct idtoken *ret,
				  const char **ret_why);

#endif
