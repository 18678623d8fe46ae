#include "daemon/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/captures.h"
#include "daemon/certificates.h"
#include "daemon/check.h"
#include "daemon/herald.h"
#include "daemon/import.h"
#include "daemon/keeper.h"
#include "daemon/log.h"
#include "daemon/objects.h"
#include "daemon/preview.h"
#include "daemon/setup.h"
#include "daemon/sign_in.h"
#include "daemon/webhooks.h"

enum { SAID_MAX = 64 * 1024 };

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

static void set_profile(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	bridge_set_profile(p.bridge, app_now(a), c->user, (enum profile)c->profile, c->until_wall_ms);
	admin_answer(p.admin, c->id, 200, NULL);
}

static void pause_user(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	uint16_t account = directory_user_account(bridge_directory(p.bridge), c->user);

	if (people_pause(p.people, app_now(a), apply_account(p.apply, account), c->user, !c->enabled))
		admin_answer(p.admin, c->id, 200, NULL);
	else
		admin_refuse(p.admin, c->id, 403, "not yours to switch on",
			     "an operator or the configuration has switched you off, and only they can "
			     "switch you on again: ask them");
}

static void enable_user(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	if (c->by_itself) {
		pause_user(a, c);
		return;
	}
	if (people_switch(p.people, app_now(a), apply_account(p.apply, directory_user_account(
				bridge_directory(p.bridge), c->user)), c->user, c->enabled))
		admin_answer(p.admin, c->id, 200, NULL);
	else
		admin_refuse(p.admin, c->id, 409, "the user is excluded",
			     "the address is in matching.exclude: take it out of the list and reload");
}

/* ---- reload, clear ---- */

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

static void setup(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);

	if (c->ask)
		checker_ask(p.checker, p.admin, c);
	else
		answer_json(a, c->id, setup_answer(&p, app_now(a), c->account));
}

static void preview(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	struct buf why;

	buf_init(&why, SAID_MAX);
	json_t *answer = preview_policy(&p, app_now(a), c->account, slice_of(c->text, c->text_n), &why);
	if (answer)
		answer_json(a, c->id, answer);
	else
		admin_refuse(p.admin, c->id, 422, "the policy cannot be taken", buf_cstr(&why));
	buf_fini(&why);
}

/* ---- messages about alarms ---- */

static void alarms_sent(struct app *a, const struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	struct herald_stats s;

	herald_stats(p.herald, &s);
	if (c->ask && !herald_test(p.herald, app_now(a).wall_ms))
		admin_refuse(p.admin, c->id, 409, "nobody to tell", "neither mail nor webhook is configured");
	else
		answer_json(a, c->id,
			    json_pack("{s:I,s:I,s:I,s:I,s:s}", "targets", (json_int_t)s.targets, "sent",
				      (json_int_t)s.sent, "failed", (json_int_t)s.failed, "dropped",
				      (json_int_t)s.dropped, "error", s.error));
}

/* ---- whom it is about ---- */

/* Objects look into the configuration, where also stands what is not in force. */
static bool is_by_name(const struct admin_command *c)
{
	return c->kind == ADMIN_OBJECT ? c->object == CONF_DOCUMENT_USER
				       : c->kind != ADMIN_CERTIFICATE && c->kind != ADMIN_FETCH;
}

static const char *unknown(const struct app_parts *p, struct admin_command *c)
{
	const struct directory *d = bridge_directory(p->bridge);
	bool is_user = c->kind == ADMIN_SET_PROFILE || c->kind == ADMIN_ENABLE_USER;

	c->account = c->account_name[0] ? directory_account(d, slice_str(c->account_name)) : UINT16_MAX;
	if (c->account_name[0] && (c->account == UINT16_MAX || !apply_account(p->apply, c->account)))
		return "no such account";
	c->user = is_user ? directory_user(d, c->account, slice_str(c->email)) : ID_NONE;
	if (is_user && c->user == ID_NONE)
		return "no such user in this account";
	/* an answer without rows would say that all is well */
	if (c->kind == ADMIN_CHECK && c->connector[0] &&
	    directory_connector(d, c->account, slice_str(c->connector)) == ID_NONE)
		return "no such connector in this account";
	return NULL;
}

static void carry_out(struct app *a, const struct admin_command *c)
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
		checker_ask(app_parts(a).checker, app_parts(a).admin, c);
		break;
	case ADMIN_SETUP:
		setup(a, c);
		break;
	case ADMIN_PREVIEW:
		preview(a, c);
		break;
	case ADMIN_LOG_LEVEL:
		log_set_level(app_parts(a).log, c->log_level);
		admin_answer(app_parts(a).admin, c->id, 200, NULL);
		break;
	case ADMIN_REPORT:
		webhooks_report(app_parts(a).webhooks, app_now(a), c);
		break;
	case ADMIN_CAPTURE:
		captures_command(app_parts(a).captures, app_now(a), c);
		break;
	case ADMIN_OBJECT:
		object_command(a, c);
		break;
	case ADMIN_CERTIFICATE:
		certificate_command(a, c);
		break;
	case ADMIN_EXPORT:
		export_command(a, c);
		break;
	case ADMIN_PUT_USER:
		person_put_command(a, c);
		break;
	case ADMIN_DELETE_USER:
		person_delete_command(a, c);
		break;
	case ADMIN_SWITCH_USERS:
		people_switch_command(a, c);
		break;
	case ADMIN_ALARMS_SENT:
		alarms_sent(a, c);
		break;
	case ADMIN_FETCH:
		sign_in_fetch(app_parts(a).sign_in, apply_account(app_parts(a).apply, c->account), c);
		break;
	case ADMIN_COMMAND_COUNT:
		CHECK(false);
	}
}

void command_do(struct app *a, struct admin_command *c)
{
	const struct app_parts p = app_parts(a);
	const char *why = is_by_name(c) ? unknown(&p, c) : NULL;

	if (why)
		admin_refuse(p.admin, c->id, 404, "not found", why);
	else
		carry_out(a, c);
}
