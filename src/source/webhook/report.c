#include "source/webhook/hook_source.h"

static enum call_state call_of(uint8_t call)
{
	static const uint8_t calls[] = {
		[HOOK_UNSAID] = CALL_GONE,	     [HOOK_IDLE] = CALL_GONE,
		[HOOK_RINGING] = CALL_RINGING,	     [HOOK_DIALING] = CALL_DIALING,
		[HOOK_TALKING] = CALL_TALKING,	     [HOOK_HELD] = CALL_HELD,
		[HOOK_CONFERENCE] = CALL_CONFERENCE,
	};

	return (enum call_state)calls[call];
}

/* What was left unsaid before the first report counts as said by a word: the next word ends it. */
void hook_line_fresh(struct hook_line *l)
{
	*l = (struct hook_line){ .dnd_by_word = true,
				 .offline_by_word = true,
				 .profile = PROFILE_COUNT };
}

static struct obs obs_for(const struct webhook *w, uint32_t slot, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = w->account,
			     .connector = w->connector,
			     .line = line_table_id(&w->table, slot),
			     .user = ID_NONE };
}

static void emit_flag(struct webhook *w, uint32_t slot, enum obs_kind kind, bool on)
{
	struct obs o = obs_for(w, slot, kind);

	if (kind == OBS_DND)
		o.on = on;
	else
		o.registered = on;
	outbox_obs(&w->out, &o);
}

/* ---- order ---- */

static bool is_older(const struct hook_line *l, const struct hook_report *r)
{
	bool by_sequence = l->has_sequence && r->has_sequence;

	if (l->has_time && r->has_time && r->time_wall_ms != l->time_wall_ms)
		return r->time_wall_ms < l->time_wall_ms;
	return by_sequence && r->sequence <= l->sequence;
}

/* Drops what was overtaken; what is older though long nothing came is a sender that began anew. */
static bool is_stale(struct webhook *w, uint32_t slot, const struct hook_report *r)
{
	struct hook_line *l = &w->lines[slot];
	bool older = l->has_order && is_older(l, r);

	if (older && w->now_ms - l->order_ms <= SET_BACK_MS) {
		outbox_count(&w->out, NOTE_OLD_REPORT);
		return true;
	}
	if (older)
		outbox_note(&w->out, NOTE_STEPPED_BACK, line_table_id(&w->table, slot),
			    "an older sequence or time after ten quiet minutes is taken");
	if (r->has_sequence || r->has_time) {
		l->has_order = true;
		l->order_ms = w->now_ms;
		l->has_sequence = r->has_sequence;
		l->sequence = r->sequence;
		l->has_time = r->has_time;
		l->time_wall_ms = r->time_wall_ms;
	}
	return false;
}

/* ---- what a report says ---- */

static void take_calls(struct webhook *w, uint32_t slot, const struct hook_report *r)
{
	struct hook_line *l = &w->lines[slot];
	struct obs o = obs_for(w, slot, OBS_CALL);
	bool full = r->full || !l->synced; /* the first one is all that is known */

	o.call = (uint8_t)call_of(r->call);
	o.call_key = r->has_key ? r->key : 0;
	o.scope = full ? SCOPE_FULL : o.call == CALL_GONE ? SCOPE_GONE : SCOPE_PARTIAL;
	if (full && o.call == CALL_GONE)
		o.call_key = 0;
	l->synced = true;
	l->lost = false;
	l->in_call = o.call != CALL_GONE || (!full && l->in_call);
	outbox_obs(&w->out, &o);
}

/* ON and OFF come before and after the calls: nothing in between is lower than the report. */
static void take_dnd(struct webhook *w, uint32_t slot, const struct hook_report *r,
		     enum hook_switch turn)
{
	struct hook_line *l = &w->lines[slot];

	if (r->dnd != turn || (turn == HOOK_OFF && r->dnd_by_word && !l->dnd_by_word))
		return;
	l->dnd_by_word = r->dnd_by_word && turn == HOOK_ON;
	emit_flag(w, slot, OBS_DND, turn == HOOK_ON);
}

static void take_registration(struct webhook *w, uint32_t slot, const struct hook_report *r,
			      enum hook_switch turn)
{
	struct hook_line *l = &w->lines[slot];

	if (r->registered != turn ||
	    (turn == HOOK_ON && r->registered_by_word && !l->offline_by_word))
		return;
	if (r->endpoint) {
		uint8_t bit = (uint8_t)(1u << (r->endpoint - 1));

		l->endpoints =
			(uint8_t)(turn == HOOK_ON ? l->endpoints | bit : l->endpoints & ~bit);
		if (turn == HOOK_OFF && l->endpoints)
			return; /* another client of the same line is still there */
	}
	l->offline_by_word = r->registered_by_word && turn == HOOK_OFF;
	emit_flag(w, slot, OBS_REGISTRATION, turn == HOOK_ON);
}

/* What differs from the last word is a change, and so is a first word that comes by itself, as an event does
 * when somebody sets it; the rest, beside the state of the line or said again, is what the sender holds. */
static void take_profile(struct webhook *w, uint32_t slot, const struct hook_report *r)
{
	struct hook_line *l = &w->lines[slot];
	struct obs o = obs_for(w, slot, OBS_PROFILE);
	bool first = l->profile == PROFILE_COUNT;
	bool changed = first ? r->call == HOOK_UNSAID : l->profile != r->profile;

	if (r->profile == HOOK_PROFILE_UNSAID || !w->reads_profile)
		return;
	l->profile = r->profile;
	o.scope = changed ? SCOPE_PARTIAL : SCOPE_FULL;
	o.order = changed && r->has_time ? r->time_wall_ms : 0;
	o.profile.state = r->profile;
	o.profile.until_wall_ms = r->until_wall_ms;
	outbox_obs(&w->out, &o);
}

enum hook_result hook_apply(struct webhook *w, uint32_t slot, const struct hook_report *r)
{
	struct hook_line *l = &w->lines[slot];
	bool only_profile =
		r->call == HOOK_UNSAID && r->dnd == HOOK_NOT_SAID && r->registered == HOOK_NOT_SAID;

	if (r->ignored)
		return HOOK_IGNORED;
	if (is_stale(w, slot, r))
		return HOOK_STALE;
	l->report_ms = w->now_ms;
	take_registration(w, slot, r, HOOK_ON);
	take_dnd(w, slot, r, HOOK_ON);
	take_profile(w, slot, r);
	if (r->call != HOOK_UNSAID)
		take_calls(w, slot, r);
	take_dnd(w, slot, r, HOOK_OFF);
	take_registration(w, slot, r, HOOK_OFF);
	return only_profile && !w->reads_profile ? HOOK_IGNORED : HOOK_APPLIED;
}

void hook_lose(struct webhook *w, uint32_t slot)
{
	struct hook_line *l = &w->lines[slot];

	l->synced = false;
	l->lost = true;
	l->in_call = false;
	outbox_plain(&w->out, OUT_LINE_LOST, line_table_id(&w->table, slot));
}
