#include "source/sip/view.h"

#include <stdio.h>

#include "source/sip/publish.h"

static const char *const why_text[WHY_COUNT] = {
	[WHY_NONE] = "",
	[WHY_LINK] = "waits for the connection to the pbx",
	[WHY_LISTS] = "waits for the pbx's lists",
	[WHY_STATUS] = "refused",
	[WHY_TIMED_OUT] = "the pbx did not answer",
	[WHY_SILENT] = "accepted, but no first report came",
	[WHY_ENDED] = "the pbx ended the subscription",
	[WHY_BODY] = "the pbx's report cannot be read",
	[WHY_BUSY_PBX] = "the pbx asks to wait",
	[WHY_TOO_LARGE] = "the list is too large for the pbx",
};

/* What the settings ask for and the PBX has refused, in one line. */
static void put_missing(const struct sip_agent *a, char *dst, size_t cap)
{
	static const char *const wants[PACKAGE_COUNT] = {
		[PACKAGE_DIALOG] = "",
		[PACKAGE_PRESENCE] = "reading the profile: SUBSCRIBE to presence",
		[PACKAGE_FEATURES] = "do not disturb: SUBSCRIBE to as-feature-event",
	};
	size_t n = 0;

	for (int event = 0; event < PACKAGE_COUNT; event++)
		if (a->event_refused[event] && n < cap)
			n += (size_t)snprintf(dst + n, cap - n, "%s%s refused (%u %s)", n ? "; " : "",
					      wants[event], a->event_refused[event],
					      sip_reason(a->event_refused[event]));
	if (a->publish_refused && n < cap)
		snprintf(dst + n, cap - n, "%swriting the profile: PUBLISH refused (%u %s)",
			 n ? "; " : "", a->publish_refused, sip_reason(a->publish_refused));
}

void sip_view_source(const struct sip_agent *a, struct source_view *ret)
{
	static const char *const states[LINK_STATES] = {
		[LINK_WAITING] = "not connected, next try soon",
		[LINK_CONNECTING] = "connecting",
		[LINK_OPEN] = "connected, no answer yet",
		[LINK_UP] = "up",
	};

	bool down = a->link.state < LINK_OPEN && a->link.lost[0] && !a->hold_login &&
		    a->now_ms >= a->hold_ms;

	*ret = (struct source_view){
		.up = a->link.state == LINK_UP,
		.logged_in = a->link.state == LINK_UP && !a->hold_login,
		.lines = a->lines_used,
		.live = a->state_count[WATCH_LIVE] + a->state_count[WATCH_LISTED],
		.refused = a->state_count[WATCH_REFUSED],
		.received = a->received,
		.sent = a->out.sent,
		.probe = a->link.probed,
	};
	put_missing(a, ret->missing, sizeof(ret->missing));
	memcpy(ret->counters, a->out.counters, sizeof(ret->counters));
	snprintf(ret->state, sizeof(ret->state), "%s%s", down ? "not connected: " : "",
		 a->hold_login		  ? "log-in refused, next try in some minutes"
		 : a->now_ms < a->hold_ms ? "the pbx asks to wait"
		 : down			  ? a->link.lost
					  : states[a->link.state]);
}

static uint8_t link_of(const struct watch *x)
{
	static const uint8_t links[WATCH_STATES] = {
		[WATCH_IDLE] = LINE_IDLE,	[WATCH_QUEUED] = LINE_ASKING,
		[WATCH_ASKING] = LINE_ASKING,	[WATCH_LIVE] = LINE_LIVE,
		[WATCH_WAITING] = LINE_WAITING, [WATCH_REFUSED] = LINE_REFUSED,
		[WATCH_LISTED] = LINE_LIVE,
	};

	return x->state == WATCH_LISTED && !x->synced ? LINE_ASKING : links[x->state];
}

bool sip_view_line(const struct sip_agent *a, uint32_t line, struct source_line_view *ret)
{
	uint32_t w = watch_find(a, line);

	if (w == NONE)
		return false;
	const struct watch *x = &a->watches[w];
	*ret = (struct source_line_view){ .link = link_of(x),
					  .last_status = x->status,
					  .last_report_ms = x->report_ms,
					  .in_list = x->state == WATCH_LISTED,
					  .ask = probe_of_line(a, x) };
	pub_lamp_view(a, w, ret);
	if (a->hold_login && ret->link == LINE_ASKING) {
		ret->link = LINE_WAITING;
		snprintf(ret->reason, sizeof(ret->reason), "the log-in to the pbx is refused");
	} else if (x->why == WHY_STATUS) {
		snprintf(ret->reason, sizeof(ret->reason), "%s: %u %s", why_text[x->why], x->status,
			 sip_reason(x->status));
	} else {
		snprintf(ret->reason, sizeof(ret->reason), "%s", why_text[x->why]);
	}
	return true;
}
