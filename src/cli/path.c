#include <string.h>

#include "cli/cli.h"

/* Everything but RFC 3986's unreserved characters and @ is escaped. */
void path_segment(struct buf *b, const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    strchr("-._~@", c))
			buf_char(b, c);
		else
			buf_fmt(b, "%%%02X", (unsigned char)c);
	}
}

static int copy_name(struct cli *c, const char *name, char *account, size_t cap)
{
	if (!slice_copy(slice_str(name), account, cap))
		return 0;
	fprintf(c->err, "offhook: the account's name is too long\n");
	return EXIT_USAGE_OR_GONE;
}

static int choose(struct cli *c, const char *email, json_t *users, char *account, size_t cap)
{
	json_t *user;
	size_t i;

	if (!json_array_size(users)) {
		fprintf(c->err, "offhook: nobody has the address %s\n", email);
		return EXIT_REFUSED;
	}
	if (json_array_size(users) == 1)
		return copy_name(c, text_of(json_array_get(users, 0), "account"), account, cap);
	fprintf(c->err, "offhook: %s is in several accounts; say which with --account:", email);
	json_array_foreach(users, i, user) fprintf(c->err, " %s", text_of(user, "account"));
	fprintf(c->err, "\n");
	return EXIT_REFUSED;
}

int cli_account_of(struct cli *c, const char *email, char *account, size_t cap)
{
	struct buf path;
	json_t *doc;
	int status;

	if (c->account)
		return copy_name(c, c->account, account, cap);
	buf_init(&path, 4000);
	cli_path(&path, CLI_USERS_ALL, NULL, NULL);
	buf_str(&path, "?email=");
	path_segment(&path, email);
	status = cli_get(c, CLI_USERS_ALL, buf_cstr(&path), &doc);
	buf_fini(&path);
	if (status)
		return status;
	status = choose(c, email, json_object_get(doc, "users"), account, cap);
	json_decref(doc);
	return status;
}

void cli_keep_account(const struct cli *c, json_t *doc, const char *key, const char *name)
{
	json_t *rows = json_object_get(doc, key);

	for (size_t i = json_array_size(rows); c->account && i-- > 0;)
		if (!slice_is(slice_str(c->account), text_of(json_array_get(rows, i), name)))
			json_array_remove(rows, i);
}

int cli_known_account(struct cli *c)
{
	json_t *doc, *all, *a;
	bool known = false;
	size_t i;
	int status = c->account ? cli_call(c, CLI_ACCOUNTS, NULL, NULL, NULL, &doc) : 0;

	if (!c->account || status)
		return status;
	all = json_object_get(doc, "accounts");
	json_array_foreach(all, i, a) known |= slice_is(slice_str(c->account), text_of(a, "name"));
	if (!known) {
		fprintf(c->err, "offhook: no account %s; there are:", c->account);
		json_array_foreach(all, i, a) fprintf(c->err, " %s", text_of(a, "name"));
		fprintf(c->err, "\n");
	}
	json_decref(doc);
	return known ? 0 : EXIT_REFUSED;
}

int cli_one_account(struct cli *c, char *account, size_t cap)
{
	json_t *doc, *all;
	int status;

	if (c->account)
		return copy_name(c, c->account, account, cap);
	status = cli_call(c, CLI_ACCOUNTS, NULL, NULL, NULL, &doc);
	if (status)
		return status;
	all = json_object_get(doc, "accounts");
	if (json_array_size(all) == 1) {
		status = copy_name(c, text_of(json_array_get(all, 0), "name"), account, cap);
	} else {
		fprintf(c->err, "offhook: there are %zu accounts; say which with --account\n",
			json_array_size(all));
		status = EXIT_USAGE_OR_GONE;
	}
	json_decref(doc);
	return status;
}
