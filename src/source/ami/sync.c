/* sync.c - the round of lists: which hints there are, what their things' states are; then every line is
 * told. It runs after the log-in, when lines were added, hints changed or the engine asks, and now and
 * then in case an event was missed. */
#include "source/ami/machine.h"

#include "base/check.h"

enum { AGAIN_1_MS = 10 * 1000, AGAIN_2_MS = 60 * 1000, REFUSED_MS = 5 * 60 * 1000 };

static void ask_list(struct ami *m, enum sync sync, enum ask ask, const char *action)
{
	struct ami_action a;

	m->sync = (uint8_t)sync;
	action_begin(m, &a, action);
	CHECK(action_send(m, &a, ask, NONE));
}

static void round_begin(struct ami *m)
{
	m->sync_again = false;
	m->sync_ms = TIME_NEVER;
	m->probing = m->probe_wanted;
	m->probe_wanted = false;
	if (!m->rights.lists) {
		m->lists_refused = true;
		m->probing = false;
		m->sync_ms = m->now_ms + REFUSED_MS;
		return;
	}
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		m->lines[s].seen = false;
		m->lines[s].moved = false;
	}
	m->contexts_n = 0;
	m->has_other = false;
	ask_list(m, SYNC_HINTS, ASK_HINTS, "ExtensionStateList");
}

void sync_start(struct ami *m)
{
	m->rounds = 0;
	m->sync_ms = m->now_ms;
	sync_tick(m);
}

void sync_want(struct ami *m, int64_t in_ms)
{
	int64_t at = m->now_ms + in_ms;

	if (m->stage != STAGE_UP)
		return;
	if (m->sync != SYNC_NONE)
		m->sync_again = true;
	else if (at < m->sync_ms)
		m->sync_ms = at;
}

void sync_soon(struct ami *m)
{
	int64_t gap = m->synced_ms + SYNC_GAP_MS - m->now_ms;

	sync_want(m, gap > SYNC_SOON_MS ? gap : SYNC_SOON_MS);
}

void sync_probe(struct ami *m)
{
	if (m->stage != STAGE_UP)
		return;
	m->probe_wanted = true;
	sync_want(m, 0);
}

static void round_end(struct ami *m)
{
	bool differs = false;

	for (uint32_t t = 0; t < m->things_n; t++) /* presences never set are not listed */
		if (m->things[t].name && m->things[t].kind == THING_PRESENCE && m->rights.presences)
			m->things[t].known = true;
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1))
		if (m->lines[s].state == AMI_LINE_HINTED) {
			differs |= report_full(m, s);
			write_presence_told(m, s, true);
		}
	if (differs && m->events == 0 && m->rounds > 0 && !m->rights.blind) {
		m->rights.blind = true;
		outbox_note(&m->out, NOTE_RIGHTS_MISSING, ID_NONE, "read=call: no events arrive");
	}
	m->rounds++;
	m->probing = false;
	m->sync = SYNC_NONE;
	m->synced_ms = m->now_ms;
	m->sync_ms = m->now_ms + (m->sync_again	   ? SYNC_SOON_MS
				  : m->rounds == 1 ? AGAIN_1_MS
				  : m->rounds == 2 ? AGAIN_2_MS
						   : SYNC_STEADY_MS);
}

/* ---- lines that no list named ---- */

/* The nth context in which the line may be asked for, or an empty slice: hints made from a pattern are
 * listed only once somebody has asked for the number. */
static struct slice context_to_ask(const struct ami *m, uint32_t slot, uint32_t nth)
{
	struct slice bound = hint_context(m, slot);

	if (bound.n)
		return nth == 0 ? bound : SLICE_NONE;
	return nth < m->contexts_n ? slice_str(m->contexts[nth]) : SLICE_NONE;
}

static void not_found(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];

	if (l->state == AMI_LINE_HINTED) {
		report_lost(m, slot);
		hint_drop(m, slot);
	}
	l->state = AMI_LINE_UNKNOWN;
	/* right after a start the PBX may not have read its dialplan yet */
	if (m->rounds > 0 && !l->noted) {
		l->noted = true;
		outbox_note(&m->out, NOTE_LINE_UNKNOWN, line_table_id(&m->table, slot),
			    "no hint for this extension");
	}
}

static void asks_end(struct ami *m)
{
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		if (!m->lines[s].seen)
			not_found(m, s);
		else
			m->lines[s].noted = false;
	}
	if (m->rights.devices)
		ask_list(m, SYNC_DEVICES, ASK_DEVICES, "DeviceStateList");
	else if (m->rights.presences)
		ask_list(m, SYNC_PRESENCES, ASK_PRESENCES, "PresenceStateList");
	else
		round_end(m);
}

static void ask_one(struct ami *m, uint32_t slot, struct slice context)
{
	struct ami_action a;

	action_begin(m, &a, "ExtensionState");
	ami_put(&a, "Exten", hint_exten(m, slot));
	ami_put(&a, "Context", context);
	m->asks += action_send(m, &a, ASK_HINT, slot);
}

static void pump_asks(struct ami *m)
{
	for (uint32_t s = line_table_next(&m->table, m->ask_slot); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		if (s != m->ask_slot)
			m->ask_context = 0;
		m->ask_slot = s;
		for (; !m->lines[s].seen; m->ask_context++) {
			struct slice context = context_to_ask(m, s, m->ask_context);

			if (context.n == 0)
				break;
			if (m->pending_n >= PENDING_MAX / 2)
				return;
			ask_one(m, s, context);
		}
	}
	m->ask_slot = LINE_NONE;
	if (m->asks == 0)
		asks_end(m);
}

static void hint_answered(struct ami *m, const struct pending *p, const struct ami_packet *k)
{
	struct slice hint = ami_get(k, "Hint");
	int32_t status;

	m->asks--;
	if (p->slot != NONE && slice_is_nocase(k->name, "Success") && hint.n && event_status(k, &status) &&
	    status >= 0 && !m->lines[p->slot].seen)
		hint_take(m, p->slot, ami_get(k, "Context"), hint, status);
	pump_asks(m);
}

/* ---- the steps ---- */

static void next_step(struct ami *m, uint8_t ask)
{
	if (ask == ASK_HINTS) {
		m->sync = SYNC_ASK;
		m->ask_slot = 0;
		m->ask_context = 0;
		m->asks = 0;
		pump_asks(m);
	} else if (ask == ASK_DEVICES && m->rights.presences) {
		ask_list(m, SYNC_PRESENCES, ASK_PRESENCES, "PresenceStateList");
	} else {
		round_end(m);
	}
}

/* A list was refused, or one line's hint is answered. */
void sync_answer(struct ami *m, const struct pending *p, const struct ami_packet *k)
{
	if (p->ask == ASK_HINT) {
		hint_answered(m, p, k);
		return;
	}
	m->rights.lists &= p->ask != ASK_HINTS;
	m->rights.devices &= p->ask != ASK_DEVICES;
	m->rights.presences &= p->ask != ASK_PRESENCES;
	if (p->ask != ASK_HINTS) {
		next_step(m, p->ask);
		return;
	}
	m->sync = SYNC_NONE;
	m->probing = false;
	m->lists_refused = true;
	m->sync_ms = m->now_ms + REFUSED_MS;
	outbox_note(&m->out, NOTE_RIGHTS_MISSING, ID_NONE, "write=reporting: the hints may not be listed");
	(void)k;
}

void sync_complete(struct ami *m, const struct pending *p)
{
	next_step(m, p->ask);
}

void sync_tick(struct ami *m)
{
	if (m->stage == STAGE_UP && m->sync == SYNC_NONE && m->now_ms >= m->sync_ms && action_room(m))
		round_begin(m);
}
