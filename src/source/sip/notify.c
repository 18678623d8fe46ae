#include "proto/xml/feature_event.h"
#include "source/sip/agent.h"

/* A NOTIFY is answered at once and without a server transaction: the sub keeps what it answered to
 * the last few branches, and a retransmission is answered from there. */

struct dialog_key {
	uint64_t call;
	struct slice to_tag, from_tag;
	bool any_notifier;
	uint8_t event;
};

static bool own_tag(struct slice to_tag, uint64_t tag)
{
	uint64_t v;

	/* Cisco CUCM sends none; the Call-ID alone is as hard to guess */
	return to_tag.n == 0 || (agent_hex(to_tag, &v) && v == tag);
}

static bool same_dialog(uint32_t id, const void *key, void *arg)
{
	const struct sip_agent *a = arg;
	const struct sub *s = &a->subs[id];
	const struct dialog_key *k = key;

	if (s->call != k->call || s->event != k->event || !own_tag(k->to_tag, s->tag))
		return false;
	return k->any_notifier ? s->fork_of == NONE : slice_is(k->from_tag, dialog_tag(&s->dialog));
}

/* Which subscription does it belong to? The first NOTIFY may come before the 200 and from another
 * notifier than the 200; later ones from others are forks (RFC 6665 4.1.4, 4.4.1). */
static uint32_t match(struct sip_agent *a, const struct sip_msg *m, enum package event)
{
	struct dialog_key key = { .to_tag = m->to_tag,
				  .from_tag = m->from_tag,
				  .event = (uint8_t)event };
	uint32_t i;

	if (!agent_hex(m->call_id, &key.call) || !sip_is_token(m->from_tag))
		return NONE;
	i = map_find(&a->by_call, key.call, same_dialog, &key, a);
	if (i != NONE)
		return i;
	key.any_notifier = true;
	i = map_find(&a->by_call, key.call, same_dialog, &key, a);
	if (i == NONE)
		return NONE;
	struct sub *s = &a->subs[i];
	if (s->notified || (s->state == SUB_LEAVING && dialog_tag(&s->dialog)[0])) {
		/* one list server speaks for a list */
		if (s->state != SUB_LIVE || a->watches[s->watch].is_list ||
		    a->now_ms - a->watches[s->watch].renewed_ms > a->first_notify_ms)
			return NONE;
		i = sub_fork(a, i);
		if (i == NONE)
			return NONE;
	}
	if (dialog_from(&a->subs[i].dialog, m) == ERR_OK)
		return i;
	if (a->subs[i].fork_of != NONE)
		watch_ended(a, i, WATCH_WAITING, WHY_STATUS, -1);
	return NONE;
}

/* ---- retransmissions and order ---- */

static uint32_t branch_hash(const struct sip_agent *a, const struct sip_msg *m)
{
	return (uint32_t)slice_hash(m->via.branch, a->seed ^ m->cseq) | 1;
}

static uint16_t remembered(const struct sub *s, uint32_t branch)
{
	for (int i = 0; i < BRANCHES; i++)
		if (s->branch[i] == branch)
			return s->answer[i];
	return 0;
}

static void remember(struct sub *s, uint32_t branch, uint16_t status)
{
	s->branch[s->branch_at] = branch;
	s->answer[s->branch_at] = status;
	s->branch_at = (uint8_t)((s->branch_at + 1) % BRANCHES);
}

/* True when the NOTIFY is newer than all before. Its number did not rise: within a moment of the
 * newer one it was overtaken on its way (Kamailio's workers); later, the PBX has lost its memory of
 * the dialog (Asterisk after a crash), and only a new subscription finds the truth. It is answered
 * 200 all the same: with an error the notifier would drop the subscription. */
static bool in_order(struct sip_agent *a, struct sub *s, const struct sip_msg *m)
{
	if (!s->notified || m->cseq > s->remote_cseq)
		return true;
	if (a->now_ms - s->notified_ms <= OVERTAKEN_MS) {
		outbox_count(&a->out, NOTE_OLD_REPORT);
		return false;
	}
	outbox_note(&a->out, NOTE_STEPPED_BACK, a->watches[s->watch].id, "CSeq %u after %u",
		    m->cseq, s->remote_cseq);
	watch_renew(a, s->watch);
	return false;
}

/* ---- what it says ---- */

/* RFC 6665 4.1.3 */
static void terminated(struct sip_agent *a, uint32_t i, const struct sip_subscription_state *ss)
{
	uint32_t w = a->subs[i].watch, id = a->watches[w].id;
	int64_t wait = ss->has_retry_after ? (int64_t)ss->retry_after_s * 1000 : -1;
	int64_t slow = wait > SLOW_MS ? wait : SLOW_MS + prng_range(&a->prng, 0, SLOW_MS / 5);
	const char *name = a->watches[w].name;

	a->subs[i].ended = true;
	switch ((enum sip_reason_code)ss->reason) {
	case SIP_REASON_PROBATION:
	case SIP_REASON_GIVEUP:
		outbox_note(&a->out, NOTE_SUBSCRIPTION_GONE, id, "%s: for now", name);
		watch_ended(a, i, WATCH_WAITING, WHY_ENDED, wait);
		break;
	case SIP_REASON_REJECTED:
	case SIP_REASON_INVARIANT:
		outbox_note(&a->out, a->watches[w].is_list ? NOTE_LIST_REFUSED : NOTE_LINE_REFUSED,
			    id, "%s", name);
		watch_ended(a, i, WATCH_REFUSED, WHY_ENDED, slow);
		break;
	case SIP_REASON_NORESOURCE:
		outbox_note(&a->out, a->watches[w].is_list ? NOTE_LIST_REFUSED : NOTE_LINE_UNKNOWN,
			    id, "%s", name);
		watch_ended(a, i, WATCH_REFUSED, WHY_ENDED, slow);
		break;
	case SIP_REASON_NONE:
	case SIP_REASON_DEACTIVATED:
	case SIP_REASON_TIMEOUT:
	case SIP_REASON_OTHER:
		outbox_note(&a->out, NOTE_SUBSCRIPTION_GONE, id, "%s", name);
		watch_ended(a, i, wait >= 0 ? WATCH_WAITING : WATCH_QUEUED, WHY_ENDED, wait);
		break;
	}
}

static uint16_t body(struct sip_agent *a, uint32_t i, const struct sip_msg *m, bool first,
		     const struct sip_subscription_state *ss)
{
	struct sub *s = &a->subs[i];
	struct slice encoding = sip_msg_header(m, SIP_CONTENT_ENCODING);

	/* not yet allowed to see: says nothing about the line */
	if (m->body.n == 0 && ss->state == SIP_SUB_PENDING)
		return 200;
	if (encoding.n && !slice_is_nocase(encoding, "identity"))
		return 415;
	if (a->watches[s->watch].is_list)
		return list_report(a, s->watch, m, first);
	return report_body(a, s->watch, s->watch, s, sip_msg_header(m, SIP_CONTENT_TYPE), m->body,
			   first);
}

/* We cannot read what it sends, and an error answer may have ended it over there. */
static void unreadable(struct sip_agent *a, uint32_t i, bool first)
{
	uint32_t w = a->subs[i].watch;

	if (!first)
		watch_renew(a, w);
	else if (a->watches[w].is_list)
		watch_ended(a, i, WATCH_REFUSED, WHY_BODY, SLOW_MS);
	else
		watch_ended(a, i, WATCH_WAITING, WHY_BODY, -1);
}

static uint16_t active(struct sip_agent *a, uint32_t i, const struct sip_msg *m, bool first,
		       const struct sip_subscription_state *ss)
{
	struct sub *s = &a->subs[i];
	uint32_t w = s->watch;
	uint16_t status;

	if (ss->has_expires)
		sub_expires(a, i, ss->expires_s, !first);
	if (!first)
		dialog_retarget(&s->dialog, m);
	status = body(a, i, m, first, ss);
	if (status >= 300)
		return status;
	a->watches[w].report_ms = a->now_ms;
	probe_watch_answered(a, w);
	link_known(a);
	if (first)
		sub_went_live(a, i);
	if (first && s->fork_of == NONE) {
		watch_live(a, i);
		if (a->watches[w].is_list)
			list_settle(a, w);
	}
	return status;
}

static uint16_t take(struct sip_agent *a, uint32_t i, const struct sip_msg *m, uint32_t branch)
{
	struct sub *s = &a->subs[i];
	bool first = !s->notified;
	struct sip_subscription_state ss;

	if (sip_subscription_state_parse(sip_msg_header(m, SIP_SUBSCRIPTION_STATE), &ss)) {
		outbox_note(&a->out, NOTE_MALFORMED, a->watches[s->watch].id,
			    "no Subscription-State");
		return 400;
	}
	if (!in_order(a, s, m)) {
		remember(s, branch, 200);
		return 200;
	}
	s->notified = true;
	s->remote_cseq = m->cseq;
	s->notified_ms = a->now_ms;
	if (ss.state == SIP_SUB_TERMINATED) {
		terminated(a, i, &ss);
		return 200;
	}
	uint16_t status = active(a, i, m, first, &ss);
	remember(s, branch, status);
	if (status >= 300)
		unreadable(a, i, first);
	return status;
}

/* The NOTIFYs of a subscription that we are giving up. */
static void take_leaving(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];
	struct sip_subscription_state ss;

	if (sip_subscription_state_parse(sip_msg_header(m, SIP_SUBSCRIPTION_STATE), &ss) ||
	    ss.state != SIP_SUB_TERMINATED)
		return;
	s->ended = true;
	if (s->txn == NONE)
		sub_free(a, i);
}

/* ---- the door ---- */

/* RFC 3261 8.2.2.3; eventlist is all we know. */
static bool wants_unknown(const struct sip_msg *m)
{
	for (const struct sip_header *h = NULL; (h = sip_msg_next(m, SIP_REQUIRE, h));) {
		struct slice rest = h->value, word;

		while (sip_list_next(&rest, ',', &word))
			if (word.n && !slice_is_nocase(word, "eventlist"))
				return true;
	}
	return false;
}

/* PACKAGE_COUNT: none that we ask for. */
static enum package event_of(const struct sip_agent *a, const struct sip_msg *m)
{
	struct sip_event e;
	int event = 0;

	if (sip_event_parse(sip_msg_header(m, SIP_EVENT), &e))
		return PACKAGE_COUNT;
	while (event < PACKAGE_COUNT &&
	       !(package_asked(a, (enum package)event) &&
		 slice_is_nocase(e.package, event_name((enum package)event))))
		event++;
	return (enum package)event;
}

static void refuse_event(struct sip_agent *a, const struct via_channel *from,
			 const struct sip_msg *m)
{
	struct buf allow;

	buf_init(&allow, 256);
	buf_fmt(&allow, "Allow-Events: %s", event_name((enum package)a->event));
	for (int event = 0; event < PACKAGE_COUNT; event++)
		if (event != a->event && package_asked(a, (enum package)event))
			buf_fmt(&allow, ", %s", event_name((enum package)event));
	buf_str(&allow, "\r\n");
	outbox_note(&a->out, NOTE_UNSUPPORTED, ID_NONE, "NOTIFY of another event answered 489");
	inbound_answer(a, from, m, 489, NULL, buf_cstr(&allow));
	buf_fini(&allow);
}

void notify_take(struct sip_agent *a, const struct via_channel *from, const struct sip_msg *m)
{
	static const char *const accept[] = {
		"Accept: application/dialog-info+xml, multipart/related, application/rlmi+xml\r\n",
		"Accept: application/pidf+xml, multipart/related, application/rlmi+xml\r\n",
		"Accept: " FEATURE_EVENT_TYPE ", multipart/mixed\r\n",
	};
	enum package event = event_of(a, m);
	uint16_t again, status;
	uint32_t i, branch;

	if (event == PACKAGE_COUNT) {
		refuse_event(a, from, m);
		return;
	}
	if (wants_unknown(m)) {
		outbox_note(&a->out, NOTE_UNSUPPORTED, ID_NONE,
			    "NOTIFY requires an extension, answered 420");
		inbound_answer(a, from, m, 420, NULL, "Supported: eventlist\r\n");
		return;
	}
	i = match(a, m, event);
	if (i == NONE) {
		outbox_note(&a->out, NOTE_FORGED, ID_NONE, "NOTIFY of no subscription from %s",
			    from->peer.host);
		inbound_answer(a, from, m, 481, NULL, NULL);
		return;
	}
	link_answered(a);
	branch = branch_hash(a, m);
	again = remembered(&a->subs[i], branch);
	if (again) {
		outbox_count(&a->out, NOTE_REPEATED);
		inbound_answer(a, from, m, again, NULL, NULL);
		return;
	}
	if (a->subs[i].state == SUB_LEAVING) {
		take_leaving(a, i, m);
		inbound_answer(a, from, m, 200, NULL, NULL);
		return;
	}
	status = take(a, i, m, branch);
	inbound_answer(a, from, m, status, NULL, status == 415 ? accept[event] : NULL);
}
