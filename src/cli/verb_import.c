#include <string.h>

#include "cli/cli.h"

enum { CSV_MAX = 8 << 20 };

static const char too_much[] = "more than 8 MB; give it in parts, or as users_file in offhook.yaml";

/* Whose lines go to somebody else. */
static void say_taken(struct cli *c, const json_t *doc)
{
	json_t *changes = json_object_get(doc, "changes"), *change, *take;
	size_t i, k;

	json_array_foreach(changes, i, change)
	{
		json_array_foreach(json_object_get(change, "takes"), k, take)
		{
			fputs("  ", c->out);
			print_clean(c, text_of(change, "email"));
			fputs(c->dry_run ? " would take " : " takes ", c->out);
			print_clean(c, text_of(take, "line"));
			fputs(" from ", c->out);
			print_clean(c, text_of(take, "from"));
			fputc('\n', c->out);
		}
	}
}

static int say(struct cli *c, json_t *doc)
{
	json_t *errors = json_object_get(doc, "errors"), *e;
	size_t i;

	if (c->json) {
		print_json(c, doc);
		return json_array_size(errors) ? EXIT_REFUSED : EXIT_DONE;
	}
	fprintf(c->out, "%s%lld added, %lld changed, %lld unchanged, %zu wrong\n",
		c->dry_run ? "nothing done; it would be: " : "", number_of(doc, "added"),
		number_of(doc, "changed"), number_of(doc, "unchanged"),
		json_array_size(errors));
	json_array_foreach(errors, i, e)
	{
		fprintf(c->out, "  row %lld: ", number_of(e, "row"));
		print_clean(c, text_of(e, "text"));
		fputc('\n', c->out);
	}
	say_taken(c, doc);
	return json_array_size(errors) ? EXIT_REFUSED : EXIT_DONE;
}

static int send_csv(struct cli *c, struct slice csv)
{
	char account[300];
	struct buf path;
	json_t *doc;
	int status = cli_one_account(c, account, sizeof(account));

	if (status)
		return status;
	buf_init(&path, 8000);
	cli_path(&path, CLI_IMPORT, account, NULL);
	buf_str(&path, c->dry_run ? "?dry_run=true" : "");
	if (c->interactive)
		fprintf(c->err, "importing %zu bytes into %s ...\n", csv.n, account);
	status = cli_send_text(c, CLI_IMPORT, buf_cstr(&path), csv, &doc);
	buf_fini(&path);
	if (status)
		return status;
	status = say(c, doc);
	json_decref(doc);
	return status;
}

int verb_import(struct cli *c)
{
	struct buf csv;
	int status;

	buf_init(&csv, CSV_MAX);
	status = cli_read_file(c, c->argv[0], too_much, &csv);
	if (!status)
		status = send_csv(c, buf_view(&csv));
	buf_fini(&csv);
	return status;
}
