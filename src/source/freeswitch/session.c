#include <stdio.h>

#include "source/freeswitch/fs.h"

/* CUSTOM takes the rest of the line as subclasses, so it stands last. */
static const char *const words[] = {
	[FS_EVENTS] =
		"event plain CHANNEL_CALLSTATE DEVICE_STATE PRESENCE_IN CUSTOM sofia::register "
		"sofia::unregister sofia::expire\n\n",
	[FS_CHANNELS] = "api show channels as json\n\n",
	[FS_REGISTRATIONS] = "api show registrations as json\n\n",
	[FS_PROBE] = "api uptime\n\n",
};

void fs_session_start(struct freeswitch *f)
{
	esl_stream_fini(&f->stream);
	f->said_login = false;
	f->commands_n = 0;
	f->asked_ms = f->now_ms;
}

/* Everything that was known of calls stands in the engine, for as long as it lets it. */
void fs_session_end(struct freeswitch *f)
{
	f->commands_n = 0;
	f->snapshot_due_ms = f->registrations_due_ms = TIME_NEVER;
	if (f->was_up)
		f->down_ms = f->now_ms;
	f->was_up = f->probing = false;
	call_drop_all(&f->calls);
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1))
		f->lines[i].synced = false;
}

void fs_drop(struct freeswitch *f, enum note n, const char *why, int64_t wait_ms)
{
	uplink_drop(&f->link, f->now_ms, n, why, wait_ms);
	fs_session_end(f);
}

static void send_login(struct freeswitch *f)
{
	struct buf b;

	buf_init(&b, 2 * SECRET_MAX);
	buf_str(&b, f->username[0] ? "userauth " : "auth ");
	if (f->username[0]) {
		buf_str(&b, f->username);
		buf_char(&b, ':');
	}
	buf_slice(&b, secret_expose(&f->password));
	buf_str(&b, "\n\n");
	uplink_send(&f->link, buf_view(&b));
	if (b.p)
		explicit_bzero(b.p, b.n);
	buf_fini(&b);
}

void fs_send(struct freeswitch *f, enum fs_command what)
{
	if (!uplink_open(&f->link) || f->commands_n == COMMANDS_MAX)
		return;
	if (f->commands_n == 0)
		f->asked_ms = f->now_ms;
	f->commands[f->commands_n++] = (uint8_t)what;
	if (what == FS_LOGIN)
		send_login(f);
	else
		uplink_send(&f->link, slice_str(words[what]));
	if (what == FS_CHANNELS) {
		f->snapshot_ms = f->now_ms;
		f->snapshot_due_ms =
			f->now_ms + SNAPSHOT_MS - prng_range(&f->prng, 0, SNAPSHOT_MS / 10);
	} else if (what == FS_REGISTRATIONS) {
		f->registrations_due_ms = TIME_NEVER;
	}
}

bool fs_waits_for(const struct freeswitch *f, enum fs_command what)
{
	for (uint32_t i = 0; i < f->commands_n; i++)
		if (f->commands[i] == what)
			return true;
	return false;
}

void fs_ask_snapshot(struct freeswitch *f, int64_t in_ms)
{
	int64_t at = f->now_ms + in_ms, least = f->snapshot_ms + SNAPSHOT_GAP_MS;

	if (f->link.state != UPLINK_UP)
		return;
	at = at > least ? at : least;
	if (at < f->snapshot_due_ms)
		f->snapshot_due_ms = at;
}

/* ---- answers ---- */

static void logged_in(struct freeswitch *f, struct slice reply)
{
	f->login_refused = !slice_starts(reply, "+OK");
	if (f->login_refused)
		fs_drop(f, NOTE_LOGIN_REFUSED, "the event socket refused the password; check password_file",
			LOGIN_SLOW_MS);
	else
		fs_send(f, FS_EVENTS);
}

/* Nobody can be asked for it: what was heard before a short outage stands, else it is off. */
static void forget_dnd(struct freeswitch *f)
{
	if (f->down_ms != INT64_MIN && f->now_ms - f->down_ms <= DND_KEPT_MS)
		return;
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1))
		f->lines[i].dnd = false;
}

static void subscribed(struct freeswitch *f, struct slice reply)
{
	if (!slice_starts(reply, "+OK")) {
		fs_drop(f, NOTE_LOGIN_REFUSED, "this user may not have the events", LOGIN_SLOW_MS);
		return;
	}
	forget_dnd(f);
	uplink_ready(&f->link, f->now_ms);
	f->was_up = true;
	fs_send(f, FS_CHANNELS);
	fs_send(f, FS_REGISTRATIONS);
}

static void take_channels(struct freeswitch *f, struct slice body)
{
	enum err e = fs_take_channels(f, body);

	f->probing = false;
	f->channels_denied = e == ERR_DENIED;
	if (e)
		outbox_note(&f->out, e == ERR_DENIED ? NOTE_UNSUPPORTED : NOTE_BAD_BODY, ID_NONE,
			    "show channels: %s", e == ERR_DENIED ? "not permitted" : err_name(e));
}

static void take_registrations(struct freeswitch *f, struct slice body)
{
	enum err e = fs_take_registrations(f, body);

	f->registrations_denied = e == ERR_DENIED;
	if (e)
		outbox_note(&f->out, e == ERR_DENIED ? NOTE_UNSUPPORTED : NOTE_BAD_BODY, ID_NONE,
			    "show registrations: %s",
			    e == ERR_DENIED ? "not permitted" : err_name(e));
}

/* Every command has one answer, in order: a result, or a reply that refuses it. */
static void take_answer(struct freeswitch *f, const struct esl_frame *frame)
{
	struct slice body = frame->kind == ESL_RESULT ? frame->body : frame->reply;
	enum fs_command what;

	if (f->commands_n == 0) {
		outbox_count(&f->out, NOTE_UNSUPPORTED);
		return;
	}
	what = (enum fs_command)f->commands[0];
	memmove(f->commands, f->commands + 1, --f->commands_n);
	f->asked_ms = f->now_ms;
	if (what != FS_LOGIN)
		uplink_answered(&f->link);
	switch (what) {
	case FS_LOGIN:
		logged_in(f, frame->reply);
		break;
	case FS_EVENTS:
		subscribed(f, frame->reply);
		break;
	case FS_CHANNELS:
		take_channels(f, body);
		break;
	case FS_REGISTRATIONS:
		take_registrations(f, body);
		break;
	case FS_PROBE:
		break;
	}
}

static void take_frame(struct freeswitch *f, const struct esl_frame *frame)
{
	f->received++;
	if (frame->too_large)
		outbox_note(&f->out, NOTE_TOO_LARGE, ID_NONE, "a frame of the event socket");
	switch ((enum esl_kind)frame->kind) {
	case ESL_AUTH:
		if (!f->said_login)
			fs_send(f, FS_LOGIN);
		f->said_login = true;
		break;
	case ESL_REPLY:
	case ESL_RESULT:
		take_answer(f, frame);
		break;
	case ESL_EVENT:
		if (f->link.state == UPLINK_UP && !frame->too_large)
			fs_event(f, frame);
		break;
	case ESL_REFUSED:
		f->login_refused = true;
		fs_drop(f, NOTE_LOGIN_REFUSED, "the event socket's access list refuses our address",
			ACL_SLOW_MS);
		break;
	case ESL_BYE:
		fs_drop(f, NOTE_DISCONNECTED, "freeswitch said goodbye", 0);
		break;
	case ESL_OTHER:
		break;
	}
}

/* A frame's handling may end the session: then its bytes are nobody's. */
void fs_session_bytes(struct freeswitch *f, struct slice bytes)
{
	uint32_t channel = f->link.channel;
	struct esl_frame frame;
	enum err e = esl_stream_add(&f->stream, bytes);

	while (e == ERR_OK && uplink_open(&f->link) && f->link.channel == channel) {
		e = esl_stream_next(&f->stream, &frame);
		if (e == ERR_OK)
			take_frame(f, &frame);
	}
	if (e != ERR_OK && e != ERR_AGAIN && uplink_open(&f->link))
		fs_drop(f, e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_MALFORMED,
			"no event socket, or a broken stream", 0);
}
