#include "admin/auth/caller.h"

static const char *const role_names[ROLE_COUNT] = { "none", "viewer", "operator", "owner" };

const char *role_name(enum role role)
{
	return role < ROLE_COUNT ? role_names[role] : "none";
}

bool role_parse(struct slice word, enum role *ret)
{
	for (enum role r = ROLE_VIEWER; r < ROLE_COUNT; r++)
		if (slice_is(word, role_names[r])) {
			*ret = r;
			return true;
		}
	return false;
}

const char *caller_kind_name(enum caller_kind kind)
{
	static const char *const names[CALLER_KIND_COUNT] = { "",	  "open",      "socket",
							      "password", "microsoft", "token" };

	return kind < CALLER_KIND_COUNT ? names[kind] : "";
}

enum err grants_add(struct grants *g, struct slice account, enum role role)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (slice_is(account, g->list[i].account)) {
			if (role > g->list[i].role)
				g->list[i].role = (uint8_t)role;
			return ERR_OK;
		}
	if (g->n == CALLER_GRANTS_MAX ||
	    slice_copy(account, g->list[g->n].account, sizeof(g->list[g->n].account)))
		return ERR_LIMIT;
	g->list[g->n++].role = (uint8_t)role;
	return ERR_OK;
}

enum role grants_role(const struct grants *g, struct slice account)
{
	enum role best = ROLE_NONE;

	for (uint32_t i = 0; i < g->n; i++) {
		bool all = strcmp(g->list[i].account, "*") == 0;

		if ((all || (account.p && slice_is(account, g->list[i].account))) &&
		    g->list[i].role > best)
			best = (enum role)g->list[i].role;
	}
	return best;
}

enum role grants_highest(const struct grants *g)
{
	enum role best = ROLE_NONE;

	for (uint32_t i = 0; i < g->n; i++)
		if (g->list[i].role > best)
			best = (enum role)g->list[i].role;
	return best;
}

bool grants_cover(const struct grants *have, const struct grants *wanted)
{
	for (uint32_t i = 0; i < wanted->n; i++) {
		const char *account = wanted->list[i].account;
		bool all = strcmp(account, "*") == 0;

		if (grants_role(have, all ? SLICE_NONE : slice_str(account)) < wanted->list[i].role)
			return false;
	}
	return true;
}
