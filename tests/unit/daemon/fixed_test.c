/* What a reload cannot bring into force, it says. */
#include "daemon/fixed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

static const struct conf_server before = { .listen = { "127.0.0.1", 8470 }, .socket = "/run/offhook/api.sock",
					   .tls = { "", "" }, .data = "/var/lib/offhook", .capacity = 10000,
					   .url = "" };

static void assert_says(const struct conf_server *now, const char *key)
{
	struct fixed f;
	struct buf said;
	char start[64];

	fixed_init(&f, &before);
	buf_init(&said, 4096);
	fixed_say(&f, now, &said);
	snprintf(start, sizeof(start), "server.%s is another one now", key ? key : "");
	if (key)
		assert_ptr_equal(strstr(buf_cstr(&said), start), buf_cstr(&said));
	assert_int_equal(slice_find(buf_view(&said), '\n') + 1 == buf_view(&said).n, key != NULL);
	buf_fini(&said);
}

static void each_key_is_named_and_nothing_else(void **state)
{
	struct conf_server s = before;
	(void)state;

	s.log = CONF_LOG_DEBUG;
	s.open_read = true;
	s.audit_days = 3;
	assert_says(&s, NULL);
	s = before, s.listen.port = 8471;
	assert_says(&s, "listen");
	s = before, s.listen = (struct conf_address){ "::1", 8470 };
	assert_says(&s, "listen");
	s = before, s.socket = "/tmp/x";
	assert_says(&s, "socket");
	s = before, s.data = "/srv";
	assert_says(&s, "data");
	s = before, s.capacity = 10001;
	assert_says(&s, "capacity");
	s = before, s.url = "https://offhook.acme.example";
	assert_says(&s, "url");
	s = before, s.tls = (struct conf_tls){ "/nowhere.pem", "/nowhere.key" };
	assert_says(&s, "tls");
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A renewed certificate stands in the file of before. */
static void a_certificate_counts_by_what_it_is(void **state)
{
	char path[] = "/tmp/offhook-fixed-XXXXXX";
	struct conf_server s = before;
	uint64_t one;
	int fd = mkstemp(path);
	(void)state;

	assert_true(fd >= 0);
	close(fd);
	put(path, "one");
	s.tls = (struct conf_tls){ path, path };
	one = fixed_certificate(&s);
	assert_true(one == fixed_certificate(&s));
	put(path, "two");
	assert_true(one != fixed_certificate(&s));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_is_named_and_nothing_else),
		cmocka_unit_test(a_certificate_counts_by_what_it_is),
	};
	return cmocka_run_group_tests_name("daemon/fixed", tests, NULL, NULL);
}
