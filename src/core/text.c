#include "core/text.h"

#include "core/line.h"
#include "core/person.h"
#include "core/publish.h"

static bool has(const struct policy *p, enum text_cause c)
{
	return p->texts >> c & 1;
}

static enum text_cause of_profile(const struct user *u)
{
	switch ((enum profile)u->profile) {
	case PROFILE_AWAY:
		return TEXT_AWAY;
	case PROFILE_BUSY:
		return TEXT_BUSY;
	case PROFILE_MEETING:
		return TEXT_MEETING;
	case PROFILE_NOT_AVAILABLE:
		return TEXT_NOT_AVAILABLE;
	case PROFILE_AVAILABLE:
	case PROFILE_COUNT:
		break;
	}
	return TEXT_NONE;
}

static enum text_cause of_line(const struct policy *p, const struct fold *f)
{
	if (f->combined == PRESENCE_DND)
		return TEXT_DND;
	if (f->combined != PRESENCE_BUSY)
		return TEXT_NONE;
	return f->conference && has(p, TEXT_CONFERENCE) ? TEXT_CONFERENCE : TEXT_CALL;
}

/* What won the fold speaks; where it has nothing to say, a forwarding does. */
enum text_cause text_cause_of(const struct user *u, const struct policy *p, const struct fold *f)
{
	enum text_cause c = f->winner == WINNER_PROFILE ? of_profile(u) : of_line(p, f);

	if (c != TEXT_NONE && has(p, c))
		return c;
	c = f->forward == FORWARD_NONE	      ? TEXT_NONE
	    : f->forward == FORWARD_VOICEMAIL ? TEXT_VOICEMAIL
					      : TEXT_FORWARDED;
	return has(p, c) ? c : TEXT_NONE;
}

static int64_t end_of(const struct engine *e, const struct user *u, enum text_cause c)
{
	const struct pub *b = pub_of(e, u);

	return c == TEXT_NONE || !b ? TIME_NEVER : b->profile_until_wall_ms;
}

static void give(struct engine *e, uint32_t id, const struct policy *p, enum text_cause c)
{
	struct user *u = &e->users[id];
	struct action *a = engine_push(e, ACT_STATUS_TEXT, id);

	u->text = (uint8_t)c;
	u->flags |= USER_CHANGED;
	a->text.cause = (uint8_t)c;
	a->text.set = p->text_set;
	a->text.until_wall_ms = end_of(e, u, c);
	if (u->pub != ID_NONE)
		pub_of(e, u)->text_until_wall_ms = a->text.until_wall_ms;
	engine_audit(e, id, AUDIT_TEXT, a->text.cause, 0);
}

/* Forwardings are told later than calls: what an earlier process set is not taken away before they
 * are. */
static bool must_wait(const struct engine *e, const struct user *u, const struct policy *p,
		      int64_t *due)
{
	int64_t until = e->started_mono_ms + p->grace_ms;

	if (u->text != TEXT_LEFT_OVER || e->now_ms >= until)
		return false;
	if (until < *due)
		*due = until;
	return true;
}

void text_look(struct engine *e, uint32_t id, const struct fold *f, int64_t *due)
{
	struct user *u = &e->users[id];
	const struct policy *p = engine_policy(e, u);
	const struct pub *b = pub_of(e, u);
	enum text_cause c = TEXT_NONE;
	bool part;

	if (!p->texts && u->text == TEXT_NONE)
		return;
	part = publish_takes_part(e, u) && engine_mode(e, u) == MODE_LIVE;
	if (part && engine_is_closed(e, p) && p->outside == OUTSIDE_NOTHING)
		return;
	if (part && !engine_is_closed(e, p)) {
		if (!f->settled || u->first_line == ID_NONE || u->state == PUBLISH_DWELL)
			return;
		c = text_cause_of(u, p, f);
		if (c == TEXT_NONE && must_wait(e, u, p, due))
			return;
	}
	if (c == u->text && (c == TEXT_NONE || !b || b->text_until_wall_ms == end_of(e, u, c)))
		return;
	give(e, id, p, c);
}

void text_state(struct engine *e, uint32_t id, bool ours)
{
	struct user *u = &e->users[id];

	if (ours != !!(u->flags & USER_TEXT_OURS))
		u->flags |= USER_CHANGED;
	u->flags &= (uint16_t)~USER_TEXT_OURS;
	if (!ours)
		return;
	u->flags |= USER_TEXT_OURS;
	if (u->text == TEXT_NONE && !(u->flags & USER_LEAVING))
		u->text = TEXT_LEFT_OVER;
}
