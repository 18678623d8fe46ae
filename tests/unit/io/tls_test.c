#include "io_test.h"

#include "certs.h"

struct secure {
	struct bench b;
	struct certs certs;
	struct side server, client;
	size_t want;
};

static int set_up(void **state)
{
	struct secure *s = calloc(1, sizeof(*s));

	bench_open(&s->b);
	certs_open(&s->certs);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct secure *s = *state;

	side_close(&s->client);
	side_close(&s->server);
	loop_free(s->b.loop);
	certs_close(&s->certs);
	free(s);
	return 0;
}

static void listen_as(struct secure *s, const char *certificate_file)
{
	const struct channel_tls tls = {.certificate_file = certificate_file,
					.key_file = s->certs.key_file};

	side_listen(&s->b, &s->server, CHANNEL_TLS, &tls);
	s->server.echo = true;
}

static void connect_as(struct secure *s, const char *host, const char *name, const char *ca_file)
{
	const struct channel_spec spec = {.transport = CHANNEL_TLS,
					  .host = host,
					  .port = s->server.local.port,
					  .tls = {.name = name, .ca_file = ca_file}};

	assert_int_equal(
	    channel_connect(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client), ERR_OK);
}

static void refused_with(struct secure *s, const char *words)
{
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_string_equal(s->client.why, words);
	assert_int_equal(s->client.connected_n, 0);
}

static bool client_has_all(void *arg)
{
	struct secure *s = arg;

	return s->client.bytes_n >= s->want;
}

static void talks(struct secure *s)
{
	static char block[200000];

	RUN_UNTIL(&s->b, side_is_up, &s->client);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 251);
	s->want = sizeof(block);
	assert_int_equal(channel_send(s->client.c, slice_of(block, sizeof(block)), NULL), ERR_OK);
	RUN_UNTIL(&s->b, client_has_all, s);
	assert_int_equal(s->client.bytes_n, sizeof(block));
	assert_memory_equal(s->client.got, block, sizeof(s->client.got));
}

static const char *leaf(struct secure *s, const char *san)
{
	return certs_make(&s->certs, "leaf.pem", san, s->certs.ca, HOURS_AGO, IN_A_DAY);
}

static void a_name_that_fits_is_accepted(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "DNS:localhost"));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	talks(s);
}

static void an_address_that_fits_is_accepted(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "IP:127.0.0.1"));
	connect_as(s, "127.0.0.1", "", s->certs.ca_file);
	talks(s);
}

/* SIP: the domain counts, not where its SRV record led. */
static void the_name_asked_for_may_differ_from_the_host(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "DNS:pbx.acme.example"));
	connect_as(s, "127.0.0.1", "pbx.acme.example", s->certs.ca_file);
	talks(s);
}

static void a_wrong_name_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s,
		  leaf(s, "DNS:other.example,DNS:*.more.example,IP:192.0.2.1,DNS:fourth.example"));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	refused_with(s,
		     "certificate is for other.example, *.more.example, 192.0.2.1, not localhost");
}

static void a_wrong_address_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "DNS:127.0.0.1,IP:192.0.2.1"));
	connect_as(s, "127.0.0.1", NULL, s->certs.ca_file);
	refused_with(s, "certificate is for 127.0.0.1, 192.0.2.1, not 127.0.0.1");
}

static void the_common_name_is_no_name_when_there_are_others(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "email:a@localhost"));
	connect_as(s, "the server", NULL, s->certs.ca_file);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_int_equal(s->client.connected_n, 0);
}

static void names_in_certificates_are_shown_harmless(void **state)
{
	struct secure *s = *state;
	X509 *x =
	    cert_new(&s->certs, "evil\x1b[2J\nname", "email:a@b", s->certs.ca, HOURS_AGO, IN_A_DAY);
	char path[128];

	snprintf(path, sizeof(path), "%s/evil.pem", s->certs.folder);
	cert_write(x, path);
	X509_free(x);
	listen_as(s, path);
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	refused_with(s, "certificate is for evil?[2J?name, not localhost");
}

static void an_unknown_issuer_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "DNS:localhost"));
	connect_as(s, "localhost", NULL, NULL); /* the system's issuers */
	refused_with(s, "certificate is not signed by an authority of the system; set ca_file: Test CA");
}

static void a_private_issuer_is_the_only_one(void **state)
{
	struct secure *s = *state;
	X509 *other = cert_new(&s->certs, "Other CA", NULL, NULL, HOURS_AGO, IN_A_DAY);
	char path[128];

	snprintf(path, sizeof(path), "%s/other.pem", s->certs.folder);
	cert_write(other, path);
	X509_free(other);
	listen_as(s, leaf(s, "DNS:localhost"));
	connect_as(s, "localhost", NULL, path);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_non_null(strstr(s->client.why, "certificate "));
}

static void a_self_signed_certificate_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s, certs_make(&s->certs, "self.pem", "DNS:localhost", NULL, HOURS_AGO, IN_A_DAY));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_non_null(strstr(s->client.why, "self-signed"));
	assert_non_null(strstr(s->client.why, "the server"));
}

/* Nobody is told to look into a file that was never named. */
static void a_self_signed_certificate_without_a_ca_file(void **state)
{
	struct secure *s = *state;

	listen_as(s, certs_make(&s->certs, "self.pem", "DNS:localhost", NULL, HOURS_AGO, IN_A_DAY));
	connect_as(s, "localhost", NULL, NULL);
	refused_with(s, "certificate is self-signed; set ca_file to trust it: the server");
}

static void a_certificate_in_the_ca_file_is_trusted_itself(void **state)
{
	struct secure *s = *state;

	for (int self = 0; self < 2; self++) {
		char path[128];

		snprintf(path, sizeof(path), "%s",
			 certs_make(&s->certs, "pin.pem", "DNS:localhost",
				    self ? NULL : s->certs.ca, HOURS_AGO, IN_A_DAY));
		listen_as(s, path);
		connect_as(s, "localhost", NULL, path);
		talks(s);
		side_close(&s->client);
		side_close(&s->server);
		s->client = s->server = (struct side){0};
	}
}

static void an_expired_certificate_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s,
		  certs_make(&s->certs, "old.pem", "DNS:localhost", s->certs.ca, HOURS_AGO, -60));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_ptr_equal(strstr(s->client.why, "certificate expired on 20"), s->client.why);
}

static void a_certificate_of_the_future_is_refused(void **state)
{
	struct secure *s = *state;

	listen_as(s,
		  certs_make(&s->certs, "new.pem", "DNS:localhost", s->certs.ca, 3600, IN_A_DAY));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_ptr_equal(strstr(s->client.why, "certificate is valid only from 20"), s->client.why);
}

static void files_that_cannot_be_used_are_named(void **state)
{
	struct secure *s = *state;
	char missing[128], words[300], key[128];
	struct channel_spec spec = {.transport = CHANNEL_TLS, .host = "127.0.0.1"};
	EVP_PKEY *other = EVP_EC_gen("P-256");
	FILE *f;

	snprintf(missing, sizeof(missing), "%s/missing.pem", s->certs.folder);
	listen_as(s, leaf(s, "DNS:localhost"));
	connect_as(s, "localhost", NULL, missing);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	snprintf(words, sizeof(words), "ca_file %s: ", missing);
	assert_ptr_equal(strstr(s->client.why, words), s->client.why);

	snprintf(key, sizeof(key), "%s/other-key.pem", s->certs.folder);
	f = fopen(key, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, other, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(other);
	s->client = (struct side){0};
	spec.tls.certificate_file = leaf(s, "DNS:localhost");
	spec.tls.key_file = key;
	assert_int_equal(channel_listen(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client),
			 ERR_OK);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_ptr_equal(strstr(s->client.why, "key file "), s->client.why);
}

static void a_listener_takes_a_new_certificate_without_closing(void **state)
{
	struct secure *s = *state;
	struct channel_tls tls = {.key_file = s->certs.key_file};
	char why[256];

	listen_as(s, leaf(s, "DNS:old.example"));
	tls.certificate_file = "/nonexistent";
	assert_int_equal(channel_renew(s->server.c, &tls, why, sizeof(why)), ERR_IO);
	assert_non_null(strstr(why, "/nonexistent"));
	connect_as(s, "127.0.0.1", "old.example", s->certs.ca_file);
	talks(s);
	tls.certificate_file = leaf(s, "DNS:new.example");
	assert_int_equal(channel_renew(s->server.c, &tls, why, sizeof(why)), ERR_OK);
	channel_close(s->client.c);
	s->client = (struct side){0};
	connect_as(s, "127.0.0.1", "new.example", s->certs.ca_file);
	talks(s);
}

static bool some_refused(void *arg)
{
	return ((struct side *)arg)->refused_n > 0;
}

/* Neither side speaks what the other expects; the listener's owner sees no channel. */
static void plain_speech_is_recognised(void **state)
{
	struct secure *s = *state;
	struct channel_spec spec = {.transport = CHANNEL_TCP, .host = "127.0.0.1"};

	listen_as(s, leaf(s, "DNS:localhost"));
	spec.port = s->server.local.port;
	assert_int_equal(
	    channel_connect(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client), ERR_OK);
	RUN_UNTIL(&s->b, side_is_up, &s->client);
	assert_int_equal(
	    channel_send(s->client.c, SLICE_LIT("OPTIONS sip:a SIP/2.0\r\n\r\n"), NULL), ERR_OK);
	RUN_UNTIL(&s->b, some_refused, &s->server);
	assert_int_equal(s->server.accepted_n, 0);
	assert_true(s->server.refused[0] != '\0');
	side_close(&s->client);
	side_close(&s->server);
	s->client = s->server = (struct side){0};

	side_listen(&s->b, &s->server, CHANNEL_TCP, NULL);
	s->server.echo = true; /* a ClientHello is no ServerHello */
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_true(s->client.why[0] != '\0');
	assert_int_equal(s->client.connected_n, 0);
	/* The name stands in the clear in the ClientHello: a PBX with several may choose by it. */
	assert_non_null(memmem(s->server.got, s->server.got_n, "localhost", 9));
}

static void the_last_words_arrive_before_the_end(void **state)
{
	struct secure *s = *state;

	listen_as(s, leaf(s, "DNS:localhost"));
	connect_as(s, "localhost", NULL, s->certs.ca_file);
	talks(s);
	s->client.got_n = s->client.bytes_n = 0;
	assert_int_equal(channel_send(s->server.accepted[0], SLICE_LIT("goodbye"), NULL), ERR_OK);
	channel_close(s->server.accepted[0]);
	s->server.accepted_n = 0;
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_slice(slice_of(s->client.got, s->client.got_n), "goodbye");
	assert_string_equal(s->client.why, "closed by the other end");
}

/* A peer that connects and then says nothing, in either role. */
static void a_handshake_that_hangs_is_given_up(void **state)
{
	struct secure *s = *state;
	struct channel_spec spec = {
	    .transport = CHANNEL_TLS, .host = "127.0.0.1", .connect_ms = 500};

	side_listen(&s->b, &s->server, CHANNEL_TCP, NULL);
	spec.port = s->server.local.port;
	assert_int_equal(
	    channel_connect(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client), ERR_OK);
	refused_with(s, "the TLS handshake took too long");
	side_close(&s->server);
	s->client = s->server = (struct side){0};

	spec.port = 0;
	spec.tls = (struct channel_tls){.certificate_file = leaf(s, "DNS:localhost"),
					.key_file = s->certs.key_file};
	assert_int_equal(channel_listen(&s->server.c, s->b.loop, &spec, &side_handlers, &s->server),
			 ERR_OK);
	RUN_UNTIL(&s->b, side_is_up, &s->server);
	spec = (struct channel_spec){
	    .transport = CHANNEL_TCP, .host = "127.0.0.1", .port = s->server.local.port};
	assert_int_equal(
	    channel_connect(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client), ERR_OK);
	RUN_UNTIL(&s->b, some_refused, &s->server);
	assert_string_equal(s->server.refused, "the TLS handshake took too long");
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
}

/* The listener goes while a handshake hangs: nobody is told, nothing leaks. */
static void a_listener_may_close_during_a_handshake(void **state)
{
	struct secure *s = *state;
	struct channel_spec spec = {.transport = CHANNEL_TCP, .host = "127.0.0.1"};

	listen_as(s, leaf(s, "DNS:localhost"));
	spec.port = s->server.local.port;
	assert_int_equal(
	    channel_connect(&s->client.c, s->b.loop, &spec, &side_handlers, &s->client), ERR_OK);
	RUN_UNTIL(&s->b, side_is_up, &s->client);
	channel_close(s->server.c);
	s->server.c = NULL;
	RUN_UNTIL(&s->b, side_is_closed, &s->client);
	assert_int_equal(s->server.accepted_n + s->server.refused_n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_name_that_fits_is_accepted),
	    CASE(an_address_that_fits_is_accepted),
	    CASE(the_name_asked_for_may_differ_from_the_host),
	    CASE(a_wrong_name_is_refused),
	    CASE(a_wrong_address_is_refused),
	    CASE(the_common_name_is_no_name_when_there_are_others),
	    CASE(names_in_certificates_are_shown_harmless),
	    CASE(an_unknown_issuer_is_refused),
	    CASE(a_private_issuer_is_the_only_one),
	    CASE(a_self_signed_certificate_is_refused),
	    CASE(a_self_signed_certificate_without_a_ca_file),
	    CASE(a_certificate_in_the_ca_file_is_trusted_itself),
	    CASE(an_expired_certificate_is_refused),
	    CASE(a_certificate_of_the_future_is_refused),
	    CASE(files_that_cannot_be_used_are_named),
	    CASE(a_listener_takes_a_new_certificate_without_closing),
	    CASE(plain_speech_is_recognised),
	    CASE(the_last_words_arrive_before_the_end),
	    CASE(a_handshake_that_hangs_is_given_up),
	    CASE(a_listener_may_close_during_a_handshake),
	};
	return cmocka_run_group_tests_name("io/tls", tests, NULL, NULL);
}
