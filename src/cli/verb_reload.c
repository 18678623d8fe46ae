#include "cli/cli.h"

int verb_reload(struct cli *c)
{
	json_t *doc, *change;
	size_t i;
	int status = cli_call(c, CLI_RELOAD, NULL, NULL, NULL, &doc);

	if (status)
		return status;
	if (c->json) {
		print_json(c, doc);
	} else {
		fprintf(c->out, "the new configuration is in force\n");
		json_array_foreach(json_object_get(doc, "changes"), i, change)
		{
			fprintf(c->out, "  ");
			print_clean(c, json_string_value(change));
			fputc('\n', c->out);
		}
	}
	json_decref(doc);
	return 0;
}

int verb_log_level(struct cli *c)
{
	json_t *body = json_pack("{s:s}", "level", c->argv[0]), *doc;
	int status = cli_call(c, CLI_LOG_LEVEL, NULL, NULL, body, &doc);

	json_decref(body);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	json_decref(doc);
	return 0;
}
