#include "proto/graph/challenge.h"

#include "proto/graph/base64.h"
#include "proto/graph/json.h"

/* The quoted value of name="..." that follows a blank or comma. */
static bool parameter(struct slice header, const char *name, struct slice *ret)
{
	size_t len = strlen(name);

	for (size_t i = 1; i + len + 2 <= header.n; i++) {
		struct slice at = slice_sub(header, i, header.n);
		char before = header.p[i - 1];

		if ((before != ' ' && before != ',') || !slice_starts_nocase(at, name) ||
		    at.p[len] != '=' || at.p[len + 1] != '"')
			continue;
		at = slice_sub(at, len + 2, at.n);
		*ret = slice_sub(at, 0, slice_find(at, '"'));
		return true;
	}
	return false;
}

enum err challenge_claims(struct slice header, char *dst, size_t cap)
{
	struct slice value;

	if (header.n > CHALLENGE_HEADER_MAX || !parameter(header, "error", &value) ||
	    !slice_is(value, "insufficient_claims") || !parameter(header, "claims", &value))
		return ERR_NOT_FOUND;
	enum err e = base64_decode(value, dst, cap, NULL);
	if (e)
		return e;
	json_t *doc = graph_json(slice_str(dst), cap);
	e = json_is_object(doc) ? ERR_OK : ERR_MALFORMED;
	json_decref(doc);
	return e;
}
