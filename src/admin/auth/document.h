/* document.h - grants and texts in JSON documents of the store and of the API. */
#ifndef ADMIN_AUTH_DOCUMENT_H
#define ADMIN_AUTH_DOCUMENT_H

#include <jansson.h>

#include "admin/auth/caller.h"

/* [{"account": "acme", "role": "viewer"}]; NULL without memory. */
json_t *grants_json(const struct grants *g);
/* ERR_MALFORMED: something else than that; ERR_LIMIT: too many, or a name too long. */
MUST_CHECK enum err grants_parse(json_t *list, struct grants *ret);
/* A text of at most cap - 1 bytes under a key; false when it is absent, longer or none. */
bool document_text(json_t *doc, const char *key, char *dst, size_t cap);
int64_t document_number(json_t *doc, const char *key);

#endif
