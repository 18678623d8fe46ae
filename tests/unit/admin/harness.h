/* harness.h - an admin plane with invented people, on a free loopback port and a socket in a folder
 * of its own, and a client that sends exactly the bytes it is told to. */
#ifndef TESTS_UNIT_ADMIN_HARNESS_H
#define TESTS_UNIT_ADMIN_HARNESS_H

#include "admin/admin.h"

struct harness {
	struct admin *admin;
	char folder[64], socket_path[96];
	uint16_t port;
	int wake[2]; /* a byte for each wake */
	struct store *store;
	char first_password[ADMIN_ONE_TIME_MAX]; /* of admin, with_store */
};

struct harness_options {
	const char *certificate, *key;
	uint32_t users; /* 0: 7 */
	int32_t request_ms, command_ms;
	const char *listen, *url;
	bool closed; /* nothing is read without signing in; else as with server.open_read */
	bool with_store;
};

/* The clocks that the admin plane is given: real ones, or, after harness_stand_still, ones that only
 * harness_pass moves; harness_stop lets them run again. */
int64_t harness_mono_ms(void);
int64_t harness_wall_ms(void);
void harness_stand_still(void);
void harness_pass(int64_t ms);
void harness_start(struct harness *h, const struct harness_options *o);
void harness_stop(struct harness *h);
/* Two accounts, three connectors, users u0@acme.example...; deterministic. */
void harness_fill(struct harness *h, uint32_t users);
void harness_user(struct harness *h, uint32_t i, unsigned step);
/* Waits for a wake (minutes at most) and takes the command. */
bool harness_command(struct harness *h, struct admin_command *ret);

struct reply {
	int status;
	char *head, *body; /* freed by reply_fini */
	size_t body_n;
	bool closed;
};
void reply_fini(struct reply *r);
const char *reply_header(const struct reply *r, const char *name, char *dst, size_t cap);

int harness_connect(const struct harness *h, bool by_socket);
void harness_send(int fd, const char *bytes);
/* One answer (30 s at most); status 0 when the connection was closed without one. */
void harness_receive(int fd, struct reply *ret);
/* Everything in one: a request with a Host and, if body, its length. */
void harness_ask(const struct harness *h, bool by_socket, const char *method, const char *path,
		 const char *body, struct reply *ret);
/* By TCP, with header lines of one's own ("Name: value\r\n"). */
void harness_ask_with(const struct harness *h, const char *method, const char *path, const char *headers,
		      const char *body, struct reply *ret);
/* The same in two halves, for commands that somebody has to answer in between. */
int harness_begin(const struct harness *h, bool by_socket, const char *method, const char *path,
		  const char *body);

#endif
