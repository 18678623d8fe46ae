#include <errno.h>
#include <string.h>

#include "cli/cli.h"

enum { CSV_MAX = 8 << 20 };

static int read_csv(struct cli *c, const char *name, struct buf *b)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char piece[16384];
	size_t n;
	bool bad;

	if (!f) {
		fprintf(c->err, "offhook: %s: %s\n", name, strerrordesc_np(errno));
		return EXIT_USAGE_OR_GONE;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	bad = ferror(f) != 0;
	if (f != stdin)
		fclose(f);
	if (!bad && !buf_err(b))
		return 0;
	fprintf(c->err, "offhook: %s: %s\n", name,
		bad ? "cannot be read"
		    : "more than 8 MB; give it in parts, "
		      "or as users_file in offhook.yaml");
	return EXIT_USAGE_OR_GONE;
}

static int say(struct cli *c, json_t *doc)
{
	json_t *errors = json_object_get(doc, "errors"), *e;
	size_t i;

	if (c->json) {
		print_json(c, doc);
		return json_array_size(errors) ? EXIT_REFUSED : EXIT_DONE;
	}
	fprintf(c->out, "%s%lld added, %lld changed, %lld removed, %lld unchanged, %zu wrong\n",
		c->dry_run ? "nothing done; it would be: " : "", number_of(doc, "added"),
		number_of(doc, "changed"), number_of(doc, "removed"), number_of(doc, "unchanged"),
		json_array_size(errors));
	json_array_foreach(errors, i, e)
	{
		fprintf(c->out, "  row %lld: ", number_of(e, "row"));
		print_clean(c, text_of(e, "text"));
		fputc('\n', c->out);
	}
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
	buf_str(&path, "/api/v1/accounts/");
	path_segment(&path, account);
	buf_fmt(&path, "/users:import%s", c->dry_run ? "?dry_run=true" : "");
	if (c->interactive)
		fprintf(c->err, "importing %zu bytes into %s ...\n", csv.n, account);
	status = cli_ask(c, "POST", buf_cstr(&path), "text/csv", csv, &doc);
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
	status = read_csv(c, c->argv[0], &csv);
	if (!status)
		status = send_csv(c, buf_view(&csv));
	buf_fini(&csv);
	return status;
}
