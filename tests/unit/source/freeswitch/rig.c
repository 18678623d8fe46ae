#include "rig.h"

#include <stdarg.h>
#include <stdio.h>

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
	const char *who = o->line == RIG_LINE ? "" : "other.";

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

void rig_drain(struct rig *r)
{
	struct source_out out;

	while (freeswitch_source_ops.drain(r->s, &out)) {
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

void rig_said(struct rig *r, const char *wanted)
{
	rig_drain(r);
	if (strcmp(r->said, wanted) != 0)
		fail_msg("wanted [%s]\n   got [%s]", wanted, r->said);
	r->said[0] = '\0';
}

void rig_feed(struct rig *r, const char *bytes)
{
	const struct source_feed in = { .kind = FEED_BYTES,
					.channel = r->channel,
					.bytes = slice_str(bytes) };

	freeswitch_source_ops.feed(r->s, r->now_ms, &in);
}

void rig_frame(struct rig *r, const char *type, const char *body)
{
	char head[200];

	snprintf(head, sizeof(head), "Content-Type: %s\nContent-Length: %zu\n\n", type,
		 strlen(body));
	rig_feed(r, head);
	rig_feed(r, body);
}

void rig_reply(struct rig *r, const char *text)
{
	rig_feed(r, "Content-Type: command/reply\nReply-Text: ");
	rig_feed(r, text);
	rig_feed(r, "\n\n");
}

void rig_connect(struct rig *r)
{
	const struct source_feed in = { .kind = FEED_CONNECTED,
					.channel = r->channel,
					.peer = { "192.0.2.1", 8021 } };

	freeswitch_source_ops.feed(r->s, r->now_ms, &in);
}

void rig_open(struct rig *r, const char *username, bool reads_profile)
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
	assert_int_equal(freeswitch_source_ops.open(&r->s, &c, r->now_ms), ERR_OK);
	assert_int_equal(freeswitch_source_ops.add_line(r->s, RIG_LINE, SLICE_LIT("1001")), ERR_OK);
	assert_int_equal(freeswitch_source_ops.add_line(r->s, RIG_OTHER, SLICE_LIT("1002@b.example")),
			 ERR_OK);
	freeswitch_source_ops.tick(r->s, r->now_ms);
	rig_said(r, "connect:pbx:8021");
	rig_connect(r);
	rig_said(r, "");
}

void rig_close(struct rig *r)
{
	freeswitch_source_ops.close(r->s);
	secret_fini(&r->password);
}

void rig_log_in(struct rig *r)
{
	rig_feed(r, "Content-Type: auth/request\n\n");
	rig_said(r, "<auth ClueCon>");
	rig_reply(r, "+OK accepted");
	rig_said(r, RIG_EVENTS);
	rig_reply(r, "+OK event listener enabled plain");
	rig_said(r, "up " RIG_ASKS);
}

void rig_up(struct rig *r, bool reads_profile)
{
	rig_open(r, "", reads_profile);
	rig_log_in(r);
	rig_frame(r, "api/response", "{\"row_count\":0}\n");
	rig_frame(r, "api/response", "{\"row_count\":0}\n");
	rig_said(r, "full:gone dnd:off other.full:gone other.dnd:off");
}

void rig_channel(struct rig *r, const char *uuid, const char *who, const char *direction,
		 const char *state)
{
	char body[400];

	snprintf(body, sizeof(body),
		 "Event-Name: CHANNEL_CALLSTATE\nUnique-ID: %s\nCall-Direction: "
		 "%s\nChannel-Call-State: %s\n"
		 "Channel-Name: sofia/internal/x%%40y\nChannel-Presence-ID: %s\n\n",
		 uuid, direction, state, who);
	rig_frame(r, "text/event-plain", body);
}

void rig_presence(struct rig *r, const char *rpid, const char *status, const char *more)
{
	char body[300];

	snprintf(body, sizeof(body),
		 "Event-Name: PRESENCE_IN\nproto: sip\nfrom: 1001%%40a\nrpid: %s\nstatus: %s\n%s\n",
		 rpid, status, more);
	rig_frame(r, "text/event-plain", body);
}
