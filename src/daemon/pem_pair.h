/* pem_pair.h - certificate and key of a listener of ours, read and compared. */
#ifndef DAEMON_PEM_PAIR_H
#define DAEMON_PEM_PAIR_H

#include "base/err.h"
#include "proto/conf/conf.h"

struct pem_pair {
	char *certificate, *key; /* NULL: none is configured */
};

/* ERR_MALFORMED when they do not fit; why names the configuration's key. For pem_pair_fini in any case. */
MUST_CHECK enum err pem_pair_read(const char *name, const struct conf_tls *t, struct pem_pair *ret, char *why,
				  size_t why_cap);
/* Wipes the key. */
void pem_pair_fini(struct pem_pair *p);

#endif
