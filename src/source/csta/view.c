#include <stdio.h>

#include "base/check.h"
#include "source/csta/machine.h"

/* The names of some services, in one line behind `head`; returns its length. */
static size_t put_services(const struct csta *c, uint8_t which, const char *head, char *dst, size_t cap)
{
	const char *const names[ASK_LINE_COUNT] = { [ASK_MONITOR] = "MonitorStart",
						    [ASK_DND] = "GetDoNotDisturb",
						    [ASK_PROFILE] = c->form.get,
						    [ASK_SNAPSHOT] = "SnapshotDevice",
						    [ASK_SET_PROFILE] = c->form.set,
						    [ASK_SET_DND] = "SetDoNotDisturb",
						    [ASK_LAMP] = c->lamp_form.set };
	size_t n = 0;

	dst[0] = '\0';
	for (int a = 0; a < ASK_LINE_COUNT && n < cap; a++)
		if (which >> a & 1 && names[a])
			n += (size_t)snprintf(dst + n, cap - n, "%s%.*s", n ? ", " : head,
					      (int)strcspn(names[a], "/"), names[a]);
	return n < cap ? n : cap - 1;
}

/* What the configuration needs, and the switch has not or the account may not. Of a right that it has for
 * some phones only the refused lines say themselves which they are. */
static void missing(const struct csta *c, char *dst, size_t cap)
{
	uint8_t forbidden = 0;
	size_t n = put_services(c, c->denied, "the pbx has no ", dst, cap);

	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1))
		forbidden |= c->devices[i].forbidden;
	put_services(c, forbidden,
		     n ? "; the account may not: " : "the account lacks the right to ", dst + n, cap - n);
}

void csta_view(const struct source *s, struct source_view *ret)
{
	const struct csta *c = const_csta_of(s);

	*ret = (struct source_view){ .up = c->link.state == UPLINK_UP,
				     .logged_in = c->stage == STAGE_UP,
				     .lines = c->table.n,
				     .received = c->received,
				     .probe = c->link.probed,
				     .sent = c->out.sent };
	memcpy(ret->counters, c->out.counters, sizeof(ret->counters));
	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1)) {
		ret->live += c->devices[i].synced;
		ret->refused += c->devices[i].link == LINE_REFUSED;
	}
	snprintf(ret->state, sizeof(ret->state), "%s",
		 c->login_refused[0] && !ret->up ? c->login_refused : uplink_state_text(&c->link));
	missing(c, ret->missing, sizeof(ret->missing));
}

static const char *line_reason(const struct csta *c, const struct device *d)
{
	if (c->stage != STAGE_UP)
		return "waits for the connection to the pbx";
	if (d->reason[0])
		return d->reason;
	return d->monitored ? "waits for its snapshot" : "waits for its monitor";
}

bool csta_line_view(const struct source *s, uint32_t line, struct source_line_view *ret)
{
	const struct csta *c = const_csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);
	const struct device *d;

	if (slot == LINE_NONE)
		return false;
	d = &c->devices[slot];
	*ret = (struct source_line_view){ .link = d->synced ? LINE_LIVE : d->link,
					  .last_report_ms = d->report_ms,
					  .ask = !d->probed  ? LINE_ASK_NONE
						 : d->queued ? LINE_ASK_QUEUED
							     : LINE_ASK_SENT };
	if (!d->synced)
		snprintf(ret->reason, sizeof(ret->reason), "%s", line_reason(c, d));
	cs_lamp_view(c, slot, ret->lamp, sizeof(ret->lamp), ret->lamp_refusal, sizeof(ret->lamp_refusal));
	return true;
}
