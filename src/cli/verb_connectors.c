#include "cli/cli.h"

static void row(struct cli *c, struct table *t, json_t *v)
{
	bool up = bool_of(v, "up");
	char number[40];

	table_cell(t, NULL, text_of(v, "account"));
	table_cell(t, NULL, text_of(v, "name"));
	table_cell(t, NULL, text_of(v, "type"));
	table_cell(t, colour_of(c, up ? "ok" : "bad"), up ? "up" : "down");
	snprintf(number, sizeof(number), "%lld/%lld", number_of(v, "live"), number_of(v, "lines"));
	table_cell(t, NULL, number);
	snprintf(number, sizeof(number), "%lld", number_of(v, "refused"));
	table_cell(t, NULL, number);
	table_cell(t, NULL, text_of(v, "server"));
	table_cell(t, NULL, text_of(v, "state"));
}

int verb_connectors(struct cli *c)
{
	static const char *const names[] = {"ACCOUNT", "NAME",	  "TYPE",   "LINK",
					    "LIVE",    "REFUSED", "SERVER", "STATE"};
	struct table t;
	json_t *doc, *v;
	size_t i;
	int status = cli_known_account(c);

	if (!status)
		status = cli_call(c, CLI_CONNECTORS, NULL, NULL, NULL, &doc);
	if (status)
		return status;
	cli_keep_account(c, doc, "connectors", "account");
	if (c->json) {
		print_json(c, doc);
	} else {
		table_init(&t, 8);
		for (i = 0; i < 8; i++)
			table_cell(&t, colour_of(c, "head"), names[i]);
		json_array_foreach(json_object_get(doc, "connectors"), i, v) row(c, &t, v);
		table_print(&t, c);
		table_fini(&t);
	}
	json_decref(doc);
	return 0;
}
