/* control.h - a small HTTP/1.1 server for the simulators' control APIs: one request a connection,
 * JSON in and out. */
#ifndef SIM_BIN_CONTROL_H
#define SIM_BIN_CONTROL_H

#include <event2/event.h>
#include <jansson.h>

#include "address.h"

struct control;

struct reply {
	int status;
	json_t *body;
};

struct route {
	const char *method, *path; /* NULL path: the end of the table */
	struct reply (*answer)(void *arg,
			       const json_t *in); /* in: an object, NULL without a body */
};

/* routes stays the caller's. answered(arg) is called after every request. program: for messages.
 * ERR_IO, ERR_NO_MEMORY. */
MUST_CHECK enum err control_open(struct control **ret, struct event_base *base, const char *program,
				 const struct pbx_address *listen, const struct route *routes,
				 void (*answered)(void *arg), void *arg);
void control_close(struct control *c); /* takes NULL */
struct pbx_address control_address(const struct control *c);

/* ---- for routes ---- */
struct reply control_refused(int status, const char *why);
struct reply control_done(enum err e);
int64_t control_number(const json_t *in, const char *key, int64_t otherwise);
bool control_flag(const json_t *in, const char *key, bool otherwise);
/* A number, as a number or in words; 0: missing or none. */
uint32_t control_digits(const json_t *in, const char *key);
/* Which of the n words it is; -1: none. */
int control_word(const json_t *in, const char *key, const char *const *words, int n);

#endif
