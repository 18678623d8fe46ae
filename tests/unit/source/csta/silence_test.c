/* Answers of the switch that never come, or too late. */
#include "rig.h"
#include "test.h"

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
			rig_answer(&r, "MonitorStart", RIG_MONITORED("x1"));
		for (size_t n = 1; n < i; n++)
			rig_answer(&r, steps[n], "<Response/>");
		rig_told(&r);
		rig_pass(&r, 10000);
		rig_say(&r, 1, "<SystemStatus/>");
		rig_pass(&r, 10000);
		assert_string_equal(rig_told(&r), "");
		assert_int_equal(rig_view(&r).counters[NOTE_TIMED_OUT], 1);
		rig_is_line(&r, 7, LINE_WAITING, "no answer from the pbx");
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
	rig_answer(&r, "MonitorStart", RIG_MONITORED("x1"));
	assert_string_equal(rig_sent(&r), "MonitorStop x1\n");
	rig_answer(&r, "MonitorStop", "<MonitorStopResponse/>");
	rig_pass(&r, 30000);
	rig_monitor(&r, "201", "x2");
	rig_snapshot(&r, "201", "");
	rig_is_line(&r, 7, LINE_LIVE, "");
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
	rig_is_line(&r, 7, LINE_WAITING, "waits for the connection to the pbx");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_answer_missing),
		cmocka_unit_test(test_monitor_granted_too_late),
		cmocka_unit_test(test_no_answer_at_all),
	};

	return cmocka_run_group_tests_name("source/csta/silence", tests, NULL, NULL);
}
