/* The simulated MiVoice Office 400: what it says to an application that watches. */
#include "mivo_help.h"

static uint8_t state_of(uint32_t phone)
{
	struct pbx_phone ph;

	assert_true(mivo_phone(w.mivo, phone, &ph));
	return ph.state;
}

static void frames_in_any_cut(void **state)
{
	char bytes[512];
	size_t n;

	(void)state;
	begin(NULL);
	n = frame(bytes, sizeof(bytes), "<RequestSystemStatus/>", 7);
	n += frame(bytes + n, sizeof(bytes) - n,
		   "<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>", 8);
	for (size_t i = 0; i < n; i++)
		feed_bytes(1, bytes + i, 1);
	assert_int_equal(w.n, 2);
	assert_says(w.said[0].xml, "<systemStatus>normal<");
	assert_string_equal(w.said[0].invoke, "0007");
	assert_says(w.said[1].xml, "SystemStatusResponse");
	assert_string_equal(w.said[1].invoke, "0008");
}

static void nonsense_ends_the_link(void **state)
{
	static const char *const bad[] = { "no xml", "<a><b></a>", "<!DOCTYPE a><a/>" };
	char bytes[256];

	(void)state;
	begin(NULL);
	for (uint32_t i = 0; i < 3; i++) {
		open_link(10 + i);
		feed_bytes(10 + i, bytes, frame(bytes, sizeof(bytes), bad[i], 1));
		assert_int_equal(w.closed, 10 + i);
	}
	feed_bytes(1, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(w.closed, 1);
}

static void log_in_is_checked(void **state)
{
	struct mivo_config c = { .username = "offhook", .password = "secret" };

	(void)state;
	begin(&c);
	assert_says(monitor("201"), "<CSTAErrorCode");
	assert_says(ask("<StartApplicationSession><applicationInfo><applicationSpecificInfo><"
			"SessionLoginInfo><userName>"
			"offhook</userName><password>wrong</password></SessionLoginInfo></"
			"applicationSpecificInfo>"
			"</applicationInfo></StartApplicationSession>"),
		    "NegResponse");
	assert_says(ask("<StartApplicationSession><applicationInfo><applicationSpecificInfo><Other>"
			"<userName>"
			"offhook</userName><password>secret</password></Other></"
			"applicationSpecificInfo>"
			"</applicationInfo></StartApplicationSession>"),
		    "NegResponse");
	assert_says(ask("<s:StartApplicationSession "
			"xmlns:s='x'><a><SessionLoginInfo><userName>offhook</userName>"
			"<password>secret</password></SessionLoginInfo></"
			"a><requestedProtocolVersions><protocolVersion>"
			"http://www.ecma-international.org/standards/ecma-323/csta/ed5</"
			"protocolVersion>"
			"</requestedProtocolVersions></s:StartApplicationSession>"),
		    "<sessionID>1</sessionID>");
	assert_says(monitor("201"), "MonitorStartResponse");
}

static void a_session_ends_when_not_renewed(void **state)
{
	struct mivo_config c = { .session = true, .switches = mivo_switches_default() };

	(void)state;
	c.switches.heartbeat_ms = 0;
	c.switches.session_s = 60;
	begin(&c);
	assert_says(ask("<StartApplicationSession/>"), "<actualSessionDuration>60<");
	pass(50000);
	assert_says(ask("<ResetApplicationSessionTimer><requestedSessionDuration>30</"
			"requestedSessionDuration>"
			"</ResetApplicationSessionTimer>"),
		    "<actualSessionDuration>30<");
	pass(29999);
	assert_int_equal(w.closed, 0);
	pass(1);
	assert_says(next_said("ApplicationSessionTerminated"), "sessionTimerExpired");
	assert_int_equal(w.closed, 1);
}

static void a_call_is_told_to_both(void **state)
{
	(void)state;
	begin(NULL);
	assert_says(monitor("201"), "<monitorCrossRefID>1<");
	assert_says(monitor("N&lt;202!98&gt;"), "<monitorCrossRefID>2<");
	call(0, 1);
	assert_says(next_said("ServiceInitiatedEvent"), "<localConnectionInfo>initiated<");
	assert_int_equal(state_of(0), PBX_DIALING);
	pass(100);
	assert_says(next_said("OriginatedEvent"), "<localConnectionInfo>connected<");
	assert_says(next_said("DeliveredEvent"), "<localConnectionInfo>connected<");
	assert_says(next_said("DeliveredEvent"), "<localConnectionInfo>alerting<");
	assert_int_equal(state_of(1), PBX_RINGING);
	pass(100);
	assert_says(next_said("EstablishedEvent"), "<monitorCrossRefID>1<");
	assert_says(next_said("EstablishedEvent"), "<monitorCrossRefID>2<");
	assert_int_equal(state_of(0), PBX_TALKING);
	assert_int_equal(mivo_hold(w.mivo, w.now_ms, 0, true), ERR_OK);
	assert_says(next_said("HeldEvent"), "<localConnectionInfo>hold<");
	assert_says(ask("<SnapshotDevice><snapshotObject>201</snapshotObject></SnapshotDevice>"),
		    "<compoundCallState><localConnectionState>hold</"
		    "localConnectionState><localConnectionState>connected<");
	assert_int_equal(mivo_hold(w.mivo, w.now_ms, 0, false), ERR_OK);
	assert_says(next_said("RetrievedEvent"), "<localConnectionInfo>connected<");
	assert_int_equal(mivo_hangup(w.mivo, w.now_ms, 1), ERR_OK);
	assert_says(next_said("ConnectionClearedEvent"), "<monitorCrossRefID>1<");
	assert_says(next_said("ConnectionClearedEvent"), "<localConnectionInfo>null<");
	assert_says(next_said("ClearedEvent"), "<monitorCrossRefID>1<");
	assert_int_equal(state_of(0), PBX_IDLE);
	assert_says(ask("<SnapshotDevice><snapshotObject>201</snapshotObject></SnapshotDevice>"),
		    "<snapshotData></snapshotData>");
}

static void two_calls_of_201(void)
{
	begin(NULL);
	monitor("201");
	monitor("202");
	monitor("203");
	call(0, 1);
	pass(200);
	assert_int_equal(mivo_hold(w.mivo, w.now_ms, 0, true), ERR_OK);
	call(0, 2);
	pass(200);
	forget_said();
}

static void a_transfer_renumbers(void **state)
{
	const char *said;

	(void)state;
	two_calls_of_201();
	assert_int_equal(mivo_transfer(w.mivo, w.now_ms, 0), ERR_OK);
	said = next_said("TransferedEvent");
	assert_says(said,
		    "<newConnection><callID>3</callID><deviceID>202</deviceID></newConnection>"
		    "<oldConnection><callID>1</callID><deviceID>202</deviceID></oldConnection>");
	assert_says(said,
		    "<newConnection><callID>3</callID><deviceID>203</deviceID></newConnection>"
		    "<oldConnection><callID>2</callID>");
	assert_non_null(next_said("TransferedEvent"));
	assert_says(next_said("TransferedEvent"), "<localConnectionInfo>null<");
	assert_int_equal(state_of(0), PBX_IDLE);
	assert_int_equal(state_of(1), PBX_TALKING);
	assert_int_equal(mivo_hangup(w.mivo, w.now_ms, 1), ERR_OK);
	assert_int_equal(state_of(2), PBX_IDLE);
}

static void a_conference_keeps_three(void **state)
{
	(void)state;
	two_calls_of_201();
	assert_int_equal(mivo_conference(w.mivo, w.now_ms, 0), ERR_OK);
	for (int i = 0; i < 3; i++)
		assert_says(next_said("ConferencedEvent"), "<localConnectionInfo>connected<");
	assert_int_equal(mivo_hangup(w.mivo, w.now_ms, 1), ERR_OK);
	assert_int_equal(state_of(0), PBX_TALKING);
	assert_int_equal(state_of(2), PBX_TALKING);
	assert_int_equal(mivo_hangup(w.mivo, w.now_ms, 2), ERR_OK);
	assert_int_equal(state_of(0), PBX_IDLE);
}

static void a_ringing_call_goes_elsewhere(void **state)
{
	struct pbx_call_plan plan = { PBX_EXTERNAL, 1, 0, PBX_UNTIL_TOLD, PBX_UNTIL_TOLD, false };

	(void)state;
	begin(NULL);
	monitor("202");
	monitor("203");
	assert_int_equal(mivo_call(w.mivo, w.now_ms, &plan), ERR_OK);
	pass(0);
	assert_int_equal(mivo_divert(w.mivo, w.now_ms, 1, 2), ERR_OK);
	assert_says(next_said("DivertedEvent"), "<localConnectionInfo>null<");
	assert_says(next_said("DeliveredEvent"), "<alertingDevice><deviceIdentifier>203<");
	assert_int_equal(mivo_answer(w.mivo, w.now_ms, 2), ERR_OK);
	assert_int_equal(state_of(2), PBX_TALKING);
	assert_int_equal(state_of(1), PBX_IDLE);
}

static void dnd_fails_the_callers_call(void **state)
{
	(void)state;
	begin(NULL);
	monitor("201");
	monitor("202");
	assert_says(ask("<SetDoNotDisturb><device>202</device><doNotDisturbOn>true</"
			"doNotDisturbOn></SetDoNotDisturb>"),
		    "SetDoNotDisturbResponse");
	assert_says(next_said("DoNotDisturbEvent"), "<doNotDisturbOn>true<");
	assert_says(ask("<GetDoNotDisturb><device>202</device></GetDoNotDisturb>"),
		    "<doNotDisturbOn>true<");
	call(0, 1);
	pass(100);
	assert_says(next_said("FailedEvent"), "<localConnectionInfo>fail<");
	pass(100);
	assert_says(next_said("ClearedEvent"), "<localConnectionInfo>null<");
	assert_int_equal(state_of(0), PBX_IDLE);
}

#define SET_AWAY                                                                                   \
	"<SetPresenceState><device>201</device><requestedPresenceState>away</"                     \
	"requestedPresenceState>"                                                                  \
	"</SetPresenceState>"
#define ESCAPE_ABSENT                                                                              \
	"<Escape><extensions><privateData><private><UserPresence><device>201</device><state>"      \
	"Absent</state></UserPresence></private></privateData></extensions></Escape>"

static void the_profile_in_three_forms(void **state)
{
	(void)state;
	begin(NULL);
	monitor("201");
	mivo_set_profile(w.mivo, w.now_ms, 0, PBX_MEETING, "");
	assert_says(next_said("PresenceStateEvent"), "<presenceState>meeting<");
	assert_says(ask(SET_AWAY), "SetPresenceStateResponse");
	assert_says(next_said("PresenceStateEvent"), "<presenceState>away<");
	assert_says(ask(SET_AWAY), "SetPresenceStateResponse");
	assert_null(next_said("PresenceStateEvent")); /* it was so already */
	assert_says(ask(ESCAPE_ABSENT), "CSTAErrorCode");
	mivo_switches(w.mivo)->profile_form = MIVO_PROFILE_PRIVATE;
	assert_says(ask(SET_AWAY), "<operation>invalidFeature<");
	mivo_set_profile(w.mivo, w.now_ms, 0, PBX_NOT_AVAILABLE, "");
	assert_says(next_said("PrivateDataEvent"),
		    "<UserPresence><device>201</device><state>NotAvailable<");
	assert_says(ask(ESCAPE_ABSENT), "EscapeResponse");
	assert_says(next_said("PrivateDataEvent"), "<state>Absent<");
	mivo_switches(w.mivo)->profile_form = MIVO_PROFILE_REFUSED;
	assert_says(ask(SET_AWAY), "<operation>invalidFeature<");
	assert_says(ask("<GetPresenceState><device>201</device></GetPresenceState>"),
		    "<operation>invalidFeature<");
}

static void the_end_of_the_profile(void **state)
{
	static const char until[] =
		"<SetPresenceState><device>201</device><requestedPresenceState>busy</requestedPresenceState>"
		"<untilTime>2026-11-24T14:00:00Z</untilTime></SetPresenceState>";

	(void)state;
	begin(NULL);
	monitor("201");
	assert_says(ask(until), "SetPresenceStateResponse");
	assert_says(next_said("PresenceStateEvent"),
		    "<presenceState>busy</presenceState><untilTime>2026-11-24T14:00:00Z<");
	assert_string_equal(mivo_profile_until(w.mivo, 0), "2026-11-24T14:00:00Z");
	mivo_set_profile(w.mivo, w.now_ms, 0, PBX_BUSY, "2026-11-24T15:00:00Z");
	assert_says(next_said("PresenceStateEvent"), "<untilTime>2026-11-24T15:00:00Z<");
	assert_says(ask("<GetPresenceState><device>201</device></GetPresenceState>"),
		    "<presenceState>busy</presenceState><untilTime>2026-11-24T15:00:00Z<");
	assert_says(ask(SET_AWAY), "SetPresenceStateResponse");
	assert_null(strstr(next_said("PresenceStateEvent"), "until"));
	mivo_switches(w.mivo)->no_until = true;
	assert_says(ask(until), "<operation>valueOutOfRange<");
	mivo_switches(w.mivo)->profile_form = MIVO_PROFILE_PRIVATE;
	mivo_switches(w.mivo)->no_until = false;
	mivo_set_profile(w.mivo, w.now_ms, 0, PBX_BUSY, "noon");
	assert_says(next_said("PrivateDataEvent"), "<state>Busy</state><until>noon</until></UserPresence>");
}

static void licences_run_out(void **state)
{
	(void)state;
	begin(NULL);
	mivo_switches(w.mivo)->monitors_max = 2;
	assert_says(monitor("201"), "MonitorStartResponse");
	assert_says(monitor("202"), "MonitorStartResponse");
	assert_says(monitor("203"), "<systemResourceAvailibility>overallMonitorLimitExceeded<");
	assert_says(ask("<MonitorStop><monitorCrossRefID>1</monitorCrossRefID></MonitorStop>"),
		    "MonitorStopResponse");
	assert_says(monitor("203"), "MonitorStartResponse");
	assert_says(monitor("999"), "<operation>invalidDeviceID<");
}

static void a_heartbeat_wants_its_answer(void **state)
{
	struct mivo_config c = { 0 };
	char bytes[256];

	(void)state;
	begin(&c);
	pass(30000);
	assert_non_null(next_said("<SystemStatus "));
	feed_bytes(1, bytes,
		   frame(bytes, sizeof(bytes), "<SystemStatusResponse/>",
			 (int)strtol(w.said[w.n - 1].invoke, NULL, 10)));
	pass(30000);
	assert_non_null(next_said("<SystemStatus "));
	pass(9999);
	assert_int_equal(w.closed, 0);
	pass(1);
	assert_int_equal(w.closed, 1);
}

static void editions_and_names(void **state)
{
	(void)state;
	begin(NULL);
	snprintf(mivo_switches(w.mivo)->prefix, 16, "csta");
	mivo_switches(w.mivo)->edition = 3;
	mivo_switches(w.mivo)->dialing_ids = true;
	assert_says(monitor("201"), "<csta:MonitorStartResponse "
				    "xmlns:csta=\"http://www.ecma-international.org/standards/"
				    "ecma-323/csta/ed3\"><csta:monitorCrossRefID>");
	mivo_set_dnd(w.mivo, w.now_ms, 0, true);
	assert_says(next_said("DoNotDisturbEvent"), "<csta:deviceIdentifier>N&lt;201&gt;<");
	mivo_switches(w.mivo)->no_namespace = true;
	assert_says(monitor("202"), "<MonitorStartResponse><monitorCrossRefID>");
}

static void restart_keeps_or_forgets(void **state)
{
	(void)state;
	begin(NULL);
	monitor("201");
	call(0, 1);
	pass(200);
	mivo_set_dnd(w.mivo, w.now_ms, 2, true);
	mivo_restart(w.mivo, w.now_ms, 1000, MIVO_KEEP);
	hear();
	assert_int_equal(w.closed, 1);
	open_link(2);
	assert_int_equal(w.closed, 2);
	pass(1000);
	open_link(1);
	assert_says(ask("<SnapshotDevice><snapshotObject>201</snapshotObject></SnapshotDevice>"),
		    "connected");
	mivo_restart(w.mivo, w.now_ms, 0, MIVO_FORGET);
	hear();
	open_link(1);
	assert_says(ask("<SnapshotDevice><snapshotObject>201</snapshotObject></SnapshotDevice>"),
		    "<snapshotData></");
	assert_says(ask("<GetDoNotDisturb><device>203</device></GetDoNotDisturb>"), "false");
}

static void fault(enum mivo_fault_kind kind, uint32_t count)
{
	mivo_fault(w.mivo, w.now_ms,
		   &(struct mivo_fault){ (uint8_t)kind, PBX_EXTERNAL, count, 1000 });
	hear();
}

static void faults(void **state)
{
	struct pbx_phone ph;

	(void)state;
	begin(NULL);
	monitor("201");
	forget_said();
	fault(MIVO_FAULT_WITHHOLD, 1);
	mivo_set_dnd(w.mivo, w.now_ms, 0, true);
	assert_null(next_said("DoNotDisturbEvent"));
	assert_true(mivo_phone(w.mivo, 0, &ph) && ph.misled);
	assert_false(ph.heard);
	assert_says(ask("<GetDoNotDisturb><device>201</device></GetDoNotDisturb>"),
		    "<doNotDisturbOn>true<");
	assert_true(mivo_phone(w.mivo, 0, &ph) && !ph.misled && !ph.heard);
	ask("<SnapshotDevice><snapshotObject>201</snapshotObject></SnapshotDevice>");
	ask("<GetPresenceState><device>201</device></GetPresenceState>");
	assert_true(mivo_phone(w.mivo, 0, &ph) && ph.heard);
	fault(MIVO_FAULT_TWICE, 1);
	mivo_set_dnd(w.mivo, w.now_ms, 0, false);
	assert_non_null(next_said("DoNotDisturbEvent"));
	assert_non_null(next_said("DoNotDisturbEvent"));
	fault(MIVO_FAULT_SILENT, 1);
	mivo_set_dnd(w.mivo, w.now_ms, 0, true);
	assert_null(next_said("DoNotDisturbEvent"));
	pass(1000);
	assert_non_null(next_said("DoNotDisturbEvent"));
	fault(MIVO_FAULT_REFUSE_WRITES, 1);
	assert_says(ask(SET_AWAY), "CSTAErrorCode");
	fault(MIVO_FAULT_STOP_MONITOR, 1);
	assert_says(next_said("<MonitorStop "), "<monitorCrossRefID>1<");
	fault(MIVO_FAULT_DROP_LINKS, 1);
	assert_int_equal(w.closed, 1);
}

static void traffic_lives(void **state)
{
	struct mivo_config c = { .calls_per_hour = 600, .talk_s = 20, .seed = 5 };
	struct mivo_counters n;

	(void)state;
	begin(&c);
	for (int i = 0; i < 3600; i++) {
		forget_said();
		pass(1000);
	}
	mivo_count(w.mivo, &n);
	assert_true(n.calls > 300);
}

#define T(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_in_any_cut),
		T(nonsense_ends_the_link),
		T(log_in_is_checked),
		T(a_session_ends_when_not_renewed),
		T(a_call_is_told_to_both),
		T(a_transfer_renumbers),
		T(a_conference_keeps_three),
		T(a_ringing_call_goes_elsewhere),
		T(dnd_fails_the_callers_call),
		T(the_profile_in_three_forms),
		T(the_end_of_the_profile),
		T(licences_run_out),
		T(a_heartbeat_wants_its_answer),
		T(editions_and_names),
		T(restart_keeps_or_forgets),
		T(faults),
		T(traffic_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
