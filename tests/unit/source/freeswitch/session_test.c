/* The link to the event socket: log-in, refusals, losses, rubbish. */
#include "rig.h"

static void logs_in(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	rig_open(&r, "", false);
	rig_log_in(&r);
	freeswitch_source_ops.view(r.s, &v);
	assert_true(v.up && v.logged_in && v.live == 0 && v.lines == 2);
	rig_close(&r);
	rig_open(&r, "ana@b.example", false);
	rig_feed(&r, "Content-Type: auth/request\n\nContent-Type: auth/request\n\n");
	rig_said(&r, "<userauth ana@b.example:ClueCon>");
	rig_close(&r);
}

static void refusals_wait_long(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	rig_open(&r, "", false);
	rig_feed(&r, "Content-Type: auth/request\n\n");
	rig_reply(&r, "-ERR invalid");
	rig_said(&r, "<auth ClueCon> close note:login_refused");
	freeswitch_source_ops.view(r.s, &v);
	assert_true(!v.up && strstr(v.state, "password"));
	assert_true(freeswitch_source_ops.next(r.s) >= r.now_ms + 5 * 60000);
	rig_close(&r);
	rig_open(&r, "", false);
	rig_frame(&r, "text/rude-rejection", "Access Denied, go away.\n");
	rig_said(&r, "close note:login_refused");
	assert_true(freeswitch_source_ops.next(r.s) >= r.now_ms + 60000);
	freeswitch_source_ops.view(r.s, &v);
	assert_non_null(strstr(v.state, "access list"));
	rig_close(&r);
	rig_open(&r, "", false);
	rig_feed(&r, "Content-Type: auth/request\n\n");
	rig_reply(&r, "+OK accepted");
	rig_reply(&r, "-ERR permission denied");
	rig_said(&r, "<auth ClueCon> " RIG_EVENTS " close note:login_refused");
	rig_close(&r);
}

static void a_lost_link(void **state)
{
	const struct source_feed closed = { .kind = FEED_CLOSED, .channel = 1, .text = "reset" };
	struct source_line_view v;
	struct rig r;
	(void)state;

	rig_up(&r, false);
	rig_channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	rig_presence(&r, "dnd", "", "");
	rig_said(&r, "partial:talking dnd:on");
	rig_frame(&r, "text/disconnect-notice", "Disconnected, goodbye.\n");
	rig_said(&r, "close down");
	assert_true(freeswitch_source_ops.line_view(r.s, RIG_LINE, &v));
	assert_int_equal(v.link, LINE_WAITING);
	r.now_ms = freeswitch_source_ops.next(r.s);
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "connect:pbx:8021");
	freeswitch_source_ops.feed(r.s, r.now_ms, &closed); /* of the channel before: nobody's */
	rig_connect(&r);
	rig_log_in(&r);
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	rig_said(&r, "dnd:on full:gone other.full:gone other.dnd:off"); /* the outage was short: DND
								       stands */
	r.now_ms += 60000;
	const struct source_feed lost = { .kind = FEED_CLOSED,
					  .channel = r.channel,
					  .text = "reset" };
	freeswitch_source_ops.feed(r.s, r.now_ms, &lost);
	rig_said(&r, "down");
	r.now_ms += 3 * 60000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "connect:pbx:8021");
	rig_connect(&r);
	rig_log_in(&r);
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	rig_said(&r, "full:gone dnd:off other.full:gone other.dnd:off");
	rig_close(&r);
}

static void silence_is_a_lost_link(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, false);
	assert_int_equal(freeswitch_source_ops.next(r.s), r.now_ms + 30000);
	r.now_ms += 30000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api uptime>");
	assert_int_equal(freeswitch_source_ops.next(r.s), r.now_ms + 20000);
	r.now_ms += 20000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "close down note:timed_out");
	rig_close(&r);
	rig_open(&r, "", false); /* connected, and never a word */
	r.now_ms += 20000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "close note:timed_out");
	rig_close(&r);
}

static void rights_that_are_missing(void **state)
{
	struct source_line_view lv;
	struct source_view v;
	struct rig r;
	(void)state;

	rig_open(&r, "ana@a", false);
	rig_feed(&r, "Content-Type: auth/request\n\n");
	rig_reply(&r, "+OK accepted");
	rig_reply(&r, "+OK");
	rig_reply(&r, "-ERR permission denied");
	rig_reply(&r, "-ERR permission denied");
	rig_said(&r,
		 "<userauth ana@a:ClueCon> " RIG_EVENTS " up " RIG_ASKS " note:unsupported note:unsupported");
	freeswitch_source_ops.view(r.s, &v);
	assert_string_equal(v.missing, "api show channels, api show registrations");
	assert_true(freeswitch_source_ops.line_view(r.s, RIG_LINE, &lv));
	assert_string_equal(lv.reason, "show channels is not permitted");
	rig_close(&r);
}

static void rubbish(void **state)
{
	static const char *const streams[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH\r\n\n\n",
		"Content-Type: api/response\nContent-Length: x\n\n"
	};
	struct rig r;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		rig_open(&r, "", false);
		rig_feed(&r, streams[i]);
		rig_said(&r, "close note:malformed");
		rig_close(&r);
	}
	rig_up(&r, false);
	rig_frame(&r, "text/event-plain", "no header");
	rig_frame(&r, "text/event-plain", "Event-Name: CHANNEL_CALLSTATE\n\n");
	rig_frame(&r, "text/event-plain", "Event-Name: HEARTBEAT\n\n");
	rig_frame(&r, "api/response", "nobody asked");
	rig_frame(&r, "log/data", "x");
	rig_said(&r, "note:bad_body note:bad_body");
	rig_channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	rig_said(&r, "partial:talking");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in),
		cmocka_unit_test(refusals_wait_long),
		cmocka_unit_test(a_lost_link),
		cmocka_unit_test(silence_is_a_lost_link),
		cmocka_unit_test(rights_that_are_missing),
		cmocka_unit_test(rubbish),
	};

	return cmocka_run_group_tests_name("source/freeswitch/session", tests, NULL, NULL);
}
