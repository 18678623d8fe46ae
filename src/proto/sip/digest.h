/* digest.h - HTTP digest log-in as SIP uses it (RFC 7616, RFC 8760, RFC 3261 22): MD5 and SHA-256,
 * with their -sess forms, qop=auth and none. */
#ifndef PROTO_SIP_DIGEST_H
#define PROTO_SIP_DIGEST_H

#include "base/buf.h"
#include "base/slice.h"

/* Rising strength. */
enum sip_algorithm { SIP_MD5, SIP_MD5_SESS, SIP_SHA256, SIP_SHA256_SESS, SIP_ALGORITHM_COUNT };

enum { SIP_DIGEST_HEX = 65, SIP_NONCE_MAX = 512, SIP_REALM_MAX = 256, SIP_OPAQUE_MAX = 256 };

/* One WWW-Authenticate or Proxy-Authenticate value. Slices point into it; they are the bytes
 * between the quotes, escapes kept, as the digest is formed over them. */
struct sip_challenge {
	uint8_t algorithm; /* enum sip_algorithm */
	bool qop_auth;	   /* false: no qop offered (RFC 2069 form) */
	bool stale;
	struct slice realm, nonce, opaque;
	bool has_opaque;
};

/* ERR_MALFORMED: no digest challenge; ERR_DENIED: one that we cannot answer (unknown algorithm,
 * only auth-int); ERR_LIMIT: a field above its maximum. */
MUST_CHECK enum err sip_challenge_parse(struct slice value, struct sip_challenge *ret);

/* What goes into a response besides the secret. */
struct sip_digest {
	uint8_t algorithm;
	bool qop_auth;
	struct slice username, realm, nonce, cnonce, method, uri;
	uint32_t nc;
};

/* The hex response. ERR_NO_MEMORY when the crypto library refuses. */
MUST_CHECK enum err sip_digest_response(const struct sip_digest *d, struct slice password,
					char ret[SIP_DIGEST_HEX]);
/* Appends "Digest username=..." for Authorization or Proxy-Authorization. */
MUST_CHECK enum err sip_put_digest(struct buf *b, const struct sip_digest *d, struct slice opaque,
				   bool has_opaque, struct slice password);

/* An Authorization value, for the side that asks. */
struct sip_credentials {
	struct sip_digest digest; /* method empty */
	struct slice response, opaque;
};

MUST_CHECK enum err sip_credentials_parse(struct slice value, struct sip_credentials *ret);
/* Does the response belong to this password? Compares in constant time. */
bool sip_credentials_match(const struct sip_credentials *c, struct slice method,
			   struct slice password);

const char *sip_algorithm_name(enum sip_algorithm a);

/* Unguessable but reproducible names (tags, Call-IDs, branches): the first 8 bytes of SHA-256 over
 * seed and number. Equal input gives equal output; without the seed the next one is not known. */
uint64_t sip_token(uint64_t seed, uint64_t number);

#endif
