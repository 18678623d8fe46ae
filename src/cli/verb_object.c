/* verb_object.c - accounts, connectors, groups and people: shown to be edited, set from a file, deleted; and
 * all of it exported. What show prints names the state it is of, so that set changes nothing that somebody
 * else has changed meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "proto/conf/render.h"

enum { TEXT_MAX = 1 << 20 };

static const char etag_line[] = "# etag: ";

struct kind {
	const char *word, *key; /* "connector", and the key that names one in a file */
	enum cli_route show, set, erase;
};

static const struct kind kinds[] = {
	{ "account", "name", CLI_ACCOUNT_CONFIG, CLI_ACCOUNT_CONFIG_PUT, CLI_ACCOUNT_CONFIG_DELETE },
	{ "connector", "name", CLI_CONNECTOR_CONFIG, CLI_CONNECTOR_CONFIG_PUT, CLI_CONNECTOR_CONFIG_DELETE },
	{ "group", "name", CLI_GROUP, CLI_GROUP_PUT, CLI_GROUP_DELETE },
	{ "user", "email", CLI_USER_CONFIG, CLI_USER_CONFIG_PUT, CLI_USER_CONFIG_DELETE },
};

static const struct kind *kind_of(const struct cli *c)
{
	size_t i = 0;

	while (!slice_starts(slice_str(c->verb->name), kinds[i].word))
		i++;
	return &kinds[i];
}

/* "acme/hq" into label, its path, whatever is done with it, into path, for buf_fini in any case. 0 or the
 * exit status. */
static int find(struct cli *c, const struct kind *k, const char *name, struct buf *path, struct buf *label)
{
	char account[300];
	int status;

	buf_init(path, 8000);
	buf_init(label, 1000);
	if (k->show == CLI_ACCOUNT_CONFIG) {
		cli_path(path, k->show, name, NULL);
		buf_str(label, name);
		return 0;
	}
	if (k->show == CLI_USER_CONFIG && !strstr(c->verb->name, "set"))
		status = cli_account_of(c, name, account, sizeof(account));
	else
		status = cli_one_account(c, account, sizeof(account));
	if (status)
		return status;
	cli_path(path, k->show, account, name);
	buf_fmt(label, "%s/%s", account, name);
	return 0;
}

/* ---- show ---- */

static json_t *named(const struct kind *k, const char *name, json_t *settings)
{
	json_t *j = json_pack("{s:s}", k->key, name);

	json_object_update_missing(j, settings);
	return j;
}

static void say_where(struct cli *c, const struct kind *k, const char *label, json_t *doc, const char *etag)
{
	fprintf(c->out, "# %s ", k->word);
	print_clean(c, label);
	if (bool_of(doc, "read_only"))
		fprintf(c->out, ", of %s, line %lld: it is changed there, followed by offhook reload\n",
			text_of(doc, "file"), number_of(doc, "line"));
	else
		fprintf(c->out, ": edit it, then offhook %s set FILE\n%s%s\n", k->word, etag_line, etag);
	if (bool_of(doc, "hidden"))
		fprintf(c->out, "# the console has one of that name too: offhook %s delete removes it\n",
			k->word);
	if (!bool_of(doc, "in_force"))
		fprintf(c->out, "# not in force: see offhook check\n");
}

static void print_settings(struct cli *c, const struct kind *k, const char *label, const char *name,
			   json_t *doc, const char *etag)
{
	json_t *settings = named(k, name, json_object_get(doc, "settings"));
	struct buf yaml;

	buf_init(&yaml, TEXT_MAX);
	if (c->json) {
		json_object_set(doc, "settings", settings);
		json_object_set_new(doc, "etag", json_string(etag));
		print_json(c, doc);
	} else {
		say_where(c, k, label, doc, etag);
		render_yaml(settings, &yaml);
		fputs(buf_cstr(&yaml), c->out);
	}
	buf_fini(&yaml);
	json_decref(settings);
}

int verb_object_show(struct cli *c)
{
	const struct kind *k = kind_of(c);
	char etag[CLI_ETAG_MAX];
	struct buf path, label;
	json_t *doc = NULL;
	int status = find(c, k, c->argv[0], &path, &label);

	if (!status)
		status = cli_ask_if(c, k->show, buf_cstr(&path), NULL, NULL, &doc, etag);
	if (!status)
		print_settings(c, k, buf_cstr(&label), c->argv[0], doc, etag);
	json_decref(doc);
	buf_fini(&path);
	buf_fini(&label);
	return status;
}

/* ---- set ---- */

/* Of a comment, as show prints it; *ret stays as it is when there is none. */
static void find_etag(struct slice text, char ret[static CLI_ETAG_MAX])
{
	struct slice line;

	while (slice_split(&text, '\n', &line) && slice_starts(line, "#"))
		if (slice_starts(line, etag_line) &&
		    slice_copy(slice_trim(slice_sub(line, sizeof(etag_line) - 1, line.n)), ret, CLI_ETAG_MAX))
			ret[0] = '\0';
}

/* What show --json prints has the settings, and the state that they are of, one level down. */
static json_t *unwrap(json_t *doc, char etag[static CLI_ETAG_MAX])
{
	json_t *settings = json_object_get(doc, "settings");

	if (!json_is_object(settings))
		return doc;
	if (slice_copy(slice_str(text_of(doc, "etag")), etag, CLI_ETAG_MAX))
		etag[0] = '\0';
	json_incref(settings);
	json_decref(doc);
	return settings;
}

/* NULL: it was said why not. */
static json_t *read_settings(struct cli *c, const struct kind *k, struct slice text,
			     char etag[static CLI_ETAG_MAX])
{
	static struct conf_errors errs;
	char why[400];
	json_t *doc = NULL;

	errs = (struct conf_errors){ 0 };
	etag[0] = '\0';
	if (yaml_read(text, c->argv[0], &doc, &errs)) {
		if (errs.n)
			conf_error_text(&errs.list[0], why, sizeof(why));
		fprintf(c->err, "offhook: %s\n", errs.n ? why : "too large");
		return NULL;
	}
	find_etag(text, etag);
	doc = unwrap(doc, etag);
	if (*text_of(doc, k->key))
		return doc;
	fprintf(c->err, "offhook: %s: %s must say which %s it is\n", c->argv[0], k->key, k->word);
	json_decref(doc);
	return NULL;
}

static int put(struct cli *c, const struct kind *k, json_t *settings, const char *if_match)
{
	const char *name = text_of(settings, k->key);
	struct buf path, label;
	char etag[CLI_ETAG_MAX];
	json_t *doc = NULL;
	int status = find(c, k, name, &path, &label);

	if (!status)
		status = cli_ask_if(c, k->set, buf_cstr(&path), if_match, settings, &doc, etag);
	if (status == EXIT_REFUSED && !*if_match && !c->json)
		fprintf(c->err,
			"offhook: to change one that is there, begin with what offhook %s show %s prints, or "
			"give --yes\n",
			k->word, name);
	if (!status && c->json)
		print_settings(c, k, buf_cstr(&label), name, doc, etag);
	else if (!status)
		fprintf(c->out, "%s %s is set\n", k->word, buf_cstr(&label));
	json_decref(doc);
	buf_fini(&path);
	buf_fini(&label);
	return status;
}

int verb_object_set(struct cli *c)
{
	const struct kind *k = kind_of(c);
	char etag[CLI_ETAG_MAX];
	json_t *settings = NULL;
	struct buf text;
	int status;

	buf_init(&text, TEXT_MAX);
	status = cli_read_file(c, c->argv[0], "settings of one object have at most 1 MB", &text);
	if (!status && !(settings = read_settings(c, k, buf_view(&text), etag)))
		status = EXIT_USAGE_OR_GONE;
	if (!status)
		status = put(c, k, settings, c->yes ? "*" : etag);
	json_decref(settings);
	if (text.p)
		explicit_bzero(text.p, text.n); /* there may be a secret in it */
	buf_fini(&text);
	return status;
}

/* ---- delete ---- */

static int erase(struct cli *c, const struct kind *k, const char *path, const char *label)
{
	char etag[CLI_ETAG_MAX], question[400];
	json_t *doc = NULL;
	int status = cli_ask_if(c, k->show, path, NULL, NULL, &doc, etag);

	json_decref(doc);
	doc = NULL;
	snprintf(question, sizeof(question), "Delete the %s %.300s?", k->word, label);
	if (!status && !cli_sure(c, question)) {
		fprintf(c->err, "nothing done\n");
		return EXIT_REFUSED;
	}
	if (!status)
		status = cli_ask_if(c, k->erase, path, etag, NULL, &doc, etag);
	if (!status && c->json)
		print_json(c, doc);
	else if (!status)
		fprintf(c->out, "%s %s is deleted\n", k->word, label);
	json_decref(doc);
	return status;
}

int verb_object_delete(struct cli *c)
{
	const struct kind *k = kind_of(c);
	struct buf path, label;
	int status = find(c, k, c->argv[0], &path, &label);

	if (!status)
		status = erase(c, k, buf_cstr(&path), buf_cstr(&label));
	buf_fini(&path);
	buf_fini(&label);
	return status;
}

/* ---- lists and all of it ---- */

static void group_row(struct table *t, json_t *g)
{
	char text[400];

	table_cell(t, NULL, text_of(g, "name"));
	snprintf(text, sizeof(text), "%lld", number_of(g, "people"));
	table_cell(t, NULL, text);
	if (bool_of(g, "read_only"))
		snprintf(text, sizeof(text), "%s:%lld", text_of(g, "file"), number_of(g, "line"));
	else
		snprintf(text, sizeof(text), "the console%s", bool_of(g, "in_force") ? "" : ", not in force");
	table_cell(t, NULL, text);
}

int verb_groups(struct cli *c)
{
	char account[300];
	struct table t;
	json_t *doc = NULL, *g;
	size_t i;
	int status = cli_one_account(c, account, sizeof(account));

	if (!status)
		status = cli_call(c, CLI_GROUPS, account, NULL, NULL, &doc);
	if (status)
		return status;
	table_init(&t, 3);
	table_cell(&t, colour_of(c, "head"), "GROUP");
	table_cell(&t, colour_of(c, "head"), "PEOPLE");
	table_cell(&t, colour_of(c, "head"), "KEPT IN");
	json_array_foreach(json_object_get(doc, "groups"), i, g) group_row(&t, g);
	return table_answer(&t, c, doc);
}

int verb_export(struct cli *c)
{
	FILE *f = c->out;
	json_t *doc = NULL;
	int status = cli_call(c, CLI_EXPORT, NULL, NULL, NULL, &doc);

	if (!status && c->out_file && !(f = cli_new_file(c, c->out_file)))
		status = EXIT_USAGE_OR_GONE;
	if (!status && c->json)
		print_json(c, doc);
	else if (!status)
		fputs(text_of(doc, "yaml"), f);
	if (f && f != c->out && fclose(f)) {
		fprintf(c->err, "offhook: %s: cannot be written\n", c->out_file);
		unlink(c->out_file);
		status = EXIT_USAGE_OR_GONE;
	}
	json_decref(doc);
	return status;
}
