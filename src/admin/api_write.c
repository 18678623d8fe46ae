#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/impl.h"
#include "base/date.h"

static bool read_profile(struct request *r, json_t *doc, struct admin_command *cmd)
{
	static const char *const keys[] = {"state", "until", NULL};
	const char *word = json_string_value(json_object_get(doc, "state"));
	json_t *until = json_object_get(doc, "until");
	enum profile profile;

	if (!request_only_keys(r, doc, keys))
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
	json_t *doc = request_person(r, &cmd) ? request_body(r) : NULL;

	if (doc && read_profile(r, doc, &cmd))
		request_command(r, &cmd);
	json_decref(doc);
}

void write_enabled(struct request *r, bool by_itself)
{
	static const char *const keys[] = {"enabled", NULL};
	struct admin_command cmd = {.kind = ADMIN_ENABLE_USER, .by_itself = by_itself};
	json_t *doc = request_person(r, &cmd) ? request_body(r) : NULL,
	       *enabled = json_object_get(doc, "enabled");

	if (doc && request_only_keys(r, doc, keys)) {
		cmd.enabled = json_is_true(enabled);
		if (json_is_boolean(enabled))
			request_command(r, &cmd);
		else
			respond_problem(r, 400, "bad request", "enabled is true or false");
	}
	json_decref(doc);
}

void api_put_enabled(struct request *r)
{
	write_enabled(r, false);
}

void api_preview(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_PREVIEW};

	if (request_account(r, &cmd) && request_text(r, &cmd, "the body is no YAML: the keys of policy"))
		request_command(r, &cmd);
}

void api_import(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_IMPORT_USERS};
	char dry_run[8] = "";

	if (!request_account(r, &cmd))
		return;
	request_query(r, "dry_run", dry_run, sizeof(dry_run));
	if (r->status)
		return;
	cmd.dry_run = strcmp(dry_run, "true") == 0;
	if (*dry_run && !cmd.dry_run && strcmp(dry_run, "false") != 0)
		respond_problem(r, 400, "bad request", "dry_run is true or false");
	else if (request_text(r, &cmd, "the body is no CSV: email,name,lines,enabled"))
		request_command(r, &cmd);
}

static void plain(struct request *r, enum admin_command_kind kind)
{
	static const char *const keys[] = {NULL};
	struct admin_command cmd = {.kind = (uint8_t)kind};
	json_t *doc = request_body(r);

	if (doc && request_only_keys(r, doc, keys))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_reload(struct request *r)
{
	plain(r, ADMIN_RELOAD);
}

/* For operators of the account that the body names, NULL: of all; else the answer is given. An account
 * that the caller does not see is not there. */
static bool may_on(struct request *r, const char *account, struct admin_command *cmd)
{
	if (account && (!*account || slice_copy(slice_str(account), cmd->account_name,
						sizeof(cmd->account_name)) ||
			!caller_may(r, account, ROLE_VIEWER)))
		respond_problem(r, 404, "not found", "no such account");
	else if (!caller_may(r, account, ROLE_OPERATOR))
		respond_problem(r, 403, "forbidden",
				account ? "your role on this account does not reach that far"
					: "this needs the role on all accounts");
	return !r->status;
}

/* {} is all accounts. */
void api_check(struct request *r)
{
	static const char *const keys[] = {"account", NULL};
	struct admin_command cmd = {.kind = ADMIN_CHECK};
	json_t *doc = request_body(r), *account = json_object_get(doc, "account");

	if (doc && request_only_keys(r, doc, keys)) {
		if (account && !json_is_string(account))
			respond_problem(r, 400, "bad request", "account is a name");
		else if (may_on(r, account ? json_string_value(account) : NULL, &cmd))
			request_command(r, &cmd);
	}
	json_decref(doc);
}

/* Clearing everything must be said, not left out. */
static bool read_clear(struct request *r, json_t *doc, struct admin_command *cmd)
{
	static const char *const keys[] = {"account", "all", NULL};
	const char *account = json_string_value(json_object_get(doc, "account"));
	bool all = json_is_true(json_object_get(doc, "all"));

	if (!request_only_keys(r, doc, keys))
		return false;
	if (!account == !all) {
		respond_problem(r, 400, "bad request", "give either account or all: true");
		return false;
	}
	return may_on(r, account, cmd);
}

void api_clear(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_CLEAR};
	json_t *doc = request_body(r);

	if (doc && read_clear(r, doc, &cmd))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_log_level(struct request *r)
{
	static const char *const keys[] = {"level", NULL};
	static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
	struct admin_command cmd = {.kind = ADMIN_LOG_LEVEL};
	json_t *doc = request_body(r);
	const char *word = json_string_value(json_object_get(doc, "level"));

	for (unsigned i = 0; word && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(word, levels[i]) == 0)
			cmd.log_level = (uint8_t)(i + 3);
	if (doc && request_only_keys(r, doc, keys)) {
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

	if (request_account(r, &cmd) &&
	    (slice_copy(slice_str(r->match.params[1]), cmd.connector, sizeof(cmd.connector)) ||
	     slice_copy(slice_str(line), cmd.line, sizeof(cmd.line))))
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

/* ---- one connector ---- */

enum { CAPTURE_SECONDS_MAX = 600 };

static bool connector_target(struct request *r, struct admin_command *cmd)
{
	if (!request_account(r, cmd))
		return false;
	if (!slice_copy(slice_str(r->match.params[1]), cmd->connector, sizeof(cmd->connector)))
		return true;
	respond_problem(r, 404, "not found", "no such connector in this account");
	return false;
}

void api_connector_test(struct request *r)
{
	static const char *const keys[] = {NULL};
	struct admin_command cmd = {.kind = ADMIN_CHECK};
	json_t *doc = connector_target(r, &cmd) ? request_body(r) : NULL;

	if (doc && request_only_keys(r, doc, keys))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_capture(struct request *r)
{
	static const char *const keys[] = {"seconds", "keep_lines", NULL};
	struct admin_command cmd = {.kind = ADMIN_CAPTURE};
	json_t *doc = connector_target(r, &cmd) ? request_body(r) : NULL;
	json_int_t seconds = json_integer_value(json_object_get(doc, "seconds"));

	if (doc && request_only_keys(r, doc, keys)) {
		cmd.keep_lines = json_is_true(json_object_get(doc, "keep_lines"));
		cmd.seconds = (uint16_t)seconds;
		if (seconds >= 1 && seconds <= CAPTURE_SECONDS_MAX)
			request_command(r, &cmd);
		else
			respond_problem(r, 400, "bad request", "seconds is a number from 1 to 600");
	}
	json_decref(doc);
}

void api_capture_next(struct request *r)
{
	static const char *const keys[] = {"capture", "stop", NULL};
	struct admin_command cmd = {.kind = ADMIN_CAPTURE};
	json_t *doc = connector_target(r, &cmd) ? request_body(r) : NULL;
	json_int_t capture = json_integer_value(json_object_get(doc, "capture"));

	if (doc && request_only_keys(r, doc, keys)) {
		cmd.stop = json_is_true(json_object_get(doc, "stop"));
		cmd.capture = (uint64_t)capture;
		if (capture > 0)
			request_command(r, &cmd);
		else
			respond_problem(r, 400, "bad request",
					"capture is the number that the beginning of the capture answered");
	}
	json_decref(doc);
}
