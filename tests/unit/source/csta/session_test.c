/* The life of the connection: log-in, session, keep-alive, losses. */
#include <stdio.h>

#include "proto/csta/frame.h"
#include "rig.h"
#include "test.h"

enum { SESSION, REGISTER, NONE };

#define GRANTED(session, seconds)                                                                  \
	"<StartApplicationSessionPosResponse><sessionID>" session                                  \
	"</sessionID><actualSessionDuration>" seconds                                              \
	"</actualSessionDuration></StartApplicationSessionPosResponse>"
#define REFUSED                                                                                    \
	"<StartApplicationSessionNegResponse><errCode><definedError>invalidApplicationInfo"        \
	"</definedError></errCode></StartApplicationSessionNegResponse>"
#define RENEWED(rest)                                                                              \
	"<ResetApplicationSessionTimerPosResponse>" rest                                           \
	"</ResetApplicationSessionTimerPosResponse>"
#define DURATION(s) "<actualSessionDuration>" s "</actualSessionDuration>"

static void test_log_in(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_pass(&r, 0);
	assert_string_equal(rig_told(&r), "connect pbx:17001 tcp\n");
	assert_string_equal(rig_sent(&r), "");
	rig_feed(&r, FEED_CONNECTED, SLICE_NONE);
	assert_string_equal(rig_sent(&r),
			    "StartApplicationSession offhook offhook bridge-secret NS NS NS NS 600\n");
	assert_string_equal(rig_told(&r), "");
	assert_false(rig_view(&r).logged_in);
	rig_answer(&r, "StartApplicationSession", GRANTED("s7", "600"));
	assert_string_equal(rig_told(&r), "up\nnote connected: 192.0.2.1 port 7001\n");
	assert_string_equal(rig_sent(&r), "MonitorStart 201 device\n");
	assert_true(rig_view(&r).logged_in);
	rig_close(&r);
}

static void test_the_other_ways_in(void **state)
{
	static const struct {
		struct rig_setup setup;
		const char *sent, *answer;
	} rows[] = {
		{ { .username = "", .tls = true },
		  "StartApplicationSession offhook NS NS NS NS 600\n",
		  "<StartApplicationSessionPosResponse/>" },
		{ { .session = REGISTER },
		  "SystemRegister true false\n",
		  "<SystemRegisterResponse><sysStatRegisterID>3</sysStatRegisterID>"
		  "</SystemRegisterResponse>" },
		{ { .session = NONE },
		  "RequestSystemStatus\n",
		  "<RequestSystemStatusResponse><systemStatus>normal</systemStatus>"
		  "</RequestSystemStatusResponse>" },
		{ { .session = NONE },
		  "RequestSystemStatus\n",
		  RIG_ERROR("operation", "serviceNotSupported") },
		{ { .session = NONE }, "RequestSystemStatus\n", "unreadable" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, &rows[i].setup);
		rig_line(&r, 7, "201");
		rig_connect(&r);
		assert_string_equal(rig_sent(&r), rows[i].sent);
		rig_answer(&r, "", rows[i].answer);
		assert_non_null(strstr(rig_told(&r), "up\n"));
		assert_string_equal(rig_sent(&r), "MonitorStart 201 device\n");
		rig_close(&r);
	}
}

/* 30 s at first, doubled up to five minutes; one note of the outage. */
static void test_refused_log_in_waits(void **state)
{
	static const int64_t waits_s[] = { 30, 60, 120, 240, 300, 300 };
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	for (size_t i = 0; i < ARRAY_LEN(waits_s); i++) {
		rig_connect(&r);
		rig_told(&r);
		rig_answer(&r, "StartApplicationSession", REFUSED);
#define WHY "log-in refused: definedError: invalidApplicationInfo\n"
#define NOTE                                                                                       \
	"note login_refused: definedError: invalidApplicationInfo; check username, password_file " \
	"and login_element\nclose\n"
		assert_string_equal(rig_told(&r), i ? NOTE : NOTE "note disconnected: " WHY);
		assert_string_equal(rig_view(&r).state,
				    "log-in refused: definedError: invalidApplicationInfo");
		rig_pass(&r, waits_s[i] * 1000 - 1);
		assert_string_equal(rig_told(&r), "");
		rig_pass(&r, 1);
		assert_string_equal(rig_told(&r), "connect pbx:17001 tcp\n");
		buf_str(&r.told, "connect pbx:17001 tcp\n"); /* for rig_connect */
	}
	rig_connect(&r);
	rig_answer(&r, "StartApplicationSession", GRANTED("s", "600"));
	assert_non_null(strstr(rig_told(&r), "up\n"));
	assert_string_equal(rig_view(&r).state, "up");
	rig_close(&r);
}

static void test_other_refusals_of_the_log_in(void **state)
{
	static const char *const rows[] = { RIG_ERROR("security", "x"), "unreadable",
					    "<CSTAErrorCode/>" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_connect(&r);
		rig_answer(&r, "StartApplicationSession", rows[i]);
		assert_non_null(strstr(rig_told(&r), "note login_refused: "));
		rig_close(&r);
	}
}

/* What is advised is about what was refused. */
static void test_advice(void **state)
{
	static const struct {
		const char *username, *refusal, *advice;
	} rows[] = {
		{ NULL, "requestedProtocolVersionsNotSupported",
		  "requestedProtocolVersionsNotSupported; set edition to one that the switch speaks\n" },
		{ NULL, "sessionLimitReached",
		  "sessionLimitReached; the switch has no room for one more session\n" },
		{ NULL, "invalidPassword", "check username, password_file and login_element\n" },
		{ "", "authenticationFailed", "it may want a username and its password_file\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct rig_setup setup = { .username = rows[i].username };
		char xml[300];
		struct rig r;

		rig_open(&r, &setup);
		rig_connect(&r);
		snprintf(xml, sizeof(xml),
			 "<StartApplicationSessionNegResponse><errCode><definedError>%s</definedError>"
			 "</errCode></StartApplicationSessionNegResponse>",
			 rows[i].refusal);
		rig_answer(&r, "StartApplicationSession", xml);
		assert_non_null(strstr(rig_told(&r), rows[i].advice));
		rig_close(&r);
	}
}

/* All are offered unless one is set; the switch's answer counts. */
static void test_editions(void **state)
{
	static const struct {
		int32_t edition;
		const char *offered, *granted;
		uint8_t spoken;
	} rows[] = {
		{ 0, "offhook bridge-secret NS NS NS NS 600", "csta/ed4", 4 },
		{ 0, "offhook bridge-secret NS NS NS NS 600", "", 5 },
		{ 0, "offhook bridge-secret NS NS NS NS 600", "csta/ed9", 5 },
		{ 6, "offhook bridge-secret NS 600", "", 6 },
		{ 3, "offhook bridge-secret NS 600", "csta/ed3", 3 },
		{ 3, "offhook bridge-secret NS 600", "csta/ed5", 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct rig_setup setup = { .edition = rows[i].edition };
		char xml[300];
		struct rig r;

		rig_open(&r, &setup);
		rig_line(&r, 7, "201");
		rig_connect(&r);
		assert_non_null(strstr(rig_sent(&r), rows[i].offered));
		snprintf(xml, sizeof(xml),
			 "<StartApplicationSessionPosResponse><sessionID>1</sessionID><actualProtocolVersion>"
			 "%s</actualProtocolVersion></StartApplicationSessionPosResponse>",
			 rows[i].granted);
		rig_answer(&r, "StartApplicationSession", xml);
		assert_int_equal(r.edition, rows[i].spoken);
		rig_close(&r);
	}
}

static void test_log_in_times_out(void **state)
{
	struct rig r;

	(void)state;
	for (int talks = 0; talks < 2; talks++) {
		rig_open(&r, NULL);
		rig_connect(&r);
		rig_told(&r);
		rig_pass(&r, 10000);
		if (talks)
			rig_say(&r, 1, "<SystemStatus/>");
		rig_pass(&r, 9999);
		assert_string_equal(rig_told(&r), "");
		rig_pass(&r, 1);
		assert_string_equal(
			rig_told(&r),
			talks ? "close\nnote timed_out: the switch does not answer the log-in\n"
				"note disconnected: the switch does not answer the log-in\n"
			      : "close\nnote timed_out: the switch does not answer\n"
				"note disconnected: the switch does not answer\n");
		rig_close(&r);
	}
}

/* ---- sessions ---- */

/* Something is heard all the time, so that only the session's own timer runs. */
static void pass_talking(struct rig *r, int64_t s)
{
	for (; s > 0; s -= 10) {
		rig_pass(r, (s < 10 ? s : 10) * 1000);
		rig_say(r, 1, "<SystemStatus/>");
	}
}

static int renewals(struct rig *r)
{
	int n = 0;

	for (const char *p = rig_sent(r); (p = strstr(p, "ResetApplicationSessionTimer s7 600"));
	     p++)
		n++;
	return n;
}

static void test_renewed_at_half(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_connect(&r);
	rig_answer(&r, "StartApplicationSession", GRANTED("s7", "120"));
	pass_talking(&r, 59);
	assert_int_equal(renewals(&r), 0);
	pass_talking(&r, 1);
	assert_int_equal(renewals(&r), 1);
	rig_answer(&r, "ResetApplicationSessionTimer", RENEWED(DURATION("400")));
	pass_talking(&r, 199);
	assert_int_equal(renewals(&r), 0);
	pass_talking(&r, 1);
	assert_int_equal(renewals(&r), 1);
	/* an answer that names no duration has granted what the last one did */
	rig_answer(&r, "ResetApplicationSessionTimer", RENEWED(""));
	pass_talking(&r, 200);
	assert_int_equal(renewals(&r), 1);
	rig_told(&r);
	rig_answer(&r, "ResetApplicationSessionTimer",
		   "<ResetApplicationSessionTimerNegResponse/>");
	assert_string_equal(
		rig_told(&r),
		"close\ndown\nnote disconnected: the switch does not renew the session\n");
	rig_close(&r);
}

static void test_renewal_unanswered(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_up(&r);
	pass_talking(&r, 300);
	assert_int_equal(renewals(&r), 1);
	rig_told(&r);
	pass_talking(&r, 20);
	assert_non_null(
		strstr(rig_told(&r), "close\ndown\nnote timed_out: the switch does not answer"));
	rig_close(&r);
}

/* Neither a timer without a session nor a session without a timer may run wild. */
static void test_half_a_session(void **state)
{
	static const char *const rows[] = {
		"<StartApplicationSessionPosResponse><actualSessionDuration>10</"
		"actualSessionDuration>"
		"</StartApplicationSessionPosResponse>",
		GRANTED("s7", "0"),
		GRANTED("s7", "-1"),
		GRANTED("s7", "99999999999999999999"),
		GRANTED("s7", "many"),
		"<StartApplicationSessionPosResponse/>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_connect(&r);
		rig_answer(&r, "StartApplicationSession", rows[i]);
		rig_told(&r);
		pass_talking(&r, 3600);
		assert_string_equal(rig_told(&r), "");
		assert_true(csta_source_ops.next(r.s) > r.now_ms);
		assert_null(strstr(rig_sent(&r), "ResetApplicationSessionTimer"));
		rig_close(&r);
	}
}

static void test_a_long_session_id(void **state)
{
	static const char id[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567";
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_connect(&r);
	rig_answer(&r, "StartApplicationSession",
		   "<StartApplicationSessionPosResponse><sessionID>"
		   "0123456789abcdef0123456789abcdef01234567"
		   "89abcdef0123456789abcdef01234567</sessionID><actualSessionDuration>600"
		   "</actualSessionDuration></StartApplicationSessionPosResponse>");
	pass_talking(&r, 300);
	assert_non_null(strstr(rig_sent(&r), id));
	rig_close(&r);
}

static void test_terminated(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	rig_told(&r);
	rig_say(&r, 3,
		"<ApplicationSessionTerminated><sessionID>s7</sessionID></"
		"ApplicationSessionTerminated>");
	assert_string_equal(rig_told(&r),
			    "close\ndown\nnote disconnected: the switch ended the session\n");
	rig_up(&r);
	rig_monitor(&r, "201", "x1");
	rig_snapshot(&r, "201", "");
	assert_non_null(strstr(rig_told(&r), "7 call - gone full\n"));
	rig_close(&r);
}

/* ---- keep-alive ---- */

static void test_status_is_answered_at_once(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_connect(&r);
	rig_sent(&r);
	rig_say(&r, 4711, "<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>");
	assert_string_equal(rig_sent(&r),
			    "4711 SystemStatusResponse\n"); /* even while logging in */
	rig_answer(&r, "StartApplicationSession", GRANTED("s7", "600"));
	rig_say(&r, 9999, "<csta:SystemStatus xmlns:csta='urn:x'/>");
	assert_string_equal(rig_sent(&r), "9999 SystemStatusResponse\n");
	rig_say(&r, 0, "<RequestSystemStatus/>");
	assert_string_equal(rig_sent(&r), "0 RequestSystemStatusResponse normal\n");
	rig_close(&r);
}

static void test_services_that_are_not_ours(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_up(&r);
	rig_sent(&r);
	rig_say(&r, 40, "<RouteRegister/>");
	assert_string_equal(rig_sent(&r), "40 CSTAErrorCode serviceNotSupported\n");
	rig_say(&r, 40, "<MakeCallResponse/>");
	rig_say(&r, 40, "<CSTAErrorCode/>");
	rig_say(&r, CSTA_EVENT, "<RouteRegister/>");
	assert_string_equal(rig_sent(&r), "");
	assert_int_equal(rig_view(&r).counters[NOTE_UNSUPPORTED], 4);
	rig_close(&r);
}

static void test_idle_is_asked_about(void **state)
{
	const struct rig_setup none = { .session = NONE };
	struct rig r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *probe = i ? "RequestSystemStatus" : "ResetApplicationSessionTimer";

		rig_open(&r, i ? &none : NULL);
		rig_connect(&r);
		rig_answer(&r, "", i ? "<RequestSystemStatusResponse/>" : GRANTED("s7", "600"));
		rig_sent(&r);
		rig_pass(&r, 29999);
		assert_string_equal(rig_sent(&r), "");
		rig_pass(&r, 1);
		assert_true(rig_is_asked(&r, probe));
		rig_told(&r);
		rig_answer(&r, probe, i ? RIG_ERROR("operation", "x") : RENEWED(DURATION("600")));
		rig_sent(&r);
		rig_pass(&r, 30000);
		assert_true(rig_is_asked(&r, probe));
		assert_string_equal(rig_told(&r), "");
		rig_pass(&r, 20000);
		assert_string_equal(rig_told(&r),
				    "close\ndown\nnote timed_out: the switch does not answer\n"
				    "note disconnected: the switch does not answer\n");
		rig_close(&r);
	}
}

/* ---- what is no CSTA ---- */

static void test_broken_streams(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = { { "SSH-2.0-OpenSSH", 15 },
		     { "\1\0\0\x0c", 4 },
		     { "\0\0\0\7"
		       "0001",
		       8 },
		     { "\0\0\0\x0c"
		       "00x1",
		       8 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_up(&r);
		rig_told(&r);
		rig_feed(&r, FEED_BYTES, slice_of(rows[i].bytes, rows[i].n));
		assert_string_equal(rig_told(&r),
				    "close\ndown\nnote malformed: no csta, or a broken stream\n"
				    "note disconnected: no csta, or a broken stream\n");
		rig_up(&r); /* nothing of the old stream is left */
		assert_non_null(strstr(rig_told(&r), "up\n"));
		rig_close(&r);
	}
}

static void test_a_head_that_lies(void **state)
{
	static char bytes[8 + 353] = { 0, 0, 0x04, 0x41, '0', '0', '0', '1' };
	struct rig r;

	(void)state;
	memset(bytes + 8, ' ', 353);
	rig_open(&r, NULL);
	rig_up(&r);
	for (int i = 0; i < 4; i++)
		rig_feed(&r, FEED_BYTES, slice_of(bytes, sizeof(bytes)));
	assert_non_null(strstr(rig_told(&r), "note malformed: no csta, or a broken stream\n"));
	rig_close(&r);
}

/* It may have been an event of any line: all are asked, but not more often than each half minute.
 */
static void test_unreadable_bodies(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, "<EstablishedEvent><monitorCross");
	assert_string_equal(rig_told(&r), "note bad_body: message of the switch: malformed\n");
	rig_pass(&r, 0);
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", RIG_INFO("1", RIG_STATE("connected")));
	assert_non_null(strstr(rig_told(&r), "7 call a talking full\n"));
	rig_sent(&r);
	rig_event(&r, "");
	rig_event(&r, "<!DOCTYPE x><x/>");
	rig_pass(&r, 29999);
	assert_string_equal(rig_sent(&r), "");
	rig_pass(&r, 1);
	assert_string_equal(rig_sent(&r), "GetDoNotDisturb 201\n");
	rig_steps(&r, "201");
	rig_snapshot(&r, "201", "");
	rig_sent(&r);
	rig_pass(&r, 29000);
	assert_string_equal(rig_sent(&r), "");
	rig_close(&r);
}

/* ---- losses ---- */

static void test_lost_and_back(void **state)
{
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	rig_event(&r, RIG_EVENT("Established", "x1",
				RIG_CONNECTION("establishedConnection", "1", "201")));
	assert_string_equal(rig_told(&r), "7 call a talking part\n");
	rig_feed(&r, FEED_CLOSED, SLICE_NONE);
	assert_string_equal(rig_told(&r), "down\nnote disconnected: gone\n");
	rig_pass(&r, 0);
	assert_int_equal(rig_view(&r).live, 0);
	rig_up(&r);
	rig_told(&r);
	rig_event(&r, RIG_EVENT("ConnectionCleared", "x1",
				RIG_CONNECTION("droppedConnection", "1", "201")));
	assert_string_equal(rig_told(&r), ""); /* monitors ended with the link */
	rig_monitor(&r, "201", "y9");
	rig_snapshot(&r, "201", RIG_INFO("2", RIG_STATE("hold")));
	assert_string_equal(rig_told(&r), "7 dnd off\n7 profile available full\n7 forward none\n"
					  "7 call b held full\n");
	rig_close(&r);
}

/* Whatever is said before the log-in is accepted says nothing of our lines. */
static void test_events_before_the_log_in(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, NULL);
	rig_line(&r, 7, "201");
	rig_connect(&r);
	rig_told(&r);
	rig_event(&r, "<DoNotDisturbEvent><device>201</device><doNotDisturbOn>true</doNotDisturbOn>"
		      "</DoNotDisturbEvent>");
	assert_string_equal(rig_told(&r), "");
	rig_close(&r);
}

/* A person asks: the session is renewed for the link's sake, a snapshot is the line's proof. */
static void test_a_person_asks(void **state)
{
	struct source_line_view v;
	struct rig r;

	(void)state;
	rig_open_one(&r, NULL);
	csta_source_ops.probe(r.s, r.now_ms);
	rig_pass(&r, 0);
	assert_true(rig_is_asked(&r, "ResetApplicationSessionTimer"));
	assert_int_equal(rig_view(&r).probe, SOURCE_PROBE_ASKED);
	assert_true(csta_source_ops.line_view(r.s, 7, &v));
	assert_int_equal(v.ask, LINE_ASK_SENT);
	rig_answer(&r, "ResetApplicationSessionTimer", RENEWED(""));
	assert_int_equal(rig_view(&r).probe, SOURCE_PROBE_ANSWERED);
	rig_steps(&r, "201");
	assert_true(csta_source_ops.line_view(r.s, 7, &v));
	assert_int_equal(v.ask, LINE_ASK_SENT);
	rig_snapshot(&r, "201", "");
	assert_true(csta_source_ops.line_view(r.s, 7, &v));
	assert_int_equal(v.ask, LINE_ASK_NONE);
	csta_source_ops.probe(r.s, r.now_ms);
	rig_pass(&r, 9000);
	assert_int_equal(rig_view(&r).probe, SOURCE_PROBE_ASKED);
	rig_feed(&r, FEED_CLOSED, SLICE_NONE);
	assert_int_equal(rig_view(&r).probe, SOURCE_PROBE_FAILED);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_in),
		cmocka_unit_test(test_the_other_ways_in),
		cmocka_unit_test(test_refused_log_in_waits),
		cmocka_unit_test(test_other_refusals_of_the_log_in),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_editions),
		cmocka_unit_test(test_log_in_times_out),
		cmocka_unit_test(test_renewed_at_half),
		cmocka_unit_test(test_renewal_unanswered),
		cmocka_unit_test(test_half_a_session),
		cmocka_unit_test(test_a_long_session_id),
		cmocka_unit_test(test_terminated),
		cmocka_unit_test(test_status_is_answered_at_once),
		cmocka_unit_test(test_services_that_are_not_ours),
		cmocka_unit_test(test_idle_is_asked_about),
		cmocka_unit_test(test_broken_streams),
		cmocka_unit_test(test_a_head_that_lies),
		cmocka_unit_test(test_unreadable_bodies),
		cmocka_unit_test(test_lost_and_back),
		cmocka_unit_test(test_events_before_the_log_in),
		cmocka_unit_test(test_a_person_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
