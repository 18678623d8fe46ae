/* /api/v1/events over real sockets, TLS, and a certificate that changes. */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "harness.h"

static struct harness h;
static size_t await_n; /* bytes the last await() has read */

/* Reads until the text is there, or gives up after minutes. */
static bool await(int fd, char *all, size_t cap, const char *wanted)
{
	int64_t end = harness_mono_ms() + 180000;
	size_t n = strlen(all);

	while (!strstr(all, wanted) && harness_mono_ms() < end && n < cap - 1) {
		ssize_t got = recv(fd, all + n, cap - 1 - n, 0);

		if (got <= 0)
			break;
		n += (size_t)got;
		all[n] = '\0';
	}
	await_n = n;
	return strstr(all, wanted) != NULL;
}

static int watch(char *all, size_t cap, const char *path)
{
	int fd = harness_begin(&h, false, "GET", path, NULL);

	all[0] = '\0';
	assert_true(await(fd, all, cap, "event: hello"));
	assert_non_null(strstr(all, "text/event-stream"));
	return fd;
}

static void changes_arrive(void **state)
{
	static char all[1 << 20];
	struct harness_options o = {.users = 10};
	int fd;
	(void)state;

	harness_start(&h, &o);
	fd = watch(all, sizeof(all), "/api/v1/events");
	assert_true(await(fd, all, sizeof(all), "event: health"));
	all[0] = '\0';
	for (unsigned step = 1; step < 4; step++) {
		char wanted[40];

		harness_user(&h, 3, step);
		snprintf(wanted, sizeof(wanted), "u3@acme.example");
		assert_true(await(fd, all, sizeof(all), wanted));
		all[0] = '\0';
	}
	admin_remove_user(h.admin, 3);
	assert_true(await(fd, all, sizeof(all), "{\"id\":3,\"gone\":true}"));
	close(fd);
	harness_stop(&h);
}

/* As browsers ask for it; without chunks of HTTP, which are not this test's matter: HTTP/1.0. */
static void gzip_for_who_takes_it(void **state)
{
	static const char ask[] = "GET /api/v1/events HTTP/1.0\r\nHost: 127.0.0.1\r\n"
				  "Accept-Encoding: br, gzip\r\n\r\n";
	static char bytes[1 << 16], text[1 << 16];
	z_stream z = {.next_out = (Bytef *)text, .avail_out = sizeof(text) - 1};
	struct harness_options o = {.users = 10};
	int64_t end = harness_mono_ms() + 180000;
	size_t n = 0;
	ssize_t got = 1;
	char *body;
	int fd, last = Z_OK;
	(void)state;

	harness_start(&h, &o);
	fd = harness_connect(&h, false);
	assert_int_equal(send(fd, ask, sizeof(ask) - 1, 0), sizeof(ask) - 1);
	assert_true(await(fd, bytes, sizeof(bytes), "\r\n\r\n"));
	assert_non_null(strstr(bytes, "Content-Encoding: gzip"));
	body = strstr(bytes, "\r\n\r\n") + 4;
	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	/* whatever came with the header; it has zeros, but only the header was searched as text */
	n = await_n;
	z.next_in = (Bytef *)body;
	z.avail_in = (uInt)(n - (size_t)(body - bytes));
	while (last == Z_OK && !strstr(text, "u3@acme.example") && harness_mono_ms() < end) {
		inflate(&z, Z_SYNC_FLUSH);
		if (strstr(text, "event: health"))
			harness_user(&h, 3, 1);
		if (!strstr(text, "u3@acme.example") && (got = recv(fd, bytes, sizeof(bytes), 0)) <= 0)
			break;
		z.next_in = (Bytef *)bytes;
		z.avail_in = (uInt)got;
	}
	assert_non_null(strstr(text, "event: hello"));
	assert_non_null(strstr(text, "u3@acme.example"));
	harness_stop(&h); /* the stream ends as gzip ends */
	while (last == Z_OK && (got = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		z.next_in = (Bytef *)bytes;
		z.avail_in = (uInt)got;
		last = inflate(&z, Z_SYNC_FLUSH);
	}
	assert_int_equal(last, Z_STREAM_END);
	inflateEnd(&z);
	close(fd);
}

/* What this thread has worked so far, whatever else the machine does. */
static int64_t own_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Two hundred browsers, some of which never read: the loop's puts stay quick and wait for none of them,
 * everybody is told. */
static void many_watchers(void **state)
{
	enum { WATCHERS = 200 };
	static char all[WATCHERS][1 << 16];
	struct harness_options o = {.users = 50};
	int fds[WATCHERS];
	int64_t begin;
	(void)state;

	harness_start(&h, &o);
	for (int i = 0; i < WATCHERS; i++)
		fds[i] = watch(all[i], sizeof(all[i]), "/api/v1/events?account=acme");
	begin = own_ms();
	for (uint32_t i = 0; i < 50; i++)
		harness_user(&h, i, 7);
	assert_true(own_ms() - begin < 1000);
	for (int i = 0; i < WATCHERS; i += 2) {
		assert_true(await(fds[i], all[i], sizeof(all[i]), "u48@acme.example"));
		assert_null(strstr(all[i], "umbrella.example"));
	}
	for (int i = 0; i < WATCHERS; i++)
		close(fds[i]);
	harness_stop(&h);
}

static void a_daemon_stops_with_watchers(void **state)
{
	static char all[1 << 16];
	int fd;
	(void)state;

	harness_start(&h, NULL);
	fd = watch(all, sizeof(all), "/api/v1/events");
	harness_stop(&h);
	assert_false(await(fd, all, sizeof(all), "never said"));
	close(fd);
}

/* ---- TLS ---- */

struct pair {
	char certificate[4096], key[4096];
};

static void bio_text(BIO *bio, char *dst, size_t cap)
{
	int n = BIO_read(bio, dst, (int)cap - 1);

	dst[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static void make_pair(const char *name, struct pair *ret)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	char names[100];
	BIO *bio;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	snprintf(names, sizeof(names), "DNS:%s", name);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	bio_text(bio, ret->certificate, sizeof(ret->certificate));
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	bio_text(bio, ret->key, sizeof(ret->key));
	X509_free(x);
	EVP_PKEY_free(key);
}

/* GET /healthz over TLS; the name on the certificate shown goes to name. */
static int tls_status(const char *host, int version, char *name, size_t cap)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	int fd = harness_connect(&h, false), status = 0;
	char ask[200], answer[2000] = "";
	X509 *x;

	SSL_set_fd(ssl, fd);
	if (version)
		SSL_set_max_proto_version(ssl, version);
	SSL_set_security_level(ssl, 0);
	name[0] = '\0';
	if (SSL_connect(ssl) == 1) {
		x = SSL_get0_peer_certificate(ssl);
		X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, (int)cap);
		snprintf(ask, sizeof(ask),
			 "GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
		SSL_write(ssl, ask, (int)strlen(ask));
		if (SSL_read(ssl, answer, sizeof(answer) - 1) > 12)
			status = (int)strtol(answer + 9, NULL, 10);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return status;
}

static void tls_and_its_names(void **state)
{
	static struct pair first, second, third;
	struct harness_options o = {.certificate = first.certificate, .key = first.key};
	char name[64];
	(void)state;

	make_pair("offhook.acme.example", &first);
	make_pair("new.acme.example", &second);
	make_pair("other.acme.example", &third);
	harness_start(&h, &o);
	assert_int_equal(tls_status("offhook.acme.example", 0, name, sizeof(name)), 200);
	assert_string_equal(name, "offhook.acme.example");
	assert_int_equal(tls_status("localhost", 0, name, sizeof(name)), 200);
	assert_int_equal(tls_status("evil.example", 0, name, sizeof(name)), 421);
	assert_int_equal(tls_status("localhost", TLS1_1_VERSION, name, sizeof(name)), 0);
	admin_set_certificate(h.admin, second.certificate, second.key);
	for (int i = 0; i < 200 && strcmp(name, "new.acme.example") != 0; i++)
		tls_status("new.acme.example", 0, name, sizeof(name));
	assert_int_equal(tls_status("new.acme.example", 0, name, sizeof(name)), 200);
	assert_string_equal(name, "new.acme.example");
	assert_int_equal(tls_status("offhook.acme.example", 0, name, sizeof(name)), 421);
	/* a pair that does not fit changes nothing */
	admin_set_certificate(h.admin, third.certificate, first.key);
	for (int i = 0; i < 20; i++)
		tls_status("localhost", 0, name, sizeof(name));
	assert_int_equal(tls_status("localhost", 0, name, sizeof(name)), 200);
	assert_string_equal(name, "new.acme.example");
	harness_stop(&h);
}

static void plain_http_to_the_tls_port(void **state)
{
	static struct pair pair;
	struct harness_options o = {
	    .certificate = pair.certificate, .key = pair.key, .request_ms = 3000};
	struct reply r;
	(void)state;

	make_pair("offhook.acme.example", &pair);
	harness_start(&h, &o);
	harness_ask(&h, false, "GET", "/healthz", NULL, &r);
	assert_int_equal(r.status, 0);
	reply_fini(&r);
	harness_ask(&h, true, "GET", "/healthz", NULL, &r);
	assert_int_equal(r.status, 200);
	reply_fini(&r);
	harness_stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_arrive),
	    cmocka_unit_test(gzip_for_who_takes_it),
	    cmocka_unit_test(many_watchers),
	    cmocka_unit_test(a_daemon_stops_with_watchers),
	    cmocka_unit_test(tls_and_its_names),
	    cmocka_unit_test(plain_http_to_the_tls_port),
	};
	return cmocka_run_group_tests_name("admin/stream", tests, NULL, NULL);
}
