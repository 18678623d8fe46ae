#include <string.h>

#include "cli/cli.h"

enum { PAGES_MAX = 100000 };

static void lines_text(json_t *user, struct buf *b)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(user, "lines"), i, line)
	{
		const char *call = text_of(line, "call"), *presence = text_of(line, "presence");

		buf_fmt(b, "%s%s/%s", i ? " " : "", text_of(line, "connector"),
			text_of(line, "number"));
		if (strcmp(call, "none") != 0)
			buf_fmt(b, "(%s)", call);
		else if (strcmp(presence, "available") != 0)
			buf_fmt(b, "(%s)", presence);
	}
}

static void session_text(json_t *user, char *dst, size_t cap)
{
	char when[60] = "";

	relative_time(text_of(user, "lease_end"), when, sizeof(when));
	snprintf(dst, cap, "%s%s%s", text_of(user, "session"), *when ? ", ends " : "", when);
}

static void row(struct cli *c, struct table *t, json_t *user)
{
	const char *combined = text_of(user, "combined"), *seen = text_of(user, "seen");
	char session[100];
	struct buf lines;

	buf_init(&lines, 65536);
	lines_text(user, &lines);
	session_text(user, session, sizeof(session));
	table_cell(t, NULL, text_of(user, "email"));
	table_cell(t, NULL, text_of(user, "account"));
	table_cell(t, colour_of(c, combined), combined);
	table_cell(t, NULL, text_of(user, "profile"));
	table_cell(t, colour_of(c, text_of(user, "session")), session);
	table_cell(t, colour_of(c, seen), *text_of(user, "seen_pair") ? seen : "not read");
	table_cell(t, NULL, bool_of(user, "enabled") ? buf_cstr(&lines) : "switched off");
	buf_fini(&lines);
}

static void head(struct cli *c, struct table *t)
{
	static const char *const names[] = {"ADDRESS", "ACCOUNT", "STATE", "PROFILE",
					    "HELD",    "SEEN",	  "LINES"};

	table_init(t, 7);
	for (size_t i = 0; i < 7; i++)
		table_cell(t, colour_of(c, "head"), names[i]);
}

static void page_path(struct cli *c, const char *after, struct buf *b)
{
	buf_reset(b);
	cli_path(b, c->account ? CLI_USERS : CLI_USERS_ALL, c->account, NULL);
	buf_fmt(b, "?limit=1000&after=%s", after);
	if (c->state) {
		buf_str(b, "&state=");
		path_segment(b, c->state);
	}
	if (c->search) {
		buf_str(b, "&q=");
		path_segment(b, c->search);
	}
}

static int all_pages(struct cli *c, json_t *users)
{
	char after[32] = "0";
	struct buf path;
	int status = 0;

	buf_init(&path, 4000);
	for (int i = 0; i < PAGES_MAX && *after && !status; i++) {
		json_t *doc;

		page_path(c, after, &path);
		status = cli_get(c, c->account ? CLI_USERS : CLI_USERS_ALL, buf_cstr(&path), &doc);
		if (status)
			break;
		json_array_extend(users, json_object_get(doc, "users"));
		snprintf(after, sizeof(after), "%s", text_of(doc, "next"));
		json_decref(doc);
	}
	buf_fini(&path);
	return status;
}

int verb_users(struct cli *c)
{
	json_t *doc = json_object(), *users = json_array(), *user;
	int status = all_pages(c, users);
	struct table t;
	size_t i;

	json_object_set_new(doc, "users", users);
	if (!status && c->json) {
		print_json(c, doc);
	} else if (!status) {
		head(c, &t);
		json_array_foreach(users, i, user) row(c, &t, user);
		table_print(&t, c);
		table_fini(&t);
	}
	json_decref(doc);
	return status;
}
