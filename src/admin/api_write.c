#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/impl.h"
#include "base/date.h"

/* The body as an object, or NULL and the answer given. An empty body is an empty object. */
static json_t *body_of(struct request *r)
{
	struct slice body = buf_view(&r->body);
	json_error_t error;
	json_t *doc;

	if (!body.n)
		return json_object();
	doc = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (doc && json_is_object(doc))
		return doc;
	respond_problem(r, 400, "bad request", doc ? "the body is not a JSON object" : error.text);
	json_decref(doc);
	return NULL;
}

/* Unknown keys are errors: a misspelt "until" must not mean "no end". */
static bool only_keys(struct request *r, json_t *doc, const char *const *keys)
{
	const char *key;
	json_t *value;

	json_object_foreach(doc, key, value)
	{
		size_t i = 0;

		while (keys[i] && strcmp(keys[i], key) != 0)
			i++;
		if (!keys[i]) {
			respond_problem(r, 400, "bad request",
					"the body has a key that is not known here");
			return false;
		}
	}
	return true;
}

/* The account, and the user when the path names one. */
static bool target(struct request *r, struct admin_command *cmd)
{
	struct admin *a = r->admin;
	struct slice email = slice_str(r->match.params[1]);

	cmd->account = snapshot_find_account(a->snapshot, slice_str(r->match.params[0]));
	if (cmd->account == UINT16_MAX) {
		respond_problem(r, 404, "not found", "no such account");
		return false;
	}
	if (r->match.params_n < 2)
		return true;
	cmd->user = snapshot_find_user(a->snapshot, cmd->account, email);
	if (cmd->user == ID_NONE || !snapshot_user(a->snapshot, cmd->user, &a->copy) ||
	    slice_copy(a->copy.user.email, cmd->email, sizeof(cmd->email))) {
		respond_problem(r, 404, "not found", "no such user in this account");
		return false;
	}
	return true;
}

static bool read_profile(struct request *r, json_t *doc, struct admin_command *cmd)
{
	static const char *const keys[] = {"state", "until", NULL};
	const char *word = json_string_value(json_object_get(doc, "state"));
	json_t *until = json_object_get(doc, "until");
	enum profile profile;

	if (!only_keys(r, doc, keys))
		return false;
	cmd->until_wall_ms = TIME_NEVER;
	if (!word || !profile_parse(word, &profile)) {
		respond_problem(r, 400, "bad request",
				"state is available, away, busy, not-available or meeting");
		return false;
	}
	cmd->profile = (uint8_t)profile;
	if (!until || json_is_null(until))
		return true;
	if (!json_is_string(until) ||
	    date_parse(slice_str(json_string_value(until)), &cmd->until_wall_ms)) {
		respond_problem(r, 400, "bad request",
				"until is an instant as 2026-11-24T14:00:00Z, or null");
		return false;
	}
	if (cmd->until_wall_ms <= r->admin->c.wall_ms()) {
		respond_problem(r, 400, "bad request", "until lies in the past");
		return false;
	}
	return true;
}

void api_put_profile(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_SET_PROFILE};
	json_t *doc = target(r, &cmd) ? body_of(r) : NULL;

	if (doc && read_profile(r, doc, &cmd))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_put_enabled(struct request *r)
{
	static const char *const keys[] = {"enabled", NULL};
	struct admin_command cmd = {.kind = ADMIN_ENABLE_USER};
	json_t *doc = target(r, &cmd) ? body_of(r) : NULL,
	       *enabled = json_object_get(doc, "enabled");

	if (doc && only_keys(r, doc, keys)) {
		cmd.enabled = json_is_true(enabled);
		if (json_is_boolean(enabled))
			request_command(r, &cmd);
		else
			respond_problem(r, 400, "bad request", "enabled is true or false");
	}
	json_decref(doc);
}

void api_import(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_IMPORT_USERS};
	struct slice body = buf_view(&r->body);
	char dry_run[8] = "";

	if (!target(r, &cmd))
		return;
	request_query(r, "dry_run", dry_run, sizeof(dry_run));
	if (r->status)
		return;
	cmd.dry_run = strcmp(dry_run, "true") == 0;
	if (!body.n || memchr(body.p, '\0', body.n)) {
		respond_problem(r, 400, "bad request",
				"the body is no CSV: email,name,lines,enabled");
		return;
	}
	cmd.text = malloc(body.n + 1);
	if (!cmd.text) {
		respond_problem(r, 503, "no memory", "try again");
		return;
	}
	memcpy(cmd.text, body.p, body.n);
	cmd.text[body.n] = '\0';
	cmd.text_n = body.n;
	request_command(r, &cmd);
}

static void plain(struct request *r, enum admin_command_kind kind)
{
	static const char *const keys[] = {NULL};
	struct admin_command cmd = {.kind = (uint8_t)kind, .account = UINT16_MAX};
	json_t *doc = body_of(r);

	if (doc && only_keys(r, doc, keys))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_reload(struct request *r)
{
	plain(r, ADMIN_RELOAD);
}

void api_check(struct request *r)
{
	plain(r, ADMIN_CHECK);
}

/* Clearing everything must be said, not left out. */
static bool read_clear(struct request *r, json_t *doc, struct admin_command *cmd)
{
	static const char *const keys[] = {"account", "all", NULL};
	const char *account = json_string_value(json_object_get(doc, "account"));
	bool all = json_is_true(json_object_get(doc, "all"));

	if (!only_keys(r, doc, keys))
		return false;
	if (!account == !all) {
		respond_problem(r, 400, "bad request", "give either account or all: true");
		return false;
	}
	cmd->account =
	    all ? UINT16_MAX : snapshot_find_account(r->admin->snapshot, slice_str(account));
	if (!all && cmd->account == UINT16_MAX) {
		respond_problem(r, 404, "not found", "no such account");
		return false;
	}
	return true;
}

void api_clear(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_CLEAR};
	json_t *doc = body_of(r);

	if (doc && read_clear(r, doc, &cmd))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_log_level(struct request *r)
{
	static const char *const keys[] = {"level", NULL};
	static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
	struct admin_command cmd = {.kind = ADMIN_LOG_LEVEL};
	json_t *doc = body_of(r);
	const char *word = json_string_value(json_object_get(doc, "level"));

	for (unsigned i = 0; word && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(word, levels[i]) == 0)
			cmd.log_level = (uint8_t)(i + 3);
	if (doc && only_keys(r, doc, keys)) {
		if (cmd.log_level)
			request_command(r, &cmd);
		else
			respond_problem(r, 400, "bad request",
					"level is error, warning, notice, info or debug");
	}
	json_decref(doc);
}

/* What a webhook listener takes with a token comes here from whoever may use the UNIX socket. */
void api_report(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_REPORT};
	struct slice body = buf_view(&r->body);
	const char *line = r->match.params_n > 2 ? r->match.params[2] : "";

	cmd.account = snapshot_find_account(r->admin->snapshot, slice_str(r->match.params[0]));
	if (cmd.account == UINT16_MAX)
		respond_problem(r, 404, "not found", "no such account");
	else if (slice_copy(slice_str(r->match.params[1]), cmd.connector, sizeof(cmd.connector)) ||
		 slice_copy(slice_str(line), cmd.line, sizeof(cmd.line)))
		respond_problem(r, 404, "not found", "no such connector or line");
	if (r->status)
		return;
	cmd.text_n = body.n;
	cmd.text = calloc(1, body.n + 1);
	if (!cmd.text) {
		respond_problem(r, 503, "busy", "out of memory");
		return;
	}
	if (body.n)
		memcpy(cmd.text, body.p, body.n);
	request_command(r, &cmd);
}
