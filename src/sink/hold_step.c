/* hold_step.c - which request an action needs next: what the slot knows decides, and nothing else. */
#include "sink/hold.h"

/* What there is to do about the preferred state; it is looked at before it is given back or renewed. */
static enum request_kind preferred_step(const struct slot *s)
{
	const struct want *w = &s->want;
	bool set = w->kind == WANT_HOLD && w->preferred;

	if (w->preferred_done || (!set && !w->preferred && !s->preferred_maybe))
		return REQ_FREE;
	if (set && !w->preferred_again)
		return REQ_SET_PREFERRED;
	if (s->preferred_seen)
		return set ? REQ_SET_PREFERRED : REQ_CLEAR_PREFERRED;
	return w->looked ? REQ_FREE : REQ_SHOWN;
}

/* The next request of the action; REQ_FREE after the last one. Sessions come first both ways: a
 * preferred state shows only while a session exists, and a refusal of the preferred state must not
 * keep a session alive. For the first reason the look comes before the session is given back. */
enum request_kind hold_step(const struct slot *s)
{
	enum request_kind preferred = preferred_step(s);

	if (s->want.kind == WANT_CLEAR && preferred == REQ_SHOWN)
		return REQ_SHOWN;
	if (!s->want.session_done)
		return s->want.kind == WANT_HOLD ? REQ_SET : REQ_CLEAR;
	return preferred;
}

void hold_step_done(struct slot *s, enum request_kind kind)
{
	if (kind == REQ_SHOWN) {
		s->want.looked = true;
		return;
	}
	s->want.step++;
	if (kind == REQ_SET || kind == REQ_CLEAR)
		s->want.session_done = true;
	else
		s->want.preferred_done = true;
}

/* Nothing would be left to do after it. What a look finds nobody knows before. */
bool hold_step_is_last(const struct slot *s, enum request_kind kind)
{
	struct slot after = *s;

	hold_step_done(&after, kind);
	return kind != REQ_SHOWN && hold_step(&after) == REQ_FREE;
}

/* How many requests the rest of the user's action takes. */
uint32_t hold_steps_left(const struct slot *s)
{
	return hold_step_is_last(s, hold_step(s)) ? 1 : 2;
}

/* Nothing of ours can be there: it never was, or its lease is over for longer than a request may
 * have been under way. The preferred state has a longer memory than this process, so a clear that
 * names it is sent. */
bool hold_has_nothing(const struct graph *g, const struct slot *s)
{
	int64_t over_ms = s->lease_until_ms + g->timeout_ms + ANSWER_SLACK_MS;

	if (s->want.kind != WANT_CLEAR || s->want.step > 0 || s->want.looked || s->preferred_maybe ||
	    (s->want.prove && !s->proven))
		return false;
	if (s->applied == APPLIED_NO)
		return true;
	return s->applied == APPLIED_MAYBE && s->lease_until_ms && g->now_ms > over_ms &&
	       !s->want.preferred;
}
