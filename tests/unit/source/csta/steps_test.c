/* The steps of a line: in which order it is asked about, and what a new look takes. */
#include "rig.h"
#include "test.h"

static void test_the_order(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_is_line(&r, 7, LINE_IDLE, "waits for the connection to the pbx");
	rig_up(&r);
	rig_told(&r);
	assert_non_null(strstr(rig_sent(&r), "MonitorStart 201 device\n"));
	rig_is_line(&r, 7, LINE_ASKING, "waits for its monitor");
	rig_answer(&r, "MonitorStart", RIG_MONITORED("x1"));
	assert_string_equal(rig_told(&r), "7 here\n");
	assert_string_equal(rig_sent(&r), "GetDoNotDisturb 201\n");
	rig_is_line(&r, 7, LINE_ASKING, "waits for its snapshot");
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
	rig_is_line(&r, 7, LINE_LIVE, "");
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
	rig_is_line(&r, 7, LINE_WAITING, "SnapshotDevice refused: it would come in pieces");
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
	rig_is_line(&r, 7, LINE_WAITING, "the switch ended the monitor");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_order),
		cmocka_unit_test(test_profile_not_read),
		cmocka_unit_test(test_snapshot_in_pieces),
		cmocka_unit_test(test_monitor_stopped_by_the_switch),
		cmocka_unit_test(test_stopped_in_the_middle),
		cmocka_unit_test(test_resync_line),
		cmocka_unit_test(test_overtaken),
	};

	return cmocka_run_group_tests_name("source/csta/steps", tests, NULL, NULL);
}
