/* certificate.h - makes the certificate with which an app signs in: RSA of 3,072 bits, self-signed, as
 * doc/entra-app.md does by hand. It needs randomness and a second of work: on a thread of its own. */
#ifndef ADMIN_CERTIFICATE_H
#define ADMIN_CERTIFICATE_H

#include "base/secret.h"

enum {
	CERTIFICATE_BITS = 3072,
	CERTIFICATE_DAYS = 730,
	CERTIFICATE_EARLY_S = 300, /* its first moment lies so far back: clocks differ */
	CERTIFICATE_PEM_MAX = 4096,
	CERTIFICATE_SHA1_LEN = 40,
	CERTIFICATE_SHA256_LEN = 64,
};

struct certificate {
	char pem[CERTIFICATE_PEM_MAX];
	struct secret key; /* PEM; certificate_fini wipes it */
	/* upper case, as Entra shows them */
	char sha1[CERTIFICATE_SHA1_LEN + 1], sha256[CERTIFICATE_SHA256_LEN + 1];
	int64_t ends_wall_ms;
};

/* name: its common name, at most 64 bytes. ERR_IO when OpenSSL will not, ERR_LIMIT, ERR_NO_MEMORY. */
MUST_CHECK enum err certificate_make(struct certificate *ret, const char *name, int64_t wall_ms);
/* The first certificate of a PEM text, without a key. ERR_MALFORMED. */
MUST_CHECK enum err certificate_read(struct certificate *ret, struct slice pem);
void certificate_fini(struct certificate *c);

#endif
