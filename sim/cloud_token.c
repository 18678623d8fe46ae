/* Entra's side: tokens by client credentials, the discovery documents and keys that client
 * libraries ask for. Errors are those of "Microsoft Entra authentication and authorization error
 * codes". */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

static const struct {
	const char *name;
	uint32_t role;
} roles[] = {
	{ "Presence.ReadWrite.All", ROLE_PRESENCE_WRITE },
	{ "Presence.Read.All", ROLE_PRESENCE_READ },
	{ "User.Read.All", ROLE_USER_READ },
	{ "GroupMember.Read.All", ROLE_GROUP_READ },
};

uint32_t cloud_roles_parse(const char *names, bool *ret_ok)
{
	struct slice rest = slice_str(names), part;
	uint32_t bits = 0;

	*ret_ok = true;
	while (slice_split(&rest, ' ', &part)) {
		size_t i = 0;

		while (i < ARRAY_LEN(roles) && !slice_is_nocase(part, roles[i].name))
			i++;
		if (i < ARRAY_LEN(roles))
			bits |= roles[i].role;
		else if (part.n > 0)
			*ret_ok = false;
	}
	return bits;
}

json_t *cloud_roles_json(uint32_t bits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (bits & roles[i].role)
			json_array_append_new(list, json_string(roles[i].name));
	return list;
}

/* ---- tokens ---- */

const struct cloud_token *cloud_token_find(const struct cloud *c, struct slice text)
{
	uint64_t hash = slice_hash(text, c->seed);

	for (size_t i = 0; i < CLOUD_TOKENS; i++)
		if (c->tokens[i].serial && c->tokens[i].hash == hash &&
		    slice_is(text, c->tokens[i].text))
			return &c->tokens[i];
	return NULL;
}

void cloud_tokens_fini(struct cloud *c)
{
	for (size_t i = 0; i < CLOUD_TOKENS; i++)
		free(c->tokens[i].text);
	for (size_t i = 0; i < c->apps_n; i++) {
		secret_fini(&c->apps[i].secret);
		cloud_keys_free(c->apps[i].keys);
	}
	cloud_jwt_free(c->jwt);
	free(c->codes);
}

/* Claims of a version 1.0 token for Graph ("access token claims reference"). */
static json_t *claims(struct cloud *c, const struct cloud_app *app, bool signed_in, int64_t expires_ms)
{
	struct prng service = { slice_hash(slice_str(app->id), c->seed) };
	char principal[CLOUD_ID_LEN + 1], uti[CLOUD_ID_LEN + 1];
	long long now = c->now_ms / 1000;

	cloud_guid(&service, principal);
	cloud_guid(&c->random, uti);
	json_t *o = json_pack("{s:s,s:I,s:I,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "aud",
			      "https://graph.microsoft.com", "iat", (json_int_t)now, "nbf",
			      (json_int_t)now, "exp", (json_int_t)(expires_ms / 1000), "appid", app->id,
			      "appidacr", signed_in ? "2" : "1", "idtyp", "app", "oid", principal, "sub",
			      principal, "tid", c->tenant, "uti", uti, "ver", "1.0");

	json_object_set_new(o, "iss", json_sprintf("https://sts.windows.net/%s/", c->tenant));
	if (app->roles)
		json_object_set_new(o, "roles", cloud_roles_json(app->roles));
	return o;
}

static bool token_text(struct cloud *c, const struct cloud_app *app, bool signed_in, int64_t expires_ms,
		       struct buf *ret)
{
	bool ok = true;

	if (c->jwt) {
		json_t *o = claims(c, app, signed_in, expires_ms);

		ok = cloud_jwt_sign(c->jwt, o, ret) == ERR_OK;
		json_decref(o);
	} else {
		char id[CLOUD_ID_LEN + 1];

		cloud_guid(&c->random, id);
		buf_fmt(ret, "opaque.%llu.%s", (unsigned long long)c->token_serial, id);
	}
	return ok && buf_err(ret) == ERR_OK;
}

/* signed_in: with a certificate */
static const struct cloud_token *issue(struct cloud *c, size_t app, bool signed_in)
{
	struct cloud_token *t = &c->tokens[c->token_serial++ % CLOUD_TOKENS];
	int64_t life_ms = prng_range(&c->random, 3600, 5400) * 1000;
	struct buf text;

	buf_init(&text, 8192);
	free(t->text);
	*t = (struct cloud_token){ .app = (uint8_t)app,
				   .roles = c->apps[app].roles,
				   .expires_ms = c->now_ms + life_ms };
	if (token_text(c, &c->apps[app], signed_in, t->expires_ms, &text))
		t->text = strdup(buf_cstr(&text));
	buf_fini(&text);
	if (!t->text)
		return NULL;
	t->serial = c->token_serial;
	t->hash = slice_hash(slice_str(t->text), c->seed);
	c->counters.tokens++;
	return t;
}

/* ---- the token endpoint ---- */

static const struct {
	int32_t code;
	uint16_t status;
	const char *error, *text;
} refusals[] = {
	{ 7000215, 401, "invalid_client",
	  "Invalid client secret provided. Ensure the secret being sent in the request is the client "
	  "secret value, not the client secret ID" },
	{ 7000222, 401, "invalid_client", "The provided client secret keys for app are expired." },
	{ 7000218, 401, "invalid_client",
	  "The request body must contain the following parameter: 'client_assertion' or "
	  "'client_secret'." },
	{ 900144, 400, "invalid_request", "The request body must contain a missing parameter" },
	{ 900561, 405, "invalid_request", "The endpoint only accepts POST requests." },
	{ 700027, 401, "invalid_client", "Client assertion failed signature validation." },
	{ 700021, 401, "invalid_client",
	  "Client assertion application identifier doesn't match 'client_id' parameter." },
	{ 700023, 401, "invalid_client", "Client assertion audience claim does not match Realm issuer." },
	{ 50027, 401, "invalid_client", "JWT token is invalid or malformed." },
	{ 50012, 401, "invalid_client", "Authentication failed." },
	{ 7000216, 401, "invalid_client",
	  "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant "
	  "type." },
	{ 700024, 401, "invalid_client", "Client assertion is not within its valid time range." },
	{ 700016, 400, "unauthorized_client",
	  "Application was not found in the directory. This can happen if the application has not "
	  "been installed by the administrator of the tenant" },
	{ 7000112, 400, "unauthorized_client", "Application is disabled." },
	{ 90002, 400, "invalid_request",
	  "Tenant not found. Check to make sure you have the correct tenant ID and are signing into "
	  "the correct cloud." },
	{ 9001023, 400, "invalid_request",
	  "The grant type is not supported over the /common or /consumers endpoints." },
	{ 70003, 400, "unsupported_grant_type", "The grant type is not supported." },
	{ 70008, 400, "invalid_grant",
	  "The provided authorization code or refresh token has expired, or does not belong here." },
	{ 70011, 400, "invalid_scope", "The provided value for the input parameter 'scope' is not valid." },
	{ 1002012, 400, "invalid_scope",
	  "The provided value for scope is not valid. Client credential flows must have a scope value "
	  "with /.default suffixed to the resource identifier." },
	{ 90038, 400, "invalid_request",
	  "Tenant request is being redirected to a national cloud." },
	{ 900382, 400, "invalid_client", "Confidential Client is not supported in Cross Cloud request." },
	{ 65001, 400, "invalid_grant",
	  "The user or administrator has not consented to use the application." },
	{ 500011, 400, "invalid_resource", "The resource principal was not found in the tenant." },
	{ 53003, 400, "access_denied", "Access has been blocked by Conditional Access policies." },
	{ 90033, 503, "temporarily_unavailable", "A transient error has occurred. Please try again." },
	{ 90012, 503, "temporarily_unavailable", "The request has timed out." },
	{ 90024, 503, "temporarily_unavailable",
	  "RequestBudgetExceededError - A transient error has occurred." },
	{ 90055, 429, "temporarily_unavailable", "Tenant is throttled." },
	{ 50000, 500, "server_error", "There was an error issuing a token." },
};

static bool refuse(struct cloud_call *k, int32_t code, const char *more)
{
	size_t i = 0;
	char time[32], trace[CLOUD_ID_LEN + 1];

	while (i + 1 < ARRAY_LEN(refusals) && refusals[i].code != code)
		i++;
	cloud_time_text(k->now_ms, time, sizeof time, "%Y-%m-%d %H:%M:%SZ");
	cloud_guid(&k->c->random, trace);
	k->rs->status = refusals[i].status;
	json_decref(k->out);
	k->out = json_pack("{s:s,s:[i],s:s,s:s,s:s}", "error", refusals[i].error, "error_codes",
			   (int)code, "timestamp", time, "trace_id", trace, "correlation_id",
			   k->request_id);
	json_object_set_new(k->out, "error_description",
			    json_sprintf("AADSTS%d: %s%s%s Trace ID: %s Correlation ID: %s Timestamp: %s",
					 (int)code, refusals[i].text, *more ? ": " : "", more, trace,
					 k->request_id, time));
	json_object_set_new(k->out, "error_uri", json_sprintf("%s/error?code=%d", k->c->base, (int)code));
	snprintf(k->summary, sizeof k->summary, "AADSTS%d", (int)code);
	return false;
}

struct form {
	struct buf client_id, client_secret, grant_type, scope, assertion, assertion_type;
};

static bool form_field(struct slice body, const char *name, struct buf *ret)
{
	return cloud_unescape(cloud_param(body, name), true, ret);
}

/* HTTP Basic (RFC 6749 section 2.3.1): both halves are form-encoded before they are joined. */
static void basic_auth(struct cloud_call *k, struct form *f)
{
	struct slice auth = k->rq->header(k->rq->arg, "authorization");
	struct buf pair;

	if (!slice_starts_nocase(auth, "Basic "))
		return;
	buf_init(&pair, SECRET_MAX);
	if (cloud_unbase64(slice_trim(slice_sub(auth, 6, auth.n)), &pair)) {
		struct slice v = buf_view(&pair);
		size_t colon = slice_find(v, ':');

		buf_reset(&f->client_id);
		buf_reset(&f->client_secret);
		if (!cloud_unescape(slice_sub(v, 0, colon), true, &f->client_id) ||
		    !cloud_unescape(slice_sub(v, colon + 1, v.n), true, &f->client_secret))
			buf_reset(&f->client_secret);
	}
	if (pair.p)
		explicit_bzero(pair.p, pair.n);
	buf_fini(&pair);
}

static bool check_scope(struct cloud_call *k, struct slice scope)
{
	static const char suffix[] = "/.default";
	size_t n = sizeof suffix - 1;

	if (scope.n == 0)
		return refuse(k, 900144, "'scope'");
	if (slice_find(scope, ' ') < scope.n)
		return refuse(k, 70011, "");
	if (scope.n <= n || !slice_is(slice_sub(scope, scope.n - n, scope.n), suffix))
		return refuse(k, 1002012, "");
	scope = slice_sub(scope, 0, scope.n - n);
	while (scope.n > 0 && scope.p[scope.n - 1] == '/')
		scope.n--;
	if (slice_is_nocase(scope, "https://graph.microsoft.com") ||
	    slice_is_nocase(scope, "https://graph.microsoft.us") ||
	    slice_is_nocase(scope, "https://dod-graph.microsoft.us") ||
	    slice_is(scope, "00000003-0000-0000-c000-000000000000") || slice_is(scope, k->c->base))
		return true;
	return refuse(k, 500011, "");
}

static bool same_secret(struct slice a, struct slice b)
{
	unsigned char diff = a.n != b.n;

	for (size_t i = 0; i < a.n && i < b.n; i++)
		diff |= (unsigned char)(a.p[i] ^ b.p[i]);
	return diff == 0;
}

static bool check_assertion(struct cloud_call *k, struct form *f, struct cloud_app *app)
{
	const char *why;

	if (!slice_is(buf_view(&f->assertion_type), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
		return refuse(k, 900144, "'client_assertion_type'");
	int32_t code = cloud_assertion_check(k->c, app, buf_view(&f->assertion), &why);
	return code ? refuse(k, code, why) : true;
}

static bool check_client(struct cloud_call *k, struct form *f, size_t *ret)
{
	struct slice id = buf_view(&f->client_id), secret = buf_view(&f->client_secret);
	size_t i = 0;

	if (id.n == 0)
		return refuse(k, 900144, "'client_id'");
	while (i < k->c->apps_n && !slice_is_nocase(id, k->c->apps[i].id))
		i++;
	if (i == k->c->apps_n)
		return refuse(k, 700016, "");
	if (k->c->apps[i].disabled)
		return refuse(k, 7000112, "");
	*ret = i;
	if (f->assertion.n > 0)
		return check_assertion(k, f, &k->c->apps[i]);
	if (secret.n == 0)
		return refuse(k, 7000218, "");
	if (!same_secret(secret, secret_expose(&k->c->apps[i].secret)))
		return refuse(k, 7000215, "");
	if (k->c->apps[i].secret_expired)
		return refuse(k, 7000222, "");
	return true;
}

static bool grant(struct cloud_call *k, struct form *f)
{
	struct slice body = k->rq->body;
	size_t app = 0;

	if (!form_field(body, "client_id", &f->client_id) ||
	    !form_field(body, "client_secret", &f->client_secret) ||
	    !form_field(body, "grant_type", &f->grant_type) || !form_field(body, "scope", &f->scope) ||
	    !form_field(body, "client_assertion", &f->assertion) ||
	    !form_field(body, "client_assertion_type", &f->assertion_type))
		return refuse(k, 900144, "the form is malformed");
	basic_auth(k, f);
	if (f->grant_type.n == 0)
		return refuse(k, 900144, "'grant_type'");
	if (slice_is(buf_view(&f->grant_type), "authorization_code"))
		return check_client(k, f, &app) && (cloud_redeem(k) || refuse(k, 70008, ""));
	if (!slice_is(buf_view(&f->grant_type), "client_credentials"))
		return refuse(k, 70003, "");
	if (!check_client(k, f, &app) || !check_scope(k, buf_view(&f->scope)))
		return false;
	const struct cloud_token *t = issue(k->c, app, f->assertion.n > 0);
	if (!t)
		return refuse(k, 50000, "");
	json_int_t life = (t->expires_ms - k->now_ms) / 1000;
	cloud_ok(k, json_pack("{s:s,s:I,s:I,s:s}", "token_type", "Bearer", "expires_in", life,
			      "ext_expires_in", life, "access_token", t->text));
	snprintf(k->summary, sizeof k->summary, "app %s, %lld s", k->c->apps[app].id, (long long)life);
	return true;
}

static void token_endpoint(struct cloud_call *k)
{
	struct form f;
	const struct cloud_fault *hit;

	cloud_header_add(k, "Cache-Control", "no-store, no-cache");
	cloud_header_add(k, "Pragma", "no-cache");
	if (!cloud_faults_before(k))
		return;
	hit = cloud_fault_hit(k, CLOUD_FAULT_TOKEN);
	if (hit) {
		refuse(k, hit->code, "");
		return;
	}
	buf_init(&f.client_id, 256);
	buf_init(&f.client_secret, SECRET_MAX);
	buf_init(&f.grant_type, 256);
	buf_init(&f.scope, 2048);
	buf_init(&f.assertion, SECRET_MAX);
	buf_init(&f.assertion_type, 256);
	grant(k, &f);
	if (f.client_secret.p)
		explicit_bzero(f.client_secret.p, f.client_secret.n);
	buf_fini(&f.client_id);
	buf_fini(&f.client_secret);
	buf_fini(&f.grant_type);
	buf_fini(&f.scope);
	buf_fini(&f.assertion);
	buf_fini(&f.assertion_type);
	cloud_faults_after(k);
}

/* ---- discovery ---- */

static void openid_configuration(struct cloud_call *k)
{
	const char *b = k->c->base, *t = k->c->tenant;

	cloud_ok(k, json_pack("{s:o,s:o,s:o,s:o,s:[s,s,s],s:[s,s],s:[s],s:[s],s:b,s:s,s:s}",
			      "token_endpoint", json_sprintf("%s/%s/oauth2/v2.0/token", b, t),
			      "authorization_endpoint", json_sprintf("%s/%s/oauth2/v2.0/authorize", b, t),
			      "jwks_uri", json_sprintf("%s/%s/discovery/v2.0/keys", b, t), "issuer",
			      json_sprintf("%s/%s/v2.0", b, t),
			      "token_endpoint_auth_methods_supported", "client_secret_post",
			      "client_secret_basic", "private_key_jwt", "response_types_supported",
			      "code", "id_token", "subject_types_supported", "pairwise",
			      "id_token_signing_alg_values_supported", "RS256",
			      "request_uri_parameter_supported", 0, "tenant_region_scope", "EU",
			      "msgraph_host", "graph.microsoft.com"));
}

static void instance_discovery(struct cloud_call *k)
{
	struct slice host = slice_str(k->c->base);

	host = slice_sub(host, slice_find_str(host, SLICE_LIT("://")) + 3, host.n);
	json_t *alias = json_stringn(host.p ? host.p : "", host.n);
	cloud_ok(k, json_pack("{s:o,s:s,s:[{s:O,s:O,s:[o]}]}", "tenant_discovery_endpoint",
			      json_sprintf("%s/%s/v2.0/.well-known/openid-configuration", k->c->base,
					   k->c->tenant),
			      "api-version", "1.1", "metadata", "preferred_network", alias,
			      "preferred_cache", alias, "aliases", alias));
}

static bool tenant_known(struct cloud_call *k, struct slice tenant)
{
	if (slice_is_nocase(tenant, k->c->tenant))
		return true;
	if (slice_is_nocase(tenant, "common") || slice_is_nocase(tenant, "organizations") ||
	    slice_is_nocase(tenant, "consumers"))
		return refuse(k, 9001023, "");
	return refuse(k, 90002, "");
}

static void endpoint(struct cloud_call *k, struct slice tenant, struct slice path)
{
	bool token = slice_is(path, "oauth2/v2.0/token");
	bool authorize = slice_is(path, "oauth2/v2.0/authorize");

	if (slice_is(tenant, "common") && slice_is(path, "discovery/instance"))
		instance_discovery(k);
	else if (!tenant_known(k, tenant))
		return;
	else if (authorize)
		cloud_authorize(k);
	else if (token && !slice_is(k->rq->method, "POST"))
		refuse(k, 900561, "");
	else if (token)
		token_endpoint(k);
	else if (slice_is(path, "v2.0/.well-known/openid-configuration"))
		openid_configuration(k);
	else
		cloud_ok(k, k->c->jwt ? cloud_jwt_keys(k->c->jwt) : json_pack("{s:[]}", "keys"));
}

bool cloud_login(struct cloud_call *k)
{
	static const char *const paths[] = { "oauth2/v2.0/token", "discovery/instance",
					     "v2.0/.well-known/openid-configuration",
					     "discovery/v2.0/keys", "oauth2/v2.0/authorize" };
	struct slice path = slice_sub(k->rq->target, 1, slice_find(k->rq->target, '?'));
	struct slice tenant = slice_sub(path, 0, slice_find(path, '/'));
	size_t i = 0;

	path = slice_sub(path, tenant.n + 1, path.n);
	while (i < ARRAY_LEN(paths) && !slice_is(path, paths[i]))
		i++;
	if (i == ARRAY_LEN(paths))
		return false;
	k->op = i == 0 ? CLOUD_OP_TOKEN : CLOUD_OP_METADATA;
	cloud_header_add(k, "x-ms-request-id", k->request_id);
	endpoint(k, tenant, path);
	k->c->counters.requests[k->op]++;
	if (k->rs->status < ARRAY_LEN(k->c->counters.status))
		k->c->counters.status[k->rs->status]++;
	cloud_log_call(k);
	return true;
}
