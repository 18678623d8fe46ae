#include "admin/auth/gate.h"

#include <stdio.h>

#include "admin/auth/origin.h"
#include "admin/impl.h"

bool caller_may(const struct request *r, const char *account, enum role role)
{
	return grants_role(&r->caller.grants, account ? slice_str(account) : SLICE_NONE) >= role;
}

bool caller_sees_all(const struct request *r)
{
	return caller_may(r, NULL, ROLE_VIEWER);
}

bool caller_sees(const struct request *r, uint16_t account)
{
	return caller_sees_all(r) ||
	       grants_role(&r->caller.grants, names_account(r->admin->names, account)) >=
		       ROLE_VIEWER;
}

static enum role role_wanted(enum authority a)
{
	switch (a) {
	case AUTHORITY_VIEWER:
		return ROLE_VIEWER;
	case AUTHORITY_OPERATOR:
	case AUTHORITY_OPERATOR_ANY:
		return ROLE_OPERATOR;
	case AUTHORITY_OWNER:
	case AUTHORITY_OWNER_ANY:
		return ROLE_OWNER;
	case AUTHORITY_OPEN:
	case AUTHORITY_SELF:
		break;
	}
	return ROLE_NONE;
}

/* An account that the caller does not see answers as one that is not there. */
static void check_account(struct request *r, enum role wanted)
{
	enum role has = grants_role(&r->caller.grants, slice_str(r->match.params[0]));

	if (has == ROLE_NONE)
		respond_problem(r, 404, "not found", "no such account");
	else if (has < wanted)
		respond_problem(r, 403, "forbidden",
				"your role on this account does not reach that far");
}

static void check_everywhere(struct request *r, enum role wanted)
{
	const struct route *route = &routes[r->match.route];
	bool any = route->authority == AUTHORITY_OPERATOR_ANY ||
		   route->authority == AUTHORITY_OWNER_ANY ||
		   (route->authority == AUTHORITY_VIEWER && !route_is_write(route));
	enum role has = any ? grants_highest(&r->caller.grants)
			    : grants_role(&r->caller.grants, SLICE_NONE);

	if (has < wanted)
		respond_problem(r, 403, "forbidden",
				any ? "your role does not reach that far"
				    : "this needs the role on all accounts");
}

static void check_role(struct request *r)
{
	const struct route *route = &routes[r->match.route];
	enum role wanted = role_wanted(route->authority);

	if (wanted == ROLE_NONE)
		return;
	if (strstr(route->pattern, "{account}"))
		check_account(r, wanted);
	else
		check_everywhere(r, wanted);
}

/* ---- who asks ---- */

static void set_caller(struct caller *c, enum caller_kind kind, enum role role)
{
	*c = (struct caller){ .kind = (uint8_t)kind };
	snprintf(c->name, sizeof(c->name), "%s", caller_kind_name(kind));
	if (role == ROLE_NONE)
		return;
	c->grants.n = 1;
	c->grants.list[0] = (struct grant){ .account = "*", .role = (uint8_t)role };
}

static const char *header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, name);
}

static struct slice bearer(const char *value)
{
	struct slice s = slice_trim(slice_str(value));

	return slice_starts_nocase(s, "bearer ") ? slice_trim(slice_sub(s, 7, s.n)) : SLICE_NONE;
}

static void by_token(struct request *r, struct auth *auth, const char *value)
{
	int64_t now = r->admin->c.wall_ms();
	struct token *t = auth ? tokens_by_text(&auth->tokens, bearer(value), now) : NULL;

	if (t && auth_caller_of_token(auth, t, now, &r->caller))
		return;
	respond_problem(r, 401, "not signed in", "the token is not known here, or has expired");
}

bool gate_is_secure(const struct request *r)
{
	return (r->conn && r->conn->tls) ||
	       slice_starts_nocase(slice_str(r->admin->c.url), "https://");
}

const char *gate_cookie_name(const struct request *r)
{
	return gate_is_secure(r) ? "__Host-offhook" : "offhook";
}

struct sign_in *gate_session(const struct request *r, struct auth *auth)
{
	const char *key = MHD_lookup_connection_value(r->c, MHD_COOKIE_KIND, gate_cookie_name(r));

	struct sign_in *s = auth && key ? sessions_by_key(&auth->sessions, slice_str(key),
							  r->admin->c.wall_ms())
					: NULL;

	return s && s->kind == CALLER_MICROSOFT && !api_microsoft_stands(r->admin, s) ? NULL : s;
}

static void find_caller(struct request *r)
{
	struct auth *auth = atomic_load(&r->admin->auth);
	const char *authorization = header(r, "Authorization");
	struct sign_in *s;

	if (r->is_socket) {
		set_caller(&r->caller, CALLER_SOCKET, ROLE_OWNER);
		return;
	}
	set_caller(&r->caller, CALLER_NOBODY, ROLE_NONE);
	if (authorization) {
		by_token(r, auth, authorization);
		return;
	}
	s = gate_session(r, auth);
	if (s && auth_caller_of_session(auth, s, r->admin->c.wall_ms(), &r->caller))
		return;
	if (atomic_load(&r->admin->open_read))
		set_caller(&r->caller, CALLER_OPEN, ROLE_VIEWER);
}

/* ---- requests that another site made the browser send ---- */

static void check_origin(struct request *r)
{
	const struct origin o = { .origin = header(r, "Origin"),
				  .site = header(r, "Sec-Fetch-Site"),
				  .host = header(r, "Host"),
				  .url = r->admin->c.url,
				  .tls = r->conn && r->conn->tls };
	bool by_cookie = r->caller.kind == CALLER_PASSWORD || r->caller.kind == CALLER_MICROSOFT;
	const char *csrf = header(r, "X-Offhook-CSRF");
	const struct sign_in *s = by_cookie ? gate_session(r, atomic_load(&r->admin->auth)) : NULL;
	enum origin_verdict v = origin_of(&o);

	if (r->is_socket || r->caller.kind == CALLER_TOKEN)
		return;
	if (v == ORIGIN_FOREIGN || (by_cookie && v == ORIGIN_NONE))
		respond_problem(
			r, 403, "forbidden",
			"a change with a cookie must come from a page of this address (Origin)");
	else if (by_cookie && !(s && csrf && key_equal(slice_str(csrf), slice_str(s->csrf))))
		respond_problem(r, 403, "forbidden",
				"a change with a cookie needs X-Offhook-CSRF as GET "
				"/api/v1/session gives it");
}

static void check_signed_in(struct request *r, enum authority a)
{
	if (a == AUTHORITY_OPEN)
		return;
	if (r->caller.kind == CALLER_NOBODY ||
	    (r->caller.kind == CALLER_OPEN && route_is_write(&routes[r->match.route])))
		respond_problem(r, 401, "not signed in",
				"sign in at /, or send a token: doc/sign-in.md");
	else if (r->caller.must_change_password && a != AUTHORITY_SELF)
		respond_problem(r, 403, "change the password first",
				"a one-time password only serves to set one of your own");
}

void gate_check(struct request *r)
{
	const struct route *route = &routes[r->match.route];

	find_caller(r);
	if (!r->status)
		check_signed_in(r, route->authority);
	if (!r->status && route_is_write(route))
		check_origin(r);
	if (!r->status)
		check_role(r);
	r->admin->refused_authority += r->status != 0;
}

bool gate_still_same(struct request *r)
{
	struct caller before = r->caller;
	int status = r->status;

	struct sign_in *s = gate_session(r, atomic_load(&r->admin->auth));
	int64_t seen_wall_ms = s ? s->seen_wall_ms : 0;

	r->status = 0;
	find_caller(r);
	if (s) /* a page that stands open is no use of the session */
		s->seen_wall_ms = seen_wall_ms;
	bool same =
		!r->status && memcmp(&before.grants, &r->caller.grants, sizeof(before.grants)) == 0;
	r->status = status;
	return same;
}

void request_changed(struct request *r, const char *account, const char *verb, const char *object,
		     const char *detail)
{
	const struct store_change c = {
		.wall_ms = r->admin->c.wall_ms(),
		.who = slice_str(r->caller.name),
		.account = slice_str(account ? account : ""),
		.verb = slice_str(verb),
		.object = slice_sub(slice_str(object), 0, STORE_TEXT_MAX),
		.detail = slice_sub(slice_str(detail ? detail : ""), 0, STORE_DETAIL_MAX),
	};
	struct store *s = atomic_load(&r->admin->store);

	if (s)
		store_put_change(s, &c);
}
