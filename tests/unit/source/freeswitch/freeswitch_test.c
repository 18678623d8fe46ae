/* The machine against frames as mod_event_socket writes them. */
#include "test.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "source/freeswitch/freeswitch.h"

enum { LINE = 41, OTHER = 42 };

static const struct source_ops *const ops = &freeswitch_source_ops;

struct rig {
	struct source *s;
	struct secret password;
	int64_t now_ms;
	uint32_t channel;
	char said[800]; /* obs, events and sent bytes since the last look */
};

static void say(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct rig *r, const char *fmt, ...)
{
	size_t n = strlen(r->said);
	va_list ap;

	if (n)
		r->said[n++] = ' ';
	va_start(ap, fmt);
	vsnprintf(r->said + n, sizeof(r->said) - n, fmt, ap);
	va_end(ap);
}

static void say_obs(struct rig *r, const struct obs *o)
{
	static const char *const scopes[] = { "full", "partial", "end" };
	static const char *const calls[] = { "gone",	"ringing", "dialing",
					     "talking", "held",	   "conference" };
	const char *who = o->line == LINE ? "" : "other.";

	assert_int_equal(o->connector, 7);
	if (o->kind == OBS_CALL)
		say(r, "%s%s:%s", who, scopes[o->scope], calls[o->call]);
	else if (o->kind == OBS_DND)
		say(r, "%sdnd:%s", who, o->on ? "on" : "off");
	else if (o->kind == OBS_REGISTRATION)
		say(r, "%sregistered:%s", who, o->registered ? "yes" : "no");
	else
		say(r, "%sprofile:%s:%s", who, profile_name((enum profile)o->profile.state),
		    scopes[o->scope]);
}

static void drain(struct rig *r)
{
	struct source_out out;

	while (ops->drain(r->s, &out)) {
		switch (out.kind) {
		case OUT_CONNECT:
			r->channel = out.channel;
			say(r, "connect:%s:%u", out.host, out.port);
			break;
		case OUT_SEND:
			say(r, "<%.*s>", (int)slice_find(out.bytes, '\n'), out.bytes.p);
			assert_true(out.bytes.n > 2 &&
				    memcmp(out.bytes.p + out.bytes.n - 2, "\n\n", 2) == 0);
			break;
		case OUT_CLOSE:
			say(r, "close");
			break;
		case OUT_UP:
			say(r, "up");
			break;
		case OUT_DOWN:
			say(r, "down");
			break;
		case OUT_NOTE:
			if (out.note != NOTE_CONNECTED && out.note != NOTE_DISCONNECTED)
				say(r, "note:%s", note_name((enum note)out.note));
			break;
		case OUT_OBS:
			say_obs(r, &out.obs);
			break;
		default:
			fail_msg("out %d", out.kind);
		}
	}
}

static void said(struct rig *r, const char *wanted)
{
	drain(r);
	if (strcmp(r->said, wanted) != 0)
		fail_msg("wanted [%s]\n   got [%s]", wanted, r->said);
	r->said[0] = '\0';
}

static void feed(struct rig *r, const char *bytes)
{
	const struct source_feed in = { .kind = FEED_BYTES,
					.channel = r->channel,
					.bytes = slice_str(bytes) };

	ops->feed(r->s, r->now_ms, &in);
}

static void frame(struct rig *r, const char *type, const char *body)
{
	char head[200];

	snprintf(head, sizeof(head), "Content-Type: %s\nContent-Length: %zu\n\n", type,
		 strlen(body));
	feed(r, head);
	feed(r, body);
}

static void reply(struct rig *r, const char *text)
{
	feed(r, "Content-Type: command/reply\nReply-Text: ");
	feed(r, text);
	feed(r, "\n\n");
}

static void connect_rig(struct rig *r)
{
	const struct source_feed in = { .kind = FEED_CONNECTED,
					.channel = r->channel,
					.peer = { "192.0.2.1", 8021 } };

	ops->feed(r->s, r->now_ms, &in);
}

static void open_rig(struct rig *r, const char *username, bool reads_profile)
{
	*r = (struct rig){ .now_ms = 1000000 };
	assert_int_equal(secret_set(&r->password, SLICE_LIT("ClueCon")), ERR_OK);
	const struct source_config c = { .name = "fs",
					 .connector = 7,
					 .account = 3,
					 .server = "pbx:8021",
					 .seed = 5,
					 .username = username,
					 .password = &r->password,
					 .lines_max = 4,
					 .reads_profile = reads_profile };
	assert_int_equal(ops->open(&r->s, &c, r->now_ms), ERR_OK);
	assert_int_equal(ops->add_line(r->s, LINE, SLICE_LIT("1001")), ERR_OK);
	assert_int_equal(ops->add_line(r->s, OTHER, SLICE_LIT("1002@b.example")), ERR_OK);
	ops->tick(r->s, r->now_ms);
	said(r, "connect:pbx:8021");
	connect_rig(r);
	said(r, "");
}

static void close_rig(struct rig *r)
{
	ops->close(r->s);
	secret_fini(&r->password);
}

#define ASKS "<api show channels as json> <api show registrations as json>"
#define EVENTS                                                                                     \
	"<event plain CHANNEL_CALLSTATE DEVICE_STATE PRESENCE_IN CUSTOM sofia::register "          \
	"sofia::unregister sofia::expire>"

static void log_in(struct rig *r)
{
	feed(r, "Content-Type: auth/request\n\n");
	said(r, "<auth ClueCon>");
	reply(r, "+OK accepted");
	said(r, EVENTS);
	reply(r, "+OK event listener enabled plain");
	said(r, "up " ASKS);
}

/* Logged in, both lines idle, nothing registered. */
static void up(struct rig *r, bool reads_profile)
{
	open_rig(r, "", reads_profile);
	log_in(r);
	frame(r, "api/response", "{\"row_count\":0}\n");
	frame(r, "api/response", "{\"row_count\":0}\n");
	said(r, "full:gone dnd:off other.full:gone other.dnd:off");
}

static void channel(struct rig *r, const char *uuid, const char *who, const char *direction,
		    const char *state)
{
	char body[400];

	snprintf(body, sizeof(body),
		 "Event-Name: CHANNEL_CALLSTATE\nUnique-ID: %s\nCall-Direction: "
		 "%s\nChannel-Call-State: %s\n"
		 "Channel-Name: sofia/internal/x%%40y\nChannel-Presence-ID: %s\n\n",
		 uuid, direction, state, who);
	frame(r, "text/event-plain", body);
}

/* A person asks: the table of channels tells of all lines, and is asked for however young the last is. */
static void a_person_asks(void **state)
{
	struct source_line_view l;
	struct source_view v;
	struct rig r;
	(void)state;

	up(&r, false);
	ops->probe(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	ops->view(r.s, &v);
	assert_true(ops->line_view(r.s, LINE, &l));
	assert_int_equal(v.probe, SOURCE_PROBE_ASKED);
	assert_int_equal(l.ask, LINE_ASK_SENT);
	frame(&r, "api/response", "{\"row_count\":0}\n");
	ops->view(r.s, &v);
	assert_true(ops->line_view(r.s, LINE, &l));
	assert_int_equal(v.probe, SOURCE_PROBE_ANSWERED);
	assert_int_equal(l.ask, LINE_ASK_NONE);
	close_rig(&r);
}

static void logs_in(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	open_rig(&r, "", false);
	log_in(&r);
	ops->view(r.s, &v);
	assert_true(v.up && v.logged_in && v.live == 0 && v.lines == 2);
	close_rig(&r);
	open_rig(&r, "ana@b.example", false);
	feed(&r, "Content-Type: auth/request\n\nContent-Type: auth/request\n\n");
	said(&r, "<userauth ana@b.example:ClueCon>");
	close_rig(&r);
}

static void refusals_wait_long(void **state)
{
	struct source_view v;
	struct rig r;
	(void)state;

	open_rig(&r, "", false);
	feed(&r, "Content-Type: auth/request\n\n");
	reply(&r, "-ERR invalid");
	said(&r, "<auth ClueCon> close note:login_refused");
	ops->view(r.s, &v);
	assert_true(!v.up && strstr(v.state, "password"));
	assert_true(ops->next(r.s) >= r.now_ms + 5 * 60000);
	close_rig(&r);
	open_rig(&r, "", false);
	frame(&r, "text/rude-rejection", "Access Denied, go away.\n");
	said(&r, "close note:login_refused");
	assert_true(ops->next(r.s) >= r.now_ms + 60000);
	ops->view(r.s, &v);
	assert_non_null(strstr(v.state, "access list"));
	close_rig(&r);
	open_rig(&r, "", false);
	feed(&r, "Content-Type: auth/request\n\n");
	reply(&r, "+OK accepted");
	reply(&r, "-ERR permission denied");
	said(&r, "<auth ClueCon> " EVENTS " close note:login_refused");
	close_rig(&r);
}

static void calls(void **state)
{
	struct rig r;
	(void)state;

	up(&r, false);
	channel(&r, "u1", "1001%40a.example", "outbound", "RINGING");
	channel(&r, "u1", "1001%40a.example", "outbound", "ACTIVE");
	channel(&r, "u2", "1001@a.example", "inbound", "RINGING");
	channel(&r, "u1", "1001@a.example", "outbound", "HELD");
	channel(&r, "u2", "1001@a.example", "inbound", "ACTIVE");
	channel(&r, "u2", "1001@a.example", "inbound", "HANGUP");
	channel(&r, "u1", "1001@a.example", "outbound", "UNHELD");
	channel(&r, "u1", "", "outbound", "HANGUP");
	said(&r, "partial:ringing partial:talking partial:dialing partial:held partial:talking "
		 "end:gone partial:talking "
		 "end:gone");
	channel(&r, "u3", "1002@b.example", "outbound", "EARLY");
	channel(&r, "u3", "1002@other.example", "outbound", "ACTIVE");
	channel(&r, "u4", "9999@a.example", "outbound", "ACTIVE");
	channel(&r, "u5", "1001@a.example", "outbound", "DANCING");
	said(&r, "other.partial:ringing note:bad_body");
	/* a transfer: the channel serves another line now */
	channel(&r, "u3", "1001@a.example", "outbound", "ACTIVE");
	said(&r, "other.end:gone partial:talking");
	close_rig(&r);
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

	up(&r, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(body, sizeof(body),
			 "Event-Name: CHANNEL_CALLSTATE\nUnique-ID: n%zu\nCall-Direction: inbound\n"
			 "Channel-Call-State: ACTIVE\nChannel-Name: %s\n\n",
			 i, rows[i].name);
		frame(&r, "text/event-plain", body);
		said(&r, rows[i].said);
	}
	close_rig(&r);
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

	open_rig(&r, "", false);
	log_in(&r);
	frame(&r, "api/response", two_calls);
	frame(&r, "api/response",
	      "{\"row_count\":1,\"rows\":[{\"reg_user\":\"1002\",\"realm\":\"b.example\"}]}\n");
	said(&r, "full:conference partial:held dnd:off other.full:gone other.dnd:off registered:no "
		 "other.registered:yes");
	/* minutes later: one call has gone unheard of */
	r.now_ms += 4 * 60000;
	ops->resync_line(r.s, LINE);
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	frame(&r, "api/response",
	      "{\"row_count\":1,\"rows\":[{\"uuid\":\"u1\",\"direction\":\"inbound\",\"callstate\":"
	      "\"ACTIVE\","
	      "\"presence_id\":\"1001@a\"}]}\n");
	said(&r, "full:talking other.full:gone");
	close_rig(&r);
}

/* FreeSWITCH's table lags behind its events: within seconds the event counts, and the table is
 * asked again. */
static void events_beat_a_lagging_table(void **state)
{
	struct rig r;
	(void)state;

	up(&r, false);
	r.now_ms += 60000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api uptime>");
	frame(&r, "api/response", "UP 0 years\n");
	channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	channel(&r, "u2", "1001@a", "inbound", "ACTIVE");
	channel(&r, "u2", "1001@a", "inbound", "HANGUP");
	said(&r, "partial:talking partial:talking end:gone");
	ops->resync_line(r.s, LINE);
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	r.now_ms += 100;
	frame(&r, "api/response",
	      "{\"row_count\":1,\"rows\":[{\"uuid\":\"u2\",\"direction\":\"inbound\",\"callstate\":"
	      "\"ACTIVE\","
	      "\"presence_id\":\"1001@a\"}]}\n");
	said(&r, "full:talking other.full:gone"); /* u1, not u2 */
	assert_true(ops->next(r.s) <= r.now_ms + 10000);
	r.now_ms += 10000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	frame(&r, "api/response", "{\"row_count\":0}\n");
	said(&r, "full:gone other.full:gone");
	close_rig(&r);
}

static void a_device_that_disagrees_is_looked_at(void **state)
{
	struct rig r;
	(void)state;

	up(&r, false);
	r.now_ms += 60000;
	frame(&r, "text/event-plain",
	      "Event-Name: DEVICE_STATE\nDevice-ID: 1001%40a\nDevice-State: DOWN\n\n");
	assert_true(ops->next(r.s) > r.now_ms + 20000);
	frame(&r, "text/event-plain",
	      "Event-Name: DEVICE_STATE\nDevice-ID: 1001%40a\nDevice-State: ACTIVE\n\n");
	assert_true(ops->next(r.s) <= r.now_ms + 10000);
	said(&r, "");
	r.now_ms += 10000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	close_rig(&r);
}

static void presence(struct rig *r, const char *rpid, const char *status, const char *more)
{
	char body[300];

	snprintf(body, sizeof(body),
		 "Event-Name: PRESENCE_IN\nproto: sip\nfrom: 1001%%40a\nrpid: %s\nstatus: %s\n%s\n",
		 rpid, status, more);
	frame(r, "text/event-plain", body);
}

static void dnd_and_profile(void **state)
{
	struct rig r;
	(void)state;

	up(&r, true);
	presence(&r, "away", "Away", "");
	presence(&r, "dnd", "", "");
	presence(&r, "unknown", "Do%20Not%20Disturb", "");
	presence(&r, "", "Available", "");
	presence(&r, "busy", "", "");
	presence(&r, "busy", "On The Phone", "answer-state: confirmed\n");
	presence(&r, "unknown", "CS_ROUTING", "unique-id: u1\n");
	presence(&r, "unknown", "Registered", "");
	said(&r, "profile:away:partial dnd:off dnd:on profile:available:partial dnd:on "
		 "profile:available:partial "
		 "profile:available:partial dnd:off profile:busy:partial dnd:off");
	close_rig(&r);
	up(&r, true);
	presence(&r, "", "Available", ""); /* as every phone says when it starts */
	presence(&r, "away", "", "");
	said(&r, "profile:available:full dnd:off profile:away:partial dnd:off");
	close_rig(&r);
	up(&r, false);
	presence(&r, "away", "Away", "");
	said(&r, "dnd:off");
	frame(&r, "text/event-json",
	      "{\"Event-Name\":\"PRESENCE_IN\",\"from\":\"1001@a\",\"rpid\":\"dnd\"}");
	said(&r, "dnd:on");
	close_rig(&r);
}

static void registrations(void **state)
{
	struct rig r;
	(void)state;

	up(&r, false);
	frame(&r, "text/event-plain",
	      "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nfrom-user: "
	      "1001\nfrom-host: a\n\n");
	said(&r, "registered:yes");
	frame(&r, "text/event-plain",
	      "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aexpire\nuser: 1001\nhost: a\n\n");
	said(&r, "");
	r.now_ms += 2000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show registrations as json>");
	frame(&r, "api/response", "{\"row_count\":0}\n");
	said(&r, "registered:no");
	close_rig(&r);
}

static void a_lost_link(void **state)
{
	const struct source_feed closed = { .kind = FEED_CLOSED, .channel = 1, .text = "reset" };
	struct source_line_view v;
	struct rig r;
	(void)state;

	up(&r, false);
	channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	presence(&r, "dnd", "", "");
	said(&r, "partial:talking dnd:on");
	frame(&r, "text/disconnect-notice", "Disconnected, goodbye.\n");
	said(&r, "close down");
	assert_true(ops->line_view(r.s, LINE, &v));
	assert_int_equal(v.link, LINE_WAITING);
	r.now_ms = ops->next(r.s);
	ops->tick(r.s, r.now_ms);
	said(&r, "connect:pbx:8021");
	ops->feed(r.s, r.now_ms, &closed); /* of the channel before: nobody's */
	connect_rig(&r);
	log_in(&r);
	frame(&r, "api/response", "{\"row_count\":0}\n");
	said(&r, "dnd:on full:gone other.full:gone other.dnd:off"); /* the outage was short: DND
								       stands */
	r.now_ms += 60000;
	const struct source_feed lost = { .kind = FEED_CLOSED,
					  .channel = r.channel,
					  .text = "reset" };
	ops->feed(r.s, r.now_ms, &lost);
	said(&r, "down");
	r.now_ms += 3 * 60000;
	ops->tick(r.s, r.now_ms);
	said(&r, "connect:pbx:8021");
	connect_rig(&r);
	log_in(&r);
	frame(&r, "api/response", "{\"row_count\":0}\n");
	said(&r, "full:gone dnd:off other.full:gone other.dnd:off");
	close_rig(&r);
}

static void silence_is_a_lost_link(void **state)
{
	struct rig r;
	(void)state;

	up(&r, false);
	assert_int_equal(ops->next(r.s), r.now_ms + 30000);
	r.now_ms += 30000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api uptime>");
	assert_int_equal(ops->next(r.s), r.now_ms + 20000);
	r.now_ms += 20000;
	ops->tick(r.s, r.now_ms);
	said(&r, "close down note:timed_out");
	close_rig(&r);
	open_rig(&r, "", false); /* connected, and never a word */
	r.now_ms += 20000;
	ops->tick(r.s, r.now_ms);
	said(&r, "close note:timed_out");
	close_rig(&r);
}

static void rights_that_are_missing(void **state)
{
	struct source_line_view lv;
	struct source_view v;
	struct rig r;
	(void)state;

	open_rig(&r, "ana@a", false);
	feed(&r, "Content-Type: auth/request\n\n");
	reply(&r, "+OK accepted");
	reply(&r, "+OK");
	reply(&r, "-ERR permission denied");
	reply(&r, "-ERR permission denied");
	said(&r,
	     "<userauth ana@a:ClueCon> " EVENTS " up " ASKS " note:unsupported note:unsupported");
	ops->view(r.s, &v);
	assert_string_equal(v.missing, "api show channels, api show registrations");
	assert_true(ops->line_view(r.s, LINE, &lv));
	assert_string_equal(lv.reason, "show channels is not permitted");
	close_rig(&r);
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
		open_rig(&r, "", false);
		feed(&r, streams[i]);
		said(&r, "close note:malformed");
		close_rig(&r);
	}
	up(&r, false);
	frame(&r, "text/event-plain", "no header");
	frame(&r, "text/event-plain", "Event-Name: CHANNEL_CALLSTATE\n\n");
	frame(&r, "text/event-plain", "Event-Name: HEARTBEAT\n\n");
	frame(&r, "api/response", "nobody asked");
	frame(&r, "log/data", "x");
	said(&r, "note:bad_body note:bad_body");
	channel(&r, "u1", "1001@a", "inbound", "ACTIVE");
	said(&r, "partial:talking");
	close_rig(&r);
}

/* More channels than there is room for: the line is busy in any case, and all is well when they
 * end. */
static void more_channels_than_room(void **state)
{
	char uuid[20];
	struct rig r;
	(void)state;

	up(&r, false);
	for (int i = 0; i < 300; i++) {
		snprintf(uuid, sizeof(uuid), "m%d", i);
		channel(&r, uuid, "1001@a", "inbound", "ACTIVE");
		drain(&r);
		r.said[0] = '\0';
	}
	r.now_ms += 10000;
	for (int i = 0; i < 300; i++) {
		snprintf(uuid, sizeof(uuid), "m%d", i);
		channel(&r, uuid, "1001@a", "inbound", "HANGUP");
		drain(&r);
		r.said[0] = '\0';
	}
	r.now_ms += 10000;
	ops->tick(r.s, r.now_ms);
	said(&r, "<api show channels as json>");
	frame(&r, "api/response", "{\"row_count\":0}\n");
	said(&r, "full:gone other.full:gone");
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in),
		cmocka_unit_test(a_person_asks),
		cmocka_unit_test(refusals_wait_long),
		cmocka_unit_test(calls),
		cmocka_unit_test(names_of_channels),
		cmocka_unit_test(a_snapshot_is_the_truth),
		cmocka_unit_test(events_beat_a_lagging_table),
		cmocka_unit_test(a_device_that_disagrees_is_looked_at),
		cmocka_unit_test(dnd_and_profile),
		cmocka_unit_test(registrations),
		cmocka_unit_test(a_lost_link),
		cmocka_unit_test(silence_is_a_lost_link),
		cmocka_unit_test(rights_that_are_missing),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(more_channels_than_room),
	};
	return cmocka_run_group_tests_name("source/freeswitch", tests, NULL, NULL);
}
