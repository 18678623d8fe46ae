#include "cli/cli.h"

static void say_todo(struct cli *c, json_t *step)
{
	json_t *command;
	size_t i;

	fprintf(c->out, "        ");
	print_clean(c, text_of(step, "by_hand"));
	fputc('\n', c->out);
	json_array_foreach(json_object_get(step, "commands"), i, command)
	{
		fprintf(c->out, "            ");
		print_clean(c, json_is_string(command) ? json_string_value(command) : "?");
		fputc('\n', c->out);
	}
}

static void say(struct cli *c, json_t *doc)
{
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		bool done = strcmp(text_of(step, "state"), "done") == 0;

		fprintf(c->out, "%s%-7s%s ", colour_of(c, done ? "ok" : "bad"), text_of(step, "state"),
			colour_end(c));
		print_clean(c, text_of(step, "title"));
		fprintf(c->out, ": ");
		print_clean(c, text_of(step, "text"));
		fputc('\n', c->out);
		if (!done)
			say_todo(c, step);
	}
}

static bool all_done(json_t *doc)
{
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(doc, "steps"), i, step)
		if (strcmp(text_of(step, "state"), "done") != 0)
			return false;
	return true;
}

int verb_setup(struct cli *c)
{
	char account[300];
	json_t *doc;
	int status = cli_one_account(c, account, sizeof(account));

	if (!status)
		status = cli_call(c, c->dry_run ? CLI_SETUP : CLI_SETUP_CHECK, account, NULL, NULL, &doc);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		say(c, doc);
	status = all_done(doc) ? EXIT_DONE : EXIT_REFUSED;
	json_decref(doc);
	return status;
}
