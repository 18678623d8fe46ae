/* listen.h - listening sockets of the HTTP servers. On failure `why` (room for why_cap bytes) names
 * the address and says what is wrong. */
#ifndef ADMIN_LISTEN_H
#define ADMIN_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* "127.0.0.1:8470", "[::1]:0"; port 0: any, see *ret_port. ERR_MALFORMED, ERR_DENIED (an address
 * that is not loopback, and may_be_foreign is not set), ERR_IO. */
MUST_CHECK enum err listen_tcp(const char *listen, bool may_be_foreign, int *ret_fd,
			       uint16_t *ret_port, char *why, size_t why_cap);
/* A UNIX socket, mode 0660; a stale one is taken over. ERR_LIMIT, ERR_EXISTS, ERR_IO. */
MUST_CHECK enum err listen_socket(const char *path, int *ret_fd, char *why, size_t why_cap);

#endif
