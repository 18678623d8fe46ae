#include "io/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

/* A sockaddr is looked at through a copy, so that nobody has to promise its alignment. */
void endpoint_show(const struct sockaddr *sa, struct endpoint *ret)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	memset(ret, 0, sizeof(*ret));
	if (sa->sa_family == AF_INET) {
		memcpy(&four, sa, sizeof(four));
		inet_ntop(AF_INET, &four.sin_addr, ret->host, sizeof(ret->host));
		ret->port = ntohs(four.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&six, sa, sizeof(six));
		ret->port = ntohs(six.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
			inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], ret->host,
				  sizeof(ret->host));
		else if (!six.sin6_scope_id)
			inet_ntop(AF_INET6, &six.sin6_addr, ret->host, sizeof(ret->host));
		else if (getnameinfo(sa, sizeof(six), ret->host, sizeof(ret->host), NULL, 0,
				     NI_NUMERICHOST) != 0)
			ret->host[0] = '\0';
	}
}

static enum err bare_host(const char *host, char *dst, size_t cap)
{
	struct slice h = slice_str(host);

	if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = slice_sub(h, 1, h.n - 1);
	return h.n ? slice_copy(h, dst, cap) : ERR_MALFORMED;
}

/* A link-local address with its %zone: AI_NUMERICHOST asks no server and reads no file. */
static enum err parse_zone(const char *host, struct sockaddr_in6 *ret)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST, .ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;

	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return ERR_MALFORMED;
	memcpy(ret, list->ai_addr, sizeof(*ret));
	freeaddrinfo(list);
	return ERR_OK;
}

enum err endpoint_parse(const char *host, uint16_t port, union socket_address *ret,
			socklen_t *ret_len)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	char bare[ENDPOINT_HOST_MAX];
	enum err e = bare_host(host, bare, sizeof(bare));

	if (e)
		return ERR_MALFORMED;
	if (inet_pton(AF_INET, bare, &four.sin_addr) == 1) {
		four.sin_port = htons(port);
		memset(ret, 0, sizeof(*ret));
		memcpy(ret, &four, *ret_len = sizeof(four));
		return ERR_OK;
	}
	if (inet_pton(AF_INET6, bare, &six.sin6_addr) != 1 &&
	    (!strchr(bare, '%') || parse_zone(bare, &six) != ERR_OK))
		return ERR_MALFORMED;
	six.sin6_port = htons(port);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &six, *ret_len = sizeof(six));
	return ERR_OK;
}

bool endpoint_is_numeric(const char *host)
{
	union socket_address sa;
	socklen_t n;

	return endpoint_parse(host, 0, &sa, &n) == ERR_OK;
}

void endpoint_of_fd(int fd, struct endpoint *ret_local, struct endpoint *ret_peer)
{
	union socket_address a = {0};
	socklen_t n = sizeof(a);

	if (getsockname(fd, &a.any, &n) != 0)
		a.any.sa_family = AF_UNSPEC;
	endpoint_show(&a.any, ret_local);
	n = sizeof(a);
	if (getpeername(fd, &a.any, &n) != 0)
		a.any.sa_family = AF_UNSPEC;
	endpoint_show(&a.any, ret_peer);
}
