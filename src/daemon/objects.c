#include "daemon/objects.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/said.h"
#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/documents.h"
#include "daemon/keeper.h"
#include "daemon/report.h"
#include "daemon/vault.h"
#include "daemon/waiting.h"
#include "proto/conf/render.h"
#include "proto/conf/value.h"
#include "store/store.h"

enum { SAID_MAX = 64 * 1024 };

/* One request about one object. */
struct object {
	struct app *app;
	struct app_parts p;
	const struct admin_command *c;
	enum conf_document_kind kind;
	struct slice account, name; /* name: empty for an account; a person's address */
	char label[DOCUMENT_KEY_MAX];
	const struct conf_document *doc; /* as the console has it, or NULL */
	const struct conf_account *in;	 /* the account in force, or NULL */
	const void *now;		 /* the object in force, or NULL */
	struct conf_at at;		 /* where it stands */
	uint32_t person; /* who came by import or through the API and stands nowhere; or ID_NONE */
	const char *told; /* answered in the object's place; NULL: the object */
};

static const enum conf_scope scopes[CONF_DOCUMENT_KINDS] = {
	[CONF_DOCUMENT_ACCOUNT] = SCOPE_account,
	[CONF_DOCUMENT_CONNECTOR] = SCOPE_connector,
	[CONF_DOCUMENT_GROUP] = SCOPE_group,
	[CONF_DOCUMENT_USER] = SCOPE_user,
	[CONF_DOCUMENT_ALARMS] = SCOPE_alarms,
};

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

static void find(struct object *o)
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

static bool is_of_the_console(const struct object *o)
{
	return o->now ? o->doc && slice_is(slice_str(o->at.file), o->doc->origin)
		      : o->doc || o->person != ID_NONE;
}

static bool is_there(const struct object *o)
{
	return o->doc || o->now || o->person != ID_NONE;
}

/* The key that names it. */
static const char *name_key(const struct object *o)
{
	return o->kind == CONF_DOCUMENT_USER ? "email" : "name";
}

/* The console has one too, but the file's is in force. */
static bool is_hidden(const struct object *o)
{
	return o->doc && o->now && !is_of_the_console(o);
}

/* ---- showing ---- */

/* What is not in force (left out, because it is good no more) is shown as it was given. */
static json_t *settings_json(const struct object *o)
{
	json_t *j = !is_there(o)	   ? json_object()
		    : o->now		   ? render_object(scopes[o->kind], o->now, o->in)
		    : o->person != ID_NONE ? person_settings(&o->p, o->person)
					   : json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL);

	if (j) {
		json_object_del(j, name_key(o));
		vault_hide(scopes[o->kind], j);
	}
	return j;
}

static json_t *shown_json(const struct object *o)
{
	bool mine = is_of_the_console(o) || !is_there(o); /* it could be made */
	json_t *j = json_pack("{s:s,s:b,s:b,s:b,s:o?}", "origin", mine ? "console" : "file", "read_only",
			      !mine, "in_force", o->now || o->person != ID_NONE, "hidden", is_hidden(o),
			      "settings", settings_json(o));

	if (j && !mine) {
		json_object_set_new(j, "file", json_string(o->at.file));
		json_object_set_new(j, "line", json_integer(o->at.line));
	}
	return j;
}

static char *shown(const struct object *o)
{
	json_t *j = shown_json(o);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	return text;
}

static void answer(const struct object *o, int status)
{
	char *text = o->told ? strdup(o->told) : shown(o);

	if (text)
		admin_answer(o->p.admin, o->c->id, status, text);
	else
		admin_refuse(o->p.admin, o->c->id, 500, "out of memory", "try again");
	free(text);
}

/* ---- may it be changed? ---- */

static bool refused(const struct object *o, int status, const char *title, const char *detail)
{
	admin_refuse(o->p.admin, o->c->id, status, title, detail);
	return true;
}

static bool is_of_the_file(const struct object *o)
{
	char detail[400];

	if (!o->now || is_of_the_console(o))
		return false;
	snprintf(detail, sizeof(detail), "it stands in %.300s, line %u: change it there and reload",
		 o->at.file, o->at.line);
	return refused(o, 409, "read-only here", detail);
}

/* Against lost updates: RFC 9110, 13.1.1 and 6585, 3. */
static bool has_changed(const struct object *o)
{
	const char *match = o->c->etag;
	char etag[ADMIN_ETAG_MAX] = "";

	if (!o->doc && o->person == ID_NONE)
		return match[0] &&
		       refused(o, 412, "precondition failed", "there is no such object any more");
	if (o->c->if_none_match)
		return refused(o, 412, "precondition failed", "there is one of that name already");
	if (!match[0])
		return refused(o, 428, "precondition required",
			       "send If-Match with the ETag of what you have read, so that "
			       "nobody's change is lost");
	char *text = shown(o);
	if (text)
		admin_etag(slice_str(text), etag);
	free(text);
	return strcmp(match, "*") != 0 && strcmp(match, etag) != 0 &&
	       refused(o, 412, "precondition failed",
		       "somebody changed it meanwhile: read it again");
}

/* ---- putting ---- */

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

/* json p NULL: it goes. True: taken; else answered. */
static bool take(struct object *o, struct slice json)
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
		refused(o, 400, "bad request", j ? "the body is not a JSON object" : error.text);
		json_decref(j);
		return NULL;
	}
	name = json_object_get(j, name_key(o));
	if (name && !slice_is(o->kind == CONF_DOCUMENT_ACCOUNT ? o->account : o->name,
			      json_string_value(name) ? json_string_value(name) : "")) {
		refused(o, 422, "the settings cannot be taken",
			"the name is not the one of the path: nothing is renamed");
		json_decref(j);
		return NULL;
	}
	json_object_del(j, name_key(o));
	return j;
}

static bool is_list_inside(const struct object *o, const json_t *j)
{
	return o->kind == CONF_DOCUMENT_ACCOUNT &&
	       (json_object_get(j, "connectors") || json_object_get(j, "users") ||
		json_object_get(j, "groups")) &&
	       refused(o, 422, "the settings cannot be taken",
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

/* False: not taken, and answered. */
static bool put_settings(struct object *o, json_t *settings)
{
	struct vault v;
	char file_label[DOCUMENT_KEY_MAX];
	json_t *before = o->doc ? json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL) : NULL;
	bool is_new = !is_there(o), taken = false;

	snprintf(file_label, sizeof(file_label), "%.*s%s%.*s", SLICE_ARG(o->account),
		 o->name.n ? "." : "", SLICE_ARG(o->name));
	if (o->kind == CONF_DOCUMENT_ALARMS)
		snprintf(file_label, sizeof(file_label), "alarms");
	enum err e = vault_init(&v, o->p.conf->server.data, file_label);
	if (!e)
		e = vault_take(&v, scopes[o->kind], settings, before);
	char *text = e ? NULL : json_dumps(settings, JSON_COMPACT);
	if (e) {
		refuse_secret(o, &v, e);
	} else if (text && take(o, slice_str(text))) {
		vault_keep(&v);
		find(o);
		answer(o, is_new ? 201 : 200);
		taken = true;
	}
	vault_drop(&v);
	free(text);
	json_decref(before);
	return taken;
}

/* ---- people ---- */

static bool is_empty(const json_t *j)
{
	return json_is_null(j) || (json_is_string(j) && json_string_length(j) == 0) ||
	       (json_is_object(j) && json_object_size(j) == 0);
}

/* "name": "" and "teams_id": null are what forms send of what is not there. */
static void drop_empty(json_t *settings)
{
	static const char *const keys[] = { "name", "teams_id", "group", "policy" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_empty(json_object_get(settings, keys[i])))
			json_object_del(settings, keys[i]);
}

/* Only who has rules of one's own becomes a document; the others are kept as people of an import are, of whom
 * there may be many. */
static void put_user(struct object *o, json_t *settings)
{
	bool is_new = !is_there(o);
	enum person_change change;

	drop_empty(settings);
	if (o->doc || json_object_get(settings, "group") || json_object_get(settings, "policy")) {
		put_settings(o, settings);
	} else if (person_take(o->app, o->c, settings, &change)) {
		find(o);
		answer(o, is_new ? 201 : 200);
	}
}

static bool has_a_name(const struct object *o)
{
	if (o->kind == CONF_DOCUMENT_USER)
		return value_email(o->name) ||
		       !refused(o, 422, "the settings cannot be taken",
				"the path must name an e-mail address such as ana@acme.example");
	return o->kind == CONF_DOCUMENT_ALARMS ||
	       value_name(o->kind == CONF_DOCUMENT_ACCOUNT ? o->account : o->name) ||
	       !refused(o, 422, "the settings cannot be taken",
			"the name must be letters, digits, dot, dash and underscore, at most 64");
}

static void put(struct object *o)
{
	if (is_of_the_file(o) || has_changed(o) || !has_a_name(o))
		return;
	if (o->kind != CONF_DOCUMENT_ACCOUNT && o->kind != CONF_DOCUMENT_ALARMS && !o->in) {
		refused(o, 404, "not found", "no such account");
		return;
	}
	json_t *j = body_of(o);
	if (j && o->kind == CONF_DOCUMENT_USER)
		put_user(o, j);
	else if (j && !is_list_inside(o, j))
		put_settings(o, j);
	json_decref(j);
}

/* ---- deleting ---- */

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
		snprintf(dst, cap, "%s %.*s%s needs it: take it away there first",
			 n > 1 ? "among others" : "the person", SLICE_ARG(first), "");
	else if (o->kind == CONF_DOCUMENT_ACCOUNT && o->in &&
		 (o->in->connectors_n || o->in->groups_n))
		snprintf(dst, cap, "it has connectors or groups: remove them first");
}

static void delete (struct object *o)
{
	char why[400];
	struct vault v;

	if (!is_there(o)) {
		refused(o, 404, "not found", "no such object");
		return;
	}
	bool hidden = is_hidden(o); /* nobody misses it */
	if ((!hidden && is_of_the_file(o)) || has_changed(o))
		return;
	needed_by(o, why, sizeof(why));
	if (why[0] && !hidden) {
		refused(o, 409, "still needed", why);
		return;
	}
	if (!o->doc) {
		person_delete_command(o->app, o->c);
		return;
	}
	json_t *before = json_loadb(o->doc->json.p, o->doc->json.n, 0, NULL);
	if (vault_init(&v, o->p.conf->server.data, "") == ERR_OK)
		vault_forget(&v, scopes[o->kind], before);
	if (take(o, SLICE_NONE)) {
		vault_keep(&v);
		if (o->kind == CONF_DOCUMENT_ACCOUNT)
			waiting_forget(app_parts(o->app).conf->server.data, o->c->account_name);
		admin_answer(o->p.admin, o->c->id, 200, NULL);
	}
	json_decref(before);
}

/* ---- a list ---- */

static void add_group(struct object *o, json_t *list, struct slice name)
{
	uint32_t people = 0;

	o->name = name;
	find(o);
	for (uint32_t i = 0; o->in && i < o->in->users_n; i++)
		people += slice_is(name, o->in->users[i].group);
	json_t *j = shown_json(o);
	if (j) {
		json_object_set_new(j, "name", json_stringn(name.p, name.n));
		json_object_set_new(j, "people", json_integer(people));
	}
	json_array_append_new(list, j);
}

/* Those in force in their order, then those of the console that are not. */
static void list_groups(struct object *o)
{
	const struct conf_document *x;
	json_t *list = json_array();

	if (!o->in) {
		refused(o, 404, "not found", "no such account");
		json_decref(list);
		return;
	}
	for (uint32_t i = 0; i < o->in->groups_n; i++)
		add_group(o, list, slice_str(o->in->groups[i].name));
	for (uint32_t i = 0; (x = documents_at(o->p.documents, i)); i++) {
		if (x->kind != CONF_DOCUMENT_GROUP || !slice_eq(x->account, o->account))
			continue;
		o->name = x->name;
		find(o);
		if (!o->now)
			add_group(o, list, x->name);
	}
	json_t *all = json_pack("{s:o}", "groups", list);
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	if (text)
		admin_answer(o->p.admin, o->c->id, 200, text);
	else
		refused(o, 500, "out of memory", "try again");
	free(text);
	json_decref(all);
}

/* ---- a certificate that was made here ---- */

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
	find(&o);
	return o;
}

bool object_may_sign(struct app *a, const struct admin_command *c, const json_t *settings)
{
	const struct object o = account_object(a, c);

	if (is_of_the_file(&o))
		return false;
	if (o.doc && json_is_object(settings))
		return !refused(&o, 409, "the account is there already", "leave settings out");
	if (!o.doc && !json_is_object(settings))
		return !refused(&o, 404, "not found", "no such account; settings make it");
	return value_name(o.account) ||
	       !refused(&o, 422, "the settings cannot be taken",
			"the name must be letters, digits, dot, dash and underscore, at most 64");
}

bool object_put_certificate(struct app *a, const struct admin_command *c, const json_t *settings,
			    const char *pem, struct slice key, const char *told)
{
	struct object o = account_object(a, c);
	json_t *j = with_certificate(&o, settings, pem, key);
	bool taken = false;

	o.told = told;
	if (!is_list_inside(&o, j))
		taken = put_settings(&o, j);
	json_decref(j);
	return taken;
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
	find(&o);
	switch ((enum admin_object_verb)c->verb) {
	case ADMIN_OBJECT_SHOW:
		if (is_there(&o) || o.kind == CONF_DOCUMENT_ALARMS)
			answer(&o, 200);
		else
			refused(&o, 404, "not found", "no such object");
		break;
	case ADMIN_OBJECT_LIST:
		list_groups(&o);
		break;
	case ADMIN_OBJECT_PUT:
		put(&o);
		break;
	case ADMIN_OBJECT_DELETE:
		delete (&o);
		break;
	}
}

/* ---- people, by the routes that have no precondition ---- */

static struct object person_object(struct app *a, const struct admin_command *c)
{
	struct object o = { .app = a, .c = c, .kind = CONF_DOCUMENT_USER,
			    .account = slice_str(c->account_name), .name = slice_str(c->email) };

	snprintf(o.label, sizeof(o.label), "%s/%s", c->account_name, c->email);
	find(&o);
	return o;
}

/* Rules that are not named stay. */
bool object_put_person(struct app *a, const struct admin_command *c, json_t *settings)
{
	struct object o = person_object(a, c);

	if (!o.doc || !is_of_the_console(&o))
		return false;
	json_t *before = json_loadb(o.doc->json.p, o.doc->json.n, 0, NULL);
	for (int i = 0; i < 2; i++) {
		const char *key = i ? "policy" : "group";

		if (!json_object_get(settings, key) && json_object_get(before, key))
			json_object_set(settings, key, json_object_get(before, key));
	}
	json_decref(before);
	json_object_del(settings, "email");
	drop_empty(settings);
	o.told = "{\"change\":\"changed\"}";
	put_settings(&o, settings);
	return true;
}

bool object_delete_person(struct app *a, const struct admin_command *c)
{
	struct admin_command anyway = *c;
	struct object o = person_object(a, &anyway);

	snprintf(anyway.etag, sizeof(anyway.etag), "*");
	if (!o.doc || !is_of_the_console(&o))
		return false;
	delete (&o);
	return true;
}
