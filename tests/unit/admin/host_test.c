#include "test.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "admin/host.h"

static X509 *certificate;

/* Self-signed, with names; the signature does not matter here. */
static int make_certificate(void **state)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	(void)state;

	certificate = X509_new();
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name,
				  "DNS:offhook.acme.example,DNS:*.wild.example,IP:192.0.2.7");
	X509_add_ext(certificate, ext, -1);
	X509_EXTENSION_free(ext);
	return 0;
}

static int free_certificate(void **state)
{
	(void)state;
	X509_free(certificate);
	return 0;
}

static void table(void **state)
{
	static const struct {
		const char *host, *local;
		bool with_certificate, ours;
	} rows[] = {
	    {"127.0.0.1", "127.0.0.1", false, true},
	    {"127.0.0.1:8470", "127.0.0.1", false, true},
	    {"localhost:8470", "127.0.0.1", false, true},
	    {"LocalHost", "::1", false, true},
	    {"[::1]:8470", "::1", false, true},
	    {"[0:0:0:0:0:0:0:1]", "::1", false, true},
	    {" localhost ", "127.0.0.1", false, true},
	    {"localhost", "192.0.2.1", false, false},
	    {"evil.example", "127.0.0.1", false, false},
	    {"evil.example:8470", "127.0.0.1", true, false},
	    {"127.0.0.1.evil.example", "127.0.0.1", false, false},
	    {"localhost.evil.example", "127.0.0.1", false, false},
	    {"127.0.0.2", "127.0.0.1", false, false},
	    {"[::1", "::1", false, false},
	    {"::1", "::1", false, false},
	    {"localhost:", "127.0.0.1", false, false},
	    {"localhost:x", "127.0.0.1", false, false},
	    {"localhost:99999", "127.0.0.1", false, false},
	    {"localhost@evil.example", "127.0.0.1", false, false},
	    {"", "127.0.0.1", false, false},
	    {":8470", "127.0.0.1", false, false},
	    {"offhook.acme.example", "192.0.2.1", true, true},
	    {"offhook.acme.example:443", "192.0.2.1", true, true},
	    {"offhook.acme.example", "192.0.2.1", false, false},
	    {"a.wild.example", "192.0.2.1", true, true},
	    {"a.b.wild.example", "192.0.2.1", true, false},
	    {".acme.example", "192.0.2.1", true, false},
	    {"192.0.2.7", "10.0.0.1", true, true},
	    {"192.0.2.8", "10.0.0.1", true, false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (host_is_ours(slice_str(rows[i].host), slice_str(rows[i].local),
				 rows[i].with_certificate ? certificate : NULL) != rows[i].ours)
			fail_msg("%s on %s", rows[i].host, rows[i].local);
}

static void longer_than_a_name_can_be(void **state)
{
	char host[2000];
	(void)state;

	memset(host, 'a', sizeof(host));
	assert_false(
	    host_is_ours(slice_of(host, sizeof(host)), SLICE_LIT("127.0.0.1"), certificate));
	assert_false(host_is_ours(slice_of("local\0host", 10), SLICE_LIT("127.0.0.1"), NULL));
}

static void listen_addresses(void **state)
{
	char host[64];
	uint16_t port;
	(void)state;

	assert_int_equal(host_split(SLICE_LIT("127.0.0.1:8470"), host, sizeof(host), &port),
			 ERR_OK);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 8470);
	assert_int_equal(host_split(SLICE_LIT("[::1]:0"), host, sizeof(host), &port), ERR_OK);
	assert_string_equal(host, "::1");
	assert_int_equal(host_split(SLICE_LIT("localhost:1"), host, sizeof(host), &port), ERR_OK);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(host_split(SLICE_LIT("127.0.0.1"), host, sizeof(host), &port),
			 ERR_MALFORMED);
	assert_int_equal(host_split(SLICE_LIT("127.0.0.1:65536"), host, sizeof(host), &port),
			 ERR_MALFORMED);
	assert_int_equal(host_split(SLICE_LIT(":80"), host, sizeof(host), &port), ERR_MALFORMED);
	assert_true(host_is_loopback(SLICE_LIT("127.8.9.1")));
	assert_true(host_is_loopback(SLICE_LIT("::1")));
	assert_false(host_is_loopback(SLICE_LIT("0.0.0.0")));
	assert_false(host_is_loopback(SLICE_LIT("::")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table),
	    cmocka_unit_test(longer_than_a_name_can_be),
	    cmocka_unit_test(listen_addresses),
	};
	return cmocka_run_group_tests_name("admin/host", tests, make_certificate, free_certificate);
}
