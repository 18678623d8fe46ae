/* verb_access.c - who may come in: tokens, administrators, passwords. */
#include <string.h>

#include "cli/cli.h"

enum { COLUMNS_MAX = 8 };

/* Rows of an answer's array, a column a key. */
static int list(struct cli *c, enum cli_route route, const char *rows, const char *const *keys)
{
	struct table t;
	json_t *doc, *v;
	unsigned n = 0;
	size_t i;
	int status = cli_call(c, route, NULL, NULL, NULL, &doc);

	if (status)
		return status;
	while (keys[n])
		n++;
	table_init(&t, n);
	for (unsigned k = 0; k < n; k++)
		table_cell(&t, colour_of(c, "head"), keys[k]);
	json_array_foreach(json_object_get(doc, rows), i, v) for (unsigned k = 0; k < n; k++)
		table_cell(&t, NULL, text_of(v, keys[k]));
	return table_answer(&t, c, doc);
}

/* Prints what the answer shows this once, alone on its line: for scripts. */
static int say_secret(struct cli *c, int status, json_t *doc, const char *key)
{
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		fprintf(c->out, "%s\n", text_of(doc, key));
	json_decref(doc);
	return 0;
}

static int said_nothing(struct cli *c, int status, json_t *doc)
{
	if (!status && c->json)
		print_json(c, doc);
	if (!status)
		json_decref(doc);
	return status;
}

static int need_role(struct cli *c)
{
	if (c->role)
		return 0;
	fprintf(c->err, "offhook: give --role viewer, operator or owner\n");
	return EXIT_USAGE_OR_GONE;
}

/* ---- tokens ---- */

int verb_tokens(struct cli *c)
{
	static const char *const keys[] = { "id",      "name", "account", "role",
					    "expires", "used", "made_by", NULL };

	return list(c, CLI_TOKENS, "tokens", keys);
}

int verb_token_add(struct cli *c)
{
	json_t *body, *doc = NULL;
	int status = need_role(c);

	if (status)
		return status;
	body = json_pack("{s:s,s:s}", "name", c->argv[0], "role", c->role);
	if (c->account)
		json_object_set_new(body, "account", json_string(c->account));
	if (c->until)
		status = cli_until(c, body, "expires");
	if (!status)
		status = cli_call(c, CLI_TOKEN_NEW, NULL, NULL, body, &doc);
	json_decref(body);
	return say_secret(c, status, doc, "token");
}

int verb_token_remove(struct cli *c)
{
	json_t *doc = NULL;
	int status = cli_call(c, CLI_TOKEN_DELETE, c->argv[0], NULL, NULL, &doc);

	return said_nothing(c, status, doc);
}

/* ---- administrators ---- */

static void grants_text(json_t *grants, struct buf *b)
{
	json_t *g;
	size_t i;

	json_array_foreach(grants, i, g)
		buf_fmt(b, "%s%s on %s", i ? ", " : "", text_of(g, "role"), text_of(g, "account"));
}

int verb_administrators(struct cli *c)
{
	struct table t;
	struct buf b;
	json_t *doc, *v;
	size_t i;
	int status = cli_call(c, CLI_ADMINISTRATORS, NULL, NULL, NULL, &doc);

	if (status)
		return status;
	table_init(&t, 2);
	table_cell(&t, colour_of(c, "head"), "NAME");
	table_cell(&t, colour_of(c, "head"), "MAY");
	json_array_foreach(json_object_get(doc, "administrators"), i, v)
	{
		buf_init(&b, 8192);
		grants_text(json_object_get(v, "grants"), &b);
		table_cell(&t, NULL, text_of(v, "name"));
		table_cell(&t, NULL, buf_cstr(&b));
		buf_fini(&b);
	}
	return table_answer(&t, c, doc);
}

int verb_administrator_add(struct cli *c)
{
	json_t *body, *doc = NULL;
	int status = need_role(c);

	if (status)
		return status;
	body = json_pack("{s:s,s:[{s:s,s:s}]}", "name", c->argv[0], "grants", "account",
			 c->account ? c->account : "*", "role", c->role);
	status = cli_call(c, CLI_ADMINISTRATOR_NEW, NULL, NULL, body, &doc);
	json_decref(body);
	return say_secret(c, status, doc, "one_time_password");
}

int verb_administrator_remove(struct cli *c)
{
	json_t *doc = NULL;
	int status = cli_call(c, CLI_ADMINISTRATOR_DELETE, c->argv[0], NULL, NULL, &doc);

	return said_nothing(c, status, doc);
}

int verb_password_reset(struct cli *c)
{
	json_t *doc = NULL;
	int status = cli_call(c, CLI_ADMINISTRATOR_PASSWORD, c->argv[0], NULL, NULL, &doc);

	return say_secret(c, status, doc, "one_time_password");
}
