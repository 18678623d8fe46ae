/* program.h - the frame of a program round a simulated PBX: its options' kinds, its life, what it prints
 * when it is ready. */
#ifndef SIM_BIN_PROGRAM_H
#define SIM_BIN_PROGRAM_H

#include <sys/types.h>

#include "net.h"

struct program {
	const char *service; /* SIP, CSTA: SERVICE=host:port is printed, with TLS SERVICES=... too */
	uint32_t first, phones;
	struct net_config net;
	struct pbx_address control;
	bool with_control;
};

bool program_number(const char *text, uint64_t max, uint32_t *ret);
/* The first line of the file. False: said on stderr. */
bool program_password(const char *program, const char *path, char *ret, size_t cap);
/* Name and password, certificate and key: both or neither. TLS without an address gets any port of the
 * same host. False: said on stderr. */
bool program_is_whole(struct program *p, const char *program, const char *username, const char *password);
/* Nothing is left behind by a parent that was killed. */
bool program_die_with_parent(pid_t parent);
int64_t program_now_ms(void);
/* Serves until SIGTERM or SIGINT. The exit status. */
int program_run(const struct program *p, struct event_base *base, const struct machine *m);

/* The control API over HTTP: each program's own. `of` is the machine's. */
struct api;

MUST_CHECK enum err api_open(struct api **ret, struct event_base *base, struct net *net, void *of,
			     const struct pbx_address *listen);
void api_close(struct api *c); /* takes NULL */
struct pbx_address api_address(const struct api *c);

#endif
