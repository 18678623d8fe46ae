#include "proto/sip/digest.h"

#include "test.h"

static struct sip_digest mufasa(uint8_t algorithm)
{
	return (struct sip_digest){
		.algorithm = algorithm,
		.qop_auth = true,
		.username = SLICE_LIT("Mufasa"),
		.realm = SLICE_LIT("http-auth@example.org"),
		.nonce = SLICE_LIT("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
		.cnonce = SLICE_LIT("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
		.method = SLICE_LIT("GET"),
		.uri = SLICE_LIT("/dir/index.html"),
		.nc = 1,
	};
}

/* RFC 7616 3.9.1 */
static void test_rfc7616(void **state)
{
	char hex[SIP_DIGEST_HEX];
	struct sip_digest d = mufasa(SIP_MD5);

	(void)state;
	assert_int_equal(sip_digest_response(&d, SLICE_LIT("Circle of Life"), hex), ERR_OK);
	assert_string_equal(hex, "8ca523f5e9506fed4657c9700eebdbec");
	d = mufasa(SIP_SHA256);
	assert_int_equal(sip_digest_response(&d, SLICE_LIT("Circle of Life"), hex), ERR_OK);
	assert_string_equal(hex,
			    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

/* RFC 2617 3.5, and its form without qop (RFC 2069) computed by hand with md5sum */
static void test_rfc2617(void **state)
{
	char hex[SIP_DIGEST_HEX];
	struct sip_digest d = {
		.qop_auth = true,
		.username = SLICE_LIT("Mufasa"),
		.realm = SLICE_LIT("testrealm@host.com"),
		.nonce = SLICE_LIT("dcd98b7102dd2f0e8b11d0f600bfb0c093"),
		.cnonce = SLICE_LIT("0a4f113b"),
		.method = SLICE_LIT("GET"),
		.uri = SLICE_LIT("/dir/index.html"),
		.nc = 1,
	};

	(void)state;
	assert_int_equal(sip_digest_response(&d, SLICE_LIT("Circle Of Life"), hex), ERR_OK);
	assert_string_equal(hex, "6629fae49393a05397450978507c4ef1");
	d.qop_auth = false;
	assert_int_equal(sip_digest_response(&d, SLICE_LIT("Circle Of Life"), hex), ERR_OK);
	assert_string_equal(hex, "670fd8c2df070c60b045671b8b24ff02");
}

static void test_sess_differs(void **state)
{
	char plain[SIP_DIGEST_HEX], sess[SIP_DIGEST_HEX];
	struct sip_digest d = mufasa(SIP_SHA256), s = mufasa(SIP_SHA256_SESS);

	(void)state;
	assert_int_equal(sip_digest_response(&d, SLICE_LIT("x"), plain), ERR_OK);
	assert_int_equal(sip_digest_response(&s, SLICE_LIT("x"), sess), ERR_OK);
	assert_int_equal(strlen(sess), 64);
	assert_string_not_equal(plain, sess);
}

static void test_challenge_asterisk(void **state)
{
	struct sip_challenge c;

	(void)state;
	assert_int_equal(
		sip_challenge_parse(SLICE_LIT("Digest realm=\"asterisk\",nonce=\"1795485495/ab5b\","
					      "opaque=\"0b041b\",algorithm=MD5,qop=\"auth\""),
				    &c),
		ERR_OK);
	assert_int_equal(c.algorithm, SIP_MD5);
	assert_true(c.qop_auth);
	assert_true(c.has_opaque);
	assert_false(c.stale);
	assert_slice(c.realm, "asterisk");
	assert_slice(c.nonce, "1795485495/ab5b");
	assert_slice(c.opaque, "0b041b");
}

static void test_challenge_odd_forms(void **state)
{
	struct sip_challenge c;

	(void)state;
	assert_int_equal(sip_challenge_parse(
				 SLICE_LIT("DIGEST  stale=TRUE , realm = \"a, b;c\",\r\n "
					   "nonce=\"n\" , qop=\"auth-int,AUTH\",algorithm=sha-256"),
				 &c),
			 ERR_OK);
	assert_true(c.stale);
	assert_true(c.qop_auth);
	assert_slice(c.realm, "a, b;c");
	assert_int_equal(c.algorithm, SIP_SHA256);
	assert_int_equal(sip_challenge_parse(SLICE_LIT("Digest realm=\"r\",nonce=\"n\""), &c),
			 ERR_OK);
	assert_int_equal(c.algorithm, SIP_MD5);
	assert_false(c.qop_auth);
}

static void test_challenge_refused(void **state)
{
	struct sip_challenge c;

	(void)state;
	assert_int_equal(sip_challenge_parse(SLICE_LIT("Basic realm=\"r\""), &c), ERR_MALFORMED);
	assert_int_equal(sip_challenge_parse(SLICE_LIT(""), &c), ERR_MALFORMED);
	assert_int_equal(sip_challenge_parse(SLICE_LIT("Digest"), &c), ERR_MALFORMED);
	assert_int_equal(sip_challenge_parse(SLICE_LIT("Digest realm=\"r\""), &c), ERR_MALFORMED);
	assert_int_equal(sip_challenge_parse(SLICE_LIT("Digest nonce=\"r\",realm=\"open"), &c),
			 ERR_OK);
	assert_int_equal(
		sip_challenge_parse(
			SLICE_LIT("Digest realm=\"r\",nonce=\"n\",algorithm=SHA-512-256"), &c),
		ERR_DENIED);
	assert_int_equal(sip_challenge_parse(
				 SLICE_LIT("Digest realm=\"r\",nonce=\"n\",qop=\"auth-int\""), &c),
			 ERR_DENIED);
	char big[SIP_NONCE_MAX + 64];
	memset(big, 'x', sizeof(big));
	memcpy(big, "Digest realm=\"r\",nonce=\"", 24);
	big[sizeof(big) - 1] = '"';
	assert_int_equal(sip_challenge_parse(slice_of(big, sizeof(big)), &c), ERR_LIMIT);
}

/* What we write, the other side reads and finds right; each changed field makes it wrong. */
static void test_credentials_round(void **state)
{
	struct buf b;
	struct sip_credentials c;

	(void)state;
	for (uint8_t alg = 0; alg < SIP_ALGORITHM_COUNT; alg++) {
		for (int qop = 0; qop < 2; qop++) {
			struct sip_digest d = mufasa(alg);

			d.qop_auth = qop;
			d.method = SLICE_LIT("SUBSCRIBE");
			d.uri = SLICE_LIT("sip:201@pbx");
			d.nc = 0xabcdef;
			buf_init(&b, 4096);
			assert_int_equal(
				sip_put_digest(&b, &d, SLICE_LIT("op"), true, SLICE_LIT("pw")),
				ERR_OK);
			assert_int_equal(sip_credentials_parse(buf_view(&b), &c), ERR_OK);
			assert_slice(c.digest.username, "Mufasa");
			assert_slice(c.opaque, "op");
			assert_int_equal(c.digest.nc, qop ? 0xabcdef : 0);
			assert_true(
				sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("pw")));
			assert_false(
				sip_credentials_match(&c, SLICE_LIT("NOTIFY"), SLICE_LIT("pw")));
			assert_false(
				sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("pq")));
			c.digest.uri = SLICE_LIT("sip:202@pbx");
			assert_false(
				sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("pw")));
			buf_fini(&b);
		}
	}
}

static void test_token(void **state)
{
	(void)state;
	assert_true(sip_token(1, 1) == sip_token(1, 1));
	assert_true(sip_token(1, 1) != sip_token(1, 2));
	assert_true(sip_token(1, 1) != sip_token(2, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc7616),
		cmocka_unit_test(test_rfc2617),
		cmocka_unit_test(test_sess_differs),
		cmocka_unit_test(test_challenge_asterisk),
		cmocka_unit_test(test_challenge_odd_forms),
		cmocka_unit_test(test_challenge_refused),
		cmocka_unit_test(test_credentials_round),
		cmocka_unit_test(test_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
