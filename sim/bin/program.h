/* program.h - the frame of a program round a simulated PBX: its life, its control API, what it prints when it
 * is ready. options.h fills it in. */
#ifndef SIM_BIN_PROGRAM_H
#define SIM_BIN_PROGRAM_H

#include <sys/types.h>

#include "control.h"
#include "net.h"

struct program {
	const char *name;    /* before messages */
	const char *service; /* SIP, CSTA: SERVICE=host:port is printed, with TLS SERVICES=... too */
	struct net_config net;
	struct pbx_address control;
	bool with_control;
	/* What every simulated PBX is made of. */
	uint32_t first, phones, phones_max;
	const char *username; /* "": no log-in */
	char password[256];
	uint32_t calls_per_hour, talk_s;
	bool has_seed;
	uint64_t seed;
};

/* The process is killed with its parent, which must be this one: nothing is left behind. */
bool program_die_with_parent(pid_t parent);
int64_t program_now_ms(void);
/* Serves until SIGTERM or SIGINT, with these routes where the control API is asked for; their arg is a
 * struct api. The exit status. */
int program_run(const struct program *p, const struct machine *m, const struct route *routes);

/* ---- for routes ---- */

struct api {
	struct net *net;
	void *of; /* the machine's: the simulated PBX */
	struct control *control;
};

/* A call's times as the request has them. */
struct pbx_call_plan api_call_plan(const json_t *in, uint32_t from, uint32_t to);

#endif
