/* address.c - numeric addresses of the simulators' sockets. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

enum err address_parse(const char *text, struct pbx_address *ret)
{
	const char *colon = strrchr(text, ':');
	struct slice host;
	uint64_t port;

	if (!colon || slice_u64(slice_str(colon + 1), 65535, &port))
		return ERR_MALFORMED;
	host = slice_of(text, (size_t)(colon - text));
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_sub(host, 1, host.n - 1);
	ret->port = (uint16_t)port;
	return slice_copy(host, ret->host, sizeof(ret->host));
}

int address_to_sockaddr(const struct pbx_address *a, struct sockaddr *sa, int cap)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	if (cap < (int)sizeof(in6))
		return 0;
	if (evutil_inet_pton(AF_INET, a->host, &in.sin_addr) == 1) {
		memcpy(sa, &in, sizeof(in));
		return (int)sizeof(in);
	}
	if (evutil_inet_pton(AF_INET6, a->host, &in6.sin6_addr) != 1)
		return 0;
	memcpy(sa, &in6, sizeof(in6));
	return (int)sizeof(in6);
}

void address_of_sockaddr(const struct sockaddr *sa, struct pbx_address *ret)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	*ret = (struct pbx_address){ 0 };
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		evutil_inet_ntop(AF_INET6, &in6.sin6_addr, ret->host, sizeof(ret->host));
		ret->port = ntohs(in6.sin6_port);
	} else if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		evutil_inet_ntop(AF_INET, &in.sin_addr, ret->host, sizeof(ret->host));
		ret->port = ntohs(in.sin_port);
	}
}

struct pbx_address address_bound(evutil_socket_t fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof(ss);
	struct pbx_address a = { 0 };

	if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0)
		address_of_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}
