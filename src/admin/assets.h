/* assets.h - the live page's files, embedded as they are written (web/, tools/embed at build). */
#ifndef ADMIN_ASSETS_H
#define ADMIN_ASSETS_H

#include <stddef.h>

struct asset {
	const char *name; /* "index.html" */
	const char *type;
	const char *etag; /* quoted, of the content */
	const char *data;
	size_t n;
};

extern const struct asset assets[];
extern const size_t assets_n;

#endif
