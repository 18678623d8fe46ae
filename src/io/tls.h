/* tls.h - certificates: what is loaded, what is demanded of the peer, and why it was refused. */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <openssl/ssl.h>

#include "io/channel.h"

enum { TLS_FILE_MAX = 1024 };

struct tls_files {
	char name[256];
	char ca_file[TLS_FILE_MAX];
	char certificate_file[TLS_FILE_MAX];
	char key_file[TLS_FILE_MAX];
};

/* Whom we expect, and what was wrong with the certificate that came, in words; empty: nothing. Must
 * stay at its place as long as the SSL lives. */
struct tls_verdict {
	const char *name;
	bool system; /* no ca_file is given: the system's authorities are asked */
	char words[256];
};

/* Copies. ERR_MALFORMED when a text is too long. */
MUST_CHECK enum err tls_files_set(struct tls_files *f, const struct channel_tls *tls);

/* A connection that verifies the peer as f->name. ERR_IO: a file cannot be used, ret_why says why.
 */
MUST_CHECK enum err tls_client_new(SSL **ret, const struct tls_files *f,
				   struct tls_verdict *verdict, char *ret_why, size_t cap);
/* The context of a listener. ERR_IO as above. */
MUST_CHECK enum err tls_server_new(SSL_CTX **ret, const struct tls_files *f, char *ret_why,
				   size_t cap);

/* Words for a failed handshake or a broken connection; code is OpenSSL's, 0 when it gave none. */
void tls_words(unsigned long code, char *ret, size_t cap);

#endif
