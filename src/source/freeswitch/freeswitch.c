#include "source/freeswitch/freeswitch.h"

#include <stdio.h>
#include <stdlib.h>

#include "source/freeswitch/fs.h"

static struct freeswitch *fs_of(struct source *s)
{
	return (struct freeswitch *)(void *)s;
}

static const struct freeswitch *const_fs_of(const struct source *s)
{
	return (const struct freeswitch *)(const void *)s;
}

/* ---- opening and closing ---- */

static void fs_close(struct source *s)
{
	struct freeswitch *f = fs_of(s);

	if (!f)
		return;
	secret_fini(&f->password);
	outbox_fini(&f->out);
	esl_stream_fini(&f->stream);
	line_table_fini(&f->table);
	call_table_fini(&f->calls);
	free(f->lines);
	free(f);
}

static enum err set_up(struct freeswitch *f, const struct source_config *c, int64_t now_ms)
{
	enum err e = line_table_init(&f->table, c->lines_max);

	f->lines = calloc(c->lines_max ? c->lines_max : 1, sizeof(*f->lines));
	if (!e && !f->lines)
		e = ERR_NO_MEMORY;
	if (!e)
		e = call_table_init(&f->calls, c->lines_max);
	if (!e && c->username)
		e = slice_copy(slice_str(c->username), f->username, sizeof(f->username));
	if (!e && c->password && secret_is_set(c->password))
		e = secret_set(&f->password, secret_expose(c->password));
	if (!e)
		e = uplink_init(&f->link, &f->out, &f->prng, c->server,
				c->tls ? TRANSPORT_TLS : TRANSPORT_TCP, now_ms);
	return e;
}

static enum err fs_open(struct source **ret, const struct source_config *c, int64_t now_ms)
{
	struct freeswitch *f = calloc(1, sizeof(*f));
	enum err e;

	if (!f)
		return ERR_NO_MEMORY;
	f->connector = c->connector;
	f->account = c->account;
	f->reads_profile = c->reads_profile;
	f->seed = c->seed;
	f->prng.state = c->seed;
	f->now_ms = now_ms;
	f->down_ms = INT64_MIN;
	f->snapshot_ms = now_ms - SNAPSHOT_GAP_MS;
	f->snapshot_due_ms = f->registrations_due_ms = TIME_NEVER;
	e = set_up(f, c, now_ms);
	if (e) {
		fs_close((struct source *)(void *)f);
		return e;
	}
	*ret = (struct source *)(void *)f;
	return ERR_OK;
}

/* ---- lines ---- */

static enum err fs_add_line(struct source *s, uint32_t line, struct slice number)
{
	struct freeswitch *f = fs_of(s);
	uint32_t slot;
	enum err e = line_table_add(&f->table, line, number, &slot);

	if (e)
		return e;
	f->lines[slot] = (struct fs_line){ .profile = PROFILE_COUNT };
	fs_ask_snapshot(f, 0);
	if (f->link.state == UPLINK_UP && !f->registrations_denied)
		f->registrations_due_ms = f->now_ms;
	return ERR_OK;
}

static void fs_remove_line(struct source *s, uint32_t line)
{
	struct freeswitch *f = fs_of(s);
	uint32_t slot = line_table_slot(&f->table, line);

	if (slot == LINE_NONE)
		return;
	call_drop_line(&f->calls, slot);
	line_table_remove(&f->table, line);
}

static void fs_resync_line(struct source *s, uint32_t line)
{
	(void)line;
	fs_ask_snapshot(fs_of(s), 0);
}

/* One table tells of all lines, so its answer is the proof for each. */
static void fs_probe(struct source *s, int64_t now_ms)
{
	struct freeswitch *f = fs_of(s);

	f->now_ms = now_ms;
	uplink_probe(&f->link, now_ms);
	f->probing = f->link.state == UPLINK_UP;
	if (f->probing && !fs_waits_for(f, FS_CHANNELS))
		fs_send(f, FS_CHANNELS);
}

/* ---- the link and the clock ---- */

static void fs_feed(struct source *s, int64_t now_ms, const struct source_feed *in)
{
	struct freeswitch *f = fs_of(s);

	f->now_ms = now_ms;
	switch (uplink_feed(&f->link, now_ms, in)) {
	case UPLINK_OPENED:
		fs_session_start(f);
		break;
	case UPLINK_BYTES:
		fs_session_bytes(f, in->bytes);
		break;
	case UPLINK_LOST:
		fs_session_end(f);
		break;
	case UPLINK_NOTHING:
		break;
	}
}

/* The instant by which something must have been heard; TIME_NEVER: nothing is under way. */
static int64_t answer_by_ms(const struct freeswitch *f)
{
	if (!uplink_open(&f->link))
		return TIME_NEVER;
	if (f->commands_n)
		return f->asked_ms + REPLY_MS;
	return f->link.state == UPLINK_OPEN ? f->asked_ms + LOGIN_MS : TIME_NEVER;
}

static void ask_what_is_due(struct freeswitch *f)
{
	if (f->now_ms >= f->snapshot_due_ms && !fs_waits_for(f, FS_CHANNELS))
		fs_send(f, FS_CHANNELS);
	if (f->now_ms >= f->registrations_due_ms && !fs_waits_for(f, FS_REGISTRATIONS))
		fs_send(f, FS_REGISTRATIONS);
	if (f->now_ms - f->link.heard_ms >= IDLE_MS && f->commands_n == 0)
		fs_send(f, FS_PROBE);
}

static void fs_tick(struct source *s, int64_t now_ms)
{
	struct freeswitch *f = fs_of(s);

	f->now_ms = now_ms;
	if (now_ms >= answer_by_ms(f))
		fs_drop(f, NOTE_TIMED_OUT, "the event socket does not answer", 0);
	if (f->link.state == UPLINK_UP)
		ask_what_is_due(f);
	uplink_tick(&f->link, now_ms);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t fs_next(const struct source *s)
{
	const struct freeswitch *f = const_fs_of(s);
	int64_t next = sooner(uplink_next(&f->link), answer_by_ms(f));

	if (f->link.state != UPLINK_UP)
		return next;
	if (!fs_waits_for(f, FS_CHANNELS))
		next = sooner(next, f->snapshot_due_ms);
	if (!fs_waits_for(f, FS_REGISTRATIONS))
		next = sooner(next, f->registrations_due_ms);
	return f->commands_n ? next : sooner(next, f->link.heard_ms + IDLE_MS);
}

static bool fs_drain(struct source *s, struct source_out *ret)
{
	return outbox_drain(&fs_of(s)->out, ret);
}

/* ---- what people see ---- */

static void fs_view(const struct source *s, struct source_view *ret)
{
	const struct freeswitch *f = const_fs_of(s);

	*ret = (struct source_view){ .up = f->link.state == UPLINK_UP,
				     .logged_in = f->link.state == UPLINK_UP,
				     .lines = f->table.n,
				     .received = f->received,
				     .probe = f->link.probed,
				     .sent = f->out.sent };
	memcpy(ret->counters, f->out.counters, sizeof(ret->counters));
	for (uint32_t i = line_table_next(&f->table, 0); i != LINE_NONE;
	     i = line_table_next(&f->table, i + 1))
		ret->live += f->lines[i].synced;
	snprintf(ret->state, sizeof(ret->state), "%s",
		 f->login_refused && !ret->up ? f->link.lost : uplink_state_text(&f->link));
	snprintf(ret->missing, sizeof(ret->missing), "%s%s%s",
		 f->channels_denied ? "api show channels" : "",
		 f->channels_denied && f->registrations_denied ? ", " : "",
		 f->registrations_denied ? "api show registrations" : "");
}

static bool fs_line_view(const struct source *s, uint32_t line, struct source_line_view *ret)
{
	const struct freeswitch *f = const_fs_of(s);
	uint32_t slot = line_table_slot(&f->table, line);

	if (slot == LINE_NONE)
		return false;
	*ret = (struct source_line_view){ .link = f->lines[slot].synced ? LINE_LIVE : LINE_WAITING,
					  .last_report_ms = f->lines[slot].report_ms,
					  .ask = f->probing ? LINE_ASK_SENT : LINE_ASK_NONE };
	if (!f->lines[slot].synced)
		snprintf(ret->reason, sizeof(ret->reason), "%s",
			 f->link.state != UPLINK_UP ? "waits for the connection to the pbx"
			 : f->channels_denied	    ? "show channels is not permitted"
						    : "waits for the table of channels");
	return true;
}

const struct source_ops freeswitch_source_ops = {
	.type = "freeswitch",
	.places = { [TRANSPORT_TCP] = { .port = 8021 }, [TRANSPORT_TLS] = { .port = 8021 } },
	.open = fs_open,
	.close = fs_close,
	.add_line = fs_add_line,
	.remove_line = fs_remove_line,
	.resync_line = fs_resync_line,
	.probe = fs_probe,
	.feed = fs_feed,
	.tick = fs_tick,
	.next = fs_next,
	.drain = fs_drain,
	.view = fs_view,
	.line_view = fs_line_view,
};
