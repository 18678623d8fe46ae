/* api_microsoft.c - signing in with the company's Microsoft account: OpenID Connect, code flow with
 * PKCE.
 *
 * Out: a redirect to Microsoft with state, nonce and challenge; the state goes into a cookie too.
 * Back: the code is exchanged for an ID token, the token is checked, and whoever has an app role
 * here, or is a person of the account, is signed in. Whatever goes wrong leads to the page with a
 * word for it: /?sign_in=WORD. */
#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/api.h"
#include "admin/auth/microsoft.h"
#include "admin/auth/origin.h"

enum { FORM_MAX = 16384, CODE_MAX = 4096 };

/* From the exchange of the code to the end; the request's, freed with it. */
struct trip {
	struct pending pending;
	char tenant[40], client[40], login[260], issuer[ISSUER_MAX_BYTES];
	char *id_token;
	bool keys_are_new;
};

void api_trip_free(struct trip *t)
{
	if (!t)
		return;
	if (t->id_token)
		explicit_bzero(t->id_token, strlen(t->id_token));
	free(t->id_token);
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static void lead_to(struct request *r, const char *word)
{
	snprintf(r->location, sizeof(r->location), word ? "/?sign_in=%s" : "/%s", word ? word : "");
	buf_reset(&r->out);
	r->content_type = NULL;
	r->status = 302;
}

static bool is_on(const struct admin_account *a)
{
	return a->sign_in_client.n && a->sign_in_tenant.n;
}

static bool load_account(struct request *r, uint16_t account)
{
	struct admin *a = r->admin;

	return account != UINT16_MAX && snapshot_account(a->snapshot, account, &a->copy) &&
	       is_on(&a->copy.account);
}

/* The account that `name` names, or the only one there is; UINT16_MAX: none. Where there are
 * several, which ones is nobody's business before signing in. */
static uint16_t account_for(struct request *r, const char *name)
{
	struct admin *a = r->admin;
	uint16_t found = UINT16_MAX;

	if (*name) {
		found = snapshot_find_account(a->snapshot, slice_str(name));
		return load_account(r, found) ? found : UINT16_MAX;
	}
	for (uint32_t i = snapshot_next_account(a->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(a->snapshot, i + 1)) {
		if (!load_account(r, (uint16_t)i))
			continue;
		if (found != UINT16_MAX)
			return UINT16_MAX;
		found = (uint16_t)i;
	}
	return load_account(r, found) ? found : UINT16_MAX;
}

json_t *api_microsoft_way(struct request *r)
{
	struct admin_account *a = &r->admin->copy.account;
	char name[ROUTE_PARAM_MAX + 1] = "", start[600];
	struct buf encoded;

	request_query(r, "account", name, sizeof(name));
	if (r->status || account_for(r, name) == UINT16_MAX)
		return NULL;
	buf_init(&encoded, 512);
	api_encode(&encoded, a->name);
	snprintf(start, sizeof(start), "/signin/microsoft?account=%s", buf_cstr(&encoded));
	buf_fini(&encoded);
	return json_pack("{s:s,s:s%,s:s}", "kind", "microsoft", "account", a->name.p, a->name.n,
			 "start", start);
}

void api_encode(struct buf *b, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], l = c | 0x20;

		if ((c >= '0' && c <= '9') || (l >= 'a' && l <= 'z') || (c && strchr("-._~", c))) {
			buf_char(b, (char)c);
		} else {
			buf_char(b, '%');
			buf_char(b, hex[c >> 4]);
			buf_char(b, hex[c & 15]);
		}
	}
}

/* Back without being signed in. */
static void fail(struct request *r, const char *word)
{
	struct auth *auth = atomic_load(&r->admin->auth);
	char why[64];

	if (auth) {
		auth->refused++;
		snprintf(why, sizeof(why), "with Microsoft: %s", word);
		api_sign_in_failed(r, auth, NULL, why);
	}
	lead_to(r, word);
}

/* ---- out ---- */

/* Where Microsoft sends the browser back to: the public address, or the one it came to us by. */
static bool redirect_uri(struct request *r, char *dst, size_t cap)
{
	struct slice url = url_origin(slice_str(r->admin->c.url));
	const char *host = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "Host");
	int n;

	if (url.n)
		n = snprintf(dst, cap, "%.*s/signin/callback", SLICE_ARG(url));
	else
		n = snprintf(dst, cap, "%s://%s/signin/callback",
			     r->conn && r->conn->tls ? "https" : "http", host ? host : "");
	return host && (size_t)n < cap;
}

static void add(struct buf *b, const char *name, struct slice value)
{
	buf_fmt(b, "&%s=", name);
	api_encode(b, value);
}

static const char *state_cookie(const struct request *r)
{
	return gate_is_secure(r) ? "__Host-offhook-signin" : "offhook-signin";
}

static void send_out(struct request *r, const struct pending *p, const char *state,
		     const char *hint)
{
	const struct admin_account *a = &r->admin->copy.account;
	char challenge[KEY_LEN + 1];
	struct buf b;

	microsoft_challenge(p->verifier, challenge);
	buf_init(&b, sizeof(r->location) - 1);
	buf_fmt(&b,
		"%.*s/%.*s/oauth2/v2.0/"
		"authorize?response_type=code&response_mode=query&code_challenge_method=S256",
		SLICE_ARG(a->sign_in_login), SLICE_ARG(a->sign_in_tenant));
	add(&b, "client_id", a->sign_in_client);
	add(&b, "redirect_uri", slice_str(p->redirect));
	add(&b, "scope", SLICE_LIT("openid profile"));
	add(&b, "state", slice_str(state));
	add(&b, "nonce", slice_str(p->nonce));
	add(&b, "code_challenge", slice_str(challenge));
	if (*hint)
		add(&b, "login_hint", slice_str(hint));
	if (buf_err(&b) || !challenge[0]) {
		respond_problem(r, 500, "internal error", "the address of Microsoft does not fit");
	} else {
		lead_to(r, NULL);
		snprintf(r->location, sizeof(r->location), "%s", buf_cstr(&b));
		snprintf(r->cookie, sizeof(r->cookie),
			 "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=600%s", state_cookie(r),
			 state, gate_is_secure(r) ? "; Secure" : "");
	}
	buf_fini(&b);
}

static struct microsoft *microsoft_of(struct admin *a)
{
	if (!a->microsoft)
		a->microsoft = calloc(1, sizeof(*a->microsoft));
	return a->microsoft;
}

void api_microsoft_start(struct request *r)
{
	char name[ROUTE_PARAM_MAX + 1] = "", hint[256] = "", state[KEY_LEN + 1];
	struct microsoft *m = microsoft_of(r->admin);
	struct pending *p = NULL;
	uint16_t account;

	request_query(r, "account", name, sizeof(name));
	request_query(r, "login_hint", hint, sizeof(hint));
	if (r->status || !api_auth(r))
		return;
	account = account_for(r, name);
	if (account == UINT16_MAX)
		respond_problem(r, 404, "not found",
				"no account signs in with Microsoft here, or not this one");
	else if (!m || microsoft_begin(m, r->admin->c.mono_ms(), state, &p))
		respond_problem(r, 503, "no memory", "try again");
	else if (!redirect_uri(r, p->redirect, sizeof(p->redirect)))
		respond_problem(r, 400, "bad request", "the Host is too long");
	if (r->status)
		return;
	p->account = account;
	send_out(r, p, state, hint);
}

/* ---- back: who is it? ---- */

/* The account signs in through this registration of this tenant, at this authority: whoever has an account
 * of its own here can give it an authority of its own. */
static bool signs_in_through(const struct admin_account *a, const char *login, const char *tenant,
			     const char *client)
{
	return is_on(a) && slice_is(a->sign_in_login, login) &&
	       slice_is_nocase(a->sign_in_tenant, tenant) && slice_is_nocase(a->sign_in_client, client);
}

/* An account that is not there (any more, or yet: the start) ends nothing; nor does it open anything. */
static bool still_signs_in(struct admin *a, const struct sign_in *s, const char *name)
{
	uint16_t account = snapshot_find_account(a->snapshot, slice_str(name));
	struct snap_copy copy = { 0 };
	bool still = account == UINT16_MAX || !snapshot_account(a->snapshot, account, &copy) ||
		     signs_in_through(&copy.account, s->login, s->tenant, s->client);

	snap_copy_fini(&copy);
	return still;
}

bool api_microsoft_stands(struct admin *a, const struct sign_in *s)
{
	bool stands = !s->self_account[0] || still_signs_in(a, s, s->self_account);

	for (uint32_t i = 0; stands && i < s->grants.n; i++)
		stands = still_signs_in(a, s, s->grants.list[i].account);
	return stands;
}

void api_microsoft_sweep(struct admin *a, struct auth *auth)
{
	for (uint32_t i = auth->sessions.n; i-- > 0;) {
		struct sign_in *s = auth->sessions.list[i];

		if (s->kind == CALLER_MICROSOFT && !api_microsoft_stands(a, s))
			auth_drop_session(auth, s);
	}
}

static bool is_same_person(const struct admin_user *u, const struct idtoken *id)
{
	if (u->match_id.n || u->teams_id.n)
		return slice_is_nocase(u->match_id, id->oid) ||
		       slice_is_nocase(u->teams_id, id->oid);
	return id->name[0] && slice_is_nocase(u->email, id->name);
}

/* Its row in the account: by the object id, or by the name when nobody has said yet who the row is.
 */
static bool find_self(struct admin *a, uint16_t account, const struct idtoken *id,
		      struct sign_in *s)
{
	const struct snap_filter all = { .account = account, .presence = -1, .connector = -1 };
	struct snap_copy copy = { 0 };
	uint32_t from = 0;
	bool found = false;
	enum err e;

	while (!found &&
	       (e = snapshot_next_user(a->snapshot, &from, &all, &copy)) != ERR_NOT_FOUND) {
		if (e)
			continue;
		found = is_same_person(&copy.user, id) &&
			!slice_copy(copy.user.email, s->self_email, sizeof(s->self_email));
	}
	snap_copy_fini(&copy);
	return found;
}

static void take_account(struct request *r, const struct trip *t, const struct idtoken *id,
			 uint16_t account, struct sign_in *s)
{
	struct admin *a = r->admin;
	char name[CALLER_ACCOUNT_MAX + 1];

	if (!snapshot_account(a->snapshot, account, &a->copy) ||
	    !signs_in_through(&a->copy.account, t->login, t->tenant, t->client) ||
	    slice_copy(a->copy.account.name, name, sizeof(name)))
		return;
	/* more accounts than a person can have grants on: the rest is not seen */
	if (id->role != ROLE_NONE && grants_add(&s->grants, slice_str(name), (enum role)id->role))
		return;
	if (!s->self_email[0] && find_self(a, account, id, s))
		snprintf(s->self_account, sizeof(s->self_account), "%s", name);
}

static void let_in(struct request *r, const struct trip *t, const struct idtoken *id)
{
	struct auth *auth = api_auth(r);
	struct sign_in *s = auth ? calloc(1, sizeof(*s)) : NULL;
	struct admin *a = r->admin;

	if (!s) {
		fail(r, "unreachable");
		return;
	}
	s->kind = CALLER_MICROSOFT;
	snprintf(s->login, sizeof(s->login), "%s", t->login);
	snprintf(s->tenant, sizeof(s->tenant), "%s", t->tenant);
	snprintf(s->client, sizeof(s->client), "%s", t->client);
	snprintf(s->name, sizeof(s->name), "%s", id->name[0] ? id->name : id->oid);
	for (uint32_t i = snapshot_next_account(a->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(a->snapshot, i + 1))
		take_account(r, t, id, (uint16_t)i, s);
	if (!s->grants.n && !s->self_email[0]) {
		free(s);
		fail(r, "nobody");
		return;
	}
	s = api_begin_session(r, auth, s);
	if (!s) {
		fail(r, "unreachable");
		return;
	}
	request_changed(r, s->self_email[0] ? s->self_account : NULL, "sign-in", s->address,
			s->agent);
	lead_to(r, NULL);
}

/* ---- back: the code, the token, the keys ---- */

static void fetch(struct request *r, char *form)
{
	struct admin_command cmd = { .kind = ADMIN_FETCH,
				     .account = r->trip->pending.account,
				     .text = form,
				     .text_n = form ? strlen(form) : 0 };

	request_command(r, &cmd);
}

static void on_keys(struct request *r, const struct answer *w);

static void check(struct request *r)
{
	struct trip *t = r->trip;
	struct key_cache *c = microsoft_keys(r->admin->microsoft, slice_str(t->issuer));
	int64_t now = r->admin->c.mono_ms(), age = now - c->fetched_ms;
	const struct idtoken_wanted wanted = { .issuer = slice_str(t->issuer),
					       .audience = slice_str(t->client),
					       .tenant = slice_str(t->tenant),
					       .nonce = slice_str(t->pending.nonce),
					       .wall_ms = r->admin->c.wall_ms() };
	struct idtoken id;
	const char *why;
	enum err e = ERR_NOT_FOUND;

	if (c->fetched_ms && age < KEYS_MS)
		e = idtoken_check(slice_str(t->id_token), &c->keys, &wanted, &id, &why);
	if (e == ERR_NOT_FOUND && !t->keys_are_new && (!c->fetched_ms || age >= KEYS_AGAIN_MS)) {
		r->on_answer = on_keys;
		fetch(r, NULL);
	} else if (e) {
		fail(r, "invalid");
	} else {
		let_in(r, t, &id);
	}
}

static void on_keys(struct request *r, const struct answer *w)
{
	struct key_cache *c = microsoft_keys(r->admin->microsoft, slice_str(r->trip->issuer));
	struct idtoken_keys fresh;

	if (w->refused || w->status != 200 || !w->json ||
	    idtoken_keys_parse(slice_str(w->json), &fresh)) {
		fail(r, "unreachable");
		return;
	}
	idtoken_keys_fini(&c->keys);
	c->keys = fresh;
	c->fetched_ms = r->admin->c.mono_ms();
	r->trip->keys_are_new = true;
	check(r);
}

static void on_token(struct request *r, const struct answer *w)
{
	json_t *doc = w->json ? json_loads(w->json, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *text = json_string_value(json_object_get(doc, "id_token"));

	if (w->refused)
		fail(r, "unreachable");
	else if (w->status != 200 || !text || !(r->trip->id_token = strdup(text)))
		fail(r, "refused");
	else
		check(r);
	json_decref(doc);
}

static char *token_form(const struct pending *p, const char *code)
{
	struct buf b;
	char *text;

	buf_init(&b, FORM_MAX);
	buf_str(&b, "grant_type=authorization_code&scope=openid%20profile");
	add(&b, "code", slice_str(code));
	add(&b, "redirect_uri", slice_str(p->redirect));
	add(&b, "code_verifier", slice_str(p->verifier));
	text = buf_err(&b) ? NULL : strdup(buf_cstr(&b));
	buf_fini(&b);
	return text;
}

/* The sign-in that this browser began and Microsoft answers; its state counts once. */
static bool take_pending(struct request *r, struct pending *ret)
{
	const char *cookie = MHD_lookup_connection_value(r->c, MHD_COOKIE_KIND, state_cookie(r));
	char state[KEY_LEN + 1] = "";

	request_query(r, "state", state, sizeof(state));
	return !r->status && r->admin->microsoft && cookie &&
	       key_equal(slice_str(cookie), slice_str(state)) &&
	       microsoft_take(r->admin->microsoft, slice_str(state), r->admin->c.mono_ms(), ret);
}

static bool begin_trip(struct request *r, const struct pending *p)
{
	const struct admin_account *a = &r->admin->copy.account;
	struct trip *t = load_account(r, p->account) ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return false;
	r->trip = t;
	t->pending = *p;
	if (slice_copy(a->sign_in_tenant, t->tenant, sizeof(t->tenant)) ||
	    slice_copy(a->sign_in_client, t->client, sizeof(t->client)) ||
	    slice_copy(a->sign_in_login, t->login, sizeof(t->login)))
		return false;
	snprintf(t->issuer, sizeof(t->issuer), "%s/%s/v2.0", t->login, t->tenant);
	return true;
}

void api_microsoft_callback(struct request *r)
{
	char code[CODE_MAX] = "";
	struct pending p;
	char *form;

	request_query(r, "code", code, sizeof(code));
	if (r->status)
		return;
	if (!take_pending(r, &p)) {
		fail(r, "expired");
	} else if (!*code) {
		fail(r, "refused");
	} else if (!begin_trip(r, &p) || !(form = token_form(&p, code))) {
		fail(r, "unreachable");
	} else {
		r->on_answer = on_token;
		fetch(r, form);
	}
	explicit_bzero(&p, sizeof(p));
	explicit_bzero(code, sizeof(code));
}
