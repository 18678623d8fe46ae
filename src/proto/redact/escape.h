/* escape.h - values that are escaped where they stand; private to this folder. */
#ifndef PROTO_REDACT_ESCAPE_H
#define PROTO_REDACT_ESCAPE_H

#include "proto/redact/inside.h"

enum escapes { ESCAPES_XML, ESCAPES_JSON };

/* Undoes the escapes, redacts, escapes anew. */
void put_escaped(struct redact *r, enum escapes how, struct slice raw, enum show show, struct buf *out);

#endif
