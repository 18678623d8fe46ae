/* file.c - files that a verb sends along or writes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/cli.h"

int cli_read_file(struct cli *c, const char *name, const char *too_much, struct buf *b)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char piece[16384];
	size_t n;
	bool bad;

	if (!f) {
		fprintf(c->err, "offhook: %s: %s\n", name, strerrordesc_np(errno));
		return EXIT_USAGE_OR_GONE;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	bad = ferror(f) != 0;
	if (f != stdin)
		fclose(f);
	if (!bad && !buf_err(b))
		return 0;
	fprintf(c->err, "offhook: %s: %s\n", name, bad ? "cannot be read" : too_much);
	return EXIT_USAGE_OR_GONE;
}

FILE *cli_new_file(struct cli *c, const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		fprintf(c->err, "offhook: %s: %s\n", name,
			errno == EEXIST ? "exists already; name another file" : strerrordesc_np(errno));
	return f;
}
