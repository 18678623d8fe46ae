#include "cloud_help.h"

static int token(struct world *w, const char *tenant, const char *form)
{
	char target[200];

	snprintf(target, sizeof target, "/%s/oauth2/v2.0/token", tenant);
	w->bearer[0] = '\0';
	w->type = "application/x-www-form-urlencoded";
	return ask(w, "POST", target, form);
}

#define SCOPE "&scope=https://graph.microsoft.com/.default"
#define GRANT "&grant_type=client_credentials"
#define SECRET_FIELD "&client_secret=s3cret%2B%2F%3D+%26x"

/* What is wrong -> status, OAuth error, AADSTS number. */
static void refusals(void **state)
{
	static const struct {
		const char *tenant, *form;
		int status;
		const char *error;
		int code;
	} rows[] = {
		{ TENANT, "client_id=" APP GRANT SCOPE "&client_secret=wrong", 401,
		  "invalid_client", 7000215 },
		{ TENANT, "client_id=" APP GRANT SCOPE, 401, "invalid_client", 7000218 },
		{ TENANT, "client_id=" NOBODY GRANT SCOPE SECRET_FIELD, 400, "unauthorized_client",
		  700016 },
		{ NOBODY, "client_id=" APP GRANT SCOPE SECRET_FIELD, 400, "invalid_request",
		  90002 },
		{ "common", "client_id=" APP GRANT SCOPE SECRET_FIELD, 400, "invalid_request",
		  9001023 },
		{ TENANT, "client_id=" APP SCOPE SECRET_FIELD, 400, "invalid_request", 900144 },
		{ TENANT, "client_id=" APP GRANT SECRET_FIELD, 400, "invalid_request", 900144 },
		{ TENANT, GRANT SCOPE SECRET_FIELD, 400, "invalid_request", 900144 },
		{ TENANT, "client_id=" APP "&grant_type=password" SCOPE SECRET_FIELD, 400,
		  "unsupported_grant_type", 70003 },
		{ TENANT, "client_id=" APP GRANT SECRET_FIELD "&scope=User.Read", 400,
		  "invalid_scope", 1002012 },
		{ TENANT, "client_id=" APP GRANT SECRET_FIELD "&scope=a+b", 400, "invalid_scope",
		  70011 },
		{ TENANT,
		  "client_id=" APP GRANT SECRET_FIELD "&scope=https://other.example/.default", 400,
		  "invalid_resource", 500011 },
		{ TENANT, "client_id=%zz" GRANT SCOPE SECRET_FIELD, 400, "invalid_request",
		  900144 },
		{ TENANT, "", 400, "invalid_request", 900144 },
	};
	struct world w;
	char start[40];
	(void)state;

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = token(&w, rows[i].tenant, rows[i].form);

		if (status != rows[i].status || strcmp(answer(&w, "error"), rows[i].error) != 0)
			fail_msg("row %zu: %d %s", i, status, w.rs.body.p);
		assert_int_equal(json_integer_value(json_array_get(
					 json_object_get(w.body, "error_codes"), 0)),
				 rows[i].code);
		snprintf(start, sizeof start, "AADSTS%d: ", rows[i].code);
		assert_true(slice_starts(slice_str(answer(&w, "error_description")), start));
		assert_true(answer(&w, "trace_id")[0] && answer(&w, "correlation_id")[0]);
	}
	assert_int_equal(ask(&w, "GET", "/" TENANT "/oauth2/v2.0/token", ""), 405);
	world_fini(&w);
}

static void basic_authentication(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	w.type = "application/x-www-form-urlencoded";
	/* 99999999-8888-7777-6666-555555555555:s3cret%2B%2F%3D+%26x */
	snprintf(w.bearer, sizeof w.bearer,
		 "Basic OTk5OTk5OTktODg4OC03Nzc3LTY2NjYtNTU1NTU1NTU1NTU1OnMzY3JldCUyQiUyRiUzRCslMjZ4");
	assert_int_equal(ask(&w, "POST", "/" TENANT "/oauth2/v2.0/token",
			     "grant_type=client_credentials" SCOPE),
			 200);
	snprintf(w.bearer, sizeof w.bearer, "Basic !!!");
	assert_int_equal(ask(&w, "POST", "/" TENANT "/oauth2/v2.0/token",
			     "grant_type=client_credentials" SCOPE),
			 400);
	world_fini(&w);
}

static void a_token_lives_an_hour_to_an_hour_and_a_half(void **state)
{
	struct world w;
	json_int_t low = 999999, high = 0;
	(void)state;

	world_init(&w);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(get_token(&w), 200);
		json_int_t life = answer_n(&w, "expires_in");
		low = life < low ? life : low;
		high = life > high ? life : high;
	}
	assert_in_range(low, 3600, 3700);
	assert_in_range(high, 5300, 5400);
	assert_true(answer_header_is(&w, "cache-control", "no-store, no-cache"));
	json_int_t life = answer_n(&w, "expires_in");
	w.now_ms = T0 + life * 1000 - 1;
	seen(&w, ANA);
	w.now_ms++;
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" ANA "/presence", ""), 401);
	assert_string_equal(answer(&w, "error.code"), "InvalidAuthenticationToken");
	assert_true(slice_starts(cloud_response_header(&w.rs, "www-authenticate"), "Bearer realm=\"\""));
	world_fini(&w);
}

/* "A token without roles is issued happily"; a role granted later is only in a new one. */
static void roles_are_in_the_token(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_app_roles(w.c, APP, ""), ERR_OK);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 200);
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 403);
	assert_int_equal(ask(&w, "GET", "/v1.0/users", ""), 403);
	assert_string_equal(answer(&w, "error.code"), "Authorization_RequestDenied");
	assert_int_equal(cloud_app_roles(w.c, APP, "Presence.Read.All"), ERR_OK);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 403);
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(act_on(&w, ANA, "setPresence", SET_BODY), 403);
	assert_string_equal(seen(&w, ANA), "Busy/InACall");
	assert_int_equal(cloud_app_roles(w.c, APP, "Presence.Everything"), ERR_MALFORMED);
	assert_int_equal(cloud_app_roles(w.c, NOBODY, ""), ERR_NOT_FOUND);
	world_fini(&w);
}

static json_t *decode_part(struct slice part)
{
	struct buf text;
	json_t *o = NULL;

	/* base64url by hand: the cloud's own decoder must not judge its encoder. */
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t v = 0;
	int bits = 0;

	buf_init(&text, 4096);
	for (size_t i = 0; i < part.n; i++) {
		const char *at = strchr(letters, part.p[i]);

		assert_non_null(at);
		v = v << 6 | (uint32_t)(at - letters);
		bits += 6;
		if (bits >= 8)
			buf_char(&text, (char)(v >> (bits -= 8) & 255));
	}
	o = json_loadb(text.p, text.n, 0, NULL);
	buf_fini(&text);
	assert_non_null(o);
	return o;
}

static void a_jwt_carries_the_documented_claims(void **state)
{
	struct world w;
	struct slice rest, part;
	(void)state;

	world_init_with(&w, &(struct cloud_config){ .jwt = true });
	rest = slice_str(w.bearer + strlen("Bearer "));
	assert_true(slice_split(&rest, '.', &part));
	json_t *head = decode_part(part);
	assert_string_equal(json_string_value(json_object_get(head, "alg")), "RS256");
	assert_true(slice_split(&rest, '.', &part));
	json_t *claims = decode_part(part);
	assert_string_equal(json_string_value(json_object_get(claims, "aud")),
			    "https://graph.microsoft.com");
	assert_string_equal(json_string_value(json_object_get(claims, "appid")), APP);
	assert_string_equal(json_string_value(json_object_get(claims, "tid")), TENANT);
	assert_string_equal(json_string_value(json_object_get(claims, "iss")),
			    "https://sts.windows.net/" TENANT "/");
	assert_int_equal(json_array_size(json_object_get(claims, "roles")), 2);
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), T0 / 1000);
	json_decref(claims);
	json_decref(head);
	assert_string_equal(seen(&w, ANA), "Offline/Offline");
	/* One letter changed is another token. */
	w.bearer[strlen(w.bearer) - 5] ^= 1;
	assert_int_equal(ask(&w, "GET", "/v1.0/users/" ANA "/presence", ""), 401);
	assert_int_equal(ask(&w, "GET", "/" TENANT "/discovery/v2.0/keys", ""), 200);
	assert_string_equal(answer(&w, "keys.0.kty"), "RSA");
	assert_int_equal(strlen(answer(&w, "keys.0.n")), 342);
	world_fini(&w);
}

static void discovery_documents(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	cloud_set_base(w.c, "https://127.0.0.1:4433");
	assert_int_equal(ask(&w, "GET", "/" TENANT "/v2.0/.well-known/openid-configuration", ""), 200);
	assert_string_equal(answer(&w, "token_endpoint"),
			    "https://127.0.0.1:4433/" TENANT "/oauth2/v2.0/token");
	assert_int_equal(ask(&w, "GET", "/common/discovery/instance?api-version=1.1", ""), 200);
	assert_string_equal(answer(&w, "metadata.0.preferred_network"), "127.0.0.1:4433");
	assert_int_equal(ask(&w, "GET", "/" NOBODY "/v2.0/.well-known/openid-configuration", ""), 400);
	/* Its own address is a resource, too. */
	assert_int_equal(token(&w, TENANT,
			       "client_id=" APP GRANT SECRET_FIELD
			       "&scope=https%3A%2F%2F127.0.0.1%3A4433%2F.default"),
			 200);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(basic_authentication),
		cmocka_unit_test(a_token_lives_an_hour_to_an_hour_and_a_half),
		cmocka_unit_test(roles_are_in_the_token),
		cmocka_unit_test(a_jwt_carries_the_documented_claims),
		cmocka_unit_test(discovery_documents),
	};
	return cmocka_run_group_tests_name("sim/cloud_token", tests, NULL, NULL);
}
