/* The steps of a line, many lines at a time, refusals, and monitors that end. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

#define MONITORED(xref)                                                                            \
	"<MonitorStartResponse><monitorCrossRefID>" xref                                           \
	"</monitorCrossRefID></MonitorStartResponse>"
#define LICENCE RIG_ERROR("systemResourceAvailibility", "overallMonitorLimitExceeded")
#define UNKNOWN_DEVICE RIG_ERROR("operation", "invalidDeviceID")
#define NO_SERVICE RIG_ERROR("operation", "serviceNotSupported")

static void is_line(const struct rig *r, uint32_t line, enum line_link link, const char *reason)
{
	struct source_line_view v;

	assert_true(csta_source_ops.line_view(r->s, line, &v));
	assert_int_equal(v.link, link);
	assert_string_equal(v.reason, reason);
}

static void test_the_order(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	is_line(&r, 7, LINE_IDLE, "waits for the connection to the pbx");
	rig_up(&r);
	rig_told(&r);
	assert_non_null(strstr(rig_sent(&r), "MonitorStart 201 device\n"));
	is_line(&r, 7, LINE_ASKING, "waits for its monitor");
	rig_answer(&r, "MonitorStart", MONITORED("x1"));
	assert_string_equal(rig_told(&r), "7 here\n");
	assert_string_equal(rig_sent(&r), "GetDoNotDisturb 201\n");
	is_line(&r, 7, LINE_ASKING, "waits for its snapshot");
	rig_answer(&r, "GetDoNotDisturb",
		   "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></"
		   "GetDoNotDisturbResponse>");
	assert_string_equal(rig_told(&r), "7 dnd on\n");
	assert_string_equal(rig_sent(&r), "GetPresenceState 201\n");
	rig_answer(&r, "GetPresenceState",
		   "<GetPresenceStateResponse><presenceState>away</presenceState></"
		   "GetPresenceStateResponse>");
	assert_string_equal(rig_told(&r), "7 profile away full\n");
	assert_string_equal(rig_sent(&r), "GetForwarding 201\n");
	rig_answer(&r, "GetForwarding", "<GetForwardingResponse/>");
	assert_string_equal(rig_told(&r), "7 forward none\n");
	assert_string_equal(rig_sent(&r), "SnapshotDevice 201\n");
	assert_int_equal(rig_view(&r).live, 0);
	rig_snapshot(&r, "201", RIG_INFO("1", RIG_STATE("alerting")));
	assert_string_equal(rig_told(&r), "7 call a ringing full\n");
	assert_string_equal(rig_sent(&r), "");
	assert_int_equal(rig_view(&r).live, 1);
	is_line(&r, 7, LINE_LIVE, "");
	rig_close(&r);
}

static void test_profile_not_read(void **state)
{
	const struct rig_setup off = { .profile_off = true }, no_get = { .get = "" };
	struct rig r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_open(&r, i ? &no_get : &off);
		rig_line(&r, 7, "201");
		rig_up(&r);
		rig_monitor(&r, "201", "x1");
		rig_told(&r);
		rig_snapshot(&r, "201", "");
		/* a switch that cannot be asked makes no statement */
		assert_string_equal(rig_told(&r), i ? "7 profile none full\n7 call - gone full\n"
						    : "7 call - gone full\n");
		assert_null(strstr(rig_sent(&r), "GetPresenceState"));
		rig_close(&r);
	}
}

static uint32_t count(const struct rig *r, const char *request)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->asked_n; i++)
		n += slice_starts(slice_str(r->asked[i].text), request);
	return n;
}

static void add_lines(struct rig *r, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%u", 1000 + i);
		rig_line(r, i, number);
	}
}

/* Answers everything that is asked, until nothing is. */
static void answer_all(struct rig *r)
{
	while (r->asked_n) {
		char text[160], number[32], xref[40];
		const char *space = strchr(r->asked[0].text, ' ');

		if (!slice_starts(slice_str(r->asked[0].text), "MonitorStop")) {
			snprintf(number, sizeof(number), "%.*s", (int)strcspn(space + 1, " "),
				 space + 1);
			snprintf(xref, sizeof(xref), "x%s", number);
			rig_monitor(r, number, xref);
			snprintf(text, sizeof(text), "SnapshotDevice %s", number);
			if (rig_is_asked(r, text))
				rig_snapshot(r, number, "");
		} else {
			rig_answer(r, "MonitorStop", "<MonitorStopResponse/>");
		}
	}
}

static void test_outstanding(void **state)
{
	const struct rig_setup few = { .outstanding = 3 };
	struct rig r;

	(void)state;
	rig_open(&r, &few);
	add_lines(&r, 0, 10);
	rig_up(&r);
	assert_int_equal(count(&r, "MonitorStart"), 3);
	rig_answer(&r, "MonitorStart 1001", MONITORED("x1"));
	assert_int_equal(count(&r, ""), 3); /* the line itself goes on */
	rig_steps(&r, "1001");
	assert_int_equal(count(&r, "MonitorStart"), 2);
	rig_snapshot(&r, "1001", "");
	assert_int_equal(count(&r, "MonitorStart"), 3);
	rig_answer(&r, "MonitorStart 1000", UNKNOWN_DEVICE); /* a refused one makes room too */
	assert_int_equal(count(&r, "MonitorStart"), 3);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 9);
	assert_int_equal(rig_view(&r).refused, 1);
	rig_close(&r);
}

/* More monitors to stop than there is room for questions: the new lines wait, and are not
 * forgotten. */
static void test_all_lines_replaced(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	add_lines(&r, 0, 900);
	rig_up(&r);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 900);
	rig_sent(&r);
	for (uint32_t i = 0; i < 900; i++)
		csta_source_ops.remove_line(r.s, i);
	add_lines(&r, 900, 900);
	assert_int_equal(count(&r, "MonitorStop"), 900);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 900);
	rig_close(&r);
}

/* A line that goes and comes back while it waits for its turn takes nobody's turn away. */
static void test_replaced_while_waiting(void **state)
{
	const struct rig_setup one = { .outstanding = 1 };
	struct rig r;

	(void)state;
	rig_open(&r, &one);
	add_lines(&r, 0, 4);
	rig_up(&r);
	csta_source_ops.remove_line(r.s, 1);
	csta_source_ops.remove_line(r.s, 2);
	add_lines(&r, 2, 1);
	add_lines(&r, 4, 2);
	answer_all(&r);
	assert_int_equal(rig_view(&r).live, 5);
	rig_close(&r);
}

static void test_removed_lines(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	rig_told(&r);
	csta_source_ops.remove_line(r.s, 7);
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "1", "201")));
	rig_answer(&r, "MonitorStop", "<MonitorStopResponse/>");
	assert_string_equal(rig_told(&r), "");
	assert_int_equal(rig_view(&r).counters[NOTE_LINE_STRANGE], 1);
	assert_int_equal(rig_view(&r).counters[NOTE_UNSUPPORTED], 0);
	assert_false(csta_source_ops.line_view(r.s, 7, &(struct source_line_view){ 0 }));
	csta_source_ops.remove_line(r.s, 7);
	csta_source_ops.resync_line(r.s, 7);
	csta_source_ops.write_profile(r.s, 7, &(struct profile_write){ 0 });
	assert_string_equal(rig_sent(&r), "");
	rig_close(&r);
}

/* Answers to what the slot's line before had asked are nobody's; a monitor that came with them is
 * given back, for it costs a licence. */
static void test_stale_answers(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	csta_source_ops.remove_line(r.s, 7);
	rig_line(&r, 8, "202");
	rig_sent(&r);
	rig_told(&r);
	rig_answer(&r, "MonitorStart 201", MONITORED("x1"));
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_answer(&r, "MonitorStart 202", MONITORED("x2"));
	assert_string_equal(rig_sent(&r), "GetDoNotDisturb 202\n");
	assert_string_equal(rig_told(&r), "8 here\n");
	csta_source_ops.remove_line(r.s, 8);
	rig_line(&r, 9, "202");
	rig_answer(&r, "GetDoNotDisturb 202",
		   "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></"
		   "GetDoNotDisturbResponse>");
	assert_string_equal(rig_told(&r), "");
	rig_monitor(&r, "202", "x3");
	rig_snapshot(&r, "202", "");
	assert_non_null(strstr(rig_told(&r), "9 call - gone full\n"));
	rig_close(&r);
}

/* ---- refusals ---- */

/* Others go on; asked again after 30 s, doubled up to ten minutes and an eighth; one note. */
static void test_licence(void **state)
{
	static const int64_t waits_s[] = { 30, 60, 120, 240, 480, 600, 600 };
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "202");
	rig_up(&r);
	rig_told(&r);
#define WHY                                                                                        \
	"the pbx's monitor licences are used up: systemResourceAvailibility: "                     \
	"overallMonitorLimitExceeded"
	for (size_t i = 0; i < ARRAY_LEN(waits_s); i++) {
		rig_answer(&r, "MonitorStart 202", LICENCE);
		assert_string_equal(rig_told(&r), i ? "" : "note line_refused: " WHY "\n");
		is_line(&r, 8, LINE_REFUSED, WHY);
		if (i == 0) {
			rig_monitor(&r, "201", "x1");
			rig_snapshot(&r, "201", "");
			rig_told(&r);
		}
		rig_talk(&r, waits_s[i] * 1000 - 1);
		assert_false(rig_is_asked(&r, "MonitorStart"));
		for (int64_t more = waits_s[i] * 125; !rig_is_asked(&r, "MonitorStart 202");
		     more -= 1000) {
			assert_true(more > 0);
			rig_talk(&r, 1000);
		}
	}
	rig_answer(&r, "MonitorStart 202", UNKNOWN_DEVICE);
	assert_string_equal(rig_told(&r), "note line_unknown: the pbx does not know it: operation: "
					  "invalidDeviceID\n");
	assert_int_equal(rig_view(&r).live, 1);
	assert_int_equal(rig_view(&r).refused, 1);
	rig_close(&r);
}

static void test_licence_granted_at_last(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart", LICENCE);
	rig_talk(&r, 34000);
	rig_answer(&r, "MonitorStart", LICENCE);
	rig_talk(&r, 68000);
	rig_monitor(&r, "201", "x1");
	rig_snapshot(&r, "201", "");
	is_line(&r, 7, LINE_LIVE, "");
	rig_told(&r);
	rig_say(&r, 5, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	rig_pass(&r, 1000);
	rig_told(&r);
	rig_answer(&r, "MonitorStart", LICENCE); /* a new refusal: noted anew, from 30 s */
	assert_string_equal(rig_told(&r), "note line_refused: " WHY "\n");
	rig_pass(&r, 34000);
	assert_true(rig_is_asked(&r, "MonitorStart"));
	rig_close(&r);
}

static void test_other_refusals(void **state)
{
	static const struct {
		const char *answer, *told;
	} rows[] = {
		{ RIG_ERROR("operation", "invalidMonitorObject"),
		  "note line_unknown: the pbx does not know it: operation: "
		  "invalidMonitorObject\n" },
		{ RIG_ERROR("subscribedResourceAvailability", "x"),
		  "note line_refused: the pbx's monitor licences are used up: "
		  "subscribedResourceAvailability: x\n" },
		{ RIG_ERROR("security", "x"),
		  "note line_refused: the account may not monitor it: security: x\n" },
		{ NO_SERVICE,
		  "note line_refused: monitor refused: operation: serviceNotSupported\n" },
		{ "<CSTAErrorCode/>", "note line_refused: monitor refused: no reason given\n" },
		{ "<MonitorStartResponse/>",
		  "note line_refused: monitor refused: no cross reference of its own\n" },
		{ MONITORED("a cross reference that is far longer than any that a switch would "
			    "ever give"),
		  "note line_refused: monitor refused: no cross reference of its own\n" },
		{ "<x", "note bad_body: message of the switch: malformed\n"
			"note line_refused: monitor refused: unreadable answer\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_line(&r, 7, "201");
		rig_up(&r);
		rig_told(&r);
		rig_answer(&r, "MonitorStart", rows[i].answer);
		assert_string_equal(rig_told(&r), rows[i].told);
		rig_pass(&r, 29000);
		assert_false(rig_is_asked(&r, "MonitorStart"));
		rig_close(&r);
	}
}

/* One phone that cannot be monitored says nothing of the others. */
static void test_no_monitor_for_this_one(void **state)
{
	const struct rig_setup one = { .outstanding = 1 };
	struct rig r;

	(void)state;
	rig_open(&r, &one);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "202");
	rig_up(&r);
	rig_answer(&r, "MonitorStart 201", RIG_ERROR("operation", "invalidFeature"));
	rig_monitor(&r, "202", "x2");
	rig_snapshot(&r, "202", "");
	assert_int_equal(rig_view(&r).live, 1);
	rig_close(&r);
}

static void test_two_lines_one_reference(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "202");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	rig_monitor(&r, "202", "x1");
	assert_string_equal(rig_told(&r),
			    "note line_refused: monitor refused: no cross reference of its own\n");
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	assert_string_equal(rig_told(&r), "7 call a talking part\n");
	rig_close(&r);
}

/* A service that the switch has not is asked for once; lines that nobody asked are off. */
static void test_service_refused_once(void **state)
{
	const struct rig_setup one = { .outstanding = 1 };
	struct rig r;

	(void)state;
	rig_open(&r, &one);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "202");
	rig_up(&r);
	assert_string_equal(rig_view(&r).missing, "");
	rig_answer(&r, "MonitorStart 201", MONITORED("x1"));
	rig_answer(&r, "GetDoNotDisturb", NO_SERVICE);
	rig_answer(&r, "GetPresenceState", NO_SERVICE);
	rig_answer(&r, "GetForwarding", NO_SERVICE);
	assert_string_equal(rig_view(&r).missing,
			    "the pbx has no GetDoNotDisturb, GetPresenceState");
	rig_told(&r);
	rig_snapshot(&r, "201", "");
	assert_string_equal(rig_told(&r), "7 dnd off\n7 profile none full\n7 call - gone full\n");
	rig_sent(&r);
	rig_answer(&r, "MonitorStart 202", MONITORED("x2"));
	assert_string_equal(rig_sent(&r), "SnapshotDevice 202\n");
	rig_told(&r);
	/* what an event has told stands */
	rig_event(&r, RIG_EVENT("DoNotDisturb", "x2", "<doNotDisturbOn>true</doNotDisturbOn>"));
	rig_snapshot(&r, "202", "");
	assert_string_equal(rig_told(&r), "8 dnd on\n8 profile none full\n8 call - gone full\n");
	csta_source_ops.resync_line(r.s, 8);
	rig_snapshot(&r, "202", "");
	assert_string_equal(rig_told(&r), "8 profile none full\n8 call - gone full\n");
	rig_feed(&r, FEED_CLOSED, SLICE_NONE); /* another version may be there after it */
	rig_up(&r);
	assert_string_equal(rig_view(&r).missing, "");
	rig_monitor(&r, "201", "x1");
	assert_non_null(strstr(rig_sent(&r), "GetDoNotDisturb 201"));
	rig_close(&r);
}

/* What the account may not is a right that is missing, until it may. */
static void test_right_missing(void **state)
{
	static const char refused[] = RIG_ERROR("security", "unspecified");
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "202");
	rig_up(&r);
	rig_answer(&r, "MonitorStart 201", refused);
	is_line(&r, 7, LINE_REFUSED, "the account may not monitor it: security: unspecified");
	assert_string_equal(rig_view(&r).missing, "the account lacks the right to MonitorStart");
	rig_answer(&r, "MonitorStart 202", MONITORED("x2"));
	rig_answer(&r, "GetDoNotDisturb 202", NO_SERVICE);
	rig_answer(&r, "GetPresenceState 202", RIG_ERROR("operation", "privilegeViolationSpecifiedDevice"));
	assert_string_equal(rig_view(&r).missing, "the pbx has no GetDoNotDisturb; the account may not: "
						  "MonitorStart, GetPresenceState");
	csta_source_ops.probe(r.s, r.now_ms); /* the administrator has mended it */
	rig_answer(&r, "MonitorStart 201", MONITORED("x1"));
	assert_string_equal(rig_view(&r).missing,
			    "the pbx has no GetDoNotDisturb; the account may not: GetPresenceState");
	rig_told(&r);
	rig_feed(&r, FEED_CLOSED, SLICE_NONE);
	rig_up(&r);
	assert_string_equal(rig_view(&r).missing, "");
	rig_close(&r);
}

static void test_refused_in_passing(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart 201", MONITORED("x1"));
	rig_answer(&r, "GetDoNotDisturb", RIG_ERROR("performanceManagement", "x"));
	rig_answer(&r, "GetPresenceState", RIG_ERROR("performanceManagement", "x"));
	rig_answer(&r, "GetForwarding", RIG_ERROR("performanceManagement", "x"));
	assert_string_equal(rig_view(&r).missing, "");
	rig_answer(&r, "SnapshotDevice", RIG_ERROR("performanceManagement", "x"));
	is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: performanceManagement: x");
	rig_pass(&r, 29999);
	rig_sent(&r);
	rig_pass(&r, 1);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb 201"));
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	is_line(&r, 7, LINE_LIVE, "");
	rig_close(&r);
}

static void test_no_snapshot_service(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_answer(&r, "SnapshotDevice", NO_SERVICE);
	assert_string_equal(rig_view(&r).missing, "the pbx has no SnapshotDevice");
	is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: operation: serviceNotSupported");
	assert_int_equal(rig_view(&r).counters[NOTE_LINE_REFUSED], 1);
	rig_pass(&r, 2);
	assert_int_equal(rig_view(&r).live, 0);
	rig_close(&r);
}

/* ---- answers that never come ---- */

static void test_one_answer_missing(void **state)
{
	static const char *const steps[] = { "MonitorStart", "GetDoNotDisturb", "GetPresenceState",
					     "GetForwarding", "SnapshotDevice" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_line(&r, 7, "201");
		rig_up(&r);
		if (i > 0)
			rig_answer(&r, "MonitorStart", MONITORED("x1"));
		for (size_t n = 1; n < i; n++)
			rig_answer(&r, steps[n], "<Response/>");
		rig_told(&r);
		rig_pass(&r, 10000);
		rig_say(&r, 1, "<SystemStatus/>");
		rig_pass(&r, 10000);
		assert_string_equal(rig_told(&r), "");
		assert_int_equal(rig_view(&r).counters[NOTE_TIMED_OUT], 1);
		is_line(&r, 7, LINE_WAITING, "no answer from the pbx");
		rig_say(&r, 1, "<SystemStatus/>");
		r.asked_n = 0;
		rig_pass(&r, 29999);
		assert_false(rig_is_asked(&r, ""));
		rig_pass(&r, 1);
		assert_true(rig_is_asked(&r, i ? "GetDoNotDisturb" : "MonitorStart"));
		rig_close(&r);
	}
}

/* A monitor that comes when it is given up for lost is not kept, or the line would have two. */
static void test_monitor_granted_too_late(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_pass(&r, 10000);
	rig_say(&r, 1, "<SystemStatus/>");
	rig_pass(&r, 10000);
	rig_sent(&r);
	rig_answer(&r, "MonitorStart", MONITORED("x1"));
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_answer(&r, "MonitorStop", "<MonitorStopResponse/>");
	rig_pass(&r, 30000);
	rig_monitor(&r, "201", "x2");
	rig_snapshot(&r, "201", "");
	is_line(&r, 7, LINE_LIVE, "");
	rig_close(&r);
}

/* A snapshot that the switch would send in pieces is no empty one. */
static void test_snapshot_in_pieces(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_told(&r);
	rig_answer(&r, "SnapshotDevice",
		   "<SnapshotDeviceResponse><crossRefIDorSnapshotData><serviceCrossRefID>5"
		   "</serviceCrossRefID></crossRefIDorSnapshotData></SnapshotDeviceResponse>");
	assert_string_equal(rig_told(&r), "");
	is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: it would come in pieces");
	rig_close(&r);
}

static void test_no_answer_at_all(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_told(&r);
	rig_pass(&r, 19999);
	assert_string_equal(rig_told(&r), "");
	rig_pass(&r, 1);
	assert_string_equal(rig_told(&r),
			    "close\ndown\nnote timed_out: the switch does not answer\n"
			    "note disconnected: the switch does not answer\n");
	is_line(&r, 7, LINE_WAITING, "waits for the connection to the pbx");
	rig_close(&r);
}

/* ---- monitors that end ---- */

static void test_monitor_stopped_by_the_switch(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	rig_told(&r);
	rig_say(&r, 77, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	assert_string_equal(rig_sent(&r), "77 MonitorStopResponse\n");
	assert_string_equal(rig_told(&r),
			    "note subscription_gone: the switch ended the monitor\n7 lost\n");
	is_line(&r, 7, LINE_WAITING, "the switch ended the monitor");
	rig_event(&r, RIG_EVENT("Held", "x1", RIG_CONNECTION("heldConnection", "1", "201")));
	assert_string_equal(rig_told(&r), "");
	rig_pass(&r, 999);
	assert_string_equal(rig_sent(&r), "");
	rig_pass(&r, 1);
	assert_string_equal(rig_sent(&r), "MonitorStart 201 device\n");
	rig_monitor(&r, "201", "x2");
	rig_snapshot(&r, "201", "");
	assert_non_null(strstr(rig_told(&r), "7 call - gone full\n"));
	rig_say(&r, 78, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	assert_string_equal(rig_told(&r), ""); /* the old one */
	rig_close(&r);
}

static void test_stopped_in_the_middle(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_say(&r, 77, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	rig_told(&r);
	rig_snapshot(&r, "201", RIG_INFO("1", RIG_STATE("connected")));
	assert_string_equal(rig_told(&r), ""); /* asked for the monitor that is no more */
	rig_pass(&r, 1000);
	rig_monitor(&r, "201", "x2");
	rig_snapshot(&r, "201", "");
	assert_non_null(strstr(rig_told(&r), "7 call - gone full\n"));
	rig_close(&r);
}

/* ---- on its own account ---- */

static void test_each_line_in_a_quarter_of_an_hour(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	add_lines(&r, 0, 3);
	rig_up(&r);
	answer_all(&r);
	rig_told(&r);
	for (int i = 0; i < 90 + 90; i++) {
		rig_talk(&r, 10000);
		answer_all(&r);
	}
	const char *told = rig_told(&r);
	assert_non_null(strstr(told, "0 call - gone full\n"));
	assert_non_null(strstr(told, "1 call - gone full\n"));
	assert_non_null(strstr(told, "2 call - gone full\n"));
	rig_close(&r);
}

static void test_resync_line(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	csta_source_ops.resync_line(r.s, 7);
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", RIG_INFO("5", RIG_STATE("connected")));
	assert_non_null(strstr(rig_told(&r), "7 call a talking full\n"));
	rig_close(&r);
}

/* A snapshot that a call event has overtaken is asked for again, and the fourth one is taken. */
static void test_overtaken(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_told(&r);
	for (int i = 0; i < 4; i++) {
		rig_event(&r,
			  RIG_EVENT("Delivered", "x1", RIG_CONNECTION("connection", "1", "201")));
		assert_string_equal(rig_told(&r), "");
		rig_sent(&r);
		rig_snapshot(&r, "201", RIG_INFO("1", RIG_STATE("alerting")));
		assert_string_equal(rig_sent(&r), i < 3 ? "SnapshotDevice 201\n" : "");
	}
	assert_string_equal(rig_told(&r), "7 call a ringing full\n");
	rig_event(&r, RIG_EVENT("DoNotDisturb", "x1", "<doNotDisturbOn>true</doNotDisturbOn>"));
	csta_source_ops.resync_line(r.s, 7);
	rig_steps(&r, "201");
	rig_event(&r, RIG_EVENT("DoNotDisturb", "x1", "<doNotDisturbOn>true</doNotDisturbOn>"));
	rig_told(&r);
	rig_snapshot(&r, "201", ""); /* no call event: nothing is overtaken */
	assert_string_equal(rig_told(&r), "7 call - gone full\n");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_order),
		cmocka_unit_test(test_profile_not_read),
		cmocka_unit_test(test_outstanding),
		cmocka_unit_test(test_all_lines_replaced),
		cmocka_unit_test(test_replaced_while_waiting),
		cmocka_unit_test(test_removed_lines),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_licence),
		cmocka_unit_test(test_licence_granted_at_last),
		cmocka_unit_test(test_other_refusals),
		cmocka_unit_test(test_no_monitor_for_this_one),
		cmocka_unit_test(test_two_lines_one_reference),
		cmocka_unit_test(test_service_refused_once),
		cmocka_unit_test(test_refused_in_passing),
		cmocka_unit_test(test_right_missing),
		cmocka_unit_test(test_no_snapshot_service),
		cmocka_unit_test(test_one_answer_missing),
		cmocka_unit_test(test_monitor_granted_too_late),
		cmocka_unit_test(test_snapshot_in_pieces),
		cmocka_unit_test(test_no_answer_at_all),
		cmocka_unit_test(test_monitor_stopped_by_the_switch),
		cmocka_unit_test(test_stopped_in_the_middle),
		cmocka_unit_test(test_each_line_in_a_quarter_of_an_hour),
		cmocka_unit_test(test_resync_line),
		cmocka_unit_test(test_overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
