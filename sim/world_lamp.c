/* world_lamp.c - no lamp is ever lit by what the daemon itself holds in Teams. */
#include <string.h>

#include "base/check.h"
#include "world_parts.h"

/* A lamp tells what was true when it was read: a read may be under way for as long as it may light
 * anything, and Graph may show what was true a little before. */
enum { READ_MAX_MS = 10000, STEP_MS = 1000 };

static bool is_lit(enum cloud_client c)
{
	return c == CLOUD_CLIENT_BUSY || c == CLOUD_CLIENT_MEETING ||
	       c == CLOUD_CLIENT_PRESENTING || c == CLOUD_CLIENT_FOCUSING;
}

void lamp_client(struct world *w, uint32_t user, enum cloud_client state)
{
	struct user_truth *u = &w->users[user];

	if (u->client_lit)
		u->client_lit_ms = w->now_ms;
	u->client_lit = is_lit(state);
	u->client_was_lit |= u->client_lit;
	lamp_look_all(w);
}

/* The cloud notices a change when it is looked at, and its reads lag from then on. */
void lamp_look_all(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n && w->config.read_after_ms; i++)
		cloud_seen(w->cloud, world_cloud_ms(w), w->users[i].cloud_user);
}

static int64_t expires_ms(const struct world *w, uint32_t user)
{
	struct cloud_pair pair;
	int64_t at_ms = 0;
	bool there =
		cloud_session(w->cloud, world_cloud_ms(w), w->users[user].cloud_user, NULL, &pair, &at_ms);

	return there ? at_ms : 0;
}

void lamp_orphan(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n; i++)
		w->users[i].left_expires_ms = expires_ms(w, i);
}

/* Nothing tells a daemon that has lost its store of what it held, but Graph's answer to a clear: if that is
 * "not found", it is believed. */
static bool nobody_could_know(const struct world *w, uint32_t user)
{
	return w->denied && w->users[user].left_expires_ms &&
	       expires_ms(w, user) == w->users[user].left_expires_ms;
}

void lamp_told(struct world *w, uint32_t user, enum lamp lamp)
{
	const struct user_truth *u = &w->users[user];
	int64_t late_ms = READ_MAX_MS + STEP_MS + w->config.read_after_ms;

	world_step_note(w, "lamp of %u: %s", user, lamp_name(lamp));
	w->counts.lamps++;
	w->counts.lit += lamp > LAMP_DARK;
	if (lamp <= LAMP_DARK || u->client_lit || nobody_could_know(w, user))
		return;
	if (!u->client_was_lit || w->now_ms - u->client_lit_ms > late_ms)
		world_object(w,
			     "user %u: the lamp shows %s, which is an echo: no client of theirs "
			     "does that",
			     user, lamp_name(lamp));
}

/* Nothing of ours is there, so what shows is the person's own. */
static bool must_light(struct world *w, uint32_t user, const struct user_view *v)
{
	struct cloud_pair pair;
	int64_t expires_ms;

	return w->users[user].client_lit && v->held == SESSION_NONE &&
	       !cloud_session(w->cloud, world_cloud_ms(w), w->users[user].cloud_user, NULL, &pair,
			      &expires_ms);
}

/* What the PBX was told is what the daemon wants shown. */
static void at_pbx(struct world *w, const struct line_truth *l, const struct user_view *v)
{
	const struct peer_ops *ops = l->connector == TOLD ? NULL : world_peers[l->connector];

	if (!ops || !ops->lamp || ops->lamp(w->peer[l->connector], l->phone) == (v->lamp > LAMP_DARK))
		return;
	world_object(w, "after the calm the lamp of %u at pbx%u is %s, and %s is right", l->user,
		     l->connector, v->lamp > LAMP_DARK ? "dark" : "lit", lamp_name((enum lamp)v->lamp));
}

/* When all is calm, every lamp of somebody whose clients are quiet is dark, and the lamp of somebody
 * who is in a call in Teams and not on the phone is lit: nothing stays masked. */
void lamp_calm(struct world *w)
{
	struct user_view v;

	for (uint32_t i = 0; i < w->users_n && w->config.lamps; i++) {
		if (!engine_user(bridge_engine(w->bridge), w->users[i].id, &v))
			continue;
		if (v.lamp > LAMP_DARK && !w->users[i].client_lit)
			world_object(w, "after the calm the lamp of %u still shows %s", i,
				     lamp_name((enum lamp)v.lamp));
		if (v.lamp <= LAMP_DARK && must_light(w, i, &v))
			world_object(w, "after the calm the lamp of %u shows %s, and they are in a call", i,
				     lamp_name((enum lamp)v.lamp));
		for (uint32_t k = 0; k < w->lines_n; k++)
			if (w->lines[k].user == i)
				at_pbx(w, &w->lines[k], &v);
	}
}
