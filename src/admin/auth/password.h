/* password.h - passwords at rest: scrypt with a salt of their own. */
#ifndef ADMIN_AUTH_PASSWORD_H
#define ADMIN_AUTH_PASSWORD_H

#include "base/slice.h"

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 256, PASSWORD_STORED_MAX = 160 };
/* scrypt's N is 2 to the power of this; each step doubles time and memory. */
enum { PASSWORD_COST = 15, PASSWORD_COST_MAX = 17 };

/* "scrypt$15$8$1$salt$hash". With PASSWORD_COST it takes about as long as a sign-in may (32 MB, tens
 * of milliseconds). ERR_IO: no randomness; ERR_NO_MEMORY; ERR_LIMIT: it does not fit in cap. */
MUST_CHECK enum err password_hash(struct slice password, unsigned cost, char *dst, size_t cap);
/* stored NULL, or nothing that we wrote: there is no such person. Works as long as for one whose
 * password has this cost and answers false, so that the time does not tell who exists. */
bool password_fits(struct slice password, const char *stored, unsigned cost);

#endif
