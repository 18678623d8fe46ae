/* api_tokens.c - keys of programs, and who is signed in where: listing, making, ending. */
#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/api.h"
#include "admin/auth/document.h"
#include "base/date.h"

static const char *account_or_all(const char *account)
{
	return strcmp(account, "*") == 0 ? NULL : account;
}

/* ---- tokens: for owners of what a token is for ---- */

static json_t *token_json(const struct token *t)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o}", "id", t->id, "name", t->name,
			 "account", t->account, "role", role_name((enum role)t->role), "made_by",
			 t->made_by, "created", api_instant(t->created_wall_ms), "expires",
			 api_instant(t->expires_wall_ms), "used", api_instant(t->used_wall_ms));
}

void api_tokens(struct request *r)
{
	struct auth *a = api_auth(r);
	json_t *list;

	if (!a)
		return;
	list = json_array();
	for (uint32_t i = 0; i < a->tokens.n; i++)
		if (caller_may(r, account_or_all(a->tokens.list[i]->account), ROLE_OWNER))
			json_array_append_new(list, token_json(a->tokens.list[i]));
	api_answer(r, 200, json_pack("{s:o}", "tokens", list));
}

/* null, or an instant to come. */
static bool read_expiry(struct request *r, json_t *v, int64_t *ret)
{
	*ret = INT64_MAX;
	if (!v || json_is_null(v))
		return true;
	if (json_is_string(v) && !date_parse(slice_str(json_string_value(v)), ret) &&
	    *ret > r->admin->c.wall_ms())
		return true;
	respond_problem(r, 400, "bad request",
			"expires is an instant to come as 2027-11-24T14:00:00Z, or null");
	return false;
}

static bool read_account(struct request *r, json_t *v, char *dst, size_t cap)
{
	const char *account = json_string_value(v);

	snprintf(dst, cap, "%s", account ? account : "*");
	if (!v || json_is_null(v) || (account && strcmp(account, "*") == 0))
		return true;
	if (account && caller_may(r, account, ROLE_VIEWER) &&
	    snapshot_find_account(r->admin->snapshot, slice_str(account)) != UINT16_MAX)
		return true;
	respond_problem(r, 404, "not found", "no such account");
	return false;
}

static bool is_plain(const char *text)
{
	if (!*text)
		return false;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static bool read_token(struct request *r, json_t *doc, struct token *t)
{
	static const char *const keys[] = { "name", "role", "account", "expires", NULL };
	char word[16];
	enum role role;

	if (!request_only_keys(r, doc, keys))
		return false;
	if (!document_text(doc, "name", t->name, sizeof(t->name)) || !is_plain(t->name) ||
	    !document_text(doc, "role", word, sizeof(word)) ||
	    !role_parse(slice_str(word), &role)) {
		respond_problem(r, 400, "bad request",
				"give name (1 to 64 bytes) and role: viewer, operator or owner");
		return false;
	}
	t->role = (uint8_t)role;
	if (!read_account(r, json_object_get(doc, "account"), t->account, sizeof(t->account)) ||
	    !read_expiry(r, json_object_get(doc, "expires"), &t->expires_wall_ms))
		return false;
	if (caller_may(r, account_or_all(t->account), ROLE_OWNER))
		return true;
	respond_problem(r, 403, "forbidden", "only an owner of the account can make its tokens");
	return false;
}

static void make_token(struct request *r, struct auth *a, const struct token *wanted)
{
	struct token *t = malloc(sizeof(*t));
	char text[TOKEN_LEN + 1], what[128];
	enum err e = t ? ERR_OK : ERR_NO_MEMORY;

	if (t) {
		*t = *wanted;
		e = tokens_add(&a->tokens, t, text);
	}
	if (e) {
		free(t);
		respond_problem(r, e == ERR_LIMIT ? 409 : 503,
				e == ERR_LIMIT ? "too many tokens" : "no memory",
				e == ERR_LIMIT ? "delete some of those that are not used"
					       : "try again");
		return;
	}
	auth_keep_token(a, t);
	snprintf(what, sizeof(what), "token %s", t->name);
	request_changed(r, account_or_all(t->account), "create", what,
			role_name((enum role)t->role));
	api_answer(r, 201, json_pack("{s:s,s:s}", "id", t->id, "token", text));
	explicit_bzero(text, sizeof(text));
}

void api_token_new(struct request *r)
{
	struct token t = { .created_wall_ms = r->admin->c.wall_ms() };
	struct auth *a = api_auth(r);
	json_t *doc = a ? request_body(r) : NULL;

	snprintf(t.made_by, sizeof(t.made_by), "%s", r->caller.name);
	if (doc && read_token(r, doc, &t))
		make_token(r, a, &t);
	json_decref(doc);
}

void api_token_delete(struct request *r)
{
	struct auth *a = api_auth(r);
	struct token *t = a ? tokens_by_id(&a->tokens, slice_str(r->match.params[0])) : NULL;
	char what[128], account[CALLER_ACCOUNT_MAX + 1];

	if (!a)
		return;
	if (!t || !caller_may(r, account_or_all(t->account), ROLE_OWNER)) {
		respond_problem(r, 404, "not found", "no such token");
		return;
	}
	snprintf(what, sizeof(what), "token %s", t->name);
	snprintf(account, sizeof(account), "%s", t->account);
	auth_drop_token(a, t);
	request_changed(r, account_or_all(account), "delete", what, NULL);
	api_answer(r, 200, json_object());
}

/* ---- sessions: one's own; an owner of everything sees all ---- */

static bool is_mine(const struct request *r, const struct sign_in *s, const struct sign_in *present)
{
	return caller_may(r, NULL, ROLE_OWNER) || (present && session_is_of_same(s, present));
}

static json_t *session_json(const struct sign_in *s, const struct sign_in *present)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:s,s:s,s:b}", "id", s->id, "name", s->name, "kind",
			 caller_kind_name((enum caller_kind)s->kind), "created",
			 api_instant(s->created_wall_ms), "seen", api_instant(s->seen_wall_ms),
			 "address", s->address, "agent", s->agent, "present", s == present);
}

void api_sessions(struct request *r)
{
	struct auth *a = api_auth(r);
	const struct sign_in *present;
	json_t *list;

	if (!a)
		return;
	auth_sweep(a, r->admin->c.wall_ms());
	present = r->is_socket ? NULL : gate_session(r, a);
	list = json_array();
	for (uint32_t i = 0; i < a->sessions.n; i++)
		if (is_mine(r, a->sessions.list[i], present))
			json_array_append_new(list, session_json(a->sessions.list[i], present));
	api_answer(r, 200, json_pack("{s:o}", "sessions", list));
}

void api_session_delete(struct request *r)
{
	struct auth *a = api_auth(r);
	struct sign_in *s = a ? sessions_by_id(&a->sessions, slice_str(r->match.params[0])) : NULL;
	char what[CALLER_NAME_MAX + 16];

	if (!a)
		return;
	if (!s || !is_mine(r, s, r->is_socket ? NULL : gate_session(r, a))) {
		respond_problem(r, 404, "not found", "no such session");
		return;
	}
	snprintf(what, sizeof(what), "session of %s", s->name);
	auth_drop_session(a, s);
	request_changed(r, NULL, "delete", what, NULL);
	api_answer(r, 200, json_object());
}
