/* event.c - what the PBX tells of its own accord, and the members of its lists: the same packets. */
#include "source/ami/machine.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const device_words[DEVICE_STATES] = {
	[DEVICE_UNKNOWN] = "UNKNOWN",	  [DEVICE_NOT_INUSE] = "NOT_INUSE",
	[DEVICE_INUSE] = "INUSE",	  [DEVICE_BUSY] = "BUSY",
	[DEVICE_INVALID] = "INVALID",	  [DEVICE_UNAVAILABLE] = "UNAVAILABLE",
	[DEVICE_RINGING] = "RINGING",	  [DEVICE_RINGINUSE] = "RINGINUSE",
	[DEVICE_ONHOLD] = "ONHOLD",
};

static void take_device(struct ami *m, const struct ami_packet *k, bool listed)
{
	uint32_t t = thing_find(m, ami_get(k, "Device"));
	struct slice word = ami_get(k, "State");
	uint8_t state = DEVICE_UNKNOWN;

	if (t == NONE || m->things[t].kind == THING_PRESENCE)
		return;
	for (uint8_t i = 0; i < DEVICE_STATES; i++)
		if (slice_is_nocase(word, device_words[i]))
			state = i;
	m->things[t].state = state;
	m->things[t].known = true;
	if (!listed)
		report_thing(m, t);
}

static void take_presence(struct ami *m, const struct ami_packet *k, bool listed)
{
	uint32_t t = thing_find(m, ami_get(k, "Presentity"));

	if (t == NONE || m->things[t].kind != THING_PRESENCE)
		return;
	presence_read(&m->things[t], ami_get(k, "Status"), ami_get(k, "Subtype"),
		      ami_get(k, "Message"));
	m->things[t].known = true;
	if (!listed)
		report_thing(m, t);
}

/* ---- hints ---- */

bool event_status(const struct ami_packet *k, int32_t *ret)
{
	struct slice s = ami_get(k, "Status");
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;

	if (slice_u64(slice_sub(s, minus, s.n), 1 << 16, &v))
		return false;
	*ret = minus ? -(int32_t)v : (int32_t)v;
	return true;
}

/* The slot that an extension in a context belongs to: one that names the context, or one of any. */
static uint32_t line_of(const struct ami *m, struct slice exten, struct slice context)
{
	char both[LINE_NUMBER_MAX];
	uint32_t slot = LINE_NONE;
	int n = snprintf(both, sizeof(both), "%.*s@%.*s", SLICE_ARG(exten), SLICE_ARG(context));

	if (exten.n < sizeof(both) && context.n < sizeof(both) && n > 0 && (size_t)n < sizeof(both))
		slot = line_table_find(&m->table, slice_of(both, (size_t)n));
	if (slot != LINE_NONE)
		return slot;
	slot = line_table_find(&m->table, exten);
	if (slot != LINE_NONE && m->context[0] && !slice_is(context, m->context))
		return LINE_NONE;
	return slot;
}

/* Several contexts may hold the extension: FreePBX's own first, else the first by name, so that every
 * round chooses alike. */
static bool better(struct slice context, const char *than)
{
	if (slice_is(context, "ext-local") || strcmp(than, "ext-local") == 0)
		return slice_is(context, "ext-local");
	size_t n = context.n < strlen(than) ? context.n : strlen(than);
	int d = memcmp(context.p, than, n);
	return d < 0 || (d == 0 && context.n < strlen(than));
}

static void remember_context(struct ami *m, struct slice context)
{
	if (context.n > CONTEXT_MAX || m->contexts_n == CONTEXTS_MAX)
		return;
	for (uint32_t i = 0; i < m->contexts_n; i++)
		if (slice_is(context, m->contexts[i]))
			return;
	if (slice_copy(context, m->contexts[m->contexts_n], CONTEXT_MAX + 1) == ERR_OK)
		m->contexts_n++;
}

/* The hint has gone from the dialplan, or its context has: a reload may bring it back at once. */
static void hint_gone(struct ami *m, uint32_t slot, struct slice context)
{
	if (m->lines[slot].state != AMI_LINE_HINTED || !slice_is(context, m->lines[slot].context))
		return;
	report_lost(m, slot);
	hint_drop(m, slot);
	sync_want(m, SYNC_SOON_MS);
}

/* A reload of the dialplan says nothing of the hints that it takes away, but tells every one that stays,
 * changed or not (Asterisk 16 and 22); at other times only changes are told. */
static void take_other_hint(struct ami *m, struct slice exten, struct slice context, int32_t status,
			    bool listed)
{
	uint64_t hash = slice_hash(exten, slice_hash(context, m->seed));

	if (listed && !m->has_other) {
		m->has_other = true;
		m->other_hash = hash;
		m->other_status = status;
	}
	if (listed || !m->has_other || hash != m->other_hash)
		return;
	if (status == m->other_status)
		sync_soon(m);
	m->other_status = status;
}

static void take_hint(struct ami *m, const struct ami_packet *k, bool listed)
{
	struct slice exten = ami_get(k, "Exten"), context = ami_get(k, "Context");
	struct extension *l;
	int32_t status;
	uint32_t slot;

	if (listed)
		remember_context(m, context);
	slot = line_of(m, exten, context);
	if (context.n > CONTEXT_MAX)
		return;
	if (!event_status(k, &status)) {
		outbox_count(&m->out, NOTE_MALFORMED);
		return;
	}
	if (slot == LINE_NONE) {
		take_other_hint(m, exten, context, status, listed);
		return;
	}
	l = &m->lines[slot];
	if (status < 0) {
		hint_gone(m, slot, context);
		return;
	}
	/* in a list the best of several contexts is chosen; between lists a choice made stands */
	if (l->state == AMI_LINE_HINTED && !slice_is(context, l->context) &&
	    (!listed || !better(context, l->context)))
		return;
	bool repeated = l->state == AMI_LINE_HINTED && l->status == status;
	l->moved |= !listed;
	bool changed = hint_take(m, slot, context, ami_get(k, "Hint"), status);

	if (listed)
		return;
	if (changed)
		sync_want(m, SYNC_SOON_MS); /* its things are not known yet */
	else
		report_line(m, slot);
	if (repeated)
		sync_soon(m); /* as in take_other_hint */
}

/* ---- all ---- */

static void system_event(struct ami *m, const struct ami_packet *k)
{
	if (slice_is_nocase(k->name, "Shutdown"))
		session_drop(m, NOTE_DISCONNECTED,
			     slice_is_nocase(ami_get(k, "Restart"), "True") ? "the pbx restarts"
									     : "the pbx shuts down",
			     0);
	else if (slice_is_nocase(k->name, "FullyBooted") || slice_is_nocase(k->name, "Reload"))
		sync_want(m, SYNC_SOON_MS);
}

/* PresenceStatus repeats PresenceStateChange by extension; it is read where only it comes. */
static void take_presence_status(struct ami *m, const struct ami_packet *k)
{
	struct slice hint = ami_get(k, "Hint");
	size_t comma = slice_find(hint, ',');
	uint32_t t = thing_find(m, slice_trim(slice_sub(hint, comma + 1, hint.n)));

	if (m->rights.presences || t == NONE || m->things[t].kind != THING_PRESENCE)
		return;
	presence_read(&m->things[t], ami_get(k, "Status"), ami_get(k, "Subtype"),
		      ami_get(k, "Message"));
	m->things[t].known = true;
	report_thing(m, t);
}

/* Something that rights to read calls let through. */
static void heard(struct ami *m, bool listed)
{
	m->events += !listed;
	m->rights.blind &= listed;
}

void event_take(struct ami *m, const struct ami_packet *k, const struct pending *list)
{
	bool listed = list != NULL;

	if (m->stage != STAGE_UP)
		return;
	heard(m, listed || slice_is_nocase(ami_get(k, "Privilege"), "system,all"));
	if (slice_is_nocase(k->name, "DeviceStateChange"))
		take_device(m, k, listed);
	else if (slice_is_nocase(k->name, "ExtensionStatus"))
		take_hint(m, k, listed);
	else if (slice_is_nocase(k->name, "PresenceStateChange"))
		take_presence(m, k, listed);
	else if (!listed && slice_is_nocase(k->name, "PresenceStatus"))
		take_presence_status(m, k);
	else if (!listed)
		system_event(m, k);
}
