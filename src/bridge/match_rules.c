/* match_rules.c - by what people are matched: an account's rules, and what follows for its realm's
 * reading. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bridge/own.h"

static void rules_fini(struct match_rules *r)
{
	free(r->groups);
	*r = (struct match_rules){ 0 };
}

void match_fini(struct bridge *b)
{
	struct matcher *m = &b->matcher;

	for (uint32_t i = 0; m->rules && i < b->limits.accounts; i++)
		rules_fini(&m->rules[i]);
	map_fini(&m->by_id);
	free(m->recs);
	free(m->rules);
	free(m->plans_seen);
	free(m->changed);
}

void match_forget_rules(struct bridge *b, uint16_t account)
{
	if (b->matcher.rules)
		rules_fini(&b->matcher.rules[account]);
}

static enum err allocate(struct bridge *b)
{
	struct matcher *m = &b->matcher;

	if (m->recs)
		return ERR_OK;
	m->rules = calloc(b->limits.accounts, sizeof(*m->rules));
	m->plans_seen = calloc(b->limits.realms, sizeof(*m->plans_seen));
	m->changed = calloc(b->limits.users, sizeof(*m->changed));
	if (!m->rules || !m->plans_seen || !m->changed || map_init(&m->by_id, b->limits.users))
		return ERR_NO_MEMORY;
	m->recs = calloc(b->limits.users, sizeof(*m->recs));
	return m->recs ? ERR_OK : ERR_NO_MEMORY;
}

static enum err copy_rules(struct match_rules *r, const struct bridge_matching *m)
{
	struct match_rules fresh = { .set = true, .by = m->by, .take = m->take, .every_ms = m->every_ms };

	if (slice_copy(slice_str(m->property ? m->property : ""), fresh.property, sizeof(fresh.property)))
		return ERR_LIMIT;
	fresh.groups = calloc(m->groups_n + 1u, sizeof(*fresh.groups));
	if (!fresh.groups)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < m->groups_n; i++)
		if (slice_copy(slice_str(m->groups[i]), fresh.groups[i], sizeof(fresh.groups[i]))) {
			free(fresh.groups);
			return ERR_MALFORMED;
		}
	fresh.groups_n = m->groups_n;
	rules_fini(r);
	*r = fresh;
	return ERR_OK;
}

static uint32_t count_groups(const struct bridge *b, uint32_t realm)
{
	uint32_t n = 0;

	for (uint32_t a = 0; a < b->limits.accounts; a++)
		n += b->matcher.rules[a].set && b->account_realm[a] == realm
			     ? b->matcher.rules[a].groups_n
			     : 0;
	return n;
}

/* All accounts of the realm: groups in the order of the accounts, as match_groups.c counts them. */
enum err match_realm(struct bridge *b, uint32_t realm)
{
	if (!b->matcher.recs)
		return ERR_OK;
	struct graph_people p = { .property = "", .groups_n = count_groups(b, realm) };
	const char **groups = calloc(p.groups_n + 1u, sizeof(*groups));
	uint32_t n = 0;

	if (!groups)
		return ERR_NO_MEMORY;
	for (uint32_t a = 0; a < b->limits.accounts; a++) {
		const struct match_rules *r = &b->matcher.rules[a];

		if (!r->set || b->account_realm[a] != realm)
			continue;
		if (r->every_ms && (!p.every_ms || r->every_ms < p.every_ms))
			p.every_ms = r->every_ms;
		if (!p.property[0])
			p.property = r->property;
		for (uint32_t i = 0; i < r->groups_n; i++)
			groups[n++] = r->groups[i];
	}
	p.groups = groups;
	enum err e = graph_set_people(b->realms[realm].graph, &p);
	b->realms[realm].dirty = true;
	free(groups);
	return e;
}

static bool same_groups(const struct match_rules *r, const struct bridge_matching *m)
{
	for (uint32_t i = 0; i < m->groups_n && i < r->groups_n; i++)
		if (strcmp(r->groups[i], m->groups[i]) != 0)
			return false;
	return r->groups_n == m->groups_n;
}

/* Other rules may make somebody else of everybody: read again, or where nothing is read, looked up again. */
static void judge_again(struct bridge *b, uint16_t account)
{
	const struct directory *d = b->directory;
	struct realm_slot *r = &b->realms[b->account_realm[account]];

	if (b->matcher.rules[account].every_ms) {
		graph_people_again(r->graph, true);
		return;
	}
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account && !b->matcher.recs[u].named)
			bridge_set_teams_id(b, u, NULL);
}

enum err bridge_set_matching(struct bridge *b, uint16_t account, const struct bridge_matching *m)
{
	CHECK(account < b->limits.accounts);
	enum err e = allocate(b);

	if (e)
		return e;
	struct match_rules *r = &b->matcher.rules[account];
	bool known = r->set, same = r->by == m->by && r->take == m->take &&
				    slice_is(slice_str(m->property), r->property);
	if (known && same && r->every_ms == m->every_ms && same_groups(r, m))
		return ERR_OK;
	e = copy_rules(r, m);
	if (!e)
		e = match_realm(b, b->account_realm[account]);
	if (!e && known && !same)
		judge_again(b, account);
	return e;
}

void bridge_people_link(struct bridge *b, uint32_t realm, struct slice link)
{
	CHECK(realm < b->limits.realms && b->realms[realm].graph);
	graph_people_link(b->realms[realm].graph, link);
	b->realms[realm].dirty = true;
}
