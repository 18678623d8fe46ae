/* The profile to the switch, and Do Not Disturb along with it. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

static const char *const while_meeting[] = { "meeting" };
static const struct rig_setup with_dnd = { .dnd_while = while_meeting, .dnd_while_n = 1 };
static const struct rig_setup dnd_only = { .dnd_while = while_meeting,
					   .dnd_while_n = 1,
					   .set = "" };

#define DONE(service) "<" service "Response/>"
#define DND(on) RIG_EVENT("DoNotDisturb", "x1", "<doNotDisturbOn>" on "</doNotDisturbOn>")
#define UNTIL(word, element, text)                                                                  \
	RIG_EVENT("PresenceState", "x1",                                                           \
		  "<presenceState>" word "</presenceState><" element ">" text "</" element ">")
#define PRESENCE(word) RIG_EVENT("PresenceState", "x1", "<presenceState>" word "</presenceState>")

static void write(struct rig *r, enum profile p, uint32_t generation)
{
	const struct profile_write w = { .state = (uint8_t)p,
					 .until_wall_ms = TIME_NEVER,
					 .generation = generation };

	csta_source_ops.write_profile(r->s, 7, &w);
	rig_pass(r, 0);
}

static void told_is(struct rig *r, const char *text)
{
	assert_string_equal(rig_told(r), text);
}

static void sent_is(struct rig *r, const char *text)
{
	assert_string_equal(rig_sent(r), text);
}

static void test_every_profile(void **state)
{
	static const struct {
		enum profile profile;
		const char *sent;
	} words[] = {
		{ PROFILE_AVAILABLE, "SetPresenceState 201 available\n" },
		{ PROFILE_AWAY, "SetPresenceState 201 away\n" },
		{ PROFILE_BUSY, "SetPresenceState 201 busy\n" },
		{ PROFILE_NOT_AVAILABLE, "SetPresenceState 201 offline\n" },
		{ PROFILE_MEETING, "SetPresenceState 201 meeting\n" },
	};
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[80];

		write(&r, words[i].profile, 40 + i);
		sent_is(&r, words[i].sent);
		told_is(&r, "");
		rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
		snprintf(text, sizeof(text), "7 written %u accepted\n", 40 + i);
		told_is(&r, text);
	}
	rig_close(&r);
}

static void test_refused(void **state)
{
	const struct rig_setup set = { .set = "" };
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	write(&r, PROFILE_AWAY, 5);
	rig_answer(&r, "SetPresenceState", RIG_ERROR("stateIncompatibility", "invalidObjectState"));
	told_is(&r, "7 written 5 refused: stateIncompatibility: invalidObjectState\n");
	write(&r, PROFILE_AWAY, 6);
	rig_answer(&r, "SetPresenceState", RIG_ERROR("operation", "serviceNotSupported"));
	told_is(&r, "7 written 6 refused: operation: serviceNotSupported\n");
	write(&r, PROFILE_AWAY, 7); /* a write is always tried: a person waits for it */
	sent_is(&r, "SetPresenceState 201 away\nSetPresenceState 201 away\nSetPresenceState 201 "
		    "away\n");
	rig_answer(&r, "SetPresenceState", "unreadable");
	told_is(&r, "note bad_body: message of the switch: malformed\n"
		    "7 written 7 refused: unreadable answer\n");
	rig_close(&r);

	rig_open_one(&r, &set);
	write(&r, PROFILE_AWAY, 5);
	told_is(&r, "7 written 5 refused: the connector names no profile_set and no dnd_while\n");
	rig_close(&r);
}

/* After a start: the write comes before the switch has said what it holds. */
static void test_overtakes_the_question(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &with_dnd);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart", "<MonitorStartResponse><monitorCrossRefID>x1</monitorCrossRefID>"
				       "</MonitorStartResponse>");
	rig_answer(&r, "GetDoNotDisturb", "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn>"
					  "</GetDoNotDisturbResponse>");
	rig_sent(&r);
	write(&r, PROFILE_AVAILABLE, 5);
	rig_answer(&r, "GetPresenceState", "<GetPresenceStateResponse><presenceState>meeting</presenceState>"
					   "</GetPresenceStateResponse>");
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	sent_is(&r, "GetForwarding 201\nSnapshotDevice 201\nSetPresenceState 201 available\n"
		    "SetDoNotDisturb 201 false\n");
	told_is(&r, "7 dnd off\n7 written 5 accepted\n");
	rig_close(&r);
}

static void test_no_word(void **state)
{
	static const char *const rows[] = { "Absent=away", "PrivateEvent/a@In=busy" };
	const struct rig_setup setup = { .profiles = rows, .profiles_n = ARRAY_LEN(rows) };
	struct rig r;

	(void)state;
	rig_open_one(&r, &setup);
	write(&r, PROFILE_BUSY, 5);
	told_is(&r, "7 written 5 refused: the connector's profiles have no word for it\n");
	write(&r, PROFILE_AWAY, 6);
	sent_is(&r, "SetPresenceState 201 Absent\n");
	rig_close(&r);
}

/* Both ways, and by another name; what says no zone says nothing. */
static void test_the_end(void **state)
{
	const struct rig_setup own = { .until = "endTime" }, none = { .until = "" };
	const struct profile_write w = {
		.state = PROFILE_AWAY, .until_wall_ms = 1795528800000, .generation = 5
	};
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	csta_source_ops.write_profile(r.s, 7, &w);
	sent_is(&r, "SetPresenceState 201 away 2026-11-24T14:00:00Z\n");
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "7 written 5 accepted\n");
	rig_event(&r, UNTIL("away", "untilTime", "2026-11-24T15:00:00+01:00"));
	told_is(&r, "7 profile away part until 1795528800000\n");
	rig_event(&r, UNTIL("busy", "untilTime", "2026-11-24T15:00:00"));
	told_is(&r, "note unsupported: the profile's end 2026-11-24T15:00:00 is no instant such as "
		    "2026-11-24T14:00:00Z\n7 profile busy part\n");
	rig_event(&r, UNTIL("away", "untilTime", ""));
	told_is(&r, "7 profile away part\n");
	csta_source_ops.resync_line(r.s, 7);
	rig_answer(&r, "GetDoNotDisturb", "<GetDoNotDisturbResponse/>");
	rig_answer(&r, "GetPresenceState",
		   "<GetPresenceStateResponse><presenceState>busy</presenceState>"
		   "<untilTime>2026-11-24T14:00:00.5Z</untilTime></GetPresenceStateResponse>");
	told_is(&r, "7 profile busy full until 1795528800500\n");
	rig_close(&r);

	rig_open_one(&r, &own);
	csta_source_ops.write_profile(r.s, 7, &w);
	sent_is(&r, "SetPresenceState 201 away 2026-11-24T14:00:00Z\n");
	rig_event(&r, UNTIL("busy", "endTime", "2026-11-24T14:00:00Z"));
	told_is(&r, "7 profile busy part until 1795528800000\n");
	rig_close(&r);

	rig_open_one(&r, &none);
	csta_source_ops.write_profile(r.s, 7, &w);
	sent_is(&r, "SetPresenceState 201 away\n");
	rig_event(&r, UNTIL("busy", "untilTime", "2026-11-24T14:00:00Z"));
	told_is(&r, "7 profile busy part\n");
	rig_close(&r);
}

static void test_unsure(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	write(&r, PROFILE_AWAY, 5);
	rig_pass(&r, 10000);
	rig_say(&r, 1, "<SystemStatus/>");
	rig_pass(&r, 10000);
	told_is(&r, "7 written 5 unsure: no answer from the pbx\n");
	rig_sent(&r);
	write(&r, PROFILE_BUSY, 6); /* and the line goes on */
	sent_is(&r, "SetPresenceState 201 busy\n");
	rig_feed(&r, FEED_CLOSED, SLICE_NONE); /* OUT_DOWN says it */
	told_is(&r, "down\nnote disconnected: gone\n");
	write(&r, PROFILE_AWAY, 7);
	told_is(&r, "7 written 7 unsure: not connected\n");
	rig_close(&r);
}

static void test_newer_replaces_older(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	write(&r, PROFILE_AWAY, 5);
	write(&r, PROFILE_BUSY, 6);
	told_is(&r, "7 written 5 unsure: a newer one took its place\n");
	write(&r, PROFILE_MEETING, 7);
	told_is(&r, "7 written 6 unsure: a newer one took its place\n");
	sent_is(&r, "SetPresenceState 201 away\n"); /* one at a time */
	rig_answer(&r, "SetPresenceState", RIG_ERROR("operation", "of the old one"));
	told_is(&r, "");
	sent_is(&r, "SetPresenceState 201 meeting\n");
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "7 written 7 accepted\n");
	rig_close(&r);
}

/* A write waits for the line's steps, and for its monitor it need not. */
static void test_in_the_middle_of_steps(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	csta_source_ops.resync_line(r.s, 7);
	write(&r, PROFILE_AWAY, 5);
	sent_is(&r, "GetDoNotDisturb 201\n");
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	rig_answer(&r, "SetPresenceState 201 away", DONE("SetPresenceState"));
	told_is(&r, "7 written 5 accepted\n");
	rig_say(&r, 7, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	rig_told(&r);
	write(&r, PROFILE_BUSY, 6);
	rig_answer(&r, "SetPresenceState 201 busy", DONE("SetPresenceState"));
	told_is(&r, "7 written 6 accepted\n");
	rig_close(&r);
}

static void test_monitor_ends_meanwhile(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	write(&r, PROFILE_AWAY, 5);
	rig_say(&r, 7, "<MonitorStop><monitorCrossRefID>x1</monitorCrossRefID></MonitorStop>");
	told_is(&r, "7 written 5 unsure: the switch ended the monitor\n"
		    "note subscription_gone: the switch ended the monitor\n7 lost\n");
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "");
	rig_close(&r);
}

/* ---- Do Not Disturb along with it ---- */

static void test_on_and_off(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &with_dnd);
	write(&r, PROFILE_MEETING, 5);
	sent_is(&r, "SetPresenceState 201 meeting\n");
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	sent_is(&r, "SetDoNotDisturb 201 true\n");
	told_is(&r, "");
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd on\n7 written 5 accepted\n");
	write(&r, PROFILE_AVAILABLE, 6); /* before any event has told of the first */
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	sent_is(&r, "SetPresenceState 201 available\nSetDoNotDisturb 201 false\n");
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n7 written 6 accepted\n");
	write(&r, PROFILE_BUSY, 7);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "7 written 7 accepted\n");
	rig_close(&r);
}

static void test_nothing_but_dnd(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &dnd_only);
	write(&r, PROFILE_MEETING, 5);
	sent_is(&r, "SetDoNotDisturb 201 true\n");
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd on\n7 written 5 accepted\n");
	write(&r, PROFILE_MEETING, 6);
	told_is(&r, "7 written 6 accepted\n");
	write(&r, PROFILE_AWAY, 7);
	sent_is(&r, "SetDoNotDisturb 201 false\n");
	rig_answer(&r, "SetDoNotDisturb", RIG_ERROR("operation", "x"));
	told_is(&r, "7 written 7 refused: profile set, Do Not Disturb refused: operation: x\n");
	write(&r, PROFILE_AWAY, 8);
	sent_is(&r, "SetDoNotDisturb 201 false\n"); /* it is ours still */
	rig_close(&r);
}

static void test_a_persons_dnd_is_left_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &with_dnd);
	rig_event(&r, DND("true"));
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	write(&r, PROFILE_AVAILABLE, 6);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "7 dnd on\n7 written 5 accepted\n7 written 6 accepted\n");
	sent_is(&r, "SetPresenceState 201 meeting\nSetPresenceState 201 available\n");
	rig_close(&r);
}

/* Switched off by the person, and on again: no longer ours. */
static void test_taken_over_by_the_person(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &dnd_only);
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	rig_event(&r, DND("true"));
	rig_event(&r, DND("false"));
	rig_event(&r, DND("true"));
	rig_told(&r);
	write(&r, PROFILE_AVAILABLE, 6);
	told_is(&r, "7 written 6 accepted\n");
	rig_close(&r);
}

/* The person ends the meeting at the phone: what came with it goes with it. */
static void test_released(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &with_dnd);
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	rig_event(&r, PRESENCE("meeting"));
	rig_event(&r, DND("true"));
	rig_told(&r);
	rig_sent(&r);
	rig_event(&r, PRESENCE("available"));
	sent_is(&r, "SetDoNotDisturb 201 false\n");
	told_is(&r, "7 profile available part\n");
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n"); /* nobody's write */
	rig_event(&r, PRESENCE("away"));
	sent_is(&r, "");
	rig_close(&r);
}

/* After a restart of ours the switch's own word tells whose it is. */
static void test_known_after_a_restart(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &with_dnd);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart",
		   "<MonitorStartResponse><monitorCrossRefID>x1</monitorCrossRefID></"
		   "MonitorStartResponse>");
	rig_answer(&r, "GetDoNotDisturb",
		   "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></"
		   "GetDoNotDisturbResponse>");
	rig_answer(&r, "GetPresenceState",
		   "<GetPresenceStateResponse><presenceState>meeting</presenceState>"
		   "</GetPresenceStateResponse>");
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	write(&r, PROFILE_AWAY, 5);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	rig_answer(&r, "SetDoNotDisturb 201 false", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n7 written 5 accepted\n");
	rig_close(&r);
}

/* Somebody has ended the profile meanwhile: the engine tells whose the Do Not Disturb is. */
static void test_told_after_a_restart(void **state)
{
	struct profile_write w = { .state = PROFILE_BUSY, .until_wall_ms = TIME_NEVER, .generation = 5 };
	struct rig r;

	(void)state;
	rig_open_one(&r, &with_dnd);
	rig_event(&r, PRESENCE("busy"));
	rig_event(&r, DND("true"));
	rig_told(&r);
	csta_source_ops.write_profile(r.s, 7, &w);
	rig_pass(&r, 0);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	told_is(&r, "7 written 5 accepted\n"); /* for all it knows a person has switched it on */
	w.generation = 6;
	w.dnd_ours = true;
	csta_source_ops.write_profile(r.s, 7, &w);
	rig_pass(&r, 0);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	rig_answer(&r, "SetDoNotDisturb 201 false", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n7 written 6 accepted\n");
	rig_close(&r);
}

/* ---- two writes cross ---- */

/* The first one's Do Not Disturb is under way when the second comes. */
static void test_replaced_while_switching_on(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &with_dnd);
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetPresenceState", DONE("SetPresenceState"));
	write(&r, PROFILE_AVAILABLE, 6);
	told_is(&r, "7 written 5 unsure: a newer one took its place\n");
	rig_answer(&r, "SetDoNotDisturb 201 true", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd on\n");
	rig_answer(&r, "SetPresenceState 201 available", DONE("SetPresenceState"));
	rig_answer(&r, "SetDoNotDisturb 201 false", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n7 written 6 accepted\n");
	rig_close(&r);
}

static void test_replaced_while_switching_off(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &dnd_only);
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	write(&r, PROFILE_AVAILABLE, 6);
	write(&r, PROFILE_MEETING, 7);
	rig_told(&r);
	rig_answer(&r, "SetDoNotDisturb 201 false", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n");
	rig_answer(&r, "SetDoNotDisturb 201 true", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd on\n7 written 7 accepted\n");
	rig_close(&r);
}

static void test_released_while_replaced(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, &dnd_only);
	write(&r, PROFILE_MEETING, 5);
	rig_answer(&r, "SetDoNotDisturb", DONE("SetDoNotDisturb"));
	rig_event(&r, PRESENCE("available"));
	rig_told(&r);
	write(&r, PROFILE_MEETING, 6); /* while it is being switched off */
	rig_answer(&r, "SetDoNotDisturb 201 false", DONE("SetDoNotDisturb"));
	rig_answer(&r, "SetDoNotDisturb 201 true", DONE("SetDoNotDisturb"));
	told_is(&r, "7 dnd off\n7 dnd on\n7 written 6 accepted\n");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_profile),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_overtakes_the_question), cmocka_unit_test(test_no_word),
		cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_newer_replaces_older),
		cmocka_unit_test(test_in_the_middle_of_steps),
		cmocka_unit_test(test_monitor_ends_meanwhile),
		cmocka_unit_test(test_on_and_off),
		cmocka_unit_test(test_nothing_but_dnd),
		cmocka_unit_test(test_a_persons_dnd_is_left_alone),
		cmocka_unit_test(test_taken_over_by_the_person),
		cmocka_unit_test(test_released),
		cmocka_unit_test(test_known_after_a_restart),
		cmocka_unit_test(test_told_after_a_restart),
		cmocka_unit_test(test_replaced_while_switching_on),
		cmocka_unit_test(test_replaced_while_switching_off),
		cmocka_unit_test(test_released_while_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
