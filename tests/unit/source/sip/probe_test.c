/* A person asks whether the PBX answers: an OPTIONS, and a refresh of every subscription, now. */
#include "rig.h"

static struct rig r;

static void up(const struct rig_options *o)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	rig_add(&r, 8, "202");
	rig_connect(&r);
}

/* The first SUBSCRIBE goes alone, until the PBX has taken one. */
static void both_live(struct rig_dialog d[2])
{
	up(&(struct rig_options){ .lines_max = 4 });
	for (int i = 0; i < 2; i++)
		d[i] = rig_live(&r, rig_info(0, "a", "recipient", "terminated"));
	rig_forget(&r);
}

static void test_link_and_lines_are_asked(void **state)
{
	struct rig_dialog d[2];
	(void)state;

	both_live(d);
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_NEVER);
	assert_int_equal(rig_view(&r, 7).ask, LINE_ASK_NONE);
	rig_probe(&r);
	struct rig_request *options = rig_take(&r, "OPTIONS");
	struct rig_request *first = rig_take(&r, "SUBSCRIBE");
	struct rig_request *second = rig_take(&r, "SUBSCRIBE");
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_ASKED);
	assert_int_equal(rig_view(&r, 7).ask, LINE_ASK_SENT);
	rig_reply(&r, options, 200, "");
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_ANSWERED);
	rig_reply(&r, first, 200, "Expires: 3600\r\n");
	assert_int_equal(rig_view(&r, 7).ask + rig_view(&r, 8).ask, LINE_ASK_SENT); /* one is left */
	rig_notify_dialog(&r, &d[1], rig_info(1, "a", "recipient", "confirmed"));
	rig_reply(&r, second, 200, "Expires: 3600\r\n");
	assert_int_equal(rig_view(&r, 7).ask, LINE_ASK_NONE);
	assert_int_equal(rig_view(&r, 8).ask, LINE_ASK_NONE);
	assert_int_equal(r.lost_n, 0); /* nobody flaps for it */
	rig_close(&r);
}

static void test_silence_is_no_answer(void **state)
{
	struct rig_dialog d[2];
	(void)state;

	both_live(d);
	rig_probe(&r);
	rig_run(&r, 9000);
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_ASKED);
	assert_int_equal(rig_view(&r, 7).ask, LINE_ASK_SENT);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	rig_run(&r, 30000); /* the transactions end: so does the link */
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_FAILED);
	rig_close(&r);
}

static void test_a_refused_line_is_asked_again(void **state)
{
	(void)state;
	up(&(struct rig_options){ .lines_max = 4 });
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 404, "");
	rig_live(&r, rig_info(0, "a", "recipient", "terminated"));
	assert_int_equal(rig_view(&r, 7).link, LINE_REFUSED);
	rig_forget(&r);
	rig_probe(&r);
	rig_take(&r, "OPTIONS");
	rig_take(&r, "SUBSCRIBE");
	rig_take(&r, "SUBSCRIBE");
	assert_int_equal(rig_view(&r, 7).link, LINE_ASKING);
	rig_close(&r);
}

static void test_a_lost_link_is_tried_at_once(void **state)
{
	struct rig_dialog d[2];
	(void)state;

	both_live(d);
	rig_drop(&r, "connection refused");
	uint32_t connects = r.connects;
	rig_probe(&r);
	assert_int_equal(r.connects, connects + 1);
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_ASKED);
	rig_drop(&r, "connection refused");
	assert_int_equal(rig_source(&r).probe, SOURCE_PROBE_FAILED);
	assert_string_equal(rig_source(&r).state, "not connected: connection refused");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_and_lines_are_asked),
		cmocka_unit_test(test_silence_is_no_answer),
		cmocka_unit_test(test_a_refused_line_is_asked_again),
		cmocka_unit_test(test_a_lost_link_is_tried_at_once),
	};
	return cmocka_run_group_tests_name("source/sip/probe", tests, NULL, NULL);
}
