#include "core/person.h"

#include "core/line.h"

static bool higher(const struct policy *p, enum presence a, enum presence b)
{
	return policy_rank(p->precedence, a) > policy_rank(p->precedence, b);
}

static void fold_line(const struct engine *e, uint32_t id, const struct policy *p, struct fold *f)
{
	const struct line *l = &e->lines[id];
	struct line_state s;
	bool conference_wins;

	line_state(e, l, p, &s);
	conference_wins = s.presence == PRESENCE_BUSY && f->combined == PRESENCE_BUSY &&
			  s.conference && !f->conference;
	if (f->winner == WINNER_NOTHING || higher(p, s.presence, f->combined) || conference_wins) {
		f->combined = s.presence;
		f->conference = s.conference;
		f->winner = WINNER_LINE;
		f->winner_line = id;
		f->evidence_end_mono_ms = line_evidence_mono_ms(e, l);
	} else if (s.presence == f->combined && line_evidence_mono_ms(e, l) > f->evidence_end_mono_ms) {
		f->evidence_end_mono_ms = line_evidence_mono_ms(e, l);
	}
	if (higher(p, s.evidence, f->evidence))
		f->evidence = s.evidence;
	f->evidence_conference |= s.evidence_conference;
	if (line_forward(l) > f->forward)
		f->forward = (uint8_t)line_forward(l);
	f->settled &= line_sync(e, l) != LINE_STANDING;
}

/* An Available profile says nothing of a phone nobody hears of: Unknown stays Unknown until a
 * source has spoken. Every other pair is the plain rank. */
static bool profile_wins(const struct policy *p, enum presence lines, enum presence profile)
{
	if (lines == PRESENCE_UNKNOWN && profile == PRESENCE_AVAILABLE)
		return false;
	return higher(p, profile, lines);
}

void person_fold(const struct engine *e, const struct user *u, const struct policy *p,
		 struct fold *ret)
{
	enum presence profile = policy_profile(p, u->profile);
	struct fold f = { .combined = PRESENCE_UNKNOWN, .evidence = PRESENCE_UNKNOWN,
			  .winner_line = ID_NONE, .settled = true,
			  .evidence_end_mono_ms = e->now_ms };

	for (uint32_t i = u->first_line; i != ID_NONE; i = e->lines[i].next_of_user)
		fold_line(e, i, p, &f);
	if (profile_wins(p, f.combined, profile)) {
		f.combined = profile;
		f.winner = WINNER_PROFILE;
		f.winner_line = ID_NONE;
		f.conference = false;
		f.evidence_end_mono_ms = e->now_ms;
	}
	if (profile_wins(p, f.evidence, profile))
		f.evidence = profile;
	*ret = f;
}

static int64_t order_of(const struct engine *e, const struct obs *o, const struct pub *pub)
{
	/* a person's change is the newest by definition, whatever the wall clock did since */
	if (o->order == 0)
		return pub && pub->profile_order > e->wall_ms ? pub->profile_order : e->wall_ms;
	/* a PBX whose clock runs ahead must not lock the profile */
	return o->order < e->wall_ms ? o->order : e->wall_ms;
}

bool person_profile(struct engine *e, uint32_t id, const struct obs *o)
{
	struct user *u = &e->users[id];
	struct pub *pub = pub_of(e, u);
	int64_t order = order_of(e, o, pub), until = o->profile.until_wall_ms;
	uint8_t was = u->profile;
	bool changed;

	if (pub && order < pub->profile_order && pub->profile_order <= e->wall_ms)
		return false;
	if (until <= 0 || o->profile.state == PROFILE_AVAILABLE)
		until = TIME_NEVER;
	pub = engine_pub(e, u);
	changed = was != o->profile.state || pub->profile_until_wall_ms != until;
	u->profile = o->profile.state;
	pub->profile_until_wall_ms = until;
	pub->profile_order = order;
	pub->profile_mono_ms = e->now_ms - (e->wall_ms > order ? e->wall_ms - order : 0);
	if (changed && pub->held.preferred)
		pub->renew_mono_ms = e->now_ms + 1; /* its end is carried by the preferred state: told anew */
	if (changed) {
		u->flags |= USER_SAVE | USER_CHANGED;
		engine_audit(e, id, AUDIT_PROFILE, was, u->profile);
	}
	return changed;
}

void person_profile_end(struct engine *e, uint32_t id, int64_t *due_mono_ms)
{
	struct user *u = &e->users[id];
	struct pub *pub = pub_of(e, u);
	int64_t left;

	if (!pub || pub->profile_until_wall_ms == TIME_NEVER)
		return;
	left = pub->profile_until_wall_ms - e->wall_ms;
	if (left > 0) {
		int64_t at = left < TIME_NEVER - e->now_ms ? e->now_ms + left : TIME_NEVER;

		*due_mono_ms = at < *due_mono_ms ? at : *due_mono_ms;
		return;
	}
	engine_audit(e, id, AUDIT_PROFILE, u->profile, PROFILE_AVAILABLE);
	u->profile = PROFILE_AVAILABLE;
	pub->profile_until_wall_ms = TIME_NEVER;
	u->flags |= USER_SAVE | USER_CHANGED;
}
