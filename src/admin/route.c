#include "admin/route.h"

#include <stdio.h>

const struct route routes[ROUTE_COUNT] = {
#define ROUTE(id, method, pattern, authority, body_max, body_type, handler, query, help)               \
	{#id, method, pattern, AUTHORITY_##authority, body_max, body_type, query, help},
#include "admin/routes.def"
};

bool route_is_write(const struct route *r)
{
	return strcmp(r->method, "GET") != 0;
}

enum err percent_decode(struct slice s, char *dst, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			c = slice_percent(s, i);
			if (c < 0)
				return ERR_MALFORMED;
			i += 2;
		}
		if (!c)
			return ERR_MALFORMED;
		if (n + 1 >= cap)
			return ERR_LIMIT;
		dst[n++] = (char)c;
	}
	dst[n] = '\0';
	return ERR_OK;
}

/* One segment against one of the pattern; a parameter takes anything but nothing. */
static enum err match_segment(struct slice pattern, struct slice segment, struct route_match *ret)
{
	if (pattern.n < 2 || pattern.p[0] != '{')
		return slice_eq(pattern, segment) ? ERR_OK : ERR_NOT_FOUND;
	if (!segment.n)
		return ERR_NOT_FOUND;
	if (percent_decode(segment, ret->params[ret->params_n], ROUTE_PARAM_MAX + 1))
		return ERR_MALFORMED;
	ret->params_n++;
	return ERR_OK;
}

static enum err match(const char *pattern, struct slice path, struct route_match *ret)
{
	struct slice want = slice_str(pattern), a, b;
	enum err e = ERR_OK;

	ret->params_n = 0;
	while (!e) {
		bool more_a = slice_split(&want, '/', &a), more_b = slice_split(&path, '/', &b);

		if (more_a != more_b)
			return ERR_NOT_FOUND;
		if (!more_a)
			return ERR_OK;
		e = match_segment(a, b, ret);
	}
	return e;
}

enum err route_find(const char *method, struct slice path, struct route_match *ret)
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	enum err result = ERR_NOT_FOUND;
	size_t n = 0;

	ret->allow[0] = '\0';
	if (path.n > ROUTE_PATH_MAX)
		return ERR_MALFORMED;
	for (int i = 0; i < ROUTE_COUNT; i++) {
		enum err e = match(routes[i].pattern, path, ret);

		if (e == ERR_NOT_FOUND)
			continue;
		if (e)
			return e;
		ret->route = (enum route_id)i;
		if (strcmp(routes[i].method, wanted) == 0)
			return ERR_OK;
		result = ERR_DENIED;
		if (strstr(ret->allow, routes[i].method))
			continue;
		n += (size_t)snprintf(ret->allow + n, sizeof(ret->allow) - n, "%s%s", n ? ", " : "",
				      routes[i].method);
	}
	return result;
}
