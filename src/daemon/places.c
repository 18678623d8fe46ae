#include "daemon/places.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An unnamed file tells more than access() does, to which root may write everywhere; some file systems
 * have none of these. */
static int try_writing(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return access(folder, W_OK | X_OK);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* 0, or -1 with errno. The daemon makes the last folder of the path, as this does. */
static int try_folder(const char *folder)
{
	struct stat st;

	if (mkdir(folder, 0700) == 0) {
		rmdir(folder);
		return 0;
	}
	if (errno != EEXIST)
		return -1;
	if (stat(folder, &st))
		return -1;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode) ? try_writing(folder) : -1;
}

/* Who checks need not be who runs it: what only this user may not do is no error. */
static void check_folder(const char *key, const char *folder, const char *path, struct conf_errors *errs)
{
	const struct conf_at at = { path, 0, 0 };

	if (try_folder(folder) == 0)
		return;
	if (geteuid() != 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		conf_errors_warn(errs, at, key, "you may not write to the folder %s; who runs offhookd must",
				 folder);
	else
		conf_errors_add(errs, at, key,
				"the folder %s cannot be used (%s): make it, writable for who runs offhookd, "
				"or name another",
				folder, strerrordesc_np(errno));
}

enum err places_check(const struct conf *c, const char *path, struct conf_errors *errs)
{
	char copy[PATH_MAX];
	const char *folder = "";

	if (slice_copy(slice_str(c->server.socket), copy, sizeof(copy)) == ERR_OK)
		folder = dirname(copy);
	check_folder("server.data", c->server.data, path, errs);
	if (folder[0] && strcmp(folder, c->server.data) != 0)
		check_folder("server.socket", folder, path, errs);
	return errs->errors ? ERR_MALFORMED : ERR_OK;
}
