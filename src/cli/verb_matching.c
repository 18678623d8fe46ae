#include "cli/cli.h"

enum { PAGES_MAX = 4000 };

static void add_counts(struct buf *b, json_t *counts)
{
	const char *key;
	json_t *v;

	json_object_foreach(counts, key, v)
		if (json_integer_value(v))
			buf_fmt(b, "%s%lld %s", b->n ? ", " : "", (long long)json_integer_value(v), key);
}

static void head(struct cli *c, struct table *t, json_t *doc)
{
	static const char *const names[] = { "EMAIL", "MATCH", "VIA", "ONBOARDING", "REASON", "WHAT TO DO" };
	struct buf b;

	buf_init(&b, 2000);
	add_counts(&b, json_object_get(doc, "matches"));
	fprintf(c->out, "found:        %s\n", b.n ? buf_cstr(&b) : "nobody yet");
	buf_reset(&b);
	add_counts(&b, json_object_get(doc, "onboarding"));
	fprintf(c->out, "synchronised: %s\n", b.n ? buf_cstr(&b) : "nobody yet");
	buf_fini(&b);
	table_init(t, 6);
	for (int i = 0; i < 6; i++)
		table_cell(t, colour_of(c, "head"), names[i]);
}

static void row(struct cli *c, struct table *t, json_t *v)
{
	bool ok = strcmp(text_of(v, "match"), "matched") == 0;

	table_cell(t, NULL, text_of(v, "email"));
	table_cell(t, colour_of(c, ok ? "ok" : "bad"), text_of(v, "match"));
	table_cell(t, NULL, text_of(v, "via"));
	table_cell(t, NULL, text_of(v, "onboarding"));
	table_cell(t, NULL, text_of(v, "reason"));
	table_cell(t, NULL, text_of(v, "fix"));
}

/* The first page holds the counts; the rows of all pages are put into it. */
static int all_pages(struct cli *c, const char *account, json_t **ret)
{
	char after[32] = "0";
	struct buf path;
	int status = 0;

	buf_init(&path, 4000);
	for (int i = 0; i < PAGES_MAX && *after && !status; i++) {
		json_t *doc;

		buf_reset(&path);
		cli_path(&path, CLI_MATCHING, account, NULL);
		buf_fmt(&path, "?limit=1000&after=%s", after);
		if (c->state) {
			buf_str(&path, "&state=");
			path_segment(&path, c->state);
		}
		status = cli_get(c, CLI_MATCHING, buf_cstr(&path), &doc);
		if (status)
			break;
		snprintf(after, sizeof(after), "%s", text_of(doc, "next"));
		if (!*ret) {
			*ret = doc;
			continue;
		}
		json_array_extend(json_object_get(*ret, "users"), json_object_get(doc, "users"));
		json_decref(doc);
	}
	buf_fini(&path);
	return status;
}

int verb_matching(struct cli *c)
{
	char account[300];
	json_t *doc = NULL, *user;
	struct table t;
	size_t i;
	int status = cli_one_account(c, account, sizeof(account));

	if (!status)
		status = all_pages(c, account, &doc);
	if (!status && c->json) {
		json_object_del(doc, "next");
		print_json(c, doc);
	} else if (!status) {
		head(c, &t, doc);
		json_array_foreach(json_object_get(doc, "users"), i, user) row(c, &t, user);
		if (i)
			table_print(&t, c);
		table_fini(&t);
	}
	json_decref(doc);
	return status;
}
