/* waiting.h - certificates with their keys that are not in use yet: one file an account in the folder
 * `secrets` of the data folder, readable by the daemon only, like those of the vault. */
#ifndef DAEMON_WAITING_H
#define DAEMON_WAITING_H

#include "base/secret.h"

/* In the place of one that waited before. ERR_LIMIT: too long, ERR_IO. */
MUST_CHECK enum err waiting_keep(const char *data, const char *account, struct slice certificate,
				 struct slice key);
/* Both, PEM; ERR_NOT_FOUND: none waits. */
MUST_CHECK enum err waiting_read(const char *data, const char *account, struct secret *ret);
/* False: none waited. */
bool waiting_forget(const char *data, const char *account);

#endif
