/* host.h - is a Host header one of ours? Against DNS rebinding, where a foreign name points here.
 */
#ifndef ADMIN_HOST_H
#define ADMIN_HOST_H

#include <openssl/x509.h>

#include "base/slice.h"

/* host: the header's value. local: the numeric address on which the connection came in. Accepted
 * are that address, `localhost` when it is a loopback one, and the names of the certificate (NULL:
 * none). A port is ignored but must be a number. */
bool host_is_ours(struct slice host, struct slice local, X509 *certificate);

/* "host:port", "[v6]:port"; host is copied without brackets, `localhost` becomes 127.0.0.1.
 * ERR_MALFORMED. */
MUST_CHECK enum err host_split(struct slice listen, char *host, size_t cap, uint16_t *ret_port);
bool host_is_loopback(struct slice numeric);

#endif
