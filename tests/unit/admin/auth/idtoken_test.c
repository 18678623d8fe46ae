#include "test.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/idtoken.h"
#include "admin/auth/keys.h"

#define NOW_S 1790000000ll
#define ISSUER "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
#define TENANT "11111111-2222-3333-4444-555555555555"
#define CLIENT "66666666-7777-8888-9999-000000000000"
#define NONCE "n-0S6_WzA2Mj"
#define OID "00000000-0000-0000-66f3-3332eca7ea81"

enum { ONE, TWO, SMALL, KEYS };

static EVP_PKEY *key[KEYS];
static char jwk[KEYS][1024];
static struct idtoken_keys keys;
static char token[4 * IDTOKEN_MAX];
static struct idtoken got;
static const char *why;

static const struct idtoken_wanted wanted = { .issuer = { ISSUER, sizeof(ISSUER) - 1 },
					      .audience = { CLIENT, sizeof(CLIENT) - 1 },
					      .tenant = { TENANT, sizeof(TENANT) - 1 },
					      .nonce = { NONCE, sizeof(NONCE) - 1 },
					      .wall_ms = NOW_S * 1000 };

/* ---- an authority ---- */

static void number_of(EVP_PKEY *k, const char *name, char *dst, size_t cap)
{
	unsigned char raw[512];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(k, name, &n), 1);
	assert_int_equal(base64url(raw, (size_t)BN_bn2bin(n, raw), dst, cap), ERR_OK);
	BN_free(n);
}

static void make_key(int i, const char *kid, unsigned bits)
{
	char n[700], e[16];

	key[i] = EVP_RSA_gen(bits);
	assert_non_null(key[i]);
	number_of(key[i], OSSL_PKEY_PARAM_RSA_N, n, sizeof(n));
	number_of(key[i], OSSL_PKEY_PARAM_RSA_E, e, sizeof(e));
	snprintf(jwk[i], sizeof(jwk[i]),
		 "{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}", kid,
		 n, e);
}

static void take_keys(const char *list)
{
	char doc[4096];
	struct idtoken_keys fresh;

	snprintf(doc, sizeof(doc), "{\"keys\":[%s]}", list);
	assert_int_equal(idtoken_keys_parse(slice_str(doc), &fresh), ERR_OK);
	idtoken_keys_fini(&keys);
	keys = fresh;
}

static int set_up_all(void **state)
{
	(void)state;
	make_key(ONE, "one", 2048);
	make_key(TWO, "two", 2048);
	make_key(SMALL, "small", 1024);
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	idtoken_keys_fini(&keys);
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(key[i]);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	take_keys(jwk[ONE]);
	return 0;
}

static size_t add_part(size_t at, const char *text, size_t n)
{
	assert_int_equal(base64url((const unsigned char *)text, n, token + at, sizeof(token) - at),
			 ERR_OK);
	return at + strlen(token + at);
}

static size_t begin(const char *head, const char *claims)
{
	size_t n = add_part(0, head, strlen(head));

	token[n++] = '.';
	return add_part(n, claims, strlen(claims));
}

static void sign(EVP_PKEY *with, size_t n)
{
	unsigned char raw[512];
	size_t raw_n = sizeof(raw);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, with), 1);
	assert_int_equal(EVP_DigestSign(md, raw, &raw_n, (const unsigned char *)token, n), 1);
	EVP_MD_CTX_free(md);
	token[n++] = '.';
	add_part(n, (const char *)raw, raw_n);
}

static enum err check(void)
{
	return idtoken_check(slice_str(token), &keys, &wanted, &got, &why);
}

static const char head_one[] = "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"one\"}";

static json_t *claims_of_ana(void)
{
	json_t *c = json_pack(
		"{s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:[s]}", "iss", ISSUER, "aud", CLIENT, "tid",
		TENANT, "nonce", NONCE, "exp", (json_int_t)(NOW_S + 3600), "nbf", (json_int_t)NOW_S,
		"oid", OID, "preferred_username", "ana@acme.example", "roles", "Offhook.Operator");

	assert_non_null(c);
	return c;
}

/* As Ana's, but one claim is another (NULL: absent). */
static enum err check_with(const char *name, json_t *value)
{
	json_t *c = claims_of_ana();
	char *text;

	if (value)
		json_object_set_new(c, name, value);
	else
		json_object_del(c, name);
	text = json_dumps(c, JSON_COMPACT);
	json_decref(c);
	sign(key[ONE], begin(head_one, text));
	free(text);
	return check();
}

static void denied(enum err e, const char *word)
{
	assert_int_equal(e, ERR_DENIED);
	assert_string_equal(why, word);
}

/* ---- what is taken ---- */

static void a_good_one(void **state)
{
	(void)state;
	assert_int_equal(check_with("x", json_null()), ERR_OK);
	assert_string_equal(got.oid, OID);
	assert_string_equal(got.name, "ana@acme.example");
	assert_int_equal(got.role, ROLE_OPERATOR);
}

static void roles(void **state)
{
	(void)state;
	assert_int_equal(check_with("roles", NULL), ERR_OK);
	assert_int_equal(got.role, ROLE_NONE);
	assert_int_equal(check_with("roles", json_pack("[s,s,s]", "Offhook.Viewer", "Offhook.Owner",
						       "Other")),
			 ERR_OK);
	assert_int_equal(got.role, ROLE_OWNER);
	assert_int_equal(check_with("roles", json_pack("[s,i,n]", "offhook.owner", 3)), ERR_OK);
	assert_int_equal(got.role, ROLE_NONE);
	assert_int_equal(check_with("roles", json_string("Offhook.Owner")), ERR_OK); /* no list */
	assert_int_equal(got.role, ROLE_NONE);
}

/* ---- whose signature ---- */

static void forged(void **state)
{
	size_t n;
	(void)state;

	/* signed with a key of somebody who names ours */
	json_t *c = claims_of_ana();
	char *text = json_dumps(c, 0);

	n = begin(head_one, text);
	sign(key[TWO], n);
	denied(check(), "signature");
	/* a letter of the signature, of the claims, of the head */
	sign(key[ONE], begin(head_one, text));
	assert_int_equal(check(), ERR_OK);
	token[n + 20] = token[n + 20] == 'A' ? 'B' : 'A';
	denied(check(), "signature");
	sign(key[ONE], begin(head_one, text));
	token[n - 20] = token[n - 20] == 'A' ? 'B' : 'A';
	denied(check(), "signature");
	/* none, and one that is cut */
	sign(key[ONE], begin(head_one, text));
	token[n + 1] = '\0';
	denied(check(), "signature");
	sign(key[ONE], begin(head_one, text));
	token[strlen(token) - 4] = '\0';
	denied(check(), "signature");
	free(text);
	json_decref(c);
}

/* The token does not choose how it is checked. */
static void other_algorithms(void **state)
{
	static const char *const heads[] = {
		"{\"alg\":\"none\",\"kid\":\"one\"}",
		"{\"alg\":\"None\",\"kid\":\"one\"}",
		"{\"alg\":\"HS256\",\"kid\":\"one\"}",
		"{\"alg\":\"RS384\",\"kid\":\"one\"}",
		"{\"alg\":\"rs256\",\"kid\":\"one\"}",
		"{\"alg\":[\"RS256\"],\"kid\":\"one\"}",
		"{\"kid\":\"one\"}",
		"{\"alg\":\"RS256\",\"kid\":\"one\",\"crit\":[\"b64\"],\"b64\":false}"
	};
	json_t *c = claims_of_ana();
	char *text = json_dumps(c, 0);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		sign(key[ONE], begin(heads[i], text));
		denied(check(), "algorithm");
	}
	/* without a signature */
	size_t n = begin(heads[0], text);
	token[n] = '.';
	token[n + 1] = '\0';
	denied(check(), "algorithm");
	free(text);
	json_decref(c);
}

static void a_new_key_is_asked_for(void **state)
{
	static const char by_two[] = "{\"alg\":\"RS256\",\"kid\":\"two\"}";
	char both[2100];
	json_t *c = claims_of_ana();
	char *text = json_dumps(c, 0);
	(void)state;

	sign(key[TWO], begin(by_two, text));
	assert_int_equal(check(), ERR_NOT_FOUND);
	snprintf(both, sizeof(both), "%s,%s", jwk[ONE], jwk[TWO]);
	take_keys(both);
	assert_int_equal(check(), ERR_OK);
	/* the old one is gone some day */
	sign(key[ONE], begin(head_one, text));
	assert_int_equal(check(), ERR_OK);
	take_keys(jwk[TWO]);
	assert_int_equal(check(), ERR_NOT_FOUND);
	/* no key named at all: none is guessed */
	sign(key[TWO], begin("{\"alg\":\"RS256\"}", text));
	assert_int_equal(check(), ERR_NOT_FOUND);
	sign(key[TWO], begin("{\"alg\":\"RS256\",\"kid\":2}", text));
	assert_int_equal(check(), ERR_NOT_FOUND);
	free(text);
	json_decref(c);
}

/* ---- what it says ---- */

static void texts_that_must_be_ours(void **state)
{
	static const struct {
		const char *claim, *word;
	} rows[] = { { "iss", "issuer" },
		     { "aud", "audience" },
		     { "tid", "tenant" },
		     { "nonce", "nonce" } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		denied(check_with(rows[i].claim, NULL), rows[i].word);
		denied(check_with(rows[i].claim, json_string("")), rows[i].word);
		denied(check_with(rows[i].claim, json_string("another")), rows[i].word);
		denied(check_with(rows[i].claim, json_null()), rows[i].word);
		denied(check_with(rows[i].claim, json_true()), rows[i].word);
	}
	denied(check_with("iss", json_string(ISSUER "/")), "issuer");
	denied(check_with("aud", json_pack("[s,s]", CLIENT, "another")), "audience");
}

/* A sign-in that wants nothing in particular takes nothing. */
static void empty_wishes_are_none(void **state)
{
	struct idtoken_wanted w = wanted;
	(void)state;

	w.nonce = SLICE_NONE;
	assert_int_equal(check_with("nonce", json_string("")), ERR_DENIED);
	denied(idtoken_check(slice_str(token), &keys, &w, &got, &why), "nonce");
}

static void when(void **state)
{
	(void)state;
	assert_int_equal(check_with("exp", json_integer(NOW_S - 299)), ERR_OK); /* clocks differ */
	denied(check_with("exp", json_integer(NOW_S - 300)), "expired");
	denied(check_with("exp", json_integer(0)), "expired");
	denied(check_with("exp", NULL), "expired");
	denied(check_with("exp", json_string("1790003600")), "expired");
	denied(check_with("exp", json_real(1790003600.0)), "expired");
	assert_int_equal(check_with("nbf", json_integer(NOW_S + 300)), ERR_OK);
	denied(check_with("nbf", json_integer(NOW_S + 301)), "not-yet");
	denied(check_with("nbf", json_string("0")), "not-yet");
	assert_int_equal(check_with("nbf", NULL), ERR_OK);
}

static void who(void **state)
{
	char longer[CALLER_NAME_MAX + 2];
	(void)state;

	denied(check_with("oid", NULL), "no-oid");
	denied(check_with("oid", json_integer(3)), "no-oid");
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	denied(check_with("oid", json_string(longer)), "no-oid");
	/* a name that is not there, or too long, is none: the object id says who it is */
	assert_int_equal(check_with("preferred_username", NULL), ERR_OK);
	assert_string_equal(got.name, "");
	assert_int_equal(check_with("preferred_username", json_string(longer)), ERR_OK);
	assert_string_equal(got.name, "");
}

/* ---- no tokens ---- */

static void a_claim_twice(void **state)
{
	json_t *c = claims_of_ana();
	char *text = json_dumps(c, JSON_COMPACT), twice[4096];
	(void)state;

	snprintf(twice, sizeof(twice), "{\"nonce\":\"x\",%s", text + 1);
	sign(key[ONE], begin(head_one, twice));
	assert_int_equal(check(), ERR_MALFORMED);
	sign(key[ONE], begin("{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"one\"}", text));
	assert_int_equal(check(), ERR_MALFORMED);
	free(text);
	json_decref(c);
}

static void not_a_token(void **state)
{
	static const char *const bad[] = { "",	      ".",	     "..",
					   "...",     "a.b.c",	     "e30.e30.",
					   "e30.e30", "W10.W10.W10", "e30.e30.e30.e30" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(token, sizeof(token), "%s", bad[i]);
		if (!check())
			fail_msg("%s", bad[i]);
	}
	/* signed, but no claims in it */
	sign(key[ONE], begin(head_one, "[]"));
	assert_int_equal(check(), ERR_MALFORMED);
	sign(key[ONE], begin(head_one, "{\"a\":\"\\u0000\"}"));
	assert_int_equal(check(), ERR_MALFORMED);
	sign(key[ONE], begin(head_one, "nonsense"));
	assert_int_equal(check(), ERR_MALFORMED);
	/* a fourth part behind a good one */
	assert_int_equal(check_with("x", json_null()), ERR_OK);
	memcpy(token + strlen(token), ".e30", 5);
	assert_int_equal(check(), ERR_MALFORMED);
}

static void huge(void **state)
{
	static char text[IDTOKEN_MAX];
	(void)state;

	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(check_with("x", json_string(text)), ERR_MALFORMED);
	assert_true(strlen(token) > IDTOKEN_MAX);
	/* just below it the size is no reason */
	text[20000] = '\0';
	assert_int_equal(check_with("x", json_string(text)), ERR_OK);
}

/* ---- keys ---- */

static void documents_of_keys(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[" };
	static const char *const passed_over[] = {
		"1",
		"{}",
		"{\"kty\":\"EC\",\"kid\":\"e\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"kid\":\"a\"}",
		"{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"!\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"\",\"e\":\"\"}",
		"{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":7,\"e\":[]}"
	};
	struct idtoken_keys k = { .n = 77 };
	char other[2048], *at;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(idtoken_keys_parse(slice_str(bad[i]), &k), ERR_MALFORMED);
		assert_int_equal(k.n, 77);
	}
	for (size_t i = 0; i < ARRAY_LEN(passed_over); i++) {
		take_keys(passed_over[i]);
		assert_int_equal(keys.n, 0);
		snprintf(other, sizeof(other), "%s,%s", passed_over[i], jwk[ONE]);
		take_keys(other);
		assert_int_equal(keys.n, 1);
		assert_string_equal(keys.list[0].kid, "one");
	}
	take_keys(jwk[SMALL]); /* 1,024 bits */
	assert_int_equal(keys.n, 0);
	/* for encryption */
	snprintf(other, sizeof(other), "%s", jwk[ONE]);
	at = strstr(other, "\"sig\"");
	assert_non_null(at);
	memcpy(at, "\"enc\"", 5);
	take_keys(other);
	assert_int_equal(keys.n, 0);
}

static void no_more_keys_than_there_is_room(void **state)
{
	static char doc[(IDTOKEN_KEYS_MAX + 4) * sizeof(jwk[0])];
	size_t n = (size_t)snprintf(doc, sizeof(doc), "{\"keys\":[%s", jwk[ONE]);
	struct idtoken_keys k;
	(void)state;

	for (int i = 0; i < IDTOKEN_KEYS_MAX + 2; i++)
		n += (size_t)snprintf(doc + n, sizeof(doc) - n, ",%s", jwk[TWO]);
	snprintf(doc + n, sizeof(doc) - n, "]}");
	assert_int_equal(idtoken_keys_parse(slice_str(doc), &k), ERR_OK);
	assert_int_equal(k.n, IDTOKEN_KEYS_MAX);
	idtoken_keys_fini(&k);
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_good_one),
		CASE(roles),
		CASE(forged),
		CASE(other_algorithms),
		CASE(a_new_key_is_asked_for),
		CASE(texts_that_must_be_ours),
		CASE(empty_wishes_are_none),
		CASE(when),
		CASE(who),
		CASE(a_claim_twice),
		CASE(not_a_token),
		CASE(huge),
		CASE(documents_of_keys),
		CASE(no_more_keys_than_there_is_room),
	};
	return cmocka_run_group_tests_name("admin/auth/idtoken", tests, set_up_all, tear_down_all);
}
