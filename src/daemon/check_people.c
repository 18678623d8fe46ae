#include "daemon/check_people.h"

#include <stdio.h>
#include <string.h>

#include "daemon/people.h"
#include "proto/graph/roles.h"

uint32_t check_needs(const struct conf_account *c, struct check_need ret[static CHECK_NEEDS_MAX])
{
	uint32_t n = 0;

	ret[n++] = (struct check_need){ PERMITS_SET, true, "presence, written and read" };
	ret[n++] = (struct check_need){ PERMITS_LOOK_UP, c->matching.refresh > 0,
					"mail, aliases and licences of people; without it "
					"give teams_id, and set matching.refresh: off" };
	if (c->matching.groups.n)
		ret[n++] = (struct check_need){ PERMITS_GROUPS, true, "matching.groups" };
	return n;
}

static bool check_permissions(const struct conf_account *c, const struct graph_view *v,
			      struct slice name, check_add *add, void *arg)
{
	struct check_need needs[CHECK_NEEDS_MAX];
	uint32_t n = check_needs(c, needs);
	bool ok = true;
	char text[300], title[80];

	for (uint32_t i = 0; i < n && v->permits_known; i++) {
		const char *role = token_role_for((enum token_permits)needs[i].permits);
		bool has = v->permits & needs[i].permits, good = has || !needs[i].needed;

		snprintf(title, sizeof(title), "permission %s", role);
		snprintf(text, sizeof(text), "%s: %s%s",
			 has	? "granted"
			 : good ? "not granted, not needed"
				: "missing",
			 needs[i].why,
			 good ? "" : "; grant it to the app in Entra, with admin consent");
		add(arg, title, name, good, text);
		ok &= good;
	}
	return ok;
}

static bool check_reading(const struct graph *g, struct slice name, check_add *add, void *arg)
{
	struct graph_people_view v;
	char text[300];

	graph_people_view(g, &v);
	if (!v.on)
		return true;
	snprintf(text, sizeof(text),
		 "%s; %llu readings, %llu of everybody, %llu pages, %llu rows, %u of %u units in "
		 "this window",
		 v.failed     ? "cannot be read"
		 : v.complete ? "read, and kept fresh"
			      : "being read",
		 (unsigned long long)v.rounds, (unsigned long long)v.full_rounds,
		 (unsigned long long)v.pages, (unsigned long long)v.rows, v.units_in_window,
		 v.units_max);
	add(arg, "teams directory", name, !v.failed, text);
	return !v.failed;
}

void check_matches(const struct bridge *b, uint16_t account, uint32_t ret[static MATCH_COUNT])
{
	const struct directory *d = bridge_directory(b);
	struct bridge_match m;

	memset(ret, 0, MATCH_COUNT * sizeof(ret[0]));
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account && bridge_match(b, u, &m))
			ret[m.state]++;
}

static bool say_matches(const struct app_parts *p, uint16_t account, check_add *add, void *arg)
{
	const struct directory *d = bridge_directory(p->bridge);
	uint32_t counts[MATCH_COUNT], wrong = 0;
	char text[500] = "";

	check_matches(p->bridge, account, counts);
	for (int i = 0; i < MATCH_COUNT; i++)
		wrong += i == MATCH_MATCHED ? 0 : counts[i];
	for (int i = 0; i < MATCH_COUNT; i++)
		if (counts[i])
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u %s",
				 text[0] ? ", " : "", counts[i], match_name((enum match)i));
	if (wrong)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "; offhook matching names them, with the fix for each");
	add(arg, "teams people", directory_account_name(d, account), wrong == 0,
	    text[0] ? text : "nobody is configured");
	return wrong == 0;
}

bool check_people(const struct app_parts *p, uint16_t account, check_add *add, void *arg)
{
	const struct graph *g = bridge_realm(p->bridge, bridge_account_realm(p->bridge, account));
	const struct conf_account *c = apply_account(p->apply, account);
	struct slice name = directory_account_name(bridge_directory(p->bridge), account);
	struct graph_view v = { 0 };
	bool ok = true;

	if (g && c) {
		graph_view(g, &v);
		ok &= check_permissions(c, &v, name, add, arg);
		ok &= check_reading(g, name, add, arg);
	}
	return say_matches(p, account, add, arg) && ok;
}
