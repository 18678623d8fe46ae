/* secrets.h - reads what the *_file keys name.
 *
 * A secret file holds one line; the newline at its end is cut. The content goes into a struct
 * secret and nowhere else: the buffer that it passes through is wiped, no error quotes it. */
#ifndef DAEMON_SECRETS_H
#define DAEMON_SECRETS_H

#include <limits.h>

#include "base/secret.h"

/* The absolute path of a file that the configuration in folder `dir` names. A name that begins with
 * ${CREDENTIALS_DIRECTORY}/ is taken from systemd's folder of credentials (systemd.exec(5)).
 * ERR_NOT_FOUND: that variable is not set; ERR_LIMIT: too long. */
MUST_CHECK enum err secrets_path(const char *dir, const char *name, char ret[PATH_MAX]);

/* ERR_NOT_FOUND, ERR_DENIED (no permission), ERR_LIMIT (over SECRET_MAX), ERR_MALFORMED (empty,
 * more than one line, a zero byte), ERR_IO (not a plain file, or the system refused),
 * ERR_NO_MEMORY. *ret_open is set when everybody on the machine may read the file. */
MUST_CHECK enum err secrets_read(const char *path, struct secret *ret, bool *ret_open);
/* Words for an error of secrets_read that complete "the file ...". */
const char *secrets_error_text(enum err e);

#endif
