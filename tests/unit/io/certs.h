/* certs.h - keys and certificates made for one run of a test, in a folder of its own. */
#ifndef TESTS_IO_CERTS_H
#define TESTS_IO_CERTS_H

#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

struct certs {
	char folder[64];
	EVP_PKEY *key; /* one for all: it is the certificates that are tested */
	X509 *ca;
	int serial;
	char ca_file[128], key_file[128];
};

enum { HOURS_AGO = -7200, IN_A_DAY = 86400 };

static inline void cert_write(X509 *x, const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
}

static inline void cert_extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* issuer NULL: self-signed. san like "DNS:a.example,IP:127.0.0.1". */
static inline X509 *cert_new(struct certs *c, const char *name, const char *san, X509 *issuer,
			     long from_s, long to_s)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++c->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), to_s);
	X509_set_pubkey(x, c->key);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : n);
	if (san)
		cert_extend(x, NID_subject_alt_name, san);
	else
		cert_extend(x, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(x, c->key, EVP_sha256()) > 0);
	return x;
}

static inline void certs_open(struct certs *c)
{
	FILE *f;

	*c = (struct certs){.folder = "/tmp/offhook-io-XXXXXX"};
	assert_non_null(mkdtemp(c->folder));
	c->key = EVP_EC_gen("P-256");
	assert_non_null(c->key);
	c->ca = cert_new(c, "Test CA", NULL, NULL, HOURS_AGO, IN_A_DAY);
	snprintf(c->ca_file, sizeof(c->ca_file), "%s/ca.pem", c->folder);
	snprintf(c->key_file, sizeof(c->key_file), "%s/key.pem", c->folder);
	cert_write(c->ca, c->ca_file);
	f = fopen(c->key_file, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* A certificate file in the folder; returns its path, valid until the next call. */
static inline const char *certs_make(struct certs *c, const char *file, const char *san,
				     X509 *issuer, long from_s, long to_s)
{
	static char path[128];
	X509 *x = cert_new(c, "the server", san, issuer, from_s, to_s);

	snprintf(path, sizeof(path), "%s/%s", c->folder, file);
	cert_write(x, path);
	X509_free(x);
	return path;
}

static inline int cert_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void certs_close(struct certs *c)
{
	X509_free(c->ca);
	EVP_PKEY_free(c->key);
	assert_int_equal(nftw(c->folder, cert_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
