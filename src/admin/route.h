/* route.h - finds the route of a request in routes.def. Pure. */
#ifndef ADMIN_ROUTE_H
#define ADMIN_ROUTE_H

#include "base/slice.h"

enum route_id {
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help) ROUTE_##id,
#include "admin/routes.def"
	ROUTE_COUNT
};

enum authority {
	AUTHORITY_OPEN,
	AUTHORITY_SELF,
	AUTHORITY_VIEWER,
	AUTHORITY_OPERATOR,
	AUTHORITY_OPERATOR_ANY,
	AUTHORITY_OWNER,
	AUTHORITY_OWNER_ANY,
};

enum { ROUTE_PARAMS_MAX = 3, ROUTE_PARAM_MAX = 512, ROUTE_PATH_MAX = 2048 };

struct route {
	const char *id, *method, *pattern;
	enum authority authority;
	size_t body_max;
	const char *body_type;
	const char *query, *help;
};

extern const struct route routes[ROUTE_COUNT];

/* Everything but GET changes something, or asks others to. */
bool route_is_write(const struct route *r);

/* Decoded segments, each closed with a zero byte. */
struct route_match {
	enum route_id route;
	unsigned params_n;
	char params[ROUTE_PARAMS_MAX][ROUTE_PARAM_MAX + 1];
	char allow[64]; /* ERR_DENIED: the methods that the path takes, for Allow */
};

/* path: as in the request line, without the query. HEAD finds the route of GET.
 * ERR_NOT_FOUND: no such path; ERR_DENIED: not with this method; ERR_MALFORMED: a bad escape, a
 * zero byte or a segment over its maximum. */
MUST_CHECK enum err route_find(const char *method, struct slice path, struct route_match *ret);

/* Undoes percent-encoding. ERR_MALFORMED for a bad escape or a zero byte, ERR_LIMIT when too long.
 */
MUST_CHECK enum err percent_decode(struct slice s, char *dst, size_t cap);

#endif
