/* keys.h - certificates and keys as PEM texts, made for one run of a test. */
#ifndef TESTS_UNIT_PROTO_GRAPH_KEYS_H
#define TESTS_UNIT_PROTO_GRAPH_KEYS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "test.h"

struct test_key {
	EVP_PKEY *pkey;
	X509 *x;
	char certificate[4096], key[4096];
};

static inline void test_pem(BIO *b, char *dst, size_t cap)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	assert_true(n > 0 && (size_t)n < cap);
	memcpy(dst, p, (size_t)n);
	dst[n] = '\0';
	BIO_free(b);
}

/* Times as "20260101000000Z". */
static inline void test_certificate(struct test_key *k, const char *from, const char *to)
{
	BIO *b = BIO_new(BIO_s_mem());

	X509_free(k->x);
	k->x = X509_new();
	X509_set_version(k->x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(k->x), 1);
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(k->x), from), 1);
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(k->x), to), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(k->x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"offhook", -1, -1, 0);
	X509_set_issuer_name(k->x, X509_get_subject_name(k->x));
	X509_set_pubkey(k->x, k->pkey);
	assert_true(X509_sign(k->x, k->pkey, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(b, k->x), 1);
	test_pem(b, k->certificate, sizeof(k->certificate));
}

/* Takes over pkey. */
static inline void test_key_of(struct test_key *k, EVP_PKEY *pkey)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_non_null(pkey);
	*k = (struct test_key){ .pkey = pkey };
	assert_int_equal(PEM_write_bio_PrivateKey(b, pkey, NULL, NULL, 0, NULL, NULL), 1);
	test_pem(b, k->key, sizeof(k->key));
	test_certificate(k, "20260101000000Z", "20270101000000Z");
}

static inline void test_key_fini(struct test_key *k)
{
	EVP_PKEY_free(k->pkey);
	X509_free(k->x);
}

#endif
