/* objects_show.c - an object as it is answered, and the list of an account's groups. */
#include <stdlib.h>
#include <string.h>

#include "daemon/objects_own.h"
#include "daemon/vault.h"
#include "proto/conf/render.h"

/* What is not in force (left out, because it is good no more) is shown as it was given. */
static json_t *settings_json(const struct object *o)
{
	json_t *j = !object_is_there(o)	   ? json_object()
		    : o->now		   ? render_object(object_scope(o), o->now, o->in)
		    : o->person != ID_NONE ? person_settings(&o->p, o->person)
					   : json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL);

	if (j) {
		json_object_del(j, object_name_key(o));
		vault_hide(object_scope(o), j);
	}
	return j;
}

json_t *object_json(const struct object *o)
{
	bool mine = object_is_of_the_console(o) || !object_is_there(o); /* it could be made */
	json_t *j = json_pack("{s:s,s:b,s:b,s:b,s:o?}", "origin", mine ? "console" : "file", "read_only",
			      !mine, "in_force", o->now || o->person != ID_NONE, "hidden",
			      object_is_hidden(o), "settings", settings_json(o));

	if (j && !mine) {
		json_object_set_new(j, "file", json_string(o->at.file));
		json_object_set_new(j, "line", json_integer(o->at.line));
	}
	return j;
}

char *object_text(const struct object *o)
{
	json_t *j = object_json(o);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	return text;
}

void object_answer(const struct object *o, int status)
{
	char *text = o->told ? strdup(o->told) : object_text(o);

	if (text)
		admin_answer_noted(o->p.admin, o->c->id, status, text, o->note);
	else
		admin_refuse(o->p.admin, o->c->id, 500, "out of memory", "try again");
	free(text);
}

/* ---- a list ---- */

static void add_group(struct object *o, json_t *list, struct slice name)
{
	uint32_t people = 0;

	o->name = name;
	object_find(o);
	for (uint32_t i = 0; o->in && i < o->in->users_n; i++)
		people += slice_is(name, o->in->users[i].group);
	json_t *j = object_json(o);
	if (j) {
		json_object_set_new(j, "name", json_stringn(name.p, name.n));
		json_object_set_new(j, "people", json_integer(people));
	}
	json_array_append_new(list, j);
}

/* Those in force in their order, then those of the console that are not. */
void object_list_groups(struct object *o)
{
	const struct conf_document *x;
	json_t *list = json_array();

	if (!o->in) {
		object_refuse(o, 404, "not found", "no such account");
		json_decref(list);
		return;
	}
	for (uint32_t i = 0; i < o->in->groups_n; i++)
		add_group(o, list, slice_str(o->in->groups[i].name));
	for (uint32_t i = 0; (x = documents_at(o->p.documents, i)); i++) {
		if (x->kind != CONF_DOCUMENT_GROUP || !slice_eq(x->account, o->account))
			continue;
		o->name = x->name;
		object_find(o);
		if (!o->now)
			add_group(o, list, x->name);
	}
	json_t *all = json_pack("{s:o}", "groups", list);
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	if (text)
		admin_answer(o->p.admin, o->c->id, 200, text);
	else
		object_refuse(o, 500, "out of memory", "try again");
	free(text);
	json_decref(all);
}
