/* known.h - what an earlier process knew of the directory, from the store, until start is over. */
#ifndef DAEMON_KNOWN_H
#define DAEMON_KNOWN_H

#include "base/slice.h"
#include "sink/graph.h"

enum { KNOWN_LINK_MAX = PEOPLE_LINK_MAX + 1 };

/* Of one address in a realm; flags are people.c's. */
struct keeper_match {
	char id[GRAPH_ID_LEN + 1];
	uint8_t state, class, via;
	uint32_t flags;
};

struct known;

MUST_CHECK enum err known_new(struct known **ret);
void known_free(struct known *k);
/* Without memory the entry is left out: it is looked up again. */
void known_add_match(struct known *k, struct slice realm, struct slice email, const struct keeper_match *m);
void known_add_link(struct known *k, struct slice realm, struct slice rules, struct slice link);
/* Once, after the last match was added. ERR_NO_MEMORY: nothing will be found. */
MUST_CHECK enum err known_ready(struct known *k);
/* k NULL: nothing is known. E-mail without regard to case. */
bool known_match(const struct known *k, struct slice realm, struct slice email, struct keeper_match *ret);
bool known_link(const struct known *k, struct slice realm, const char *rules, char *dst, size_t cap);

#endif
