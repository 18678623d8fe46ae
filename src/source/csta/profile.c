/* profile.c - the user's own presence as the switch tells and takes it, and by dnd_while Do Not
 * Disturb along with it. Elements and words are the configuration's (proto/csta/profile.h). */
#include <stdio.h>

#include "base/date.h"
#include "source/csta/machine.h"

/* ---- reading ---- */

static bool dnd_goes_with(const struct csta *c, uint8_t state)
{
	return state < PROFILE_COUNT && c->dnd_while >> state & 1;
}

static void emit(struct csta *c, uint32_t slot, bool full, uint8_t state, int64_t until_wall_ms)
{
	struct obs o = cs_obs(c, slot, OBS_PROFILE);

	o.scope = full ? SCOPE_FULL : SCOPE_PARTIAL;
	o.profile.state = state;
	o.profile.until_wall_ms = until_wall_ms;
	outbox_obs(&c->out, &o);
}

/* False: nothing to tell. A word that we do not know may be somebody's reason: no log has it. */
static bool state_of(struct csta *c, uint32_t slot, enum csta_profile p, uint8_t *ret)
{
	if (p == CSTA_STRANGE)
		outbox_note(&c->out, NOTE_UNSUPPORTED, line_table_id(&c->table, slot),
			    "a profile word that is in no row of profiles; offhook capture shows it");
	if (p > CSTA_NO_STATEMENT || p == CSTA_IGNORED)
		return false;
	*ret = p == CSTA_NO_STATEMENT ? PROFILE_NONE : (uint8_t)p;
	return true;
}

/* The switch's own zone is nobody's guess: an end without one is told and passed over. */
static int64_t until_of(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	struct slice word = SLICE_NONE;
	int64_t until;

	if (csta_form_until(&c->form, m, &until, &word) == ERR_OK)
		return until;
	outbox_note(&c->out, NOTE_UNSUPPORTED, line_table_id(&c->table, slot),
		    "the profile's end %.*s is no instant such as 2026-11-24T14:00:00Z",
		    (int)(word.n < 40 ? word.n : 40), word.p);
	return TIME_NEVER;
}

/* Somebody ended at the phone what had switched Do Not Disturb on. */
static void release(struct csta *c, uint32_t slot, uint8_t state)
{
	struct device *d = &c->devices[slot];

	if (!d->dnd_ours || d->writing || dnd_goes_with(c, state))
		return;
	cs_ask_want(c, slot, 1 << ASK_SET_DND);
	cs_ask_pump(c);
}

/* Do Not Disturb above forwarding, either above their being off. */
static uint8_t by_feature(const struct device *d)
{
	bool dnd = d->by_dnd != PROFILE_NONE && d->by_dnd != PROFILE_AVAILABLE;
	bool forward = d->by_forward != PROFILE_NONE && d->by_forward != PROFILE_AVAILABLE;

	return dnd || (!forward && d->by_forward == PROFILE_NONE) ? d->by_dnd : d->by_forward;
}

void cs_profile_feature(struct csta *c, uint32_t slot, enum ask what, const struct csta_message *m)
{
	struct device *d = &c->devices[slot];
	struct slice word = SLICE_NONE;
	uint8_t state = PROFILE_NONE;
	const char *event = what == ASK_DND ? "DoNotDisturbEvent" : "ForwardingEvent";

	if (c->reads_profile)
		(void)state_of(c, slot, csta_form_as(&c->form, m, event, &word), &state);
	if (what == ASK_DND)
		d->by_dnd = state;
	else
		d->by_forward = state;
}

/* What an event has just told is no news when it is asked for. */
static void note_feature(struct device *d, const struct csta_message *m, uint8_t state)
{
	if (csta_root_is(m, "DoNotDisturbEvent"))
		d->by_dnd = state;
	else if (csta_root_is(m, "ForwardingEvent"))
		d->by_forward = state;
	else
		return;
	d->by_feature = by_feature(d);
}

void cs_profile_event(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	struct device *d = &c->devices[slot];
	struct slice word = SLICE_NONE;
	uint8_t state;

	if (!c->reads_profile ||
	    !state_of(c, slot, csta_form_event(&c->form, m, &word), &state))
		return;
	/* what a switch that cannot be asked tells first is what it holds, not a change */
	emit(c, slot, !d->profile_heard || state == PROFILE_NONE, state, until_of(c, slot, m));
	d->profile_heard = true;
	note_feature(d, m, state);
	release(c, slot, state);
}

/* Do Not Disturb that a person has switched on is left alone. What is under way counts as done. */
static bool dnd_changes(const struct csta *c, const struct device *d)
{
	bool on = d->dnd_asking ? d->dnd_asked : d->dnd;
	bool ours = d->dnd_asking ? d->dnd_asked : d->dnd_ours;

	return dnd_goes_with(c, d->write_state) ? !on : ours;
}

/* Whose Do Not Disturb it is does not outlive us, unless a write tells: one that goes with the profile counts
 * as ours. A write that waits behind this question learns it too. One that is known to be ours stays so over
 * a lost link, and goes off if somebody has ended the profile meanwhile. */
void cs_profile_answer(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	struct device *d = &c->devices[slot];
	struct slice word = SLICE_NONE;
	uint8_t state;

	if (!state_of(c, slot, csta_form_answer(&c->form, m, &word), &state))
		return;
	emit(c, slot, true, state, until_of(c, slot, m));
	d->profile_heard = true;
	if (d->writing && !(d->wants & 1 << ASK_SET_PROFILE))
		return;
	d->dnd_ours = d->dnd && (d->dnd_ours || dnd_goes_with(c, state));
	if (d->writing && dnd_changes(c, d))
		d->wants |= 1 << ASK_SET_DND;
	release(c, slot, state);
}

/* Where nobody can be asked, the switch makes no statement until it tells of a change. Where it keeps no
 * profile, only features that stand for one, these were asked: a change that nobody has told is news. */
void cs_profile_unasked(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];
	bool features_only = !c->form.get[0] && !c->form.set[0];
	uint8_t state = features_only ? by_feature(d) : PROFILE_NONE;

	if (!c->reads_profile || (d->profile_heard && (state == PROFILE_NONE || state == d->by_feature)))
		return;
	d->by_feature = state;
	d->profile_heard |= state != PROFILE_NONE;
	emit(c, slot, true, state, TIME_NEVER);
}

/* ---- writing ---- */

static void done(struct csta *c, uint32_t slot, enum write_result result, const char *what,
		 const char *why)
{
	struct device *d = &c->devices[slot];

	if (!d->writing)
		return;
	d->writing = false;
	d->wants &= (uint8_t) ~(1 << ASK_SET_PROFILE | 1 << ASK_SET_DND);
	outbox_written(&c->out, line_table_id(&c->table, slot), d->generation, result, "%s%s", what,
		       why);
}

void cs_profile_forget(struct csta *c, uint32_t slot)
{
	struct device *d = &c->devices[slot];

	d->writing = d->dnd_asking = false;
	d->by_dnd = d->by_forward = d->by_feature = PROFILE_NONE;
}

void cs_profile_broken_off(struct csta *c, uint32_t slot, const char *why)
{
	done(c, slot, WRITE_UNSURE, why, "");
	cs_profile_forget(c, slot);
}

/* "": it can be written. */
static const char *obstacle(const struct csta *c, const struct device *d)
{
	if (c->stage != STAGE_UP)
		return "not connected";
	if (c->form.set[0] && !csta_form_word(&c->form, (enum csta_profile)d->write_state))
		return "the connector's profiles have no word for it";
	if (!c->form.set[0] && !c->dnd_while && !d->dnd_ours)
		return "the connector names no profile_set and no dnd_while";
	return "";
}

void cs_profile_write_start(struct csta *c, uint32_t slot, const struct profile_write *w)
{
	struct device *d = &c->devices[slot];
	const char *why;

	done(c, slot, WRITE_UNSURE, "a newer one took its place", "");
	d->writing = true;
	d->generation = w->generation;
	d->write_state = w->state;
	d->write_until_wall_ms = w->until_wall_ms;
	d->dnd_ours |= w->dnd_ours && d->dnd;
	why = obstacle(c, d);
	if (why[0]) {
		done(c, slot, c->stage == STAGE_UP ? WRITE_REFUSED : WRITE_UNSURE, why, "");
		return;
	}
	cs_ask_want(c, slot,
		    (uint8_t)((c->form.set[0] ? 1 << ASK_SET_PROFILE : 0) |
			      (dnd_changes(c, d) ? 1 << ASK_SET_DND : 0)));
	if (!(d->wants & (1 << ASK_SET_PROFILE | 1 << ASK_SET_DND)))
		done(c, slot, WRITE_ACCEPTED, "", "");
}

bool cs_profile_put(struct csta *c, uint32_t slot, enum ask what)
{
	struct device *d = &c->devices[slot];
	struct slice device = device_of(c, slot);
	char until[DATE_LEN + 1] = "";

	if (what == ASK_SET_DND) {
		d->dnd_asked = d->writing && dnd_goes_with(c, d->write_state);
		d->dnd_asking = d->writing || d->dnd_ours;
		csta_put_set_dnd(&c->scratch, c->edition, device, d->dnd_asked);
		return d->dnd_asking;
	}
	if (!d->writing)
		return false;
	if (c->form.until[0] && d->write_until_wall_ms != TIME_NEVER)
		date_format(d->write_until_wall_ms, until);
	csta_put_word(&c->scratch, c->edition, c->form.set, device,
		      slice_str(csta_form_word(&c->form, (enum csta_profile)d->write_state)),
		      c->form.until, slice_str(until));
	return true;
}

/* The switch did it, though a newer write may have come since. */
static void dnd_written(struct csta *c, uint32_t slot, enum write_result result)
{
	struct device *d = &c->devices[slot];

	d->dnd_asking = false;
	if (result != WRITE_ACCEPTED)
		return;
	cs_feature_dnd(c, slot, d->dnd_asked); /* the event that tells of it may come long after */
	d->dnd_ours = d->dnd_asked;
}

void cs_profile_written(struct csta *c, uint32_t slot, enum ask what, uint32_t generation,
			enum write_result result, const char *why)
{
	struct device *d = &c->devices[slot];
	bool dnd = what == ASK_SET_DND;

	if (dnd)
		dnd_written(c, slot, result);
	if (generation != d->generation)
		return;
	if (dnd || result != WRITE_ACCEPTED || !(d->wants & 1 << ASK_SET_DND))
		done(c, slot, result,
		     dnd && result == WRITE_REFUSED ? "profile set, Do Not Disturb refused: " : "",
		     why);
}
