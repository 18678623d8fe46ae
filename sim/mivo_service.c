/* mivo_service.c - what an application may ask of the switch, and its answers. */
#include <stdio.h>
#include <string.h>

#include "mivo_own.h"

/* ---- answers ---- */

static void refuse(struct mivo *m, struct link *l, uint32_t invoke, const char *category,
		   const char *why)
{
	struct writer w;

	m->count.refused++;
	w_begin(&w, m, "CSTAErrorCode");
	w_text(&w, category, why);
	mivo_send(m, l, &w, "CSTAErrorCode", invoke);
}

static void agree(struct mivo *m, struct link *l, uint32_t invoke, const char *response)
{
	struct writer w;

	w_begin(&w, m, response);
	mivo_send(m, l, &w, response, invoke);
}

/* "123", "N<123>", "N<123!98>name", "tel:123": the digits; PBX_EXTERNAL: no phone of ours. */
static uint32_t phone_of_id(const struct mivo *m, const char *id)
{
	struct slice s = slice_str(id);
	size_t open = slice_find(s, '<'), colon = slice_find(s, ':');
	uint64_t number;

	if (open < s.n) {
		s = slice_sub(s, open + 1, s.n);
		for (size_t i = 0; i < s.n; i++)
			if (strchr(">!;", s.p[i]))
				s = slice_sub(s, 0, i);
	} else if (colon < s.n) {
		s = slice_sub(s, colon + 1, s.n);
	}
	if (slice_u64(s, UINT32_MAX, &number))
		return PBX_EXTERNAL;
	return mivo_find(m, (uint32_t)number);
}

/* The phone that the request names; refused when there is none. */
static bool device_of(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke,
		      const char *element, uint32_t *ret)
{
	const char *id = doc_text(d, element);

	*ret = id ? phone_of_id(m, id) : PBX_EXTERNAL;
	if (*ret == PBX_EXTERNAL)
		refuse(m, l, invoke, "operation", "invalidDeviceID");
	return *ret != PBX_EXTERNAL;
}

static bool write_refused(struct mivo *m, struct link *l, uint32_t invoke)
{
	if (!m->refuse_writes) {
		m->count.writes++;
		return false;
	}
	m->refuse_writes--;
	refuse(m, l, invoke, "stateIncompatibility", "invalidObjectState");
	return true;
}

/* ---- sessions ---- */

static void refuse_session(struct mivo *m, struct link *l, uint32_t invoke, const char *why)
{
	struct writer w;

	m->count.refused++;
	w_begin_session(&w, "StartApplicationSessionNegResponse");
	w_open(&w, "errCode");
	w_text(&w, "definedError", why);
	w_close(&w, "errCode");
	mivo_send(m, l, &w, "StartApplicationSessionNegResponse", invoke);
}

static bool known(const struct mivo *m, const struct doc *d)
{
	const char *user = doc_text(d, "userName"), *password = doc_text(d, "password");

	if (!m->username[0])
		return true;
	return doc_text(d, m->login_element) && user && password &&
	       strcmp(user, m->username) == 0 && strcmp(password, m->password) == 0;
}

/* No version at all is taken as any. */
static bool edition_offered(const struct mivo *m, const struct doc *d)
{
	char ours[8];
	bool any = false;

	snprintf(ours, sizeof(ours), "ed%u", m->sw.edition);
	for (uint32_t i = 0; i < d->n; i++) {
		if (strcmp(d->item[i].name, "protocolVersion") != 0)
			continue;
		any = true;
		if (strstr(d->item[i].text, ours))
			return true;
	}
	return !any;
}

static int64_t duration_of(const struct mivo *m, const struct doc *d)
{
	const char *text = doc_text(d, "requestedSessionDuration");
	uint64_t wanted;

	if (!text || slice_u64(slice_str(text), 86400, &wanted) || !wanted ||
	    (int64_t)wanted > m->sw.session_s)
		return m->sw.session_s;
	return (int64_t)wanted;
}

static void start_session(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	int64_t duration_s = duration_of(m, d);
	struct writer w;
	char ns[96];

	if (m->refuse_logins || !known(m, d)) {
		m->refuse_logins -= m->refuse_logins > 0;
		refuse_session(m, l, invoke, "invalidApplicationInfo");
		return;
	}
	if (!edition_offered(m, d)) {
		refuse_session(m, l, invoke, "requestedProtocolVersionsNotSupported");
		return;
	}
	m->count.logins++;
	m->count.sessions += !l->in_session;
	l->in_session = true;
	l->session = m->next_session++;
	l->session_end_ms = m->now_ms + duration_s * 1000;
	snprintf(ns, sizeof(ns), "http://www.ecma-international.org/standards/ecma-323/csta/ed%u",
		 m->sw.edition);
	w_begin_session(&w, "StartApplicationSessionPosResponse");
	w_number(&w, "sessionID", l->session);
	w_text(&w, "actualProtocolVersion", ns);
	w_number(&w, "actualSessionDuration", (uint32_t)duration_s);
	mivo_send(m, l, &w, "StartApplicationSessionPosResponse", invoke);
}

static void reset_session(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	int64_t duration_s = duration_of(m, d);
	struct writer w;

	if (!l->in_session) {
		w_begin_session(&w, "ResetApplicationSessionTimerNegResponse");
		w_open(&w, "errCode");
		w_text(&w, "definedError", "invalidSessionID");
		w_close(&w, "errCode");
		mivo_send(m, l, &w, "ResetApplicationSessionTimerNegResponse", invoke);
		return;
	}
	l->session_end_ms = m->now_ms + duration_s * 1000;
	w_begin_session(&w, "ResetApplicationSessionTimerPosResponse");
	w_number(&w, "actualSessionDuration", (uint32_t)duration_s);
	mivo_send(m, l, &w, "ResetApplicationSessionTimerPosResponse", invoke);
}

static void stop_session(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;

	(void)d;
	w_begin_session(&w, "StopApplicationSessionPosResponse");
	mivo_send(m, l, &w, "StopApplicationSessionPosResponse", invoke);
	mivo_drop(m, l);
}

void mivo_end_session(struct mivo *m, struct link *l, const char *reason)
{
	struct writer w;

	w_begin_session(&w, "ApplicationSessionTerminated");
	w_number(&w, "sessionID", l->session);
	w_open(&w, "sessionTermReason");
	w_text(&w, "definedTermReason", reason);
	w_close(&w, "sessionTermReason");
	mivo_send(m, l, &w, "ApplicationSessionTerminated", EVENT_INVOKE);
	mivo_drop(m, l);
}

/* ---- monitors ---- */

static struct monitor *free_monitor(struct mivo *m)
{
	for (uint32_t i = 0; i < MIVO_MONITORS_MAX; i++)
		if (!m->monitors[i].used) {
			if (i == m->monitors_top)
				m->monitors_top++;
			return &m->monitors[i];
		}
	return NULL;
}

static void monitor_start(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct monitor *o = free_monitor(m);
	struct writer w;
	uint32_t phone;

	if (!device_of(m, l, d, invoke, "deviceObject", &phone))
		return;
	if (m->refuse_monitors || !o ||
	    (m->sw.monitors_max && m->count.monitors >= m->sw.monitors_max)) {
		m->refuse_monitors -= m->refuse_monitors > 0;
		refuse(m, l, invoke, "systemResourceAvailibility", "overallMonitorLimitExceeded");
		return;
	}
	*o = (struct monitor){
		.used = true, .channel = l->channel, .phone = phone, .xref = m->next_xref++
	};
	m->count.monitors++;
	w_begin(&w, m, "MonitorStartResponse");
	w_number(&w, "monitorCrossRefID", o->xref);
	mivo_send(m, l, &w, "MonitorStartResponse", invoke);
	/* nobody can ask for it in this form */
	if (m->sw.profile_form == MIVO_PROFILE_PRIVATE)
		mivo_tell_profile_to(m, phone, o);
}

static void monitor_stop(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	const char *text = doc_text(d, "monitorCrossRefID");
	uint64_t xref = 0;
	bool good = text && !slice_u64(slice_str(text), UINT32_MAX, &xref);

	for (uint32_t i = 0; good && i < m->monitors_top; i++) {
		struct monitor *o = &m->monitors[i];

		if (!o->used || o->channel != l->channel || o->xref != xref)
			continue;
		o->used = false;
		m->count.monitors--;
		agree(m, l, invoke, "MonitorStopResponse");
		return;
	}
	refuse(m, l, invoke, "operation", "invalidMonitorCrossRefID");
}

void mivo_stop_monitor(struct mivo *m, struct monitor *o)
{
	struct link *l = mivo_link(m, o->channel);
	struct writer w;

	o->used = false;
	m->count.monitors--;
	if (!l)
		return;
	w_begin(&w, m, "MonitorStop");
	w_number(&w, "monitorCrossRefID", o->xref);
	mivo_send(m, l, &w, "MonitorStop", EVENT_INVOKE);
}

/* ---- asking ---- */

static void put_call_state(struct mivo *m, struct writer *w, const struct call *c, int at)
{
	w_open(w, "snapshotDeviceResponseInfo");
	w_connection(w, m, "connectionIdentifier", c->id, &c->party[at]);
	w_open(w, "localCallState");
	w_open(w, "compoundCallState");
	w_text(w, "localConnectionState", mivo_conn_name(c->party[at].state));
	for (int i = 0; i < c->n; i++)
		if (i != at)
			w_text(w, "localConnectionState", mivo_conn_name(c->party[i].state));
	w_close(w, "compoundCallState");
	w_close(w, "localCallState");
	w_close(w, "snapshotDeviceResponseInfo");
}

static void snapshot(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;
	uint32_t phone;

	if (!device_of(m, l, d, invoke, "snapshotObject", &phone))
		return;
	w_begin(&w, m, "SnapshotDeviceResponse");
	w_open(&w, "crossRefIDorSnapshotData");
	w_open(&w, "snapshotData");
	for (uint32_t i = 0; i < m->calls_top; i++) {
		int at = mivo_party_of(&m->calls[i], phone);

		if (at >= 0 && m->calls[i].party[at].state != CONN_NULL)
			put_call_state(m, &w, &m->calls[i], at);
	}
	w_close(&w, "snapshotData");
	w_close(&w, "crossRefIDorSnapshotData");
	mivo_send_about(m, l, &w, "SnapshotDeviceResponse", invoke, TOPIC_CALLS, phone);
}

static void get_dnd(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;
	uint32_t phone;

	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	w_begin(&w, m, "GetDoNotDisturbResponse");
	w_text(&w, "doNotDisturbOn", m->phone[phone].dnd ? "true" : "false");
	mivo_send_about(m, l, &w, "GetDoNotDisturbResponse", invoke, TOPIC_DND, phone);
}

static void get_forwarding(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;
	uint32_t phone;

	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	w_begin(&w, m, "GetForwardingResponse");
	w_open(&w, "forwardingList");
	w_open(&w, "forwardListItem");
	w_text(&w, "forwardingType", "forwardImmediate");
	w_text(&w, "forwardStatus", m->phone[phone].forward[0] ? "true" : "false");
	if (m->phone[phone].forward[0])
		w_text(&w, "forwardDN", m->phone[phone].forward);
	w_close(&w, "forwardListItem");
	w_close(&w, "forwardingList");
	mivo_send_about(m, l, &w, "GetForwardingResponse", invoke, TOPIC_FORWARD, phone);
}

static void get_presence(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;
	uint32_t phone;

	if (m->sw.profile_form != MIVO_PROFILE_ED6) {
		refuse(m, l, invoke, "operation", "invalidFeature");
		return;
	}
	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	w_begin(&w, m, "GetPresenceStateResponse");
	w_text(&w, "presenceState", mivo_profile_word(m, m->phone[phone].profile));
	w_until(&w, m, phone);
	mivo_send_about(m, l, &w, "GetPresenceStateResponse", invoke, TOPIC_PROFILE, phone);
}

/* ---- setting ---- */

static bool flag_of(const struct doc *d, const char *name, bool *ret)
{
	const char *text = doc_text(d, name);

	if (!text)
		return false;
	*ret = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *ret || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static void set_dnd(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	uint32_t phone;
	bool on;

	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	if (!flag_of(d, "doNotDisturbOn", &on)) {
		refuse(m, l, invoke, "operation", "valueOutOfRange");
		return;
	}
	if (write_refused(m, l, invoke))
		return;
	agree(m, l, invoke, "SetDoNotDisturbResponse");
	mivo_set_dnd(m, m->now_ms, phone, on);
}

static void set_forwarding(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	const char *to = doc_text(d, "forwardDN");
	uint32_t phone;
	bool on;

	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	if (!flag_of(d, "activateForward", &on) || (on && (!to || !to[0]))) {
		refuse(m, l, invoke, "operation", "valueOutOfRange");
		return;
	}
	if (write_refused(m, l, invoke))
		return;
	agree(m, l, invoke, "SetForwardingResponse");
	mivo_set_forward(m, m->now_ms, phone, on ? to : "");
}

static void take_profile(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke,
			 const char *word, const char *until, const char *response)
{
	uint32_t phone;
	uint8_t profile;

	if (!device_of(m, l, d, invoke, "device", &phone))
		return;
	if (!mivo_profile_of_word(m, word, &profile) || (until && m->sw.no_until)) {
		refuse(m, l, invoke, "operation", "valueOutOfRange");
		return;
	}
	if (write_refused(m, l, invoke))
		return;
	agree(m, l, invoke, response);
	mivo_set_profile(m, m->now_ms, phone, (enum pbx_profile)profile, until ? until : "");
}

static void set_presence(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	if (m->sw.profile_form != MIVO_PROFILE_ED6)
		refuse(m, l, invoke, "operation", "invalidFeature");
	else
		take_profile(m, l, d, invoke, doc_text(d, "requestedPresenceState"),
			     doc_text(d, "untilTime"), "SetPresenceStateResponse");
}

/* ---- lamps ---- */

/* The lamp of the phone that the request names; refused when there is none. */
static bool lamp_of(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke,
		    const char *element, uint32_t *ret_phone, uint32_t *ret_lamp)
{
	const char *text = doc_text(d, element);
	uint64_t lamp;

	if (!device_of(m, l, d, invoke, "device", ret_phone))
		return false;
	if (!text || slice_u64(slice_str(text), MIVO_LAMPS_MAX, &lamp) || lamp == 0) {
		refuse(m, l, invoke, "operation", "invalidLampID");
		return false;
	}
	*ret_lamp = (uint32_t)lamp;
	return true;
}

static bool has_form(struct mivo *m, struct link *l, uint32_t invoke, enum mivo_lamp_form form)
{
	if (m->sw.lamp_form != form)
		refuse(m, l, invoke, "operation", "invalidFeature");
	return m->sw.lamp_form == form;
}

static void get_lamp(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	uint32_t phone, lamp;
	struct writer w;

	if (!has_form(m, l, invoke, MIVO_LAMP_STANDARD) ||
	    !lamp_of(m, l, d, invoke, "lamp", &phone, &lamp))
		return;
	w_begin(&w, m, "GetLampModeResponse");
	w_open(&w, "lampModeList");
	w_open(&w, "lampModeItem");
	w_number(&w, "lamp", lamp);
	w_text(&w, "lampMode", mivo_lamp_name(mivo_lamp(m, phone, lamp)));
	w_close(&w, "lampModeItem");
	w_close(&w, "lampModeList");
	mivo_send(m, l, &w, "GetLampModeResponse", invoke);
}

static void take_lamp(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke,
		      const char *element, int mode, const char *response)
{
	uint32_t phone, lamp;

	if (!lamp_of(m, l, d, invoke, element, &phone, &lamp))
		return;
	if (mode < 0) {
		refuse(m, l, invoke, "operation", "valueOutOfRange");
		return;
	}
	if (write_refused(m, l, invoke))
		return;
	m->count.lamps++;
	agree(m, l, invoke, response);
	mivo_set_lamp(m, m->now_ms, phone, lamp, (enum mivo_lamp)mode);
}

static void set_lamp(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	const char *word = doc_text(d, "lampMode");
	int mode = MIVO_LAMP_MODES - 1;

	if (!has_form(m, l, invoke, MIVO_LAMP_STANDARD))
		return;
	while (mode >= 0 && (!word || strcmp(word, mivo_lamp_name((enum mivo_lamp)mode)) != 0))
		mode--;
	take_lamp(m, l, d, invoke, "lamp", mode, "SetLampModeResponse");
}

static void key_lamp(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	static const char *const words[] = { "off", "on", "blink" }; /* as enum mivo_lamp's first */
	const char *word = doc_text(d, "state");
	int mode = MIVO_LAMP_WINK;

	while (mode >= 0 && (!word || strcmp(word, words[mode]) != 0))
		mode--;
	if (has_form(m, l, invoke, MIVO_LAMP_PRIVATE))
		take_lamp(m, l, d, invoke, "key", mode, "EscapeResponse");
}

static void escape(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	if (doc_text(d, "KeyLamp"))
		key_lamp(m, l, d, invoke);
	else if (m->sw.profile_form != MIVO_PROFILE_PRIVATE || !doc_text(d, "UserPresence"))
		refuse(m, l, invoke, "operation", "invalidFeature");
	else
		take_profile(m, l, d, invoke, doc_text(d, "state"), doc_text(d, "until"), "EscapeResponse");
}

/* ---- keep-alive ---- */

static void system_status(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	(void)d;
	agree(m, l, invoke, "SystemStatusResponse");
}

static void request_status(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;

	(void)d;
	w_begin(&w, m, "RequestSystemStatusResponse");
	w_text(&w, "systemStatus", "normal");
	mivo_send(m, l, &w, "RequestSystemStatusResponse", invoke);
}

static void system_register(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	struct writer w;

	(void)d;
	w_begin(&w, m, "SystemRegisterResponse");
	w_number(&w, "sysStatRegisterID", m->next_session++);
	mivo_send(m, l, &w, "SystemRegisterResponse", invoke);
}

/* Answered in time or not: any answer will do that bears the number. */
static void status_answered(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	(void)d;
	if (!l->checking || invoke != l->check_id)
		return;
	m->count.beats_answered++;
	l->checking = false;
	l->next_check_ms = m->now_ms + m->sw.heartbeat_ms;
}

void mivo_check_link(struct mivo *m, struct link *l)
{
	struct writer w;

	m->count.heartbeats++;
	m->next_invoke = m->next_invoke % (EVENT_INVOKE - 1) + 1;
	l->checking = true;
	l->check_id = m->next_invoke;
	l->check_end_ms = m->now_ms + m->sw.slow_ms + m->sw.answer_ms;
	w_begin(&w, m, "SystemStatus");
	w_text(&w, "systemStatus", "normal");
	mivo_send(m, l, &w, "SystemStatus", l->check_id);
}

/* ---- the table ---- */

static void unheard(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	(void)m;
	(void)l;
	(void)d;
	(void)invoke;
}

static const struct {
	const char *name;
	void (*serve)(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke);
	bool free; /* without a session too */
} services[] = {
	{ "StartApplicationSession", start_session, true },
	{ "ResetApplicationSessionTimer", reset_session, true },
	{ "StopApplicationSession", stop_session, true },
	{ "SystemStatus", system_status, true },
	{ "SystemStatusResponse", status_answered, true },
	{ "RequestSystemStatus", request_status, true },
	{ "SystemRegister", system_register, true },
	{ "MonitorStopResponse", unheard, true },
	{ "MonitorStart", monitor_start, false },
	{ "MonitorStop", monitor_stop, false },
	{ "SnapshotDevice", snapshot, false },
	{ "GetDoNotDisturb", get_dnd, false },
	{ "SetDoNotDisturb", set_dnd, false },
	{ "GetPresenceState", get_presence, false },
	{ "SetPresenceState", set_presence, false },
	{ "GetForwarding", get_forwarding, false },
	{ "SetForwarding", set_forwarding, false },
	{ "GetLampMode", get_lamp, false },
	{ "SetLampMode", set_lamp, false },
	{ "Escape", escape, false },
};

void mivo_serve(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke)
{
	m->count.requests++;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(services[i].name, doc_root(d)) != 0)
			continue;
		if (m->session && !services[i].free && !l->in_session)
			refuse(m, l, invoke, "security", "noSession");
		else
			services[i].serve(m, l, d, invoke);
		return;
	}
	if (strcmp(doc_root(d), "CSTAErrorCode") != 0)
		refuse(m, l, invoke, "operation", "requestNotSupported");
}
