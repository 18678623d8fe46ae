#include "admin/host.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

enum { HOST_MAX = 253 };

/* Name and port apart; brackets off. False for anything that is no host of RFC 3986 3.2.2. */
static bool split(struct slice s, struct slice *host, struct slice *port)
{
	size_t colon;

	if (s.n && s.p[0] == '[') {
		size_t end = slice_find(s, ']');

		if (end == s.n)
			return false;
		*host = slice_sub(s, 1, end);
		s = slice_sub(s, end + 1, s.n);
		*port = s.n ? slice_sub(s, 1, s.n) : SLICE_NONE;
		return !s.n || (s.p[0] == ':' && port->n);
	}
	colon = slice_find(s, ':');
	*host = slice_sub(s, 0, colon);
	*port = colon < s.n ? slice_sub(s, colon + 1, s.n) : SLICE_NONE;
	return colon == s.n || port->n;
}

static bool is_port(struct slice s, uint64_t *ret)
{
	return slice_u64(s, 65535, ret) == ERR_OK;
}

bool host_is_loopback(struct slice numeric)
{
	return slice_starts(numeric, "127.") || slice_is(numeric, "::1") ||
	       slice_starts_nocase(numeric, "::ffff:127.");
}

/* Both as binary, so that ::1 equals 0:0:0:0:0:0:0:1. */
static bool same_address(const char *a, struct slice b)
{
	unsigned char x[16], y[16];
	char text[HOST_MAX + 1];

	if (slice_copy(b, text, sizeof(text)))
		return false;
	if (inet_pton(AF_INET, a, x) == 1 && inet_pton(AF_INET, text, y) == 1)
		return memcmp(x, y, 4) == 0;
	return inet_pton(AF_INET6, a, x) == 1 && inet_pton(AF_INET6, text, y) == 1 &&
	       memcmp(x, y, 16) == 0;
}

bool host_is_ours(struct slice value, struct slice local, X509 *certificate)
{
	struct slice host, port;
	char text[HOST_MAX + 1];
	uint64_t number;

	if (!split(slice_trim(value), &host, &port) || (port.n && !is_port(port, &number)))
		return false;
	/* A leading dot would mean "any name below" to X509_check_host. */
	if (!host.n || host.p[0] == '.' || slice_copy(host, text, sizeof(text)))
		return false;
	if (same_address(text, local))
		return true;
	if (host_is_loopback(local) && slice_is_nocase(host, "localhost"))
		return true;
	return certificate && (X509_check_host(certificate, text, 0, 0, NULL) == 1 ||
			       X509_check_ip_asc(certificate, text, 0) == 1);
}

enum err host_split(struct slice listen, char *ret, size_t cap, uint16_t *ret_port)
{
	struct slice host, port;
	uint64_t number;

	if (!split(listen, &host, &port) || !host.n || !port.n || !is_port(port, &number))
		return ERR_MALFORMED;
	if (slice_is_nocase(host, "localhost"))
		host = SLICE_LIT("127.0.0.1");
	if (slice_copy(host, ret, cap))
		return ERR_MALFORMED;
	*ret_port = (uint16_t)number;
	return ERR_OK;
}
