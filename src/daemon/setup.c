#include "daemon/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/said.h"
#include "base/date.h"
#include "daemon/certificates.h"
#include "daemon/check_people.h"
#include "proto/graph/roles.h"
#include "proto/graph/token.h"

static const struct {
	const char *name, *title, *by_hand;
} steps[SETUP_COUNT] = {
#define STEP(id, name, title, by_hand) { name, title, by_hand },
#include "daemon/setup.def"
};

const char *setup_step_name(enum setup_step step)
{
	return (unsigned)step < SETUP_COUNT ? steps[step].name : "?";
}

__attribute__((format(printf, 3, 4))) static void say(struct setup_said *s, enum setup_state state,
						      const char *fmt, ...)
{
	va_list args;

	s->state = (uint8_t)state;
	va_start(args, fmt);
	vsnprintf(s->text, sizeof(s->text), fmt, args);
	va_end(args);
}

enum { DAY_MS = 86400000 };

static bool has_token(const struct graph_view *v)
{
	return v->token == 2 && v->probe != GRAPH_PROBE_NO_TOKEN;
}

static bool refused_at(const struct graph_view *v, enum token_step step)
{
	return !has_token(v) && v->token_error[0] && v->token_step == (uint8_t)step;
}

/* Entra's words, and what to do about them. */
static void say_refusal(struct setup_said *s, const struct graph_view *v)
{
	bool fix = v->token_fix && v->token_fix[0];

	say(s, SETUP_FAILED, "%s%s%s", v->token_error, fix ? "; " : "", fix ? v->token_fix : "");
}

/* Nobody has said anything about this step: not asked, no way there, or an earlier step is in the way. */
static void say_open(struct setup_said *s, const struct graph_view *v)
{
	if (v->token_error[0] && v->token_step == TOKEN_STEP_NONE)
		say(s, SETUP_UNKNOWN, "Entra gives no token: %s", v->token_error);
	else if (v->token_error[0])
		say(s, SETUP_TODO, "waits for the step that was refused");
	else
		say(s, SETUP_UNKNOWN, "Entra has not answered yet");
}

static void judge_app(const struct setup_facts *f, struct setup_said *s)
{
	const struct graph_view *v = &f->graph;

	if (refused_at(v, TOKEN_STEP_APP))
		say_refusal(s, v);
	else if (has_token(v) || refused_at(v, TOKEN_STEP_CREDENTIAL) || refused_at(v, TOKEN_STEP_CONSENT))
		say(s, SETUP_DONE, "Entra knows the application %s in the tenant %s",
		    f->account->teams.client_id, f->account->teams.tenant);
	else
		say_open(s, v);
}

static void judge_certificate(const struct setup_facts *f, struct setup_said *s)
{
	const struct graph_view *v = &f->graph;
	long long days = (long long)((v->certificate_ends_wall_ms - f->wall_ms) / DAY_MS);

	if (v->certificate_ends_wall_ms <= f->wall_ms)
		say(s, SETUP_FAILED, "the certificate %s has ended: make another", v->certificate_thumbprint);
	else if (f->wall_ms >= v->certificate_warns_wall_ms)
		say(s, SETUP_DONE, "the certificate %s signs in; it ends in %lld days: make another in time",
		    v->certificate_thumbprint, days);
	else
		say(s, SETUP_DONE, "the certificate %s signs in, for another %lld days",
		    v->certificate_thumbprint, days);
}

static void judge_secret(const struct setup_facts *f, struct setup_said *s)
{
	int64_t ends = f->graph.secret_ends_wall_ms;

	if (!ends)
		say(s, SETUP_DONE, "the client secret signs in; nobody tells an application when its secret "
		    "ends: put the day into client_secret_ends, and an alarm comes before");
	else if (ends <= f->wall_ms)
		say(s, SETUP_DONE, "the client secret signs in, though client_secret_ends is over: "
		    "correct it");
	else
		say(s, SETUP_DONE, "the client secret signs in, for another %lld days",
		    (long long)((ends - f->wall_ms) / DAY_MS));
}

static void judge_credential(const struct setup_facts *f, struct setup_said *s)
{
	const struct graph_view *v = &f->graph;

	if (refused_at(v, TOKEN_STEP_CREDENTIAL))
		say_refusal(s, v);
	else if (!has_token(v) && !refused_at(v, TOKEN_STEP_CONSENT))
		say_open(s, v);
	else if (v->certificate_ends_wall_ms)
		judge_certificate(f, s);
	else
		judge_secret(f, s);
}

/* What is needed and not in the token, as "A, B"; "" when nothing is missing. */
static void missing_permissions(const struct setup_facts *f, char *dst, size_t cap)
{
	struct check_need needs[CHECK_NEEDS_MAX];
	uint32_t n = check_needs(f->account, needs);

	dst[0] = '\0';
	for (uint32_t i = 0; i < n; i++)
		if (needs[i].needed && !(f->graph.permits & needs[i].permits))
			snprintf(dst + strlen(dst), cap - strlen(dst), "%s%s", dst[0] ? ", " : "",
				 token_role_for((enum token_permits)needs[i].permits));
}

/* A token names only what was both added and consented to: which of the two is missing it does not say. */
static void judge_permissions(const struct setup_facts *f, struct setup_said *add,
			      struct setup_said *consent)
{
	const struct graph_view *v = &f->graph;
	char missing[200];

	say_open(add, v);
	say_open(consent, v);
	if (refused_at(v, TOKEN_STEP_CONSENT))
		say_refusal(consent, v);
	if (!has_token(v))
		return;
	if (!v->permits_known) {
		say(add, SETUP_UNKNOWN, "the token does not say what it permits");
		say(consent, SETUP_UNKNOWN, "the token does not say what it permits");
		return;
	}
	missing_permissions(f, missing, sizeof(missing));
	if (missing[0]) {
		say(add, SETUP_TODO, "missing: %s", missing);
		say(consent, SETUP_TODO, "once they are added: %s", missing);
	} else {
		say(add, SETUP_DONE, "all that the settings need are there");
		say(consent, SETUP_DONE, "granted");
	}
}

static void judge_graph(const struct setup_facts *f, struct setup_said *s)
{
	const struct graph_view *v = &f->graph;
	uint16_t status = v->probe_status;

	if (!has_token(v))
		say_open(s, v);
	else if (v->probe == GRAPH_PROBE_TOKEN || v->probe == GRAPH_PROBE_READ)
		say(s, SETUP_UNKNOWN, v->gate_closed ? "Graph asks to wait, or cannot be reached"
						     : "Graph has not answered yet");
	else if (v->probe != GRAPH_PROBE_ANSWERED)
		say(s, v->accepted ? SETUP_DONE : SETUP_UNKNOWN, "%llu requests accepted so far",
		    (unsigned long long)v->accepted);
	else if (status == 0 || status == 401 || status == 403 || status == 429 || status >= 500)
		say(s, SETUP_FAILED, "Graph: %s", v->probe_error);
	else
		say(s, SETUP_DONE, "Graph has answered a presence read");
}

static void judge_people(const struct setup_facts *f, struct setup_said *s)
{
	uint32_t all = 0, found = f->matches[MATCH_MATCHED], waiting = f->matches[MATCH_WAITING];

	for (int i = 0; i < MATCH_COUNT; i++)
		all += f->matches[i];
	if (!has_token(&f->graph))
		say_open(s, &f->graph);
	else if (f->people.on && f->people.failed)
		say(s, SETUP_FAILED, "the directory cannot be read");
	else if (all == 0)
		say(s, SETUP_TODO, "nobody is configured yet: add people");
	else if (found + waiting < all)
		say(s, SETUP_FAILED, "%u of %u are found; see who is not, and why", found, all);
	else if (waiting)
		say(s, SETUP_UNKNOWN, "%u of %u are found, the others are still looked for", found, all);
	else
		say(s, SETUP_DONE, all == 1 ? "%u person is found" : "all %u people are found", all);
}

void setup_judge(const struct setup_facts *f, struct setup_said ret[static SETUP_COUNT])
{
	for (int i = 0; i < SETUP_COUNT && !f->account; i++)
		say(&ret[i], SETUP_TODO, "%s", "");
	if (!f->account)
		return;
	judge_app(f, &ret[SETUP_APP]);
	judge_credential(f, &ret[SETUP_CREDENTIAL]);
	judge_permissions(f, &ret[SETUP_PERMISSIONS], &ret[SETUP_CONSENT]);
	judge_graph(f, &ret[SETUP_GRAPH]);
	judge_people(f, &ret[SETUP_PEOPLE]);
}

/* ---- the document ---- */

static json_t *credential_json(const struct setup_facts *f)
{
	const struct graph_view *v = &f->graph;
	char ends[DATE_LEN + 1], warns[DATE_LEN + 1];

	if (!f->account)
		return json_null();
	date_format(v->certificate_ends_wall_ms ? v->certificate_ends_wall_ms : v->secret_ends_wall_ms, ends);
	if (!v->certificate_ends_wall_ms && v->secret_ends_wall_ms)
		return json_pack("{s:s,s:s}", "kind", "secret", "expires", ends);
	if (!v->certificate_ends_wall_ms)
		return json_pack("{s:s}", "kind", "secret");
	date_format(v->certificate_warns_wall_ms, warns);
	return json_pack("{s:s,s:s,s:s,s:s}", "kind", "certificate", "sha1", v->certificate_thumbprint,
			 "expires", ends, "warns", warns);
}

static json_t *steps_json(const struct setup_facts *f)
{
	static const char *const states[] = { "unknown", "todo", "failed", "done" };
	struct setup_said said[SETUP_COUNT];
	json_t *list = json_array();

	setup_judge(f, said);
	for (int i = 0; i < SETUP_COUNT; i++) {
		json_t *commands = setup_commands((enum setup_step)i, f->account);

		json_t *row = json_pack("{s:s,s:s,s:s,s:s,s:o}", "id", steps[i].name, "title", steps[i].title,
					"state", states[said[i].state], "by_hand", steps[i].by_hand,
					"commands", commands);

		said_set(row, "text", said[i].text);
		json_array_append_new(list, row);
	}
	return list;
}

json_t *setup_answer(const struct app_parts *p, struct bridge_time t, uint16_t account)
{
	struct setup_facts f = { .wall_ms = t.wall_ms };

	if (account != UINT16_MAX) {
		const struct graph *g = bridge_realm(p->bridge, bridge_account_realm(p->bridge, account));

		f.account = apply_account(p->apply, account);
		check_matches(p->bridge, account, f.matches);
		if (g) {
			graph_view(g, &f.graph);
			graph_people_view(g, &f.people);
		}
	}
	const struct conf_account *c = f.account;
	return json_pack("{s:s?,s:s?,s:s?,s:o,s:o,s:o}", "account", c ? c->name : NULL, "tenant",
			 c ? c->teams.tenant : NULL, "client_id", c ? c->teams.client_id : NULL, "credential",
			 credential_json(&f), "certificate_waiting",
			 c ? certificate_waiting(p->conf->server.data, c->name) : json_null(), "steps",
			 steps_json(&f));
}
