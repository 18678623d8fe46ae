/* yard_expat.h - the yardstick of G1: expat and nothing else over the same documents.
 *
 * One parser, reset for each document, its hash salt set, handlers that take out of a dialog-info
 * what a state needs: version, full or partial, and each dialog's id, direction and state. */
#ifndef BENCH_YARD_EXPAT_H
#define BENCH_YARD_EXPAT_H

#include "base/slice.h"

struct yard_expat;

/* namespaces: names are resolved, as the product's reader needs it. */
struct yard_expat *yard_expat_new(bool namespaces);
void yard_expat_free(struct yard_expat *y);
/* True when the document says that somebody is talking. */
bool yard_expat_talks(struct yard_expat *y, struct slice body);

#endif
