/* api_administrators.c - people with a password here: for owners of everything. */
#include <stdio.h>

#include "admin/auth/api.h"
#include "admin/auth/document.h"

static json_t *administrator_json(const struct administrator *x)
{
	return json_pack("{s:s,s:o,s:o,s:b}", "name", x->name, "grants", grants_json(&x->grants),
			 "created", api_instant(x->created_wall_ms), "must_change_password",
			 x->must_change);
}

void api_administrators(struct request *r)
{
	struct auth *a = api_auth(r);
	json_t *list;

	if (!a)
		return;
	list = json_array();
	for (uint32_t i = 0; i < a->administrators.n; i++)
		json_array_append_new(list, administrator_json(&a->administrators.list[i]));
	api_answer(r, 200, json_pack("{s:o}", "administrators", list));
}

/* The one that the path names, or NULL and the answer given. */
static struct administrator *named(struct request *r, struct auth *a)
{
	struct administrator *x =
		a ? administrators_find(&a->administrators, slice_str(r->match.params[0])) : NULL;

	if (a && !x)
		respond_problem(r, 404, "not found", "no such administrator");
	return x;
}

static bool read_grants(struct request *r, json_t *doc, struct grants *ret)
{
	enum err e = grants_parse(json_object_get(doc, "grants"), ret);

	if (!e)
		return true;
	respond_problem(r, 400, "bad request",
			e == ERR_LIMIT ? "at most 32 grants, each on an account of at most 79 bytes"
				       : "grants is [{\"account\": \"*\" or a name, \"role\": "
					 "viewer, operator or owner}]");
	return false;
}

static void say_grants(const struct grants *g, char *dst, size_t cap)
{
	size_t n = 0;

	dst[0] = '\0';
	for (uint32_t i = 0; i < g->n && n + 1 < cap; i++)
		n += (size_t)snprintf(dst + n, cap - n, "%s%s on %s", i ? ", " : "",
				      role_name((enum role)g->list[i].role), g->list[i].account);
}

static void changed(struct request *r, const char *verb, const char *name, const struct grants *g)
{
	char detail[STORE_DETAIL_MAX], object[128];

	snprintf(object, sizeof(object), "administrator %s", name);
	if (g)
		say_grants(g, detail, sizeof(detail));
	request_changed(r, NULL, verb, object, g ? detail : NULL);
}

static void answer_one_time(struct request *r, int status, const char *name, char *password)
{
	api_answer(r, status, json_pack("{s:s,s:s}", "name", name, "one_time_password", password));
	explicit_bzero(password, ONE_TIME_LEN + 1);
}

static bool read_new(struct request *r, json_t *doc, struct administrator *x)
{
	static const char *const keys[] = { "name", "grants", NULL };

	if (!request_only_keys(r, doc, keys))
		return false;
	if (!document_text(doc, "name", x->name, sizeof(x->name)) ||
	    !administrator_name_is_good(slice_str(x->name))) {
		respond_problem(r, 400, "bad request",
				"name is 1 to 64 letters, digits and . _ @ -");
		return false;
	}
	return read_grants(r, doc, &x->grants);
}

static void make(struct request *r, struct auth *a, const struct administrator *x)
{
	char password[ONE_TIME_LEN + 1];
	struct administrator *made;
	enum err e = administrators_add(&a->administrators, x);

	if (e) {
		respond_problem(r, 409, e == ERR_EXISTS ? "already there" : "too many",
				e == ERR_EXISTS ? "there is an administrator of this name"
						: "there are 128 administrators already");
		return;
	}
	made = administrators_find(&a->administrators, slice_str(x->name));
	if (auth_reset_password(a, made, password)) {
		administrators_remove(&a->administrators, made);
		respond_problem(r, 503, "no randomness", "try again");
		return;
	}
	changed(r, "create", x->name, &x->grants);
	answer_one_time(r, 201, x->name, password);
}

void api_administrator_new(struct request *r)
{
	struct administrator x = { .created_wall_ms = r->admin->c.wall_ms() };
	struct auth *a = api_auth(r);
	json_t *doc = a ? request_body(r) : NULL;

	if (doc && read_new(r, doc, &x))
		make(r, a, &x);
	json_decref(doc);
}

/* Somebody has to stay who can let others in. */
static bool somebody_owns(struct request *r, const struct auth *a, const struct administrator *but,
			  const struct grants *instead)
{
	bool owned = administrators_owners(&a->administrators, but) ||
		     (instead && grants_role(instead, SLICE_NONE) == ROLE_OWNER);

	if (!owned)
		respond_problem(r, 409, "the last owner",
				"make another administrator an owner of * first");
	return owned;
}

void api_administrator_put(struct request *r)
{
	static const char *const keys[] = { "grants", NULL };
	struct auth *a = api_auth(r);
	struct administrator *x = named(r, a);
	json_t *doc = x ? request_body(r) : NULL;
	struct grants g;

	if (doc && request_only_keys(r, doc, keys) && read_grants(r, doc, &g) &&
	    somebody_owns(r, a, x, &g)) {
		x->grants = g;
		auth_keep_administrator(a, x);
		changed(r, "set", x->name, &g);
		api_answer(r, 200, administrator_json(x));
	}
	json_decref(doc);
}

void api_administrator_delete(struct request *r)
{
	char name[ADMINISTRATOR_NAME_MAX + 1];
	struct auth *a = api_auth(r);
	struct administrator *x = named(r, a);

	if (!x || !somebody_owns(r, a, x, NULL))
		return;
	snprintf(name, sizeof(name), "%s", x->name);
	auth_drop_administrator(a, x);
	changed(r, "delete", name, NULL);
	api_answer(r, 200, json_object());
}

void api_administrator_password(struct request *r)
{
	static const char *const keys[] = { NULL };
	char password[ONE_TIME_LEN + 1];
	struct auth *a = api_auth(r);
	struct administrator *x = named(r, a);
	json_t *doc = x ? request_body(r) : NULL;

	if (doc && request_only_keys(r, doc, keys)) {
		if (auth_reset_password(a, x, password)) {
			respond_problem(r, 503, "no randomness", "try again");
		} else {
			changed(r, "reset-password", x->name, NULL);
			answer_one_time(r, 200, x->name, password);
		}
	}
	json_decref(doc);
}
