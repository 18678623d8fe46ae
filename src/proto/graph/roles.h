/* roles.h - what an access token says it permits, to explain a refusal and never to decide anything:
 * the token is Graph's to read, its signature is not looked at, and it may be opaque tomorrow. */
#ifndef PROTO_GRAPH_ROLES_H
#define PROTO_GRAPH_ROLES_H

#include "base/slice.h"

enum token_permits {
	PERMITS_SET = 1,     /* presence, written */
	PERMITS_READ = 2,    /* presence, read */
	PERMITS_LOOK_UP = 4, /* people by mail or alias, licences */
	PERMITS_GROUPS = 8,  /* members of groups */
};

enum { ROLES_PAYLOAD_MAX = 16384 };

/* The roles claim as enum token_permits; 0 when there is none. ERR_MALFORMED: not a readable token. */
MUST_CHECK enum err token_roles(struct slice access, uint32_t *ret_permits);
/* The least permission that allows it: "Presence.ReadWrite.All". */
const char *token_role_for(enum token_permits one);

#endif
