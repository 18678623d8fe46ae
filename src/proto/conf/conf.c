#include "proto/conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/date.h"
#include "proto/conf/documents.h"
#include "proto/conf/reader.h"
#include "proto/conf/value.h"
#include "proto/hours/hours.h"

enum { NUMBER_MAX = 128 };

#define MODEL_MAX ((size_t)2 << 30)

static const struct {
	const char *name;
	bool built;
} types[] = {
#define CONNECTOR_TYPE(id, name, built) [CONF_TYPE_##id] = {name, built},
#include "proto/conf/connector_types.def"
};

static const struct {
	const char *login, *graph;
} clouds[CONF_CLOUD_COUNT] = {
    [CONF_CLOUD_GLOBAL] = {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
    [CONF_CLOUD_GCC_HIGH] = {"https://login.microsoftonline.us", "https://graph.microsoft.us"},
    [CONF_CLOUD_DOD] = {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
};

const char *conf_type_name(enum conf_type t)
{
	return (unsigned)t < CONF_TYPE_COUNT ? types[t].name : "?";
}

bool conf_type_built(enum conf_type t)
{
	return (unsigned)t < CONF_TYPE_COUNT && types[t].built;
}

const char *conf_cloud_login_url(enum conf_cloud c)
{
	return (unsigned)c < CONF_CLOUD_COUNT ? clouds[c].login : "";
}

const char *conf_cloud_graph_url(enum conf_cloud c)
{
	return (unsigned)c < CONF_CLOUD_COUNT ? clouds[c].graph : "";
}

int64_t conf_secret_ends(const struct conf_teams *t)
{
	char text[32];
	int64_t ms;

	if (strlen(t->client_secret_ends) != sizeof("2027-05-01") - 1)
		return 0;
	snprintf(text, sizeof(text), "%sT00:00:00Z", t->client_secret_ends);
	return date_parse(slice_str(text), &ms) == ERR_OK ? ms : 0;
}

static enum err read_model(struct conf *c, const char *file, const struct node *root,
			   uint64_t nodes, struct conf_errors *errs)
{
	struct reader *rd = calloc(1, sizeof(*rd));

	if (!rd)
		return ERR_NO_MEMORY;
	rd->c = c;
	rd->errs = errs;
	rd->file = file;
	rd->budget = nodes * 4 + 100000;
	const char *kept = reader_text(rd, slice_str(file));
	rd->file = kept;
	read_defaults(rd, SCOPE_root, c);
	read_map(rd, SCOPE_root, root, c);
	enum err err = rd->err;
	free(rd);
	return err == ERR_NO_MEMORY ? err : errs->errors ? ERR_MALFORMED : ERR_OK;
}

static enum err parse_into(struct conf *c, struct slice yaml, const char *file,
			   const struct conf_document *documents, uint32_t documents_n,
			   struct conf_errors *errs)
{
	struct arena nodes;
	struct node *root;
	uint64_t nodes_n;

	arena_init(&nodes, MODEL_MAX);
	enum err err = tree_parse(yaml, file, &nodes, errs, &root, &nodes_n);
	for (uint32_t i = 0; i < documents_n && err == ERR_OK; i++)
		if (documents[i].kind == CONF_DOCUMENT_ACCOUNT)
			err = documents_graft(&documents[i], &nodes, root, &nodes_n, errs);
	for (uint32_t i = 0; i < documents_n && err == ERR_OK; i++)
		if (documents[i].kind != CONF_DOCUMENT_ACCOUNT)
			err = documents_graft(&documents[i], &nodes, root, &nodes_n, errs);
	if (err == ERR_OK)
		err = read_model(c, file, root, nodes_n, errs);
	arena_fini(&nodes);
	return err;
}

enum err conf_parse_with(struct slice yaml, const char *file, const struct conf_document *documents,
			 uint32_t documents_n, struct conf **ret, struct conf_errors *errs)
{
	struct conf_at at = {file, 0, 0};
	struct conf *c;

	*errs = (struct conf_errors){0};
	if (yaml.n > CONF_YAML_MAX) {
		conf_errors_add(errs, at, "", "larger than %d MB; put users into users_file",
				CONF_YAML_MAX >> 20);
		return ERR_MALFORMED;
	}
	if (yaml.n && memchr(yaml.p, 0, yaml.n)) {
		conf_errors_add(errs, at, "", "not YAML: holds a zero byte");
		return ERR_MALFORMED;
	}
	if (!(c = calloc(1, sizeof(*c))))
		return ERR_NO_MEMORY;
	arena_init(&c->arena, MODEL_MAX);
	enum err err = parse_into(c, yaml, file, documents, documents_n, errs);
	conf_errors_sort(errs);
	if (err != ERR_OK) {
		conf_free(c);
		return err;
	}
	*ret = c;
	return ERR_OK;
}

enum err conf_parse(struct slice yaml, const char *file, struct conf **ret, struct conf_errors *errs)
{
	return conf_parse_with(yaml, file, NULL, 0, ret, errs);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->files_n; i++)
		if (c->files[i].secret)
			secret_fini(c->files[i].secret);
	free(c->files);
	arena_fini(&c->arena);
	free(c);
}

/* The reader sees an account that has nothing but the base's rules: the same decoders, the same errors. */
static enum err read_policy(struct conf *c, const char *file, const struct node *root, uint64_t nodes,
			    struct conf_policy *p, struct conf_errors *errs)
{
	struct reader rd = { .c = c, .errs = errs, .file = file, .budget = nodes * 4 + 100000,
			     .account = &c->accounts[0], .account_index = 0 };
	const struct node *key = node_key(root, "policy");

	read_map(&rd, SCOPE_policy, key && root->n == 2 ? key->next : root, p);
	if (c->files_n)
		conf_errors_add(errs, c->files[0].at, c->files[0].key,
				"cannot be tried out: write the days here");
	return rd.err == ERR_NO_MEMORY ? rd.err : errs->errors ? ERR_MALFORMED : ERR_OK;
}

enum err conf_parse_policy(struct slice yaml, const char *file, const struct conf_policy *base,
			   bool tell_absence, struct conf **ret_conf, struct conf_policy *ret,
			   struct conf_errors *errs)
{
	struct conf *c = calloc(1, sizeof(*c));
	struct arena nodes;
	struct node *root;
	uint64_t nodes_n;

	*errs = (struct conf_errors){0};
	if (!c)
		return ERR_NO_MEMORY;
	arena_init(&c->arena, MODEL_MAX);
	arena_init(&nodes, MODEL_MAX);
	*ret = *base;
	c->accounts = arena_array(&c->arena, 1, sizeof(*c->accounts));
	enum err err = c->accounts ? tree_parse(yaml, file, &nodes, errs, &root, &nodes_n) : ERR_NO_MEMORY;
	if (err == ERR_OK) {
		c->accounts[0] = (struct conf_account){ .policy = *base, .tell_absence = tell_absence };
		err = read_policy(c, file, root, nodes_n, ret, errs);
	}
	arena_fini(&nodes);
	conf_errors_sort(errs);
	if (err != ERR_OK)
		conf_free(c);
	else
		*ret_conf = c;
	return err;
}

enum err conf_add_holidays(struct conf *c, struct conf_holidays *h, struct slice text, const char *file,
			   struct conf_errors *errs)
{
	const char **list = arena_array(&c->arena, CONF_HOLIDAYS_MAX, sizeof(*list));
	struct slice line;
	struct conf_at at = { file, 0, 0 };
	struct hours_date d;
	uint32_t n = 0, bad = errs->errors;

	if (!list)
		return ERR_NO_MEMORY;
	while (slice_split(&text, '\n', &line)) {
		at.line++;
		line = slice_trim(slice_sub(line, 0, slice_find(line, '#')));
		line = slice_sub(line, 0, slice_find(line, ' '));
		if (line.n == 0)
			continue;
		if (n == CONF_HOLIDAYS_MAX || !hours_date_parse(line, &d)) {
			conf_errors_add(errs, at, "holidays_file",
					n == CONF_HOLIDAYS_MAX
						? "at most 1,000 days"
						: "must be a date such as 2026-12-25, or 12-25");
			break;
		}
		if (!(list[n++] = arena_text(&c->arena, line)))
			return ERR_NO_MEMORY;
	}
	h->dates = (struct conf_texts){ list, n };
	return errs->errors == bad ? ERR_OK : ERR_MALFORMED;
}

static void words(char *why, size_t cap, const char *text, struct slice detail)
{
	if (why && cap)
		snprintf(why, cap, "%s%.*s", text, (int)(detail.n < 64 ? detail.n : 64),
			 detail.p ? detail.p : "");
}

static bool is_number(struct slice s)
{
	return s.n > 0 && s.n <= NUMBER_MAX && value_text(s) && slice_find(s, ' ') == s.n;
}

static void words_connectors(const struct conf_account *a, struct slice name, char *why, size_t cap)
{
	struct buf b;

	if (!why)
		return;
	buf_init(&b, 4096);
	buf_fmt(&b, "no connector is named %.*s; there %s ", (int)(name.n < 64 ? name.n : 64),
		name.p ? name.p : "", a->connectors_n ? "is" : "are none");
	for (uint32_t i = 0; i < a->connectors_n && i < 8; i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", a->connectors[i].name);
	snprintf(why, cap, "%.*s", SLICE_ARG(slice_trim(buf_view(&b))));
	buf_fini(&b);
}

enum err conf_line_parse(struct conf *c, const struct conf_account *a, struct slice text,
			 struct conf_line *ret, char *why, size_t why_cap)
{
	size_t slash = slice_find(text, '/');
	struct slice name = slice_sub(text, 0, slash);
	struct slice number = slice_sub(text, slash + 1, text.n);

	if (!value_name(name) || !is_number(number)) {
		words(why, why_cap, "must be connector/number, such as hq/201", SLICE_NONE);
		return ERR_MALFORMED;
	}
	for (uint32_t i = 0; i < a->connectors_n; i++) {
		if (!slice_is(name, a->connectors[i].name))
			continue;
		const char *copy = arena_text(&c->arena, number);
		if (!copy)
			return ERR_NO_MEMORY;
		*ret = (struct conf_line){i, copy};
		return ERR_OK;
	}
	words_connectors(a, name, why, why_cap);
	return ERR_NOT_FOUND;
}
