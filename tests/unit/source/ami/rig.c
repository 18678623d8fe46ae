#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/conf/conf.h"
#include "test.h"

static const char *const calls[CALL_COUNT] = { "gone",	  "ringing", "dialing",
					       "talking", "held",    "conference" };
static const char *const profiles[PROFILE_COUNT + 1] = { "available",	  "away",    "busy",
							 "not-available", "meeting", "none" };
static const char *const results[WRITE_RESULT_COUNT] = { "accepted", "refused", "unsure" };

static void tell_obs(struct rig *r, const struct obs *o)
{
	const char *scope = o->scope == SCOPE_FULL ? "full" : "part";

	switch ((enum obs_kind)o->kind) {
	case OBS_CALL:
		buf_fmt(&r->told, "%u call %s %s\n", o->line, calls[o->call], scope);
		break;
	case OBS_DND:
		buf_fmt(&r->told, "%u dnd %s\n", o->line, o->on ? "on" : "off");
		break;
	case OBS_REGISTRATION:
		buf_fmt(&r->told, "%u %s\n", o->line, o->registered ? "here" : "away");
		break;
	case OBS_PROFILE:
		buf_fmt(&r->told, "%u profile %s %s\n", o->line, profiles[o->profile.state], scope);
		break;
	case OBS_FORWARD:
	case OBS_READBACK:
	case OBS_COUNT:
		fail();
	}
}

static void drain(struct rig *r)
{
	struct source_out out;

	while (ami_source_ops.drain(r->s, &out)) {
		switch ((enum source_out_kind)out.kind) {
		case OUT_CONNECT:
			r->channel = out.channel;
			buf_fmt(&r->told, "connect %s:%u %s\n", out.host, out.port,
				out.transport == TRANSPORT_TLS ? "tls" : "tcp");
			break;
		case OUT_SEND:
			assert_int_equal(out.channel, r->channel);
			buf_slice(&r->sent, out.bytes);
			break;
		case OUT_CLOSE:
			buf_str(&r->told, "close\n");
			break;
		case OUT_OBS:
			tell_obs(r, &out.obs);
			break;
		case OUT_UP:
			buf_str(&r->told, "up\n");
			break;
		case OUT_DOWN:
			buf_str(&r->told, "down\n");
			break;
		case OUT_LINE_LOST:
			buf_fmt(&r->told, "%u lost\n", out.line);
			break;
		case OUT_NOTE:
			buf_fmt(&r->told, "note %s: %s\n", note_name((enum note)out.note), out.text);
			break;
		case OUT_WRITTEN:
			buf_fmt(&r->told, "%u written %u %s%s%s\n", out.line, out.generation,
				results[out.result], out.text[0] ? ": " : "", out.text);
			break;
		case OUT_KEEP:
			buf_fmt(&r->kept, "%u keep %s\n", out.line, out.text);
			break;
		case OUT_LISTEN:
		case OUT_ANSWER:
			fail();
		}
	}
}

void rig_open(struct rig *r, const struct rig_setup *setup)
{
	static const struct rig_setup plain;
	const struct rig_setup *u = setup ? setup : &plain;
	const struct conf_connector settings = {
		.context = u->context ? u->context : "",
		.lamps = u->lamps,
		.dnd_while = { .list = (const char **)(uintptr_t)u->dnd_while, .n = u->dnd_while_n }
	};

	*r = (struct rig){ .now_ms = 1000 };
	buf_init(&r->sent, 1 << 24);
	buf_init(&r->told, 1 << 24);
	buf_init(&r->kept, 1 << 16);
	assert_int_equal(secret_set(&r->password, SLICE_LIT("bridge-secret")), ERR_OK);
	const struct source_config c = { .name = "hq", .connector = 3, .account = 1, .server = "pbx:15038",
					 .username = "bridge", .password = &r->password, .tls = u->tls,
					 .reads_profile = !u->profile_off, .writes_profile = !u->profile_off,
					 .settings = &settings, .lines_max = 2000, .seed = 7 };
	assert_int_equal(ami_source_ops.open(&r->s, &c, r->now_ms), ERR_OK);
}

void rig_close(struct rig *r)
{
	ami_source_ops.close(r->s);
	buf_fini(&r->sent);
	buf_fini(&r->told);
	buf_fini(&r->kept);
	secret_fini(&r->password);
}

void rig_line(struct rig *r, uint32_t line, const char *number)
{
	assert_int_equal(ami_source_ops.add_line(r->s, line, slice_str(number)), ERR_OK);
}

void rig_feed(struct rig *r, enum source_feed_kind kind, const char *bytes)
{
	const struct source_feed in = { .kind = (uint8_t)kind,
					.channel = r->channel,
					.bytes = slice_str(bytes),
					.text = "gone",
					.peer = { "192.0.2.1", 5038 } };

	ami_source_ops.feed(r->s, r->now_ms, &in);
	drain(r);
}

/* Of the last action of that name among what was sent. */
static void put_id(struct rig *r, struct buf *out, struct slice name)
{
	char want[64];
	const char *at = NULL;

	snprintf(want, sizeof(want), "Action: %.*s\r\nActionID: ", SLICE_ARG(name));
	for (const char *p = buf_cstr(&r->sent); (p = strstr(p, want)); p++)
		at = p + strlen(want);
	if (!at)
		fail_msg("no %.*s was sent", SLICE_ARG(name));
	buf_add(out, at, strcspn(at, "\r"));
}

void rig_say(struct rig *r, const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			buf_str(&b, "\r\n");
		} else if (*p == '@') {
			struct slice name = slice_of(p + 1, strcspn(p + 1, "\n"));

			put_id(r, &b, name);
			p += name.n;
		} else {
			buf_char(&b, *p);
		}
	}
	rig_feed(r, FEED_BYTES, buf_cstr(&b));
	buf_fini(&b);
}

void rig_pass(struct rig *r, int64_t ms)
{
	int64_t end = r->now_ms + ms;

	for (int64_t due; (due = ami_source_ops.next(r->s)) <= end;) {
		r->now_ms = due > r->now_ms ? due : r->now_ms;
		ami_source_ops.tick(r->s, r->now_ms);
		drain(r);
	}
	r->now_ms = end;
}

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
	drain(r);
	return look(&r->told);
}

const char *rig_sent(struct rig *r)
{
	drain(r);
	return look(&r->sent);
}

void rig_up(struct rig *r, const char *rights)
{
	static const char all[] = "Challenge: x\nDBPut: x\nDeviceStateList: x\nEvents: x\nExtensionState: x\n"
				  "ExtensionStateList: x\nPresenceStateList: x\nSetvar: x\n";
	struct buf b;

	buf_init(&b, 65536);
	rig_pass(r, 0);
	while (!strstr(buf_cstr(&r->told), "connect"))
		rig_pass(r, 1000);
	rig_feed(r, FEED_CONNECTED, "");
	rig_say(r, "Asterisk Call Manager/11.0.0\n");
	rig_say(r, "Response: Success\nActionID: @Challenge\nChallenge: 200789188\n\n");
	rig_say(r, "Response: Success\nActionID: @Login\nMessage: Authentication accepted\n\n");
	buf_fmt(&b, "Response: Success\nActionID: @ListCommands\n%s\n", rights ? rights : all);
	rig_say(r, buf_cstr(&b));
	/* what it lacks may come: it is asked again */
	while (!strstr(buf_cstr(&r->sent), "Action: Events")) {
		rig_pass(r, 1000);
		rig_say(r, buf_cstr(&b));
	}
	rig_say(r, "Response: Success\nActionID: @Events\nEvents: On\n\n");
	buf_fini(&b);
}

/* Each member of the script starts with "Event: "; it gets the list's ActionID. */
static void list(struct rig *r, const char *action, const char *members)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	buf_fmt(&b, "Response: Success\nActionID: @%s\nEventList: start\nMessage: follow\n\n", action);
	for (const char *p = members; *p;) {
		const char *next = strstr(p + 1, "Event: ");
		size_t n = next ? (size_t)(next - p) : strlen(p);

		buf_add(&b, p, n);
		buf_fmt(&b, "ActionID: @%s\n\n", action);
		p += n;
	}
	buf_fmt(&b, "Event: %sComplete\nActionID: @%s\nEventList: Complete\nListItems: 9\n\n",
		action, action);
	rig_say(r, buf_cstr(&b));
	buf_fini(&b);
}

void rig_lists(struct rig *r, const char *hints, const char *devices, const char *presences)
{
	list(r, "ExtensionStateList", hints);
	if (!strstr(buf_cstr(&r->sent), "Action: DeviceStateList"))
		return;
	list(r, "DeviceStateList", devices);
	if (strstr(buf_cstr(&r->sent), "Action: PresenceStateList"))
		list(r, "PresenceStateList", presences);
}
