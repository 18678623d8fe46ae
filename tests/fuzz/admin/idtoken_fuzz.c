/* idtoken_fuzz.c - what Microsoft answers at a sign-in: the document of keys, and an ID token. The
 * first byte: 'k' for keys, 't' for a token as it is, 'c' for claims under the signature of a key
 * made here, so that what comes behind the signature is reached too. */
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "admin/auth/idtoken.h"
#include "admin/auth/keys.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct idtoken_keys ours;

static void make_key(void)
{
	if (ours.n)
		return;
	ours.list[0].key = EVP_RSA_gen(2048);
	CHECK(ours.list[0].key);
	memcpy(ours.list[0].kid, "one", 4);
	ours.n = 1;
}

static void check(struct slice token)
{
	const struct idtoken_wanted w = { .issuer = SLICE_LIT("https://login.example/t/v2.0"),
					  .audience = SLICE_LIT("client"),
					  .tenant = SLICE_LIT("t"),
					  .nonce = SLICE_LIT("nonce"),
					  .wall_ms = 1790000000000 };
	struct idtoken id;
	const char *why = NULL;
	enum err e = idtoken_check(token, &ours, &w, &id, &why);

	CHECK(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_MALFORMED || e == ERR_DENIED);
	CHECK(why || e == ERR_OK);
	if (!e)
		CHECK(id.oid[0] && id.role < ROLE_COUNT && memchr(id.name, 0, sizeof(id.name)));
}

static void check_signed(struct slice claims)
{
	static char token[2 * IDTOKEN_MAX];
	/* {"alg":"RS256","kid":"one"} */
	static const char head[] = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.";
	unsigned char raw[512];
	size_t n = sizeof(head) - 1, raw_n = sizeof(raw);
	EVP_MD_CTX *md;

	if (claims.n > IDTOKEN_MAX)
		return;
	memcpy(token, head, n);
	CHECK(!base64url((const unsigned char *)claims.p, claims.n, token + n, sizeof(token) - n));
	n += strlen(token + n);
	md = EVP_MD_CTX_new();
	CHECK(md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, ours.list[0].key) == 1 &&
	      EVP_DigestSign(md, raw, &raw_n, (const unsigned char *)token, n) == 1);
	EVP_MD_CTX_free(md);
	token[n++] = '.';
	CHECK(!base64url(raw, raw_n, token + n, sizeof(token) - n));
	check(slice_str(token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data + 1, size ? size - 1 : 0 };
	struct idtoken_keys k;

	if (!size)
		return 0;
	make_key();
	switch (data[0]) {
	case 'k':
		if (!idtoken_keys_parse(rest, &k)) {
			CHECK(k.n <= IDTOKEN_KEYS_MAX);
			idtoken_keys_fini(&k);
		}
		break;
	case 'c':
		check_signed(rest);
		break;
	default:
		check(rest);
	}
	return 0;
}
