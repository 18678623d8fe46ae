#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "proto/webhook/hook.h"

enum { DIGEST_BYTES = 32, BASE64_BYTES = 44 };

static bool digest(struct slice key, struct slice data, unsigned char ret[static EVP_MAX_MD_SIZE])
{
	unsigned n = EVP_MAX_MD_SIZE;

	return HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)(data.p ? data.p : ""),
		    data.n, ret, &n) != NULL;
}

/* Two digests of one length are compared, so that neither content nor length of the token shows. */
bool hook_token_is(const struct secret *token, struct slice presented)
{
	static const struct slice key = { "offhook webhook", 15 };
	unsigned char a[EVP_MAX_MD_SIZE], b[EVP_MAX_MD_SIZE];

	if (!token || !secret_is_set(token) || presented.n == 0 || presented.n > SECRET_MAX)
		return false;
	return digest(key, secret_expose(token), a) && digest(key, presented, b) &&
	       CRYPTO_memcmp(a, b, DIGEST_BYTES) == 0;
}

bool hook_signature_is(const struct secret *token, struct slice body, struct slice signature)
{
	unsigned char mac[EVP_MAX_MD_SIZE], text[BASE64_BYTES + 1];

	if (!token || !secret_is_set(token) || signature.n != BASE64_BYTES ||
	    !digest(secret_expose(token), body, mac))
		return false;
	EVP_EncodeBlock(text, mac, DIGEST_BYTES);
	return CRYPTO_memcmp(text, signature.p, BASE64_BYTES) == 0;
}
