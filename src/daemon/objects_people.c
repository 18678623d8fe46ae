/* objects_people.c - people one by one, and switched on and off by the list. */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/keeper.h"
#include "daemon/objects.h"
#include "daemon/objects_own.h"
#include "daemon/report.h"
#include "proto/conf/value.h"

enum { LINES_TEXT_MAX = 4096 };

static const struct conf_user *in_file(const struct app_parts *p, uint16_t account,
				       struct slice email)
{
	const struct conf_account *a =
		account == UINT16_MAX ? NULL : apply_account(p->apply, account);

	for (uint32_t i = 0; a && i < a->users_n; i++)
		if (slice_eq_nocase(slice_str(a->users[i].email), email))
			return &a->users[i];
	return NULL;
}

static bool is_of_the_file(const struct app_parts *p, const struct admin_command *c)
{
	const struct conf_user *u = in_file(p, c->account, slice_str(c->email));
	char detail[400];

	if (!u || conf_at_is_console(u->at))
		return false;
	snprintf(detail, sizeof(detail),
		 "the person stands in %.300s, line %u: change it there and reload", u->at.file,
		 u->at.line);
	admin_refuse(p->admin, c->id, 409, "read-only here", detail);
	return true;
}

/* A list of texts, or one text, as the CSV has them: separated by blanks. False: neither. */
static bool lines_text(const json_t *lines, struct buf *out)
{
	size_t i;
	json_t *line;

	if (!lines || json_is_null(lines))
		return true;
	if (json_is_string(lines)) {
		buf_str(out, json_string_value(lines));
		return true;
	}
	json_array_foreach((json_t *)(uintptr_t)lines, i, line)
	{
		if (!json_is_string(line) || strchr(json_string_value(line), ' '))
			return false;
		buf_fmt(out, "%s%s", i ? " " : "", json_string_value(line));
	}
	return json_is_array(lines);
}

struct person_body {
	const char *name, *teams_id, *fault;
	bool enabled;
};

static struct person_body read_body(const json_t *j, struct buf *lines)
{
	static const char *const keys[] = { "email", "name", "lines", "enabled", "teams_id" };
	const json_t *enabled = json_object_get(j, "enabled"), *id = json_object_get(j, "teams_id"),
		     *name = json_object_get(j, "name");
	struct person_body b = { .name = json_string_value(name),
				 .teams_id = json_string_value(id),
				 .enabled = !enabled || json_is_true(enabled) };
	const char *key;
	json_t *value;

	b.name = b.name ? b.name : "";
	b.teams_id = b.teams_id ? b.teams_id : "";
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(keys) && strcmp(keys[i], key) != 0)
			i++;
		if (i == ARRAY_LEN(keys))
			b.fault = "keys are name, lines, enabled and teams_id";
	}
	if ((enabled && !json_is_boolean(enabled)) ||
	    (name && !json_is_null(name) && !json_is_string(name)))
		b.fault = "enabled is true or false, name a text";
	else if (strlen(b.name) > 254 || !value_text(slice_str(b.name)))
		b.fault = "name is a text of at most 254 bytes";
	else if (b.teams_id[0] && !value_guid(slice_str(b.teams_id)))
		b.fault = "teams_id is an id such as 11111111-2222-3333-4444-555555555555";
	else if (!lines_text(json_object_get(j, "lines"), lines) || buf_err(lines))
		b.fault = "lines is a list of connector/number";
	return b;
}

static bool refuse_person(const struct app_parts *p, const struct admin_command *c, int status,
			  const char *why)
{
	admin_refuse(p->admin, c->id, status, "the person cannot be taken", why);
	return false;
}

static bool take(struct app *a, const struct admin_command *c, const struct person_body *b,
		 struct slice lines, enum person_change *ret)
{
	const struct app_parts p = app_parts(a);
	const struct apply_person person = { .account = directory_account_name(
						     bridge_directory(p.bridge), c->account),
					     .email = slice_str(c->email),
					     .name = slice_str(b->name),
					     .lines = lines,
					     .teams_id = slice_str(b->teams_id),
					     .enabled = b->enabled };
	char why[300] = "";
	enum err e = apply_person_look(p.apply, &person, ret, why, sizeof(why));

	if (!e && *ret != PERSON_UNCHANGED) {
		e = apply_person(p.apply, app_now(a), &person, why, sizeof(why));
		if (!e) {
			keeper_put_person(p.keeper, &person);
			report_at_once(p.report, app_now(a),
				       directory_user(bridge_directory(p.bridge), c->account,
						      person.email));
		}
	}
	return !e || refuse_person(&p, c, e == ERR_LIMIT ? 409 : 422, why);
}

/* Such a person is added or changed; false: not taken, and answered. */
static bool person_take(struct app *a, const struct admin_command *c, const json_t *settings,
			enum person_change *ret)
{
	const struct app_parts p = app_parts(a);
	struct buf lines;

	buf_init(&lines, LINES_TEXT_MAX);
	const struct person_body b = read_body(settings, &lines);
	bool taken = b.fault ? refuse_person(&p, c, 422, b.fault) : take(a, c, &b, buf_view(&lines), ret);
	buf_fini(&lines);
	return taken;
}

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
void object_put_user(struct object *o, json_t *settings)
{
	bool is_new = !object_is_there(o);
	enum person_change change;

	drop_empty(settings);
	if (o->doc || json_object_get(settings, "group") || json_object_get(settings, "policy")) {
		object_put_settings(o, settings);
	} else if (person_take(o->app, o->c, settings, &change)) {
		object_find(o);
		o->note = o->c->text; /* holds no secret */
		object_answer(o, is_new ? 201 : 200);
	}
}

static void put_person(struct app *a, const struct admin_command *c, const json_t *settings)
{
	static const char *const words[] = { "added", "changed", "unchanged" };
	enum person_change change;
	char json[80];

	if (!person_take(a, c, settings, &change))
		return;
	snprintf(json, sizeof(json), "{\"change\":\"%s\"}", words[change]);
	admin_answer(app_parts(a).admin, c->id, change == PERSON_ADDED ? 201 : 200, json);
}

static struct object person_object(struct app *a, const struct admin_command *c)
{
	struct object o = { .app = a, .c = c, .kind = CONF_DOCUMENT_USER,
			    .account = slice_str(c->account_name), .name = slice_str(c->email) };

	snprintf(o.label, sizeof(o.label), "%s/%s", c->account_name, c->email);
	object_find(&o);
	return o;
}

/* A document of the console about a person, by a command that has no precondition: rules that are not named
 * stay. False: there is none, and nothing was done. */
static bool put_document(struct app *a, const struct admin_command *c, json_t *settings)
{
	struct object o = person_object(a, c);

	if (!o.doc || !object_is_of_the_console(&o))
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
	object_put_settings(&o, settings);
	return true;
}

static bool delete_document(struct app *a, const struct admin_command *c)
{
	struct admin_command anyway = *c;
	struct object o = person_object(a, &anyway);

	snprintf(anyway.etag, sizeof(anyway.etag), "*");
	if (!o.doc || !object_is_of_the_console(&o))
		return false;
	object_delete(&o);
	return true;
}

void person_put_command(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	json_t *j = json_loadb(c->text, c->text_n, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(j))
		admin_refuse(p.admin, c->id, 400, "bad request", "the body is not a JSON object");
	else if (!value_email(slice_str(c->email)))
		refuse_person(&p, c, 422,
			      "the path must end with an e-mail address such as ana@acme.example");
	else if (!is_of_the_file(&p, c) && !put_document(a, c, j))
		put_person(a, c, j);
	json_decref(j);
}

void person_delete_command(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	const struct directory *d = bridge_directory(p.bridge);
	uint32_t user = directory_user(d, c->account, slice_str(c->email));

	if (user == ID_NONE) {
		admin_refuse(p.admin, c->id, 404, "not found", "no such user in this account");
		return;
	}
	if (is_of_the_file(&p, c) || delete_document(a, c))
		return;
	apply_remove_person(p.apply, app_now(a), user);
	keeper_forget_person(p.keeper, directory_account_name(d, c->account), slice_str(c->email));
	admin_answer(p.admin, c->id, 200, NULL);
}

/* .text: an address a line. */
void people_switch_command(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	const struct directory *d = bridge_directory(p.bridge);
	struct slice rest = slice_of(c->text, c->text_n), email;
	json_t *errors = json_array();
	int switched = 0;

	while (slice_split(&rest, '\n', &email)) {
		uint32_t user = email.n ? directory_user(d, c->account, email) : ID_NONE;
		bool done = user != ID_NONE &&
			    people_switch(p.people, app_now(a), apply_account(p.apply, c->account),
					  user, c->enabled);

		switched += done;
		if (!done && email.n)
			json_array_append_new(
				errors,
				json_pack("{s:s%,s:s}", "email", email.p, email.n, "text",
					  user == ID_NONE ? "no such user in this account"
							  : "excluded by matching.exclude"));
	}
	json_t *j = json_pack("{s:i,s:o}", "switched", switched, "errors", errors);
	char *text = json_dumps(j, JSON_COMPACT);
	admin_answer(p.admin, c->id, 200, text);
	free(text);
	json_decref(j);
}
