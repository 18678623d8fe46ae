/* administrators.h - people with a password of their own here, and what they may. */
#ifndef ADMIN_AUTH_ADMINISTRATORS_H
#define ADMIN_AUTH_ADMINISTRATORS_H

#include "admin/auth/caller.h"
#include "admin/auth/password.h"

enum { ADMINISTRATORS_MAX = 128, ADMINISTRATOR_NAME_MAX = 64 };

struct administrator {
	char name[ADMINISTRATOR_NAME_MAX + 1];
	char password[PASSWORD_STORED_MAX];
	bool must_change; /* the password is a one-time one */
	struct grants grants;
	int64_t created_wall_ms;
};

struct administrators {
	uint32_t n;
	struct administrator list[ADMINISTRATORS_MAX];
};

/* Letters, digits and ._@-; no case is folded. */
bool administrator_name_is_good(struct slice name);
struct administrator *administrators_find(struct administrators *a, struct slice name);
/* ERR_LIMIT, ERR_EXISTS. */
MUST_CHECK enum err administrators_add(struct administrators *a, const struct administrator *x);
void administrators_remove(struct administrators *a, struct administrator *x);
/* How many own everything, not counting one (may be NULL). */
unsigned administrators_owners(const struct administrators *a, const struct administrator *but);

/* The store's document; malloc'ed, NULL without memory. */
char *administrator_document(const struct administrator *x);
/* False, and nothing is added, for what we have not written. */
bool administrators_load(struct administrators *a, struct slice name, struct slice document);

#endif
