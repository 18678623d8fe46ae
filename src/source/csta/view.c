#include <stdio.h>

#include "base/check.h"
#include "source/csta/machine.h"

/* Services that the configuration needs and the switch has not. */
static void missing(const struct csta *c, char *dst, size_t cap)
{
	struct slice lamp = slice_str(c->lamp_form.set);
	char lamps[CSTA_PATH_MAX + 1];
	const char *names[ASK_LINE_COUNT] = { [ASK_MONITOR] = "MonitorStart",
					      [ASK_DND] = "GetDoNotDisturb",
					      [ASK_PROFILE] = c->form.get,
					      [ASK_LAMP] = lamps,
					      [ASK_SNAPSHOT] = "SnapshotDevice" };
	size_t n = 0;

	snprintf(lamps, sizeof(lamps), "%.*s", (int)slice_find(lamp, '/'), c->lamp_form.set);
	dst[0] = '\0';
	for (int a = 0; a < ASK_LINE_COUNT && n < cap; a++)
		if (c->denied >> a & 1 && names[a])
			n += (size_t)snprintf(dst + n, cap - n, "%s%s",
					      n ? ", " : "the pbx has no ", names[a]);
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
