/* api_session.c - signing in and out, with a password of our own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "admin/auth/api.h"
#include "admin/auth/document.h"
#include "base/date.h"

/* ---- what everybody of this folder needs ---- */

struct auth *api_auth(struct request *r)
{
	struct auth *a = atomic_load(&r->admin->auth);

	if (!a)
		respond_problem(r, 503, "starting",
				"nobody can sign in yet; try again in a moment");
	return a;
}

void api_answer(struct request *r, int status, json_t *doc)
{
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	buf_reset(&r->out);
	if (text) {
		buf_str(&r->out, text);
		respond_json(r, status);
	} else {
		respond_problem(r, 503, "no memory", "try again");
	}
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(doc);
}

json_t *api_instant(int64_t wall_ms)
{
	char text[DATE_LEN + 1];

	if (!wall_ms || wall_ms == INT64_MAX)
		return json_null();
	date_format(wall_ms, text);
	return json_string(text);
}

void api_address(const struct request *r, char *dst, size_t cap)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof(at);
	const void *raw = &((const struct sockaddr_in *)(const void *)&at)->sin_addr;

	dst[0] = '\0';
	if (!r->conn || getpeername(r->conn->fd, (struct sockaddr *)&at, &n))
		return;
	if (at.ss_family == AF_INET6)
		raw = &((const struct sockaddr_in6 *)(const void *)&at)->sin6_addr;
	if (!inet_ntop(at.ss_family, raw, dst, (socklen_t)cap))
		dst[0] = '\0';
}

/* ---- the answer: who the caller is ---- */

static json_t *self_json(const struct caller *c)
{
	return c->self_email[0]
		       ? json_pack("{s:s,s:s}", "account", c->self_account, "email", c->self_email)
		       : json_null();
}

static json_t *ways_in(struct request *r)
{
	json_t *list = json_array(), *microsoft = api_microsoft_way(r);

	if (microsoft)
		json_array_append_new(list, microsoft);
	json_array_append_new(list, json_pack("{s:s}", "kind", "password"));
	return list;
}

static void show(struct request *r, const struct sign_in *s)
{
	const struct caller *c = &r->caller;
	bool nobody = c->kind == CALLER_NOBODY;
	bool person = c->kind == CALLER_PASSWORD || c->kind == CALLER_MICROSOFT;
	json_t *doc = json_pack("{s:b,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:o}", "signed_in",
				!nobody && c->kind != CALLER_OPEN, "name",
				nobody ? json_null() : json_string(c->name), "kind",
				nobody ? json_null()
				       : json_string(caller_kind_name((enum caller_kind)c->kind)),
				"csrf", person && s ? json_string(s->csrf) : json_null(), "grants",
				grants_json(&c->grants), "self", self_json(c),
				"must_change_password", c->must_change_password, "open_read",
				atomic_load(&r->admin->open_read), "sign_in", ways_in(r));

	api_answer(r, 200, doc);
}

void api_session_show(struct request *r)
{
	show(r, gate_session(r, atomic_load(&r->admin->auth)));
}

/* ---- beginning and ending ---- */

static void set_cookie(struct request *r, const char *key)
{
	snprintf(r->cookie, sizeof(r->cookie), "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
		 gate_cookie_name(r), key, gate_is_secure(r) ? "; Secure" : "",
		 *key ? "" : "; Max-Age=0");
}

static void note_agent(const struct request *r, struct sign_in *s)
{
	const char *agent = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "User-Agent");

	snprintf(s->agent, sizeof(s->agent), "%s", agent ? agent : "");
	for (char *p = s->agent; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	api_address(r, s->address, sizeof(s->address));
}

/* The key is always a new one, and whoever was signed in with this browser before is so no longer.
 */
struct sign_in *api_begin_session(struct request *r, struct auth *a, struct sign_in *s)
{
	struct sign_in *before = gate_session(r, a);
	char key[KEY_LEN + 1];

	if (before)
		auth_drop_session(a, before);
	note_agent(r, s);
	if (auth_begin_session(a, s, r->admin->c.wall_ms(), key)) {
		respond_problem(r, 503, "no randomness", "try again");
		return NULL;
	}
	set_cookie(r, key);
	explicit_bzero(key, sizeof(key));
	if (!auth_caller_of_session(a, s, r->admin->c.wall_ms(), &r->caller)) {
		respond_problem(r, 401, "not signed in",
				"the person is no administrator here any more");
		return NULL;
	}
	return s;
}

void api_sign_in_failed(struct request *r, struct auth *a, const char *who, const char *why)
{
	char address[48], detail[200];
	uint32_t left_out;
	int n;

	if (!failures_note(&a->failures, r->admin->c.mono_ms(), &left_out))
		return;
	api_address(r, address, sizeof(address));
	n = snprintf(detail, sizeof(detail), "%s, from %s", why, address);
	if (left_out)
		snprintf(detail + n, sizeof(detail) - (size_t)n, "; %u more were not written down", left_out);
	request_changed(r, NULL, "sign-in-failed", who ? who : "somebody unknown", detail);
}

static bool within_limits(struct request *r, const struct auth *a, struct slice name,
			  const char *network)
{
	int64_t now = r->admin->c.mono_ms();
	int64_t by_name = limiter_wait_ms(&a->limiter, LIMIT_NAME, name, now);
	int64_t by_address = limiter_wait_ms(&a->limiter, LIMIT_ADDRESS, slice_str(network), now);
	int64_t wait = by_name > by_address ? by_name : by_address;

	if (!wait)
		return true;
	r->retry_after_s = (int)((wait + 999) / 1000);
	respond_problem(r, 429, "too many attempts",
			"wait as long as Retry-After says, then try again");
	return false;
}

/* Every failure takes as long and says the same, whoever exists. */
static struct administrator *password_checked(struct request *r, struct auth *a, struct slice name,
					      struct slice password)
{
	struct administrator *who = administrators_find(&a->administrators, name);
	char address[48], network[48];
	int64_t now = r->admin->c.mono_ms();

	api_address(r, address, sizeof(address));
	limiter_network(address, network, sizeof(network));
	if (!within_limits(r, a, name, network)) {
		a->limited++;
		api_sign_in_failed(r, a, who ? who->name : NULL, "too many attempts");
		return NULL;
	}
	if (password_fits(password, who ? who->password : NULL, a->password_cost)) {
		limiter_forget(&a->limiter, LIMIT_NAME, name);
		return who;
	}
	a->refused++;
	limiter_failed(&a->limiter, LIMIT_NAME, name, now);
	limiter_failed(&a->limiter, LIMIT_ADDRESS, slice_str(network), now);
	api_sign_in_failed(r, a, who ? who->name : NULL, who ? "wrong password" : "no such name");
	respond_problem(r, 401, "not signed in", "name or password is wrong");
	return NULL;
}

static bool read_sign_in(struct request *r, json_t *doc, char *name, char *password)
{
	static const char *const keys[] = { "name", "password", NULL };

	if (!request_only_keys(r, doc, keys))
		return false;
	if (document_text(doc, "name", name, ADMINISTRATOR_NAME_MAX + 1) &&
	    document_text(doc, "password", password, PASSWORD_MAX + 1))
		return true;
	respond_problem(r, 400, "bad request",
			"give name (at most 64 bytes) and password (at most 256)");
	return false;
}

static struct sign_in *session_of(const struct administrator *who)
{
	struct sign_in *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->kind = CALLER_PASSWORD;
	snprintf(s->name, sizeof(s->name), "%s", who->name);
	return s;
}

static void sign_in(struct request *r, struct auth *a, const struct administrator *who)
{
	struct sign_in *s = session_of(who);

	if (!s)
		respond_problem(r, 503, "no memory", "try again");
	else if ((s = api_begin_session(r, a, s))) {
		request_changed(r, NULL, "sign-in", s->address, s->agent);
		show(r, s);
	}
}

void api_sign_in(struct request *r)
{
	char name[ADMINISTRATOR_NAME_MAX + 1], password[PASSWORD_MAX + 1] = "";
	struct auth *a = api_auth(r);
	json_t *doc = a ? request_body(r) : NULL;
	struct administrator *who = NULL;

	if (doc && read_sign_in(r, doc, name, password))
		who = password_checked(r, a, slice_str(name), slice_str(password));
	if (who)
		sign_in(r, a, who);
	explicit_bzero(password, sizeof(password));
	json_decref(doc);
}

void api_sign_out(struct request *r)
{
	struct auth *a = api_auth(r);
	struct sign_in *s = a ? gate_session(r, a) : NULL;

	if (r->status)
		return;
	if (!s) {
		respond_problem(r, 409, "nobody to sign out", "this did not come by a session");
		return;
	}
	auth_drop_session(a, s);
	request_changed(r, NULL, "sign-out", "", NULL);
	set_cookie(r, "");
	api_answer(r, 200, json_object());
}

/* ---- a password of one's own ---- */

static const char *bad_password(struct slice fresh, struct slice old, const char *name)
{
	if (fresh.n < PASSWORD_MIN)
		return "the new password needs at least 12 bytes";
	if (slice_eq(fresh, old))
		return "the new password is the old one";
	if (slice_is_nocase(fresh, name))
		return "the new password is the name";
	return NULL;
}

/* All sessions of the person end, also the one that asks: it gets a new one. */
static void change_password(struct request *r, struct auth *a, struct administrator *who,
			    struct slice fresh)
{
	char stored[PASSWORD_STORED_MAX];

	if (password_hash(fresh, a->password_cost, stored, sizeof(stored))) {
		respond_problem(r, 503, "no memory", "try again");
		return;
	}
	memcpy(who->password, stored, sizeof(stored));
	who->must_change = false;
	auth_keep_administrator(a, who);
	auth_drop_sessions_of(a, CALLER_PASSWORD, who->name);
	request_changed(r, NULL, "password", who->name, NULL);
	sign_in(r, a, who);
}

void api_put_password(struct request *r)
{
	static const char *const keys[] = { "old", "new", NULL };
	char old[PASSWORD_MAX + 1] = "", fresh[PASSWORD_MAX + 1] = "";
	struct auth *a = api_auth(r);
	json_t *doc = a ? request_body(r) : NULL;
	struct administrator *who = NULL;
	const char *why = NULL;

	if (doc && request_only_keys(r, doc, keys)) {
		if (r->caller.kind != CALLER_PASSWORD)
			respond_problem(r, 409, "no password here",
					"your password is Microsoft's to change");
		else if (!document_text(doc, "old", old, sizeof(old)) ||
			 !document_text(doc, "new", fresh, sizeof(fresh)))
			respond_problem(r, 400, "bad request",
					"give old and new, each at most 256 bytes");
		else if ((why = bad_password(slice_str(fresh), slice_str(old), r->caller.name)))
			respond_problem(r, 400, "bad request", why);
		else
			who = password_checked(r, a, slice_str(r->caller.name), slice_str(old));
	}
	if (who)
		change_password(r, a, who, slice_str(fresh));
	explicit_bzero(old, sizeof(old));
	explicit_bzero(fresh, sizeof(fresh));
	json_decref(doc);
}
