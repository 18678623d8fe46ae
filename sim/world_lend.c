/* world_lend.c - what PBXs are lent while Teams shows something: it never becomes anybody's own profile,
 * it is there while it should be, and nothing goes on changing by itself.
 *
 * In a world that lends, people set every profile but the one that is lent: so whoever has it as their
 * own has it from an echo. (Setting by hand exactly what was lent cannot be told from ours.) Where the
 * store is lost, what a PBX was lent then counts as the person's, until they set another. */
#include "world_parts.h"

/* What heals after the last act heals within HEALED_MS. A profile that somebody has set may end later, and
 * make room for what is lent: two changes by themselves, one for luck. */
enum { HEALED_MS = 15 * 60 * 1000, CHANGES_MAX = 3 };

bool lend_is_on(const struct world *w)
{
	return w->config.policy.lend != PROFILE_AVAILABLE;
}

bool lend_is_word(const struct world *w, enum pbx_profile p)
{
	return lend_is_on(w) && check_same_word(check_word((enum profile)w->config.policy.lend), p);
}

enum profile lend_spared(const struct world *w, enum profile p)
{
	return lend_is_word(w, check_word(p)) ? PROFILE_AVAILABLE : p;
}

/* What has come along with what is lent says nothing of the person; nor may a person switch it on there,
 * for it could not be told from that. An orphan's is what it looks like. */
bool lend_owns_dnd(const struct world *w, const struct line_truth *l)
{
	struct line_view v = { 0 };

	if (!lend_is_on(w) || !world_peers[l->connector]->profile)
		return false;
	if (!w->users[l->user].orphaned)
		return true;
	return !w->bridge || !engine_line(bridge_engine(w->bridge), l->id, &v) || v.lend != LINE_LEND_NONE;
}

static bool keeps_profile(const struct line_truth *l)
{
	return l->connector != TOLD && world_peers[l->connector]->profile;
}

/* Whose a Do Not Disturb is does not outlive the daemon where the profile that it came with has ended. */
void lend_orphan(struct world *w, bool keep_state)
{
	struct pbx_phone phone;

	for (uint32_t i = 0; i < w->lines_n && lend_is_on(w); i++) {
		const struct line_truth *l = &w->lines[i];

		if (!keeps_profile(l) || !peer_phone(w, l, &phone))
			continue;
		bool lent = lend_is_word(w, (enum pbx_profile)phone.profile);

		if (lent ? !keep_state : phone.dnd)
			w->users[l->user].orphaned = true;
	}
}

void lend_all_have_set(struct world *w)
{
	bool was[WORLD_USERS_MAX];
	struct pbx_phone phone;

	for (uint32_t i = 0; i < w->users_n; i++) {
		was[i] = w->users[i].orphaned;
		w->users[i].orphaned = false;
	}
	for (uint32_t i = 0; i < w->lines_n; i++) {
		const struct line_truth *l = &w->lines[i];

		if (was[l->user] && keeps_profile(l) && peer_phone(w, l, &phone) && phone.dnd)
			w->users[l->user].orphaned = true;
	}
}

/* Nobody sets anything any more: a profile that goes on changing at a PBX is a loop. */
static void look_for_loops(struct world *w)
{
	for (uint32_t i = 0; i < w->lines_n; i++) {
		struct line_truth *l = &w->lines[i];
		struct pbx_phone phone;

		if (!keeps_profile(l) || !peer_phone(w, l, &phone))
			continue;
		if (w->calm_ms == TIME_NEVER || w->now_ms - w->calm_ms < HEALED_MS)
			l->changes = 0;
		l->changes += phone.profile != l->profile_before;
		l->profile_before = phone.profile;
		if (l->changes > CHANGES_MAX)
			world_object(w, "line %u of pbx%u: the profile goes on changing by itself", i,
				     l->connector);
	}
}

void lend_look_all(struct world *w)
{
	struct user_view v;

	if (!lend_is_on(w))
		return;
	look_for_loops(w);
	for (uint32_t i = 0; i < w->users_n && w->bridge; i++)
		if (!w->users[i].orphaned && engine_user(bridge_engine(w->bridge), w->users[i].id, &v) &&
		    lend_is_word(w, check_word((enum profile)v.profile)))
			world_object(w, "user %u: the profile is %s, which nobody has set: an echo", i,
				     profile_name((enum profile)v.profile));
}

static bool is_due(const struct world *w, const struct user_view *u)
{
	return u->lamp > LAMP_DARK && w->config.policy.lend_while >> u->lamp & 1;
}

bool lend_holds(struct world *w, const struct line_truth *l)
{
	struct line_view v = { 0 };
	struct user_view u = { 0 };

	if (!lend_is_on(w) || !w->bridge || !engine_line(bridge_engine(w->bridge), l->id, &v) ||
	    !engine_user(bridge_engine(w->bridge), w->users[l->user].id, &u))
		return false;
	return v.lend == LINE_LEND_HELD && is_due(w, &u);
}

/* After the calm: lent where Teams shows the cause, unless somebody has set something since; nowhere else. */
void lend_calm(struct world *w)
{
	for (uint32_t i = 0; i < w->lines_n && lend_is_on(w); i++) {
		const struct line_truth *l = &w->lines[i];
		struct line_view v = { 0 };
		struct user_view u = { 0 };
		struct pbx_phone phone;

		if (!keeps_profile(l) || !peer_phone(w, l, &phone) ||
		    !engine_line(bridge_engine(w->bridge), l->id, &v) ||
		    !engine_user(bridge_engine(w->bridge), w->users[l->user].id, &u))
			continue;
		w->counts.lent += v.lend == LINE_LEND_HELD;
		if (v.lend == LINE_LEND_HELD && !lend_is_word(w, (enum pbx_profile)phone.profile))
			world_object(w, "after the calm line %u is lent %s and its pbx holds %s", i,
				     profile_name((enum profile)v.lent),
				     pbx_profile_name((enum pbx_profile)phone.profile));
		if (phone.dnd != (w->config.dnd_while && v.lend == LINE_LEND_HELD) &&
		    world_peers[l->connector]->takes_dnd && !w->users[l->user].orphaned)
			world_object(w, "after the calm Do Not Disturb of line %u is %s, lend %u", i,
				     phone.dnd ? "on" : "off", v.lend);
		if (!is_due(w, &u) && v.lend != LINE_LEND_NONE)
			world_object(w, "after the calm line %u is lent something (%u), the lamp shows %s", i,
				     v.lend, lamp_name((enum lamp)u.lamp));
		if (is_due(w, &u) && u.profile == PROFILE_AVAILABLE && v.lend == LINE_LEND_NONE && !phone.dnd)
			world_object(w, "after the calm line %u is lent nothing, the lamp shows %s", i,
				     lamp_name((enum lamp)u.lamp));
	}
}
