/* Signed statements: what Entra reads in them, checked with OpenSSL's other half. */
#include "keys.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/graph/assertion.h"
#include "proto/graph/base64.h"

#define APP "99999999-8888-7777-6666-555555555555"
#define PLACE "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"

static struct test_key rsa, other;

static int set_up(void **state)
{
	(void)state;
	test_key_of(&rsa, EVP_RSA_gen(2048));
	test_key_of(&other, EVP_RSA_gen(2048));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_key_fini(&rsa);
	test_key_fini(&other);
	return 0;
}

static struct assertion_key *open_key(const char *certificate, const char *key)
{
	struct assertion_key *k = NULL;
	char why[200] = "";
	enum err e = assertion_key_new(&k, slice_str(certificate), slice_str(key), why, sizeof(why));

	if (e)
		fail_msg("%s: %s", err_name(e), why);
	return k;
}

static void expect_refusal(const char *certificate, const char *key, const char *words)
{
	struct assertion_key *k = NULL;
	char why[200] = "";

	assert_int_equal(assertion_key_new(&k, slice_str(certificate), slice_str(key), why, sizeof(why)),
			 ERR_MALFORMED);
	assert_null(k);
	if (!strstr(why, words))
		fail_msg("%s", why);
}

struct parts {
	struct slice header, payload, signature, signed_text;
};

static struct parts split(const struct secret *jws)
{
	struct slice all = secret_expose(jws), rest = all;
	struct parts p;

	assert_true(slice_split(&rest, '.', &p.header) && slice_split(&rest, '.', &p.payload) &&
		    slice_split(&rest, '.', &p.signature) && !rest.p);
	p.signed_text = slice_sub(all, 0, all.n - p.signature.n - 1);
	return p;
}

static json_t *json_of(struct slice part)
{
	char text[2048];
	size_t n;

	assert_true(slice_find(part, '=') == part.n && slice_find(part, '+') == part.n &&
		    slice_find(part, '/') == part.n);
	assert_int_equal(base64_decode(part, text, sizeof(text), &n), ERR_OK);
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	return o;
}

static bool verifies(const struct parts *p, EVP_PKEY *key, bool pss)
{
	char sig[600];
	size_t n;
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;

	assert_int_equal(base64_decode(p->signature, sig, sizeof(sig), &n), ERR_OK);
	assert_int_equal(EVP_DigestVerifyInit(x, &how, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING),
			 1);
	if (pss)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32), 1);
	bool ok = EVP_DigestVerify(x, (const unsigned char *)sig, n,
				   (const unsigned char *)p->signed_text.p, p->signed_text.n) == 1;
	EVP_MD_CTX_free(x);
	return ok;
}

static void expect_text(const json_t *o, const char *key, const char *value)
{
	assert_string_equal(json_string_value(json_object_get(o, key)), value);
}

static void expect_thumbprint(const json_t *header, const char *key, const EVP_MD *md, size_t bytes)
{
	unsigned char digest[64];
	char got[64];
	unsigned n;
	size_t got_n;

	assert_int_equal(X509_digest(rsa.x, md, digest, &n), 1);
	assert_int_equal(base64_decode(slice_str(json_string_value(json_object_get(header, key))), got,
				       sizeof(got), &got_n), ERR_OK);
	assert_int_equal(got_n, bytes); /* of the bytes, not of their hexadecimal text */
	assert_memory_equal(got, digest, bytes);
	assert_int_equal(json_object_size(header), 3);
}

static void both_forms_are_what_entra_reads(void **state)
{
	struct assertion_key *k = open_key(rsa.certificate, rsa.key);
	(void)state;

	for (int form = 0; form < ASSERTION_FORM_COUNT; form++) {
		const struct assertion a = { APP, PLACE, "d7c1ea1f-0000-4000-8000-000000000001",
					     1790000000500, (enum assertion_form)form };
		struct secret jws = { 0 };

		assert_int_equal(assertion_write(k, &a, &jws), ERR_OK);
		struct parts p = split(&jws);
		json_t *header = json_of(p.header), *claims = json_of(p.payload);

		expect_text(header, "typ", "JWT");
		expect_text(header, "alg", form == ASSERTION_PS256 ? "PS256" : "RS256");
		if (form == ASSERTION_PS256)
			expect_thumbprint(header, "x5t#S256", EVP_sha256(), 32);
		else
			expect_thumbprint(header, "x5t", EVP_sha1(), 20);
		expect_text(claims, "aud", PLACE);
		expect_text(claims, "iss", APP);
		expect_text(claims, "sub", APP);
		expect_text(claims, "jti", "d7c1ea1f-0000-4000-8000-000000000001");
		assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1790000000);
		assert_int_equal(json_integer_value(json_object_get(claims, "nbf")), 1790000000 - 120);
		assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 1790000000 + 480);
		assert_int_equal(json_object_size(claims), 7);
		assert_true(verifies(&p, rsa.pkey, form == ASSERTION_PS256));
		assert_false(verifies(&p, rsa.pkey, form != ASSERTION_PS256));
		assert_false(verifies(&p, other.pkey, form == ASSERTION_PS256));
		json_decref(header);
		json_decref(claims);
		secret_fini(&jws);
	}
	assertion_key_free(k);
}

/* Every length of claims, so that every remainder of base64 is met. */
static void any_length_is_encoded_whole(void **state)
{
	struct assertion_key *k = open_key(rsa.certificate, rsa.key);
	char place[900];
	(void)state;

	for (size_t n = 760; n < 780; n++) {
		struct assertion a = { APP, place, "i", 1790000000000, ASSERTION_RS256 };
		struct secret jws = { 0 };

		memset(place, 'p', n);
		place[n] = '\0';
		assert_int_equal(assertion_write(k, &a, &jws), ERR_OK);
		struct parts p = split(&jws);
		json_t *claims = json_of(p.payload);
		expect_text(claims, "aud", place);
		assert_true(verifies(&p, rsa.pkey, false));
		json_decref(claims);
		secret_fini(&jws);
	}
	assertion_key_free(k);
}

static void a_place_with_a_quote_stays_inside_its_text(void **state)
{
	struct assertion_key *k = open_key(rsa.certificate, rsa.key);
	const struct assertion a = { APP, "https://x/\",\"sub\":\"y", "i", 1790000000000, ASSERTION_RS256 };
	struct secret jws = { 0 };
	(void)state;

	assert_int_equal(assertion_write(k, &a, &jws), ERR_OK);
	struct parts p = split(&jws);
	json_t *claims = json_of(p.payload);
	expect_text(claims, "aud", a.audience);
	expect_text(claims, "sub", APP);
	json_decref(claims);
	secret_fini(&jws);
	assertion_key_free(k);
}

static void the_certificate_of_the_key_is_found_among_several(void **state)
{
	char both[16384], mixed[16384];
	(void)state;

	snprintf(both, sizeof(both), "%s%s", other.certificate, rsa.certificate);
	snprintf(mixed, sizeof(mixed), "# bag\n%s%s%s", rsa.key, other.certificate, rsa.certificate);
	struct assertion_key *a = open_key(both, rsa.key), *b = open_key(mixed, mixed);
	struct assertion_key *c = open_key(other.certificate, other.key);
	assert_true(assertion_key_same(a, b));
	assert_false(assertion_key_same(a, c));
	assert_false(assertion_key_same(a, NULL));
	assert_true(assertion_key_same(NULL, NULL));
	assertion_key_free(a);
	assertion_key_free(b);
	assertion_key_free(c);
}

static void times_and_thumbprint_are_read(void **state)
{
	static const struct {
		const char *from, *to;
		int64_t begins_s, ends_s, warns_s;
	} rows[] = {
		{ "20260101000000Z", "20270101000000Z", 1767225600, 1798761600, 1798761600 - 30 * 86400 },
		{ "20260101000000Z", "20260102000000Z", 1767225600, 1767312000, 1767312000 - 21600 },
		{ "19691231235959Z", "20491231235959Z", -1, 2524607999, 2524607999 - 30 * 86400 },
		{ "20260101000000Z", "99991231235959Z", 1767225600, 253402300799, 253402300799 - 30 * 86400 },
	};
	unsigned char sha1[20];
	char hex[41];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		test_certificate(&other, rows[i].from, rows[i].to);
		struct assertion_key *k = open_key(other.certificate, other.key);

		assert_int_equal(assertion_key_begins_ms(k), rows[i].begins_s * 1000);
		assert_int_equal(assertion_key_ends_ms(k), rows[i].ends_s * 1000);
		assert_int_equal(assertion_key_warns_ms(k), rows[i].warns_s * 1000);
		assert_int_equal(X509_digest(other.x, EVP_sha1(), sha1, NULL), 1);
		for (int b = 0; b < 20; b++)
			snprintf(hex + 2 * b, 3, "%02X", sha1[b]);
		assert_string_equal(assertion_key_thumbprint(k), hex);
		assertion_key_free(k);
	}
}

static void what_is_wrong_is_said(void **state)
{
	struct test_key small, curve;
	char locked[4096], huge[ASSERTION_PEM_MAX + 2];
	BIO *b = BIO_new(BIO_s_mem());
	(void)state;

	test_key_of(&small, EVP_RSA_gen(1024));
	test_key_of(&curve, EVP_EC_gen("P-256"));
	assert_int_equal(PEM_write_bio_PrivateKey(b, rsa.pkey, EVP_aes_256_cbc(),
						  (const unsigned char *)"pass", 4, NULL, NULL), 1);
	test_pem(b, locked, sizeof(locked));
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	expect_refusal(rsa.certificate, other.key, "does not belong to the private key");
	expect_refusal(rsa.certificate, rsa.certificate, "holds no private key");
	expect_refusal(rsa.key, rsa.key, "holds no certificate");
	expect_refusal("", rsa.key, "holds no certificate");
	expect_refusal(rsa.certificate, "", "holds no private key");
	expect_refusal(rsa.certificate, huge, "holds no private key");
	expect_refusal(rsa.certificate, locked, "is encrypted");
	expect_refusal(small.certificate, small.key, "2048 bits or more");
	expect_refusal(curve.certificate, curve.key, "must be RSA");
	/* cut anywhere, it is refused and never half taken */
	for (size_t n = 0; n + 2 < strlen(rsa.certificate); n += 7) {
		char cut[4096];

		memcpy(cut, rsa.certificate, n);
		cut[n] = '\0';
		if (n + 30 < strlen(rsa.certificate))
			expect_refusal(cut, rsa.key, "holds no certificate");
	}
	test_key_fini(&small);
	test_key_fini(&curve);
}

static void another_owner_lives_on(void **state)
{
	struct assertion_key *k = open_key(rsa.certificate, rsa.key), *d = assertion_key_dup(k);
	const struct assertion a = { APP, PLACE, "i", 1790000000000, ASSERTION_PS256 };
	struct secret jws = { 0 };
	(void)state;

	assert_null(assertion_key_dup(NULL));
	assertion_key_free(k);
	assert_int_equal(assertion_write(d, &a, &jws), ERR_OK);
	struct parts p = split(&jws);
	assert_true(verifies(&p, rsa.pkey, true));
	secret_fini(&jws);
	assertion_key_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_are_what_entra_reads),
		cmocka_unit_test(any_length_is_encoded_whole),
		cmocka_unit_test(a_place_with_a_quote_stays_inside_its_text),
		cmocka_unit_test(the_certificate_of_the_key_is_found_among_several),
		cmocka_unit_test(times_and_thumbprint_are_read),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(another_owner_lives_on),
	};
	return cmocka_run_group_tests_name("proto/graph/assertion", tests, set_up, tear_down);
}
