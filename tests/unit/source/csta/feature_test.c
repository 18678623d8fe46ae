/* Do Not Disturb, forwarding, service, and the profile as the switch tells it. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

#define DND(on) RIG_EVENT("DoNotDisturb", "x1", "<doNotDisturbOn>" on "</doNotDisturbOn>")
#define PRESENCE(word) RIG_EVENT("PresenceState", "x1", "<presenceState>" word "</presenceState>")
#define FORWARD(type, on, to)                                                                      \
	"<forwardingType>" type "</forwardingType><forwardStatus>" on "</forwardStatus>" to

static void tells(struct rig *r, const char *xml, const char *told)
{
	rig_event(r, xml);
	if (strcmp(buf_cstr(&r->told), told) != 0)
		fail_msg("%s: %s", xml, buf_cstr(&r->told));
	rig_told(r);
}

static void test_dnd(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	tells(&r, DND("true"), "7 dnd on\n");
	tells(&r, DND("FALSE"), "7 dnd off\n");
	tells(&r, DND("1"), "7 dnd on\n");
	tells(&r, DND("maybe"), "");
	tells(&r, RIG_EVENT("DoNotDisturb", "x1", ""), "");
	assert_int_equal(rig_view(&r).counters[NOTE_BAD_BODY], 2);
	tells(&r, RIG_EVENT("DoNotDisturb", "x9", "<doNotDisturbOn>false</doNotDisturbOn>"), "");
	assert_int_equal(rig_view(&r).counters[NOTE_LINE_STRANGE], 1);
	rig_close(&r);
}

/* A vendor's event may name the device and no monitor. */
static void test_without_a_reference(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_line(&r, 8, "N<202>");
	tells(&r,
	      "<DoNotDisturbEvent><device><deviceIdentifier>N&lt;201!9&gt;</deviceIdentifier></"
	      "device>"
	      "<doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>",
	      "7 dnd on\n");
	tells(&r,
	      "<DoNotDisturbEvent><device>201</device><doNotDisturbOn>false</doNotDisturbOn>"
	      "</DoNotDisturbEvent>",
	      "7 dnd off\n");
	tells(&r,
	      "<DoNotDisturbEvent><device>N&lt;202&gt;</device><doNotDisturbOn>true</"
	      "doNotDisturbOn>"
	      "</DoNotDisturbEvent>",
	      "8 dnd on\n");
	tells(&r,
	      "<DoNotDisturbEvent><device>999</device><doNotDisturbOn>true</doNotDisturbOn>"
	      "</DoNotDisturbEvent>",
	      "");
	tells(&r, "<DoNotDisturbEvent><doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>",
	      "");
	rig_close(&r);
}

static void test_forwarding(void **state)
{
#define EVENT(type, on, to) RIG_EVENT("Forwarding", "x1", FORWARD(type, on, to))
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_line(&r, 8, "202");
	tells(&r, EVENT("forwardImmediate", "true", "<forwardDN>+41791234567</forwardDN>"),
	      "7 forward external\n");
	tells(&r, EVENT("forwardImmediate", "true", "<forwardTo>N&lt;202&gt;</forwardTo>"),
	      "7 forward internal\n");
	tells(&r, EVENT("forwardBusy", "true", "<forwardDN>202</forwardDN>"), "");
	tells(&r, EVENT("forwardNoAns", "false", ""), "");
	tells(&r, EVENT("forwardImmediate", "perhaps", ""), "");
	tells(&r, EVENT("forwardImmediate", "false", ""), "7 forward none\n");
	tells(&r, RIG_EVENT("Forwarding", "x1", "<forwardStatus>true</forwardStatus>"),
	      "7 forward external\n");
	rig_close(&r);
}

static void forward_answer(struct rig *r, const char *xml, const char *told)
{
	csta_source_ops.resync_line(r->s, 7);
	assert_true(rig_is_asked(r, "GetDoNotDisturb"));
	rig_answer(r, "GetDoNotDisturb", "<GetDoNotDisturbResponse/>");
	rig_answer(r, "GetPresenceState", "<GetPresenceStateResponse/>");
	rig_told(r);
	rig_answer(r, "GetForwarding", xml);
	assert_string_equal(rig_told(r), told);
	rig_snapshot(r, "201", "");
	rig_told(r);
}

/* What the list does not have is off, so that what was forwarded during a lost link does not stay.
 */
static void test_forwarding_asked(void **state)
{
#define ITEM(...) "<forwardListItem>" FORWARD(__VA_ARGS__) "</forwardListItem>"
#define LIST(items)                                                                                \
	"<GetForwardingResponse><forwardingList>" items "</forwardingList></"                      \
							"GetForwardingResponse>"
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	forward_answer(&r,
		       LIST(ITEM("forwardBusy", "true", "<forwardDN>5</forwardDN>")
				    ITEM("forwardImmediate", "true", "<forwardDN>5</forwardDN>")
					    ITEM("forwardNoAns", "false", "")),
		       "7 forward external\n");
	forward_answer(&r, LIST(ITEM("forwardBusy", "true", "<forwardDN>5</forwardDN>")),
		       "7 forward none\n");
	forward_answer(&r, LIST(ITEM("forwardImmediate", "false", "")), "7 forward none\n");
	forward_answer(&r, "<GetForwardingResponse/>", "7 forward none\n");
	rig_close(&r);
}

static void test_service(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	tells(&r, RIG_EVENT("OutOfService", "x1", "<device>201</device>"), "7 away\n");
	tells(&r, RIG_EVENT("BackInService", "x1", ""), "7 here\n");
	tells(&r, RIG_EVENT("OutOfService", "x1", ""), "7 away\n");
	rig_feed(&r, FEED_CLOSED, SLICE_NONE);
	rig_up(&r);
	rig_told(&r);
	rig_monitor(&r, "201", "x1");
	assert_non_null(strstr(rig_told(&r), "7 here\n")); /* nobody can be asked */
	rig_close(&r);
}

/* ---- the profile ---- */

/* The first word is what the switch holds, the next ones are changes. */
static void test_profile(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	tells(&r, PRESENCE("meeting"), "7 profile meeting part\n");
	tells(&r, PRESENCE("vacation"), "7 profile away part\n");
	tells(&r, PRESENCE("unknown"), "7 profile none full\n");
	tells(&r, PRESENCE("applicationSpecified3"),
	      "note unsupported: a profile word that is in no row of profiles; offhook capture "
	      "shows it\n");
	tells(&r, PRESENCE(""), "");
	csta_source_ops.resync_line(r.s, 7);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
	rig_steps(&r, "201");
	assert_non_null(strstr(rig_told(&r), "7 profile available full\n"));
	rig_close(&r);
}

static void test_profile_not_read(void **state)
{
	const struct rig_setup off = { .profile_off = true };
	struct rig r;

	(void)state;
	rig_open_one(&r, &off);
	tells(&r, PRESENCE("meeting"), "");
	tells(&r, PRESENCE("a strange one"), "");
	rig_close(&r);
}

/* Where nobody can be asked: no statement, until the first event, which is what the switch holds.
 */
static void test_profile_by_events_only(void **state)
{
	const struct rig_setup setup = { .get = "" };
	struct rig r;

	(void)state;
	rig_open(&r, &setup);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_told(&r);
	tells(&r, PRESENCE("away"), "7 profile away full\n");
	rig_snapshot(&r, "201", "");
	assert_string_equal(rig_told(&r), "7 call - gone full\n");
	tells(&r, PRESENCE("busy"), "7 profile busy part\n");
	rig_close(&r);
	rig_open_one(&r, &setup);
	tells(&r, PRESENCE("away"), "7 profile away full\n");
	csta_source_ops.resync_line(r.s, 7);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
	rig_steps(&r, "201");
	rig_told(&r);
	rig_snapshot(&r, "201", "");
	assert_string_equal(rig_told(&r), "7 call - gone full\n");
	rig_close(&r);
}

/* MiVoice Office 400 tells it, if at all, by elements of its own. */
static void test_profile_of_a_vendor(void **state)
{
	static const char *const rows[] = { "Absent=away", "Lunch=ignore",
					    "EstablishedEvent/mood@glum=busy",
					    "PrivateEvent/data/state@5=meeting",
					    "PrivateEvent/data/state@6=none" };
	const struct rig_setup setup = { .at = "DoNotDisturbEvent/extensions/profile",
					 .get = "GetUserProfile",
					 .profiles = rows,
					 .profiles_n = ARRAY_LEN(rows) };
	struct rig r;

	(void)state;
	rig_open(&r, &setup);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart",
		   "<MonitorStartResponse><monitorCrossRefID>x1</monitorCrossRefID></"
		   "MonitorStartResponse>");
	rig_answer(&r, "GetDoNotDisturb", "<GetDoNotDisturbResponse/>");
	rig_told(&r);
	rig_answer(&r, "GetUserProfile 201",
		   "<GetUserProfileResponse><extensions><profile>ABSENT</profile></extensions>"
		   "</GetUserProfileResponse>");
	assert_string_equal(rig_told(&r), "7 profile away full\n");
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_told(&r);
	tells(&r,
	      RIG_EVENT("DoNotDisturb", "x1",
			"<doNotDisturbOn>true</doNotDisturbOn><extensions><profile>"
			"Absent</profile></extensions>"),
	      "7 dnd on\n7 profile away part\n");
	tells(&r, DND("false"), "7 dnd off\n");
	tells(&r,
	      RIG_EVENT("DoNotDisturb", "x1",
			"<doNotDisturbOn>true</doNotDisturbOn><extensions><profile>"
			"Lunch</profile></extensions>"),
	      "7 dnd on\n");
	tells(&r, RIG_EVENT("Private", "x1", "<x><data><state>5</state></data></x>"),
	      "7 profile meeting part\n");
	tells(&r, RIG_EVENT("Private", "x1", "<data><state>6</state></data>"),
	      "7 profile none full\n");
	tells(&r, RIG_EVENT("Private", "x1", "<data><state>7</state></data>"), "");
	tells(&r,
	      RIG_EVENT("Established", "x1",
			RIG_CONNECTION("establishedConnection", "1", "201") "<mood>glum</mood>"),
	      "7 call a talking part\n7 profile busy part\n");
	rig_close(&r);
}

static void test_strange_answer(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	csta_source_ops.resync_line(r.s, 7);
	assert_true(rig_is_asked(&r, "GetDoNotDisturb"));
	rig_answer(&r, "GetDoNotDisturb",
		   "<GetDoNotDisturbResponse><doNotDisturbOn>x</doNotDisturbOn></"
		   "GetDoNotDisturbResponse>");
	rig_answer(&r, "GetPresenceState",
		   "<GetPresenceStateResponse><presenceState>glum</presenceState></"
		   "GetPresenceStateResponse>");
	assert_string_equal(rig_told(&r),
			    "note unsupported: a profile word that is in no row of profiles; "
			    "offhook capture shows it\n");
	rig_close(&r);
}

#define ONLY "DoNotDisturbEvent/doNotDisturbOn@"
#define DND_IS(on)                                                                                 \
	"<GetDoNotDisturbResponse><doNotDisturbOn>" on "</doNotDisturbOn></GetDoNotDisturbResponse>"
#define FORWARD_IS(on)                                                                             \
	"<GetForwardingResponse><forwardListItem><forwardingType>forwardImmediate</forwardingType>"    \
	"<forwardStatus>" on "</forwardStatus></forwardListItem></GetForwardingResponse>"

/* A switch that keeps no profile, but features that stand for one: what they are is asked, so that a
 * change while the link was down, or an event that never came, is found. */
static void test_features_stand_for_the_profile(void **state)
{
	static const char *const rows[] = { ONLY "true=not-available", ONLY "false=available",
					    "ForwardingEvent/forwardStatus@true=away",
					    "ForwardingEvent/forwardStatus@false=available" };
	static const struct {
		const char *dnd, *forward, *told;
	} turns[] = {
		{ DND_IS("false"), FORWARD_IS("false"), "7 profile available full\n" },
		{ DND_IS("false"), FORWARD_IS("true"), "7 profile away full\n" },
		{ DND_IS("true"), FORWARD_IS("true"), "7 profile not-available full\n" },
		{ DND_IS("true"), FORWARD_IS("true"), NULL },
		{ DND_IS("false"), FORWARD_IS("true"), "7 profile away full\n" },
		{ DND_IS("false"), "<GetForwardingResponse/>", "7 profile available full\n" },
	};
	const struct rig_setup only = {
		.get = "", .set = "", .profiles = rows, .profiles_n = ARRAY_LEN(rows)
	};
	struct rig r;

	(void)state;
	rig_open(&r, &only);
	rig_line(&r, 7, "201");
	rig_up(&r);
	rig_answer(&r, "MonitorStart",
		   "<MonitorStartResponse><monitorCrossRefID>x1</monitorCrossRefID></MonitorStartResponse>");
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		if (i)
			csta_source_ops.resync_line(r.s, 7);
		rig_told(&r);
		rig_answer(&r, "GetDoNotDisturb", turns[i].dnd);
		rig_answer(&r, "GetForwarding", turns[i].forward);
		rig_snapshot(&r, "201", "");
		const char *told = rig_told(&r);
		if (turns[i].told ? !strstr(told, turns[i].told) : strstr(told, "profile") != NULL)
			fail_msg("turn %zu: %s", i, told);
	}
	/* what an event has told is no news */
	rig_event(&r, RIG_EVENT("DoNotDisturb", "x1", "<doNotDisturbOn>true</doNotDisturbOn>"));
	assert_non_null(strstr(rig_told(&r), "7 profile not-available part\n"));
	csta_source_ops.resync_line(r.s, 7);
	rig_answer(&r, "GetDoNotDisturb", DND_IS("true"));
	rig_answer(&r, "GetForwarding", FORWARD_IS("false"));
	rig_snapshot(&r, "201", "");
	assert_null(strstr(rig_told(&r), "profile"));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dnd),
		cmocka_unit_test(test_without_a_reference),
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_forwarding_asked),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_profile_not_read),
		cmocka_unit_test(test_profile_by_events_only),
		cmocka_unit_test(test_profile_of_a_vendor),
		cmocka_unit_test(test_strange_answer),
		cmocka_unit_test(test_features_stand_for_the_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
