/* GET /groups/{id}/members and transitiveMembers: who chooses people by group reads these. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = 999 };

void cloud_groups_fini(struct cloud *c)
{
	for (size_t i = 0; i < c->groups_n; i++) {
		free(c->groups[i].name);
		free(c->groups[i].members);
	}
	c->groups_n = 0;
}

struct cloud_group *cloud_group_find(struct cloud *c, struct slice id)
{
	for (size_t i = 0; i < c->groups_n; i++)
		if (slice_is_nocase(id, c->groups[i].id) || slice_is_nocase(id, c->groups[i].name))
			return &c->groups[i];
	return NULL;
}

/* A byte per user: member of the group, or of one inside it. Every group is looked at once. */
static void mark(const struct cloud *c, const struct cloud_group *g, bool deep, uint8_t *marks,
		 uint32_t *seen)
{
	*seen |= 1u << (g - c->groups);
	for (size_t i = 0; i < g->members_n; i++)
		marks[g->members[i]] = 1;
	for (size_t i = 0; deep && i < g->groups_n; i++)
		if (!(*seen >> g->groups[i] & 1))
			mark(c, &c->groups[g->groups[i]], deep, marks, seen);
}

/* Without a permission for people only type and id are told, the rest is null (group members page). */
static json_t *user_row(const struct cloud_call *k, const struct cloud_user *u, uint32_t selected)
{
	json_t *o = cloud_user_json(u, selected), *v;
	bool may = k->token->roles & ROLE_USER_READ;
	const char *key;

	if (!may)
		json_object_foreach(o, key, v)
			json_object_set_new(o, key, json_null());
	json_object_set_new(o, "id", json_string(u->id));
	json_object_set_new(o, "@odata.type", json_string("#microsoft.graph.user"));
	return o;
}

static json_t *group_row(const struct cloud_group *g)
{
	return json_pack("{s:s,s:s,s:s}", "@odata.type", "#microsoft.graph.group", "id", g->id,
			 "displayName", g->name);
}

struct want {
	uint64_t top, from; /* from: number of the next user, plus one; 0: the first page */
	uint32_t selected;
};

static bool look(struct cloud_call *k, struct want *w)
{
	struct slice top = cloud_param(k->query, "$top"), skip = cloud_param(k->query, "$skiptoken");
	struct slice select = cloud_param(k->query, "$select");

	*w = (struct want){ .top = PAGE_DEFAULT, .selected = cloud_usual_select() };
	if (top.p && (slice_u64(top, PAGE_MAX, &w->top) != ERR_OK || w->top == 0))
		return cloud_fail(k, 400, "Request_BadRequest", "Invalid page size specified.");
	if (skip.p && (!slice_starts(skip, "m-") ||
		       slice_u64(slice_sub(skip, 2, skip.n), CLOUD_USERS_MAX, &w->from) != ERR_OK))
		return cloud_fail(k, 400, "Directory_ExpiredPageToken", "The skip token is not valid.");
	w->top = cloud_page_rows(k, w->top);
	return !select.p || cloud_look_select(k, select, &w->selected);
}

static void set_link(struct cloud_call *k, json_t *out, bool deep, uint32_t next)
{
	struct slice select = cloud_param(k->query, "$select"), top = cloud_param(k->query, "$top");
	struct buf b;

	buf_init(&b, CLOUD_TARGET_MAX);
	buf_fmt(&b, "%s/v1.0/groups/%.*s/%s?", k->c->base, SLICE_ARG(k->name),
		deep ? "transitiveMembers" : "members");
	if (select.p)
		buf_fmt(&b, "$select=%.*s&", SLICE_ARG(select));
	if (top.p)
		buf_fmt(&b, "$top=%.*s&", SLICE_ARG(top));
	buf_fmt(&b, "$skiptoken=m-%u", next + 1);
	json_object_set_new(out, "@odata.nextLink", json_string(buf_cstr(&b)));
	buf_fini(&b);
}

static void fill(struct cloud_call *k, const struct want *w, const uint8_t *marks, bool deep, json_t *out)
{
	json_t *list = json_object_get(out, "value");

	for (uint32_t i = w->from ? (uint32_t)w->from - 1 : 0; i < k->c->users_n; i++) {
		const struct cloud_user *u = &k->c->users[i];

		if (!marks[i] || u->deleted)
			continue;
		if (json_array_size(list) >= w->top) {
			set_link(k, out, deep, i);
			return;
		}
		json_array_append_new(list, user_row(k, u, w->selected));
	}
}

static void members(struct cloud_call *k, bool deep)
{
	const struct cloud_group *g = cloud_group_find(k->c, k->name);
	struct want w;
	uint32_t seen = 0;

	if (!g) {
		cloud_fail(k, 404, "Request_ResourceNotFound",
			   "Resource '%.*s' does not exist or one of its queried "
			   "reference-property objects are not "
			   "present.",
			   k->name.n < 120 ? (int)k->name.n : 120, k->name.p);
		return;
	}
	if (!look(k, &w))
		return;
	uint8_t *marks = calloc(k->c->users_n + 1u, 1);
	json_t *out =
		json_pack("{s:s,s:[]}", "@odata.context",
			  "https://graph.microsoft.com/v1.0/$metadata#directoryObjects", "value");

	if (marks)
		mark(k->c, g, deep, marks, &seen);
	for (size_t i = 0; i < k->c->groups_n && w.from == 0; i++)
		for (size_t n = 0; n < g->groups_n; n++)
			if (g->groups[n] == i)
				json_array_append_new(json_object_get(out, "value"),
						      group_row(&k->c->groups[i]));
	if (marks)
		fill(k, &w, marks, deep, out);
	free(marks);
	cloud_ok(k, out);
}

void cloud_do_members(struct cloud_call *k)
{
	members(k, false);
}

void cloud_do_transitive(struct cloud_call *k)
{
	members(k, true);
}
