#include "daemon/check.h"

#include <stdio.h>

enum { LINES_SHOWN = 50 };

static bool add_check(json_t *list, const char *name, struct slice account, bool ok, const char *text)
{
	json_array_append_new(list, json_pack("{s:s,s:s%,s:b,s:s}", "name", name, "account",
					      account.p ? account.p : "", account.n, "ok", ok,
					      "text", text));
	return ok;
}

/* Reachable, signed in, rights: the first of these that is missing. */
static const char *connector_fault(const struct source_view *v)
{
	if (!v->up)
		return v->state;
	if (!v->logged_in)
		return "not signed in";
	return v->missing;
}

static bool check_connector(const struct app_parts *p, uint32_t id, json_t *list)
{
	const struct directory *d = bridge_directory(p->bridge);
	struct slice account = directory_account_name(d, directory_connector_account(d, id));
	struct source_view v = { 0 };
	char name[300], text[400];

	bridge_source_view(p->bridge, id, &v);
	const char *fault = connector_fault(&v);
	snprintf(name, sizeof(name), "connector %.*s", SLICE_ARG(directory_connector_name(d, id)));
	snprintf(text, sizeof(text), "%s; %u of %u lines report, %u refused",
		 fault[0] ? fault : "reachable, signed in, rights suffice", v.live, v.lines, v.refused);
	return add_check(list, name, account, !fault[0] && v.live == v.lines, text);
}

/* Empty: the line reports, and its PBX took what was written to it. */
static void line_fault(const struct app_parts *p, uint32_t line, char *text, size_t cap)
{
	struct source_line_view s;
	struct line_view v = { 0 };

	text[0] = '\0';
	engine_line(bridge_engine(p->bridge), line, &v);
	if (bridge_line_view(p->bridge, line, &s) && s.link != LINE_LIVE)
		snprintf(text, cap, "%s", s.reason[0] ? s.reason : "no report yet");
	else if (v.write == LINE_WRITE_REFUSED)
		snprintf(text, cap, "the profile %s was refused: %s", profile_name((enum profile)v.written),
			 bridge_write_refusal(p->bridge, line));
}

/* The lines with which something is wrong, by name and reason; LINES_SHOWN of them. */
static bool check_lines(const struct app_parts *p, json_t *list)
{
	const struct directory *d = bridge_directory(p->bridge);
	int wrong = 0;

	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE && wrong < LINES_SHOWN;
	     l = directory_next_line(d, l + 1)) {
		uint32_t c = directory_line_connector(d, l);
		char name[600], text[300];

		line_fault(p, l, text, sizeof(text));
		if (!text[0])
			continue;
		snprintf(name, sizeof(name), "line %.*s/%.*s", SLICE_ARG(directory_connector_name(d, c)),
			 SLICE_ARG(directory_number(d, l)));
		add_check(list, name, directory_account_name(d, directory_connector_account(d, c)), false,
			  text);
		wrong++;
	}
	return wrong == 0;
}

static bool check_account(const struct app_parts *p, uint16_t id, json_t *list)
{
	const struct directory *d = bridge_directory(p->bridge);
	const struct graph *g = bridge_realm(p->bridge, bridge_account_realm(p->bridge, id));
	struct slice name = directory_account_name(d, id);
	struct graph_view v = { 0 };
	uint32_t unknown = 0;
	char text[300];

	if (g)
		graph_view(g, &v);
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE && g; u = directory_next_user(d, u + 1))
		unknown += directory_user_account(d, u) == id && graph_id(g, u)[0] == '\0';
	bool ok = add_check(list, "teams sign-in", name, v.token == 2,
			    v.token == 2 ? "signed in to microsoft entra"
					 : v.token_error[0] ? v.token_error : "no token yet");
	snprintf(text, sizeof(text), "%llu requests accepted, %llu refused; %s",
		 (unsigned long long)v.accepted, (unsigned long long)v.denied,
		 v.denied ? "offhook explain names the reason of each; needed is "
			    "Presence.ReadWrite.All"
			  : "nothing was refused");
	ok &= add_check(list, "teams permission", name, v.denied == 0 || v.accepted > 0, text);
	snprintf(text, sizeof(text),
		 unknown ? "%u people are not found in the directory: give teams_id, or grant "
			   "User.Read.All"
			 : "everyone is found",
		 unknown);
	return add_check(list, "teams people", name, unknown == 0, text) && ok;
}

bool check_all(const struct app_parts *p, json_t *list)
{
	const struct directory *d = bridge_directory(p->bridge);
	bool ok = add_check(list, "configuration", SLICE_NONE, true, p->path);

	for (uint32_t i = directory_next_connector(d, 0); i != ID_NONE;
	     i = directory_next_connector(d, i + 1))
		ok &= check_connector(p, i, list);
	ok &= check_lines(p, list);
	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX; i = directory_next_account(d, i + 1))
		ok &= check_account(p, i, list);
	return ok;
}
