/* check_say.c - a round of questions is over: what was answered, and what is wrong, in words. */
#include <stdio.h>

#include "admin/said.h"
#include "daemon/check.h"
#include "daemon/check_people.h"
#include "daemon/config.h"
#include "daemon/documents.h"

enum { LINES_SHOWN = 50, PEOPLE_SHOWN = 50 };

struct report_rows {
	const struct app_parts *p;
	struct bridge_time t;
	struct check_scope scope;
	int64_t waited_ms;
	json_t *list;
	bool ok;
};

enum verdict { WRONG, GOOD, NOTED }; /* NOTED: a person may want to look; nothing is wrong */

static void say(struct report_rows *r, const char *name, struct slice account, enum verdict v,
		const char *text)
{
	json_t *one = json_pack("{s:s%,s:b,s:b}", "account", account.p ? account.p : "", account.n, "ok",
				v != WRONG, "note", v == NOTED);

	said_set(one, "name", name);
	said_set(one, "text", text);
	json_array_append_new(r->list, one);
	r->ok = r->ok && v != WRONG;
}

static void row(struct report_rows *r, const char *name, struct slice account, bool ok, const char *text)
{
	say(r, name, account, ok ? GOOD : WRONG, text);
}

static const struct directory *names(const struct report_rows *r)
{
	return bridge_directory(r->p->bridge);
}

static bool is_asked(const struct report_rows *r, uint32_t connector)
{
	if (r->scope.connector != ID_NONE)
		return connector == r->scope.connector;
	return r->scope.account == UINT16_MAX ||
	       r->scope.account == directory_connector_account(names(r), connector);
}

/* ---- the configuration, as it lies on the disk now ---- */

static void say_configuration(struct report_rows *r)
{
	static struct conf_errors errs;
	struct conf *fresh = NULL;
	uint32_t n;
	const struct conf_document *list = documents_list(r->p->documents, &n);
	enum err e = conf_load_with(r->p->path, list, n, &fresh, &errs);
	char text[1000];

	if (errs.n == 0) {
		snprintf(text, sizeof(text), "%s: %s", r->p->path, e ? err_name(e) : "good");
		row(r, "configuration", SLICE_NONE, e == ERR_OK, text);
	}
	for (uint32_t i = 0; i < errs.n; i++) {
		conf_error_text(&errs.list[i], text, sizeof(text));
		say(r, "configuration", SLICE_NONE, errs.list[i].warning ? NOTED : WRONG, text);
	}
	conf_free(fresh);
}

/* ---- connectors ---- */

static void ago(int64_t ms, char *dst, size_t cap)
{
	if (ms < 120000)
		snprintf(dst, cap, "%lld s ago", (long long)(ms / 1000));
	else
		snprintf(dst, cap, "%lld min ago", (long long)(ms / 60000));
}

/* Reachable, signed in, rights, an answer: the first of these that is missing. */
static bool connector_fault(const struct report_rows *r, const struct source_view *v, char *text, size_t cap)
{
	const char *fault = !v->up ? v->state : !v->logged_in ? "not signed in" : v->missing;

	snprintf(text, cap, "%s", fault);
	if (!text[0] && v->probe == SOURCE_PROBE_ASKED)
		snprintf(text, cap, "has not answered within %lld s", (long long)(r->waited_ms / 1000));
	return text[0] != '\0';
}

static void connector_good(const struct report_rows *r, const struct source_view *v, char *text, size_t cap)
{
	char when[40];

	if (v->probe != SOURCE_PROBE_NOBODY) {
		snprintf(text, cap, "has answered, signed in, rights suffice");
		return;
	}
	ago(r->t.mono_ms - v->told_ms, when, sizeof(when));
	snprintf(text, cap, "listens; %s%s", v->told_ms ? "last told " : "nothing has been told yet",
		 v->told_ms ? when : "");
}

/* Lines whose turn did not come: their PBX was too slow for all of them. */
static uint32_t lines_unasked(const struct report_rows *r, uint32_t id)
{
	uint32_t n = 0;

	for (uint32_t l = directory_next_line(names(r), 0); l != ID_NONE;
	     l = directory_next_line(names(r), l + 1)) {
		struct source_line_view v;

		n += directory_line_connector(names(r), l) == id && bridge_line_view(r->p->bridge, l, &v) &&
		     v.link == LINE_LIVE && v.ask == LINE_ASK_QUEUED;
	}
	return n;
}

/* Lines of a webhook of which nothing has come yet: it is the sender's turn. */
static uint32_t lines_awaited(const struct report_rows *r, uint32_t id)
{
	uint32_t n = 0;

	for (uint32_t l = directory_next_line(names(r), 0); l != ID_NONE;
	     l = directory_next_line(names(r), l + 1)) {
		struct source_line_view v;

		n += directory_line_connector(names(r), l) == id && bridge_line_view(r->p->bridge, l, &v) &&
		     v.awaited;
	}
	return n;
}

static void say_connector(struct report_rows *r, uint32_t id)
{
	struct source_view v = { 0 };
	char name[300], said[200], text[400], unasked[80] = "";

	bridge_source_view(r->p->bridge, id, &v);
	bool fault = connector_fault(r, &v, said, sizeof(said));
	uint32_t left = lines_unasked(r, id), awaited = lines_awaited(r, id);
	if (!fault)
		connector_good(r, &v, said, sizeof(said));
	if (left)
		snprintf(unasked, sizeof(unasked), "; %u could not be asked anew in time", left);
	snprintf(name, sizeof(name), "connector %.*s", SLICE_ARG(directory_connector_name(names(r), id)));
	snprintf(text, sizeof(text), "%s; %u of %u lines report, %u refused%s", said, v.live, v.lines,
		 v.refused, unasked);
	say(r, name, directory_account_name(names(r), directory_connector_account(names(r), id)),
	    fault || v.live + awaited < v.lines ? WRONG
	    : awaited				? NOTED
						: GOOD,
	    text);
}

/* Empty: the line reports, its PBX has answered for it, and took what was written to it. */
static enum verdict line_fault(const struct report_rows *r, uint32_t line, char *text, size_t cap)
{
	struct source_line_view s = { 0 };
	struct line_view v = { 0 };

	text[0] = '\0';
	engine_line(bridge_engine(r->p->bridge), line, &v);
	if (!bridge_line_view(r->p->bridge, line, &s))
		return GOOD;
	if (s.link != LINE_LIVE)
		snprintf(text, cap, "%s", s.reason[0] ? s.reason : "no report yet");
	else if (s.ask == LINE_ASK_SENT && s.last_status >= 300)
		snprintf(text, cap, "the pbx has refused to tell its state anew: %u", s.last_status);
	else if (s.ask == LINE_ASK_SENT)
		snprintf(text, cap, "the pbx has not told its state anew within %lld s",
			 (long long)(r->waited_ms / 1000));
	else if (v.write == LINE_WRITE_REFUSED)
		snprintf(text, cap, "the profile %s was refused: %s", profile_name((enum profile)v.written),
			 bridge_write_refusal(r->p->bridge, line));
	return s.awaited ? NOTED : WRONG;
}

/* The lines with which something is wrong, by name and reason; LINES_SHOWN of them. */
static void say_lines(struct report_rows *r)
{
	int wrong = 0;

	for (uint32_t l = directory_next_line(names(r), 0); l != ID_NONE && wrong < LINES_SHOWN;
	     l = directory_next_line(names(r), l + 1)) {
		uint32_t c = directory_line_connector(names(r), l);
		uint16_t account = directory_connector_account(names(r), c);
		char name[600], text[300];

		if (!is_asked(r, c))
			continue;
		enum verdict verdict = line_fault(r, l, text, sizeof(text));
		if (!text[0])
			continue;
		snprintf(name, sizeof(name), "line %.*s/%.*s",
			 SLICE_ARG(directory_connector_name(names(r), c)),
			 SLICE_ARG(directory_number(names(r), l)));
		say(r, name, directory_account_name(names(r), account), verdict, text);
		wrong++;
	}
}

/* ---- the Teams side of an account ---- */

static void say_sign_in(struct report_rows *r, struct slice name, const struct graph_view *v)
{
	char text[500];

	if (v->probe == GRAPH_PROBE_TOKEN)
		snprintf(text, sizeof(text), "microsoft entra has not answered within %lld s",
			 (long long)(r->waited_ms / 1000));
	else if (v->probe == GRAPH_PROBE_NO_TOKEN || v->token != 2)
		snprintf(text, sizeof(text), "%s%s%s", v->token_error[0] ? v->token_error : "no token yet",
			 v->token_fix && v->token_fix[0] ? "; " : "", v->token_fix ? v->token_fix : "");
	else
		snprintf(text, sizeof(text), "microsoft entra has given a fresh token");
	row(r, "teams sign-in", name, v->probe == GRAPH_PROBE_READ || v->probe == GRAPH_PROBE_ANSWERED, text);
}

/* Bad ids and the like are no fault of Graph's: somebody answers there. */
static void say_reach(struct report_rows *r, struct slice name, const struct graph_view *v)
{
	bool answered = v->probe == GRAPH_PROBE_ANSWERED && v->probe_status != 0;
	bool bad = v->probe_status == 401 || v->probe_status == 403 || v->probe_status == 429 ||
		   v->probe_status >= 500;
	char text[300];

	if (v->probe == GRAPH_PROBE_TOKEN || v->probe == GRAPH_PROBE_NO_TOKEN)
		snprintf(text, sizeof(text), "not asked: there is no fresh token");
	else if (v->probe == GRAPH_PROBE_READ && v->gate_closed)
		snprintf(text, sizeof(text), "microsoft graph asks to wait, or cannot be reached; in %lld s",
			 (long long)((v->gate_until_ms - r->t.mono_ms) / 1000));
	else if (v->probe == GRAPH_PROBE_READ)
		snprintf(text, sizeof(text), "microsoft graph has not answered within %lld s",
			 (long long)(r->waited_ms / 1000));
	else if (!answered || bad)
		snprintf(text, sizeof(text), "microsoft graph: %s", v->probe_error);
	else
		snprintf(text, sizeof(text), "microsoft graph has answered a presence read; %llu requests "
			 "accepted, %llu refused so far",
			 (unsigned long long)v->accepted, (unsigned long long)v->denied);
	row(r, "teams graph", name, answered && !bad, text);
}

/* Who was refused by Graph's last word about them. Who is not found at all, check_people counts. */
static void say_refused(struct report_rows *r, uint16_t id, const struct graph *g)
{
	uint32_t wrong = 0;
	char name[300], text[300];

	for (uint32_t u = directory_next_user(names(r), 0); u != ID_NONE && g && wrong < PEOPLE_SHOWN;
	     u = directory_next_user(names(r), u + 1)) {
		struct graph_user_view v = { 0 };

		if (directory_user_account(names(r), u) != id || !graph_user_view(g, u, &v) || !v.refused)
			continue;
		snprintf(name, sizeof(name), "user %.*s", SLICE_ARG(directory_email(names(r), u)));
		snprintf(text, sizeof(text), "microsoft graph answered %u: %s", v.last_status, v.last_error);
		row(r, name, directory_account_name(names(r), id), false, text);
		wrong++;
	}
}

static void add_row(void *arg, const char *name, struct slice account, bool ok, const char *text)
{
	row(arg, name, account, ok, text);
}

/* What an old token permits is not what the app may now. */
static void say_permissions(struct report_rows *r, uint16_t id, struct slice name, const struct graph_view *v)
{
	if (v->probe != GRAPH_PROBE_READ && v->probe != GRAPH_PROBE_ANSWERED)
		row(r, "teams permission", name, false, "not known: there is no fresh token");
	r->ok &= check_people(r->p, id, add_row, r);
}

/* People whose session another program takes away: one that signs in with our client id. */
static void say_conflicts(struct report_rows *r, uint16_t id, struct slice name)
{
	uint32_t n = 0, first = ID_NONE;
	char text[400];

	for (uint32_t u = directory_next_user(names(r), 0); u != ID_NONE;
	     u = directory_next_user(names(r), u + 1)) {
		struct user_view v;

		if (directory_user_account(names(r), u) != id ||
		    !engine_user(bridge_engine(r->p->bridge), u, &v) || !v.conflict)
			continue;
		first = n++ ? first : u;
	}
	if (!n)
		return;
	snprintf(text, sizeof(text),
		 "%u people, such as %.*s, are written by another application with our client id: find it", n,
		 SLICE_ARG(directory_email(names(r), first)));
	row(r, "teams conflict", name, false, text);
}

static void say_account(struct report_rows *r, uint16_t id)
{
	const struct graph *g = bridge_realm(r->p->bridge, bridge_account_realm(r->p->bridge, id));
	struct slice name = directory_account_name(names(r), id);
	struct graph_view v = { 0 };

	if (g)
		graph_view(g, &v);
	say_sign_in(r, name, &v);
	say_reach(r, name, &v);
	say_permissions(r, id, name, &v);
	say_refused(r, id, g);
	say_conflicts(r, id, name);
}

bool check_say(const struct app_parts *p, struct bridge_time t, struct check_scope scope, int64_t waited_ms,
	       json_t *list)
{
	struct report_rows r = { p, t, scope, waited_ms, list, true };
	const struct directory *d = bridge_directory(p->bridge);
	bool one = scope.connector != ID_NONE;

	if (!one)
		say_configuration(&r);
	for (uint32_t i = directory_next_connector(d, 0); i != ID_NONE;
	     i = directory_next_connector(d, i + 1))
		if (is_asked(&r, i))
			say_connector(&r, i);
	say_lines(&r);
	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX && !one;
	     i = directory_next_account(d, i + 1))
		if (scope.account == UINT16_MAX || i == scope.account)
			say_account(&r, i);
	return r.ok;
}
