#include "server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/slice.h"
#include "peer.h"

enum { REQUEST_MAX = 16384, AN_HOUR = 3600, A_DAY = 86400 };

/* ---- certificate ---- */

static X509 *certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	CHECK(x && e && X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1));
	X509_gmtime_adj(X509_getm_notBefore(x), -AN_HOUR);
	X509_gmtime_adj(X509_getm_notAfter(x), A_DAY);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1, -1, 0);
	CHECK(X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) && X509_add_ext(x, e, -1));
	CHECK(X509_sign(x, key, EVP_sha256()) > 0);
	X509_EXTENSION_free(e);
	return x;
}

static void make_tls(struct server *s)
{
	const char *tmp = getenv("TMPDIR");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *f;

	CHECK(key);
	X509 *x = certificate(key);
	snprintf(s->folder, sizeof(s->folder), "%s/offhook-bench-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	CHECK(mkdtemp(s->folder));
	snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.pem", s->folder);
	CHECK((f = fopen(s->ca_file, "w")) && PEM_write_X509(f, x) == 1);
	fclose(f);
	s->tls = SSL_CTX_new(TLS_server_method());
	CHECK(s->tls && SSL_CTX_use_certificate(s->tls, x) == 1 && SSL_CTX_use_PrivateKey(s->tls, key) == 1);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* ---- reading ---- */

static void take_connection(struct server *s)
{
	int fd = accept(s->tls_listener, NULL, NULL);
	SSL *ssl = SSL_new(s->tls);

	CHECK(fd >= 0 && ssl && s->connections_n < SERVER_CONNECTIONS);
	CHECK(SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1);
	s->connections[s->connections_n++] = ssl;
}

/* Head and body are there. */
static bool is_whole(struct slice text)
{
	size_t end = slice_find_str(text, SLICE_LIT("\r\n\r\n"));
	size_t at = slice_find_str(text, SLICE_LIT("Content-Length: "));

	return end < text.n && at < end && text.n - end - 4 == strtoul(text.p + at + 16, NULL, 10);
}

/* The client gives up connections that it did not need for a while. */
static void drop(struct server *s, size_t c)
{
	close(SSL_get_fd(s->connections[c]));
	SSL_free(s->connections[c]);
	s->connections[c] = s->connections[--s->connections_n];
}

/* False: the connection is over. */
static bool read_all(struct server *s, size_t c)
{
	char text[REQUEST_MAX + 1];
	int n = 0, got;

	do {
		got = SSL_read(s->connections[c], text + n, REQUEST_MAX - n);
		if (got <= 0 && n == 0) {
			drop(s, c);
			return false;
		}
		CHECK(got > 0);
		n += got;
		text[n] = '\0';
	} while (!is_whole(slice_of(text, (size_t)n)));
	CHECK(strstr(text, "/presence/"));
	s->asked = c;
	return true;
}

void server_read_request(struct server *s)
{
	struct pollfd fds[SERVER_CONNECTIONS + 1];

	for (;;) {
		fds[0] = (struct pollfd){ .fd = s->tls_listener, .events = POLLIN };
		for (size_t i = 0; i < s->connections_n; i++)
			fds[i + 1] = (struct pollfd){ .fd = SSL_get_fd(s->connections[i]), .events = POLLIN };
		CHECK(poll(fds, s->connections_n + 1, 5000) > 0);
		for (size_t i = 0; i < s->connections_n; i++) {
			if (!(fds[i + 1].revents & POLLIN))
				continue;
			if (read_all(s, i))
				return;
			break; /* the list is another one now */
		}
		if (fds[0].revents & POLLIN)
			take_connection(s);
	}
}

void server_answer(struct server *s)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nrequest-id: "
				   "11111111-2222-3333-4444-555555555555\r\n\r\n";

	CHECK(SSL_write(s->connections[s->asked], text, sizeof(text) - 1) == (int)sizeof(text) - 1);
}

void server_read_relayed(struct server *s, size_t n)
{
	char bytes[REQUEST_MAX];

	if (s->tcp < 0) {
		s->tcp = accept(s->tcp_listener, NULL, NULL);
		socket_patience(s->tcp);
	}
	while (n) {
		ssize_t got = recv(s->tcp, bytes, n < sizeof(bytes) ? n : sizeof(bytes), 0);

		CHECK(got > 0);
		n -= (size_t)got;
	}
}

/* ---- life ---- */

void server_open(struct server *s)
{
	*s = (struct server){ .tcp = -1 };
	make_tls(s);
	s->tls_listener = socket_local(SOCK_STREAM, &s->tls_port);
	s->tcp_listener = socket_local(SOCK_STREAM, &s->tcp_port);
	CHECK(listen(s->tls_listener, 16) == 0 && listen(s->tcp_listener, 16) == 0);
}

void server_close(struct server *s)
{
	for (size_t i = 0; i < s->connections_n; i++) {
		close(SSL_get_fd(s->connections[i]));
		SSL_free(s->connections[i]);
	}
	close(s->tls_listener);
	close(s->tcp_listener);
	close(s->tcp);
	SSL_CTX_free(s->tls);
	unlink(s->ca_file);
	rmdir(s->folder);
}
