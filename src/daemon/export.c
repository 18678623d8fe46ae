/* export.c - everything that is configured, as one offhook.yaml. */
#include <stdlib.h>

#include "daemon/apply.h"
#include "daemon/objects.h"
#include "daemon/people.h"
#include "proto/conf/render.h"
#include "sink/graph.h"

enum { EXPORT_MAX = 16 << 20 };

static json_t *lines_json(const struct app_parts *p, uint32_t user)
{
	const struct engine *e = bridge_engine(p->bridge);
	const struct directory *d = bridge_directory(p->bridge);
	json_t *list = json_array();
	struct user_view v;

	if (engine_user(e, user, &v))
		for (uint32_t l = v.first_line; l != ID_NONE; l = engine_next_line_of(e, l)) {
			struct slice c = directory_connector_name(d,
								  directory_line_connector(d, l)),
				     n = directory_number(d, l);

			json_array_append_new(
				list, json_sprintf("%.*s/%.*s", SLICE_ARG(c), SLICE_ARG(n)));
		}
	return list;
}

json_t *person_settings(const struct app_parts *p, uint32_t user)
{
	const struct directory *d = bridge_directory(p->bridge);
	struct bridge_match m;
	struct slice label = directory_label(d, user);
	json_t *j = json_object(), *lines = lines_json(p, user);

	if (label.n)
		json_object_set_new(j, "name", json_stringn(label.p, label.n));
	if (bridge_match(p->bridge, user, &m) && m.named)
		json_object_set_new(j, "teams_id", json_string(m.id));
	if (!people_listed_enabled(p->people, user))
		json_object_set_new(j, "enabled", json_false());
	if (json_array_size(lines))
		json_object_set(j, "lines", lines);
	json_decref(lines);
	return j;
}

static json_t *person_json(const struct app_parts *p, uint32_t user)
{
	struct slice email = directory_email(bridge_directory(p->bridge), user);
	json_t *j = json_pack("{s:s%}", "email", email.p, email.n), *settings = person_settings(p, user);

	json_object_update(j, settings);
	json_decref(settings);
	return j;
}

/* ---- people that came by import or through the API, who stand in no configuration ---- */

static void to_lower(struct slice s, char *dst, size_t cap)
{
	size_t n = s.n < cap ? s.n : cap - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
	dst[n] = '\0';
}

/* The account's, as they are to stand there; emails and lines: theirs. */
static json_t *people_of(const struct app_parts *p, uint16_t account, json_t *emails, json_t *lines)
{
	const struct directory *d = bridge_directory(p->bridge);
	json_t *people = json_array(), *line;
	char email[256];
	size_t i;

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		if (directory_user_account(d, u) != account || !apply_is_person(p->apply, u))
			continue;
		json_t *one = person_json(p, u);
		json_array_append_new(people, one);
		to_lower(directory_email(d, u), email, sizeof(email));
		json_object_set_new(emails, email, json_true());
		json_array_foreach(json_object_get(one, "lines"), i, line)
			json_object_set_new(lines, json_string_value(line), json_true());
	}
	return people;
}

static void drop_lines(json_t *user, const json_t *lines)
{
	json_t *own = json_object_get(user, "lines");

	for (size_t i = json_array_size(own); i-- > 0;)
		if (json_object_get(lines, json_string_value(json_array_get(own, i))))
			json_array_remove(own, i);
	if (own && !json_array_size(own))
		json_object_del(user, "lines");
}

/* An import stands above the file: whom it has named stands here once, and a line that it has given to
 * somebody is nobody else's. */
static json_t *users_left(const json_t *users, const json_t *emails, const json_t *lines)
{
	json_t *left = json_array(), *user;
	char email[256];
	size_t i;

	json_array_foreach(users, i, user)
	{
		to_lower(slice_str(json_string_value(json_object_get(user, "email"))), email, sizeof(email));
		if (json_object_get(emails, email))
			continue;
		drop_lines(user, lines);
		json_array_append(left, user);
	}
	return left;
}

static void add_people(const struct app_parts *p, json_t *all)
{
	const struct directory *d = bridge_directory(p->bridge);
	size_t i;
	json_t *account;

	json_array_foreach(json_object_get(all, "accounts"), i, account)
	{
		json_t *emails = json_object(), *lines = json_object();
		const char *name = json_string_value(json_object_get(account, "name"));
		uint16_t id = directory_account(d, slice_str(name));
		json_t *people = people_of(p, id, emails, lines),
		       *users = users_left(json_object_get(account, "users"), emails, lines);

		json_array_extend(users, people);
		if (json_array_size(users))
			json_object_set(account, "users", users);
		else
			json_object_del(account, "users");
		json_decref(users);
		json_decref(people);
		json_decref(emails);
		json_decref(lines);
	}
}

void export_command(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	json_t *all = render_all(p.conf), *answer = NULL;
	char *text = NULL;
	struct buf yaml;

	add_people(&p, all);
	buf_init(&yaml, EXPORT_MAX);
	buf_str(&yaml, "# offhook export: what the file and the console say together, without "
		       "defaults and secrets.\n");
	render_yaml(all, &yaml);
	if (!buf_err(&yaml))
		answer = json_pack("{s:s%}", "yaml", buf_cstr(&yaml), yaml.n);
	if (answer)
		text = json_dumps(answer, JSON_COMPACT);
	if (text)
		admin_answer(p.admin, c->id, 200, text);
	else
		admin_refuse(p.admin, c->id, 500, "too large",
			     "the configuration is larger than 16 MB");
	free(text);
	json_decref(answer);
	json_decref(all);
	buf_fini(&yaml);
}
