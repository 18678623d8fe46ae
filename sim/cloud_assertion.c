/* Certificates of an app registration, and the signed statements (RFC 7523) that they make.
 *
 * Held to the letter of "application authentication certificate credentials": PS256 names its certificate
 * by x5t#S256, RS256 by x5t, both the hash of the DER's bytes; the audience is this tenant's token endpoint.
 * Entra says nowhere whether it refuses a jti that it has seen; here it does. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "cloud_parts.h"

enum { CERTIFICATES_MAX = 8, SEEN_MAX = 512, PART_MAX = 8192, SKEW_S = 300, RSA_BITS_MIN = 2048 };

struct certificate {
	X509 *x;
	unsigned char sha1[20], sha256[32];
	int64_t begins_s, ends_s;
};

struct cloud_keys {
	struct certificate list[CERTIFICATES_MAX];
	size_t n;
	struct {
		uint64_t hash;
		int64_t until_s;
	} seen[SEEN_MAX]; /* ids of statements, a ring */
	size_t seen_at;
};

void cloud_keys_free(struct cloud_keys *k)
{
	for (size_t i = 0; k && i < k->n; i++)
		X509_free(k->list[i].x);
	free(k);
}

/* ---- registering ---- */

static bool moment(const ASN1_TIME *t, int64_t *ret_s)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	bool ok = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

	ASN1_TIME_free(epoch);
	if (ok)
		*ret_s = (int64_t)days * 86400 + seconds;
	return ok;
}

static bool describe(struct certificate *c)
{
	const EVP_PKEY *key = X509_get0_pubkey(c->x);

	return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
	       X509_digest(c->x, EVP_sha1(), c->sha1, NULL) == 1 &&
	       X509_digest(c->x, EVP_sha256(), c->sha256, NULL) == 1 &&
	       moment(X509_get0_notBefore(c->x), &c->begins_s) &&
	       moment(X509_get0_notAfter(c->x), &c->ends_s);
}

enum err cloud_keys_add(struct cloud_keys **k, struct slice pem)
{
	if (!*k)
		*k = calloc(1, sizeof **k);
	if (!*k)
		return ERR_NO_MEMORY;
	if ((*k)->n == CERTIFICATES_MAX || pem.n > CLOUD_BODY_MAX)
		return ERR_LIMIT;
	BIO *b = BIO_new_mem_buf(pem.p ? pem.p : "", (int)pem.n);
	struct certificate c = { .x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL };

	BIO_free(b);
	ERR_clear_error();
	if (!c.x || !describe(&c)) {
		X509_free(c.x);
		return ERR_MALFORMED;
	}
	(*k)->list[(*k)->n++] = c;
	return ERR_OK;
}

json_t *cloud_keys_json(const struct cloud_keys *k)
{
	json_t *list = json_array();

	for (size_t i = 0; k && i < k->n; i++) {
		const struct certificate *c = &k->list[i];
		char hex[41];

		for (int b = 0; b < 20; b++)
			snprintf(hex + 2 * b, 3, "%02X", c->sha1[b]);
		json_array_append_new(list, json_pack("{s:s,s:I,s:I}", "thumbprint", hex, "begins_s",
						      (json_int_t)c->begins_s, "ends_s",
						      (json_int_t)c->ends_s));
	}
	return list;
}

/* ---- reading a statement ---- */

struct statement {
	struct slice signed_text;
	struct buf signature;
	json_t *header, *claims;
	bool pss;
	int64_t now_s;
};

static json_t *json_part(struct slice part)
{
	struct buf b;
	json_t *o = NULL;

	buf_init(&b, PART_MAX);
	if (cloud_unbase64(part, &b))
		o = json_loadb(b.p ? b.p : "", b.n, JSON_REJECT_DUPLICATES, NULL);
	buf_fini(&b);
	return o;
}

static bool read_parts(struct statement *s, struct slice jws)
{
	struct slice rest = jws, header, claims, signature;

	if (!slice_split(&rest, '.', &header) || !slice_split(&rest, '.', &claims) ||
	    !slice_split(&rest, '.', &signature) || rest.p)
		return false;
	s->signed_text = slice_sub(jws, 0, header.n + 1 + claims.n);
	s->header = json_part(header);
	s->claims = json_part(claims);
	return json_is_object(s->header) && json_is_object(s->claims) && signature.n > 0 &&
	       cloud_unbase64(signature, &s->signature);
}

static struct slice claim(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : SLICE_NONE;
}

/* NULL and *why: the header names none of these. */
static const struct certificate *find_certificate(const struct cloud_keys *k, const struct statement *s,
						  const char **why)
{
	struct slice name = claim(s->header, s->pss ? "x5t#S256" : "x5t");
	size_t want = s->pss ? 32 : 20;
	const struct certificate *found = NULL;
	struct buf b;

	*why = name.n ? "The key was not found." : "The header names no certificate in the form of its alg.";
	buf_init(&b, PART_MAX);
	if (cloud_unbase64(name, &b) && b.n == want)
		for (size_t i = 0; k && i < k->n && !found; i++)
			if (memcmp(b.p, s->pss ? k->list[i].sha256 : k->list[i].sha1, want) == 0)
				found = &k->list[i];
	buf_fini(&b);
	return found;
}

static bool verifies(const struct statement *s, const struct certificate *c)
{
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	bool ok = x && EVP_DigestVerifyInit(x, &how, EVP_sha256(), NULL, X509_get0_pubkey(c->x)) == 1;

	if (ok && s->pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(x, (const unsigned char *)s->signature.p, s->signature.n,
				    (const unsigned char *)s->signed_text.p, s->signed_text.n) == 1;
	EVP_MD_CTX_free(x);
	ERR_clear_error();
	return ok;
}

static int32_t check_signature(const struct cloud_keys *k, const struct statement *s, const char **why)
{
	const struct certificate *c = find_certificate(k, s, why);

	if (!c)
		return 700027;
	if (s->now_s > c->ends_s || s->now_s < c->begins_s) {
		*why = "The key used is expired.";
		return 700027;
	}
	*why = "The provided signature value did not match the expected signature value.";
	return verifies(s, c) ? 0 : 700027;
}

/* The place this request came to, or Entra's own name for it. */
static bool is_audience(const struct cloud *c, struct slice aud)
{
	static const char *const hosts[] = { "https://login.microsoftonline.com",
					     "https://login.microsoftonline.us" };
	char place[400];

	for (size_t i = 0; i <= ARRAY_LEN(hosts); i++) {
		snprintf(place, sizeof place, "%s/%s/oauth2/v2.0/token", i ? hosts[i - 1] : c->base,
			 c->tenant);
		if (slice_eq_nocase(aud, slice_str(place)))
			return true;
	}
	return false;
}

static bool whole_seconds(const json_t *o, const char *name, int64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	*ret = json_integer_value(v);
	return json_is_integer(v);
}

static int32_t check_claims(const struct cloud *c, const struct statement *s, const char *app,
			    const char **why)
{
	int64_t from, until;

	*why = "";
	if (!slice_is_nocase(claim(s->claims, "iss"), app) || !slice_is_nocase(claim(s->claims, "sub"), app))
		return 700021;
	if (!is_audience(c, claim(s->claims, "aud")))
		return 700023;
	*why = "jti, nbf or exp is missing";
	if (claim(s->claims, "jti").n == 0 || !whole_seconds(s->claims, "nbf", &from) ||
	    !whole_seconds(s->claims, "exp", &until))
		return 50027;
	*why = "";
	return from > s->now_s + SKEW_S || until < s->now_s - SKEW_S || until <= from ? 700024 : 0;
}

static int32_t check_id(struct cloud_keys *k, const struct statement *s, uint64_t seed, const char **why)
{
	uint64_t hash = slice_hash(claim(s->claims, "jti"), seed);

	for (size_t i = 0; i < SEEN_MAX; i++)
		if (k->seen[i].hash == hash && k->seen[i].until_s >= s->now_s) {
			*why = "the jti was used before";
			return 50012;
		}
	k->seen[k->seen_at].hash = hash;
	k->seen[k->seen_at].until_s = json_integer_value(json_object_get(s->claims, "exp")) + SKEW_S;
	k->seen_at = (k->seen_at + 1) % SEEN_MAX;
	return 0;
}

int32_t cloud_assertion_check(struct cloud *c, struct cloud_app *app, struct slice jws, const char **ret_why)
{
	struct statement s = { .now_s = c->now_ms / 1000 };
	int32_t code = 50027;

	*ret_why = "it is no compact JWS with alg PS256 or RS256";
	buf_init(&s.signature, PART_MAX);
	if (read_parts(&s, jws)) {
		struct slice alg = claim(s.header, "alg");

		s.pss = slice_is(alg, "PS256");
		code = s.pss || slice_is(alg, "RS256") ? check_signature(app->keys, &s, ret_why) : 50027;
		if (!code)
			code = check_claims(c, &s, app->id, ret_why);
		if (!code)
			code = check_id(app->keys, &s, c->seed, ret_why);
	}
	json_decref(s.header);
	json_decref(s.claims);
	buf_fini(&s.signature);
	return code;
}
