/* A certificate made here is one that signs in, and lasts as long as it says. */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "admin/certificate.h"
#include "proto/graph/assertion.h"

#define NOW INT64_C(1795900000000)

static X509 *read_back(const struct certificate *c)
{
	BIO *b = BIO_new_mem_buf(c->pem, -1);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);

	BIO_free(b);
	assert_non_null(x);
	return x;
}

static void it_signs_in(void **state)
{
	struct certificate c;
	struct assertion_key *k;
	struct secret signed_text = {0};
	char why[200] = "";
	(void)state;

	assert_int_equal(certificate_make(&c, "Offhook acme", NOW), ERR_OK);
	assert_int_equal(assertion_key_new(&k, slice_str(c.pem), secret_expose(&c.key), why, sizeof(why)),
			 ERR_OK);
	assert_string_equal(assertion_key_thumbprint(k), c.sha1);
	assert_int_equal(assertion_key_ends_ms(k), c.ends_wall_ms);
	assert_int_equal(c.ends_wall_ms, NOW + INT64_C(730) * 86400000);
	assert_int_equal(assertion_key_begins_ms(k), NOW - 300000);
	const struct assertion a = {"99999999-8888-7777-6666-555555555555", "https://login.example/token",
				    "id", NOW, ASSERTION_PS256};
	assert_int_equal(assertion_write(k, &a, &signed_text), ERR_OK);
	secret_fini(&signed_text);
	assertion_key_free(k);
	certificate_fini(&c);
}

static void it_is_self_signed_and_no_ca(void **state)
{
	struct certificate c;
	char name[100];
	(void)state;

	assert_int_equal(certificate_make(&c, "Offhook acme", NOW), ERR_OK);
	X509 *x = read_back(&c);
	EVP_PKEY *key = X509_get0_pubkey(x);
	assert_int_equal(EVP_PKEY_get_bits(key), 3072);
	assert_int_equal(X509_verify(x, key), 1);
	assert_int_equal(X509_check_ca(x), 0);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof(name));
	assert_string_equal(name, "Offhook acme");
	assert_int_equal(strlen(c.sha256), 64);
	assert_null(strstr(c.pem, "PRIVATE"));
	X509_free(x);
	certificate_fini(&c);
}

static void never_the_same_twice(void **state)
{
	struct certificate a, b;
	(void)state;

	assert_int_equal(certificate_make(&a, "x", NOW), ERR_OK);
	assert_int_equal(certificate_make(&b, "x", NOW), ERR_OK);
	assert_string_not_equal(a.sha256, b.sha256);
	assert_false(slice_eq(secret_expose(&a.key), secret_expose(&b.key)));
	certificate_fini(&a);
	certificate_fini(&b);
}

static void a_name_that_is_too_long(void **state)
{
	struct certificate c;
	char name[66];
	(void)state;

	memset(name, 'n', 65);
	name[65] = '\0';
	assert_int_equal(certificate_make(&c, name, NOW), ERR_LIMIT);
}

static void it_is_read_back(void **state)
{
	struct certificate c, again;
	char twice[2 * CERTIFICATE_PEM_MAX];
	(void)state;

	assert_int_equal(certificate_make(&c, "Offhook acme", NOW), ERR_OK);
	snprintf(twice, sizeof(twice), "some words before\n%s%.*s", c.pem, SLICE_ARG(secret_expose(&c.key)));
	assert_int_equal(certificate_read(&again, slice_str(twice)), ERR_OK);
	assert_string_equal(again.pem, c.pem);
	assert_string_equal(again.sha1, c.sha1);
	assert_string_equal(again.sha256, c.sha256);
	assert_int_equal(again.ends_wall_ms, c.ends_wall_ms);
	assert_false(secret_is_set(&again.key));
	assert_int_equal(certificate_read(&again, secret_expose(&c.key)), ERR_MALFORMED);
	assert_int_equal(certificate_read(&again, SLICE_LIT("")), ERR_MALFORMED);
	certificate_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_signs_in),
	    cmocka_unit_test(it_is_self_signed_and_no_ca),
	    cmocka_unit_test(never_the_same_twice),
	    cmocka_unit_test(a_name_that_is_too_long),
	    cmocka_unit_test(it_is_read_back),
	};
	return cmocka_run_group_tests_name("admin/certificate", tests, NULL, NULL);
}
