#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "teamsim.h"

enum { DAYS = 825, PEM_MAX = 65536 };

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

/* A positive 127-bit number that no other certificate of this CA name has. */
static bool set_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *n = NULL;
	bool ok = RAND_bytes(bytes, sizeof bytes) == 1;

	bytes[0] &= 0x7f;
	n = ok ? BN_bin2bn(bytes, sizeof bytes, NULL) : NULL;
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

static X509 *new_cert(EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_NAME_new();
	bool ok = cert && subject &&
		  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					     (const unsigned char *)name, -1, -1, 0) == 1;

	ok = ok && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	     X509_gmtime_adj(X509_getm_notBefore(cert), -86400) &&
	     X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * DAYS) &&
	     X509_set_subject_name(cert, subject) == 1 &&
	     X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject) == 1 &&
	     X509_set_pubkey(cert, key) == 1;
	X509_NAME_free(subject);
	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_ca(EVP_PKEY *key)
{
	X509 *cert = new_cert(key, "teamsim private CA", NULL);

	if (cert && add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_server(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
	X509 *cert = new_cert(key, "localhost", ca);

	if (cert && add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(cert, ca, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, ca, NID_subject_alt_name,
			  "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
	    add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
	    add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") &&
	    X509_sign(cert, ca_key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

/* ---- files ---- */

static bool path_of(char *out, size_t cap, const char *dir, const char *name)
{
	int n = snprintf(out, cap, "%s/%s", dir, name);

	return n > 0 && (size_t)n < cap;
}

/* Written beside and renamed, so that a reader never sees half a file. */
static FILE *open_new(const char *path, char *temporary, size_t cap, mode_t mode)
{
	int n = snprintf(temporary, cap, "%s.new.%ld", path, (long)getpid());
	int fd = n > 0 && (size_t)n < cap
			 ? open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
			 : -1;

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool write_pem(const char *dir, const char *name, X509 *cert, EVP_PKEY *key)
{
	char path[4096], temporary[4200];
	FILE *f;
	bool ok;

	if (!path_of(path, sizeof path, dir, name))
		return false;
	f = open_new(path, temporary, sizeof temporary, key ? 0600 : 0644);
	if (!f)
		return false;
	ok = key ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1
		 : PEM_write_X509(f, cert) == 1;
	ok = fclose(f) == 0 && ok;
	return ok && rename(temporary, path) == 0;
}

static char *read_text(const char *dir, const char *name)
{
	char path[4096];
	char *text = calloc(1, PEM_MAX);
	FILE *f = text && path_of(path, sizeof path, dir, name) ? fopen(path, "re") : NULL;
	size_t n = f ? fread(text, 1, PEM_MAX - 1, f) : 0;

	if (f)
		fclose(f);
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

static bool make_all(const char *dir)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = ca_key ? make_ca(ca_key) : NULL;
	X509 *cert = ca && key ? make_server(key, ca, ca_key) : NULL;
	bool ok = cert && write_pem(dir, "server.key", NULL, key) &&
		  write_pem(dir, "server.pem", cert, NULL) && write_pem(dir, "ca.pem", ca, NULL);

	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return ok;
}

/* The set belongs together and lasts another day. */
static bool good(const struct teamsim_ca *ca)
{
	time_t tomorrow = time(NULL) + 86400;
	FILE *f = fopen(ca->ca_path, "re");
	X509 *root = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	BIO *bio = ca->cert_pem ? BIO_new_mem_buf(ca->cert_pem, -1) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = root && cert && ca->key_pem && X509_verify(cert, X509_get0_pubkey(root)) == 1 &&
		  X509_cmp_time(X509_get0_notAfter(cert), &tomorrow) > 0;

	X509_free(cert);
	X509_free(root);
	BIO_free(bio);
	if (f)
		fclose(f);
	return ok;
}

static void load(struct teamsim_ca *ca, const char *dir)
{
	teamsim_ca_fini(ca);
	ca->cert_pem = read_text(dir, "server.pem");
	ca->key_pem = read_text(dir, "server.key");
}

enum err teamsim_ca(struct teamsim_ca *ret, const char *dir)
{
	struct teamsim_ca ca = { 0 };

	if (!path_of(ca.ca_path, sizeof ca.ca_path, dir, "ca.pem") ||
	    (mkdir(dir, 0700) != 0 && errno != EEXIST)) {
		fprintf(stderr, "teamsim: %s: %s\n", dir, strerror(errno));
		return ERR_IO;
	}
	load(&ca, dir);
	if (!good(&ca)) {
		if (!make_all(dir)) {
			fprintf(stderr, "teamsim: %s: cannot make certificates\n", dir);
			teamsim_ca_fini(&ca);
			return ERR_IO;
		}
		load(&ca, dir);
	}
	char *whole = realpath(ca.ca_path, NULL);
	if (whole)
		snprintf(ca.ca_path, sizeof ca.ca_path, "%s", whole);
	free(whole);
	if (!good(&ca)) {
		fprintf(stderr, "teamsim: %s: certificates are not usable\n", dir);
		teamsim_ca_fini(&ca);
		return ERR_IO;
	}
	*ret = ca;
	return ERR_OK;
}

void teamsim_ca_fini(struct teamsim_ca *ca)
{
	if (ca->key_pem)
		explicit_bzero(ca->key_pem, strlen(ca->key_pem));
	free(ca->key_pem);
	free(ca->cert_pem);
	ca->key_pem = ca->cert_pem = NULL;
}
