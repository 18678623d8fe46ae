#include "test.h"

#include "admin/auth/origin.h"

#define OURS ORIGIN_OURS
#define FOREIGN ORIGIN_FOREIGN
#define NONE ORIGIN_NONE

static void verdicts(void **state)
{
	static const char public[] = "https://offhook.acme.example/";
	static const struct {
		const char *origin, *site, *host, *url;
		bool tls;
		enum origin_verdict wanted;
	} rows[] = {
		{ "http://localhost:8470", NULL, "localhost:8470", "", false, OURS },
		{ "HTTP://LocalHost:8470", NULL, "localhost:8470", "", false, OURS },
		{ "https://localhost:8470", NULL, "localhost:8470", "", true, OURS },
		/* another scheme, port or host; a part of ours; ours in front of another's */
		{ "https://localhost:8470", NULL, "localhost:8470", "", false, FOREIGN },
		{ "http://localhost:8470", NULL, "localhost:8470", "", true, FOREIGN },
		{ "http://localhost:8471", NULL, "localhost:8470", "", false, FOREIGN },
		{ "http://localhost", NULL, "localhost:8470", "", false, FOREIGN },
		{ "http://localhost:8470.evil.example", NULL, "localhost:8470", "", false,
		  FOREIGN },
		{ "http://evil.example", NULL, "localhost:8470", "", false, FOREIGN },
		{ "http://", NULL, "localhost:8470", "", false, FOREIGN },
		{ "http://", NULL, NULL, "", false, FOREIGN },
		{ "null", NULL, "localhost:8470", "", false, FOREIGN },
		{ "", NULL, "localhost:8470", "", false, FOREIGN },
		/* by the public address, in front of which somebody speaks TLS */
		{ "https://offhook.acme.example", NULL, "127.0.0.1:8470", public, false, OURS },
		{ "https://offhook.acme.example", NULL, "offhook.acme.example", public, false,
		  OURS },
		{ "http://offhook.acme.example", NULL, "127.0.0.1:8470", public, false, FOREIGN },
		{ "https://offhook.acme.example:444", NULL, "127.0.0.1:8470", public, false,
		  FOREIGN },
		/* what the browser says of itself, when there is no Origin */
		{ NULL, "same-origin", "localhost:8470", "", false, OURS },
		{ NULL, "none", "localhost:8470", "", false, OURS },
		{ NULL, "same-site", "localhost:8470", "", false, FOREIGN },
		{ NULL, "cross-site", "localhost:8470", "", false, FOREIGN },
		{ NULL, "", "localhost:8470", "", false, FOREIGN },
		{ "http://evil.example", "same-origin", "localhost:8470", "", false, FOREIGN },
		{ NULL, NULL, "localhost:8470", "", false, NONE },
		{ NULL, NULL, "localhost:8470", public, true, NONE },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct origin o = { .origin = rows[i].origin,
				    .site = rows[i].site,
				    .host = rows[i].host,
				    .url = rows[i].url,
				    .tls = rows[i].tls };

		if (origin_of(&o) != rows[i].wanted)
			fail_msg("row %zu: %d", i, origin_of(&o));
	}
}

static void origins_of_urls(void **state)
{
	(void)state;
	assert_slice(url_origin(slice_str("https://a.example")), "https://a.example");
	assert_slice(url_origin(slice_str("https://a.example/")), "https://a.example");
	assert_slice(url_origin(slice_str("HTTPS://a.example:8443/x/y")), "HTTPS://a.example:8443");
	assert_slice(url_origin(slice_str("http://[::1]:80/x")), "http://[::1]:80");
	assert_slice(url_origin(slice_str("")), "");
	assert_slice(url_origin(slice_str("https://")), "");
	assert_slice(url_origin(slice_str("https:///x")), "");
	assert_slice(url_origin(slice_str("a.example")), "");
	assert_slice(url_origin(slice_str("ftp://a.example")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(origins_of_urls),
	};
	return cmocka_run_group_tests_name("admin/auth/origin", tests, NULL, NULL);
}
