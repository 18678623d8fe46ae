/* identity.c - under which Microsoft id a user is published, when that changes.
 *
 * What is held under the former id is given back before the next one counts: a person whom nobody here stands
 * for any more must not stay Busy. Few ids change at a time, so those that wait stand in a list. */
#include <stdlib.h>

#include "base/check.h"
#include "bridge/own.h"

struct next_id {
	uint32_t user;
	char id[GRAPH_ID_LEN + 1]; /* "": none */
};

static struct next_id *find(struct bridge *b, uint32_t user)
{
	for (uint32_t i = 0; i < b->next_ids_n; i++)
		if (b->next_ids[i].user == user)
			return &b->next_ids[i];
	return NULL;
}

static bool add(struct bridge *b, uint32_t user, struct slice id)
{
	if (b->next_ids_n == b->next_ids_cap) {
		uint32_t cap = b->next_ids_cap ? b->next_ids_cap * 2 : 16;
		struct next_id *list = realloc(b->next_ids, cap * sizeof(*list));

		if (!list)
			return false;
		b->next_ids = list;
		b->next_ids_cap = cap;
	}
	struct next_id *n = &b->next_ids[b->next_ids_n];
	n->user = user;
	if (slice_copy(id, n->id, sizeof(n->id)))
		return false;
	b->next_ids_n++;
	return true;
}

void identity_drop(struct bridge *b, uint32_t user)
{
	struct next_id *n = find(b, user);

	if (n)
		*n = b->next_ids[--b->next_ids_n];
}

void identity_set(struct bridge *b, uint32_t user, const char *id)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);
	struct next_id *n = find(b, user);

	if (!r)
		return;
	r->dirty = true;
	if (n) {
		if (slice_copy(slice_str(id), n->id, sizeof(n->id)))
			n->id[0] = '\0';
		return;
	}
	const char *old = graph_id(r->graph, user);
	bool same = slice_eq_nocase(slice_str(old), slice_str(id));
	if (!old[0] || same || engine_holds_nothing(b->engine, user) || !add(b, user, slice_str(id)))
		graph_set_id(r->graph, user, id);
	else
		graph_give_back(r->graph, 0, user);
}

/* Another user of ours may be this person by now, and its session was the one that has been given back. */
static uint32_t heir_of(const struct bridge *b, uint32_t realm, const char *id, uint32_t user)
{
	uint8_t packed[MATCH_ID_BYTES];

	if (!b->matcher.recs)
		return ID_NONE;
	match_pack_id(id, packed);
	uint32_t heir = match_user_of(b, realm, packed);
	return heir == user ? ID_NONE : heir;
}

static bool is_looked_for(const struct bridge *b, uint32_t user)
{
	return !match_judges(b, user) || b->matcher.recs[user].state == MATCH_WAITING;
}

static void anew(struct bridge *b, struct bridge_time t, uint32_t user)
{
	struct event ev = { .kind = EV_USER_ANEW, .user = user };

	bridge_step(b, t, &ev);
}

void identity_given_back(struct bridge *b, struct bridge_time t, uint32_t realm, const struct outcome *o)
{
	struct graph *g = b->realms[realm].graph;
	struct next_id *n = find(b, o->user), next;

	if (!n || o->class == OUTCOME_UNSURE)
		return;
	if (o->class == OUTCOME_WITHDRAWN) { /* the engine has asked for something meanwhile */
		graph_give_back(g, t.mono_ms, o->user);
		return;
	}
	uint32_t heir = heir_of(b, realm, graph_id(g, o->user), o->user);
	next = *n;
	identity_drop(b, o->user);
	graph_forget(g, o->user);
	graph_set_id(g, o->user, next.id);
	if (!next.id[0] && is_looked_for(b, o->user)) /* which the forgetting has ended */
		bridge_set_teams_id(b, o->user, NULL);
	anew(b, t, o->user);
	if (heir != ID_NONE)
		anew(b, t, heir);
}

/* As graph_give_back: but what the earlier process gave out the machine does not know. */
static void give_back_restored(struct graph *g, struct bridge_time t, uint32_t user,
			       const struct user_view *v)
{
	const struct action a = { .kind = ACT_CLEAR, .urgency = URGENCY_CLEAR, .user = user,
				  .may_be_held = true, .preferred = v->held_preferred,
				  .due_mono_ms = t.mono_ms };

	if (graph_has_text(g, user))
		graph_text(g, t.mono_ms, user, SLICE_NONE, TIME_NEVER);
	graph_submit(g, t.mono_ms, &a);
}

void bridge_restore_held(struct bridge *b, struct bridge_time t, uint32_t user, const char *id)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);
	char now[GRAPH_ID_LEN + 1];
	struct user_view v;

	if (!r || !graph_is_guid(slice_str(id)) || engine_holds_nothing(b->engine, user) ||
	    !engine_user(b->engine, user, &v) ||
	    slice_eq_nocase(slice_str(graph_id(r->graph, user)), slice_str(id)))
		return;
	CHECK(slice_copy(slice_str(graph_id(r->graph, user)), now, sizeof(now)) == ERR_OK);
	bool looked_for = !now[0] && is_looked_for(b, user);
	r->dirty = true;
	graph_set_id(r->graph, user, id);
	if (v.leaving)
		return; /* what is about to be cleared is cleared there */
	if (looked_for) /* which the setting has ended; whoever is found is compared with this one */
		bridge_set_teams_id(b, user, NULL);
	else if (add(b, user, slice_str(now)))
		give_back_restored(r->graph, t, user, &v);
	else
		graph_set_id(r->graph, user, now);
}
