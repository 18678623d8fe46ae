#include "proto/graph/assertion.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "proto/graph/base64.h"

enum { SHA1_BYTES = 20, SHA256_BYTES = 32, SIGNATURE_MAX = 2048, JWS_MAX = 8192 };

struct assertion_key {
	EVP_PKEY *key;
	unsigned char sha1[SHA1_BYTES], sha256[SHA256_BYTES]; /* of the certificate's DER */
	char thumbprint[ASSERTION_THUMBPRINT_LEN + 1];
	int64_t begins_ms, ends_ms;
};

/* ---- reading ---- */

static enum err refuse(char *why, size_t cap, const char *words)
{
	if (cap)
		snprintf(why, cap, "%s", words);
	ERR_clear_error();
	return ERR_MALFORMED;
}

static BIO *bio_of(struct slice text)
{
	return text.n && text.n <= ASSERTION_PEM_MAX ? BIO_new_mem_buf(text.p, (int)text.n) : NULL;
}

/* Called for an encrypted key only: nobody is there to be asked for its password. */
static int no_password(char *dst, int cap, int writing, void *arg)
{
	(void)dst, (void)cap, (void)writing;
	*(bool *)arg = true;
	return -1;
}

static enum err read_key(struct slice text, EVP_PKEY **ret, char *why, size_t cap)
{
	bool encrypted = false;
	BIO *b = bio_of(text);
	EVP_PKEY *k = b ? PEM_read_bio_PrivateKey(b, NULL, no_password, &encrypted) : NULL;

	BIO_free(b);
	ERR_clear_error();
	if (!k)
		return refuse(why, cap,
			      encrypted ? "the private key is encrypted: write it without a password by "
					  "openssl pkey -in OLD -out NEW"
					: "holds no private key in PEM");
	if (EVP_PKEY_get_base_id(k) != EVP_PKEY_RSA || EVP_PKEY_get_bits(k) < ASSERTION_RSA_BITS_MIN ||
	    EVP_PKEY_get_size(k) > SIGNATURE_MAX) {
		EVP_PKEY_free(k);
		return refuse(why, cap,
			      "the private key must be RSA with 2048 bits or more: Entra takes no other");
	}
	*ret = k;
	return ERR_OK;
}

/* The first certificate of the text that belongs to the key. */
static enum err read_certificate(struct slice text, const EVP_PKEY *key, X509 **ret, char *why, size_t cap)
{
	BIO *b = bio_of(text);
	X509 *x = NULL;
	int seen = 0;

	while (b && seen < ASSERTION_CERTIFICATES_MAX && (x = PEM_read_bio_X509(b, NULL, NULL, NULL))) {
		const EVP_PKEY *own = X509_get0_pubkey(x);

		seen++;
		if (own && EVP_PKEY_eq(own, key) == 1)
			break;
		X509_free(x);
		x = NULL;
	}
	BIO_free(b);
	ERR_clear_error();
	if (!x)
		return refuse(why, cap,
			      seen ? "the certificate does not belong to the private key"
				   : "holds no certificate in PEM");
	*ret = x;
	return ERR_OK;
}

/* Milliseconds since 1970; this room has no clock and no calendar of the system's. */
static bool moment(const ASN1_TIME *t, int64_t *ret_ms)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	bool ok = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

	ASN1_TIME_free(epoch);
	if (ok)
		*ret_ms = ((int64_t)days * 86400 + seconds) * 1000;
	return ok;
}

static bool describe(struct assertion_key *k, const X509 *x)
{
	unsigned n1 = 0, n256 = 0;
	bool ok = X509_digest(x, EVP_sha1(), k->sha1, &n1) == 1 && n1 == SHA1_BYTES &&
		  X509_digest(x, EVP_sha256(), k->sha256, &n256) == 1 && n256 == SHA256_BYTES &&
		  moment(X509_get0_notBefore(x), &k->begins_ms) && moment(X509_get0_notAfter(x), &k->ends_ms);

	for (int i = 0; i < SHA1_BYTES; i++)
		snprintf(k->thumbprint + 2 * i, 3, "%02X", k->sha1[i]);
	return ok;
}

enum err assertion_key_new(struct assertion_key **ret, struct slice certificate, struct slice key, char *why,
			   size_t cap)
{
	struct assertion_key *k = calloc(1, sizeof(*k));
	X509 *x = NULL;

	if (!k)
		return ERR_NO_MEMORY;
	enum err e = read_key(key, &k->key, why, cap);
	if (!e)
		e = read_certificate(certificate, k->key, &x, why, cap);
	if (!e && !describe(k, x))
		e = refuse(why, cap, "the certificate cannot be read");
	X509_free(x);
	if (e) {
		assertion_key_free(k);
		return e;
	}
	*ret = k;
	return ERR_OK;
}

struct assertion_key *assertion_key_dup(const struct assertion_key *k)
{
	struct assertion_key *copy = k ? malloc(sizeof(*copy)) : NULL;

	if (!copy)
		return NULL;
	*copy = *k;
	EVP_PKEY_up_ref(copy->key);
	return copy;
}

void assertion_key_free(struct assertion_key *k)
{
	if (k)
		EVP_PKEY_free(k->key);
	free(k);
}

bool assertion_key_same(const struct assertion_key *a, const struct assertion_key *b)
{
	return a && b ? memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0 : a == b;
}

int64_t assertion_key_begins_ms(const struct assertion_key *k)
{
	return k->begins_ms;
}

int64_t assertion_key_ends_ms(const struct assertion_key *k)
{
	return k->ends_ms;
}

int64_t assertion_key_warns_ms(const struct assertion_key *k)
{
	const int64_t month_ms = INT64_C(30) * 86400000, quarter_ms = (k->ends_ms - k->begins_ms) / 4;

	return k->ends_ms - (quarter_ms < month_ms ? quarter_ms : month_ms);
}

const char *assertion_key_thumbprint(const struct assertion_key *k)
{
	return k->thumbprint;
}

/* ---- writing ---- */

static enum err put_header(struct buf *b, const struct assertion_key *k, enum assertion_form form)
{
	struct buf head;

	buf_init(&head, 256);
	if (form == ASSERTION_RS256) {
		buf_str(&head, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"");
		base64url_put(&head, k->sha1, sizeof(k->sha1));
	} else {
		buf_str(&head, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"");
		base64url_put(&head, k->sha256, sizeof(k->sha256));
	}
	buf_str(&head, "\"}");
	enum err e = buf_err(&head);
	if (!e)
		base64url_put(b, head.p, head.n);
	buf_fini(&head);
	return e;
}

static enum err put_claims(struct buf *b, const struct assertion *a)
{
	json_int_t now = a->wall_ms / 1000, from = now - ASSERTION_EARLY_S;
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "aud", a->audience, "iss", a->client_id, "sub",
			      a->client_id, "jti", a->id, "iat", now, "nbf", from, "exp",
			      from + ASSERTION_LIFE_S);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (!text)
		return ERR_NO_MEMORY;
	base64url_put(b, text, strlen(text));
	free(text);
	return buf_err(b);
}

static bool set_padding(EVP_PKEY_CTX *how, enum assertion_form form)
{
	if (form == ASSERTION_RS256)
		return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) == 1;
	/* RFC 7518 section 3.5: the salt is as long as the hash */
	return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static enum err put_signature(struct buf *b, const struct assertion_key *k, enum assertion_form form)
{
	unsigned char sig[SIGNATURE_MAX];
	size_t n = sizeof(sig);
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	bool ok = x && EVP_DigestSignInit(x, &how, EVP_sha256(), NULL, k->key) == 1 &&
		  set_padding(how, form) &&
		  EVP_DigestSign(x, sig, &n, (const unsigned char *)b->p, b->n) == 1;

	EVP_MD_CTX_free(x);
	ERR_clear_error();
	if (!ok)
		return ERR_IO;
	buf_char(b, '.');
	base64url_put(b, sig, n);
	return buf_err(b);
}

enum err assertion_write(const struct assertion_key *k, const struct assertion *a, struct secret *ret)
{
	struct buf b;

	buf_init(&b, JWS_MAX);
	enum err e = put_header(&b, k, a->form);
	buf_char(&b, '.');
	if (!e)
		e = put_claims(&b, a);
	if (!e)
		e = put_signature(&b, k, a->form);
	if (!e)
		e = secret_set(ret, buf_view(&b));
	if (b.p)
		explicit_bzero(b.p, b.n);
	buf_fini(&b);
	return e;
}
