/* GET /users/delta: everybody first, then who has changed. A token holds the serial of the directory at which
 * the reading began, when that was, and what was selected; it lives seven days (delta query pages). */
#include <stdio.h>

#include "cloud_parts.h"

enum { ROWS = 100 };

static const int64_t TOKEN_LIFE_MS = 7LL * 86400000;

/* "d-SINCE-AT-SELECT" behind a whole reading, "p-SINCE-AT-SELECT-FROM-UPTO" for its next page. */
struct token {
	uint64_t since, at_ms;
	uint32_t selected;
	uint64_t from, upto; /* of a page: number of the next user; serial when the reading began */
};

static bool number(struct slice *rest, uint64_t *ret)
{
	struct slice part;

	return slice_split(rest, '-', &part) && slice_u64(part, INT64_MAX, ret) == ERR_OK;
}

static bool read_token(struct slice raw, const char *kind, struct token *ret)
{
	struct slice rest = raw, part;
	uint64_t selected;

	if (!slice_split(&rest, '-', &part) || !slice_is(part, kind) || !number(&rest, &ret->since) ||
	    !number(&rest, &ret->at_ms) || !number(&rest, &selected))
		return false;
	ret->selected = (uint32_t)selected;
	return kind[0] == 'd' || (number(&rest, &ret->from) && number(&rest, &ret->upto));
}

static bool gone(struct cloud_call *k)
{
	char place[400];

	snprintf(place, sizeof place, "%s/v1.0/users/delta?$deltatoken=", k->c->base);
	cloud_header_add(k, "Location", place);
	return cloud_fail(k, 410, "syncStateNotFound",
			  "The sync state generation is not found. The full synchronization is required.");
}

/* What a delta of users takes besides the tokens: $select, and $filter with ids (not played: refused). */
static bool look_options(struct cloud_call *k)
{
	static const char *const refused[] = { "$top",	 "$expand", "$orderby", "$search",
					       "$count", "$skip",   "$filter" };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (cloud_param(k->query, refused[i]).p)
			return cloud_fail(k, 400, "Request_UnsupportedQuery",
					  "The query parameter '%s' is not supported with a change "
					  "query here.",
					  refused[i]);
	return true;
}

static bool look_token(struct cloud_call *k, struct token *t)
{
	struct slice skip = cloud_param(k->query, "$skiptoken"), delta = cloud_param(k->query, "$deltatoken");
	struct slice select = cloud_param(k->query, "$select");
	bool latest = slice_is_nocase(delta, "latest");

	*t = (struct token){ .at_ms = (uint64_t)k->now_ms, .selected = cloud_usual_select(),
			     .upto = k->c->directory_serial };
	if (!look_options(k) || (select.p && !cloud_look_select(k, select, &t->selected)))
		return false;
	if (latest)
		t->since = t->upto;
	if (latest || (!skip.p && delta.n == 0))
		return true;
	if (!read_token(skip.p ? skip : delta, skip.p ? "p" : "d", t))
		return cloud_fail(k, 400, "Directory_ExpiredPageToken", "The token is not valid.");
	if ((int64_t)t->at_ms + TOKEN_LIFE_MS < k->now_ms || t->since > k->c->directory_serial ||
	    cloud_fault_hit(k, CLOUD_FAULT_DELTA_GONE))
		return gone(k);
	return true;
}

static json_t *removed(const struct cloud_user *u)
{
	return json_pack("{s:s,s:{s:s}}", "id", u->id, "@removed", "reason", "changed");
}

static json_t *row(struct cloud_call *k, const struct cloud_user *u, const struct token *t)
{
	/* The id is there whatever was selected. */
	json_t *o = cloud_user_json(u, t->selected), *v;
	const char *key;
	void *next;

	json_object_set_new(o, "id", json_string(u->id));
	if (!cloud_fault_hit(k, CLOUD_FAULT_SPARSE))
		return o;
	json_object_foreach_safe(o, next, key, v)
		if (cloud_is_empty(v))
			json_object_del(o, key);
	return o;
}

/* The rows of one page; the number of the next user, or CLOUD_NO_USER at the end. */
static uint32_t fill(struct cloud_call *k, const struct token *t, json_t *list)
{
	uint64_t rows = cloud_page_rows(k, ROWS);

	for (uint32_t i = (uint32_t)t->from; i < k->c->users_n; i++) {
		const struct cloud_user *u = &k->c->users[i];

		if (u->changed <= t->since || (u->deleted && t->since == 0))
			continue;
		if (json_array_size(list) == rows)
			return i;
		json_array_append_new(list, u->deleted ? removed(u) : row(k, u, t));
	}
	return CLOUD_NO_USER;
}

void cloud_do_delta(struct cloud_call *k)
{
	const char *dollar;
	char text[600];
	struct token t;

	if (!look_token(k, &t))
		return;
	json_t *list = json_array();
	uint32_t next = fill(k, &t, list);

	dollar = cloud_fault_hit(k, CLOUD_FAULT_ESCAPED_LINK) ? "%24" : "$";
	snprintf(text, sizeof text, "%s/v1.0/$metadata#users", k->c->base);
	json_t *out = json_pack("{s:s}", "@odata.context", text);
	if (next != CLOUD_NO_USER) {
		snprintf(text, sizeof text,
			 "%s/v1.0/users/delta?%sskiptoken=p-%llu-%llu-%u-%u-%llu", k->c->base,
			 dollar, (unsigned long long)t.since, (unsigned long long)t.at_ms,
			 t.selected, next, (unsigned long long)t.upto);
		json_object_set_new(out, "@odata.nextLink", json_string(text));
	} else {
		snprintf(text, sizeof text, "%s/v1.0/users/delta?%sdeltatoken=d-%llu-%lld-%u",
			 k->c->base, dollar, (unsigned long long)t.upto, (long long)k->now_ms,
			 t.selected);
		json_object_set_new(out, "@odata.deltaLink", json_string(text));
	}
	json_object_set_new(out, "value", list);
	cloud_ok(k, out);
}
