/* uri.h - sip:, sips: and tel: URIs, name-addr values and their parameters (RFC 3261 19.1, 25.1).
 *
 * All slices point into the text given; nothing is copied or unescaped unless the name says so. */
#ifndef PROTO_SIP_URI_H
#define PROTO_SIP_URI_H

#include "base/buf.h"
#include "base/slice.h"

enum { SIP_URI_MAX = 512 };

struct sip_uri {
	struct slice scheme;   /* "sip", "sips", "tel", any case */
	struct slice user;     /* with escapes; tel: the number */
	struct slice password; /* refused nowhere, used nowhere */
	struct slice host;     /* without the brackets of an IPv6 address; tel: empty */
	uint16_t port;	       /* 0: none given */
	struct slice params;   /* behind the first ';', without it */
	struct slice headers;  /* behind '?' */
};

/* The whole of text must be one URI. ERR_MALFORMED, ERR_LIMIT above SIP_URI_MAX bytes. */
MUST_CHECK enum err sip_uri_parse(struct slice text, struct sip_uri *ret);
/* sip or sips */
bool sip_uri_is_sip(const struct sip_uri *u);
/* Compares with %-escapes resolved, with regard to case (RFC 3261 19.1.4). */
bool sip_user_eq(struct slice a, struct slice b);
/* Hash under which equal users meet, escapes resolved. */
uint64_t sip_user_hash(struct slice user, uint64_t seed);
/* Appends text as a user part: bytes that need it are %-escaped. */
void sip_put_user(struct buf *b, struct slice text);
/* host or [host] for IPv6, ":port" unless port is 0. */
void sip_put_host(struct buf *b, struct slice host, uint16_t port);

/* A From, To, Contact, Route value: "Name" <uri>;params or uri;params. */
struct sip_addr {
	struct slice display; /* with its quotes */
	struct slice uri;
	struct slice params; /* behind the first ';' outside < > */
};

MUST_CHECK enum err sip_addr_parse(struct slice value, struct sip_addr *ret);

/* Finds name (any case) in "a=1;b;c=\"x\"". True when there; *ret_value (may be NULL) gets the
 * value without quotes, empty when it has none. */
bool sip_param(struct slice params, const char *name, struct slice *ret_value);
/* Cuts the next part before an unquoted sep that stands outside < >; parts come trimmed. False when
 * nothing is left. */
bool sip_list_next(struct slice *rest, char sep, struct slice *ret_part);

#endif
