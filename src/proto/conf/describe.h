/* describe.h - settings.def for whoever makes forms of it: the answer of GET /api/v1/settings. Pure. */
#ifndef PROTO_CONF_DESCRIBE_H
#define PROTO_CONF_DESCRIBE_H

#include "base/jsonw.h"

/* An array `key` of all rows, in the order of the table. */
void conf_describe(struct jsonw *j, const char *key);

#endif
