#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"
#include "source/csta/csta.h"
#include "source/csta/machine.h"

/* ---- opening and closing ---- */

static void csta_close(struct source *s)
{
	struct csta *c = csta_of(s);

	if (!c)
		return;
	secret_fini(&c->password);
	outbox_fini(&c->out);
	csta_stream_fini(&c->stream);
	buf_fini(&c->scratch);
	xml_reader_free(c->xml);
	free(c->message);
	for (uint32_t i = line_table_next(&c->table, 0); c->devices && i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1))
		free(c->devices[i].lamps);
	csta_lamp_fini(&c->lamp_form);
	line_table_fini(&c->table);
	call_table_fini(&c->calls);
	map_fini(&c->by_xref);
	free(c->devices);
	free(c);
}

/* What only this type has. */
static enum err settings_read(struct csta *c, const struct conf_connector *s)
{
	struct csta_mapping m;
	struct csta_lamp_mapping lamps;
	char why[160];
	enum err e;

	if (!s) {
		CHECK(slice_copy(SLICE_LIT("SessionLoginInfo"), c->login_element,
				 sizeof(c->login_element)) == ERR_OK);
		return csta_form_init(&c->form, NULL, why, sizeof(why));
	}
	if (s->edition != CONF_EDITION_ANY)
		c->offers = (uint8_t)(s->edition - CONF_EDITION_3 + CSTA_EDITION_MIN);
	c->log_in = s->session;
	c->dnd_while = source_profile_bits(s->dnd_while.list, s->dnd_while.n);
	e = slice_copy(slice_str(s->login_element), c->login_element, sizeof(c->login_element));
	if (!e)
		e = slice_copy(slice_str(s->login_namespace), c->login_ns, sizeof(c->login_ns));
	conf_csta_mapping(s, &m);
	if (!e)
		e = csta_form_init(&c->form, &m, why, sizeof(why));
	conf_csta_lamps(s, &lamps);
	c->lamps = s->lamps;
	return e ? e : csta_lamp_init(&c->lamp_form, &lamps, why, sizeof(why)); /* some may have to go out */
}

static enum err rooms(struct csta *c, uint32_t lines_max)
{
	enum err e = line_table_init(&c->table, lines_max);

	c->devices = calloc(lines_max ? lines_max : 1, sizeof(*c->devices));
	c->message = malloc(sizeof(*c->message));
	buf_init(&c->scratch, CSTA_FRAME_MAX);
	if (!e && (!c->devices || !c->message))
		e = ERR_NO_MEMORY;
	if (!e)
		e = call_table_init(&c->calls, lines_max);
	if (!e)
		e = map_init(&c->by_xref, lines_max);
	if (!e)
		e = xml_reader_new(&c->xml, c->seed);
	return e;
}

static enum err set_up(struct csta *c, const struct source_config *sc, int64_t now_ms)
{
	enum err e = rooms(c, sc->lines_max);

	if (!e)
		e = settings_read(c, sc->settings);
	if (!e && sc->username)
		e = slice_copy(slice_str(sc->username), c->username, sizeof(c->username));
	if (!e && sc->password && secret_is_set(sc->password))
		e = secret_set(&c->password, secret_expose(sc->password));
	if (!e)
		e = uplink_init(&c->link, &c->out, &c->prng, sc->server,
				sc->tls ? TRANSPORT_TLS : TRANSPORT_TCP, now_ms);
	return e;
}

static uint32_t outstanding_of(const struct source_config *sc)
{
	int32_t n = sc->tuning ? sc->tuning->outstanding_max : 0;

	if (n <= 0)
		return OUTSTANDING_DEFAULT;
	return n < CSTA_OUTSTANDING_MAX ? (uint32_t)n : CSTA_OUTSTANDING_MAX; /* conf has refused more */
}

static enum err csta_open(struct source **ret, const struct source_config *sc, int64_t now_ms)
{
	struct csta *c = calloc(1, sizeof(*c));
	enum err e;

	if (!c)
		return ERR_NO_MEMORY;
	c->connector = sc->connector;
	c->account = sc->account;
	c->reads_profile = sc->reads_profile;
	c->seed = c->prng.state = sc->seed;
	c->now_ms = now_ms;
	c->outstanding = outstanding_of(sc);
	c->queue = c->queue_last = NONE;
	c->renew_ms = c->retry_due_ms = c->sweep_due_ms = c->resync_due_ms = TIME_NEVER;
	c->resynced_ms = now_ms - RESYNC_GAP_MS;
	e = set_up(c, sc, now_ms);
	if (e) {
		csta_close((struct source *)(void *)c);
		return e;
	}
	*ret = (struct source *)(void *)c;
	return ERR_OK;
}

/* ---- lines ----
 * These calls bring no time along: what they want leaves with the next tick, which is due at once.
 */

static enum err csta_add_line(struct source *s, uint32_t line, struct slice number)
{
	struct csta *c = csta_of(s);
	uint32_t slot;
	enum err e = line_table_add(&c->table, line, number, &slot);

	if (e)
		return e;
	/* a slot that is used again may still stand in the queue */
	c->devices[slot] = (struct device){ .used = true,
					    .serial = ++c->serials,
					    .queued = c->devices[slot].queued,
					    .next = c->devices[slot].next,
					    .by_dnd = PROFILE_NONE,
					    .by_forward = PROFILE_NONE,
					    .by_feature = PROFILE_NONE,
					    .retry_ms = TIME_NEVER };
	e = cs_lamp_add(c, slot);
	if (e) {
		line_table_remove(&c->table, line);
		c->devices[slot].used = false;
		return e;
	}
	cs_ask_want(c, slot, 1 << ASK_MONITOR);
	return ERR_OK;
}

static void csta_remove_line(struct source *s, uint32_t line)
{
	struct csta *c = csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);
	struct device *d;

	if (slot == LINE_NONE)
		return;
	d = &c->devices[slot];
	cs_ask_forget(c, slot);
	if (d->monitored && c->stage == STAGE_UP)
		cs_ask_stop(c, slice_str(d->xref));
	cs_lamp_drop(c, slot);
	if (d->monitored)
		map_del(&c->by_xref, d->xref_key, slot);
	call_drop_line(&c->calls, slot);
	line_table_remove(&c->table, line);
	*d = (struct device){ .queued = d->queued, .next = d->next, .retry_ms = TIME_NEVER };
}

static void csta_resync_line(struct source *s, uint32_t line)
{
	struct csta *c = csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);

	if (slot == LINE_NONE || !c->devices[slot].monitored)
		return;
	cs_ask_want(c, slot, SYNC_STEPS);
}

static void csta_show_lamp(struct source *s, uint32_t line, enum lamp lamp)
{
	struct csta *c = csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);

	if (slot != LINE_NONE)
		cs_lamp_show(c, slot, lamp);
}

static void csta_restore_lamp(struct source *s, uint32_t line, struct slice name)
{
	struct csta *c = csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);

	if (slot != LINE_NONE)
		cs_lamp_restore(c, slot, name);
}

static void csta_write_profile(struct source *s, uint32_t line, const struct profile_write *w)
{
	struct csta *c = csta_of(s);
	uint32_t slot = line_table_slot(&c->table, line);

	if (slot != LINE_NONE)
		cs_profile_write_start(c, slot, w);
}

static void csta_probe(struct source *s, int64_t now_ms)
{
	struct csta *c = csta_of(s);

	c->now_ms = now_ms;
	uplink_probe(&c->link, now_ms);
	cs_session_probe(c);
	cs_ask_probe(c);
}

/* ---- the link and the clock ---- */

static void csta_feed(struct source *s, int64_t now_ms, const struct source_feed *in)
{
	struct csta *c = csta_of(s);

	c->now_ms = now_ms;
	switch (uplink_feed(&c->link, now_ms, in)) {
	case UPLINK_OPENED:
		cs_session_opened(c);
		break;
	case UPLINK_BYTES:
		cs_session_bytes(c, in->bytes);
		break;
	case UPLINK_LOST:
		cs_session_lost(c);
		break;
	case UPLINK_NOTHING:
		break;
	}
}

static void csta_tick(struct source *s, int64_t now_ms)
{
	struct csta *c = csta_of(s);

	c->now_ms = now_ms;
	cs_ask_tick(c);
	cs_session_tick(c);
	uplink_tick(&c->link, now_ms);
}

static int64_t csta_next(const struct source *s)
{
	const struct csta *c = const_csta_of(s);
	int64_t next = uplink_next(&c->link), asks = cs_ask_next(c), session = cs_session_next(c);

	next = asks < next ? asks : next;
	return session < next ? session : next;
}

static bool csta_drain(struct source *s, struct source_out *ret)
{
	return outbox_drain(&csta_of(s)->out, ret);
}

const struct source_ops csta_source_ops = {
	.type = "csta",
	.places = { [TRANSPORT_TCP] = { .port = 7001 }, [TRANSPORT_TLS] = { .port = 7001 } },
	.open = csta_open,
	.close = csta_close,
	.add_line = csta_add_line,
	.remove_line = csta_remove_line,
	.resync_line = csta_resync_line,
	.probe = csta_probe,
	.write_profile = csta_write_profile,
	.show_lamp = csta_show_lamp,
	.restore_lamp = csta_restore_lamp,
	.feed = csta_feed,
	.tick = csta_tick,
	.next = csta_next,
	.drain = csta_drain,
	.view = csta_view,
	.line_view = csta_line_view,
};
