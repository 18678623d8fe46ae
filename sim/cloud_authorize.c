/* People sign in (OpenID Connect, code flow with PKCE; Microsoft's "OAuth 2.0 authorization code
 * flow" page): the page that asks who one is, without a password, and the ID token that the code
 * buys. Who is given by login_hint is not asked. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/evp.h>

#include "cloud_parts.h"

enum { CODES = 64, CODE_MS = 60000, TEXT_MAX = 1024, PAGE_PEOPLE = 50 };

/* A code given away; it is taken once. */
struct cloud_code {
	char code[CLOUD_ID_LEN + 1]; /* "": free */
	char client[CLOUD_ID_LEN + 1];
	char redirect[TEXT_MAX], challenge[128], nonce[256];
	uint32_t user;
	int64_t until_ms;
};

struct cloud_codes {
	struct cloud_code list[CODES];
	uint32_t next;
};

/* One decoded parameter of a query or form; "" when absent, broken or too long. */
static void param(struct slice from, const char *name, char *dst, size_t cap)
{
	struct buf b;

	buf_init(&b, cap - 1);
	if (!cloud_unescape(cloud_param(from, name), true, &b) ||
	    slice_copy(buf_view(&b), dst, cap) != ERR_OK)
		dst[0] = '\0';
	buf_fini(&b);
}

static void html(struct buf *b, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&' || *p == '"')
			buf_fmt(b, "&#%d;", *p);
		else
			buf_char(b, *p);
	}
}

static void plain_page(struct cloud_call *k, int status, const char *text)
{
	k->rs->status = (uint16_t)status;
	cloud_header_add(k, "Content-Type", "text/html; charset=utf-8");
	buf_fmt(&k->rs->body, "<!doctype html><title>teamsim</title><p>%s</p>\n", text);
}

/* ---- the page ---- */

/* The query again, with somebody in it. */
static void person(struct cloud_call *k, struct slice query, const struct cloud_user *u)
{
	struct buf *b = &k->rs->body;

	buf_str(b, "<li><a href=\"?login_hint=");
	for (const char *p = u->upn; *p; p++)
		buf_fmt(b, "%%%02X", (unsigned char)*p);
	buf_str(b, "&amp;");
	for (size_t i = 0; i < query.n; i++)
		html(b, (char[]){ query.p[i], '\0' });
	buf_str(b, "\">");
	html(b, u->name);
	buf_str(b, "</a></li>\n");
}

static void ask_who(struct cloud_call *k, struct slice query)
{
	struct buf *b = &k->rs->body;
	uint32_t shown = 0;

	k->rs->status = 200;
	cloud_header_add(k, "Content-Type", "text/html; charset=utf-8");
	buf_str(b, "<!doctype html><title>Sign in: teamsim</title><h1>Who are you?</h1><ul>\n");
	for (uint32_t i = 0; i < k->c->users_n && shown < PAGE_PEOPLE; i++)
		if (!k->c->users[i].deleted && !k->c->users[i].disabled) {
			person(k, query, &k->c->users[i]);
			shown++;
		}
	buf_str(b, "</ul>\n");
}

static void lead_back(struct cloud_call *k, const char *redirect, const char *what,
		      const char *value, struct slice state)
{
	struct buf b;

	buf_init(&b, 8192);
	buf_fmt(&b, "%s%s%s=%s&state=%.*s", redirect, strchr(redirect, '?') ? "&" : "?", what,
		value, SLICE_ARG(state));
	k->rs->status = 302;
	cloud_header_add(k, "Location", buf_cstr(&b));
	buf_fini(&b);
}

static void give_code(struct cloud_call *k, struct slice query, const char *client,
		      const char *redirect, uint32_t user)
{
	struct cloud_codes *codes = k->c->codes;
	struct cloud_code *x;

	if (!codes)
		codes = k->c->codes = calloc(1, sizeof *codes);
	if (!codes) {
		plain_page(k, 500, "no memory");
		return;
	}
	x = &codes->list[codes->next++ % CODES];
	*x = (struct cloud_code){ .user = user, .until_ms = k->now_ms + CODE_MS };
	cloud_guid(&k->c->random, x->code);
	snprintf(x->client, sizeof x->client, "%s", client);
	snprintf(x->redirect, sizeof x->redirect, "%s", redirect);
	param(query, "code_challenge", x->challenge, sizeof x->challenge);
	param(query, "nonce", x->nonce, sizeof x->nonce);
	lead_back(k, redirect, "code", x->code, cloud_param(query, "state"));
}

static bool known_app(const struct cloud *c, const char *client)
{
	for (size_t i = 0; i < c->apps_n; i++)
		if (slice_is_nocase(slice_str(client), c->apps[i].id))
			return true;
	return false;
}

void cloud_authorize(struct cloud_call *k)
{
	struct slice target = k->rq->target,
		     query = slice_sub(target, slice_find(target, '?') + 1, target.n);
	char client[64], redirect[TEXT_MAX], type[32], method[16], hint[320];
	uint32_t user;

	param(query, "client_id", client, sizeof client);
	param(query, "redirect_uri", redirect, sizeof redirect);
	param(query, "response_type", type, sizeof type);
	param(query, "code_challenge_method", method, sizeof method);
	param(query, "login_hint", hint, sizeof hint);
	if (!known_app(k->c, client) || strncmp(redirect, "http", 4) != 0) {
		plain_page(k, 400,
			   "AADSTS700016 or AADSTS50011: no such application, or no redirect_uri");
		return;
	}
	if (strcmp(type, "code") != 0 || strcmp(method, "S256") != 0) {
		lead_back(k, redirect, "error", "invalid_request", cloud_param(query, "state"));
		return;
	}
	user = hint[0] ? cloud_user_find(k->c, slice_str(hint)) : CLOUD_NO_USER;
	if (!hint[0])
		ask_who(k, query);
	else if (user == CLOUD_NO_USER || k->c->users[user].disabled)
		lead_back(k, redirect, "error", "access_denied", cloud_param(query, "state"));
	else
		give_code(k, query, client, redirect, user);
}

/* ---- what the code buys ---- */

static bool verifier_fits(const char *verifier, const char *challenge)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf b;
	bool fits;

	if (EVP_Digest(verifier, strlen(verifier), raw, &n, EVP_sha256(), NULL) != 1)
		return false;
	buf_init(&b, 128);
	cloud_base64(raw, n, true, &b);
	fits = challenge[0] && slice_is(buf_view(&b), challenge);
	buf_fini(&b);
	return fits;
}

static json_t *roles_of(const struct cloud_user *u)
{
	struct slice rest = slice_str(u->app_roles ? u->app_roles : ""), word;
	json_t *list = json_array();

	while (slice_split(&rest, ' ', &word))
		if (word.n)
			json_array_append_new(list, json_stringn(word.p, word.n));
	return list;
}

static json_t *claims(struct cloud_call *k, const struct cloud_code *x)
{
	const struct cloud_user *u = &k->c->users[x->user];
	json_int_t now = k->now_ms / 1000;
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "aud", x->client,
			      "tid", k->c->tenant, "oid", u->id, "sub", u->id, "ver", "2.0",
			      "preferred_username", u->upn, "name", u->name, "nonce", x->nonce,
			      "iat", now, "nbf", now, "exp", now + 3600);

	json_object_set_new(o, "iss", json_sprintf("%s/%s/v2.0", k->c->base, k->c->tenant));
	if (u->app_roles)
		json_object_set_new(o, "roles", roles_of(u));
	return o;
}

static const struct cloud_code *take_code(struct cloud_call *k, struct cloud_code *ret)
{
	char code[CLOUD_ID_LEN + 1], redirect[TEXT_MAX], verifier[256], client[64];
	struct slice form = k->rq->body;

	param(form, "code", code, sizeof code);
	param(form, "redirect_uri", redirect, sizeof redirect);
	param(form, "code_verifier", verifier, sizeof verifier);
	param(form, "client_id", client, sizeof client);
	for (int i = 0; k->c->codes && code[0] && i < CODES; i++) {
		struct cloud_code *x = &k->c->codes->list[i];

		if (strcmp(x->code, code) != 0)
			continue;
		*ret = *x;
		x->code[0] = '\0';
		return k->now_ms < ret->until_ms && strcmp(ret->redirect, redirect) == 0 &&
				       strcasecmp(ret->client, client) == 0 &&
				       verifier_fits(verifier, ret->challenge)
			       ? ret
			       : NULL;
	}
	return NULL;
}

bool cloud_redeem(struct cloud_call *k)
{
	struct cloud_code x;
	struct buf text;
	json_t *o;
	bool good;

	if (!k->c->jwt || !take_code(k, &x))
		return false;
	buf_init(&text, 16384);
	o = claims(k, &x);
	good = cloud_jwt_sign(k->c->jwt, o, &text) == ERR_OK;
	json_decref(o);
	if (good)
		cloud_ok(k, json_pack("{s:s,s:i,s:s,s:s,s:s}", "token_type", "Bearer", "expires_in",
				      3600, "scope", "openid profile", "access_token", "opaque",
				      "id_token", buf_cstr(&text)));
	buf_fini(&text);
	return good;
}
