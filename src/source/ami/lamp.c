/* lamp.c - what Teams shows of a person, as a device of the PBX: Custom:teams-201. A dialplan hint
 * makes a BLF key of it; it belongs into no hint of a line that is watched. */
#include <stdio.h>

#include "source/ami/machine.h"

enum { ROOM = 8 }; /* of the actions under way, left for others */

static const char *device_word(uint8_t lamp)
{
	return lamp > LAMP_DARK ? "INUSE" : "NOT_INUSE";
}

static bool stands(const struct extension *l)
{
	return l->lamp == l->lamp_told || l->lamp_sent || l->lamp_refused ||
	       (l->lamp == LAMP_OFF && l->lamp_told == LAMP_COUNT);
}

/* In the store before it is lit, so that whoever comes next can put it out. */
static void keep(struct ami *m, uint32_t slot, bool lit)
{
	struct extension *l = &m->lines[slot];

	if (l->lamp_kept == lit)
		return;
	l->lamp_kept = lit;
	outbox_keep(&m->out, line_table_id(&m->table, slot), lit ? SLICE_LIT("lit") : SLICE_NONE);
}

/* A connector that has no lamps any more puts it out; else show_lamp tells. */
void lamp_restore(struct ami *m, uint32_t slot)
{
	m->lines[slot].lamp_kept = true;
	if (m->lamps)
		return;
	m->lines[slot].lamp = LAMP_DARK;
	m->lamps_left = m->lamps_wait = true;
	m->lamps_at = 0;
}

void lamp_set(struct ami *m, uint32_t slot, enum lamp lamp)
{
	struct extension *l = &m->lines[slot];

	if (!m->lamps || l->lamp == lamp)
		return;
	l->lamp = (uint8_t)lamp;
	l->lamp_refused = false;
	m->lamps_wait = true;
	m->lamps_at = 0;
}

void lamp_anew(struct ami *m)
{
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		m->lines[s].lamp_told = LAMP_COUNT;
		m->lines[s].lamp_sent = m->lines[s].lamp_refused = false;
	}
	m->lamps_wait = m->lamps || m->lamps_left;
	m->lamps_at = 0;
}

bool lamp_wants(const struct ami *m)
{
	return m->lamps_wait && m->stage == STAGE_UP && m->rights.setvar &&
	       m->pending_n + ROOM < PENDING_MAX;
}

static void send_one(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];
	struct slice exten = hint_exten(m, slot);
	struct ami_action a;

	for (size_t i = 0; i < exten.n; i++) /* an argument must not end the call */
		l->lamp_refused |= strchr("(),&$\"' ", exten.p[i]) != NULL;
	if (l->lamp_refused)
		return;
	action_begin(m, &a, "Setvar");
	ami_put_fmt(&a, "Variable", "DEVICE_STATE(" LAMP_DEVICE "%.*s)", SLICE_ARG(exten));
	ami_put(&a, "Value", slice_str(device_word(l->lamp)));
	if (l->lamp > LAMP_DARK)
		keep(m, slot, true);
	l->lamp_told = l->lamp;
	l->lamp_sent = action_send(m, &a, ASK_LAMP, slot);
	l->lamp_refused = !l->lamp_sent;
}

void lamp_pump(struct ami *m)
{
	while (lamp_wants(m)) {
		uint32_t slot = line_table_next(&m->table, m->lamps_at);

		if (slot == LINE_NONE) {
			m->lamps_wait = false;
			return;
		}
		m->lamps_at = slot + 1;
		if (!stands(&m->lines[slot]))
			send_one(m, slot);
	}
}

/* What has changed meanwhile goes out now. */
void lamp_answer(struct ami *m, const struct pending *p, const struct ami_packet *k)
{
	struct extension *l = p->slot == NONE ? NULL : &m->lines[p->slot];

	if (!l)
		return;
	l->lamp_sent = false;
	if (!slice_is_nocase(k->name, "Success")) {
		l->lamp_refused = true;
		outbox_note(&m->out, NOTE_WRITE_REFUSED, line_table_id(&m->table, p->slot),
			    "the lamp's device state: write=call is needed");
		return;
	}
	if (l->lamp_told <= LAMP_DARK)
		keep(m, p->slot, false);
	if (!m->lamps) { /* done */
		l->lamp = LAMP_OFF;
		l->lamp_told = LAMP_COUNT;
	} else if (l->lamp != l->lamp_told) {
		m->lamps_wait = true;
		m->lamps_at = 0;
	}
}

void lamp_view(const struct ami *m, uint32_t slot, struct source_line_view *ret)
{
	const struct extension *l = &m->lines[slot];
	struct slice exten = hint_exten(m, slot);

	if (!m->lamps || (l->lamp == LAMP_OFF && l->lamp_told == LAMP_COUNT))
		return;
	if (l->lamp_refused)
		snprintf(ret->lamp_refusal, sizeof(ret->lamp_refusal), "%s",
			 "the pbx refused its device state: write=call is needed");
	else
		snprintf(ret->lamp, sizeof(ret->lamp), LAMP_DEVICE "%.*s: %s",
			 (int)(exten.n < 60 ? exten.n : 60), exten.p,
			 l->lamp_told == LAMP_COUNT ? "not known" : device_word(l->lamp_told));
}
