/* origin.h - did a page of ours send this? Against requests that other sites make a browser send.
 * Pure. */
#ifndef ADMIN_AUTH_ORIGIN_H
#define ADMIN_AUTH_ORIGIN_H

#include "base/slice.h"

struct origin {
	const char *origin; /* header Origin, NULL: none */
	const char *site;   /* header Sec-Fetch-Site, NULL: none */
	const char *host;   /* header Host, one of ours already */
	const char *url;    /* server.url, or "" */
	bool tls;
};

enum origin_verdict {
	ORIGIN_OURS,
	ORIGIN_NONE, /* neither header: no browser, or a very old one */
	ORIGIN_FOREIGN
};
enum origin_verdict origin_of(const struct origin *o);

/* The "https://host:port" of a URL; empty when it is none. */
struct slice url_origin(struct slice url);

#endif
