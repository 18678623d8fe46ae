/* objects_certificate.c - an account signs in with a certificate that was made here. */
#include <stdio.h>

#include "daemon/objects_own.h"
#include "daemon/vault.h"
#include "proto/conf/value.h"

/* The account's settings as a client would give them, in which the certificate signs in; NULL: no memory. */
static json_t *with_certificate(const struct object *o, const json_t *settings, const char *pem,
				struct slice key)
{
	json_t *j = o->doc ? json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL) : json_deep_copy(settings);
	json_t *teams;

	if (o->doc && j)
		vault_hide(SCOPE_account, j);
	teams = json_object_get(j, "teams");
	if (!json_is_object(teams))
		json_object_set_new(j, "teams", teams = json_object());
	json_object_set_new(teams, "client_secret", json_null());
	json_object_set_new(teams, "certificate", json_string(pem));
	json_object_set_new(teams, "key", json_stringn(key.p, key.n));
	return j;
}

static struct object account_object(struct app *a, const struct admin_command *c)
{
	struct object o = { .app = a, .c = c, .account = slice_str(c->account_name) };

	snprintf(o.label, sizeof(o.label), "%s", c->account_name);
	object_find(&o);
	return o;
}

bool object_may_sign(struct app *a, const struct admin_command *c, const json_t *settings)
{
	const struct object o = account_object(a, c);

	if (object_is_of_the_file(&o))
		return false;
	if (o.doc && json_is_object(settings))
		return !object_refuse(&o, 409, "the account is there already", "leave settings out");
	if (!o.doc && !json_is_object(settings))
		return !object_refuse(&o, 404, "not found", "no such account; settings make it");
	return value_name(o.account) ||
	       !object_refuse(&o, 422, "the settings cannot be taken",
			      "the name must be letters, digits, dot, dash and underscore, at most 64");
}

bool object_put_certificate(struct app *a, const struct admin_command *c, const json_t *settings,
			    const char *pem, struct slice key, const char *told)
{
	struct object o = account_object(a, c);
	json_t *j = with_certificate(&o, settings, pem, key);
	bool taken = false;

	o.told = told;
	if (!object_is_list_inside(&o, j))
		taken = object_put_settings(&o, j);
	json_decref(j);
	return taken;
}
