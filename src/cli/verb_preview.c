#include <string.h>

#include "cli/cli.h"

enum { POLICY_MAX = 65536 };

static const char too_much[] = "more than 64 kB: give the keys of policy only";

static void say(struct cli *c, json_t *doc)
{
	json_t *rows = json_object_get(doc, "changes"), *row;
	long long more = number_of(doc, "differ") - (long long)json_array_size(rows);
	struct table t;
	size_t i;

	fprintf(c->out, "%lld of %lld people would look different now; nothing was changed\n",
		number_of(doc, "differ"), number_of(doc, "people"));
	if (!json_array_size(rows))
		return;
	table_init(&t, 3);
	json_array_foreach(rows, i, row)
	{
		char then[440];

		snprintf(then, sizeof(then), "-> %s", text_of(row, "then"));
		table_cell(&t, NULL, text_of(row, "email"));
		table_cell(&t, NULL, text_of(row, "now"));
		table_cell(&t, NULL, then);
	}
	table_print(&t, c);
	table_fini(&t);
	if (more > 0)
		fprintf(c->out, "... and %lld more\n", more);
}

static int send_policy(struct cli *c, struct slice policy)
{
	char account[300];
	struct buf path;
	json_t *doc;
	int status = cli_one_account(c, account, sizeof(account));

	if (status)
		return status;
	buf_init(&path, 8000);
	cli_path(&path, CLI_PREVIEW, account, NULL);
	status = cli_send_text(c, CLI_PREVIEW, buf_cstr(&path), policy, &doc);
	buf_fini(&path);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		say(c, doc);
	json_decref(doc);
	return EXIT_DONE;
}

int verb_preview(struct cli *c)
{
	struct buf policy;
	int status;

	buf_init(&policy, POLICY_MAX);
	status = cli_read_file(c, c->argv[0], too_much, &policy);
	if (!status)
		status = send_policy(c, buf_view(&policy));
	buf_fini(&policy);
	return status;
}
