#include "admin/auth/keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

static const char url_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static enum err random_bytes(unsigned char *p, size_t n)
{
	return getrandom(p, n, 0) == (ssize_t)n ? ERR_OK : ERR_IO;
}

enum err base64url(const unsigned char *p, size_t n, char *dst, size_t cap)
{
	size_t at = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (cap < (n * 4 + 2) / 3 + 1)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			dst[at++] = url_letters[bits >> (have - 6) & 63];
	}
	if (have)
		dst[at++] = url_letters[bits << (6 - have) & 63];
	dst[at] = '\0';
	return ERR_OK;
}

enum err base64url_decode(struct slice s, unsigned char *dst, size_t cap, size_t *ret_n)
{
	size_t at = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (s.n % 4 == 1)
		return ERR_MALFORMED;
	if (cap < s.n * 3 / 4)
		return ERR_LIMIT;
	for (size_t i = 0; i < s.n; i++) {
		const char *letter = s.p[i] ? strchr(url_letters, s.p[i]) : NULL;

		if (!letter)
			return ERR_MALFORMED;
		bits = bits << 6 | (uint32_t)(letter - url_letters);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		dst[at++] = (unsigned char)(bits >> have);
	}
	if (bits & ((1u << have) - 1)) /* a second text for the same bytes */
		return ERR_MALFORMED;
	*ret_n = at;
	return ERR_OK;
}

static void hex_of(const unsigned char *p, size_t n, char *dst)
{
	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = "0123456789abcdef"[p[i] >> 4];
		dst[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
	}
	dst[2 * n] = '\0';
}

enum err key_make(char ret[static KEY_LEN + 1])
{
	unsigned char raw[32];
	enum err e = random_bytes(raw, sizeof(raw));

	if (!e)
		e = base64url(raw, sizeof(raw), ret, KEY_LEN + 1);
	OPENSSL_cleanse(raw, sizeof(raw));
	return e;
}

enum err key_id(char ret[static ID_LEN + 1])
{
	unsigned char raw[ID_LEN / 2];
	enum err e = random_bytes(raw, sizeof(raw));

	if (!e)
		hex_of(raw, sizeof(raw), ret);
	return e;
}

enum err key_one_time(char ret[static ONE_TIME_LEN + 1])
{
	static const char letters[] =
		"abcdefghjkmnpqrstuvwxyz23456789-"; /* the last one is never used */
	unsigned char raw[64];
	size_t at = 0;

	if (random_bytes(raw, sizeof(raw)))
		return ERR_IO;
	for (size_t i = 0; i < sizeof(raw) && at < ONE_TIME_LEN; i++) {
		if (at % 5 == 4)
			ret[at++] = '-';
		if ((raw[i] & 31) < 31)
			ret[at++] = letters[raw[i] & 31];
	}
	ret[at] = '\0';
	OPENSSL_cleanse(raw, sizeof(raw));
	return at == ONE_TIME_LEN ? ERR_OK : ERR_AGAIN;
}

void key_digest(const char *purpose, struct slice key, char ret[static DIGEST_LEN + 1])
{
	unsigned char raw[EVP_MAX_MD_SIZE] = { 0 };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n = 0;

	/* without memory the digest is one that no key has: nothing fits, nothing opens */
	if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL) ||
	    !EVP_DigestUpdate(md, purpose, strlen(purpose) + 1) ||
	    !EVP_DigestUpdate(md, key.p, key.n) || !EVP_DigestFinal_ex(md, raw, &n))
		memset(raw, 0, sizeof(raw));
	hex_of(raw, DIGEST_LEN / 2, ret);
	EVP_MD_CTX_free(md);
	OPENSSL_cleanse(raw, sizeof(raw));
}

bool key_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (!a.n || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
