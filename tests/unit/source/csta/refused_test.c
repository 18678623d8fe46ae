/* What the switch refuses: a licence, a line, a service, a right. */
#include "rig.h"
#include "test.h"

#define LICENCE RIG_ERROR("systemResourceAvailibility", "overallMonitorLimitExceeded")

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
		rig_is_line(&r, 8, LINE_REFUSED, WHY);
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
	rig_answer(&r, "MonitorStart 202", RIG_UNKNOWN_DEVICE);
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
	rig_is_line(&r, 7, LINE_LIVE, "");
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
		{ RIG_NO_SERVICE,
		  "note line_refused: monitor refused: operation: serviceNotSupported\n" },
		{ "<CSTAErrorCode/>", "note line_refused: monitor refused: no reason given\n" },
		{ "<MonitorStartResponse/>",
		  "note line_refused: monitor refused: no cross reference of its own\n" },
		{ RIG_MONITORED("a cross reference that is far longer than any that a switch would "
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
	rig_answer(&r, "MonitorStart 201", RIG_MONITORED("x1"));
	rig_answer(&r, "GetDoNotDisturb", RIG_NO_SERVICE);
	rig_answer(&r, "GetPresenceState", RIG_NO_SERVICE);
	rig_answer(&r, "GetForwarding", RIG_NO_SERVICE);
	assert_string_equal(rig_view(&r).missing,
			    "the pbx has no GetDoNotDisturb, GetPresenceState");
	rig_told(&r);
	rig_snapshot(&r, "201", "");
	assert_string_equal(rig_told(&r), "7 dnd off\n7 profile none full\n7 call - gone full\n");
	rig_sent(&r);
	rig_answer(&r, "MonitorStart 202", RIG_MONITORED("x2"));
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
	rig_is_line(&r, 7, LINE_REFUSED, "the account may not monitor it: security: unspecified");
	assert_string_equal(rig_view(&r).missing, "the account lacks the right to MonitorStart");
	rig_answer(&r, "MonitorStart 202", RIG_MONITORED("x2"));
	rig_answer(&r, "GetDoNotDisturb 202", RIG_NO_SERVICE);
	rig_answer(&r, "GetPresenceState 202", RIG_ERROR("operation", "privilegeViolationSpecifiedDevice"));
	assert_string_equal(rig_view(&r).missing, "the pbx has no GetDoNotDisturb; the account may not: "
						  "MonitorStart, GetPresenceState");
	csta_source_ops.probe(r.s, r.now_ms); /* the administrator has mended it */
	rig_answer(&r, "MonitorStart 201", RIG_MONITORED("x1"));
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
	rig_answer(&r, "MonitorStart 201", RIG_MONITORED("x1"));
	rig_answer(&r, "GetDoNotDisturb", RIG_ERROR("performanceManagement", "x"));
	rig_answer(&r, "GetPresenceState", RIG_ERROR("performanceManagement", "x"));
	rig_answer(&r, "GetForwarding", RIG_ERROR("performanceManagement", "x"));
	assert_string_equal(rig_view(&r).missing, "");
	rig_answer(&r, "SnapshotDevice", RIG_ERROR("performanceManagement", "x"));
	rig_is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: performanceManagement: x");
	rig_pass(&r, 29999);
	rig_sent(&r);
	rig_pass(&r, 1);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb 201"));
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_is_line(&r, 7, LINE_LIVE, "");
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
	rig_answer(&r, "SnapshotDevice", RIG_NO_SERVICE);
	assert_string_equal(rig_view(&r).missing, "the pbx has no SnapshotDevice");
	rig_is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: operation: serviceNotSupported");
	assert_int_equal(rig_view(&r).counters[NOTE_LINE_REFUSED], 1);
	rig_pass(&r, 2);
	assert_int_equal(rig_view(&r).live, 0);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_licence),
		cmocka_unit_test(test_licence_granted_at_last),
		cmocka_unit_test(test_other_refusals),
		cmocka_unit_test(test_no_monitor_for_this_one),
		cmocka_unit_test(test_two_lines_one_reference),
		cmocka_unit_test(test_service_refused_once),
		cmocka_unit_test(test_refused_in_passing),
		cmocka_unit_test(test_right_missing),
		cmocka_unit_test(test_no_snapshot_service),
	};

	return cmocka_run_group_tests_name("source/csta/refused", tests, NULL, NULL);
}
