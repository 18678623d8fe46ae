/* objects_put.c - new settings of an object, taken or refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/said.h"
#include "daemon/keeper.h"
#include "daemon/objects_own.h"
#include "daemon/report.h"
#include "daemon/vault.h"
#include "proto/conf/value.h"
#include "store/store.h"

enum { SAID_MAX = 64 * 1024 };

/* "accounts[0].connectors[1].server" -> "server" */
static const char *key_within(const char *key)
{
	const char *at = strrchr(key, ']');

	return !at ? key : at[1] == '.' ? at + 2 : "";
}

static json_t *key_error(const char *key, const char *text)
{
	json_t *j = json_pack("{s:s}", "key", key);

	said_set(j, "text", text);
	return j;
}

static void refuse_errors(const struct object *o, const struct conf_errors *errs,
			  const char *origin, struct slice said)
{
	json_t *list = json_array();
	const char *first = "";

	for (uint32_t i = 0; i < errs->n; i++) {
		const struct conf_error *e = &errs->list[i];

		if (e->warning)
			continue;
		bool mine = strcmp(e->file, origin) == 0;
		json_array_append_new(list, key_error(mine ? key_within(e->key) : e->key, e->text));
		if (!first[0])
			first = e->text;
	}
	char *text = json_dumps(list, JSON_COMPACT), detail[400];
	snprintf(detail, sizeof(detail), "%.*s", (int)(said.n < 390 ? said.n : 390),
		 said.p ? said.p : "");
	admin_refuse_with(o->p.admin, o->c->id, 422, "the settings cannot be taken",
			  first[0] ? first : detail, text);
	free(text);
	json_decref(list);
}

static const char *const kind_words[CONF_DOCUMENT_KINDS] = { "account", "connector", "group", "user",
								 "alarms" };

static void store_it(const struct object *o, struct slice json)
{
	struct store *s = keeper_store(o->p.keeper);
	struct slice kind = slice_str(kind_words[o->kind]);

	if (json.p)
		store_put_record(s, kind, slice_str(o->label), json);
	else
		store_delete_record(s, kind, slice_str(o->label));
}

bool object_take(struct object *o, struct slice json)
{
	static struct conf_errors errs;
	struct documents *draft = NULL;
	char origin[DOCUMENT_KEY_MAX + 32];
	struct buf said;
	enum err e = documents_draft(o->p.documents, o->kind, o->account, o->name, json, &draft);

	errs = (struct conf_errors){ 0 };
	snprintf(origin, sizeof(origin), "console: %s %s", kind_words[o->kind], o->label);
	buf_init(&said, SAID_MAX);
	if (!e)
		e = app_take_documents(o->app, draft, &errs, &said);
	if (e) {
		documents_free(draft);
		refuse_errors(o, &errs, origin,
			      buf_err(&said) || !said.n ? slice_str(err_name(e)) : buf_view(&said));
	} else {
		store_it(o, json);
		report_at_once(o->p.report, app_now(o->app), ID_NONE);
	}
	buf_fini(&said);
	return !e;
}

/* The body as settings, its name checked and taken out; NULL: answered. */
static json_t *body_of(const struct object *o)
{
	json_error_t error;
	json_t *j = json_loadb(o->c->text, o->c->text_n, JSON_REJECT_DUPLICATES, &error), *name;

	if (!json_is_object(j)) {
		object_refuse(o, 400, "bad request", j ? "the body is not a JSON object" : error.text);
		json_decref(j);
		return NULL;
	}
	name = json_object_get(j, object_name_key(o));
	if (name && !slice_is(o->kind == CONF_DOCUMENT_ACCOUNT ? o->account : o->name,
			      json_string_value(name) ? json_string_value(name) : "")) {
		object_refuse(o, 422, "the settings cannot be taken",
			      "the name is not the one of the path: nothing is renamed");
		json_decref(j);
		return NULL;
	}
	json_object_del(j, object_name_key(o));
	return j;
}

bool object_is_list_inside(const struct object *o, const json_t *j)
{
	return o->kind == CONF_DOCUMENT_ACCOUNT &&
	       (json_object_get(j, "connectors") || json_object_get(j, "users") ||
		json_object_get(j, "groups")) &&
	       object_refuse(o, 422, "the settings cannot be taken",
			     "connectors, groups and users have paths of their own");
}

static void refuse_secret(const struct object *o, const struct vault *v, enum err e)
{
	json_t *list = json_pack("[o]", key_error(v->key, v->why));
	char *text = json_dumps(list, JSON_COMPACT);

	admin_refuse_with(o->p.admin, o->c->id, e == ERR_MALFORMED ? 422 : 500,
			  "the settings cannot be taken", v->why[0] ? v->why : err_name(e), text);
	free(text);
	json_decref(list);
}

static const char *text_at(const json_t *settings, const char *group, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(settings, group), key));

	return text ? text : "";
}

/* What an account is served by: tenant, app registration, and the one that people sign in through. */
struct registration {
	const char *tenant, *client, *sign_in;
};

static bool is_same_registration(const struct registration *a, const struct registration *b)
{
	return slice_is_nocase(slice_str(a->tenant), b->tenant) &&
	       (slice_is_nocase(slice_str(a->client), b->client) ||
		slice_is_nocase(slice_str(a->sign_in), b->sign_in));
}

static struct registration registration_of(const struct conf_account *a)
{
	const char *own = a->sign_in.client_id;

	return (struct registration){ a->teams.tenant, a->teams.client_id,
				      own[0] ? own : a->teams.client_id };
}

/* Accounts of one registration share its token, quota and administrators: whoever owns a single one must not
 * get into another's by naming what that one has. */
static bool takes_registration(const struct object *o, const json_t *settings)
{
	const struct conf *c = o->p.conf;
	struct registration now = { "", "", "" };
	struct registration wanted = { text_at(settings, "teams", "tenant"),
				       text_at(settings, "teams", "client_id"),
				       text_at(settings, "sign_in", "client_id") };

	if (o->kind != CONF_DOCUMENT_ACCOUNT || o->c->owns_all)
		return false;
	if (!wanted.sign_in[0])
		wanted.sign_in = wanted.client;
	if (o->in)
		now = registration_of(o->in);
	if (slice_is_nocase(slice_str(now.tenant), wanted.tenant) &&
	    slice_is_nocase(slice_str(now.client), wanted.client) &&
	    slice_is_nocase(slice_str(now.sign_in), wanted.sign_in))
		return false;
	for (uint32_t i = 0; i < c->accounts_n; i++) {
		const struct registration theirs = registration_of(&c->accounts[i]);

		if (&c->accounts[i] != o->in && is_same_registration(&wanted, &theirs))
			return object_refuse(o, 403, "forbidden",
					     "another account has this tenant and app registration: "
					     "an owner of all accounts has to do this");
	}
	return false;
}

bool object_put_settings(struct object *o, json_t *settings)
{
	struct vault v;
	char file_label[DOCUMENT_KEY_MAX];
	json_t *before = o->doc ? json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL) : NULL;
	bool is_new = !object_is_there(o), taken = false;

	if (takes_registration(o, settings)) {
		json_decref(before);
		return false;
	}
	snprintf(file_label, sizeof(file_label), "%.*s%s%.*s", SLICE_ARG(o->account),
		 o->name.n ? "." : "", SLICE_ARG(o->name));
	if (o->kind == CONF_DOCUMENT_ALARMS)
		snprintf(file_label, sizeof(file_label), "alarms");
	enum err e = vault_init(&v, o->p.conf->server.data, file_label);
	if (!e)
		e = vault_take(&v, object_scope(o), settings, before);
	char *text = e ? NULL : json_dumps(settings, JSON_COMPACT);
	char *note = e ? NULL : object_change_text(o, before, settings);
	if (e) {
		refuse_secret(o, &v, e);
	} else if (text && object_take(o, slice_str(text))) {
		vault_keep(&v);
		object_find(o);
		o->note = note;
		object_answer(o, is_new ? 201 : 200);
		o->note = NULL;
		taken = true;
	}
	vault_drop(&v);
	free(note);
	free(text);
	json_decref(before);
	return taken;
}

static bool has_a_name(const struct object *o)
{
	if (o->kind == CONF_DOCUMENT_USER)
		return value_email(o->name) ||
		       !object_refuse(o, 422, "the settings cannot be taken",
				      "the path must name an e-mail address such as ana@acme.example");
	return o->kind == CONF_DOCUMENT_ALARMS ||
	       value_name(o->kind == CONF_DOCUMENT_ACCOUNT ? o->account : o->name) ||
	       !object_refuse(o, 422, "the settings cannot be taken",
			      "the name must be letters, digits, dot, dash and underscore, at most 64");
}

/* What has come already and is sent again, because its answer was lost, finds the object as it says. */
static bool is_so_already(const struct object *o)
{
	struct vault v;
	json_t *now = o->doc ? json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL) : NULL;
	json_t *given = NULL;
	bool same = false;

	if (now && !o->c->if_none_match)
		given = json_loadb(o->c->text, o->c->text_n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(given) && vault_init(&v, o->p.conf->server.data, "again") == ERR_OK) {
		same = vault_take(&v, object_scope(o), given, now) == ERR_OK && json_equal(given, now);
		vault_drop(&v);
	}
	json_decref(given);
	json_decref(now);
	return same;
}

void object_put(struct object *o)
{
	if (object_is_of_the_file(o))
		return;
	if (is_so_already(o)) {
		object_answer(o, 200);
		return;
	}
	if (object_has_changed(o) || !has_a_name(o))
		return;
	if (o->kind != CONF_DOCUMENT_ACCOUNT && o->kind != CONF_DOCUMENT_ALARMS && !o->in) {
		object_refuse(o, 404, "not found", "no such account");
		return;
	}
	json_t *j = body_of(o);
	if (j && o->kind == CONF_DOCUMENT_USER)
		object_put_user(o, j);
	else if (j && !object_is_list_inside(o, j))
		object_put_settings(o, j);
	json_decref(j);
}
