#include <unistd.h>

#include "cli/cli.h"

/* Works without a daemon, too: then only the own version is told. */
int verb_version(struct cli *c)
{
	json_t *doc = NULL, *all = json_pack("{s:s}", "offhook", OFFHOOK_VERSION);
	const char *daemon;

	if (access(c->socket_path, F_OK) == 0)
		cli_call(c, CLI_HEALTHZ, NULL, NULL, NULL, &doc);
	daemon = text_of(doc, "version");
	if (*daemon)
		json_object_set_new(all, "offhookd", json_string(daemon));
	if (c->json)
		print_json(c, all);
	else
		fprintf(c->out, "offhook %s\noffhookd %s\n", OFFHOOK_VERSION,
			*daemon ? daemon : "not running");
	json_decref(all);
	json_decref(doc);
	return 0;
}
