/* realm.c - realms: what Microsoft's quota, token and sessions belong to, and which account is in which. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bridge/own.h"

enum { GIVE_BACK_MS = 900000 }; /* whoever has not been given back by then is not going to be */

static char *realm_key(const struct graph_config *c)
{
	size_t n = strlen(c->login_url) + strlen(c->tenant) + strlen(c->client_id) + 3;
	char *key = malloc(n);
	struct slice parts[] = { slice_str(c->login_url), slice_str(c->tenant), slice_str(c->client_id) };
	size_t at = 0;

	for (size_t i = 0; key && i < ARRAY_LEN(parts); i++) {
		memcpy(key + at, parts[i].p, parts[i].n);
		at += parts[i].n;
		key[at++] = i + 1 < ARRAY_LEN(parts) ? '\n' : '\0';
	}
	return key;
}

enum err bridge_add_realm(struct bridge *b, struct bridge_time t, const struct graph_config *c,
			  uint32_t *ret_realm)
{
	char *key = realm_key(c);
	uint32_t free_slot = b->limits.realms;

	if (!key)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < b->limits.realms; i++) {
		struct realm_slot *r = &b->realms[i];

		if (!r->graph && free_slot == b->limits.realms)
			free_slot = i;
		if (!r->graph || strcmp(r->key, key) != 0)
			continue;
		free(key);
		*ret_realm = i;
		return bridge_set_credential(b, i, &c->credential);
	}
	if (free_slot == b->limits.realms) {
		free(key);
		return ERR_LIMIT;
	}
	enum err e = graph_new(&b->realms[free_slot].graph, c, t.mono_ms);
	if (e) {
		free(key);
		return e;
	}
	b->realms[free_slot].key = key;
	b->realms[free_slot].dirty = true;
	*ret_realm = free_slot;
	return ERR_OK;
}

enum err bridge_tune_realm(struct bridge *b, uint32_t realm, const struct graph_config *c)
{
	CHECK(realm < b->limits.realms && b->realms[realm].graph);
	b->realms[realm].dirty = true;
	return graph_set_tuning(b->realms[realm].graph, c);
}

enum err bridge_set_credential(struct bridge *b, uint32_t realm, const struct graph_credential *c)
{
	CHECK(realm < b->limits.realms && b->realms[realm].graph);
	b->realms[realm].dirty = true;
	return graph_set_credential(b->realms[realm].graph, c);
}

/* ---- from one realm to another ---- */

void realm_tell_load(struct bridge *b, struct bridge_time t, uint16_t account)
{
	struct graph_view v;

	graph_view(b->realms[b->account_realm[account]].graph, &v);
	struct event ev = { .kind = EV_LOAD, .load = { account, v.load.deep, v.load.floor_ms } };
	bridge_step(b, t, &ev);
}

static void leave(struct bridge *b, struct bridge_time t, uint32_t user, struct realm_slot *from)
{
	match_left(b, user);
	identity_drop(b, user);
	if (graph_id(from->graph, user)[0])
		graph_give_back(from->graph, t.mono_ms, user);
	else
		graph_forget(from->graph, user);
	from->dirty = true;
}

static void join(struct bridge *b, struct bridge_time t, uint32_t user, const char *teams_id)
{
	struct event ev = { .kind = EV_USER_ANEW, .user = user };

	bridge_step(b, t, &ev);
	bridge_set_teams_id(b, user, teams_id);
	match_joined(b, user, teams_id);
}

/* Everything about a person goes by the realm of the account, so that changes with each of them. */
static void move_user(struct bridge *b, struct bridge_time t, uint32_t user, uint32_t to)
{
	uint32_t *realm = &b->account_realm[directory_user_account(b->directory, user)], from = *realm;
	char id[GRAPH_ID_LEN + 1] = "";

	if (b->id_given[user])
		CHECK(slice_copy(slice_str(graph_id(b->realms[from].graph, user)), id, sizeof(id)) == ERR_OK);
	leave(b, t, user, &b->realms[from]);
	*realm = to;
	join(b, t, user, id);
	*realm = from;
}

enum err bridge_move_account(struct bridge *b, struct bridge_time t, uint16_t account, uint32_t realm)
{
	CHECK(account < b->limits.accounts && realm < b->limits.realms && b->realms[realm].graph);
	const struct directory *d = b->directory;
	uint32_t from = b->account_realm[account];

	if (from == realm)
		return ERR_OK;
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account)
			move_user(b, t, u, realm);
	b->account_realm[account] = realm;
	realm_tell_load(b, t, account);
	enum err e = match_realm(b, from);
	return e ? e : match_realm(b, realm);
}

static bool is_about_a_user(const struct graph_out *out)
{
	return out->kind == GRAPH_OUTCOME || out->kind == GRAPH_SEEN || out->kind == GRAPH_TEXT ||
	       out->kind == GRAPH_FOUND;
}

bool realm_is_left_by(struct bridge *b, struct bridge_time t, uint32_t realm, const struct graph_out *out)
{
	const bool outcome = out->kind == GRAPH_OUTCOME;
	const uint32_t user = outcome ? out->outcome.user : out->user;
	const bool farewell = outcome && out->outcome.generation == 0;
	struct graph *g = b->realms[realm].graph;
	struct graph_user_view v;

	if (!is_about_a_user(out))
		return false;
	if (bridge_realm_of_user(b, user) == &b->realms[realm]) {
		if (farewell) /* of another id, or of this realm before it came back */
			identity_given_back(b, t, realm, &out->outcome);
		return farewell;
	}
	bool cleared = farewell && out->outcome.class != OUTCOME_UNSURE && !graph_has_text(g, user);
	bool untexted = out->kind == GRAPH_TEXT && out->text_ours.n == 0 && graph_user_view(g, user, &v) &&
			!v.queued && !v.in_flight;
	if (cleared || untexted)
		graph_forget(g, user);
	return true;
}

/* ---- what is used no more ---- */

void bridge_remove_account(struct bridge *b, uint16_t account)
{
	uint32_t realm = b->account_realm[account];

	match_forget_rules(b, account);
	directory_release_account(b->directory, account);
	b->account_realm[account] = ID_NONE;
	if (realm < b->limits.realms && match_realm(b, realm))
		return; /* out of memory: it goes on being read until its next change */
}

bool bridge_realm_is_over(struct bridge *b, struct bridge_time t, uint32_t realm)
{
	const struct directory *d = b->directory;
	struct realm_slot *r = &b->realms[realm];

	if (!r->graph)
		return false;
	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX; a = directory_next_account(d, a + 1))
		if (b->account_realm[a] == realm) {
			r->left_ms = 0;
			return false;
		}
	if (!r->left_ms)
		r->left_ms = t.mono_ms;
	return graph_is_idle(r->graph) || t.mono_ms - r->left_ms > GIVE_BACK_MS;
}

void bridge_remove_realm(struct bridge *b, uint32_t realm)
{
	graph_free(b->realms[realm].graph);
	free(b->realms[realm].key);
	b->realms[realm] = (struct realm_slot){ 0 };
}
