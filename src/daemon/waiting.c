#include "daemon/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"

/* The vault's names end in a number of their own: none is like these. */
static enum err path_of(const char *data, const char *account, const char *end, char ret[static PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/secrets/%s.waiting%s", data, account, end);

	/* names are checked by the configuration; what is none must not lead elsewhere */
	return n < 0 || n >= PATH_MAX || strchr(account, '/') || !account[0] ? ERR_LIMIT : ERR_OK;
}

static bool write_all(int fd, struct slice s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = slice_sub(s, (size_t)n, s.n);
	}
	return true;
}

/* Whole or not at all: the name is given when the bytes are on the disk. */
enum err waiting_keep(const char *data, const char *account, struct slice certificate, struct slice key)
{
	char folder[PATH_MAX], path[PATH_MAX], fresh[PATH_MAX];
	enum err e = path_of(data, account, "", path);

	if (!e)
		e = path_of(data, account, ".new", fresh);
	if (e)
		return e;
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return ERR_IO;
	unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ERR_IO;
	bool good = write_all(fd, certificate) && write_all(fd, key) && fsync(fd) == 0;
	if (close(fd) == 0 && good && rename(fresh, path) == 0)
		return ERR_OK;
	unlink(fresh);
	return ERR_IO;
}

enum err waiting_read(const char *data, const char *account, struct secret *ret)
{
	char path[PATH_MAX], *text = NULL;
	size_t n = 0;
	enum err e = path_of(data, account, "", path);

	if (!e)
		e = conf_read_file(path, SECRET_MAX, &text, &n);
	if (!e)
		e = secret_set(ret, slice_of(text, n));
	if (text)
		explicit_bzero(text, n);
	free(text);
	return e;
}

bool waiting_forget(const char *data, const char *account)
{
	char path[PATH_MAX];

	return !path_of(data, account, "", path) && unlink(path) == 0;
}
