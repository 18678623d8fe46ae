/* confdoc.c - doc/configuration.md and doc/offhook.yaml from src/proto/conf/settings.def.
 *
 * confdoc FOLDER writes both; confdoc --check FOLDER compares and says so in TAP. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/schema.h"

enum { WIDTH = 96, FILE_MAX = 1 << 20 };

static const char head_md[] =
	"<!-- Made by tools/confdoc.c from src/proto/conf/settings.def; `ninja -C build confdoc` makes it anew. -->\n"
	"# offhook.yaml\n\n"
	"One YAML file configures the daemon: `offhookd -c /etc/offhook/offhook.yaml`. `offhookd -n -c FILE` checks\n"
	"it and names file, line, key and what would be right. SIGHUP loads it again; a bad file changes nothing.\n"
	"[offhook.yaml](offhook.yaml) is a commented example. "
	"What is made in the console stands beside it: [objects.md](objects.md).\n\n"
	"- Unknown keys and keys given twice are errors. An empty value (`''`) is the same as leaving the key out.\n"
	"- Durations carry their unit: `0s`, `500ms`, `2m`, `10m`, `1h`. Switches are `yes` or `no` (`true`, `false`).\n"
	"- File names are relative to the folder of offhook.yaml. `${CREDENTIALS_DIRECTORY}/NAME` is a systemd\n"
	"  credential. A secret's file holds one line and should be readable to the daemon only (mode 640 or 600).\n"
	"- A line is `connector/number`. A SIP line's URI is number@host of the server unless it holds an @.\n\n";

static const char head_yaml[] =
	"# Offhook's configuration: the keys with their defaults. doc/configuration.md lists them all.\n"
	"# Check it with: offhookd -n -c FILE. Load it again with: systemctl reload offhookd.\n"
	"# (Made from src/proto/conf/settings.def by `ninja -C build confdoc`.)\n";

static const char accounts_yaml[] =
	"# To begin, remove the first # of each line below, then put in your own names and secrets' files.\n";

/* ---- configuration.md ---- */

static void add_types(const struct setting *s, struct buf *b)
{
	const char *before = "(";

	if (!(s->flags & FOR_ANY))
		return;
	for (int t = 0; t < CONF_TYPE_COUNT; t++) {
		if (!(s->flags & (1u << 8 << t)))
			continue;
		buf_fmt(b, "%s%s", before, conf_type_name((enum conf_type)t));
		before = ", ";
	}
	buf_str(b, ") ");
}

static void add_default(const struct setting *s, struct buf *b)
{
	if (s->flags & REQUIRED)
		buf_str(b, "required");
	else if (s->def && s->def[0])
		buf_fmt(b, "`%s`", s->def);
}

static void add_value(const struct setting *s, struct buf *b)
{
	if (s->kind == KIND_GROUP || s->kind == KIND_LIST || s->kind == KIND_OWN_POLICY)
		buf_fmt(b, "%s, see [below](#%s)", s->kind == KIND_LIST ? "list" : "mapping",
			s->kind == KIND_OWN_POLICY ? "policy" : s->key);
	else
		schema_wants(s, b);
}

static void add_table(enum conf_scope scope, const char *title, struct buf *b)
{
	struct schema schema = schema_of(scope);

	if (title[0])
		buf_fmt(b, "## %s\n\n", title);
	buf_str(b, "| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < schema.n; i++) {
		const struct setting *s = &schema.rows[i];

		buf_fmt(b, "| `%s` | ", s->key);
		add_value(s, b);
		buf_str(b, " | ");
		add_default(s, b);
		buf_str(b, " | ");
		add_types(s, b);
		buf_fmt(b, "%s%s |\n", s->help, s->flags & LATER ? " Not in this version." : "");
	}
	buf_char(b, '\n');
}

static void make_md(struct buf *b)
{
	buf_str(b, head_md);
	add_table(SCOPE_root, "", b);
	add_table(SCOPE_server, "server", b);
	add_table(SCOPE_alarms, "alarms", b);
	add_table(SCOPE_tls, "tls", b);
	add_table(SCOPE_account, "accounts", b);
	add_table(SCOPE_teams, "teams", b);
	add_table(SCOPE_policy, "policy", b);
	add_table(SCOPE_hours, "hours", b);
	add_table(SCOPE_status_text, "status_text", b);
	add_table(SCOPE_group, "groups", b);
	add_table(SCOPE_matching, "matching", b);
	add_table(SCOPE_connector, "connectors", b);
	add_table(SCOPE_user, "users", b);
	b->n--; /* one newline at the end */
	b->p[b->n] = '\0';
}

/* ---- offhook.yaml ---- */

struct yaml {
	struct buf *b;
	const char *prefix; /* "#" within the accounts */
};

static void add_line(struct yaml *y, int indent, const char *dash, const char *key, const char *value)
{
	buf_fmt(y->b, "%s%*s%s%s:%s%s\n", y->prefix, indent, "", dash, key, value[0] ? " " : "", value);
}

static void add_help(struct yaml *y, int indent, const char *help)
{
	struct slice rest = slice_str(help), word;
	size_t column = 0;

	while (slice_split(&rest, ' ', &word)) {
		if (column && column + 1 + word.n > WIDTH) {
			buf_char(y->b, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_fmt(y->b, "%s%*s#", y->prefix, indent, "");
			column = strlen(y->prefix) + (size_t)indent + 1;
		}
		buf_char(y->b, ' ');
		buf_slice(y->b, word);
		column += word.n + 1;
	}
	buf_char(y->b, '\n');
}

static const char *shown_default(const struct setting *s)
{
	if (s->def[0])
		return s->def;
	if (s->kind == KIND_LINES || s->kind == KIND_TEXTS)
		return "[]";
	return s->kind == KIND_OWN_POLICY ? "{}" : "''";
}

static void add_scope(struct yaml *y, enum conf_scope scope, int indent, bool is_entry);

static void add_row(struct yaml *y, const struct setting *s, int indent, const char *dash)
{
	char key[64];

	add_help(y, indent, s->help);
	if (s->kind == KIND_GROUP || s->kind == KIND_LIST) {
		add_line(y, indent, dash, s->key, "");
		if (s->sub == SCOPE_account) {
			buf_str(y->b, accounts_yaml);
			y->prefix = "#";
		}
		add_scope(y, (enum conf_scope)s->sub, indent + 2, s->kind == KIND_LIST);
		y->prefix = s->sub == SCOPE_account ? "" : y->prefix;
	} else if (s->example) {
		add_line(y, indent, dash, s->key, s->example);
	} else {
		snprintf(key, sizeof(key), "# %s", s->key);
		add_line(y, indent, dash, key, shown_default(s));
	}
}

static void add_scope(struct yaml *y, enum conf_scope scope, int indent, bool is_entry)
{
	struct schema schema = schema_of(scope);

	for (size_t i = 0; i < schema.n; i++) {
		const struct setting *s = &schema.rows[i];
		bool first = is_entry && i == 0;

		if ((s->flags & LATER) || ((s->flags & FOR_ANY) && !(s->flags & FOR_SIP)))
			continue;
		add_row(y, s, first || !is_entry ? indent : indent + 2, first ? "- " : "");
	}
}

static void make_yaml(struct buf *b)
{
	struct yaml y = { b, "" };

	buf_str(b, head_yaml);
	add_scope(&y, SCOPE_root, 0, false);
}

/* ---- files ---- */

static int write_file(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f)) {
		perror(path);
		return 1;
	}
	return 0;
}

static int check_file(const char *path, const struct buf *b, int number)
{
	char *there = calloc(1, FILE_MAX);
	FILE *f = fopen(path, "r");
	size_t n = f && there ? fread(there, 1, FILE_MAX, f) : 0;
	bool same = n == b->n && memcmp(there, b->p, n) == 0;

	printf("%s %d - %s is current\n", same ? "ok" : "not ok", number, path);
	if (!same)
		printf("# run: ninja -C build confdoc\n");
	if (f)
		fclose(f);
	free(there);
	return same ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct buf *b);
	} files[] = { { "configuration.md", make_md }, { "offhook.yaml", make_yaml } };
	bool check = argc == 3 && slice_is(slice_str(argv[1]), "--check");
	int failed = 0;

	if (argc != 2 + check) {
		fprintf(stderr, "usage: confdoc [--check] FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[4096];
		struct buf b;

		snprintf(path, sizeof(path), "%s/%s", argv[argc - 1], files[i].name);
		buf_init(&b, FILE_MAX);
		files[i].make(&b);
		if (buf_err(&b) != ERR_OK)
			abort();
		failed |= check ? check_file(path, &b, (int)i + 1) : write_file(path, &b);
		buf_fini(&b);
	}
	if (check)
		printf("1..%zu\n", ARRAY_LEN(files));
	return failed;
}
