/* machine.c - the vtable: opening, lines, and the four verbs. */
#include "source/ami/machine.h"

#include <stdlib.h>

#include "proto/conf/conf.h"
#include "source/ami/ami.h"

enum { SCRATCH_MAX = 64 * 1024 };

static struct ami *machine_of(struct source *s)
{
	return (struct ami *)(void *)s;
}

static const struct ami *const_machine_of(const struct source *s)
{
	return (const struct ami *)(const void *)s;
}

/* ---- life ---- */

static void machine_close(struct source *source)
{
	struct ami *m = machine_of(source);

	if (!m)
		return;
	hint_fini(m);
	free(m->lines);
	line_table_fini(&m->table);
	ami_stream_fini(&m->stream);
	buf_fini(&m->scratch);
	outbox_fini(&m->out);
	secret_fini(&m->password);
	free(m);
}

static enum err read_config(struct ami *m, const struct source_config *c, int64_t now_ms)
{
	const struct conf_connector *s = c->settings;
	enum err e;

	m->connector = c->connector;
	m->account = c->account;
	m->reads_profile = c->reads_profile;
	m->writes_profile = c->writes_profile;
	m->lamps = s && s->lamps;
	m->tls = c->tls;
	m->seed = m->prng.state = c->seed;
	m->lines_max = c->lines_max;
	e = uplink_init(&m->link, &m->out, &m->prng, c->server,
			c->tls ? TRANSPORT_TLS : TRANSPORT_TCP, now_ms);
	if (!e)
		e = slice_copy(slice_str(c->username), m->username, sizeof(m->username));
	if (!e && c->password && secret_is_set(c->password))
		e = secret_set(&m->password, secret_expose(c->password));
	if (!e && s && s->context)
		e = slice_copy(slice_str(s->context), m->context, sizeof(m->context));
	if (!e && s)
		m->dnd_while = source_profile_bits(s->dnd_while.list, s->dnd_while.n);
	return e;
}

static enum err make_tables(struct ami *m)
{
	enum err e = ami_stream_init(&m->stream);

	m->things_spare = m->refs_spare = m->writes = m->writes_last = NONE;
	m->lines = calloc(m->lines_max ? m->lines_max : 1, sizeof(*m->lines));
	if (!e)
		e = m->lines ? line_table_init(&m->table, m->lines_max) : ERR_NO_MEMORY;
	if (!e)
		e = map_init(&m->by_name, m->lines_max * 4 + HINT_THINGS_MAX);
	return e;
}

static enum err machine_open(struct source **ret, const struct source_config *c, int64_t now_ms)
{
	struct ami *m = calloc(1, sizeof(*m));
	enum err e;

	if (!m)
		return ERR_NO_MEMORY;
	m->now_ms = now_ms;
	m->sync_ms = m->rights_ms = TIME_NEVER;
	buf_init(&m->scratch, SCRATCH_MAX);
	e = read_config(m, c, now_ms);
	if (!e)
		e = make_tables(m);
	if (e) {
		machine_close((struct source *)(void *)m);
		return e;
	}
	*ret = (struct source *)(void *)m;
	return ERR_OK;
}

/* ---- lines ---- */

static enum err machine_add_line(struct source *source, uint32_t line, struct slice number)
{
	struct ami *m = machine_of(source);
	uint32_t slot;
	enum err e = line_table_add(&m->table, line, number, &slot);

	if (e)
		return e;
	if (hint_exten(m, slot).n == 0 || hint_context(m, slot).n > CONTEXT_MAX) {
		line_table_remove(&m->table, line);
		return ERR_MALFORMED;
	}
	/* its place in the queue of writes outlives a line */
	m->lines[slot] = (struct extension){ .first_ref = NONE, .lamp_told = LAMP_COUNT,
					    .queued = m->lines[slot].queued,
					    .next_write = m->lines[slot].next_write };
	sync_want(m, SYNC_SOON_MS);
	return ERR_OK;
}

static void machine_remove_line(struct source *source, uint32_t line)
{
	struct ami *m = machine_of(source);
	uint32_t slot = line_table_slot(&m->table, line);

	if (slot == LINE_NONE)
		return;
	write_forget(m, slot);
	hint_drop(m, slot);
	for (uint32_t i = 0; i < m->pending_n; i++)
		if (m->pending[i].slot == slot)
			m->pending[i].slot = NONE;
	line_table_remove(&m->table, line);
}

static void machine_resync_line(struct source *source, uint32_t line)
{
	struct ami *m = machine_of(source);
	uint32_t slot = line_table_slot(&m->table, line);

	if (slot == LINE_NONE)
		return;
	m->lines[slot].wanted = true;
	sync_soon(m);
}

static void machine_write(struct source *source, uint32_t line, const struct profile_write *w)
{
	struct ami *m = machine_of(source);
	uint32_t slot = line_table_slot(&m->table, line);

	if (slot == LINE_NONE)
		outbox_written(&m->out, line, w->generation, WRITE_REFUSED, "no such line");
	else
		write_start(m, slot, w);
}

static void machine_show_lamp(struct source *source, uint32_t line, enum lamp lamp)
{
	struct ami *m = machine_of(source);
	uint32_t slot = line_table_slot(&m->table, line);

	if (slot != LINE_NONE)
		lamp_set(m, slot, lamp);
}

static void machine_restore_lamp(struct source *source, uint32_t line, struct slice name)
{
	struct ami *m = machine_of(source);
	uint32_t slot = line_table_slot(&m->table, line);

	(void)name; /* it is the line's */
	if (slot != LINE_NONE)
		lamp_restore(m, slot);
}

/* ---- the four verbs ---- */

static void set_now(struct ami *m, int64_t now_ms)
{
	if (now_ms > m->now_ms)
		m->now_ms = now_ms;
}

static void machine_probe(struct source *source, int64_t now_ms)
{
	struct ami *m = machine_of(source);

	set_now(m, now_ms);
	uplink_probe(&m->link, m->now_ms);
	session_probe(m);
	sync_probe(m);
}

static void take_bytes(struct ami *m, struct slice bytes)
{
	struct ami_packet k;
	enum err e = ami_stream_add(&m->stream, bytes);

	if (e) {
		session_drop(m, NOTE_TOO_LARGE, "the pbx sent too much at once", 0);
		return;
	}
	if (m->stage == STAGE_BANNER && !session_banner(m))
		return;
	while (m->stage != STAGE_DOWN && (e = ami_stream_next(&m->stream, &k)) != ERR_AGAIN) {
		if (e == ERR_OK)
			action_packet(m, &k);
		else
			outbox_count(&m->out, NOTE_TOO_LARGE);
	}
}

static void machine_feed(struct source *source, int64_t now_ms, const struct source_feed *in)
{
	struct ami *m = machine_of(source);
	struct source_feed closed = *in;
	char why[STRANGER_MAX];

	set_now(m, now_ms);
	if (m->stage == STAGE_BANNER)
		closed.text = session_stranger(m, why, sizeof(why));
	switch (uplink_feed(&m->link, m->now_ms, &closed)) {
	case UPLINK_NOTHING:
		break;
	case UPLINK_OPENED:
		session_opened(m);
		break;
	case UPLINK_BYTES:
		take_bytes(m, in->bytes);
		break;
	case UPLINK_LOST:
		session_lost(m);
		break;
	}
	write_pump(m);
	lamp_pump(m);
}

static void machine_tick(struct source *source, int64_t now_ms)
{
	struct ami *m = machine_of(source);

	set_now(m, now_ms);
	uplink_tick(&m->link, m->now_ms);
	session_tick(m);
	sync_tick(m);
	write_pump(m);
	lamp_pump(m);
}

static int64_t machine_next(const struct source *source)
{
	const struct ami *m = const_machine_of(source);
	bool writes = m->stage == STAGE_UP && m->writes != NONE && m->pending_n + 4 < PENDING_MAX;
	int64_t due[] = {
		uplink_next(&m->link),
		session_next(m),
		m->stage == STAGE_UP && m->sync == SYNC_NONE && action_room(m) ? m->sync_ms : TIME_NEVER,
		writes || lamp_wants(m) ? m->now_ms : TIME_NEVER,
	};
	int64_t next = TIME_NEVER;

	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++)
		next = due[i] < next ? due[i] : next;
	return next;
}

static bool machine_drain(struct source *source, struct source_out *ret)
{
	return outbox_drain(&machine_of(source)->out, ret);
}

static void machine_view(const struct source *source, struct source_view *ret)
{
	ami_view_source(const_machine_of(source), ret);
}

static bool machine_line_view(const struct source *source, uint32_t line, struct source_line_view *ret)
{
	return ami_view_line(const_machine_of(source), line, ret);
}

const struct source_ops ami_source_ops = {
	.type = "ami",
	.places = { [TRANSPORT_TCP] = { .port = 5038 }, [TRANSPORT_TLS] = { .port = 5039 } },
	.open = machine_open,
	.close = machine_close,
	.add_line = machine_add_line,
	.remove_line = machine_remove_line,
	.resync_line = machine_resync_line,
	.probe = machine_probe,
	.write_profile = machine_write,
	.show_lamp = machine_show_lamp,
	.restore_lamp = machine_restore_lamp,
	.feed = machine_feed,
	.tick = machine_tick,
	.next = machine_next,
	.drain = machine_drain,
	.view = machine_view,
	.line_view = machine_line_view,
};
