/* microsoft.h - sign-ins with Microsoft under way, and the keys that its tokens are signed with.
 * The admin thread's. */
#ifndef ADMIN_AUTH_MICROSOFT_H
#define ADMIN_AUTH_MICROSOFT_H

#include "admin/auth/idtoken.h"
#include "admin/auth/keys.h"

enum {
	PENDING_MAX = 256,
	PENDING_MS = 600000,
	KEYS_MS = 3600000,
	KEYS_AGAIN_MS = 30000,
	URL_MAX_BYTES = 600,
	ISSUER_MAX_BYTES = 400
};

/* From the way out to Microsoft until the way back. The state stands in the browser's cookie too,
 * so that nobody can be signed in with somebody else's answer. */
struct pending {
	char state[DIGEST_LEN + 1]; /* its digest; "": free */
	char nonce[KEY_LEN + 1], verifier[KEY_LEN + 1];
	char redirect[URL_MAX_BYTES];
	uint16_t account;
	int64_t begun_ms;
};

/* Keys of one tenant at one authority. */
struct key_cache {
	char issuer[ISSUER_MAX_BYTES];
	int64_t fetched_ms; /* 0: never */
	struct idtoken_keys keys;
};

enum { KEY_CACHES = 16 };

struct microsoft {
	struct pending pending[PENDING_MAX];
	struct key_cache caches[KEY_CACHES];
};

void microsoft_free(struct microsoft *m);
/* A place for a sign-in, the oldest when all are taken; with state (ret_state), nonce and verifier.
 * ERR_IO. */
MUST_CHECK enum err microsoft_begin(struct microsoft *m, int64_t now_ms,
				    char ret_state[static KEY_LEN + 1], struct pending **ret);
/* Takes the sign-in with this state out, once. False: there is none that lasts. */
bool microsoft_take(struct microsoft *m, struct slice state, int64_t now_ms, struct pending *ret);
/* S256 of the verifier (RFC 7636). */
void microsoft_challenge(const char *verifier, char ret[static KEY_LEN + 1]);
/* The issuer's place, the oldest one when it has none. */
struct key_cache *microsoft_keys(struct microsoft *m, struct slice issuer);

#endif
