#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sink/lamp/own.h"

enum { OUT_MAX = 64 << 20, SCRATCH_MAX = 16384, DUE_A_TICK = 4096 };

/* ---- life ---- */

static enum err allocate(struct lamps *l, int64_t now_ms)
{
	l->watchers = calloc(l->c.watchers, sizeof(*l->watchers));
	l->first_of = malloc(l->c.users * sizeof(*l->first_of));
	l->lamps = calloc(l->c.users, sizeof(*l->lamps));
	if (!l->watchers || !l->first_of || !l->lamps || map_init(&l->by_tag, l->c.watchers))
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < l->c.users; i++)
		l->first_of[i] = NOBODY;
	return wheel_new(&l->wheel, l->c.watchers, now_ms);
}

void lamps_set_config(struct lamps *l, const struct lamps_config *c)
{
	const uint64_t seed = l->c.seed;
	const uint32_t watchers = l->c.watchers, users = l->c.users;

	l->c = *c;
	l->c.seed = seed;
	l->c.watchers = watchers;
	l->c.users = users;
	snprintf(l->realm, sizeof(l->realm), "%s", c->realm);
	for (char *p = l->realm; *p; p++)
		if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
			*p = '_';
}

enum err lamps_new(struct lamps **ret, const struct lamps_config *c, int64_t now_ms)
{
	struct lamps *l;

	if (!c->watchers || !c->users || !c->resolve)
		return ERR_BUG;
	l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_NO_MEMORY;
	l->c = *c;
	lamps_set_config(l, c);
	l->now_ms = now_ms;
	l->free = l->queue_head = l->queue_tail = NOBODY;
	buf_init(&l->bytes, OUT_MAX);
	buf_init(&l->scratch, SCRATCH_MAX);
	buf_init(&l->body, SCRATCH_MAX);
	enum err e = allocate(l, now_ms);
	if (e) {
		lamps_free(l);
		return e;
	}
	*ret = l;
	return ERR_OK;
}

void lamps_free(struct lamps *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; l->watchers && i < l->high; i++)
		free(l->watchers[i].text);
	for (uint32_t i = 0; i < l->conns_n; i++)
		sip_stream_fini(&l->conns[i].stream);
	login_free_list(l);
	free(l->conns);
	free(l->watchers);
	free(l->first_of);
	free(l->lamps);
	free(l->out);
	map_fini(&l->by_tag);
	wheel_free(l->wheel);
	buf_fini(&l->bytes);
	buf_fini(&l->scratch);
	buf_fini(&l->body);
	free(l);
}

/* ---- lamps ---- */

/* Those of the list may be freed while they are told. */
static void each_of(struct lamps *l, uint32_t user,
		    void (*tell)(struct lamps *l, struct watcher *w))
{
	for (uint32_t i = l->first_of[user], next; i != NOBODY; i = next) {
		next = l->watchers[i].next_of_user;
		tell(l, &l->watchers[i]);
	}
}

static void let_go(struct lamps *l, struct watcher *w)
{
	watcher_leave(l, w);
	if (!(w->flags & WATCHER_ENDING))
		notify_end(l, w, END_NORESOURCE);
}

void lamps_show(struct lamps *l, int64_t now_ms, uint32_t user, enum lamp lamp)
{
	CHECK(lamp < LAMP_COUNT);
	l->now_ms = now_ms;
	if (user >= l->c.users)
		return;
	l->lamps[user] = lamp == LAMP_OFF ? 0 : (uint8_t)(lamp + 1);
	each_of(l, user, lamp == LAMP_OFF ? let_go : notify_changed);
	notify_pump(l);
}

void lamps_forget(struct lamps *l, int64_t now_ms, uint32_t user)
{
	lamps_show(l, now_ms, user, LAMP_OFF);
}

/* ---- what an earlier process knew ---- */

static enum err check_record(const struct lamps *l, const struct lamp_record *r)
{
	struct sip_addr a;

	if (r->package >= LAMP_PACKAGE_COUNT || r->transport > LAMP_TLS || r->shown >= LAMP_COUNT ||
	    r->fields[FIELD_CONTACT].n == 0 || sip_addr_parse(r->fields[FIELD_LOCAL], &a) ||
	    sip_addr_parse(r->fields[FIELD_REMOTE], &a))
		return ERR_MALFORMED;
	return r->expires_ms <= l->now_ms ? ERR_NOT_FOUND : ERR_OK;
}

static void revive(struct watcher *w, const struct lamp_record *r)
{
	w->package = r->package;
	w->transport = r->transport;
	w->shown = r->shown;
	w->port = r->port;
	w->cseq = r->cseq + CSEQ_GAP;
	w->remote_cseq = r->remote_cseq;
	w->expires_ms = r->expires_ms;
	w->flags |= WATCHER_UNSURE;
	if (w->transport != LAMP_UDP)
		w->flags |= WATCHER_DETACHED;
}

/* The lamp's name is looked up anew: people may have come and gone. */
static uint32_t person_now(const struct lamps *l, const struct lamp_record *r)
{
	struct sip_addr local;

	if (sip_addr_parse(r->fields[FIELD_LOCAL], &local))
		return ID_NONE;
	return serve_person(l, local.uri, r->fields[FIELD_ACCOUNT]);
}

enum err lamps_restore(struct lamps *l, int64_t now_ms, const struct lamp_record *r)
{
	struct watcher *w;

	l->now_ms = now_ms;
	enum err e = check_record(l, r);
	if (!e && watcher_find(l, r->tag))
		e = ERR_EXISTS;
	if (!e)
		e = watcher_new(l, r->tag, r->fields, &w);
	if (e)
		return e;
	revive(w, r);
	uint32_t user = person_now(l, r);
	if (user == ID_NONE) {
		notify_end(l, w, END_NORESOURCE);
		return ERR_OK;
	}
	watcher_join(l, w, user);
	notify_plan(l, w);
	return ERR_OK;
}

/* ---- connections ---- */

struct conn *conn_find(struct lamps *l, uint32_t channel)
{
	for (uint32_t i = 0; i < l->conns_n; i++)
		if (l->conns[i].open && l->conns[i].channel == channel)
			return &l->conns[i];
	return NULL;
}

static struct conn *conn_room(struct lamps *l)
{
	for (uint32_t i = 0; i < l->conns_n; i++)
		if (!l->conns[i].open)
			return &l->conns[i];
	if (l->conns_n == l->conns_cap) {
		uint32_t cap = l->conns_cap ? l->conns_cap * 2 : 16;
		struct conn *more =
			cap > LAMP_CONNS_MAX ? NULL : realloc(l->conns, cap * sizeof(*more));

		if (!more)
			return NULL;
		l->conns = more;
		l->conns_cap = cap;
	}
	return &l->conns[l->conns_n++];
}

/* The UDP socket may come back at another address without having been closed here. */
static void conn_open(struct lamps *l, const struct lamps_feed *in)
{
	struct conn *c = conn_find(l, in->channel);

	if (c && c->transport == LAMP_UDP && in->transport == LAMP_UDP) {
		c->local = in->local;
		return;
	}
	c = c ? NULL : conn_room(l);
	if (!c) {
		out_close(l, in->channel);
		return;
	}
	*c = (struct conn){ .channel = in->channel,
			    .transport = in->transport,
			    .open = true,
			    .local = in->local,
			    .peer = in->peer };
	sip_stream_init(&c->stream);
}

static void conn_close(struct lamps *l, struct conn *c)
{
	if (!c)
		return;
	c->open = false;
	sip_stream_fini(&c->stream);
	if (c->transport == LAMP_UDP)
		return; /* comes back, and its watchers with it */
	for (uint32_t i = 0; i < l->high; i++) {
		struct watcher *w = &l->watchers[i];

		if (w->flags & WATCHER_USED && w->transport != LAMP_UDP &&
		    w->channel == c->channel && !(w->flags & WATCHER_DETACHED))
			notify_detach(l, w);
	}
}

/* False when the stream makes no sense any more. */
static bool take_stream(struct lamps *l, struct conn *c, struct slice bytes)
{
	struct slice message;
	enum err e = sip_stream_add(&c->stream, bytes);

	while (e == ERR_OK) {
		e = sip_stream_next(&c->stream, &message);
		if (e == ERR_OK && !serve_message(l, c, &c->peer, message))
			return false;
	}
	for (uint32_t n = sip_stream_pings(&c->stream); n; n--)
		out_send(l, c->channel, NULL, SLICE_LIT("\r\n"));
	if (e != ERR_AGAIN)
		out_count(l, e == ERR_LIMIT ? LAMP_NOTE_TOO_LARGE : LAMP_NOTE_MALFORMED);
	return e == ERR_AGAIN;
}

static void take_bytes(struct lamps *l, const struct lamps_feed *in)
{
	struct conn *c = conn_find(l, in->channel);

	if (!c)
		return;
	if (c->transport == LAMP_UDP) {
		serve_message(l, c, &in->peer, in->bytes);
	} else if (!take_stream(l, c, in->bytes)) {
		out_close(l, c->channel);
		conn_close(l, c);
	}
}

/* ---- the four verbs ---- */

void lamps_feed(struct lamps *l, int64_t now_ms, const struct lamps_feed *in)
{
	l->now_ms = now_ms;
	switch ((enum lamps_feed_kind)in->kind) {
	case LAMPS_OPENED:
		conn_open(l, in);
		break;
	case LAMPS_BYTES:
		take_bytes(l, in);
		break;
	case LAMPS_CLOSED:
		conn_close(l, conn_find(l, in->channel));
		break;
	}
	notify_pump(l);
}

void lamps_tick(struct lamps *l, int64_t now_ms)
{
	uint32_t id;

	l->now_ms = now_ms;
	for (int n = 0; n < DUE_A_TICK && wheel_pop(l->wheel, now_ms, &id); n++)
		notify_due(l, &l->watchers[id]);
	notify_pump(l);
}

int64_t lamps_next(const struct lamps *l)
{
	int64_t due = wheel_next(l->wheel), send = notify_next(l);

	return due < send ? due : send;
}

bool lamps_drain(struct lamps *l, struct lamps_out *ret)
{
	return out_drain(l, ret);
}
