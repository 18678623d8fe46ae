#include "daemon/pem_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "daemon/config.h"

enum { PEM_MAX = 1 << 20 };

void pem_pair_fini(struct pem_pair *p)
{
	if (p->key)
		explicit_bzero(p->key, strlen(p->key));
	free(p->key);
	free(p->certificate);
	*p = (struct pem_pair){ 0 };
}

static bool fits(const struct pem_pair *p)
{
	BIO *c = BIO_new_mem_buf(p->certificate, -1), *k = BIO_new_mem_buf(p->key, -1);
	X509 *certificate = c ? PEM_read_bio_X509(c, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = k ? PEM_read_bio_PrivateKey(k, NULL, NULL, (void *)(uintptr_t) "") : NULL;
	bool good = certificate && key && X509_check_private_key(certificate, key) == 1;

	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(c);
	BIO_free(k);
	return good;
}

enum err pem_pair_read(const char *name, const struct conf_tls *t, struct pem_pair *ret, char *why,
		       size_t why_cap)
{
	enum err e;
	size_t n;

	*ret = (struct pem_pair){ 0 };
	if (!t->certificate_file[0])
		return ERR_OK;
	e = conf_read_file(t->certificate_file, PEM_MAX, &ret->certificate, &n);
	if (!e)
		e = conf_read_file(t->key_file, PEM_MAX, &ret->key, &n);
	if (e) {
		snprintf(why, why_cap, "%s: certificate or key: %s", name, err_name(e));
	} else if (!fits(ret)) {
		snprintf(why, why_cap, "%s: certificate and key do not fit", name);
		e = ERR_MALFORMED;
	}
	return e;
}
