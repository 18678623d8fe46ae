/* objects.c - one request about one object: which it is, where it stands, whether it may be changed. */
#include "daemon/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "daemon/objects_own.h"

enum conf_scope object_scope(const struct object *o)
{
	static const enum conf_scope scopes[CONF_DOCUMENT_KINDS] = {
		[CONF_DOCUMENT_ACCOUNT] = SCOPE_account,
		[CONF_DOCUMENT_CONNECTOR] = SCOPE_connector,
		[CONF_DOCUMENT_GROUP] = SCOPE_group,
		[CONF_DOCUMENT_USER] = SCOPE_user,
		[CONF_DOCUMENT_ALARMS] = SCOPE_alarms,
	};

	return scopes[o->kind];
}

static void find_connector(struct object *o)
{
	for (uint32_t i = 0; o->in && i < o->in->connectors_n; i++)
		if (slice_is(o->name, o->in->connectors[i].name)) {
			o->now = &o->in->connectors[i];
			o->at = o->in->connectors[i].at;
		}
}

static void find_group(struct object *o)
{
	for (uint32_t i = 0; o->in && i < o->in->groups_n; i++)
		if (slice_is(o->name, o->in->groups[i].name)) {
			o->now = &o->in->groups[i];
			o->at = o->in->groups[i].at;
		}
}

static void find_user(struct object *o)
{
	const struct directory *d = bridge_directory(o->p.bridge);
	uint32_t user = directory_user(d, directory_account(d, o->account), o->name);

	for (uint32_t i = 0; o->in && i < o->in->users_n; i++)
		if (slice_eq_nocase(o->name, slice_str(o->in->users[i].email))) {
			o->now = &o->in->users[i];
			o->at = o->in->users[i].at;
		}
	if (!o->now && user != ID_NONE && apply_is_person(o->p.apply, user))
		o->person = user;
}

void object_find(struct object *o)
{
	const struct conf *c = app_parts(o->app).conf;

	o->p = app_parts(o->app);
	o->doc = documents_find(o->p.documents, o->kind, o->account, o->name);
	o->in = NULL;
	o->now = NULL;
	o->person = ID_NONE;
	for (uint32_t i = 0; i < c->accounts_n; i++)
		if (slice_is(o->account, c->accounts[i].name))
			o->in = &c->accounts[i];
	if (o->kind == CONF_DOCUMENT_CONNECTOR)
		find_connector(o);
	else if (o->kind == CONF_DOCUMENT_GROUP)
		find_group(o);
	else if (o->kind == CONF_DOCUMENT_USER)
		find_user(o);
	else if (o->kind == CONF_DOCUMENT_ALARMS) {
		o->now = c->server.alarms.at.file ? &c->server.alarms : NULL;
		o->at = c->server.alarms.at;
	}
	else if (o->in) {
		o->now = o->in;
		o->at = o->in->at;
	}
}

bool object_is_of_the_console(const struct object *o)
{
	return o->now ? o->doc && slice_is(slice_str(o->at.file), o->doc->origin)
		      : o->doc || o->person != ID_NONE;
}

bool object_is_there(const struct object *o)
{
	return o->doc || o->now || o->person != ID_NONE;
}

const char *object_name_key(const struct object *o)
{
	return o->kind == CONF_DOCUMENT_USER ? "email" : "name";
}

bool object_is_hidden(const struct object *o)
{
	return o->doc && o->now && !object_is_of_the_console(o);
}

bool object_refuse(const struct object *o, int status, const char *title, const char *detail)
{
	admin_refuse(o->p.admin, o->c->id, status, title, detail);
	return true;
}

/* ---- may it be changed? ---- */

bool object_is_of_the_file(const struct object *o)
{
	char detail[400];

	if (!o->now || object_is_of_the_console(o))
		return false;
	snprintf(detail, sizeof(detail), "it stands in %.300s, line %u: change it there and reload",
		 o->at.file, o->at.line);
	return object_refuse(o, 409, "read-only here", detail);
}

/* Against lost updates: RFC 9110, 13.1.1 and 6585, 3. */
bool object_has_changed(const struct object *o)
{
	const char *match = o->c->etag;
	char etag[ADMIN_ETAG_MAX] = "";

	if (!o->doc && o->person == ID_NONE)
		return match[0] &&
		       object_refuse(o, 412, "precondition failed", "there is no such object any more");
	if (o->c->if_none_match)
		return object_refuse(o, 412, "precondition failed", "there is one of that name already");
	if (!match[0])
		return object_refuse(o, 428, "precondition required",
				     "send If-Match with the ETag of what you have read, so that "
				     "nobody's change is lost");
	char *text = object_text(o);
	if (text)
		admin_etag(slice_str(text), etag);
	free(text);
	return strcmp(match, "*") != 0 && strcmp(match, etag) != 0 &&
	       object_refuse(o, 412, "precondition failed",
			     "somebody changed it meanwhile: read it again");
}

void object_command(struct app *a, const struct admin_command *c)
{
	struct object o = { .app = a,
			    .c = c,
			    .kind = (enum conf_document_kind)c->object,
			    .account = slice_str(c->account_name),
			    .name = slice_str(c->object == CONF_DOCUMENT_USER ? c->email : c->object_name) };

	CHECK(c->object < CONF_DOCUMENT_KINDS);
	snprintf(o.label, sizeof(o.label), "%s%s%s", c->account_name, o.name.n ? "/" : "", o.name.p);
	object_find(&o);
	switch ((enum admin_object_verb)c->verb) {
	case ADMIN_OBJECT_SHOW:
		if (object_is_there(&o) || o.kind == CONF_DOCUMENT_ALARMS)
			object_answer(&o, 200);
		else
			object_refuse(&o, 404, "not found", "no such object");
		break;
	case ADMIN_OBJECT_LIST:
		object_list_groups(&o);
		break;
	case ADMIN_OBJECT_PUT:
		object_put(&o);
		break;
	case ADMIN_OBJECT_DELETE:
		object_delete(&o);
		break;
	}
}
