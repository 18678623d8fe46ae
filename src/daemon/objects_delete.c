/* objects_delete.c - an object goes, if nobody needs it. */
#include <stdio.h>

#include "daemon/objects_own.h"
#include "daemon/vault.h"
#include "daemon/waiting.h"

/* Who still needs it: in words, "" when nobody. */
static void needed_by(const struct object *o, char *dst, size_t cap)
{
	const struct directory *d = bridge_directory(o->p.bridge);
	uint16_t account = directory_account(d, o->account);
	uint32_t n = 0, connector = directory_connector(d, account, o->name);
	struct slice first = SLICE_NONE;

	dst[0] = '\0';
	if (account == UINT16_MAX)
		return;
	for (uint32_t u = directory_next_user(d, 0);
	     u != ID_NONE && o->kind == CONF_DOCUMENT_ACCOUNT; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account && n++ == 0)
			first = directory_email(d, u);
	for (uint32_t l = directory_next_line(d, 0);
	     l != ID_NONE && o->kind == CONF_DOCUMENT_CONNECTOR; l = directory_next_line(d, l + 1))
		if (directory_line_connector(d, l) == connector &&
		    directory_line_user(d, l) != ID_NONE && n++ == 0)
			first = directory_email(d, directory_line_user(d, l));
	for (uint32_t i = 0; o->in && i < o->in->users_n && o->kind == CONF_DOCUMENT_GROUP; i++)
		if (slice_is(o->name, o->in->users[i].group) && n++ == 0)
			first = slice_str(o->in->users[i].email);
	if (n)
		snprintf(dst, cap, "%s %.*s needs it: take it away there first",
			 n > 1 ? "among others" : "the person", SLICE_ARG(first));
	else if (o->kind == CONF_DOCUMENT_ACCOUNT && o->in &&
		 (o->in->connectors_n || o->in->groups_n))
		snprintf(dst, cap, "it has connectors or groups: remove them first");
}

void object_delete(struct object *o)
{
	char why[400];
	struct vault v;

	if (!object_is_there(o)) {
		object_refuse(o, 404, "not found", "no such object");
		return;
	}
	bool hidden = object_is_hidden(o); /* nobody misses it */
	if ((!hidden && object_is_of_the_file(o)) || object_has_changed(o))
		return;
	needed_by(o, why, sizeof(why));
	if (why[0] && !hidden) {
		object_refuse(o, 409, "still needed", why);
		return;
	}
	if (!o->doc) {
		person_delete_command(o->app, o->c);
		return;
	}
	json_t *before = json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL);
	if (vault_init(&v, o->p.conf->server.data, "") == ERR_OK)
		vault_forget(&v, object_scope(o), before);
	if (object_take(o, SLICE_NONE)) {
		vault_keep(&v);
		if (o->kind == CONF_DOCUMENT_ACCOUNT)
			waiting_forget(app_parts(o->app).conf->server.data, o->c->account_name);
		admin_answer(o->p.admin, o->c->id, 200, NULL);
	}
	json_decref(before);
}
