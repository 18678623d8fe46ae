/* caller.h - who asks, and what it may. Pure. */
#ifndef ADMIN_AUTH_CALLER_H
#define ADMIN_AUTH_CALLER_H

#include "base/slice.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_OWNER, ROLE_COUNT };

const char *role_name(enum role role); /* "viewer" */
bool role_parse(struct slice word, enum role *ret);

enum {
	CALLER_NAME_MAX = 255,
	CALLER_ACCOUNT_MAX = 79, /* bytes of an account's name that a grant can hold */
	CALLER_GRANTS_MAX = 32,
};

/* account "*": all of them, those to come too. */
struct grant {
	char account[CALLER_ACCOUNT_MAX + 1];
	uint8_t role; /* enum role */
};

struct grants {
	uint32_t n;
	struct grant list[CALLER_GRANTS_MAX];
};

/* Adds, or raises the role that is there. ERR_LIMIT. */
MUST_CHECK enum err grants_add(struct grants *g, struct slice account, enum role role);
/* The role on an account; account p NULL: on all. */
enum role grants_role(const struct grants *g, struct slice account);
/* The highest on any. */
enum role grants_highest(const struct grants *g);
/* True when whoever has `have` may give everything of `wanted` away. */
bool grants_cover(const struct grants *have, const struct grants *wanted);

enum caller_kind {
	CALLER_NOBODY,
	CALLER_OPEN,   /* server.open_read */
	CALLER_SOCKET, /* the UNIX socket: an owner of everything */
	CALLER_PASSWORD,
	CALLER_MICROSOFT,
	CALLER_TOKEN,
	CALLER_KIND_COUNT
};
const char *caller_kind_name(enum caller_kind kind);

struct caller {
	uint8_t kind; /* enum caller_kind */
	char name[CALLER_NAME_MAX +
		  1]; /* as the audit has it: "socket", "admin", an e-mail, "token crm" */
	struct grants grants;
	/* the person it is here: "" when none */
	char self_account[CALLER_ACCOUNT_MAX + 1], self_email[CALLER_NAME_MAX + 1];
	bool must_change_password; /* until then it may do nothing else */
};

#endif
