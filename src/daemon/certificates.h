/* certificates.h - the certificate that is made here: it waits until Entra gives a token for it, and only
 * then takes the place of what the account signs in with. */
#ifndef DAEMON_CERTIFICATES_H
#define DAEMON_CERTIFICATES_H

#include <jansson.h>

#include "admin/admin.h"
#include "daemon/app.h"

/* ADMIN_CERTIFICATE; answers now, or when Entra has answered. */
void certificate_command(struct app *a, const struct admin_command *c);
/* {"sha1","expires"} of the one that waits, or null. */
json_t *certificate_waiting(const char *data, const char *account);

#endif
