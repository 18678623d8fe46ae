/* documents.h - objects made elsewhere than in the file are grafted into its tree, so that they
 * pass the same reader. Private to proto/conf. */
#ifndef PROTO_CONF_DOCUMENTS_H
#define PROTO_CONF_DOCUMENTS_H

#include "proto/conf/tree.h"

/* Hangs the document into the tree of a file; its nodes live in `a`, *nodes_n grows by them. Left
 * out with a warning when the tree has its name, or not its account. ERR_MALFORMED with errors in
 * errs, ERR_NO_MEMORY. */
MUST_CHECK enum err documents_graft(const struct conf_document *d, struct arena *a,
				    struct node *root, uint64_t *nodes_n, struct conf_errors *errs);

#endif
