#include "admin/certificate.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { SERIAL_BYTES = 16, NAME_MAX_BYTES = 64, DAY_S = 86400 };

static bool set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *n = RAND_bytes(bytes, sizeof(bytes)) == 1 ? BN_new() : NULL;

	bytes[0] &= 0x7f; /* positive, RFC 5280 4.1.2.2 */
	bool done = n && BN_bin2bn(bytes, sizeof(bytes), n) &&
		    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return done;
}

static bool set_name(X509 *x, const char *name)
{
	X509_NAME *n = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(x, n) == 1;
}

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool done = e && X509_add_ext(x, e, -1) == 1;

	X509_EXTENSION_free(e);
	return done;
}

static bool set_times(X509 *x, int64_t wall_ms, int64_t *ret_ends_ms)
{
	time_t now = (time_t)(wall_ms / 1000), begins = now - CERTIFICATE_EARLY_S,
	       ends = now + (time_t)CERTIFICATE_DAYS * DAY_S;

	*ret_ends_ms = (int64_t)ends * 1000;
	return ASN1_TIME_set(X509_getm_notBefore(x), begins) && ASN1_TIME_set(X509_getm_notAfter(x), ends);
}

static bool fill(X509 *x, EVP_PKEY *key, const char *name, int64_t wall_ms, int64_t *ret_ends_ms)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	       set_times(x, wall_ms, ret_ends_ms) && set_name(x, name) && X509_set_pubkey(x, key) == 1 &&
	       add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static bool print_digest(const X509 *x, const EVP_MD *kind, char *dst)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(x, kind, bytes, &n) != 1)
		return false;
	for (unsigned i = 0; i < n; i++)
		snprintf(dst + 2 * (size_t)i, 3, "%02X", bytes[i]);
	return true;
}

static struct slice text_in(BIO *b)
{
	char *p = NULL;
	long n = BIO_get_mem_data(b, &p);

	return slice_of(p, n > 0 ? (size_t)n : 0);
}

/* A BIO of secure heap is wiped when it is freed; so is one of BIO_s_secmem without that heap. */
static enum err write_key(EVP_PKEY *key, struct secret *ret)
{
	BIO *b = BIO_new(BIO_s_secmem());
	enum err e = ERR_NO_MEMORY;

	if (b && PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1)
		e = secret_set(ret, text_in(b));
	BIO_free(b);
	return e;
}

static enum err write_certificate(X509 *x, char *dst, size_t cap)
{
	BIO *b = BIO_new(BIO_s_mem());
	enum err e = ERR_NO_MEMORY;

	if (b && PEM_write_bio_X509(b, x) == 1)
		e = slice_copy(text_in(b), dst, cap);
	BIO_free(b);
	return e;
}

static enum err describe(struct certificate *c, X509 *x, EVP_PKEY *key)
{
	enum err e = write_certificate(x, c->pem, sizeof(c->pem));

	if (!e && !(print_digest(x, EVP_sha1(), c->sha1) && print_digest(x, EVP_sha256(), c->sha256)))
		e = ERR_IO;
	return e ? e : write_key(key, &c->key);
}

enum err certificate_make(struct certificate *ret, const char *name, int64_t wall_ms)
{
	struct certificate c = { 0 };
	EVP_PKEY *key = strlen(name) <= NAME_MAX_BYTES ? EVP_RSA_gen(CERTIFICATE_BITS) : NULL;
	X509 *x = X509_new();
	enum err e = ERR_IO;

	if (strlen(name) > NAME_MAX_BYTES)
		e = ERR_LIMIT;
	else if (key && x && fill(x, key, name, wall_ms, &c.ends_wall_ms))
		e = describe(&c, x, key);
	X509_free(x);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (e)
		certificate_fini(&c);
	else
		*ret = c;
	return e;
}

enum err certificate_read(struct certificate *ret, struct slice pem)
{
	struct certificate c = { 0 };
	BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	enum err e = x ? write_certificate(x, c.pem, sizeof(c.pem)) : ERR_MALFORMED;
	struct tm ends;

	if (!e && !(print_digest(x, EVP_sha1(), c.sha1) && print_digest(x, EVP_sha256(), c.sha256) &&
		    ASN1_TIME_to_tm(X509_get0_notAfter(x), &ends) == 1))
		e = ERR_MALFORMED;
	if (!e) {
		c.ends_wall_ms = (int64_t)timegm(&ends) * 1000;
		*ret = c;
	}
	X509_free(x);
	BIO_free(b);
	ERR_clear_error();
	return e;
}

void certificate_fini(struct certificate *c)
{
	secret_fini(&c->key);
}
