#include "proto/sip/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "proto/sip/uri.h"

static const char *const names[] = { "MD5", "MD5-sess", "SHA-256", "SHA-256-sess" };
_Static_assert(ARRAY_LEN(names) == SIP_ALGORITHM_COUNT, "a name for each algorithm");

const char *sip_algorithm_name(enum sip_algorithm a)
{
	return a < SIP_ALGORITHM_COUNT ? names[a] : "?";
}

static bool algorithm_find(struct slice word, uint8_t *ret)
{
	for (uint8_t i = 0; i < SIP_ALGORITHM_COUNT; i++) {
		if (slice_is_nocase(word, names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Parts of an auth value are separated by commas, so sip_param does not serve. */
static bool auth_param(struct slice list, const char *name, struct slice *ret)
{
	struct slice part;

	while (sip_list_next(&list, ',', &part)) {
		size_t eq = slice_find(part, '=');
		struct slice v = slice_trim(slice_sub(part, eq + 1, part.n));

		if (eq == part.n || !slice_is_nocase(slice_trim(slice_sub(part, 0, eq)), name))
			continue;
		if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"')
			v = slice_sub(v, 1, v.n - 1);
		*ret = v;
		return true;
	}
	return false;
}

static bool digest_list(struct slice value, struct slice *ret)
{
	value = slice_trim(value);
	if (!slice_starts_nocase(value, "Digest") || value.n < 8 ||
	    (value.p[6] != ' ' && value.p[6] != '\t' && value.p[6] != '\r'))
		return false;
	*ret = slice_trim(slice_sub(value, 6, value.n));
	return true;
}

static bool qop_has_auth(struct slice qop)
{
	struct slice word;

	while (sip_list_next(&qop, ',', &word))
		if (slice_is_nocase(word, "auth"))
			return true;
	return false;
}

enum err sip_challenge_parse(struct slice value, struct sip_challenge *ret)
{
	struct sip_challenge c = { 0 };
	struct slice list, v;

	if (!digest_list(value, &list) || !auth_param(list, "realm", &c.realm) ||
	    !auth_param(list, "nonce", &c.nonce))
		return ERR_MALFORMED;
	c.has_opaque = auth_param(list, "opaque", &c.opaque);
	if (c.realm.n > SIP_REALM_MAX || c.nonce.n > SIP_NONCE_MAX || c.opaque.n > SIP_OPAQUE_MAX)
		return ERR_LIMIT;
	if (auth_param(list, "algorithm", &v) && !algorithm_find(v, &c.algorithm))
		return ERR_DENIED;
	if (auth_param(list, "qop", &v)) {
		c.qop_auth = qop_has_auth(v);
		if (!c.qop_auth)
			return ERR_DENIED;
	}
	c.stale = auth_param(list, "stale", &v) && slice_is_nocase(v, "true");
	*ret = c;
	return ERR_OK;
}

/* The hex hash of the parts joined by ':'. */
static enum err hash_parts(uint8_t algorithm, const struct slice *parts, size_t n,
			   char ret[SIP_DIGEST_HEX])
{
	const EVP_MD *md = algorithm >= SIP_SHA256 ? EVP_sha256() : EVP_md5();
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int raw_n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++) {
		ok = i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1;
		ok = ok && EVP_DigestUpdate(ctx, parts[i].n ? parts[i].p : "", parts[i].n) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(ctx, raw, &raw_n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok || raw_n * 2 + 1 > SIP_DIGEST_HEX)
		return ERR_NO_MEMORY;
	for (unsigned int i = 0; i < raw_n; i++) {
		ret[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	ret[2 * raw_n] = '\0';
	OPENSSL_cleanse(raw, sizeof(raw));
	return ERR_OK;
}

enum err sip_digest_response(const struct sip_digest *d, struct slice password,
			     char ret[SIP_DIGEST_HEX])
{
	char ha1[SIP_DIGEST_HEX], ha2[SIP_DIGEST_HEX], nc[9];
	bool sess = d->algorithm == SIP_MD5_SESS || d->algorithm == SIP_SHA256_SESS;
	struct slice a1[] = { d->username, d->realm, password };
	struct slice a2[] = { d->method, d->uri };
	enum err e = hash_parts(d->algorithm, a1, 3, ha1);

	if (e == ERR_OK && sess) {
		struct slice again[] = { slice_str(ha1), d->nonce, d->cnonce };

		e = hash_parts(d->algorithm, again, 3, ha1);
	}
	if (e == ERR_OK)
		e = hash_parts(d->algorithm, a2, 2, ha2);
	for (int i = 0; i < 8; i++)
		nc[i] = "0123456789abcdef"[d->nc >> (28 - 4 * i) & 15];
	nc[8] = '\0';
	if (e == ERR_OK && d->qop_auth) {
		struct slice all[] = { slice_str(ha1), d->nonce,	  slice_str(nc),
				       d->cnonce,      SLICE_LIT("auth"), slice_str(ha2) };

		e = hash_parts(d->algorithm, all, 6, ret);
	} else if (e == ERR_OK) {
		struct slice all[] = { slice_str(ha1), d->nonce, slice_str(ha2) };

		e = hash_parts(d->algorithm, all, 3, ret);
	}
	OPENSSL_cleanse(ha1, sizeof(ha1));
	return e;
}

static void put_quoted(struct buf *b, const char *name, struct slice value)
{
	buf_str(b, name);
	buf_str(b, "=\"");
	buf_slice(b, value);
	buf_str(b, "\"");
}

enum err sip_put_digest(struct buf *b, const struct sip_digest *d, struct slice opaque,
			bool has_opaque, struct slice password)
{
	char response[SIP_DIGEST_HEX];
	bool sess = d->algorithm == SIP_MD5_SESS || d->algorithm == SIP_SHA256_SESS;
	enum err e = sip_digest_response(d, password, response);

	if (e)
		return e;
	put_quoted(b, "Digest username", d->username);
	put_quoted(b, ", realm", d->realm);
	put_quoted(b, ", nonce", d->nonce);
	put_quoted(b, ", uri", d->uri);
	put_quoted(b, ", response", slice_str(response));
	buf_fmt(b, ", algorithm=%s", sip_algorithm_name(d->algorithm));
	if (d->qop_auth || sess)
		put_quoted(b, ", cnonce", d->cnonce);
	if (d->qop_auth)
		buf_fmt(b, ", qop=auth, nc=%08x", d->nc);
	if (has_opaque)
		put_quoted(b, ", opaque", opaque);
	return ERR_OK;
}

static bool nc_parse(struct slice text, uint32_t *ret)
{
	uint32_t v = 0;

	if (text.n != 8)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *digits = "0123456789abcdef";
		char c = text.p[i] >= 'A' && text.p[i] <= 'F' ? (char)(text.p[i] + 32) : text.p[i];
		const char *at = c ? strchr(digits, c) : NULL;

		if (!at)
			return false;
		v = v << 4 | (uint32_t)(at - digits);
	}
	*ret = v;
	return true;
}

enum err sip_credentials_parse(struct slice value, struct sip_credentials *ret)
{
	struct sip_credentials c = { 0 };
	struct sip_digest *d = &c.digest;
	struct slice list, v;

	if (!digest_list(value, &list) || !auth_param(list, "username", &d->username) ||
	    !auth_param(list, "realm", &d->realm) || !auth_param(list, "nonce", &d->nonce) ||
	    !auth_param(list, "uri", &d->uri) || !auth_param(list, "response", &c.response))
		return ERR_MALFORMED;
	if (auth_param(list, "algorithm", &v) && !algorithm_find(v, &d->algorithm))
		return ERR_DENIED;
	auth_param(list, "cnonce", &d->cnonce);
	auth_param(list, "opaque", &c.opaque);
	if (auth_param(list, "qop", &v)) {
		if (!slice_is_nocase(v, "auth"))
			return ERR_DENIED;
		d->qop_auth = true;
		if (!auth_param(list, "nc", &v) || !nc_parse(v, &d->nc))
			return ERR_MALFORMED;
	}
	*ret = c;
	return ERR_OK;
}

bool sip_credentials_match(const struct sip_credentials *c, struct slice method,
			   struct slice password)
{
	struct sip_digest d = c->digest;
	char want[SIP_DIGEST_HEX];

	d.method = method;
	if (sip_digest_response(&d, password, want) || strlen(want) != c->response.n)
		return false;
	return CRYPTO_memcmp(want, c->response.p, c->response.n) == 0;
}

uint64_t sip_token(uint64_t seed, uint64_t number)
{
	unsigned char in[16], out[EVP_MAX_MD_SIZE];
	uint64_t v = 0;

	for (int i = 0; i < 8; i++) {
		in[i] = (unsigned char)(seed >> (8 * i));
		in[8 + i] = (unsigned char)(number >> (8 * i));
	}
	CHECK(EVP_Digest(in, sizeof(in), out, NULL, EVP_sha256(), NULL) == 1);
	for (int i = 0; i < 8; i++)
		v = v << 8 | out[i];
	return v;
}
