#include "daemon/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum err secrets_path(const char *dir, const char *name, char ret[PATH_MAX])
{
	static const char variable[] = "${CREDENTIALS_DIRECTORY}/";
	const char *folder = dir;
	int n;

	if (slice_starts(slice_str(name), variable)) {
		folder = getenv("CREDENTIALS_DIRECTORY");
		name += sizeof(variable) - 1;
		if (!folder)
			return ERR_NOT_FOUND;
	}
	if (name[0] == '/' && folder == dir)
		n = snprintf(ret, PATH_MAX, "%s", name);
	else
		n = snprintf(ret, PATH_MAX, "%s/%s", folder, name);
	return n < PATH_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err err_of_open(void)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return ERR_NOT_FOUND;
	return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_IO;
}

/* Reads up to cap bytes; cap reached means that there may be more. */
static enum err read_all(int fd, char *dst, size_t cap, size_t *ret_n)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, dst + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return ERR_OK;
}

static enum err take_line(struct slice s, struct secret *ret)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	if (s.n > SECRET_MAX)
		return ERR_LIMIT;
	if (s.n == 0 || slice_find(s, '\n') < s.n || slice_find(s, '\0') < s.n)
		return ERR_MALFORMED;
	return secret_set(ret, s);
}

enum err secrets_read(const char *path, struct secret *ret, bool *ret_open)
{
	char bytes[SECRET_MAX + 3]; /* a line end, and one byte too many */
	struct stat st;
	size_t n = 0;
	enum err err = ERR_IO;
	/* O_NONBLOCK: a FIFO by that name must not hold the daemon up */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_of_open();
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		err = read_all(fd, bytes, sizeof(bytes), &n);
	close(fd);
	if (err == ERR_OK)
		err = take_line(slice_of(bytes, n), ret);
	explicit_bzero(bytes, sizeof(bytes));
	if (err == ERR_OK)
		*ret_open = (st.st_mode & S_IROTH) != 0;
	return err;
}

const char *secrets_error_text(enum err e)
{
	switch ((int)e) {
	case ERR_NOT_FOUND:
		return "does not exist";
	case ERR_DENIED:
		return "may not be read by this user";
	case ERR_LIMIT:
		return "is larger than 16 kB";
	case ERR_MALFORMED:
		return "must hold one line, and nothing else";
	case ERR_IO:
		return "is no plain file, or cannot be read";
	default:
		return "cannot be read";
	}
}
