/* Lamps as devices of the PBX: Custom:teams-201. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

static const struct rig_setup lamps = { .lamps = true };

#define SET(state) "Variable: DEVICE_STATE(Custom:teams-201)\r\nValue: " state "\r\n"

static void show(struct rig *r, enum lamp lamp)
{
	ami_source_ops.show_lamp(r->s, 7, lamp);
	rig_pass(r, 0);
}

static void open_one(struct rig *r, const struct rig_setup *u, const char *rights)
{
	rig_open(r, u);
	rig_line(r, 7, "201");
	rig_up(r, rights);
	rig_lists(r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	rig_told(r);
	rig_sent(r);
}

static void seen_is(struct rig *r, const char *lamp, const char *refusal)
{
	struct source_line_view v = { 0 };

	assert_true(ami_source_ops.line_view(r->s, 7, &v));
	assert_string_equal(v.lamp, lamp);
	assert_string_equal(v.lamp_refusal, refusal);
}

static void test_on_and_off(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &lamps, NULL);
	seen_is(&r, "", "");
	show(&r, LAMP_DARK);
	assert_non_null(strstr(buf_cstr(&r.sent), SET("NOT_INUSE")));
	show(&r, LAMP_MEETING); /* waits for the answer */
	assert_null(strstr(buf_cstr(&r.sent), SET("INUSE")));
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	rig_pass(&r, 0);
	assert_non_null(strstr(buf_cstr(&r.sent), SET("INUSE")));
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	rig_sent(&r);
	seen_is(&r, "Custom:teams-201: INUSE", "");
	show(&r, LAMP_MEETING);
	assert_null(strstr(rig_sent(&r), "Setvar"));
	show(&r, LAMP_OFF);
	assert_non_null(strstr(rig_sent(&r), SET("NOT_INUSE")));
	rig_close(&r);
}

/* Lit by an earlier connector: put out by one that has lamps no more, left to show_lamp by one that has. */
static void test_lit_by_an_earlier_one(void **state)
{
	static const struct rig_setup plain;
	struct rig r;

	(void)state;
	open_one(&r, &plain, NULL);
	ami_source_ops.restore_lamp(r.s, 7, SLICE_LIT("lit"));
	rig_pass(&r, 0);
	assert_non_null(strstr(buf_cstr(&r.sent), SET("NOT_INUSE")));
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	assert_string_equal(buf_cstr(&r.kept), "7 keep \n");
	buf_reset(&r.kept);
	rig_sent(&r);
	show(&r, LAMP_MEETING);
	assert_null(strstr(rig_sent(&r), "Setvar"));
	rig_close(&r);
	open_one(&r, &lamps, NULL);
	ami_source_ops.restore_lamp(r.s, 7, SLICE_LIT("lit"));
	rig_pass(&r, 0);
	assert_null(strstr(rig_sent(&r), "Setvar"));
	show(&r, LAMP_DARK);
	assert_non_null(strstr(buf_cstr(&r.sent), SET("NOT_INUSE")));
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	assert_string_equal(buf_cstr(&r.kept), "7 keep \n");
	buf_reset(&r.kept);
	rig_close(&r);
}

static void test_only_when_asked_for(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, NULL, NULL);
	show(&r, LAMP_MEETING);
	assert_null(strstr(rig_sent(&r), "teams-201"));
	rig_close(&r);
}

/* Asterisk may have forgotten it, or somebody has changed it. */
static void test_again_after_a_log_in(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &lamps, NULL);
	show(&r, LAMP_CALL);
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	rig_sent(&r);
	rig_feed(&r, FEED_CLOSED, "gone");
	rig_pass(&r, 120000);
	rig_up(&r, NULL);
	rig_pass(&r, 0);
	assert_non_null(strstr(buf_cstr(&r.sent), SET("INUSE")));
	rig_close(&r);
}

static void test_refused_is_told_once(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &lamps, NULL);
	show(&r, LAMP_CALL);
	rig_say(&r, "Response: Error\nActionID: @Setvar\nMessage: Permission denied\n\n");
	rig_sent(&r);
	rig_pass(&r, 10000);
	assert_non_null(strstr(rig_told(&r), "write_refused"));
	assert_null(strstr(rig_sent(&r), "Setvar"));
	seen_is(&r, "", "the pbx refused its device state: write=call is needed");
	rig_close(&r);
}

/* A hint that names our own lamp beside the phone: the line is not busy because Teams is. */
static void test_no_loop(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &lamps);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_lists(&r,
		  "Event: ExtensionStatus\nExten: 201\nContext: ext-local\n"
		  "Hint: PJSIP/201&Custom:teams-201\nStatus: 1\nStatusText: x\n",
		  RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n" RIG_DEVICE("Custom:teams-201", "INUSE"), "");
	assert_null(strstr(rig_told(&r), "talking"));
	rig_say(&r, RIG_DEVICE("Custom:teams-201", "INUSE") "\n");
	assert_null(strstr(rig_told(&r), "talking"));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_and_off),
		cmocka_unit_test(test_lit_by_an_earlier_one),
		cmocka_unit_test(test_only_when_asked_for),
		cmocka_unit_test(test_again_after_a_log_in), cmocka_unit_test(test_refused_is_told_once),
		cmocka_unit_test(test_no_loop),
	};

	return cmocka_run_group_tests_name("source/ami/lamp", tests, NULL, NULL);
}
