#include "proto/conf/value.h"

#include <arpa/inet.h>

#include "base/check.h"

bool value_switch(struct slice s, bool *ret)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!slice_is_nocase(s, words[i]))
			continue;
		*ret = i % 2;
		return true;
	}
	return false;
}

bool value_duration(struct slice s, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	const int64_t most = 100 * INT64_C(86400000);
	size_t digits = 0;
	uint64_t n;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (slice_u64(slice_sub(s, 0, digits), (uint64_t)most, &n) != ERR_OK)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (!slice_is(slice_sub(s, digits, s.n), units[i].unit))
			continue;
		if ((int64_t)n > most / units[i].ms)
			return false;
		*ret_ms = (int64_t)n * units[i].ms;
		return true;
	}
	return false;
}

bool value_quota(struct slice s, struct conf_quota *ret)
{
	size_t at = slice_find(s, '/');
	uint64_t n;
	int64_t ms;

	if (slice_u64(slice_sub(s, 0, at), 1000000, &n) != ERR_OK || n == 0)
		return false;
	if (!value_duration(slice_sub(s, at + 1, s.n), &ms) || ms < 1000 || ms > 3600000)
		return false;
	*ret = (struct conf_quota){(uint32_t)n, (int32_t)ms};
	return true;
}

static bool is_numeric_host(const char *host, bool v6)
{
	unsigned char bytes[16];

	return inet_pton(v6 ? AF_INET6 : AF_INET, host, bytes) == 1;
}

bool value_address(struct slice s, struct conf_address *ret)
{
	struct conf_address a = {0};
	bool v6 = s.n && s.p[0] == '[';
	size_t end = v6 ? slice_find(s, ']') : slice_find(s, ':');
	uint64_t port;

	if (end == s.n || slice_copy(slice_sub(s, v6, end), a.host, sizeof(a.host)) != ERR_OK)
		return false;
	if (!is_numeric_host(a.host, v6))
		return false;
	struct slice rest = slice_sub(s, end + v6, s.n);
	if (rest.n < 2 || rest.p[0] != ':')
		return false;
	if (slice_u64(slice_sub(rest, 1, rest.n), 65535, &port) != ERR_OK || port == 0)
		return false;
	a.port = (uint16_t)port;
	*ret = a;
	return true;
}

bool value_address_is_loopback(const struct conf_address *a)
{
	unsigned char v4[4], v6[16];
	static const unsigned char one[16] = {[15] = 1};

	if (inet_pton(AF_INET, a->host, v4) == 1)
		return v4[0] == 127;
	return inet_pton(AF_INET6, a->host, v6) == 1 && memcmp(v6, one, sizeof(one)) == 0;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

bool value_domain(struct slice s)
{
	struct slice label;

	if (s.n == 0 || s.n > 253)
		return false;
	while (slice_split(&s, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_alnum(label.p[i]) && label.p[i] != '-' && !is_high(label.p[i]))
				return false;
	}
	return true;
}

bool value_email(struct slice s)
{
	size_t at = slice_find(s, '@');

	if (s.n > 254 || at == 0 || at > 64 || at == s.n || !value_text(s))
		return false;
	for (size_t i = 0; i < at; i++)
		if (s.p[i] == ' ' || memchr("\"(),:;<>[\\]", s.p[i], 11))
			return false;
	return value_domain(slice_sub(s, at + 1, s.n));
}

bool value_name(struct slice s)
{
	if (s.n == 0 || s.n > 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return !slice_is(s, ".") && !slice_is(s, "..");
}

bool value_guid(struct slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s.p[i];

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')))
			return false;
	}
	return true;
}

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates. */
static size_t utf8_len(struct slice s, size_t i)
{
	unsigned char a = (unsigned char)s.p[i];
	unsigned char b = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
	size_t n = a < 0x80 ? 1 : a < 0xc2 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf5 ? 4 : 0;

	if (n == 0 || n > s.n - i)
		return 0;
	if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) ||
	    (a == 0xf4 && b > 0x8f))
		return 0;
	for (size_t k = 1; k < n; k++)
		if (((unsigned char)s.p[i + k] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t value_text_prefix(struct slice s)
{
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = utf8_len(s, i);

		if (n == 0 || c < 0x20 || c == 0x7f)
			break;
		i += n;
	}
	return i;
}

bool value_text(struct slice s)
{
	return value_text_prefix(s) == s.n;
}

/* A name, an IPv4 address or an IPv6 one in brackets. */
static bool is_host(struct slice s)
{
	char host[64];

	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return slice_copy(slice_sub(s, 1, s.n - 1), host, sizeof(host)) == ERR_OK &&
		       is_numeric_host(host, true);
	return value_domain(s);
}

/* host[:port] */
static bool split_host(struct slice s, struct slice *ret_host, struct slice *ret_port)
{
	size_t from = s.n && s.p[0] == '[' ? slice_find(s, ']') : 0;
	size_t colon = from + slice_find(slice_sub(s, from, s.n), ':');
	uint64_t port;

	*ret_host = slice_sub(s, 0, colon);
	*ret_port = slice_sub(s, colon + 1, s.n);
	if (!is_host(*ret_host))
		return false;
	if (colon >= s.n)
		return true;
	return slice_u64(*ret_port, 65535, &port) == ERR_OK && port > 0;
}

bool value_host_port(struct slice s)
{
	struct slice host, port;

	return split_host(s, &host, &port);
}

static bool is_loopback_host(struct slice host)
{
	return slice_is(host, "localhost") || slice_is(host, "[::1]") || slice_starts(host, "127.");
}

bool value_url(struct slice s, bool plain)
{
	bool tls = slice_starts(s, "https://");
	struct slice host, port;

	if (!tls && !slice_starts(s, "http://"))
		return false;
	struct slice rest = slice_sub(s, tls ? 8 : 7, s.n);
	size_t slash = slice_find(rest, '/');
	if (!split_host(slice_sub(rest, 0, slash), &host, &port))
		return false;
	if (!tls && !plain && !is_loopback_host(host))
		return false;
	for (size_t i = slash; i < rest.n; i++)
		if (rest.p[i] <= ' ' || is_high(rest.p[i]) || rest.p[i] == '?' || rest.p[i] == '#')
			return false;
	return rest.p[rest.n - 1] != '/';
}

/* ;transport=tls and other parameters without blanks; the transport must be one we have. */
static bool is_parameters(struct slice s)
{
	struct slice part;

	if (s.n == 0)
		return false;
	while (slice_split(&s, ';', &part)) {
		if (part.n == 0)
			return false;
		if (slice_starts_nocase(part, "transport=")) {
			struct slice t = slice_sub(part, 10, part.n);

			if (!slice_is_nocase(t, "udp") && !slice_is_nocase(t, "tcp") &&
			    !slice_is_nocase(t, "tls"))
				return false;
		}
		for (size_t i = 0; i < part.n; i++)
			if (part.p[i] <= ' ' || is_high(part.p[i]) || memchr("<>\"?", part.p[i], 4))
				return false;
	}
	return true;
}

bool value_sip_uri(struct slice s)
{
	struct slice host, port;
	size_t scheme = slice_starts_nocase(s, "sips:")	 ? 5
			: slice_starts_nocase(s, "sip:") ? 4
							 : 0;

	if (scheme == 0)
		return false;
	struct slice rest = slice_sub(s, scheme, s.n);
	size_t semicolon = slice_find(rest, ';');
	struct slice where = slice_sub(rest, 0, semicolon);
	size_t at = slice_find(where, '@');
	if (at < where.n) {
		for (size_t i = 0; i < at; i++)
			if (where.p[i] <= ' ' || memchr("<>\"", where.p[i], 3))
				return false;
		where = slice_sub(where, at + 1, where.n);
	}
	if (!split_host(where, &host, &port))
		return false;
	return semicolon == rest.n || is_parameters(slice_sub(rest, semicolon + 1, rest.n));
}
