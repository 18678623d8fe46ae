#include <string.h>

#include "base/check.h"
#include "cli/cli.h"

static const struct {
	const char *id, *method, *pattern, *type;
} rows[] = {
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help) \
	{ #id, method, pattern, body_type },
#include "admin/routes.def"
};

const char *cli_method(enum cli_route route)
{
	return rows[route].method;
}

const char *cli_type(enum cli_route route)
{
	return *rows[route].type ? rows[route].type : NULL;
}

void cli_path(struct buf *b, enum cli_route route, const char *first, const char *second)
{
	const char *names[] = { first, second };
	size_t n = 0;

	for (const char *p = rows[route].pattern; *p; p++) {
		if (*p != '{') {
			buf_char(b, *p);
			continue;
		}
		CHECK(n < ARRAY_LEN(names) && names[n]);
		path_segment(b, names[n++]);
		p = strchr(p, '}');
	}
}

bool verb_asks(const struct verb *v, enum cli_route route)
{
	struct slice rest = slice_str(v->routes), id;

	while (slice_split(&rest, ' ', &id))
		if (slice_is(id, rows[route].id))
			return true;
	return false;
}
