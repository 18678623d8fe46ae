/* openapi.h - routes.def, answers.def, shapes.def and settings.def as one OpenAPI 3.1 document.
 * Pure. */
#ifndef ADMIN_OPENAPI_H
#define ADMIN_OPENAPI_H

#include "base/buf.h"

enum { OPENAPI_BYTES_MAX = 1 << 20 };

/* out: room for OPENAPI_BYTES_MAX. */
void openapi_make(struct buf *out);

/* What the tables leave open, in words, "" when nothing: a route without an answer, a body or
 * parameter without a row, a row that nothing uses. For tests. */
void openapi_faults(struct buf *out);

#endif
