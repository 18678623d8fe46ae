/* names.h - names of accounts and connectors as the admin thread last saw them. */
#ifndef ADMIN_NAMES_H
#define ADMIN_NAMES_H

#include "admin/snapshot.h"

struct names;

MUST_CHECK enum err names_new(struct names **ret, struct snapshot *s,
			      const struct snapshot_limits *l);
void names_free(struct names *n);
/* Looks again when an account or connector was put since. */
void names_refresh(struct names *n);
/* "?" for an unknown id; valid until the next refresh. */
struct slice names_account(const struct names *n, uint16_t account);
struct slice names_connector(const struct names *n, uint32_t connector);

#endif
