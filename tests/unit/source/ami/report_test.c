/* What hints, lists and events become. */
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "test.h"

static void open_one(struct rig *r, const char *hints, const char *devices, const char *presences)
{
	rig_open(r, NULL);
	rig_line(r, 7, "201");
	rig_up(r, NULL);
	rig_told(r);
	rig_lists(r, hints, devices, presences);
}

static void told_is(struct rig *r, const char *text)
{
	assert_string_equal(rig_told(r), text);
}

static void test_first_report(void **state)
{
	static const struct {
		const char *devices, *presences, *told;
	} rows[] = {
		{ RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "",
		  "7 here\n7 profile none full\n7 call gone full\n7 dnd off\n" },
		{ RIG_DEVICE("pjsip/201", "INUSE") RIG_DEVICE("Custom:DND201", "UNAVAILABLE"),
		  RIG_PRESENCE("CustomPresence:201", "away", ""),
		  "7 here\n7 profile away full\n7 call talking full\n7 dnd off\n" },
		{ RIG_DEVICE("PJSIP/201", "NOT_INUSE") RIG_DEVICE("Custom:DND201", "BUSY"),
		  RIG_PRESENCE("CustomPresence:201", "available", ""),
		  "7 here\n7 dnd on\n7 profile available full\n7 call gone full\n" },
		{ RIG_DEVICE("PJSIP/201", "UNAVAILABLE") RIG_DEVICE("Custom:DND201", "INUSE"),
		  RIG_PRESENCE("CustomPresence:999", "away", ""),
		  "7 dnd on\n7 profile none full\n7 call gone full\n7 away\n" },
		{ RIG_DEVICE("PJSIP/201", "RINGING"), RIG_PRESENCE("CustomPresence:201", "dnd", ""),
		  "7 here\n7 dnd on\n7 profile available full\n7 call ringing full\n" },
		{ RIG_DEVICE("PJSIP/201", "ONHOLD"), RIG_PRESENCE("CustomPresence:201", "not_set", ""),
		  "7 here\n7 profile none full\n7 call held full\n7 dnd off\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		open_one(&r, RIG_HINT("201", "0") RIG_HINT("202", "1"), rows[i].devices, rows[i].presences);
		told_is(&r, rows[i].told);
		rig_close(&r);
	}
}

/* FreePBX's Do Not Disturb makes the hint Busy: no call, in whatever order the two events come. */
static void test_dnd_is_no_call(void **state)
{
	static const char on_hint[] = RIG_HINT("201", "2") "\n", off_hint[] = RIG_HINT("201", "0") "\n";
	static const char on[] = RIG_DEVICE("Custom:DND201", "BUSY") "\n";
	static const char off[] = RIG_DEVICE("Custom:DND201", "UNAVAILABLE") "\n";
	static const char *const devices[] = { RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "" };

	(void)state;
	for (int known = 0; known < 2; known++) {
		for (int order = 0; order < 2; order++) {
			struct rig r;

			open_one(&r, RIG_HINT("201", "0"), devices[known], "");
			rig_told(&r);
			rig_say(&r, order ? on_hint : on);
			rig_say(&r, order ? on : on_hint);
			told_is(&r, "7 dnd on\n");
			rig_say(&r, RIG_DEVICE("PJSIP/201", "INUSE") "\n");
			told_is(&r, "7 call talking full\n");
			rig_say(&r, order ? off_hint : off);
			rig_say(&r, order ? off : off_hint);
			told_is(&r, "7 dnd off\n");
			rig_say(&r, RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n");
			told_is(&r, "7 call gone full\n");
			rig_close(&r);
		}
	}
}

static const struct {
	const char *word, *call;
	int rank;
	bool here;
} devices[] = {
	{ "UNKNOWN", "gone", 0, false },	 { "NOT_INUSE", "gone", 0, true },
	{ "INUSE", "talking", 3, true },	 { "BUSY", "talking", 3, true },
	{ "INVALID", "gone", 0, false },	 { "UNAVAILABLE", "gone", 0, false },
	{ "RINGING", "ringing", 1, true },	 { "RINGINUSE", "talking", 3, true },
	{ "ONHOLD", "held", 2, true },
};

/* Two phones, every pair of states: the busier one speaks, and one that is there is enough. */
static void test_pairs_of_devices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		for (size_t j = 0; j < ARRAY_LEN(devices); j++) {
			size_t top = devices[i].rank >= devices[j].rank ? i : j;
			char list[256], want[64];
			struct rig r;

			snprintf(list, sizeof(list), RIG_DEVICE("SIP/201", "%s") RIG_DEVICE("SIP/9201", "%s"),
				 devices[i].word, devices[j].word);
			open_one(&r,
				 "Event: ExtensionStatus\nExten: 201\nContext: x\nHint: "
				 "SIP/201&SIP/9201&SIP/201\n"
				 "Status: 4\n",
				 list, "");
			const char *told = rig_told(&r);
			snprintf(want, sizeof(want), "7 call %s full\n", devices[top].call);
			assert_non_null(strstr(told, want));
			assert_int_equal(strstr(told, "7 here\n") != NULL,
					 devices[i].here || devices[j].here);
			rig_close(&r);
		}
	}
}

/* Where devices are not told the hint's own bits must do. */
static void test_by_the_hint_alone(void **state)
{
	static const struct {
		const char *status, *call;
		bool here;
	} rows[] = {
		{ "0", "gone", true },	     { "1", "talking", true }, { "2", "talking", true },
		{ "4", "gone", false },	     { "8", "ringing", true }, { "9", "talking", true },
		{ "16", "held", true },	     { "17", "talking", true }, { "24", "held", true },
		{ "64", "gone", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char hint[256], want[64];
		struct rig r;

		rig_open(&r, NULL);
		rig_line(&r, 7, "201");
		rig_up(&r, "Challenge: x\nExtensionStateList: x\nPresenceStateList: x\nSetvar: x\n");
		rig_told(&r);
		snprintf(hint, sizeof(hint), RIG_HINT("201", "%s"), rows[i].status);
		struct buf b;
		buf_init(&b, 4096);
		buf_fmt(&b, "Response: Success\nActionID: @ExtensionStateList\nEventList: start\n\n%s"
			    "ActionID: @ExtensionStateList\n\nEvent: ExtensionStateListComplete\n"
			    "ActionID: @ExtensionStateList\nEventList: Complete\n\n", hint);
		rig_say(&r, buf_cstr(&b));
		rig_say(&r, "Response: Success\nActionID: @PresenceStateList\nEventList: start\n\n"
			    "Event: PresenceStateListComplete\nActionID: @PresenceStateList\n"
			    "EventList: Complete\nListItems: 0\n\n");
		buf_fini(&b);
		const char *told = rig_told(&r);
		snprintf(want, sizeof(want), "7 call %s full\n", rows[i].call);
		assert_non_null(strstr(told, want));
		assert_int_equal(strstr(told, "7 here\n") != NULL, rows[i].here);
		rig_say(&r, RIG_HINT("201", "1") "\n");
		assert_int_equal(strstr(rig_told(&r), "talking") != NULL,
				 strcmp(rows[i].call, "talking") != 0);
		rig_close(&r);
	}
}

static void test_profile_events(void **state)
{
	static const struct {
		const char *status, *subtype, *told;
	} rows[] = {
		{ "available", "", "7 profile available part\n" },
		{ "chat", "at my desk", "7 profile available part\n" },
		{ "away", "lunch", "7 profile away part\n" },
		{ "away", "", "7 profile away part\n" },
		{ "xa", "", "7 profile away part\n" },
		{ "dnd", "busy", "7 profile busy part\n" },
		{ "dnd", "meeting", "7 profile meeting part\n" },
		{ "dnd", "meeting-dnd", "7 profile meeting part\n" },
		{ "dnd", "", "7 dnd on\n7 profile available part\n" },
		{ "dnd", "of my own", "7 dnd on\n7 profile available part\n" },
		{ "unavailable", "", "7 profile not-available part\n" },
		{ "not_set", "", "7 profile none full\n" },
		{ "of the future", "", "7 profile none full\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char event[256];
		struct rig r;

		open_one(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
		rig_told(&r);
		snprintf(event, sizeof(event), RIG_PRESENCE("CustomPresence:201", "%s", "%s") "\n",
			 rows[i].status, rows[i].subtype);
		rig_say(&r, event);
		told_is(&r, rows[i].told);
		/* the same event by extension says nothing new */
		snprintf(event, sizeof(event),
			 "Event: PresenceStatus\nExten: 201\nContext: ext-local\nHint: "
			 "PJSIP/201,CustomPresence:201\n"
			 "Status: %s\nSubtype: %s\nMessage: \n\n",
			 rows[i].status, rows[i].subtype);
		rig_say(&r, event);
		told_is(&r, "");
		rig_close(&r);
	}
}

static void test_profile_ignored(void **state)
{
	const struct rig_setup off = { .profile_off = true };
	struct rig r;

	(void)state;
	rig_open(&r, &off);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_told(&r);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"),
		  RIG_PRESENCE("CustomPresence:201", "dnd", ""));
	told_is(&r, "7 here\n7 call gone full\n7 dnd off\n");
	rig_say(&r, RIG_PRESENCE("CustomPresence:201", "away", "") "\n");
	told_is(&r, "");
	rig_close(&r);
}

/* What its user has written beside the presence is for people to see; the next presence is without it. */
static void test_message(void **state)
{
	struct source_line_view v;
	struct rig r;

	(void)state;
	open_one(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	rig_say(&r, "Event: PresenceStateChange\nPresentity: CustomPresence:201\nStatus: away\n"
		    "Subtype: lunch\nMessage: back at one, or a little later if the queue at the "
		    "counter is as long as it was yesterday\n\n");
	assert_true(ami_source_ops.line_view(r.s, 7, &v));
	assert_string_equal(v.profile_text,
			    "back at one, or a little later if the queue at the counter is a");
	rig_say(&r, "Event: PresenceStateChange\nPresentity: CustomPresence:201\nStatus: away\nSubtype: \n"
		    "Message: back at four, or a bit later if the queue in front of that "
		    "caf\xc3\xa9 is long\n\n");
	assert_true(ami_source_ops.line_view(r.s, 7, &v));
	assert_string_equal(v.profile_text,
			    "back at four, or a bit later if the queue in front of that caf");
	rig_say(&r, RIG_PRESENCE("CustomPresence:201", "available", "") "\n");
	assert_true(ami_source_ops.line_view(r.s, 7, &v));
	assert_string_equal(v.profile_text, "");
	rig_close(&r);
}

#define IN(context, device, status)                                                                  \
	"Event: ExtensionStatus\nExten: 201\nContext: " context "\nHint: " device "\nStatus: " status "\n"

static void test_contexts(void **state)
{
	static const char hints[] =
		IN("zz", "SIP/z", "1") IN("ext-local", "SIP/local", "1") IN("aa", "SIP/a", "1");
	static const struct {
		const char *context, *number, *device;
	} rows[] = {
		{ "", "201", "SIP/local" }, { "zz", "201", "SIP/z" },
		{ "zz", "201@aa", "SIP/a" }, { "", "201@zz", "SIP/z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct rig_setup u = { .context = rows[i].context };
		char list[128];
		struct rig r;

		rig_open(&r, &u);
		rig_line(&r, 7, rows[i].number);
		rig_up(&r, NULL);
		snprintf(list, sizeof(list), RIG_DEVICE("%s", "ONHOLD"), rows[i].device);
		rig_lists(&r, hints, list, "");
		assert_non_null(strstr(rig_told(&r), "7 call held full\n"));
		rig_close(&r);
	}
}

/* Not in the list: asked for, as hints made from a pattern are listed only then. */
static void test_unknown_line(void **state)
{
	struct source_line_view v;
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_line(&r, 8, "9999");
	rig_up(&r, NULL);
	rig_told(&r);
	rig_lists(&r, RIG_HINT("300", "0"), "", "");
	const char *sent = rig_sent(&r);
	assert_non_null(strstr(
		sent,
		"Action: ExtensionState\r\nActionID: 6\r\nExten: 201\r\nContext: ext-local\r\n"));
	assert_non_null(strstr(
		sent,
		"Action: ExtensionState\r\nActionID: 7\r\nExten: 9999\r\nContext: ext-local\r\n"));
	rig_say(&r, "Response: Success\nActionID: 6\nExten: 201\nContext: ext-local\nHint: Custom:x201\n"
		    "Status: 1\nStatusText: InUse\n\n");
	rig_say(&r, "Response: Success\nActionID: 7\nExten: 9999\nContext: ext-local\nHint: "
		    "\nStatus: -1\n\n");
	rig_say(&r, "Response: Success\nActionID: 8\nEventList: start\n\nEvent: "
		    "DeviceStateListComplete\nActionID: 8\n"
		    "EventList: Complete\n\n");
	rig_say(&r, "Response: Success\nActionID: 9\nEventList: start\n\nEvent: "
		    "PresenceStateListComplete\nActionID: 9\n"
		    "EventList: Complete\n\n");
	told_is(&r, "7 here\n7 profile none full\n7 call talking full\n7 dnd off\n");
	assert_true(ami_source_ops.line_view(r.s, 8, &v));
	assert_int_equal(v.link, LINE_REFUSED);
	assert_non_null(strstr(v.reason, "add one, as exten => NUMBER,hint,"));
	/* the administrator adds it: the next event names it */
	rig_say(&r, "Event: ExtensionStatus\nExten: 9999\nContext: ext-local\nHint: SIP/9\nStatus: 0\n\n");
	rig_sent(&r);
	rig_pass(&r, 250);
	assert_non_null(strstr(rig_sent(&r), "Action: ExtensionStateList"));
	rig_close(&r);
}

/* A reload takes a hint away, and another brings it back. */
static void test_hint_removed(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
	rig_told(&r);
	rig_say(&r, RIG_HINT("201", "-1") "\n");
	told_is(&r, "7 lost\n");
	rig_say(&r, RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n");
	told_is(&r, "");
	rig_pass(&r, 250);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "ONHOLD"), "");
	told_is(&r, "7 here\n7 profile none full\n7 call held full\n7 dnd off\n");
	rig_close(&r);
}

/* Asterisk says nothing of a hint that a reload takes away, and tells again each one that stays: one of ours,
 * or where none of ours is left any other. A change is no reload. */
static void test_reload_without_a_word(void **state)
{
	static const struct {
		const char *change, *stays;
	} rows[] = {
		{ RIG_HINT("202", "1"), RIG_HINT("202", "0") },
		{ RIG_HINT("300", "8"), RIG_HINT("300", "0") },
	};
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		open_one(&r, RIG_HINT("300", "0") RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
		if (i == 0) {
			rig_line(&r, 9, "202");
			rig_pass(&r, 250);
			rig_lists(&r, RIG_HINT("300", "0") RIG_HINT("201", "0") RIG_HINT("202", "0"),
				  RIG_DEVICE("PJSIP/201", "INUSE"), "");
		}
		rig_told(&r);
		rig_pass(&r, 5001); /* not one round upon another */
		rig_sent(&r);
		rig_say(&r, rows[i].change);
		rig_say(&r, "\n");
		rig_pass(&r, 1000);
		assert_null(strstr(rig_sent(&r), "ExtensionStateList"));
		rig_say(&r, rows[i].stays);
		rig_say(&r, "\n");
		rig_pass(&r, 250);
		assert_null(strstr(rig_sent(&r), "ExtensionStateList"));
		rig_told(&r);
		rig_say(&r, rows[i].stays);
		rig_say(&r, "\n");
		rig_pass(&r, 250);
		rig_lists(&r, rows[i].stays, "", "");
		rig_say(&r, "Response: Success\nActionID: @ExtensionState\nExten: 201\nContext: ext-local\n"
			    "Hint: \nStatus: -1\n\n");
		assert_non_null(strstr(rig_told(&r), "7 lost\n"));
		rig_close(&r);
	}
}

static void test_lines_come_and_go(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
	rig_told(&r);
	rig_line(&r, 9, "202");
	assert_int_equal(ami_source_ops.add_line(r.s, 10, slice_str("202")), ERR_EXISTS);
	assert_int_equal(ami_source_ops.add_line(r.s, 10, slice_str("20\r\n2")), ERR_MALFORMED);
	assert_int_equal(ami_source_ops.add_line(r.s, 10, slice_str("@x")), ERR_MALFORMED);
	rig_pass(&r, 250);
	ami_source_ops.remove_line(r.s, 7);
	rig_lists(&r, RIG_HINT("201", "0") RIG_HINT("202", "8"), RIG_DEVICE("PJSIP/202", "RINGING"), "");
	told_is(&r, "9 here\n9 profile none full\n9 call ringing full\n9 dnd off\n");
	rig_say(&r, RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n");
	told_is(&r, "");
	rig_close(&r);
}

/* The engine asks anew: the line is told in full although nothing has changed. */
static void test_resync(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
	rig_told(&r);
	ami_source_ops.resync_line(r.s, 7);
	rig_pass(&r, 5001);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
	told_is(&r, "7 here\n7 call talking full\n7 dnd off\n");
	rig_close(&r);
}

/* A thousand lines, the lists in bytes of any cut; then every line by events. */
static void test_a_thousand_lines(void **state)
{
	struct buf hints, states;
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	buf_init(&hints, 1 << 20);
	buf_init(&states, 1 << 20);
	for (uint32_t i = 0; i < 1000; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", 3000 + i);
		rig_line(&r, i, number);
		buf_fmt(&hints, RIG_HINT("%u", "0"), 3000 + i, 3000 + i, 3000 + i, 3000 + i);
		buf_fmt(&states, RIG_DEVICE("PJSIP/%u", "INUSE") "\n", 3000 + i);
	}
	rig_up(&r, NULL);
	rig_told(&r);
	rig_lists(&r, buf_cstr(&hints), "", "");
	uint32_t full = 0;
	for (const char *p = rig_told(&r); (p = strstr(p, "call gone full")); p++)
		full++;
	assert_int_equal(full, 1000);
	rig_say(&r, buf_cstr(&states));
	full = 0;
	for (const char *p = rig_told(&r); (p = strstr(p, "call talking full")); p++)
		full++;
	assert_int_equal(full, 1000);
	buf_fini(&hints);
	buf_fini(&states);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_report),
		cmocka_unit_test(test_dnd_is_no_call),
		cmocka_unit_test(test_pairs_of_devices),
		cmocka_unit_test(test_by_the_hint_alone),
		cmocka_unit_test(test_profile_events),
		cmocka_unit_test(test_profile_ignored),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_unknown_line),
		cmocka_unit_test(test_hint_removed),
		cmocka_unit_test(test_reload_without_a_word),
		cmocka_unit_test(test_lines_come_and_go),
		cmocka_unit_test(test_resync),
		cmocka_unit_test(test_a_thousand_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
