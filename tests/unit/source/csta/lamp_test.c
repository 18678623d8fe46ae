/* Lamps of phones: asked for before they are written, only differences go out, refusals in words. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

static const char *const own[] = { "7" };
static const char *const two[] = { "201=100/1", "201=101/2", "202=100/2" };
static const struct rig_setup own_lamp = { .lamp_at = own, .lamp_at_n = 1 };
static const struct rig_setup two_lamps = { .lamp_at = two, .lamp_at_n = ARRAY_LEN(two) };

#define SET "<SetLampModeResponse/>"
#define STANDS(lamp, mode)                                                                         \
	"<GetLampModeResponse><lampModeList><lampModeItem><lamp>" lamp "</lamp><lampMode>" mode    \
	"</lampMode></lampModeItem></lampModeList></GetLampModeResponse>"

static void show(struct rig *r, uint32_t line, enum lamp lamp)
{
	csta_source_ops.show_lamp(r->s, line, lamp);
	rig_pass(r, 0);
}

static void told_is(struct rig *r, const char *text)
{
	assert_string_equal(rig_told(r), text);
}

static void kept_is(struct rig *r, const char *text)
{
	assert_string_equal(buf_cstr(&r->kept), text);
	buf_reset(&r->kept);
}

static void sent_is(struct rig *r, const char *text)
{
	assert_string_equal(rig_sent(r), text);
}

static void seen_is(struct rig *r, const char *lamp, const char *refusal)
{
	struct source_line_view v = { 0 };

	assert_true(csta_source_ops.line_view(r->s, 7, &v));
	assert_string_equal(v.lamp, lamp);
	assert_string_equal(v.lamp_refusal, refusal);
}

static void test_lights_and_goes_out(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_OFF); /* nobody's lamp: not touched */
	sent_is(&r, "");
	seen_is(&r, "", "");
	show(&r, 7, LAMP_DARK);
	sent_is(&r, "GetLampMode 201 7\n");
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	sent_is(&r, "");
	seen_is(&r, "7 of 201: off", "");
	show(&r, 7, LAMP_MEETING);
	sent_is(&r, "SetLampMode 201 7 steady\n");
	rig_answer(&r, "SetLampMode", SET);
	seen_is(&r, "7 of 201: steady", "");
	show(&r, 7, LAMP_CALL); /* the same word */
	sent_is(&r, "");
	show(&r, 7, LAMP_DARK);
	rig_answer(&r, "SetLampMode", SET);
	show(&r, 7, LAMP_DND);
	show(&r, 7, LAMP_OFF); /* a person whose lamp is taken away */
	rig_answer(&r, "SetLampMode", SET);
	rig_answer(&r, "SetLampMode", SET);
	sent_is(&r, "SetLampMode 201 7 off\nSetLampMode 201 7 steady\nSetLampMode 201 7 off\n");
	kept_is(&r, "7 keep 201/7\n7 keep \n7 keep 201/7\n7 keep \n");
	rig_close(&r);
}

/* One change overtakes another that is not yet answered: the last one counts. */
static void test_last_word_counts(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_DARK);
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	show(&r, 7, LAMP_CALL);
	show(&r, 7, LAMP_DARK);
	show(&r, 7, LAMP_CALL);
	show(&r, 7, LAMP_DARK);
	rig_answer(&r, "SetLampMode 201 7 steady", SET);
	rig_answer(&r, "SetLampMode 201 7 off", SET);
	sent_is(&r, "GetLampMode 201 7\nSetLampMode 201 7 steady\nSetLampMode 201 7 off\n");
	rig_close(&r);
}

static void test_several_phones(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &two_lamps);
	show(&r, 7, LAMP_MEETING);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "off"));
	rig_answer(&r, "SetLampMode 100 1 steady", SET);
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "steady"));
	sent_is(&r, "GetLampMode 100 1\nSetLampMode 100 1 steady\nGetLampMode 101 2\n");
	seen_is(&r, "1 of 100: steady, 2 of 101: steady", "");
	rig_close(&r);
}

static void restore(struct rig *r, const char *names)
{
	csta_source_ops.restore_lamp(r->s, 7, slice_str(names));
	rig_pass(r, 0);
}

/* What an earlier connector has lit and no row names now goes out, whatever is known of the person; a
 * lamp that another row names is that row's. */
static void test_lit_by_an_earlier_one(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &two_lamps);
	restore(&r, "100/1 100/2 300/9 301/8 nonsense /1");
	rig_answer(&r, "GetLampMode 300 9", STANDS("9", "off"));
	rig_answer(&r, "GetLampMode 301 8", STANDS("8", "wink"));
	rig_answer(&r, "SetLampMode 301 8 off", SET);
	sent_is(&r, "GetLampMode 300 9\nGetLampMode 301 8\nSetLampMode 301 8 off\n");
	kept_is(&r, "7 keep 100/1 301/8\n7 keep 100/1\n");
	show(&r, 7, LAMP_DARK);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "steady"));
	rig_answer(&r, "SetLampMode 100 1 off", SET);
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "off"));
	kept_is(&r, "7 keep \n");
	rig_close(&r);
}

static void test_lit_and_no_lamps_any_more(void **state)
{
	static const struct rig_setup none;
	struct rig r;

	(void)state;
	rig_open_one(&r, &none);
	show(&r, 7, LAMP_MEETING);
	sent_is(&r, "");
	restore(&r, "100/1");
	rig_answer(&r, "GetLampMode 100 1",
		   "<CSTAErrorCode><operation>invalidFeature</operation></CSTAErrorCode>");
	rig_answer(&r, "SetLampMode 100 1 off", SET);
	kept_is(&r, "7 keep \n");
	rig_close(&r);
}

static void test_words_and_another_service(void **state)
{
	static const char *const states[] = { "dark=0", "call=1", "meeting=2", "dnd=3" };
	const struct rig_setup vendor = { .lamp_at = own, .lamp_at_n = 1, .lamp_states = states,
					  .lamp_states_n = ARRAY_LEN(states), .lamp_get = "",
					  .lamp_element = "key",
					  .lamp_set = "Escape/extensions/privateData/private/KeyLamp/state" };
	struct rig r;

	(void)state;
	rig_open_one(&r, &vendor);
	for (int l = LAMP_DARK; l < LAMP_COUNT; l++) { /* nobody can be asked: all of it is written */
		show(&r, 7, (enum lamp)l);
		rig_answer(&r, "Escape", "<EscapeResponse/>");
	}
	sent_is(&r, "Escape 201 7 0\nEscape 201 7 1\nEscape 201 7 2\nEscape 201 7 3\n");
	rig_close(&r);
}

static void again(struct rig *r)
{
	rig_feed(r, FEED_CLOSED, SLICE_NONE);
	rig_up(r);
	rig_monitor(r, "201", "x2");
	rig_snapshot(r, "201", "");
	rig_told(r);
}

static void test_only_differences_after_a_lost_link(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &two_lamps);
	show(&r, 7, LAMP_MEETING);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "off"));
	rig_answer(&r, "SetLampMode 100 1", SET);
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "off"));
	rig_answer(&r, "SetLampMode 101 2", SET);
	rig_sent(&r);
	again(&r);
	rig_sent(&r);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "steady")); /* kept */
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "wink"));   /* and this one was not */
	rig_answer(&r, "SetLampMode 101 2 steady", SET);
	sent_is(&r, "GetLampMode 101 2\nSetLampMode 101 2 steady\n");
	rig_close(&r);
}

/* What has changed while the link was down. */
static void test_changed_while_away(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_MEETING);
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	rig_answer(&r, "SetLampMode", SET);
	rig_feed(&r, FEED_CLOSED, SLICE_NONE);
	show(&r, 7, LAMP_DARK);
	rig_sent(&r);
	rig_up(&r);
	rig_monitor(&r, "201", "x2");
	rig_snapshot(&r, "201", "");
	rig_answer(&r, "GetLampMode", STANDS("7", "steady"));
	rig_answer(&r, "SetLampMode 201 7 off", SET);
	seen_is(&r, "7 of 201: off", "");
	rig_close(&r);
}

static void test_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &two_lamps);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "off"));
	rig_answer(&r, "SetLampMode 100 1", RIG_ERROR("stateIncompatibility", "invalidObjectState"));
	told_is(&r, "note write_refused: lamp 1 of 100: stateIncompatibility: invalidObjectState\n");
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "off")); /* the others go on */
	rig_answer(&r, "SetLampMode 101 2", SET);
	seen_is(&r, "1 of 100: off, 2 of 101: steady",
		"lamp 1 of 100: stateIncompatibility: invalidObjectState");
	rig_sent(&r);
	show(&r, 7, LAMP_DARK); /* what failed in passing is right already */
	rig_answer(&r, "SetLampMode 101 2 off", SET);
	sent_is(&r, "SetLampMode 101 2 off\n");
	seen_is(&r, "1 of 100: off, 2 of 101: off", "");
	show(&r, 7, LAMP_MEETING);
	rig_answer(&r, "SetLampMode 100 1 steady", SET);
	rig_answer(&r, "SetLampMode 101 2 steady", SET);
	seen_is(&r, "1 of 100: steady, 2 of 101: steady", "");
	told_is(&r, "");
	rig_close(&r);
}

/* A phone without such a lamp is not asked at every change, and the switch is not written off. */
static void test_no_such_lamp(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode", RIG_ERROR("operation", "invalidDeviceID"));
	rig_answer(&r, "SetLampMode", RIG_ERROR("operation", "invalidDeviceID"));
	told_is(&r, "note write_refused: lamp 7 of 201: operation: invalidDeviceID\n");
	assert_string_equal(rig_view(&r).missing, "");
	rig_sent(&r);
	show(&r, 7, LAMP_DARK);
	show(&r, 7, LAMP_CALL);
	sent_is(&r, "");
	rig_talk(&r, 15 * 60 * 1000); /* the line's turn */
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_answer(&r, "SetLampMode", RIG_ERROR("operation", "invalidDeviceID"));
	told_is(&r, "7 dnd off\n7 profile available full\n7 forward none\n7 call - gone full\n");
	seen_is(&r, "7 of 201: not known", "lamp 7 of 201: operation: invalidDeviceID");
	rig_close(&r);
}

static void test_no_such_service(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode", RIG_ERROR("operation", "invalidFeature"));
	assert_string_equal(rig_view(&r).missing, "");
	rig_answer(&r, "SetLampMode", RIG_ERROR("operation", "invalidFeature"));
	assert_string_equal(rig_view(&r).missing, "the pbx has no SetLampMode");
	seen_is(&r, "7 of 201: not known", "lamp 7 of 201: operation: invalidFeature");
	rig_sent(&r);
	again(&r);
	rig_answer(&r, "GetLampMode", RIG_ERROR("operation", "invalidFeature"));
	rig_answer(&r, "SetLampMode", SET);
	assert_string_equal(rig_view(&r).missing, "");
	seen_is(&r, "7 of 201: steady", "");
	rig_close(&r);
}

static void test_no_answer(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	rig_pass(&r, 10000);
	rig_say(&r, 1, "<SystemStatus/>"); /* the link lives */
	rig_pass(&r, 10000);
	told_is(&r, "note write_refused: lamp 7 of 201: no answer from the pbx\n");
	seen_is(&r, "7 of 201: not known", "lamp 7 of 201: no answer from the pbx");
	rig_sent(&r);
	show(&r, 7, LAMP_DARK);
	rig_answer(&r, "GetLampMode", STANDS("7", "steady"));
	rig_answer(&r, "SetLampMode 201 7 off", SET);
	rig_close(&r);
}

/* Somebody else's change is put right at the line's turn. */
static void test_heals(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &own_lamp);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	rig_answer(&r, "SetLampMode", SET);
	rig_event(&r, RIG_EVENT("LampMode", "x1",
				"<device>201</device><lamp>7</lamp><lampMode>off</lampMode>"));
	rig_talk(&r, 15 * 60 * 1000);
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	rig_answer(&r, "SetLampMode 201 7 steady", SET);
	rig_close(&r);
}

/* A lamp of nobody would stay lit for good. */
static void test_line_removed(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &two_lamps);
	show(&r, 7, LAMP_CALL);
	rig_answer(&r, "GetLampMode 100 1", STANDS("1", "off"));
	rig_answer(&r, "SetLampMode 100 1", SET);
	rig_answer(&r, "GetLampMode 101 2", STANDS("2", "off"));
	rig_sent(&r);
	csta_source_ops.remove_line(r.s, 7);
	sent_is(&r, "MonitorStop x1\nSetLampMode 100 1 off\n");
	rig_answer(&r, "SetLampMode 101 2", SET); /* of a line that is gone */
	rig_close(&r);
}

/* The monitor is refused: the lamp is another matter. */
static void test_without_a_monitor(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &own_lamp);
	rig_line(&r, 7, "201");
	show(&r, 7, LAMP_CALL);
	rig_up(&r);
	rig_answer(&r, "MonitorStart",
		   RIG_ERROR("systemResourceAvailibility", "overallMonitorLimitExceeded"));
	rig_answer(&r, "GetLampMode", STANDS("7", "off"));
	rig_answer(&r, "SetLampMode", SET);
	seen_is(&r, "7 of 201: steady", "");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lights_and_goes_out),
		cmocka_unit_test(test_last_word_counts),
		cmocka_unit_test(test_several_phones),
		cmocka_unit_test(test_lit_by_an_earlier_one),
		cmocka_unit_test(test_lit_and_no_lamps_any_more),
		cmocka_unit_test(test_words_and_another_service),
		cmocka_unit_test(test_only_differences_after_a_lost_link),
		cmocka_unit_test(test_changed_while_away),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_such_lamp),
		cmocka_unit_test(test_no_such_service),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_heals),
		cmocka_unit_test(test_line_removed),
		cmocka_unit_test(test_without_a_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
