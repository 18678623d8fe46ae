#include "daemon/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/check.h"
#include "daemon/keeper.h"
#include "daemon/log.h"
#include "daemon/webhooks.h"
#include "proto/conf/users_csv.h"

enum { SAID_MAX = 64 * 1024, IMPORT_ERRORS_SHOWN = 50 };

static void answer_json(struct app *a, uint64_t id, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		admin_answer(app_parts(a).admin, id, 200, text);
	else
		admin_refuse(app_parts(a).admin, id, 500, "out of memory", "try again");
	free(text);
	json_decref(json);
}

/* False, and the command is answered, when the user is not the one that the request named. */
static bool same_user(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	if (slice_eq_nocase(directory_email(bridge_directory(p.bridge), c->user), slice_str(c->email)))
		return true;
	admin_refuse(p.admin, c->id, 404, "no such user", "the user was removed meanwhile");
	return false;
}

static void set_profile(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	if (!same_user(a, c))
		return;
	bridge_set_profile(p.bridge, app_now(a), c->user, (enum profile)c->profile, c->until_wall_ms);
	admin_answer(p.admin, c->id, 200, NULL);
}

static void enable_user(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	if (!same_user(a, c))
		return;
	bridge_enable_user(p.bridge, app_now(a), c->user, c->enabled);
	admin_answer(p.admin, c->id, 200, NULL);
}

/* ---- import ---- */

struct import {
	struct app *app;
	struct slice account;
	bool dry_run;
	uint32_t added, changed;
	json_t *errors;
};

static void import_fault(struct import *im, uint32_t row, const char *text)
{
	if (json_array_size(im->errors) < IMPORT_ERRORS_SHOWN)
		json_array_append_new(im->errors, json_pack("{s:i,s:s}", "row", (int)row, "text", text));
}

static bool import_row(const struct users_csv_row *row, void *arg)
{
	struct import *im = arg;
	const struct app_parts p = app_parts(im->app);
	const struct directory *d = bridge_directory(p.bridge);
	const struct apply_person person = { .account = im->account, .email = row->email, .name = row->name,
					     .lines = row->lines, .enabled = row->enabled };
	bool known = directory_user(d, directory_account(d, im->account), row->email) != ID_NONE;
	char why[300] = "";

	if (!im->dry_run) {
		if (apply_person(p.apply, app_now(im->app), &person, why, sizeof(why))) {
			import_fault(im, row->line, why);
			return true;
		}
		keeper_put_person(p.keeper, &person);
	}
	im->added += !known;
	im->changed += known;
	return true;
}

static void import_users(struct app *a, const struct admin_command *c)
{
	static struct conf_errors errs;
	const struct app_parts p = app_parts(a);
	struct import im = { .app = a, .dry_run = c->dry_run, .errors = json_array(),
			     .account = directory_account_name(bridge_directory(p.bridge), c->account) };

	errs = (struct conf_errors){ 0 };
	if (users_csv_parse(slice_of(c->text, c->text_n), "import", import_row, &im, &errs))
		for (uint32_t i = 0; i < errs.n; i++)
			import_fault(&im, errs.list[i].line, errs.list[i].text);
	answer_json(a, c->id, json_pack("{s:i,s:i,s:i,s:i,s:o}", "added", (int)im.added, "changed",
					(int)im.changed, "removed", 0, "unchanged", 0, "errors", im.errors));
}

/* ---- reload, clear, check ---- */

static void reload(struct app *a, const struct admin_command *c)
{
	json_t *changes = json_array();
	struct buf said;
	struct slice line;

	buf_init(&said, SAID_MAX);
	enum err e = app_reload(a, &said);
	for (struct slice rest = buf_view(&said); slice_split(&rest, '\n', &line);)
		if (line.n)
			json_array_append_new(changes, json_stringn(line.p, line.n));
	if (e)
		admin_refuse(app_parts(a).admin, c->id, 422,
			     "the configuration was not taken; the old one stays", buf_cstr(&said));
	else
		answer_json(a, c->id, json_pack("{s:O}", "changes", changes));
	json_decref(changes);
	buf_fini(&said);
}

/* Before decommissioning: everything of ours is given back, and nothing is held until the daemon is
 * reloaded or started again. */
static void clear(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	const struct directory *d = bridge_directory(p.bridge);
	struct policy policy;
	int users = 0;

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		struct user_view v;

		if (c->account != UINT16_MAX && directory_user_account(d, u) != c->account)
			continue;
		users += engine_user(bridge_engine(p.bridge), u, &v) && v.held != SESSION_NONE;
	}
	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX;
	     i = directory_next_account(d, i + 1)) {
		if ((c->account != UINT16_MAX && i != c->account) ||
		    !engine_account_policy(bridge_engine(p.bridge), i, &policy))
			continue;
		policy.mode = MODE_OFF;
		bridge_set_policy(p.bridge, app_now(a), i, &policy);
	}
	answer_json(a, c->id, json_pack("{s:i}", "users", users));
}

static void check(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	json_t *list = json_array();
	bool ok = check_all(&p, list);

	answer_json(a, c->id, json_pack("{s:b,s:o}", "ok", ok, "checks", list));
}

void command_do(struct app *a, const struct admin_command *c)
{
	switch ((enum admin_command_kind)c->kind) {
	case ADMIN_SET_PROFILE:
		set_profile(a, c);
		break;
	case ADMIN_ENABLE_USER:
		enable_user(a, c);
		break;
	case ADMIN_IMPORT_USERS:
		import_users(a, c);
		break;
	case ADMIN_RELOAD:
		reload(a, c);
		break;
	case ADMIN_CLEAR:
		clear(a, c);
		break;
	case ADMIN_CHECK:
		check(a, c);
		break;
	case ADMIN_LOG_LEVEL:
		log_set_level(app_parts(a).log, c->log_level);
		admin_answer(app_parts(a).admin, c->id, 200, NULL);
		break;
	case ADMIN_REPORT:
		webhooks_report(app_parts(a).webhooks, app_now(a), c);
		break;
	case ADMIN_COMMAND_COUNT:
		CHECK(false);
	}
}
