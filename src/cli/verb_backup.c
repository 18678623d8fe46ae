#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* A backup that is not whole on the disk is none: it does not stay. */
int verb_backup(struct cli *c)
{
	const char *name = c->argv[0];
	FILE *f = cli_new_file(c, name);
	int status;

	if (!f)
		return EXIT_USAGE_OR_GONE;
	status = cli_get_file(c, CLI_BACKUP, f);
	bool written = fflush(f) == 0 && fsync(fileno(f)) == 0;
	long long bytes = (long long)ftello(f);
	if ((fclose(f) || !written) && !status) {
		fprintf(c->err, "offhook: %s: cannot be written\n", name);
		status = EXIT_USAGE_OR_GONE;
	}
	if (status) {
		unlink(name);
		return status;
	}
	if (c->json)
		fprintf(c->out, "{\"bytes\":%lld}\n", bytes);
	else
		fprintf(c->out,
			"%s: %lld bytes; save the configuration and the folder secrets of server.data, too\n",
			name, bytes);
	return EXIT_DONE;
}

int verb_restore(struct cli *c)
{
	FILE *f = fopen(c->argv[0], "re");
	json_t *doc;
	int status;

	if (!f) {
		fprintf(c->err, "offhook: %s: %s\n", c->argv[0], strerrordesc_np(errno));
		return EXIT_USAGE_OR_GONE;
	}
	status = cli_send_file(c, CLI_RESTORE, f, &doc);
	fclose(f);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		fprintf(c->out,
			"found good. Restart offhookd: its next start takes it, and keeps the present "
			"store as %s\n",
			text_of(doc, "former"));
	json_decref(doc);
	return EXIT_DONE;
}
