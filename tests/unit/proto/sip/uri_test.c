#include "proto/sip/uri.h"

#include "test.h"

static struct sip_uri ok(const char *text)
{
	struct sip_uri u;

	assert_int_equal(sip_uri_parse(slice_str(text), &u), ERR_OK);
	return u;
}

static void test_forms(void **state)
{
	struct sip_uri u = ok("sip:alice:secret@[2001:db8::9]:5070;transport=tcp;lr?subject=x@y");

	(void)state;
	assert_slice(u.scheme, "sip");
	assert_slice(u.user, "alice");
	assert_slice(u.password, "secret");
	assert_slice(u.host, "2001:db8::9");
	assert_int_equal(u.port, 5070);
	assert_slice(u.params, "transport=tcp;lr");
	assert_slice(u.headers, "subject=x@y");
	u = ok("SIPS:pbx.example");
	assert_true(sip_uri_is_sip(&u));
	assert_int_equal(u.user.n, 0);
	assert_slice(u.host, "pbx.example");
	assert_int_equal(u.port, 0);
	/* RFC 4475 3.1.1.9: ';' in the user part */
	u = ok("sip:user;par=u%40example.net@example.com");
	assert_slice(u.user, "user;par=u%40example.net");
	assert_slice(u.host, "example.com");
	u = ok("tel:+41-31-555;ext=7");
	assert_slice(u.user, "+41-31-555");
	assert_slice(u.params, "ext=7");
	u = ok("sip:127.0.0.1:15060");
	assert_int_equal(u.port, 15060);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",	     "sip",	     "sip:",	   "sip:@host",	    ":a",
		"sip:a@",    "sip:a@h:",     "sip:a@h:0",  "sip:a@h:65536", "sip:a@h:1x",
		"sip:a@[::", "sip:a@[::1]x", "http://a/",  "sip:a b@h",	    "sip:a@h>",
		"sip:a@h\r", "tel:",	     "sip:a@ho$t", "sip:a@[zz]",    "sip:a@h:123456",
	};
	struct sip_uri u;
	char big[SIP_URI_MAX + 8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sip_uri_parse(slice_str(bad[i]), &u), ERR_MALFORMED);
	memset(big, 'a', sizeof(big));
	memcpy(big, "sip:", 4);
	assert_int_equal(sip_uri_parse(slice_of(big, sizeof(big)), &u), ERR_LIMIT);
}

static void test_users(void **state)
{
	struct buf b;

	(void)state;
	assert_true(sip_user_eq(SLICE_LIT("2%301"), SLICE_LIT("201")));
	assert_true(sip_user_hash(SLICE_LIT("2%301"), 5) == sip_user_hash(SLICE_LIT("201"), 5));
	assert_false(sip_user_eq(SLICE_LIT("201"), SLICE_LIT("2011")));
	assert_false(sip_user_eq(SLICE_LIT("Ana"), SLICE_LIT("ana")));
	buf_init(&b, 100);
	sip_put_user(&b, SLICE_LIT("*72#a b%41\xc3"));
	assert_string_equal(buf_cstr(&b), "*72%23a%20b%41%C3");
	buf_reset(&b);
	sip_put_host(&b, SLICE_LIT("::1"), 5060);
	sip_put_host(&b, SLICE_LIT("h"), 0);
	assert_string_equal(buf_cstr(&b), "[::1]:5060h");
	buf_fini(&b);
}

static void test_addr(void **state)
{
	struct sip_addr a;
	struct slice v;

	(void)state;
	assert_int_equal(
		sip_addr_parse(SLICE_LIT("\"A \\\" <x>;\" <sip:a@b;lr>;tag=\"1 2\";q"), &a),
		ERR_OK);
	assert_slice(a.uri, "sip:a@b;lr");
	assert_true(sip_param(a.params, "TAG", &v));
	assert_slice(v, "1 2");
	assert_true(sip_param(a.params, "q", &v));
	assert_int_equal(v.n, 0);
	assert_false(sip_param(a.params, "lr", &v));
	assert_int_equal(sip_addr_parse(SLICE_LIT("sip:a@b;tag=5"), &a), ERR_OK);
	assert_slice(a.uri, "sip:a@b");
	assert_slice(a.params, "tag=5");
	assert_int_equal(sip_addr_parse(SLICE_LIT("<sip:a@b> junk"), &a), ERR_MALFORMED);
	assert_int_equal(sip_addr_parse(SLICE_LIT("\"open <sip:a@b>"), &a), ERR_MALFORMED);
	assert_int_equal(sip_addr_parse(SLICE_LIT("<>"), &a), ERR_MALFORMED);
	assert_int_equal(sip_addr_parse(SLICE_LIT(""), &a), ERR_MALFORMED);
}

static void test_list(void **state)
{
	struct slice rest = SLICE_LIT(" <sip:a@b,c>;x=\"1,2\" ,d, ,e"), part;

	(void)state;
	assert_true(sip_list_next(&rest, ',', &part));
	assert_slice(part, "<sip:a@b,c>;x=\"1,2\"");
	assert_true(sip_list_next(&rest, ',', &part));
	assert_slice(part, "d");
	assert_true(sip_list_next(&rest, ',', &part));
	assert_int_equal(part.n, 0);
	assert_true(sip_list_next(&rest, ',', &part));
	assert_slice(part, "e");
	assert_false(sip_list_next(&rest, ',', &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_users), cmocka_unit_test(test_addr),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
