#include "admin/auth/origin.h"

struct slice url_origin(struct slice url)
{
	size_t from = slice_starts_nocase(url, "https://")  ? 8
		      : slice_starts_nocase(url, "http://") ? 7
							    : 0;
	size_t end = from + slice_find(slice_sub(url, from, url.n), '/');

	return from && end > from ? slice_sub(url, 0, end) : SLICE_NONE;
}

static bool is_our_origin(const struct origin *o)
{
	struct slice origin = slice_str(o->origin), url = url_origin(slice_str(o->url));
	const char *scheme = o->tls ? "https://" : "http://";

	if (url.n && slice_eq_nocase(origin, url))
		return true;
	return slice_starts_nocase(origin, scheme) && o->host &&
	       slice_eq_nocase(slice_sub(origin, strlen(scheme), origin.n), slice_str(o->host));
}

enum origin_verdict origin_of(const struct origin *o)
{
	if (o->origin)
		return is_our_origin(o) ? ORIGIN_OURS : ORIGIN_FOREIGN;
	if (!o->site)
		return ORIGIN_NONE;
	return strcmp(o->site, "same-origin") == 0 || strcmp(o->site, "none") == 0 ? ORIGIN_OURS
										   : ORIGIN_FOREIGN;
}
