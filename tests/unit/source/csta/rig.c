#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/conf/conf.h"
#include "proto/csta/frame.h"
#include "proto/csta/message.h"
#include "test.h"

static const char *const calls[CALL_COUNT] = { "gone",	  "ringing", "dialing",
					       "talking", "held",    "conference" };
static const char *const scopes[] = { "full", "part", "gone" };
static const char *const profiles[PROFILE_COUNT + 1] = { "available",	  "away",    "busy",
							 "not-available", "meeting", "none" };
static const char *const forwards[] = { "none", "voicemail", "internal", "external" };
static const char *const results[WRITE_RESULT_COUNT] = { "accepted", "refused", "unsure" };

static char letter(struct rig *r, uint64_t key)
{
	uint32_t i = 0;

	if (key == 0)
		return '-';
	while (i < r->keys_n && r->keys[i] != key)
		i++;
	if (i == RIG_KEYS_MAX)
		return '?';
	r->keys[i] = key;
	r->keys_n += i == r->keys_n;
	return (char)('a' + i);
}

static void tell_obs(struct rig *r, const struct obs *o)
{
	assert_true(r->is_up);
	assert_int_equal(o->connector, 3);
	assert_int_equal(o->account, 1);
	switch ((enum obs_kind)o->kind) {
	case OBS_CALL:
		buf_fmt(&r->told, "%u call %c %s %s\n", o->line, letter(r, o->call_key),
			calls[o->call], scopes[o->scope]);
		break;
	case OBS_DND:
		buf_fmt(&r->told, "%u dnd %s\n", o->line, o->on ? "on" : "off");
		break;
	case OBS_REGISTRATION:
		buf_fmt(&r->told, "%u %s\n", o->line, o->registered ? "here" : "away");
		break;
	case OBS_PROFILE:
		buf_fmt(&r->told, "%u profile %s %s", o->line, profiles[o->profile.state],
			scopes[o->scope]);
		if (o->profile.until_wall_ms != TIME_NEVER)
			buf_fmt(&r->told, " until %lld", (long long)o->profile.until_wall_ms);
		buf_char(&r->told, '\n');
		break;
	case OBS_FORWARD:
		buf_fmt(&r->told, "%u forward %s\n", o->line, forwards[o->forward]);
		break;
	case OBS_READBACK:
	case OBS_COUNT:
		fail();
	}
}

/* ---- what it sends ---- */

static bool is_reply(struct slice root)
{
	return slice_is(root, "CSTAErrorCode") ||
	       slice_find_str(root, SLICE_LIT("Response")) + 8 == root.n;
}

static void take_sent(struct rig *r, const struct csta_frame *f)
{
	struct rig_request *q = &r->asked[r->asked_n];
	const struct csta_message *m = r->message;
	struct buf b;

	size_t at = slice_find_str(f->xml, SLICE_LIT("ecma-323/csta/ed"));

	assert_int_equal(csta_read(r->xml, f->xml, r->message), ERR_OK);
	r->edition = at < f->xml.n ? (uint8_t)(f->xml.p[at + 16] - '0') : 0;
	buf_init(&b, sizeof(q->text) - 1);
	buf_slice(&b, csta_name(m, 0));
	for (uint32_t i = 1; i < m->n; i++) {
		if (csta_text(m, i).n == 0)
			continue;
		buf_char(&b, ' ');
		buf_slice(&b, slice_starts(csta_text(m, i), "http") ? SLICE_LIT("NS")
								    : csta_text(m, i));
	}
	if (is_reply(csta_name(m, 0)))
		buf_fmt(&r->sent, "%u ", f->invoke);
	buf_fmt(&r->sent, "%s\n", buf_cstr(&b));
	assert_true(r->asked_n < RIG_ASKED_MAX - 1);
	q->invoke = f->invoke;
	snprintf(q->text, sizeof(q->text), "%s", buf_cstr(&b));
	r->asked_n += !is_reply(csta_name(m, 0));
	buf_fini(&b);
}

static void take_bytes(struct rig *r, const struct source_out *out)
{
	struct csta_frame f;

	assert_int_equal(out->channel, r->channel);
	assert_int_equal(csta_stream_add(r->stream, out->bytes), ERR_OK);
	while (csta_stream_next(r->stream, &f) == ERR_OK)
		take_sent(r, &f);
}

static void tell_link(struct rig *r, bool up)
{
	assert_int_equal(r->is_up, !up);
	r->is_up = up;
	buf_str(&r->told, up ? "up\n" : "down\n");
}

static void take(struct rig *r, const struct source_out *out)
{
	switch ((enum source_out_kind)out->kind) {
	case OUT_CONNECT:
		r->channel = out->channel;
		buf_fmt(&r->told, "connect %s:%u %s\n", out->host, out->port,
			out->transport == TRANSPORT_TLS ? "tls" : "tcp");
		break;
	case OUT_SEND:
		take_bytes(r, out);
		break;
	case OUT_CLOSE:
		buf_str(&r->told, "close\n");
		break;
	case OUT_OBS:
		tell_obs(r, &out->obs);
		break;
	case OUT_UP:
	case OUT_DOWN:
		tell_link(r, out->kind == OUT_UP);
		break;
	case OUT_LINE_LOST:
		buf_fmt(&r->told, "%u lost\n", out->line);
		break;
	case OUT_NOTE:
		buf_fmt(&r->told, "note %s: %s\n", note_name((enum note)out->note), out->text);
		break;
	case OUT_WRITTEN:
		buf_fmt(&r->told, "%u written %u %s%s%s\n", out->line, out->generation,
			results[out->result], out->text[0] ? ": " : "", out->text);
		break;
	case OUT_KEEP:
		buf_fmt(&r->kept, "%u keep %s\n", out->line, out->text);
		break;
	case OUT_LISTEN:
	case OUT_ANSWER:
		fail();
	}
}

static void drain(struct rig *r)
{
	struct source_out out;

	while (csta_source_ops.drain(r->s, &out))
		take(r, &out);
}

/* ---- opening ---- */

void rig_open(struct rig *r, const struct rig_setup *setup)
{
	static const struct rig_setup plain;
	const struct rig_setup *u = setup ? setup : &plain;
	const struct conf_connector settings = {
		.edition = (uint8_t)(u->edition ? u->edition - 2 : 0),
		.session = u->session,
		.login_element = "SessionLoginInfo",
		.login_namespace = u->ns ? u->ns : "",
		.profile_at = u->at ? u->at : "PresenceStateEvent/presenceState",
		.profile_get = u->get ? u->get : "GetPresenceState",
		.profile_set = u->set ? u->set : "SetPresenceState/requestedPresenceState",
		.profile_until = u->until ? u->until : "untilTime",
		.profiles = { .list = (const char **)(uintptr_t)u->profiles, .n = u->profiles_n },
		.lamps = u->lamp_at_n > 0,
		.lamp_at = { .list = (const char **)(uintptr_t)u->lamp_at, .n = u->lamp_at_n },
		.lamp_states = { .list = (const char **)(uintptr_t)u->lamp_states, .n = u->lamp_states_n },
		.lamp_set = u->lamp_set ? u->lamp_set : "SetLampMode/lampMode",
		.lamp_get = u->lamp_get ? u->lamp_get : "GetLampMode",
		.lamp_element = u->lamp_element ? u->lamp_element : "lamp",
		.dnd_while = { .list = (const char **)(uintptr_t)u->dnd_while, .n = u->dnd_while_n }
	};
	const struct source_tuning tuning = { .outstanding_max = u->outstanding };

	*r = (struct rig){ .now_ms = 1000 };
	r->stream = calloc(1, sizeof(*r->stream));
	r->message = calloc(1, sizeof(*r->message));
	buf_init(&r->sent, 1 << 24);
	buf_init(&r->told, 1 << 24);
	buf_init(&r->kept, 1 << 16);
	assert_int_equal(xml_reader_new(&r->xml, 7), ERR_OK);
	assert_int_equal(secret_set(&r->password, SLICE_LIT("bridge-secret")), ERR_OK);
	const struct source_config c = { .name = "hq",
					 .connector = 3,
					 .account = 1,
					 .server = "pbx:17001",
					 .username = u->username ? u->username : "offhook",
					 .password = &r->password,
					 .tls = u->tls,
					 .reads_profile = !u->profile_off,
					 .writes_profile = !u->profile_off,
					 .settings = &settings,
					 .tuning = &tuning,
					 .lines_max = u->lines_max ? u->lines_max : 2000,
					 .seed = 7 };
	assert_int_equal(csta_source_ops.open(&r->s, &c, r->now_ms), ERR_OK);
}

void rig_close(struct rig *r)
{
	csta_source_ops.close(r->s);
	csta_stream_fini(r->stream);
	free(r->stream);
	free(r->message);
	xml_reader_free(r->xml);
	buf_fini(&r->sent);
	buf_fini(&r->told);
	buf_fini(&r->kept);
	secret_fini(&r->password);
}

void rig_line(struct rig *r, uint32_t line, const char *number)
{
	assert_int_equal(csta_source_ops.add_line(r->s, line, slice_str(number)), ERR_OK);
	drain(r);
}

/* ---- what the switch does ---- */

void rig_feed(struct rig *r, enum source_feed_kind kind, struct slice bytes)
{
	const struct source_feed in = { .kind = (uint8_t)kind,
					.channel = r->channel,
					.bytes = bytes,
					.text = "gone",
					.peer = { "192.0.2.1", 7001 } };

	if (kind != FEED_BYTES) {
		r->asked_n = 0;
		csta_stream_fini(r->stream);
	}
	csta_source_ops.feed(r->s, r->now_ms, &in);
	drain(r);
}

void rig_say(struct rig *r, uint16_t invoke, const char *xml)
{
	struct buf b;

	buf_init(&b, CSTA_FRAME_MAX);
	csta_frame_begin(&b);
	buf_str(&b, xml);
	assert_int_equal(csta_frame_end(&b, invoke), ERR_OK);
	rig_feed(r, FEED_BYTES, buf_view(&b));
	buf_fini(&b);
}

void rig_event(struct rig *r, const char *xml)
{
	rig_say(r, CSTA_EVENT, xml);
}

static uint32_t find(struct rig *r, const char *request)
{
	rig_pass(r, 0);
	for (uint32_t i = 0; i < r->asked_n; i++)
		if (slice_starts(slice_str(r->asked[i].text), request))
			return i;
	return RIG_ASKED_MAX;
}

bool rig_is_asked(struct rig *r, const char *request)
{
	return find(r, request) != RIG_ASKED_MAX;
}

void rig_answer(struct rig *r, const char *request, const char *xml)
{
	uint32_t i = find(r, request);
	uint16_t invoke;

	if (i == RIG_ASKED_MAX)
		fail_msg("nobody asked %s; sent: %s", request, buf_cstr(&r->sent));
	invoke = r->asked[i].invoke;
	r->asked_n--;
	memmove(&r->asked[i], &r->asked[i + 1], (r->asked_n - i) * sizeof(r->asked[0]));
	rig_say(r, invoke, xml);
}

void rig_pass(struct rig *r, int64_t ms)
{
	int64_t end = r->now_ms + ms;

	for (int64_t due; (due = csta_source_ops.next(r->s)) <= end;) {
		r->now_ms = due > r->now_ms ? due : r->now_ms;
		csta_source_ops.tick(r->s, r->now_ms);
		drain(r);
	}
	r->now_ms = end;
	drain(r);
}

void rig_talk(struct rig *r, int64_t ms)
{
	for (; ms > 0; ms -= 10000) {
		rig_pass(r, ms < 10000 ? ms : 10000);
		rig_say(r, 1, "<SystemStatus/>");
		if (rig_is_asked(r, "ResetApplicationSessionTimer"))
			rig_answer(r, "ResetApplicationSessionTimer",
				   "<ResetApplicationSessionTimerPosResponse/>");
	}
}

/* ---- looking ---- */

static const char *look(struct buf *b)
{
	static char text[1 << 18];

	assert_true(b->n < sizeof(text));
	memcpy(text, buf_cstr(b), b->n + 1);
	buf_reset(b);
	return text;
}

const char *rig_told(struct rig *r)
{
	rig_pass(r, 0);
	return look(&r->told);
}

const char *rig_sent(struct rig *r)
{
	rig_pass(r, 0);
	return look(&r->sent);
}

struct source_view rig_view(const struct rig *r)
{
	struct source_view v;

	csta_source_ops.view(r->s, &v);
	return v;
}

/* ---- the usual course ---- */

void rig_connect(struct rig *r)
{
	rig_pass(r, 0);
	while (!strstr(buf_cstr(&r->told), "connect pbx"))
		rig_pass(r, 1000);
	rig_feed(r, FEED_CONNECTED, SLICE_NONE);
}

void rig_up(struct rig *r)
{
	rig_connect(r);
	rig_answer(r, "StartApplicationSession",
		   "<StartApplicationSessionPosResponse><sessionID>s7</"
		   "sessionID><actualSessionDuration>600"
		   "</actualSessionDuration></StartApplicationSessionPosResponse>");
}

static void answer_for(struct rig *r, const char *service, const char *number, const char *xml)
{
	char request[120];

	snprintf(request, sizeof(request), "%s %s", service, number);
	if (rig_is_asked(r, request))
		rig_answer(r, request, xml);
}

void rig_steps(struct rig *r, const char *number)
{
	answer_for(r, "GetDoNotDisturb", number,
		   "<GetDoNotDisturbResponse><doNotDisturbOn>false</doNotDisturbOn>"
		   "</GetDoNotDisturbResponse>");
	answer_for(r, "GetPresenceState", number,
		   "<GetPresenceStateResponse><presenceState>available</presenceState>"
		   "</GetPresenceStateResponse>");
	answer_for(r, "GetForwarding", number, "<GetForwardingResponse/>");
}

void rig_monitor(struct rig *r, const char *number, const char *xref)
{
	char xml[200];

	snprintf(xml, sizeof(xml),
		 "<MonitorStartResponse><monitorCrossRefID>%s</monitorCrossRefID></"
		 "MonitorStartResponse>",
		 xref);
	answer_for(r, "MonitorStart", number, xml);
	rig_steps(r, number);
}

void rig_snapshot(struct rig *r, const char *number, const char *infos)
{
	char request[120];
	struct buf b;

	buf_init(&b, 1 << 18);
	buf_fmt(&b,
		"<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>%s</snapshotData>"
		"</crossRefIDorSnapshotData></SnapshotDeviceResponse>",
		infos);
	snprintf(request, sizeof(request), "SnapshotDevice %s", number);
	rig_answer(r, request, buf_cstr(&b));
	buf_fini(&b);
}

void rig_open_one(struct rig *r, const struct rig_setup *setup)
{
	rig_open(r, setup);
	rig_line(r, 7, "201");
	rig_up(r);
	rig_monitor(r, "201", "x1");
	rig_snapshot(r, "201", "");
	rig_told(r);
	rig_sent(r);
}

void rig_is_line(const struct rig *r, uint32_t line, enum line_link link, const char *reason)
{
	struct source_line_view v;

	assert_true(csta_source_ops.line_view(r->s, line, &v));
	assert_int_equal(v.link, link);
	assert_string_equal(v.reason, reason);
}
