#include "daemon/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/apply.h"
#include "daemon/setup.h"

enum { CHECKS_MAX = 8, LOOK_MS = 50 };

struct asked {
	uint64_t command;
	uint16_t account; /* UINT16_MAX: all */
	char connector[128]; /* by name, of the account: it may go while it is asked; "": not one alone */
	bool setup;	  /* wants to know how far the tenant is set up */
};

struct checker {
	struct asked asked[CHECKS_MAX]; /* those of the round first */
	uint32_t n, round_n;
	struct check_scope scope; /* of the round */
	int64_t begun_ms, look_ms;
};

enum err checker_new(struct checker **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ERR_OK : ERR_NO_MEMORY;
}

void checker_free(struct checker *c)
{
	free(c);
}

void checker_ask(struct checker *c, struct admin *admin, const struct admin_command *cmd)
{
	if (c->n == CHECKS_MAX)
		admin_refuse(admin, cmd->id, 503, "busy", "several checks are under way; try again");
	else {
		struct asked *a = &c->asked[c->n++];

		*a = (struct asked){ .command = cmd->id, .account = cmd->account,
				     .setup = cmd->kind == ADMIN_SETUP };
		snprintf(a->connector, sizeof(a->connector), "%s", cmd->connector);
	}
}

/* ---- is there anything left to wait for? ---- */

/* The Teams side of an account. */
static bool concerns(struct check_scope s, uint16_t account)
{
	return s.connector == ID_NONE && (s.account == UINT16_MAX || s.account == account);
}

static bool asks_connector(const struct directory *d, struct check_scope s, uint32_t connector)
{
	return s.connector != ID_NONE ? s.connector == connector
				      : concerns(s, directory_connector_account(d, connector));
}

static bool realms_open(const struct bridge *b, struct check_scope asked)
{
	const struct directory *d = bridge_directory(b);

	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX;
	     i = directory_next_account(d, i + 1)) {
		const struct graph *g = bridge_realm(b, bridge_account_realm(b, i));
		struct graph_view v = { 0 };

		if (g)
			graph_view(g, &v);
		if (concerns(asked, i) && (v.probe == GRAPH_PROBE_TOKEN || v.probe == GRAPH_PROBE_READ))
			return true;
	}
	return false;
}

static bool connectors_open(const struct bridge *b, struct check_scope asked)
{
	const struct directory *d = bridge_directory(b);

	for (uint32_t i = directory_next_connector(d, 0); i != ID_NONE;
	     i = directory_next_connector(d, i + 1)) {
		struct source_view v = { 0 };

		bridge_source_view(b, i, &v);
		if (asks_connector(d, asked, i) && v.probe == SOURCE_PROBE_ASKED)
			return true;
	}
	return false;
}

static bool lines_open(const struct bridge *b, struct check_scope asked)
{
	const struct directory *d = bridge_directory(b);

	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE; l = directory_next_line(d, l + 1)) {
		struct source_line_view v;

		if (!asks_connector(d, asked, directory_line_connector(d, l)) ||
		    !bridge_line_view(b, l, &v))
			continue;
		if (v.link == LINE_ASKING || (v.link == LINE_LIVE && v.ask != LINE_ASK_NONE))
			return true;
	}
	return false;
}

static bool is_open(const struct bridge *b, struct check_scope asked)
{
	return realms_open(b, asked) || connectors_open(b, asked) || lines_open(b, asked);
}

/* ---- rounds ---- */

static struct check_scope scope_of(const struct app_parts *p, const struct asked *a)
{
	const struct directory *d = bridge_directory(p->bridge);

	return (struct check_scope){ a->account, a->connector[0] ? directory_connector(d, a->account,
										   slice_str(a->connector))
								 : ID_NONE };
}

/* What all who asked want to know; together more than one of them may. */
static void begin(struct checker *c, const struct app_parts *p, struct bridge_time t)
{
	c->scope = scope_of(p, &c->asked[0]);
	for (uint32_t i = 1; i < c->n; i++) {
		struct check_scope s = scope_of(p, &c->asked[i]);

		if (s.account != c->scope.account)
			c->scope.account = UINT16_MAX;
		if (s.connector != c->scope.connector || c->scope.account == UINT16_MAX)
			c->scope.connector = ID_NONE;
	}
	c->round_n = c->n;
	c->begun_ms = t.mono_ms;
	c->look_ms = t.mono_ms + LOOK_MS;
	if (c->scope.connector != ID_NONE)
		bridge_probe_connector(p->bridge, t, c->scope.connector);
	else
		bridge_probe(p->bridge, t, c->scope.account);
}

static json_t *check_answer(const struct app_parts *p, struct bridge_time t, struct check_scope scope,
			    int64_t waited_ms)
{
	json_t *list = json_array();
	bool ok = check_say(p, t, scope, waited_ms, list);

	return json_pack("{s:b,s:o}", "ok", ok, "checks", list);
}

/* Account and connector may have gone while they were asked. */
static void answer(const struct app_parts *p, struct bridge_time t, const struct asked *a, int64_t waited_ms)
{
	struct check_scope scope = scope_of(p, a);

	if (a->connector[0] && scope.connector == ID_NONE) {
		admin_refuse(p->admin, a->command, 404, "not found", "no such connector any more");
		return;
	}
	if (a->setup && !apply_account(p->apply, a->account)) {
		admin_refuse(p->admin, a->command, 404, "not found", "the account was removed meanwhile");
		return;
	}
	json_t *doc = a->setup ? setup_answer(p, t, a->account) : check_answer(p, t, scope, waited_ms);
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	if (text)
		admin_answer(p->admin, a->command, 200, text);
	else
		admin_refuse(p->admin, a->command, 500, "out of memory", "try again");
	free(text);
	json_decref(doc);
}

static void end(struct checker *c, const struct app_parts *p, struct bridge_time t)
{
	for (uint32_t i = 0; i < c->round_n; i++)
		answer(p, t, &c->asked[i], t.mono_ms - c->begun_ms);
	c->n -= c->round_n;
	memmove(c->asked, c->asked + c->round_n, c->n * sizeof(c->asked[0]));
	c->round_n = 0;
}

int64_t checker_turn(struct checker *c, const struct app_parts *p, struct bridge_time t)
{
	if (c->n == 0)
		return TIME_NEVER;
	if (c->round_n && t.mono_ms >= c->look_ms) {
		c->look_ms = t.mono_ms + LOOK_MS;
		if (t.mono_ms - c->begun_ms >= CHECK_WAIT_MS || !is_open(p->bridge, c->scope))
			end(c, p, t);
	}
	if (c->n && !c->round_n) {
		begin(c, p, t);
		return t.mono_ms; /* what the machines have to say must leave */
	}
	return c->n ? c->look_ms : TIME_NEVER;
}
