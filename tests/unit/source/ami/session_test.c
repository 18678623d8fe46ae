/* The life of the connection: log-in, rights, keep-alive, losses. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

#define EMPTY "", "", ""

static void test_log_in_by_challenge(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_pass(&r, 0);
	assert_string_equal(rig_told(&r), "connect pbx:15038 tcp\n");
	rig_feed(&r, FEED_CONNECTED, "");
	assert_string_equal(rig_sent(&r), "");
	rig_feed(&r, FEED_BYTES, "Asterisk Call Ma");
	rig_feed(&r, FEED_BYTES, "nager/11.0.0\r\n");
	assert_string_equal(rig_sent(&r), "Action: Challenge\r\nActionID: 1\r\nAuthType: MD5\r\n\r\n");
	rig_say(&r, "Response: Success\nActionID: 1\nChallenge: 200789188\n\n");
	assert_string_equal(rig_sent(&r),
			    "Action: Login\r\nActionID: 2\r\nUsername: bridge\r\nAuthType: MD5\r\n"
			    "Key: 36f1dca60af7673337b8309a288c01ad\r\nEvents: off\r\n\r\n");
	rig_say(&r, "Response: Success\nActionID: 2\nMessage: Authentication accepted\n\n");
	assert_string_equal(rig_sent(&r), "Action: ListCommands\r\nActionID: 3\r\n\r\n");
	rig_say(&r, "Response: Success\nActionID: 3\nFilter: x\nSetvar: x\nDeviceStateList: x\n"
		    "ExtensionStateList: x\nPresenceStateList: x\n\n");
	assert_non_null(
		strstr(rig_sent(&r),
		       "Action: Filter\r\nActionID: 4\r\nOperation: Add\r\nFilter: Event: ("));
	rig_say(&r, "Response: Error\nActionID: 4\nMessage: no\n\n");
	assert_string_equal(rig_told(&r), "");
	rig_say(&r, "Response: Success\nActionID: 5\nEvents: On\n\n");
	assert_string_equal(rig_sent(&r), "Action: ExtensionStateList\r\nActionID: 6\r\n\r\n");
	assert_non_null(strstr(rig_told(&r), "up\nnote connected: 192.0.2.1 port 5038\n"));
	rig_close(&r);
}

#define COMMANDS(list) \
	"Response: Success\nActionID: @ListCommands\nChallenge: x\nExtensionStateList: x\n" list "\n"

/* A PBX that is starting takes log-ins before its modules are loaded: then it has no states yet, and refuses
 * to set one. It is up for us once it can list them. */
static void test_a_pbx_that_is_starting(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "Asterisk Call Manager/11.0.0\n");
	rig_say(&r, "Response: Success\nActionID: @Challenge\nChallenge: 200789188\n\n");
	rig_say(&r, "Response: Success\nActionID: @Login\nMessage: Authentication accepted\n\n");
	rig_told(&r);
	rig_say(&r, COMMANDS("Setvar: x\n"));
	rig_sent(&r);
	for (int i = 0; i < 25; i++) { /* longer than any other log-in may take */
		assert_string_equal(rig_sent(&r), "");
		rig_pass(&r, 1000);
		rig_say(&r, COMMANDS("Setvar: x\nDeviceStateList: x\n"));
		assert_non_null(strstr(rig_sent(&r), "Action: ListCommands\r\n"));
	}
	assert_string_equal(rig_told(&r), "");
	rig_pass(&r, 1000);
	rig_say(&r, COMMANDS("Setvar: x\nDeviceStateList: x\nPresenceStateList: x\n"));
	rig_say(&r, "Response: Success\nActionID: @Events\nEvents: On\n\n");
	assert_non_null(strstr(rig_told(&r), "up\n"));
	rig_close(&r);
}

/* One that lacks a module costs that waiting once, and is asked again; an account that may list nothing
 * never waits. */
static void test_modules_that_never_come(void **state)
{
	static const char *const without =
		"Challenge: x\nDeviceStateList: x\nExtensionStateList: x\nSetvar: x\n";
	struct rig r;
	int64_t start;

	(void)state;
	rig_open(&r, NULL);
	start = r.now_ms;
	rig_up(&r, without);
	assert_int_equal(r.now_ms - start, 30000);
	rig_feed(&r, FEED_CLOSED, "");
	rig_told(&r);
	rig_sent(&r);
	while (!strstr(rig_told(&r), "connect"))
		rig_pass(&r, 100);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "Asterisk Call Manager/11.0.0\n");
	rig_say(&r, "Response: Success\nActionID: @Challenge\nChallenge: 200789188\n\n");
	rig_say(&r, "Response: Success\nActionID: @Login\nMessage: Authentication accepted\n\n");
	rig_say(&r, COMMANDS("DeviceStateList: x\nSetvar: x\n"));
	rig_say(&r, "Response: Success\nActionID: @Events\nEvents: On\n\n");
	rig_lists(&r, EMPTY);
	rig_pass(&r, 10000);
	rig_lists(&r, EMPTY);
	rig_pass(&r, 30000);
	rig_say(&r, "Response: Success\nActionID: @Ping\nPing: Pong\n\n");
	rig_sent(&r);
	rig_pass(&r, 20000); /* somebody may have loaded it since */
	rig_say(&r, COMMANDS("DeviceStateList: x\nPresenceStateList: x\nSetvar: x\n"));
	struct source_view v;
	ami_source_ops.view(r.s, &v);
	assert_string_equal(v.missing, "");
	rig_close(&r);
	rig_open(&r, NULL);
	start = r.now_ms;
	rig_up(&r, "Challenge: x\nPing: x\nSetvar: x\n");
	assert_int_equal(r.now_ms, start);
	rig_close(&r);
}

/* The password itself is sent where nobody can read along, and nowhere else. */
static void test_plain_only_over_tls(void **state)
{
	const struct rig_setup tls = { .tls = true };

	(void)state;
	for (int t = 0; t < 2; t++) {
		struct rig r;

		rig_open(&r, t ? &tls : NULL);
		rig_pass(&r, 0);
		rig_feed(&r, FEED_CONNECTED, "");
		rig_say(&r, "Asterisk Call Manager/1.0\n");
		rig_say(&r, "Response: Error\nActionID: @Challenge\nMessage: Invalid/unknown command\n\n");
		const char *sent = rig_sent(&r);
		if (t)
			assert_non_null(strstr(
				sent,
				"Username: bridge\r\nSecret: bridge-secret\r\nEvents: off\r\n"));
		else
			assert_null(strstr(sent, "bridge-secret"));
		assert_int_equal(strstr(rig_told(&r), "without tls the password is not sent") != NULL, !t);
		rig_close(&r);
	}
}

static void test_refused_log_in_waits(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "Asterisk Call Manager/5.0.4\n");
	rig_say(&r, "Response: Success\nActionID: @Challenge\nChallenge: 1\n\n");
	rig_told(&r);
	rig_say(&r, "Response: Error\nActionID: @Login\nMessage: Authentication failed\n\n");
	assert_string_equal(rig_told(&r), "note login_refused: Authentication failed; check username and "
					  "password_file\nclose\nnote disconnected: Authentication failed\n");
	rig_pass(&r, 5 * 60 * 1000 - 1);
	assert_string_equal(rig_told(&r), "");
	rig_pass(&r, 1);
	assert_string_equal(rig_told(&r), "connect pbx:15038 tcp\n");
	rig_close(&r);
}

static void state_is(struct rig *r, const char *wanted)
{
	struct source_view v;

	ami_source_ops.view(r->s, &v);
	assert_string_equal(v.state, wanted);
}

/* An Asterisk that is ending says so at the log-in: nobody has to look at the password, and it is tried again
 * as after any broken link. */
static void test_a_pbx_that_is_ending(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "Asterisk Call Manager/11.0.0\n");
	rig_say(&r, "Response: Success\nActionID: @Challenge\nChallenge: 1\n\n");
	rig_told(&r);
	rig_say(&r, "Response: Error\nActionID: @Login\nMessage: Asterisk is shutting down\n\n");
	assert_string_equal(rig_told(&r), "close\nnote disconnected: Asterisk is shutting down\n");
	rig_pass(&r, 1000);
	assert_string_equal(rig_told(&r), "connect pbx:15038 tcp\n");
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "Asterisk Call Manager/5.0.2\n");
	rig_told(&r);
	rig_say(&r, "Response: Error\nActionID: @Challenge\nMessage: Asterisk is shutting down\n\n");
	assert_string_equal(rig_told(&r), "close\n"); /* of one outage people are told once */
	state_is(&r, "the pbx shuts down");
	rig_pass(&r, 2000);
	assert_string_equal(rig_told(&r), "connect pbx:15038 tcp\n");
	rig_close(&r);
}

static void test_other_servers_and_silence(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_say(&r, "SSH-2.0-OpenSSH_9.2\n");
#define STRANGER "what answers at 192.0.2.1 port 5038 is not asterisk's ami: it sent no banner\n"
	assert_non_null(strstr(rig_told(&r), "note disconnected: " STRANGER));
	rig_pass(&r, 1500);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_told(&r);
	rig_pass(&r, 19000);
	assert_string_equal(rig_told(&r), "");
	rig_pass(&r, 1000);
	assert_non_null(strstr(rig_told(&r), "close\nnote timed_out: " STRANGER)); /* http waits for us */
	rig_close(&r);

	rig_open(&r, NULL);
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_told(&r);
	state_is(&r, "connected, no banner of asterisk's ami yet: does this port want tls?");
	rig_pass(&r, 20000);
	rig_told(&r);
	rig_pass(&r, 4000);
	rig_feed(&r, FEED_CONNECTED, "");
	state_is(&r, "what answers at 192.0.2.1 port 5038 is not asterisk's ami: it sent no banner");
	rig_say(&r, "Asterisk Call Manager/5.0.4\n");
	rig_told(&r);
	rig_pass(&r, 20000);
	assert_non_null(strstr(rig_told(&r), "close\nnote timed_out: the pbx stopped answering\n"));
	rig_close(&r);

	rig_open(&r, NULL);
	rig_pass(&r, 0);
	rig_feed(&r, FEED_CONNECTED, "");
	rig_told(&r);
	rig_feed(&r, FEED_CLOSED, ""); /* so does a port that wants tls */
	assert_non_null(strstr(rig_told(&r), "note disconnected: " STRANGER));
	rig_close(&r);
}

static void test_pings_and_a_dead_pbx(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_up(&r, NULL);
	rig_lists(&r, EMPTY);
	rig_pass(&r, 9000);
	rig_lists(&r, EMPTY); /* nothing asked: ignored */
	rig_pass(&r, 1001);
	rig_lists(&r, EMPTY);
	rig_sent(&r);
	rig_pass(&r, 29999);
	assert_string_equal(rig_sent(&r), "");
	rig_pass(&r, 1);
	assert_non_null(strstr(rig_sent(&r), "Action: Ping\r\n"));
	rig_told(&r);
	rig_pass(&r, 15000);
	assert_non_null(strstr(rig_told(&r), "close\ndown\nnote timed_out: the pbx stopped answering\n"));
	rig_close(&r);
}

/* What was told before a loss is told anew after it, in full. */
static void test_lost_and_back(void **state)
{
	static const char *const ends[] = {
		"Event: Shutdown\nPrivilege: system,all\nShutdown: Cleanly\nRestart: True\n\n", NULL
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_line(&r, 7, "201");
		rig_up(&r, NULL);
		rig_lists(&r, RIG_HINT("201", "1"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
		rig_told(&r);
		if (ends[i])
			rig_say(&r, ends[i]);
		else
			rig_feed(&r, FEED_CLOSED, "");
		const char *told = rig_told(&r);
		assert_non_null(strstr(told, "down\n"));
		assert_non_null(strstr(told, ends[i] ? "the pbx restarts" : "gone"));
		rig_up(&r, NULL);
		rig_told(&r);
		rig_say(&r, RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n");
		assert_string_equal(rig_told(&r), ""); /* not before the lists are through */
		rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
		assert_string_equal(rig_told(&r),
				    "7 here\n7 profile none full\n7 call gone full\n7 dnd off\n");
		rig_close(&r);
	}
}

static void missing_is(struct rig *r, const char *text)
{
	struct source_view v;

	ami_source_ops.view(r->s, &v);
	assert_string_equal(v.missing, text);
	assert_true(v.logged_in);
	assert_true(v.up);
}

static void test_rights(void **state)
{
	static const char *const words[] = { "meeting" };
	static const struct {
		const char *rights, *missing;
		struct rig_setup setup;
	} rows[] = {
		{ "Challenge: x\nDeviceStateList: x\nExtensionStateList: x\nPresenceStateList: "
		  "x\nSetvar: x\n",
		  "",
		  { 0 } },
		{ "Challenge: x\nDeviceStateList: x\nExtensionStateList: x\nPresenceStateList: x\n",
		  "write=call: to set profiles",
		  { 0 } },
		{ "Challenge: x\nDeviceStateList: x\nExtensionStateList: x\nPresenceStateList: x\n",
		  "",
		  { .profile_off = true } },
		{ "Challenge: x\nDeviceStateList: x\nExtensionStateList: x\nPresenceStateList: "
		  "x\nSetvar: x\n",
		  "write=system: to switch DND",
		  { .dnd_while = words, .dnd_while_n = 1 } },
		{ "Challenge: x\nEvents: x\nPing: x\n",
		  "write=reporting: to list hints",
		  { .profile_off = true } },
		{ "Challenge: x\nExtensionStateList: x\nPresenceStateList: x\nSetvar: x\n",
		  "module res_manager_devicestate: DND looks like a call",
		  { 0 } },
		{ "Challenge: x\nExtensionStateList: x\nDeviceStateList: x\nSetvar: x\n",
		  "module res_manager_presencestate: no profiles",
		  { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, &rows[i].setup);
		rig_up(&r, rows[i].rights);
		missing_is(&r, rows[i].missing);
		if (rows[i].missing[0])
			assert_non_null(strstr(rig_told(&r), rows[i].missing));
		rig_close(&r);
	}
}

/* The account may list, but is sent nothing: later lists differ from what events told. */
static void test_without_events(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	rig_pass(&r, 11000);
	rig_told(&r);
	rig_lists(&r, RIG_HINT("201", "1"), RIG_DEVICE("PJSIP/201", "INUSE"), "");
	assert_string_equal(
		rig_told(&r),
		"7 call talking full\nnote rights_missing: read=call: no events arrive\n");
	missing_is(&r, "read=call: no events arrive");
	rig_say(&r, RIG_DEVICE("PJSIP/201", "NOT_INUSE") "\n");
	missing_is(&r, "");
	rig_close(&r);
}

static struct source_view seen(struct rig *r)
{
	struct source_view v;

	ami_source_ops.view(r->s, &v);
	return v;
}

static uint8_t line_ask(struct rig *r)
{
	struct source_line_view v;

	assert_true(ami_source_ops.line_view(r->s, 7, &v));
	return v.ask;
}

/* A person asks: a ping for the link, a round of lists for the lines, whatever the round was due. */
static void test_a_person_asks(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	assert_int_equal(seen(&r).probe, SOURCE_PROBE_NEVER);
	rig_sent(&r);
	ami_source_ops.probe(r.s, r.now_ms);
	rig_pass(&r, 0);
	assert_int_equal(seen(&r).probe, SOURCE_PROBE_ASKED);
	assert_int_equal(line_ask(&r), LINE_ASK_SENT);
	rig_say(&r, "Response: Success\nActionID: @Ping\nPing: Pong\n\n");
	assert_int_equal(seen(&r).probe, SOURCE_PROBE_ANSWERED);
	assert_int_equal(line_ask(&r), LINE_ASK_SENT);
	rig_lists(&r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	assert_int_equal(line_ask(&r), LINE_ASK_NONE);
	ami_source_ops.probe(r.s, r.now_ms);
	rig_pass(&r, 9000);
	assert_int_equal(seen(&r).probe, SOURCE_PROBE_ASKED);
	rig_feed(&r, FEED_CLOSED, NULL);
	assert_int_equal(seen(&r).probe, SOURCE_PROBE_FAILED);
	assert_int_equal(line_ask(&r), LINE_ASK_NONE); /* its link says what is wrong */
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_in_by_challenge),
		cmocka_unit_test(test_a_pbx_that_is_starting),
		cmocka_unit_test(test_modules_that_never_come),
		cmocka_unit_test(test_plain_only_over_tls),
		cmocka_unit_test(test_refused_log_in_waits),
		cmocka_unit_test(test_a_pbx_that_is_ending),
		cmocka_unit_test(test_other_servers_and_silence),
		cmocka_unit_test(test_pings_and_a_dead_pbx),
		cmocka_unit_test(test_lost_and_back),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_without_events),
		cmocka_unit_test(test_a_person_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
