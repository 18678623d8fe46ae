/* The control API: what changes about people, and their groups. doc/teamsim.md. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_control.h"

enum { ALIASES_MAX = 16 };

/* The key's text in place of *to; null or "" takes it away. False when memory is out. */
static bool take_text(const json_t *o, const char *key, char **to)
{
	const char *text = json_string_value(json_object_get(o, key));
	char *copy = NULL;

	if (!json_object_get(o, key))
		return true;
	if (text && text[0] && !(copy = strdup(text)))
		return false;
	free(*to);
	*to = copy;
	return true;
}

static void take_flag(const json_t *o, const char *key, bool *to)
{
	if (json_object_get(o, key))
		*to = json_is_true(json_object_get(o, key));
}

static bool take_aliases(const json_t *o, struct cloud_user *u)
{
	const json_t *list = json_object_get(o, "aliases");
	size_t n = json_array_size(list);
	char **fresh = calloc(ALIASES_MAX, sizeof *fresh);

	if (!fresh || n > ALIASES_MAX) {
		free(fresh);
		return false;
	}
	if (!list) {
		free(fresh);
		return true;
	}
	for (size_t i = 0; i < u->aliases_n; i++)
		free(u->aliases[i]);
	free(u->aliases);
	u->aliases = fresh;
	for (u->aliases_n = 0; u->aliases_n < n; u->aliases_n++) {
		const char *text = json_string_value(json_array_get(list, u->aliases_n));

		fresh[u->aliases_n] = strdup(text ? text : "");
		if (!fresh[u->aliases_n])
			return false;
	}
	return true;
}

void control_change_user(struct control *q)
{
	struct cloud_user *u = &q->c->users[q->user];
	const char *upn = json_string_value(json_object_get(q->in, "upn"));

	if (json_object_get(q->in, "upn") && (!upn || !upn[0])) {
		control_refuse(q, 400, "upn is a text");
		return;
	}
	if (!take_text(q->in, "upn", &u->upn) || !take_text(q->in, "email", &u->mail) ||
	    !take_text(q->in, "employee_id", &u->employee) ||
	    !take_text(q->in, "extension_attribute1", &u->extension) ||
	    !take_text(q->in, "app_roles", &u->app_roles) || !take_aliases(q->in, u)) {
		control_refuse(q, 400, "no memory, or more than %d aliases", ALIASES_MAX);
		return;
	}
	take_flag(q->in, "disabled", &u->disabled);
	take_flag(q->in, "guest", &u->guest);
	take_flag(q->in, "unlicensed", &u->unlicensed);
	if (cloud_user_reindex(q->c, q->user) != ERR_OK)
		control_refuse(q, 500, "no memory");
	else
		q->out = cloud_state_json(q->c, q->user);
}

/* ---- groups ---- */

static json_t *group_json(const struct cloud *c, const struct cloud_group *g)
{
	json_t *members = json_array(), *groups = json_array();

	for (size_t i = 0; i < g->members_n; i++)
		json_array_append_new(members, json_string(c->users[g->members[i]].upn));
	for (size_t i = 0; i < g->groups_n; i++)
		json_array_append_new(groups, json_string(c->groups[g->groups[i]].id));
	return json_pack("{s:s,s:s,s:o,s:o}", "id", g->id, "name", g->name, "members", members,
			 "groups", groups);
}

void control_groups(struct control *q)
{
	json_t *list = json_array();

	for (size_t i = 0; i < q->c->groups_n; i++)
		json_array_append_new(list, group_json(q->c, &q->c->groups[i]));
	q->out = json_pack("{s:o}", "groups", list);
}

static bool take_members(struct control *q, struct cloud_group *g)
{
	const json_t *list = json_object_get(q->in, "members"), *name;
	uint32_t *fresh = calloc(json_array_size(list) + 1, sizeof *fresh);
	size_t i;

	if (!fresh)
		return false;
	json_array_foreach(list, i, name)
	{
		fresh[i] = cloud_user_find(q->c, slice_str(json_string_value(name)));
		if (fresh[i] == CLOUD_NO_USER) {
			free(fresh);
			return false;
		}
	}
	free(g->members);
	g->members = fresh;
	g->members_n = json_array_size(list);
	return true;
}

static bool take_groups(struct control *q, struct cloud_group *g)
{
	const json_t *list = json_object_get(q->in, "groups"), *id;
	size_t i;

	g->groups_n = 0;
	json_array_foreach(list, i, id)
	{
		const struct cloud_group *inner = cloud_group_find(q->c, slice_str(json_string_value(id)));

		if (!inner || g->groups_n == CLOUD_GROUPS_MAX)
			return false;
		g->groups[g->groups_n++] = (uint32_t)(inner - q->c->groups);
	}
	return true;
}

static struct cloud_group *group_new(struct cloud *c, const char *name)
{
	struct cloud_group *g = &c->groups[c->groups_n];
	struct prng r = { slice_hash_nocase(slice_str(name), slice_hash(slice_str(c->tenant), 1)) };

	if (c->groups_n == CLOUD_GROUPS_MAX)
		return NULL;
	*g = (struct cloud_group){ .name = strdup(name) };
	if (!g->name)
		return NULL;
	cloud_guid(&r, g->id);
	c->groups_n++;
	return g;
}

/* Made, or given other members. */
void control_put_group(struct control *q)
{
	const char *name = json_string_value(json_object_get(q->in, "name"));
	struct cloud_group *g = name && name[0] ? cloud_group_find(q->c, slice_str(name)) : NULL;

	if (!g && name && name[0])
		g = group_new(q->c, name);
	if (!g)
		control_refuse(q, 400, "name is a text; at most %d groups", CLOUD_GROUPS_MAX);
	else if (!take_members(q, g) || !take_groups(q, g))
		control_refuse(q, 400, "members are names of people, groups are ids of groups");
	else
		q->out = group_json(q->c, g);
}
