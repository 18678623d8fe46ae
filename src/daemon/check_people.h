/* check_people.h - permissions, the directory and who was found in it, for `offhook check`. */
#ifndef DAEMON_CHECK_PEOPLE_H
#define DAEMON_CHECK_PEOPLE_H

#include "core/match.h"
#include "daemon/app.h"
#include "daemon/apply.h"

typedef void check_add(void *arg, const char *name, struct slice account, bool ok, const char *text);

/* A permission that the account's settings ask for. */
struct check_need {
	uint32_t permits; /* one of enum token_permits */
	bool needed;
	const char *why;
};
enum { CHECK_NEEDS_MAX = 3 };
/* Least first, as doc/entra-app.md lists them. */
uint32_t check_needs(const struct conf_account *c, struct check_need ret[static CHECK_NEEDS_MAX]);
/* How many of the account's people have each outcome of matching. */
void check_matches(const struct bridge *b, uint16_t account, uint32_t ret[static MATCH_COUNT]);

/* False when something is missing or somebody is not found. */
bool check_people(const struct app_parts *p, uint16_t account, check_add *add, void *arg);

#endif
