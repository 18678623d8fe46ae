#include "admin/auth/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "admin/auth/keys.h"

enum { R = 8, P = 1, SALT_BYTES = 16, HASH_BYTES = 32, MEMORY_MAX = 256 << 20 };

struct parts {
	unsigned log_n, r, p;
	unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
};

static bool derive(struct slice password, const struct parts *x,
		   unsigned char out[static HASH_BYTES])
{
	return password.n <= PASSWORD_MAX &&
	       EVP_PBE_scrypt(password.p ? password.p : "", password.n, x->salt, SALT_BYTES,
			      1ull << x->log_n, x->r, x->p, MEMORY_MAX, out, HASH_BYTES) == 1;
}

static bool number(struct slice *rest, uint64_t max, unsigned *ret)
{
	struct slice part;
	uint64_t n;

	if (!slice_split(rest, '$', &part) || slice_u64(part, max, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool bytes(struct slice *rest, unsigned char *dst, size_t n)
{
	struct slice part;
	size_t got;

	return slice_split(rest, '$', &part) && !base64url_decode(part, dst, n, &got) && got == n;
}

static bool parse(const char *stored, struct parts *ret)
{
	struct slice rest = slice_str(stored), word;

	return slice_split(&rest, '$', &word) && slice_is(word, "scrypt") &&
	       number(&rest, PASSWORD_COST_MAX, &ret->log_n) && number(&rest, 32, &ret->r) &&
	       number(&rest, 16, &ret->p) && bytes(&rest, ret->salt, SALT_BYTES) &&
	       bytes(&rest, ret->hash, HASH_BYTES);
}

enum err password_hash(struct slice password, unsigned cost, char *dst, size_t cap)
{
	struct parts x = { .log_n = cost, .r = R, .p = P };
	char salt[32], hash[64];

	if (getrandom(x.salt, SALT_BYTES, 0) != SALT_BYTES)
		return ERR_IO;
	if (!derive(password, &x, x.hash))
		return ERR_NO_MEMORY;
	if (base64url(x.salt, SALT_BYTES, salt, sizeof(salt)) ||
	    base64url(x.hash, HASH_BYTES, hash, sizeof(hash)) ||
	    (size_t)snprintf(dst, cap, "scrypt$%u$%d$%d$%s$%s", cost, R, P, salt, hash) >= cap)
		return ERR_LIMIT;
	return ERR_OK;
}

bool password_fits(struct slice password, const char *stored, unsigned cost)
{
	struct parts x = { 0 };
	unsigned char hash[HASH_BYTES] = { 0 };
	bool known = stored && parse(stored, &x), fits;

	if (!known)
		x = (struct parts){ .log_n = cost, .r = R, .p = P };
	fits = derive(password, &x, hash) && CRYPTO_memcmp(hash, x.hash, HASH_BYTES) == 0 && known;
	OPENSSL_cleanse(hash, sizeof(hash));
	return fits;
}
