/* assertion.h - signing in with a certificate: the signed statement (RFC 7523 section 2.2) that takes
 * the client secret's place in a token request, in the two forms that Entra reads.
 *
 * PS256 with x5t#S256 is today's; RS256 with x5t is what was asked for until 2024, for what stands
 * between us and Entra and knows no better. ("Microsoft identity platform application authentication
 * certificate credentials".) Time comes in; the salt of PS256 comes from OpenSSL. */
#ifndef PROTO_GRAPH_ASSERTION_H
#define PROTO_GRAPH_ASSERTION_H

#include "base/secret.h"

enum {
	ASSERTION_PEM_MAX = 65536,
	ASSERTION_CERTIFICATES_MAX = 16, /* looked at in one file */
	ASSERTION_RSA_BITS_MIN = 2048,
	ASSERTION_EARLY_S = 120,   /* nbf lies so far back: clocks differ */
	ASSERTION_LIFE_S = 600,    /* exp after nbf; Microsoft advises 5 to 10 minutes */
	ASSERTION_THUMBPRINT_LEN = 40,
};

enum assertion_form { ASSERTION_PS256, ASSERTION_RS256, ASSERTION_FORM_COUNT };

/* A certificate with its private key. */
struct assertion_key;

/* certificate: PEM; of several the one that belongs to the key is taken. key: PEM, not encrypted. They
 * may be the same text. ERR_MALFORMED with words in why; ERR_NO_MEMORY. */
MUST_CHECK enum err assertion_key_new(struct assertion_key **ret, struct slice certificate, struct slice key,
				      char *why, size_t cap);
/* Another owner of the same key; NULL for NULL and when memory is out. */
struct assertion_key *assertion_key_dup(const struct assertion_key *k);
void assertion_key_free(struct assertion_key *k);
bool assertion_key_same(const struct assertion_key *a, const struct assertion_key *b);

/* First and last moment of the certificate, milliseconds since 1970. */
int64_t assertion_key_begins_ms(const struct assertion_key *k);
int64_t assertion_key_ends_ms(const struct assertion_key *k);
/* From when on its end is worth a warning: 30 days before it, or a quarter of a short life. */
int64_t assertion_key_warns_ms(const struct assertion_key *k);
/* As Entra's portal shows it: SHA-1 in upper-case hexadecimal digits. */
const char *assertion_key_thumbprint(const struct assertion_key *k);

struct assertion {
	const char *client_id;
	const char *audience; /* the token endpoint's URL */
	const char *id;	      /* jti: never the same twice */
	int64_t wall_ms;      /* now */
	enum assertion_form form;
};

/* The compact JWS (RFC 7515). ERR_LIMIT, ERR_NO_MEMORY; ERR_IO when OpenSSL will not sign. */
MUST_CHECK enum err assertion_write(const struct assertion_key *k, const struct assertion *a,
				    struct secret *ret);

#endif
