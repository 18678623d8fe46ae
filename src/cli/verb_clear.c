#include "cli/cli.h"

/* What hits everybody is said, not left out: a script without a terminal is not asked back. */
static bool says_whom(struct cli *c)
{
	if (!c->account == !c->all) {
		fprintf(c->err, "offhook: clear what? give either --account NAME or --all\n");
		return false;
	}
	return true;
}

static bool sure(struct cli *c)
{
	char question[400];

	snprintf(question, sizeof(question), "Give back every session of %s%s?",
		 c->account ? "account " : "all accounts", c->account ? c->account : "");
	return cli_sure(c, question);
}

int verb_clear(struct cli *c)
{
	json_t *body, *doc;
	int status;

	if (!says_whom(c))
		return EXIT_USAGE_OR_GONE;
	if (!sure(c)) {
		fprintf(c->err, "nothing done\n");
		return EXIT_REFUSED;
	}
	body =
	    c->account ? json_pack("{s:s}", "account", c->account) : json_pack("{s:b}", "all", 1);
	status = cli_call(c, CLI_CLEAR, NULL, NULL, body, &doc);
	json_decref(body);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		fprintf(c->out, "%lld users are being given back\n", number_of(doc, "users"));
	json_decref(doc);
	return 0;
}
