/* The forms of single values: for each, what is taken and what is not. */
#include "test.h"

#include "proto/conf/value.h"

typedef bool form_h(struct slice s);

static void check(form_h *form, const char *const *good, const char *const *bad)
{
	for (; *good; good++)
		if (!form(slice_str(*good)))
			fail_msg("refused: %s", *good);
	for (; *bad; bad++)
		if (form(slice_str(*bad)))
			fail_msg("taken: %s", *bad);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void switches(void **state)
{
	static const char *const on[] = {"yes", "true", "on", "YES", "True"};
	static const char *const off[] = {"no", "false", "off", "No", "OFF"};
	static const char *const none[] = {"", "y", "1", "0", "yess", "nein"};
	bool v;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(on); i++)
		assert_true(value_switch(slice_str(on[i]), &v) && v);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		assert_true(value_switch(slice_str(off[i]), &v) && !v);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(value_switch(slice_str(none[i]), &v));
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"0s", 0},	     {"500ms", 500},   {"2m", 120000}, {"10m", 600000},
		    {"1h", 3600000}, {"1d", 86400000}, {"007s", 7000}, {"100d", 8640000000}};
	static const char *const bad[] = {"",
					  "5",
					  "s",
					  "5x",
					  "5 s",
					  "-5s",
					  "1.5h",
					  "1h30m",
					  "101d",
					  "5S",
					  "99999999999999999999s",
					  "9223372036854775807h"};
	int64_t ms;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(value_duration(slice_str(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (value_duration(slice_str(bad[i]), &ms))
			fail_msg("taken: %s", bad[i]);
}

static bool quota(struct slice s)
{
	struct conf_quota q;

	return value_quota(s, &q);
}

static bool address(struct slice s)
{
	struct conf_address a;

	return value_address(s, &a);
}

static bool url(struct slice s)
{
	return value_url(s, false);
}

static bool proxy(struct slice s)
{
	return value_url(s, true);
}

static void quotas_and_addresses(void **state)
{
	struct conf_address a;
	(void)state;

	check(quota, LIST("1500/30s", "10000/30s", "1/1s", "1000000/1h"),
	      LIST("", "1500", "1500/", "/30s", "0/30s", "1500/30", "1500/0s", "1500/2h",
		   "1000001/1s", "1/1s/1s"));
	check(address, LIST("127.0.0.1:8470", "[::1]:8470", "[::]:1", "0.0.0.0:65535"),
	      LIST("", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
		   "localhost:80", "::1:80", "[::1]", "[::1]80", "[::1:80", "[127.0.0.1]:80",
		   "1.2.3.4:80x", "1.2.3:80"));
	assert_true(value_address(SLICE_LIT("[::1]:8470"), &a));
	assert_string_equal(a.host, "::1");
	assert_int_equal(a.port, 8470);
	assert_true(value_address_is_loopback(&a));
	assert_true(value_address(SLICE_LIT("[::2]:8470"), &a));
	assert_false(value_address_is_loopback(&a));
	assert_true(value_address(SLICE_LIT("127.255.0.9:1"), &a));
	assert_true(value_address_is_loopback(&a));
	assert_true(value_address(SLICE_LIT("128.0.0.1:1"), &a));
	assert_false(value_address_is_loopback(&a));
}

static void names(void **state)
{
	(void)state;
	check(value_email,
	      LIST("ana@acme.example", "a@b", "o'neil+x@acme.example",
		   "ana.ort\xc3\xadz@acme.example", "a@xn--bcher-kva.example"),
	      LIST("", "ana", "@acme.example", "ana@", "ana@acme..example", "an a@acme.example",
		   "a@b@c", "ana@acme.example ", "ana@-acme", "\"a\"@b.c", "ana@acme.example\n",
		   "a\x80@b.c", "<a@b.c>",
		   "0123456789012345678901234567890123456789012345678901234567890123456789@b.c"));
	check(value_name, LIST("hq", "HQ-2_x.y", "0"),
	      LIST("", ".", "..", "a b", "a/b", "\xc3\xa9", "a\"b"));
	check(value_guid,
	      LIST("11111111-2222-3333-4444-555555555555", "ABCDEFab-cdef-ABCD-abcd-0123456789ab"),
	      LIST("", "11111111-2222-3333-4444-55555555555",
		   "11111111-2222-3333-4444-5555555555555", "g1111111-2222-3333-4444-555555555555",
		   "111111112-222-3333-4444-555555555555"));
	check(value_text, LIST("", "abc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"),
	      LIST("\x01", "a\tb", "\x7f", "\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
		   "\xf5\x80\x80\x80", "\xe2\x82"));
}

static void urls(void **state)
{
	(void)state;
	check(url,
	      LIST("https://graph.microsoft.com", "https://h:8443", "https://h/v1/x",
		   "http://127.0.0.1:9000", "http://localhost", "http://[::1]:5",
		   "https://10.0.0.1"),
	      LIST("", "https://", "https:///x", "http://graph.microsoft.com", "ftp://h",
		   "https://h/", "https://h:0", "https://h:99999", "https://h/a?b", "https://h/#x",
		   "https://h /", "https://u@h"));
	check(proxy, LIST("http://proxy.acme.example:3128", "https://proxy"),
	      LIST("proxy:3128", "http://", "http://p/"));
	check(value_host_port, LIST("pbx:5038", "10.0.0.1:5038", "[::1]:5038", "pbx", "[::1]"),
	      LIST("", "pbx:", ":5", "[::1]:", "p x:5", "pbx:0"));
	check(value_sip_uri,
	      LIST("sip:pbx", "sip:pbx:5070", "sips:pbx", "SIP:all@pbx.acme.example;transport=TCP",
		   "sip:[::1]:5060", "sip:a@[::1];transport=tls;lr"),
	      LIST("", "pbx", "sip:", "sip:@", "sip:pbx;transport=sctp", "sip:pbx;", "sip:a b@c",
		   "sip:pbx:0", "sip:a@", "sip:p bx", "tel:+4912", "sip:pbx;x=<y>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(switches),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(quotas_and_addresses),
	    cmocka_unit_test(names),
	    cmocka_unit_test(urls),
	};
	return cmocka_run_group_tests_name("proto/conf/value", tests, NULL, NULL);
}
