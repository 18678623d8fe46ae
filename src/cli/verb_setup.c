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

static int ask(struct cli *c, const char *account, json_t **ret)
{
	struct buf path;

	buf_init(&path, 2000);
	buf_str(&path, "/api/v1/accounts/");
	path_segment(&path, account);
	buf_str(&path, c->dry_run ? "/setup" : "/setup/check");
	int status = c->dry_run ? cli_get(c, buf_cstr(&path), ret)
				: cli_send(c, "POST", buf_cstr(&path), NULL, ret);
	buf_fini(&path);
	return status;
}

int verb_setup(struct cli *c)
{
	char account[300];
	json_t *doc;
	int status = cli_one_account(c, account, sizeof(account));

	if (!status)
		status = ask(c, account, &doc);
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
