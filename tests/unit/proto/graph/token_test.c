#include "test.h"

#include <stdio.h>

#include "proto/graph/token.h"

static void the_form_is_encoded(void **state)
{
	struct secret secret = { 0 };
	struct token_form f = { .client_id = "app-id", .scope_root = "https://graph.example",
				.client_secret = &secret };
	char dst[400];
	size_t n = 0;
	(void)state;

	assert_int_equal(secret_set(&secret, SLICE_LIT("a b&c=d+e/%~\xc3\xbc")), ERR_OK);
	assert_int_equal(token_form_write(&f, dst, sizeof(dst), &n), ERR_OK);
	assert_slice(slice_of(dst, n),
		     "client_id=app-id&scope=https%3A%2F%2Fgraph.example%2F.default"
		     "&client_secret=a%20b%26c%3Dd%2Be%2F%25~%C3%BC&grant_type=client_credentials");
	f.claims = SLICE_LIT("{\"a\":1}");
	assert_int_equal(token_form_write(&f, dst, sizeof(dst), &n), ERR_OK);
	assert_true(slice_find_str(slice_of(dst, n), SLICE_LIT("&claims=%7B%22a%22%3A1%7D")) < n);
	for (size_t cap = 0; cap < n; cap++)
		assert_int_equal(token_form_write(&f, dst, cap, &n), ERR_LIMIT);
	f.assertion = &secret;
	assert_int_equal(token_form_write(&f, dst, sizeof(dst), &n), ERR_OK);
	size_t at = slice_find_str(slice_of(dst, n), SLICE_LIT("&client_"));
	assert_slice(slice_sub(slice_of(dst, n), at, n),
		     "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
		     "&client_assertion=a%20b%26c%3Dd%2Be%2F%25~%C3%BC&grant_type=client_credentials"
		     "&claims=%7B%22a%22%3A1%7D");
	secret_fini(&secret);
}

static void the_url_names_the_tenant(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 200);
	token_url(&b, "https://login.example", "contoso.example/../x");
	assert_slice(buf_view(&b),
		     "https://login.example/contoso.example%2F..%2Fx/oauth2/v2.0/token");
	buf_fini(&b);
}

static void answers(void **state)
{
	static const struct {
		const char *body;
		enum err err;
		int32_t life_s;
	} rows[] = {
		{ "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"
		  "\"access_token\":\"eyJ.x-_~+/=\"}",
		  ERR_OK, 3599 },
		{ "{\"token_type\":\"bearer\",\"expires_in\":\"3599\",\"access_token\":\"a\"}",
		  ERR_OK, 3599 },
		{ "{\"access_token\":\"a\"}", ERR_OK, 600 },
		{ "{\"access_token\":\"a\",\"expires_in\":\"soon\"}", ERR_OK, 600 },
		{ "{\"access_token\":\"a\",\"expires_in\":null}", ERR_OK, 600 },
		{ "{\"access_token\":\"a\",\"expires_in\":-5}", ERR_OK, 0 },
		{ "{\"access_token\":\"a\",\"expires_in\":1e300}", ERR_OK, 172800 },
		{ "{\"access_token\":\"a\",\"expires_in\":\"99999999999999999999\"}", ERR_OK, 600 },
		{ "{\"token_type\":\"mac\",\"access_token\":\"a\"}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":\"\"}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":7}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":\"a\\r\\nX: y\"}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":\"a b\"}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":\"\xc3\xa9\"}", ERR_MALFORMED, -1 },
		{ "{\"access_token\":\"a\",\"access_token\":\"b\"}", ERR_MALFORMED, -1 },
		{ "[]", ERR_MALFORMED, -1 },
		{ "", ERR_MALFORMED, -1 },
		{ "<html>", ERR_MALFORMED, -1 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = { 0 };
		int32_t life = -1;
		enum err e = token_answer_parse(slice_str(rows[i].body), &s, &life);

		if (e != rows[i].err || life != rows[i].life_s ||
		    secret_is_set(&s) != (e == ERR_OK))
			fail_msg("%s: %s, %d s", rows[i].body, err_name(e), life);
		secret_fini(&s);
	}
}

/* graph.md 8.5, row by row: which trouble a person has to mend. */
static void refusals(void **state)
{
	static const struct {
		uint16_t status;
		const char *error;
		int number;
		bool configuration;
	} rows[] = {
		{ 401, "invalid_client", 7000215, true },
		{ 401, "invalid_client", 7000222, true },
		{ 400, "invalid_request", 900144, true },
		{ 401, "invalid_client", 700027, true },
		{ 400, "unauthorized_client", 700016, true },
		{ 400, "unauthorized_client", 7000112, true },
		{ 400, "invalid_request", 90002, true },
		{ 400, "invalid_request", 900382, true },
		{ 400, "invalid_scope", 70011, true },
		{ 400, "invalid_resource", 500011, true },
		{ 400, "interaction_required", 53003, true },
		{ 400, "invalid_grant", 53003, true },
		{ 400, "interaction_required", 700024, true },
		{ 400, "new_word", 90038, true },
		{ 400, "invalid_client", 4711, true },
		{ 400, "invalid_request", 90055, false },
		{ 400, "invalid_request", 90012, false },
		{ 400, "invalid_request", 90024, false },
		{ 400, "invalid_request", 90033, false },
		{ 400, "invalid_client", 50000, false },
		{ 400, "temporarily_unavailable", 0, false },
		{ 400, "server_error", 0, false },
		{ 429, "invalid_client", 7000215, false },
		{ 503, "invalid_client", 7000215, false },
		{ 418, "brand_new_word", 1, false },
	};
	char body[300];
	(void)state;

	/* every row of the table has words where a person is needed, and only there */
#define CONFIGURATION true
#define PASSING false
#define AADSTS(number, class, step, fix)                                                           \
	assert_true((class) == (strlen(fix) > 0) && strlen(fix) < 140);                            \
	assert_true((class) == (TOKEN_STEP_##step != TOKEN_STEP_NONE));
#include "proto/graph/aadsts.def"

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct token_refusal r;

		snprintf(body, sizeof(body),
			 "{\"error\":\"%s\",\"error_description\":\"AADSTS%d: told so.\\r\\nTrace "
			 "ID: x\","
			 "\"error_codes\":[%d]}",
			 rows[i].error, rows[i].number, rows[i].number);
		token_refusal_parse(rows[i].status, slice_str(body), &r);
		if (r.configuration != rows[i].configuration)
			fail_msg("%s", body);
		assert_int_equal(r.aadsts, rows[i].number);
		assert_int_equal(r.fix[0] != '\0', rows[i].configuration);
		assert_string_equal(r.error, rows[i].error);
		snprintf(body, sizeof(body), "AADSTS%d: told so.", rows[i].number);
		assert_string_equal(r.text, body);
	}
}

static void refusals_without_a_reason(void **state)
{
	static const char *const bodies[] = { "",
					      "<html>proxy</html>",
					      "{}",
					      "[1]",
					      "{\"error\":{}}",
					      "{\"error_codes\":[-1]}",
					      "{\"error_codes\":[1e9]}" };
	struct token_refusal r;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		token_refusal_parse(407, slice_str(bodies[i]), &r);
		assert_false(r.configuration);
		assert_int_equal(r.aadsts, 0);
		assert_string_equal(r.text, "answer 407 without a reason");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_encoded),
		cmocka_unit_test(the_url_names_the_tenant),
		cmocka_unit_test(answers),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refusals_without_a_reason),
	};
	return cmocka_run_group_tests_name("proto/graph/token", tests, NULL, NULL);
}
