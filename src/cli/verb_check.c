#include "cli/cli.h"

static void say(struct cli *c, json_t *doc)
{
	struct table t;
	json_t *row;
	size_t i;

	table_init(&t, 4);
	json_array_foreach(json_object_get(doc, "checks"), i, row)
	{
		bool ok = bool_of(row, "ok"), noted = ok && bool_of(row, "note");
		char what[200];

		snprintf(what, sizeof(what), "%s%s%s", text_of(row, "name"),
			 *text_of(row, "object") ? " " : "", text_of(row, "object"));
		table_cell(&t, colour_of(c, ok ? "ok" : "bad"), noted ? "note" : ok ? "ok" : "WRONG");
		table_cell(&t, NULL, text_of(row, "account"));
		table_cell(&t, NULL, what);
		table_cell(&t, NULL, text_of(row, "text"));
	}
	table_print(&t, c);
	table_fini(&t);
}

int verb_check(struct cli *c)
{
	json_t *body = c->account ? json_pack("{s:s}", "account", c->account) : NULL, *doc;
	int status;

	if (c->interactive)
		fprintf(c->err, "asking PBXs and Graph ...\n");
	status = cli_call(c, CLI_CHECK, NULL, NULL, body, &doc);
	json_decref(body);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		say(c, doc);
	status = bool_of(doc, "ok") ? EXIT_DONE : EXIT_REFUSED;
	json_decref(doc);
	return status;
}
