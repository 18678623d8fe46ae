/* mivo_tell.c - the switch's events, to whoever monitors the phone. */
#include <stdio.h>
#include <string.h>

#include "mivo_own.h"

static const struct {
	const char *name, *connection, *device;
	bool both; /* callingDevice and calledDevice follow */
} kinds[EV_COUNT] = {
	[EV_INITIATED] = { "ServiceInitiatedEvent", "initiatedConnection", "initiatingDevice",
			   false },
	[EV_ORIGINATED] = { "OriginatedEvent", "originatedConnection", NULL, true },
	[EV_DELIVERED] = { "DeliveredEvent", "connection", "alertingDevice", true },
	[EV_ESTABLISHED] = { "EstablishedEvent", "establishedConnection", "answeringDevice", true },
	[EV_HELD] = { "HeldEvent", "heldConnection", "holdingDevice", false },
	[EV_RETRIEVED] = { "RetrievedEvent", "retrievedConnection", "retrievingDevice", false },
	[EV_CLEARED] = { "ConnectionClearedEvent", "droppedConnection", "releasingDevice", false },
	[EV_CALL_CLEARED] = { "CallClearedEvent", "clearedCall", NULL, false },
	[EV_FAILED] = { "FailedEvent", "failedConnection", "failingDevice", true },
	[EV_DIVERTED] = { "DivertedEvent", "connection", "divertingDevice", false },
};

const char *mivo_conn_name(uint8_t state)
{
	static const char *const names[CONN_STATES] = { "null",	     "initiated", "alerting",
							"connected", "hold",	  "fail" };

	return names[state];
}

static void device_id(const struct mivo *m, uint32_t number, char *ret, size_t cap)
{
	snprintf(ret, cap, m->sw.dialing_ids ? "N<%u>" : "%u", number);
}

static uint32_t number_of(const struct mivo *m, const struct party *p)
{
	return p->phone == PBX_EXTERNAL ? 790000000 + p->outside % 10000000 : m->first + p->phone;
}

void w_device(struct writer *w, const struct mivo *m, const char *name, uint32_t number)
{
	char id[32];

	device_id(m, number, id, sizeof(id));
	w_open(w, name);
	w_text(w, "deviceIdentifier", id);
	w_close(w, name);
}

void w_connection(struct writer *w, const struct mivo *m, const char *name, uint32_t call,
		  const struct party *who)
{
	char id[32];

	device_id(m, number_of(m, who), id, sizeof(id));
	w_open(w, name);
	w_number(w, "callID", call);
	w_text(w, "deviceID", id);
	w_close(w, name);
}

/* ---- to the monitors of a phone ---- */

/* How often it is to be told now: not, once, twice. */
static int times(struct mivo *m, uint32_t phone, enum topic topic)
{
	if (m->withhold) {
		m->withhold--;
		m->phone[phone].withheld |= (uint8_t)topic;
		return 0;
	}
	if (topic != TOPIC_CALLS) /* one call's event says nothing of the others */
		m->phone[phone].withheld &= (uint8_t)~topic;
	if (!m->twice)
		return 1;
	m->twice--;
	return 2;
}

static struct monitor *next_monitor(struct mivo *m, uint32_t phone, uint32_t *at)
{
	while (*at < m->monitors_top) {
		struct monitor *o = &m->monitors[(*at)++];

		if (o->used && o->phone == phone)
			return o;
	}
	return NULL;
}

static struct link *begin(struct mivo *m, struct writer *w, const struct monitor *o,
			  const char *name)
{
	struct link *l = mivo_link(m, o->channel);

	if (!l)
		return NULL;
	w_begin(w, m, name);
	w_number(w, "monitorCrossRefID", o->xref);
	m->count.events++;
	return l;
}

static void put_call(struct mivo *m, struct writer *w, const struct call *c, enum call_event ev,
		     const struct party *subject)
{
	w_connection(w, m, kinds[ev].connection, c->id, subject);
	if (kinds[ev].device)
		w_device(w, m, kinds[ev].device, number_of(m, subject));
	if (!kinds[ev].both)
		return;
	w_device(w, m, "callingDevice", number_of(m, &c->party[0]));
	w_device(w, m, "calledDevice", number_of(m, &c->party[1]));
	if (ev != EV_DELIVERED && ev != EV_ESTABLISHED)
		return;
	w_open(w, "lastRedirectionDevice");
	w_empty(w, "notKnown");
	w_close(w, "lastRedirectionDevice");
}

void mivo_tell_party(struct mivo *m, const struct call *c, enum call_event ev,
		     const struct party *subject, const struct party *hears, const char *cause)
{
	const char *name = kinds[ev].name;
	struct monitor *o;
	struct writer w;
	struct link *l;

	if (hears->phone == PBX_EXTERNAL)
		return;
	for (int n = times(m, hears->phone, TOPIC_CALLS); n > 0; n--)
		for (uint32_t at = 0; (o = next_monitor(m, hears->phone, &at));) {
			l = begin(m, &w, o, name);
			if (!l)
				continue;
			put_call(m, &w, c, ev, subject);
			w_text(&w, "localConnectionInfo", mivo_conn_name(hears->state));
			w_text(&w, "cause", cause);
			mivo_send(m, l, &w, name, EVENT_INVOKE);
		}
}

void mivo_tell_call(struct mivo *m, const struct call *c, enum call_event ev,
		    const struct party *subject, const char *cause)
{
	for (int i = 0; i < c->n; i++) {
		const struct party *p = &c->party[i];

		/* who has no connection hears only of its own end */
		bool self = p->phone == subject->phone && p->outside == subject->outside;
		if (p->state != CONN_NULL || self)
			mivo_tell_party(m, c, ev, subject, p, cause);
	}
}

/* ---- two calls become one ---- */

static void put_joined(struct mivo *m, struct writer *w, bool conference, const struct call *now,
		       uint32_t primary, uint32_t secondary, const struct party *by,
		       const struct move *moves, size_t n)
{
	const char *list = conference ? "conferenceConnections" : "transferredConnections";

	w_connection(w, m, "primaryOldCall", primary, by);
	w_connection(w, m, "secondaryOldCall", secondary, by);
	w_device(w, m, conference ? "conferencingDevice" : "transferringDevice", number_of(m, by));
	w_device(w, m, conference ? "addedParty" : "transferredToDevice",
		 number_of(m, &moves[n - 1].party));
	w_open(w, list);
	for (size_t i = 0; i < n; i++) {
		w_open(w, "connectionListItem");
		w_connection(w, m, "newConnection", now->id, &moves[i].party);
		w_connection(w, m, "oldConnection", moves[i].old_id, &moves[i].party);
		w_close(w, "connectionListItem");
	}
	w_close(w, list);
}

void mivo_tell_joined(struct mivo *m, bool conference, const struct call *now, uint32_t primary,
		      uint32_t secondary, uint32_t by, const struct move *moves, size_t n)
{
	const char *name = conference	       ? "ConferencedEvent"
			   : m->sw.transferred ? "TransferredEvent"
					       : "TransferedEvent";
	struct party self = { by, now->id, CONN_NULL };
	struct monitor *o;
	struct writer w;
	struct link *l;

	for (size_t i = 0; i <= n; i++) {
		const struct party *p = i < n ? &moves[i].party : &self;

		if (p->phone == PBX_EXTERNAL || (i == n && conference) ||
		    !times(m, p->phone, TOPIC_CALLS))
			continue;
		for (uint32_t at = 0; (o = next_monitor(m, p->phone, &at));) {
			l = begin(m, &w, o, name);
			if (!l)
				continue;
			put_joined(m, &w, conference, now, primary, secondary, &self, moves, n);
			w_text(&w, "localConnectionInfo", mivo_conn_name(p->state));
			w_text(&w, "cause", conference ? "conference" : "transfer");
			mivo_send(m, l, &w, name, EVENT_INVOKE);
		}
	}
}

/* ---- features ---- */

const char *mivo_profile_word(const struct mivo *m, uint8_t profile)
{
	static const char *const ed6[PBX_PROFILES] = { "available", "away", "busy", "meeting",
						       "offline" };
	static const char *const own[PBX_PROFILES] = { "Available", "Absent", "Busy", "Meeting",
						       "NotAvailable" };

	return m->sw.profile_form == MIVO_PROFILE_PRIVATE ? own[profile] : ed6[profile];
}

bool mivo_profile_of_word(const struct mivo *m, const char *word, uint8_t *ret)
{
	for (uint8_t i = 0; word && i < PBX_PROFILES; i++)
		if (strcmp(word, mivo_profile_word(m, i)) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

void mivo_tell_dnd(struct mivo *m, uint32_t phone)
{
	struct monitor *o;
	struct writer w;
	struct link *l;

	for (int n = times(m, phone, TOPIC_DND); n > 0; n--)
		for (uint32_t at = 0; (o = next_monitor(m, phone, &at));) {
			l = begin(m, &w, o, "DoNotDisturbEvent");
			if (!l)
				continue;
			w_device(&w, m, "device", m->first + phone);
			w_text(&w, "doNotDisturbOn", m->phone[phone].dnd ? "true" : "false");
			mivo_send(m, l, &w, "DoNotDisturbEvent", EVENT_INVOKE);
		}
}

void mivo_tell_forward(struct mivo *m, uint32_t phone)
{
	struct monitor *o;
	struct writer w;
	struct link *l;

	for (int n = times(m, phone, TOPIC_FORWARD); n > 0; n--)
		for (uint32_t at = 0; (o = next_monitor(m, phone, &at));) {
			l = begin(m, &w, o, "ForwardingEvent");
			if (!l)
				continue;
			w_device(&w, m, "device", m->first + phone);
			w_text(&w, "forwardingType", "forwardImmediate");
			w_text(&w, "forwardStatus", m->phone[phone].forward[0] ? "true" : "false");
			if (m->phone[phone].forward[0])
				w_text(&w, "forwardTo", m->phone[phone].forward);
			mivo_send(m, l, &w, "ForwardingEvent", EVENT_INVOKE);
		}
}

void mivo_tell_lamp(struct mivo *m, uint32_t phone, uint32_t lamp)
{
	struct monitor *o;
	struct writer w;
	struct link *l;

	for (uint32_t at = 0; m->sw.lamp_form == MIVO_LAMP_STANDARD && (o = next_monitor(m, phone, &at));) {
		l = begin(m, &w, o, "LampModeEvent");
		if (!l)
			continue;
		w_device(&w, m, "device", m->first + phone);
		w_number(&w, "lamp", lamp);
		w_text(&w, "lampMode", mivo_lamp_name(mivo_lamp(m, phone, lamp)));
		mivo_send(m, l, &w, "LampModeEvent", EVENT_INVOKE);
	}
}

void w_until(struct writer *w, const struct mivo *m, uint32_t phone)
{
	bool private = m->sw.profile_form == MIVO_PROFILE_PRIVATE;

	if (m->phone[phone].until[0] && !m->sw.no_until)
		w_text(w, private ? "until" : "untilTime", m->phone[phone].until);
}

static void put_private(struct mivo *m, struct writer *w, uint32_t phone)
{
	char id[32];

	device_id(m, m->first + phone, id, sizeof(id));
	w_open(w, "extensions");
	w_open(w, "privateData");
	w_open(w, "private");
	w_open(w, "UserPresence");
	w_text(w, "device", id);
	w_text(w, "state", mivo_profile_word(m, m->phone[phone].profile));
	w_until(w, m, phone);
	w_close(w, "UserPresence");
	w_close(w, "private");
	w_close(w, "privateData");
	w_close(w, "extensions");
}

void mivo_tell_profile_to(struct mivo *m, uint32_t phone, struct monitor *o)
{
	bool private = m->sw.profile_form == MIVO_PROFILE_PRIVATE;
	const char *name = private ? "PrivateDataEvent" : "PresenceStateEvent";
	struct writer w;
	struct link *l;

	if (m->sw.profile_form == MIVO_PROFILE_REFUSED)
		return;
	l = begin(m, &w, o, name);
	if (!l)
		return;
	if (private) {
		put_private(m, &w, phone);
	} else {
		w_device(&w, m, "device", m->first + phone);
		w_text(&w, "presenceState", mivo_profile_word(m, m->phone[phone].profile));
		w_until(&w, m, phone);
	}
	mivo_send(m, l, &w, name, EVENT_INVOKE);
}

void mivo_tell_profile(struct mivo *m, uint32_t phone)
{
	struct monitor *o;

	for (int n = times(m, phone, TOPIC_PROFILE); n > 0; n--)
		for (uint32_t at = 0; (o = next_monitor(m, phone, &at));)
			mivo_tell_profile_to(m, phone, o);
}

void mivo_tell_service(struct mivo *m, uint32_t phone)
{
	const char *name = m->phone[phone].registered ? "BackInServiceEvent" : "OutOfServiceEvent";
	struct monitor *o;
	struct writer w;
	struct link *l;

	for (int n = times(m, phone, TOPIC_SERVICE); n > 0; n--)
		for (uint32_t at = 0; (o = next_monitor(m, phone, &at));) {
			l = begin(m, &w, o, name);
			if (!l)
				continue;
			w_device(&w, m, "device", m->first + phone);
			w_text(&w, "cause", "normal");
			mivo_send(m, l, &w, name, EVENT_INVOKE);
		}
}

void mivo_tell_unknown(struct mivo *m)
{
	struct writer w;
	struct link *l;

	for (uint32_t i = 0; i < m->monitors_top; i++) {
		if (!m->monitors[i].used)
			continue;
		l = begin(m, &w, &m->monitors[i], "MicrowaveOvenEvent");
		if (!l)
			continue;
		w_text(&w, "localConnectionInfo", "simmering");
		mivo_send(m, l, &w, "MicrowaveOvenEvent", EVENT_INVOKE);
	}
}
