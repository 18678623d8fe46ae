#include "source/ami/machine.h"

#include <stdio.h>

/* One word after the other, as far as there is room. */
static void join(char *dst, size_t cap, const char *text)
{
	size_t n = strlen(dst);

	if (n < cap)
		snprintf(dst + n, cap - n, "%s%s", n ? "; " : "", text);
}

void view_missing(const struct ami *m, char *dst, size_t cap)
{
	const struct rights *r = &m->rights;

	dst[0] = '\0';
	if (m->stage != STAGE_UP)
		return;
	if (!r->lists)
		join(dst, cap, "write=reporting: to list hints");
	else if (!r->devices)
		join(dst, cap, "module res_manager_devicestate: DND looks like a call");
	if (r->blind)
		join(dst, cap, "read=call: no events arrive");
	if (r->lists && !r->presences && m->reads_profile)
		join(dst, cap, "module res_manager_presencestate: no profiles");
	if ((m->writes_profile || m->lamps) && !r->setvar)
		join(dst, cap, "write=call: to set profiles");
	if (m->writes_profile && m->dnd_while && !r->db)
		join(dst, cap, "write=system: to switch DND");
}

/* A port that wants TLS says nothing to one who does not begin it. */
static const char *state_text(const struct ami *m)
{
	if (m->stage == STAGE_BANNER && !m->link.lost[0])
		return m->tls ? "connected, no banner of asterisk's ami yet"
			      : "connected, no banner of asterisk's ami yet: does this port want tls?";
	return uplink_state_text(&m->link);
}

void ami_view_source(const struct ami *m, struct source_view *ret)
{
	*ret = (struct source_view){
		.up = m->link.state == UPLINK_UP,
		.logged_in = m->stage > STAGE_LOGIN,
		.lines = m->table.n,
		.received = m->received,
		.sent = m->out.sent,
		.probe = m->link.probed,
	};
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		ret->live += m->lines[s].reported;
		ret->refused += m->lines[s].state == AMI_LINE_UNKNOWN;
	}
	memcpy(ret->counters, m->out.counters, sizeof(ret->counters));
	view_missing(m, ret->missing, sizeof(ret->missing));
	snprintf(ret->state, sizeof(ret->state), "%s", state_text(m));
}

/* What the line's user has written beside the presence. */
static const char *message_of(const struct ami *m, const struct extension *l)
{
	for (uint32_t r = l->first_ref; r != NONE; r = m->refs[r].next_of_line)
		if (m->things[m->refs[r].thing].kind == THING_PRESENCE && m->things[m->refs[r].thing].known)
			return m->things[m->refs[r].thing].message;
	return "";
}

bool ami_view_line(const struct ami *m, uint32_t line, struct source_line_view *ret)
{
	uint32_t slot = line_table_slot(&m->table, line);
	const char *why = "";
	uint8_t link;

	if (slot == LINE_NONE)
		return false;
	const struct extension *l = &m->lines[slot];
	if (m->stage != STAGE_UP) {
		link = LINE_IDLE;
		why = "waits for the connection to the pbx";
	} else if (m->lists_refused) {
		link = LINE_WAITING;
		why = "the account may not list hints: give it write=reporting";
	} else if (l->state == AMI_LINE_UNKNOWN) {
		link = LINE_REFUSED;
		why = "no hint for it at the pbx: add one, as exten => NUMBER,hint,PJSIP/NUMBER";
	} else {
		link = l->reported ? LINE_LIVE : LINE_ASKING;
	}
	*ret = (struct source_line_view){ .link = link,
					  .last_report_ms = l->report_ms,
					  .ask = m->probing || m->probe_wanted ? LINE_ASK_SENT
									       : LINE_ASK_NONE };
	snprintf(ret->reason, sizeof(ret->reason), "%s", why);
	snprintf(ret->profile_text, sizeof(ret->profile_text), "%s", message_of(m, l));
	lamp_view(m, slot, ret);
	return true;
}
