/* probe.c - a person asks whether the PBX answers, now: an OPTIONS on the link, and every subscription
 * is refreshed, which brings a NOTIFY of the line's present state (RFC 6665 4.2.1). */
#include "source/sip/agent.h"

static void probe_link(struct sip_agent *a)
{
	struct link *l = &a->link;

	l->probed = SOURCE_PROBE_ASKED;
	if (l->state == LINK_WAITING) {
		wheel_set(a->wheel, wheel_timer(a, TIMER_LINK), WHEEL_NEVER);
		link_start(a);
	} else if (link_ready(a) && !l->deaf && l->options_txn == NONE) {
		txn_start(a, TXN_OPTIONS, NONE);
	}
}

static void probe_sub(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];

	if (s->state == SUB_LIVE && s->txn == NONE && !s->queued.in)
		sub_queue(a, i);
}

/* What waits after a refusal is asked for at once, too: somebody may just have put it right. */
static void probe_watch(struct sip_agent *a, uint32_t w)
{
	struct watch *x = &a->watches[w];

	x->probed = x->state == WATCH_LIVE;
	if (x->state == WATCH_LIVE && x->fresh == NONE)
		probe_sub(a, x->sub);
	else if (x->state == WATCH_WAITING || x->state == WATCH_REFUSED)
		watch_queue(a, w);
}

void probe_start(struct sip_agent *a)
{
	probe_link(a);
	for (uint32_t w = 0; w < a->watches_n; w++)
		if (a->watches[w].state != WATCH_FREE)
			probe_watch(a, w);
}

void probe_watch_answered(struct sip_agent *a, uint32_t w)
{
	if (w != NONE)
		a->watches[w].probed = false;
}

void probe_link_answered(struct sip_agent *a)
{
	if (a->link.probed == SOURCE_PROBE_ASKED)
		a->link.probed = SOURCE_PROBE_ANSWERED;
}

void probe_link_lost(struct sip_agent *a)
{
	if (a->link.probed == SOURCE_PROBE_ASKED)
		a->link.probed = SOURCE_PROBE_FAILED;
}

/* A listed line is told by its list. */
uint8_t probe_of_line(const struct sip_agent *a, const struct watch *x)
{
	const struct watch *by = x->state == WATCH_LISTED ? &a->watches[x->list] : x;
	const struct sub *s = by->sub == NONE ? NULL : &a->subs[by->sub];

	if (!by->probed || by->state != WATCH_LIVE || !s)
		return LINE_ASK_NONE;
	return s->queued.in ? LINE_ASK_QUEUED : LINE_ASK_SENT;
}
