/* answer.c - what a switch answers to a line's steps, and its refusals in words. */
#include <stdio.h>

#include "base/check.h"
#include "source/csta/machine.h"

enum refusal { REFUSAL_OTHER, REFUSAL_LICENCE, REFUSAL_LINE, REFUSAL_SERVICE, REFUSAL_RIGHT };

/* Error values of ECMA-269 12.2.12, by what they mean for us; the category stands before the value.
 */
static const struct {
	const char *part;
	uint8_t refusal; /* enum refusal */
} meanings[] = {
	{ "MonitorLimitExceeded", REFUSAL_LICENCE }, { "systemResource", REFUSAL_LICENCE },
	{ "subscribedResource", REFUSAL_LICENCE },   { "invalidDevice", REFUSAL_LINE },
	{ "invalidMonitorObject", REFUSAL_LINE },    { "objectNotKnown", REFUSAL_LINE },
	{ "invalidFeature", REFUSAL_SERVICE },	     { "serviceNotSupported", REFUSAL_SERVICE },
	{ "requestNotSupported", REFUSAL_SERVICE },  { "functionNotImplemented", REFUSAL_SERVICE },
	{ "security", REFUSAL_RIGHT },		     { "privilegeViolation", REFUSAL_RIGHT },
};

static enum refusal refusal_of(const char *text)
{
	struct slice s = slice_str(text);

	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (slice_find_str(s, slice_str(meanings[i].part)) < s.n)
			return (enum refusal)meanings[i].refusal;
	return REFUSAL_OTHER;
}

static bool is_refusal(const struct csta_message *m)
{
	struct slice name = csta_name(m, 0);
	static const char neg[] = "NegResponse";
	size_t n = sizeof(neg) - 1;

	return slice_is(name, "CSTAErrorCode") ||
	       (name.n >= n && slice_is(slice_sub(name, name.n - n, name.n), neg));
}

/* "systemResourceAvailibility: overallMonitorLimitExceeded"; "": no refusal. */
static void refusal_text(const struct csta_message *m, char ret[REASON_MAX])
{
	ret[0] = '\0';
	if (m->n == 0)
		snprintf(ret, REASON_MAX, "unreadable answer");
	else if (is_refusal(m))
		snprintf(ret, REASON_MAX, "no reason given");
	else
		return;
	for (uint32_t i = 1; i < m->n; i++) {
		struct slice text = csta_text(m, i), name = csta_name(m, i);

		if (text.n == 0)
			continue;
		snprintf(ret, REASON_MAX, "%.*s: %.*s", (int)(name.n < 40 ? name.n : 40), name.p,
			 (int)(text.n < 48 ? text.n : 48), text.p);
		return;
	}
}

/* ---- monitors ---- */

static void monitor_refused(struct csta *c, uint32_t slot, const char *refusal)
{
	struct device *d = &c->devices[slot];
	enum refusal r = refusal_of(refusal);
	int64_t wait = (int64_t)LICENCE_MS << d->refusals;
	char why[REASON_MAX];

	if (r != REFUSAL_LICENCE)
		wait = REFUSED_MS;
	d->refusals += wait < LICENCE_MAX_MS && d->refusals < 8;
	snprintf(why, sizeof(why), "%s%s",
		 r == REFUSAL_LICENCE ? "the pbx's monitor licences are used up: "
		 : r == REFUSAL_LINE  ? "the pbx does not know it: "
		 : r == REFUSAL_RIGHT ? "the account may not monitor it: "
				      : "monitor refused: ",
		 refusal);
	if (strcmp(why, d->reason) != 0)
		outbox_note(&c->out, r == REFUSAL_LINE ? NOTE_LINE_UNKNOWN : NOTE_LINE_REFUSED,
			    line_table_id(&c->table, slot), "%s", why);
	d->wants &= WRITE_STEPS;
	wait = wait < LICENCE_MAX_MS ? wait : LICENCE_MAX_MS;
	cs_ask_wait(c, slot, LINE_REFUSED, wait + prng_range(&c->prng, 0, wait / 8), why);
}

static void monitored(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	struct device *d = &c->devices[slot];
	struct slice xref = csta_get(m, 0, "monitorCrossRefID");

	if (d->monitored) {
		map_del(&c->by_xref, d->xref_key, slot);
		d->monitored = false;
	}
	if (xref.n == 0 || cs_xref_find(c, xref) != LINE_NONE ||
	    slice_copy(xref, d->xref, sizeof(d->xref))) {
		monitor_refused(c, slot, "no cross reference of its own");
		return;
	}
	d->xref_key = cs_xref_key(c, xref);
	if (map_add(&c->by_xref, d->xref_key, slot)) {
		monitor_refused(c, slot, "no room");
		return;
	}
	d->monitored = true;
	d->profile_heard = false;
	d->refusals = d->again = 0;
	d->reason[0] = '\0';
	d->wants |= SYNC_STEPS;
	if (!d->registered)
		cs_feature_registered(c, slot,
				      true); /* nobody can be asked: it is there until told */
}

/* ---- the other steps ---- */

static void snapshot_refused(struct csta *c, uint32_t slot, const char *refusal)
{
	char why[REASON_MAX];

	snprintf(why, sizeof(why), "SnapshotDevice refused: %s", refusal);
	outbox_count(&c->out, NOTE_LINE_REFUSED);
	c->devices[slot].probed = false;
	cs_ask_wait(c, slot, c->devices[slot].synced ? LINE_LIVE : LINE_WAITING,
		    refusal_of(refusal) == REFUSAL_SERVICE ? REFUSED_MS : RETRY_MS, why);
}

/* One that the switch would send in services of its own: none of them is nothing, and yet it would
 * read as if nobody were in a call. */
static void snapshot_answer(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	if (csta_find(m, 0, "serviceCrossRefID") != CSTA_NONE &&
	    csta_find(m, 0, "snapshotData") == CSTA_NONE)
		snapshot_refused(c, slot, "it would come in pieces");
	else
		cs_event_snapshot(c, slot, m);
}

static void dnd_answer(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	bool on;

	if (csta_flag(csta_get(m, 0, "doNotDisturbOn"), &on))
		cs_feature_dnd(c, slot, on);
	cs_profile_feature(c, slot, ASK_DND, m);
}

static void forward_answer(struct csta *c, uint32_t slot, const struct csta_message *m)
{
	cs_feature_forward_answer(c, slot, m);
	cs_profile_feature(c, slot, ASK_FORWARD, m);
}

static void (*const takers[ASK_SET_PROFILE])(struct csta *c, uint32_t slot,
					     const struct csta_message *m) = {
	[ASK_MONITOR] = monitored,	   [ASK_DND] = dnd_answer,
	[ASK_PROFILE] = cs_profile_answer, [ASK_FORWARD] = forward_answer,
	[ASK_SNAPSHOT] = snapshot_answer,
};

static void refuse_step(struct csta *c, uint32_t slot, enum ask what, const char *refusal)
{
	if (refusal_of(refusal) == REFUSAL_SERVICE)
		c->denied |= (uint8_t)(1 << what);
	if (what == ASK_MONITOR)
		monitor_refused(c, slot, refusal);
	else if (what == ASK_SNAPSHOT)
		snapshot_refused(c, slot, refusal);
}

/* That one phone has no such lamp is no word about the switch; what is missing is said for all that. */
static void lamp_answer(struct csta *c, uint32_t slot, const struct csta_message *m, const char *refusal)
{
	enum refusal r = refusal[0] ? refusal_of(refusal) : REFUSAL_OTHER;

	if (!cs_lamp_answer(c, slot, m, refusal, r == REFUSAL_SERVICE || r == REFUSAL_LINE))
		return;
	if (r == REFUSAL_SERVICE)
		c->denied |= 1 << ASK_LAMP;
	else if (!refusal[0])
		c->denied &= (uint8_t) ~(1 << ASK_LAMP);
}

static void note_right(struct csta *c, uint32_t slot, enum ask what, const char *refusal)
{
	uint8_t bit = (uint8_t)(1 << what), *forbidden = &c->devices[slot].forbidden;

	if (!refusal[0])
		*forbidden &= (uint8_t)~bit;
	else if (refusal_of(refusal) == REFUSAL_RIGHT)
		*forbidden |= bit;
}

void cs_answer_stale(struct csta *c, const struct csta_message *m)
{
	struct slice xref = csta_get(m, 0, "monitorCrossRefID");

	if (c->stage == STAGE_UP && csta_root_is(m, "MonitorStartResponse") && xref.n &&
	    cs_xref_find(c, xref) == LINE_NONE)
		cs_ask_stop(c, xref);
}

void cs_answer_take(struct csta *c, const struct pending *p, const struct csta_message *m)
{
	enum ask what = (enum ask)p->what;
	char refusal[REASON_MAX];

	refusal_text(m, refusal);
	if (p->slot == NONE) {
		cs_session_answer(c, what, m, refusal);
	} else if (p->serial != c->devices[p->slot].serial) {
		cs_answer_stale(c, m);
	} else {
		note_right(c, p->slot, what, refusal);
		if (what == ASK_SET_PROFILE || what == ASK_SET_DND)
			cs_profile_written(c, p->slot, what, p->generation,
					   refusal[0] ? WRITE_REFUSED : WRITE_ACCEPTED, refusal);
		else if (what == ASK_LAMP)
			lamp_answer(c, p->slot, m, refusal);
		else if (refusal[0])
			refuse_step(c, p->slot, what, refusal);
		else
			takers[what](c, p->slot, m);
		cs_ask_done(c, p->slot);
	}
	cs_ask_pump(c); /* there is room for one more question */
}

/* The link lives, this answer never came. */
void cs_answer_late(struct csta *c, const struct pending *p)
{
	enum ask what = (enum ask)p->what;
	struct device *d;

	outbox_count(&c->out, NOTE_TIMED_OUT);
	if (what == ASK_LOGIN || what == ASK_RENEW)
		cs_session_drop(c, NOTE_TIMED_OUT, "the switch does not answer the log-in", 0);
	if (p->slot == NONE || p->serial != c->devices[p->slot].serial)
		return;
	d = &c->devices[p->slot];
	if (what == ASK_SET_PROFILE || what == ASK_SET_DND) {
		cs_profile_written(c, p->slot, what, p->generation, WRITE_UNSURE,
				   "no answer from the pbx");
	} else if (what == ASK_LAMP) {
		cs_lamp_late(c, p->slot);
	} else {
		d->wants &= WRITE_STEPS;
		cs_ask_wait(c, p->slot, d->synced ? LINE_LIVE : LINE_WAITING, RETRY_MS,
			    "no answer from the pbx");
	}
	cs_ask_done(c, p->slot);
}
