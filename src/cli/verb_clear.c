#include "cli/cli.h"

static bool sure(struct cli *c)
{
	int first, next;

	if (c->yes || !c->interactive)
		return true;
	fprintf(c->err, "Give back every session of %s%s? [y/N] ",
		c->account ? "account " : "all accounts", c->account ? c->account : "");
	fflush(c->err);
	first = getchar();
	for (next = first; next != '\n' && next != EOF;)
		next = getchar();
	return first == 'y' || first == 'Y';
}

int verb_clear(struct cli *c)
{
	json_t *body, *doc;
	int status;

	if (!sure(c)) {
		fprintf(c->err, "nothing done\n");
		return EXIT_REFUSED;
	}
	body =
	    c->account ? json_pack("{s:s}", "account", c->account) : json_pack("{s:b}", "all", 1);
	status = cli_send(c, "POST", "/api/v1/clear", body, &doc);
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
