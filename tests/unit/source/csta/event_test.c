/* Call events and snapshots into calls, whatever form the switch gives them. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

#define CALL(name, element, device, rest)                                                          \
	RIG_EVENT(name, "x1", RIG_CONNECTION(element, "1", device) rest)
#define TALKING CALL("Established", "establishedConnection", "201", "")
#define DIALING CALL("Originated", "originatedConnection", "201", "")
#define RINGING CALL("Delivered", "connection", "201", "")

/* One event on a line whose call is in the state that `before` has brought. */
struct row {
	const char *before, *event, *told;
};

static void run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rig r;

		rig_open_one(&r, NULL);
		if (rows[i].before)
			rig_event(&r, rows[i].before);
		rig_told(&r);
		r.keys_n = 0;
		rig_event(&r, rows[i].event);
		if (strcmp(buf_cstr(&r.told), rows[i].told) != 0)
			fail_msg("%s: %s", rows[i].event, buf_cstr(&r.told));
		rig_close(&r);
	}
}

static void test_without_local_information(void **state)
{
	static const struct row rows[] = {
		{ NULL, CALL("ServiceInitiated", "initiatedConnection", "201", ""),
		  "7 call a dialing part\n" },
		{ NULL, CALL("DigitsDialed", "dialingConnection", "201", ""),
		  "7 call a dialing part\n" },
		{ NULL, DIALING, "7 call a dialing part\n" },
		{ NULL, RINGING, "7 call a ringing part\n" },
		{ NULL, CALL("Delivered", "connection", "N&lt;201!98&gt;", ""),
		  "7 call a ringing part\n" },
		{ NULL, CALL("Delivered", "connection", "202", ""), "7 call a dialing part\n" },
		{ NULL, CALL("Offered", "offeredConnection", "201", ""),
		  "7 call a ringing part\n" },
		{ DIALING, CALL("Delivered", "connection", "202", ""), "" },
		{ NULL, TALKING, "7 call a talking part\n" },
		{ DIALING, CALL("Established", "establishedConnection", "202", ""),
		  "7 call a talking part\n" },
		{ TALKING, TALKING, "" },
		{ TALKING, CALL("Held", "heldConnection", "201", ""), "7 call a held part\n" },
		{ TALKING, CALL("Held", "heldConnection", "202", ""), "" },
		{ CALL("Held", "heldConnection", "201", ""),
		  CALL("Retrieved", "retrievedConnection", "201", ""), "7 call a talking part\n" },
		{ TALKING, CALL("Retrieved", "retrievedConnection", "202", ""), "" },
		{ TALKING, CALL("ConnectionCleared", "droppedConnection", "201", ""),
		  "7 call a gone gone\n" },
		{ TALKING, CALL("ConnectionCleared", "droppedConnection", "202", ""), "" },
		{ TALKING, CALL("CallCleared", "clearedCall", "", ""), "7 call a gone gone\n" },
		{ RINGING, CALL("Diverted", "connection", "201", ""), "7 call a gone gone\n" },
		{ DIALING, CALL("Diverted", "connection", "202", ""), "" },
		{ DIALING, CALL("Failed", "failedConnection", "202", ""), "" },
		{ TALKING, CALL("Failed", "failedConnection", "201", ""),
		  "7 call a dialing part\n" },
		{ NULL, CALL("NetworkReached", "connection", "201", ""),
		  "7 call a dialing part\n" },
		{ TALKING, CALL("NetworkReached", "connection", "201", ""), "" },
		{ NULL, CALL("Queued", "queuedConnection", "201", ""), "7 call a held part\n" },
		{ DIALING, CALL("Queued", "queuedConnection", "202", ""), "" },
		{ TALKING, CALL("CallInformation", "connection", "201", ""), "" },
		{ NULL, CALL("CallInformation", "connection", "201", ""), "" },
		{ NULL, CALL("ConnectionCleared", "droppedConnection", "201", ""), "" },
	};

	(void)state;
	run(rows, ARRAY_LEN(rows));
}

/* localConnectionInfo is the state of the monitored device, whoever the event is about. */
static void test_with_local_information(void **state)
{
#define LOCAL(name, element, device, local) CALL(name, element, device, RIG_LOCAL(local))
	static const struct row rows[] = {
		{ NULL, LOCAL("ServiceInitiated", "initiatedConnection", "202", "initiated"),
		  "7 call a dialing part\n" },
		{ NULL, LOCAL("Originated", "originatedConnection", "202", "connected"),
		  "7 call a dialing part\n" },
		{ NULL, LOCAL("Delivered", "connection", "+41315550201", "alerting"),
		  "7 call a ringing part\n" },
		{ NULL, LOCAL("Delivered", "connection", "202", "connected"),
		  "7 call a dialing part\n" },
		{ RINGING,
		  LOCAL("Established", "establishedConnection", "+41315550201", "connected"),
		  "7 call a talking part\n" },
		{ DIALING, LOCAL("Established", "establishedConnection", "202", "Connected"),
		  "7 call a talking part\n" },
		{ TALKING, LOCAL("Held", "heldConnection", "202", "connected"), "" },
		{ TALKING, LOCAL("Held", "heldConnection", "+41", "hold"), "7 call a held part\n" },
		{ TALKING, LOCAL("Retrieved", "retrievedConnection", "202", "connected"), "" },
		{ TALKING, LOCAL("ConnectionCleared", "droppedConnection", "202", "connected"),
		  "" },
		{ TALKING, LOCAL("ConnectionCleared", "droppedConnection", "202", "fail"),
		  "7 call a dialing part\n" },
		{ TALKING, LOCAL("ConnectionCleared", "droppedConnection", "+41", "null"),
		  "7 call a gone gone\n" },
		{ TALKING, LOCAL("CallCleared", "clearedCall", "201", "connected"),
		  "7 call a gone gone\n" },
		{ RINGING, LOCAL("Diverted", "connection", "+41", "null"), "7 call a gone gone\n" },
		{ DIALING, LOCAL("Diverted", "connection", "202", "connected"), "" },
		{ DIALING, LOCAL("Failed", "failedConnection", "202", "connected"), "" },
		{ TALKING, LOCAL("Failed", "failedConnection", "202", "fail"),
		  "7 call a dialing part\n" },
		{ NULL, LOCAL("NetworkReached", "outboundConnection", "T1", "connected"),
		  "7 call a dialing part\n" },
		{ TALKING, LOCAL("Queued", "queuedConnection", "202", "queued"),
		  "7 call a held part\n" },
		{ NULL, LOCAL("Queued", "queuedConnection", "202", "connected"),
		  "7 call a dialing part\n" },
		{ RINGING, LOCAL("CallInformation", "connection", "202", "connected"),
		  "7 call a talking part\n" },
		{ TALKING, LOCAL("Held", "heldConnection", "201", "a word of a later edition"),
		  "7 call a held part\n" },
	};

	(void)state;
	run(rows, ARRAY_LEN(rows));
}

static void test_odd_forms(void **state)
{
	static const struct row rows[] = {
		{ NULL, /* prefixes, another order, private data */
		  "<csta:EstablishedEvent "
		  "xmlns:csta='urn:x'><csta:extensions><csta:privateData><private>"
		  "<callID>77</callID></private></csta:privateData></csta:extensions>"
		  "<csta:establishedConnection><csta:deviceID>N&lt;201&gt;Ana</"
		  "csta:deviceID><csta:callID>1"
		  "</csta:callID></csta:establishedConnection><csta:monitorCrossRefID>x1"
		  "</csta:monitorCrossRefID></csta:EstablishedEvent>",
		  "7 call a talking part\n" },
		{ NULL, /* another name for the connection */
		  RIG_EVENT("Established", "x1",
			    RIG_CONNECTION("someConnection", "1", "201") RIG_LOCAL("connected")),
		  "7 call a talking part\n" },
		{ NULL, RIG_EVENT("Established", "x1", RIG_LOCAL("connected")),
		  "7 call a talking part\n" },
		{ RIG_EVENT("Established", "x1", RIG_LOCAL("connected")),
		  RIG_EVENT("ConnectionCleared", "x1", RIG_LOCAL("null")), "7 call a gone gone\n" },
		{ NULL, RIG_EVENT("Established", "x9", RIG_CONNECTION("c", "1", "201")), "" },
		{ NULL, RIG_EVENT("AgentBusy", "x1", RIG_CONNECTION("c", "1", "201")), "" },
		{ NULL, "<EstablishedEvent/>", "" },
		{ NULL, "<Event/>", "" },
	};

	(void)state;
	run(rows, ARRAY_LEN(rows));
}

/* ---- transfer and conference ---- */

#define OLD(element, call)                                                                         \
	"<" element "><callID>" call "</callID><deviceID>201</deviceID></" element ">"
#define BY(element, device)                                                                        \
	"<" element "><deviceIdentifier>" device "</deviceIdentifier></" element ">"
#define JOINS(list, device, newer, older)                                                          \
	"<" list "><connectionListItem>" RIG_CONNECTION("newConnection", newer, device)            \
		RIG_CONNECTION("oldConnection", older, device) "</connectionListItem></" list ">"
#define FIRST RIG_EVENT("Held", "x1", RIG_CONNECTION("heldConnection", "1", "201"))
#define SECOND RIG_EVENT("Established", "x1", RIG_CONNECTION("establishedConnection", "2", "201"))

/* calls a: held, b: talking; then the event */
static void joins(const char *event, const char *told)
{
	struct rig r;

	rig_open_one(&r, NULL);
	rig_event(&r, FIRST);
	rig_event(&r, SECOND);
	assert_string_equal(rig_told(&r), "7 call a held part\n7 call b talking part\n");
	rig_event(&r, event);
	assert_string_equal(rig_told(&r), told);
	rig_close(&r);
}

static void test_we_transfer(void **state)
{
	static const char gone[] = "7 call a gone gone\n7 call b gone gone\n";

	(void)state;
	joins(RIG_EVENT("Transfered", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2") BY(
				"transferringDevice", "201") BY("transferredToDevice", "203")
				JOINS("transferredConnections", "203", "3", "2") RIG_LOCAL("null")),
	      gone);
	joins(RIG_EVENT("Transferred", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2")
				BY("transferringDevice", "N&lt;201!1&gt;")
					JOINS("transferredConnections", "203", "1", "2")),
	      gone); /* though one of the call ids lives on */
	joins(RIG_EVENT("Transfered", "x1",
			JOINS("transferredConnections", "203", "3", "1")
				JOINS("transferredConnections", "204", "3", "2") RIG_LOCAL("null")),
	      gone);
}

/* The new call comes before the old one goes. */
static void test_we_are_transferred(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, SECOND);
	rig_told(&r);
#define TO(newer, local)                                                                           \
	RIG_EVENT("Transfered", "x1",                                                              \
		  OLD("primaryOldCall", "2") OLD("secondaryOldCall", "8")                          \
			  BY("transferringDevice", "202") JOINS("transferredConnections", "203",   \
								newer, "8")                        \
				  JOINS("transferredConnections", "201", newer, "2") local)
	rig_event(&r, TO("3", RIG_LOCAL("connected")));
	assert_string_equal(rig_told(&r), "7 call b talking part\n7 call a gone gone\n");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "2", "201")));
	assert_string_equal(rig_told(&r), "");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "3", "201")));
	assert_string_equal(rig_told(&r), "7 call b gone gone\n");
	rig_event(&r, SECOND);
	rig_told(&r);
	rig_event(&r, TO("2", "")); /* the same id: nothing changes */
	assert_string_equal(rig_told(&r), "");
	rig_event(&r, TO("4", ""));
	assert_string_equal(rig_told(&r), "7 call c talking part\n7 call a gone gone\n");
	rig_close(&r);
}

/* Held all the while, and then talking; alerting stays alerting. */
static void test_transferred_in_other_states(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Held", "x1", RIG_CONNECTION("heldConnection", "2", "201")));
	rig_event(&r, TO("3", RIG_LOCAL("connected")));
	assert_string_equal(rig_told(&r),
			    "7 call a held part\n7 call b talking part\n7 call a gone gone\n");
	rig_event(&r, RIG_EVENT("CallCleared", "x1", RIG_CONNECTION("clearedCall", "3", "201")));
	rig_event(&r, RIG_EVENT("Delivered", "x1", RIG_CONNECTION("connection", "2", "201")));
	rig_told(&r);
	rig_event(&r, TO("3", RIG_LOCAL("alerting")));
	assert_string_equal(rig_told(&r), "7 call b ringing part\n7 call a gone gone\n");
	rig_close(&r);
}

static void test_conference(void **state)
{
	static const char joined[] =
		"7 call c conference part\n7 call a gone gone\n7 call b gone gone\n";

	(void)state;
	joins(RIG_EVENT("Conferenced", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2")
				BY("conferencingDevice", "201")
					JOINS("conferenceConnections", "201", "3", "1")
						RIG_LOCAL("connected")),
	      joined);
	joins(RIG_EVENT("Conferenced", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2")
				BY("conferencingDevice", "202")
					JOINS("conferenceConnections", "202", "3", "2")),
	      joined);
	joins(RIG_EVENT("Conferenced", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2")
				RIG_LOCAL("connected")),
	      "7 call a conference part\n7 call b gone gone\n"); /* no list: the primary lives on */
	joins(RIG_EVENT("Conferenced", "x1",
			OLD("primaryOldCall", "1") OLD("secondaryOldCall", "2") JOINS(
				"conferenceConnections", "201", "2", "1") RIG_LOCAL("connected")),
	      "7 call b conference part\n7 call a gone gone\n");
}

static void test_life_of_a_conference(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, SECOND);
	rig_event(&r, RIG_EVENT("Conferenced", "x1",
				OLD("primaryOldCall", "2") JOINS("conferenceConnections", "201",
								 "3", "2") RIG_LOCAL("connected")));
	rig_told(&r);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "3", "204")
					RIG_LOCAL("connected")));
	assert_string_equal(rig_told(&r), "");
	rig_event(&r, RIG_EVENT("Held", "x1", RIG_CONNECTION("heldConnection", "3", "201")));
	assert_string_equal(rig_told(&r), "7 call b held part\n");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "3", "201") RIG_LOCAL("null")));
	assert_string_equal(rig_told(&r), "7 call b gone gone\n");
	rig_close(&r);
}

/* ---- two lines of ours ---- */

static void test_both_ends_are_ours(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_line(&r, 8, "N<202>");
	rig_monitor(&r, "N<202>", "x2");
	rig_snapshot(&r, "N<202>", "");
	rig_told(&r);
	rig_event(&r, CALL("Originated", "originatedConnection", "201", ""));
	rig_event(&r, CALL("Delivered", "connection", "N&lt;202!1>", ""));
	rig_event(&r, RIG_EVENT("Delivered", "x2", RIG_CONNECTION("connection", "1", "202")));
	rig_event(&r, CALL("Established", "establishedConnection", "202", ""));
	rig_event(&r, RIG_EVENT("Established", "x2",
				RIG_CONNECTION("establishedConnection", "1", "202")));
	assert_string_equal(rig_told(&r), "7 call a dialing part\n8 call b ringing part\n"
					  "7 call a talking part\n8 call b talking part\n");
	rig_event(&r, CALL("ConnectionCleared", "droppedConnection", "201", RIG_LOCAL("null")));
	assert_string_equal(rig_told(&r), "7 call a gone gone\n");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x2",
				RIG_CONNECTION("droppedConnection", "1", "202")));
	assert_string_equal(rig_told(&r), "8 call b gone gone\n");
	rig_close(&r);
}

/* ---- snapshots ---- */

static void test_states_in_a_snapshot(void **state)
{
	static const struct {
		const char *infos, *told;
	} rows[] = {
		{ "", "7 call - gone full\n" },
		{ RIG_INFO("1", RIG_STATE("alerting")), "7 call a ringing full\n" },
		{ RIG_INFO("1", RIG_STATE("initiated")), "7 call a dialing full\n" },
		{ RIG_INFO("1", RIG_STATE("connected")), "7 call a talking full\n" },
		{ RIG_INFO("1", RIG_STATE("connected") RIG_STATE("alerting")),
		  "7 call a dialing full\n" },
		{ RIG_INFO("1", RIG_STATE("connected") RIG_STATE("connected")),
		  "7 call a talking full\n" },
		{ RIG_INFO("1", RIG_STATE("connected") RIG_STATE("hold")),
		  "7 call a talking full\n" },
		{ RIG_INFO("1",
			   RIG_STATE("connected") RIG_STATE("alerting") RIG_STATE("connected")),
		  "7 call a talking full\n" },
		{ RIG_INFO("1", RIG_STATE("alerting") RIG_STATE("connected")),
		  "7 call a ringing full\n" },
		{ RIG_INFO("1", RIG_STATE("hold") RIG_STATE("connected")), "7 call a held full\n" },
		{ RIG_INFO("1", RIG_STATE("queued")), "7 call a held full\n" },
		{ RIG_INFO("1", RIG_STATE("fail")), "7 call a dialing full\n" },
		{ RIG_INFO("1", RIG_STATE("null")), "7 call - gone full\n" },
		{ RIG_INFO("1", ""), "7 call a talking full\n" },
		{ RIG_INFO("1", RIG_STATE("new word")), "7 call a talking full\n" },
		{ RIG_INFO("1", RIG_STATE("hold")) RIG_INFO("2", RIG_STATE("connected"))
			  RIG_INFO("3", RIG_STATE("alerting")),
		  "7 call a talking full\n7 call b ringing part\n7 call c held part\n" },
		{ "<snapshotDeviceResponseInfo><localCallState><compoundCallState>" RIG_STATE(
			  "connected") "</compoundCallState></localCallState></"
				       "snapshotDeviceResponseInfo>",
		  "7 call a talking full\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open_one(&r, NULL);
		csta_source_ops.resync_line(r.s, 7);
		assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
		rig_steps(&r, "201");
		rig_told(&r);
		rig_snapshot(&r, "201", rows[i].infos);
		if (strcmp(buf_cstr(&r.told), rows[i].told) != 0)
			fail_msg("%s: %s", rows[i].infos, buf_cstr(&r.told));
		rig_close(&r);
	}
}

/* Before the snapshot events are kept, not told; what it does not list has ended. */
static void test_events_before_the_snapshot(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart",
		   "<MonitorStartResponse><monitorCrossRefID>x1</monitorCrossRefID></"
		   "MonitorStartResponse>");
	rig_event(&r, DIALING);
	rig_event(&r, RIG_EVENT("Held", "x1", RIG_CONNECTION("heldConnection", "2", "201")));
	rig_steps(&r, "201");
	rig_told(&r);
	rig_snapshot(&r, "201", RIG_INFO("1", RIG_STATE("connected")));
	assert_string_equal(rig_told(&r), "7 call a dialing full\n"); /* as the event said */
	rig_event(&r,
		  RIG_EVENT("Retrieved", "x1", RIG_CONNECTION("retrievedConnection", "2", "201")));
	assert_string_equal(rig_told(&r), "7 call b talking part\n");
	rig_close(&r);
}

/* A conference is one still, though a snapshot has no word for it. */
static void test_conference_in_a_snapshot(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, SECOND);
	rig_event(&r, RIG_EVENT("Conferenced", "x1",
				OLD("primaryOldCall", "2") JOINS("conferenceConnections", "201",
								 "3", "2") RIG_LOCAL("connected")));
	csta_source_ops.resync_line(r.s, 7);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
	rig_steps(&r, "201");
	rig_told(&r);
	rig_snapshot(&r, "201", RIG_INFO("3", RIG_STATE("connected") RIG_STATE("connected")));
	assert_string_equal(rig_told(&r), "7 call b conference full\n");
	rig_close(&r);
}

/* ---- more calls than there is room for ---- */

static void call_number(struct rig *r, const char *name, const char *element, unsigned i)
{
	char xml[300];

	snprintf(xml, sizeof(xml),
		 "<%sEvent><monitorCrossRefID>x1</monitorCrossRefID><%s><callID>%u</"
		 "callID><deviceID>201"
		 "</deviceID></%s></%sEvent>",
		 name, element, i, element, name);
	rig_event(r, xml);
}

static void test_table_full(void **state)
{
	const struct rig_setup small = { .lines_max = 1 };
	struct rig r;

	(void)state;
	rig_open_one(&r, &small);
	for (unsigned i = 0; i < 256; i++)
		call_number(&r, "Delivered", "connection", i);
	rig_told(&r);
	assert_int_equal(rig_view(&r).counters[NOTE_TOO_LARGE], 0);
	call_number(&r, "Established", "establishedConnection", 256);
	assert_string_equal(rig_told(&r), "7 call ? talking part\n"); /* told all the same */
	assert_int_equal(rig_view(&r).counters[NOTE_TOO_LARGE], 1);
	call_number(&r, "ConnectionCleared", "droppedConnection", 256);
	assert_string_equal(rig_told(&r), "7 call ? gone gone\n"); /* and its end too */
	csta_source_ops.resync_line(r.s, 7);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	call_number(&r, "Established", "establishedConnection", 300);
	call_number(&r, "ConnectionCleared", "droppedConnection", 300);
	call_number(&r, "ConnectionCleared", "droppedConnection", 300);
	assert_string_equal(rig_told(&r), "7 call ? talking part\n7 call ? gone gone\n");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_local_information),
		cmocka_unit_test(test_with_local_information),
		cmocka_unit_test(test_odd_forms),
		cmocka_unit_test(test_we_transfer),
		cmocka_unit_test(test_we_are_transferred),
		cmocka_unit_test(test_transferred_in_other_states),
		cmocka_unit_test(test_conference),
		cmocka_unit_test(test_life_of_a_conference),
		cmocka_unit_test(test_both_ends_are_ours),
		cmocka_unit_test(test_states_in_a_snapshot),
		cmocka_unit_test(test_events_before_the_snapshot),
		cmocka_unit_test(test_conference_in_a_snapshot),
		cmocka_unit_test(test_table_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
