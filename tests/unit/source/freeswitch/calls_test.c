/* Calls of a line, by events and by the table of channels. */
#include "rig.h"

#include <stdio.h>

/* A person asks: the table of channels tells of all lines, and is asked for however young the last is. */
static void a_person_asks(void **state)
{
	struct source_line_view l;
	struct source_view v;
	struct rig r;
	(void)state;

	rig_up(&r, false);
	freeswitch_source_ops.probe(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	freeswitch_source_ops.view(r.s, &v);
	assert_true(freeswitch_source_ops.line_view(r.s, RIG_LINE, &l));
	assert_int_equal(v.probe, SOURCE_PROBE_ASKED);
	assert_int_equal(l.ask, LINE_ASK_SENT);
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	freeswitch_source_ops.view(r.s, &v);
	assert_true(freeswitch_source_ops.line_view(r.s, RIG_LINE, &l));
	assert_int_equal(v.probe, SOURCE_PROBE_ANSWERED);
	assert_int_equal(l.ask, LINE_ASK_NONE);
	rig_close(&r);
}

static void calls(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, false);
	rig_channel(&r, "u1", "1001%40a.example", "outbound", "RINGING");
	rig_channel(&r, "u1", "1001%40a.example", "outbound", "ACTIVE");
	rig_channel(&r, "u2", "1001@a.example", "inbound", "RINGING");
	rig_channel(&r, "u1", "1001@a.example", "outbound", "HELD");
	rig_channel(&r, "u2", "1001@a.example", "inbound", "ACTIVE");
	rig_channel(&r, "u2", "1001@a.example", "inbound", "HANGUP");
	rig_channel(&r, "u1", "1001@a.example", "outbound", "UNHELD");
	rig_channel(&r, "u1", "", "outbound", "HANGUP");
	rig_said(&r, "partial:ringing partial:talking partial:dialing partial:held partial:talking "
		 "end:gone partial:talking "
		 "end:gone");
	rig_channel(&r, "u3", "1002@b.example", "outbound", "EARLY");
	rig_channel(&r, "u3", "1002@other.example", "outbound", "ACTIVE");
	rig_channel(&r, "u4", "9999@a.example", "outbound", "ACTIVE");
	rig_channel(&r, "u5", "1001@a.example", "outbound", "DANCING");
	rig_said(&r, "other.partial:ringing note:bad_body");
	/* a transfer: the channel serves another line now */
	rig_channel(&r, "u3", "1001@a.example", "outbound", "ACTIVE");
	rig_said(&r, "other.end:gone partial:talking");
	rig_close(&r);
}

/* Without a presence id the channel's name tells, where it names a phone of ours. */
static void names_of_channels(void **state)
{
	static const struct {
		const char *name, *said;
	} rows[] = {
		{ "sofia/internal/1001@a.example", "partial:talking" },
		{ "sofia/internal/sip:1001@192.0.2.7:5060", "partial:talking" },
		{ "sofia/internal/1001", "partial:talking" },
		{ "sofia/gateway/carrier/1001", "" },
		{ "sofia/external/1001@carrier.example", "" },
		{ "loopback/1001", "" },
		{ "sofia", "" },
	};
	char body[300];
	struct rig r;
	(void)state;

	rig_up(&r, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(body, sizeof(body),
			 "Event-Name: CHANNEL_CALLSTATE\nUnique-ID: n%zu\nCall-Direction: inbound\n"
			 "Channel-Call-State: ACTIVE\nChannel-Name: %s\n\n",
			 i, rows[i].name);
		rig_frame(&r, "text/event-plain", body);
		rig_said(&r, rows[i].said);
	}
	rig_close(&r);
}

static const char two_calls[] =
	"{\"row_count\":3,\"rows\":["
	"{\"uuid\":\"u1\",\"direction\":\"inbound\",\"callstate\":\"HELD\",\"presence_id\":\"1001@"
	"a\",\"name\":\"x\"},"
	"{\"uuid\":\"u2\",\"direction\":\"outbound\",\"callstate\":\"ACTIVE\",\"presence_id\":"
	"\"1001@a\","
	"\"application\":\"conference\"},"
	"{\"uuid\":\"u9\",\"direction\":\"outbound\",\"callstate\":\"ACTIVE\",\"presence_id\":\"\","
	"\"name\":\"sofia/external/0049@c\"}]}\n";

static void a_snapshot_is_the_truth(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, "", false);
	rig_log_in(&r);
	rig_frame(&r, "api/response", two_calls);
	rig_frame(&r, "api/response",
		  "{\"row_count\":1,\"rows\":[{\"reg_user\":\"1002\",\"realm\":\"b.example\"}]}\n");
	rig_said(&r, "full:conference partial:held dnd:off other.full:gone other.dnd:off registered:no "
		 "other.registered:yes");
	/* minutes later: one call has gone unheard of */
	r.now_ms += 4 * 60000;
	freeswitch_source_ops.resync_line(r.s, RIG_LINE);
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	rig_frame(&r, "api/response",
		  "{\"row_count\":1,\"rows\":[{\"uuid\":\"u1\",\"direction\":\"inbound\",\"callstate\":"
		  "\"ACTIVE\","
		  "\"presence_id\":\"1001@a\"}]}\n");
	rig_said(&r, "full:talking other.full:gone");
	rig_close(&r);
}

/* FreeSWITCH's table lags behind its events: within seconds the event counts, and the table is
 * asked again. */
static void events_beat_a_lagging_table(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, false);
	r.now_ms += 60000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api uptime>");
	rig_frame(&r, "api/response", "UP 0 years\n");
	rig_channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	rig_channel(&r, "u2", "1001@a", "inbound", "ACTIVE");
	rig_channel(&r, "u2", "1001@a", "inbound", "HANGUP");
	rig_said(&r, "partial:talking partial:talking end:gone");
	freeswitch_source_ops.resync_line(r.s, RIG_LINE);
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	r.now_ms += 100;
	rig_frame(&r, "api/response",
		  "{\"row_count\":1,\"rows\":[{\"uuid\":\"u2\",\"direction\":\"inbound\",\"callstate\":"
		  "\"ACTIVE\","
		  "\"presence_id\":\"1001@a\"}]}\n");
	rig_said(&r, "full:talking other.full:gone"); /* u1, not u2 */
	assert_true(freeswitch_source_ops.next(r.s) <= r.now_ms + 10000);
	r.now_ms += 10000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	rig_said(&r, "full:gone other.full:gone");
	rig_close(&r);
}

static void a_device_that_disagrees_is_looked_at(void **state)
{
	struct rig r;
	(void)state;

	rig_up(&r, false);
	r.now_ms += 60000;
	rig_frame(&r, "text/event-plain",
		  "Event-Name: DEVICE_STATE\nDevice-ID: 1001%40a\nDevice-State: DOWN\n\n");
	assert_true(freeswitch_source_ops.next(r.s) > r.now_ms + 20000);
	rig_frame(&r, "text/event-plain",
		  "Event-Name: DEVICE_STATE\nDevice-ID: 1001%40a\nDevice-State: ACTIVE\n\n");
	assert_true(freeswitch_source_ops.next(r.s) <= r.now_ms + 10000);
	rig_said(&r, "");
	r.now_ms += 10000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	rig_close(&r);
}

/* More channels than there is room for: the line is busy in any case, and all is well when they
 * end. */
static void more_channels_than_room(void **state)
{
	char uuid[20];
	struct rig r;
	(void)state;

	rig_up(&r, false);
	for (int i = 0; i < 300; i++) {
		snprintf(uuid, sizeof(uuid), "m%d", i);
		rig_channel(&r, uuid, "1001@a", "inbound", "ACTIVE");
		rig_drain(&r);
		r.said[0] = '\0';
	}
	r.now_ms += 10000;
	for (int i = 0; i < 300; i++) {
		snprintf(uuid, sizeof(uuid), "m%d", i);
		rig_channel(&r, uuid, "1001@a", "inbound", "HANGUP");
		rig_drain(&r);
		r.said[0] = '\0';
	}
	r.now_ms += 10000;
	freeswitch_source_ops.tick(r.s, r.now_ms);
	rig_said(&r, "<api show channels as json>");
	rig_frame(&r, "api/response", "{\"row_count\":0}\n");
	rig_said(&r, "full:gone other.full:gone");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_asks),
		cmocka_unit_test(calls),
		cmocka_unit_test(names_of_channels),
		cmocka_unit_test(a_snapshot_is_the_truth),
		cmocka_unit_test(events_beat_a_lagging_table),
		cmocka_unit_test(a_device_that_disagrees_is_looked_at),
		cmocka_unit_test(more_channels_than_room),
	};

	return cmocka_run_group_tests_name("source/freeswitch/calls", tests, NULL, NULL);
}
