/* documents.h - the objects made in the console, as the store keeps them: accounts, connectors,
 * groups, and people with rules of their own.
 *
 * A list in memory; the store is told of changes by the owner. A change is tried on a draft, which
 * takes the place of the list when the configuration with it was taken. */
#ifndef DAEMON_DOCUMENTS_H
#define DAEMON_DOCUMENTS_H

#include "proto/conf/conf.h"

struct documents;

enum { DOCUMENTS_MAX = 8192, DOCUMENT_KEY_MAX = 340 };

MUST_CHECK enum err documents_new(struct documents **ret);
void documents_free(struct documents *d);

/* A record of the store; other kinds than ours are passed over. ERR_LIMIT, ERR_NO_MEMORY. */
MUST_CHECK enum err documents_take(struct documents *d, struct slice kind, struct slice key,
				   struct slice value);
/* "acme", "acme/hq": the record's key. */
void documents_key(const struct conf_document *doc, char dst[static DOCUMENT_KEY_MAX]);

/* Those that may be read; valid until the next change. */
const struct conf_document *documents_list(struct documents *d, uint32_t *ret_n);
/* Also one that is left out; NULL when there is none. */
const struct conf_document *documents_find(const struct documents *d, enum conf_document_kind kind,
					   struct slice account, struct slice name);
/* All of them in turn, also those left out; NULL behind the last. */
const struct conf_document *documents_at(const struct documents *d, uint32_t i);
/* Leaves out what these errors are about, so that the others can be read; false: none of them is a
 * document's. */
bool documents_leave_out(struct documents *d, const struct conf_errors *errs);

/* A copy in which the object reads json; json p NULL: in which it is not there. ERR_LIMIT,
 * ERR_NO_MEMORY. */
MUST_CHECK enum err documents_draft(const struct documents *d, enum conf_document_kind kind,
				    struct slice account, struct slice name, struct slice json,
				    struct documents **ret);

#endif
