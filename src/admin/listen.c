#include "admin/impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/host.h"

enum { BACKLOG = 511 };

static int numeric_address(const char *host, uint16_t port, struct addrinfo **ret)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM};
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	return getaddrinfo(host, service, &hints, ret);
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof(at);
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&at, &n))
		return 0;
	if (at.ss_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, &at, sizeof(six));
		port = six.sin6_port;
	} else {
		struct sockaddr_in four;

		memcpy(&four, &at, sizeof(four));
		port = four.sin_port;
	}
	return ntohs(port);
}

static int bind_and_listen(const struct sockaddr *at, socklen_t n, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, at, n) || listen(fd, BACKLOG)) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

enum err listen_tcp(const char *listen, bool may_be_foreign, int *ret_fd, uint16_t *ret_port,
		    char *why, size_t why_cap)
{
	struct addrinfo *at = NULL;
	char host[64];
	uint16_t port;
	int fd;

	if (host_split(slice_str(listen), host, sizeof(host), &port) ||
	    numeric_address(host, port, &at)) {
		snprintf(why, why_cap,
			 "listen %s: want a numeric address and a port, as 127.0.0.1:8470", listen);
		return ERR_MALFORMED;
	}
	if (!may_be_foreign && !host_is_loopback(slice_str(host))) {
		snprintf(why, why_cap, "listen %s: without tls only a loopback address is allowed",
			 listen);
		freeaddrinfo(at);
		return ERR_DENIED;
	}
	fd = bind_and_listen(at->ai_addr, at->ai_addrlen, at->ai_family);
	freeaddrinfo(at);
	if (fd < 0) {
		snprintf(why, why_cap, "listen %s: %s", listen, strerrordesc_np(errno));
		return ERR_IO;
	}
	*ret_fd = fd;
	*ret_port = bound_port(fd);
	return ERR_OK;
}

/* A socket file that nobody answers on is what a killed daemon leaves behind. */
static bool somebody_answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

static enum err take_over(const struct sockaddr_un *at, char *why, size_t why_cap)
{
	struct stat st;

	if (lstat(at->sun_path, &st))
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, why_cap, "socket %s: something else is there", at->sun_path);
		return ERR_EXISTS;
	}
	if (somebody_answers(at)) {
		snprintf(why, why_cap, "socket %s: another offhookd is serving it", at->sun_path);
		return ERR_EXISTS;
	}
	unlink(at->sun_path);
	return ERR_OK;
}

/* /run/offhook outside systemd, or a data folder that comes into being with this start. Like the socket
 * for its group only. */
static enum err make_folder(const char *path, char *why, size_t why_cap)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *folder;

	if (slice_copy(slice_str(path), copy, sizeof(copy)))
		return ERR_LIMIT;
	folder = dirname(copy);
	if (mkdir(folder, 0750) == 0 || errno == EEXIST)
		return ERR_OK;
	snprintf(why, why_cap,
		 "socket %s: its folder cannot be made: %s; make %s, or set server.socket to a place that is "
		 "there",
		 path, strerrordesc_np(errno), folder);
	return ERR_IO;
}

enum err listen_socket(const char *path, int *ret_fd, char *why, size_t why_cap)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;
	enum err e;
	int fd;

	if (slice_copy(slice_str(path), at.sun_path, sizeof(at.sun_path))) {
		snprintf(why, why_cap, "socket %s: longer than %zu bytes", path,
			 sizeof(at.sun_path) - 1);
		return ERR_LIMIT;
	}
	e = make_folder(path, why, why_cap);
	if (!e)
		e = take_over(&at, why, why_cap);
	if (e)
		return e;
	mask = umask(0117); /* 0660 from the first instant on */
	fd = bind_and_listen((const struct sockaddr *)&at, sizeof(at), AF_UNIX);
	umask(mask);
	if (fd < 0) {
		snprintf(why, why_cap,
			 "socket %s: %s; may this user write to its folder? server.socket names another",
			 path, strerrordesc_np(errno));
		return ERR_IO;
	}
	*ret_fd = fd;
	return ERR_OK;
}
