/* assets.h - the console's files, embedded as they are written (web/, embed.py at build). */
#ifndef ADMIN_ASSETS_H
#define ADMIN_ASSETS_H

#include <stddef.h>

struct asset_form {
	const char *etag; /* quoted, of the content */
	const char *data;
	size_t n;
};

struct asset {
	const char *name; /* "index.html", "lib/dom.js": the path below web/ */
	const char *type;
	struct asset_form plain, packed; /* packed: gzip */
};

extern const struct asset assets[];
extern const size_t assets_n;

#endif
