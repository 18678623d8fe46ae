/* teamsim.h - private to the binary: its listeners and its certificate authority. */
#ifndef SIM_BIN_TEAMSIM_H
#define SIM_BIN_TEAMSIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cloud.h"

/* ---- teamsim_ca.c: a private CA and a server certificate for the loopback names ---- */

/* Paths and PEM texts; the texts are to be freed with teamsim_ca_fini. */
struct teamsim_ca {
	char ca_path[4096];
	char *cert_pem, *key_pem;
};

/* Makes what is absent in dir (ca.pem, server.pem, server.key); an existing set that is not valid
 * for another day is replaced. The CA's own key is not kept. ERR_IO with a word on stderr. */
MUST_CHECK enum err teamsim_ca(struct teamsim_ca *ret, const char *dir);
void teamsim_ca_fini(struct teamsim_ca *ca);

/* ---- teamsim_http.c: two listeners on one cloud ---- */

struct teamsim_http;

/* "127.0.0.1:8443", "[::1]:0". Both listeners serve from now on. ERR_IO with a word on stderr. */
MUST_CHECK enum err teamsim_http_start(struct teamsim_http **ret, struct cloud *c, const char *listen,
				       const char *control, const struct teamsim_ca *ca);
void teamsim_http_stop(struct teamsim_http *h);
/* "127.0.0.1:43210" as bound. */
const char *teamsim_http_graph(const struct teamsim_http *h);
const char *teamsim_http_control(const struct teamsim_http *h);

#endif
