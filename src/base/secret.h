/* secret.h - passwords, client secrets and tokens: a type without a printer.
 *
 * The bytes are reached only through secret_expose(), so that a search for that name lists every
 * place where a secret can leak. secret_fini overwrites before it frees. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/slice.h"

struct secret {
	char *hidden;
	size_t n;
};

enum { SECRET_MAX = 16384 };

/* Copies s. ERR_LIMIT above SECRET_MAX, ERR_NO_MEMORY. An earlier value is wiped first. */
MUST_CHECK enum err secret_set(struct secret *x, struct slice s);
void secret_fini(struct secret *x);
bool secret_is_set(const struct secret *x);
struct slice secret_expose(const struct secret *x);

#endif
